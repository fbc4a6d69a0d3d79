// Handshake 2, first contact, as docs/security/handshake.md writes it down: the roles of both, step by step, and the wrong
// changes that the tests make to them. Used by the tests.

import { fields, firstDatagram, hearFirst } from './handshake1.js'
import type { Env, Pattern } from './pattern.js'
import { keyOf, lets, type Party, type Pin, type Session, type Step, type Ticket, valueOf } from './role.js'
import {
  argsOf,
  atom,
  BASE,
  hash,
  IDENTITY,
  label,
  nameTerm,
  oaep,
  privateOf,
  raise,
  SHARE_BASE,
  seal,
  sign,
  type Term,
  tuple,
} from './terms.js'

/** Wrong changes; all absent: the handshake. */
export interface Changes {
  /** All of the transcript that a signature covers. */
  readonly askerSigns?: 'flight 1' | 'flight 2' | 'own fields'
  readonly answererSigns?: 'flights 1 and 3' | 'flights 2 and 4' | 'own fields'
  readonly macLeavesShareOut?: boolean
  readonly macLeavesExchangeOut?: boolean
  readonly transcriptLeavesSharesOut?: boolean
  readonly transcriptLeavesExchangesOut?: boolean
  readonly masterLeavesPremasterOut?: boolean
  readonly keysLeaveStaticOut?: boolean
  readonly keysLeaveSecretOut?: boolean
  readonly takesIdentityShare?: boolean
  readonly shareFromCommonBase?: boolean
  readonly secretProofInsteadOfShare?: boolean
  readonly answersBeforeWelcome?: boolean
  readonly idsAreAnybodys?: boolean
  readonly ticketsLeaveRoleOut?: boolean
  readonly ticketsAreKept?: boolean
  readonly resumptionLeavesExchangeOut?: boolean
}

const NOTHING = label('nothing')

/** What goes into the keys besides the two exchanges. */
export interface Uses {
  /** The pin of the address that is called. */
  readonly pin?: Pin | undefined
  readonly secret?: boolean
}

export function pointOf({ scalar }: Party): Term {
  return raise(BASE, scalar)
}

export function pinOf(party: Party): Pin {
  return { modulus: keyOf(party), point: pointOf(party), id: party.id }
}

function shareBase(secret: Term, { shareFromCommonBase }: Changes): Term {
  return shareFromCommonBase === true ? SHARE_BASE : hash('generator', secret)
}

function macOf(shared: Term, nonce: Term, exchange: Term, share: Term, changes: Changes): Term {
  const covered = [
    nonce,
    changes.macLeavesExchangeOut === true ? NOTHING : exchange,
    changes.macLeavesShareOut === true ? NOTHING : share,
  ]
  return hash('mac', changes.macLeavesExchangeOut === true ? label('pin') : hash('introduction key', shared), ...covered)
}

interface Flights {
  readonly nonce: Term
  readonly exchange: Term
  readonly share: Term
  readonly mac: Term
  readonly exchange2: Term
  readonly share2: Term
}

function saidFirst(flights: Flights, changes: Changes): Term {
  const { nonce, exchange, share, mac, exchange2, share2 } = flights
  const exchanges = changes.transcriptLeavesExchangesOut === true ? [] : [exchange, exchange2]
  const shares = changes.transcriptLeavesSharesOut === true ? [] : [share, share2]
  return hash('T2', nonce, mac, ...exchanges, ...shares)
}

/** Of both sides alike: the parts that both compute. */
function firstKey(said: Term, ephemeral: Term, fixed: Term, secret: Term): Term {
  return hash('k1', said, ephemeral, fixed, secret)
}

function askerText(flights: Flights, said: Term, own: readonly Term[], changes: Changes): Term {
  const { nonce, exchange, share, mac, exchange2, share2 } = flights
  switch (changes.askerSigns) {
    case 'flight 1':
      return hash('T3', nonce, exchange, share, mac, ...own)
    case 'flight 2':
      return hash('T3', exchange2, share2, ...own)
    case 'own fields':
      return hash('T3', nonce, ...own)
    default:
      return hash('T3', said, ...own)
  }
}

function answererText(flights: Flights, said: Term, asker: readonly Term[], own: readonly Term[], changes: Changes): Term {
  const { nonce, exchange, share, mac, exchange2, share2 } = flights
  switch (changes.answererSigns) {
    case 'flights 1 and 3':
      return hash('T4', nonce, exchange, share, mac, ...asker, own[0]!)
    case 'flights 2 and 4':
      return hash('T4', exchange2, share2, ...own)
    case 'own fields':
      return hash('T4', nonce, ...own)
    default:
      return hash('T4', said, ...own)
  }
}

function signedBy(name: string, text: (env: Env) => Term, env: Env): Term | undefined {
  const signer = privateOf(valueOf(env, name))
  return signer && sign(signer, text(env))
}

function masterOf(k1: Term, premaster: Term, said: Term, changes: Changes): Term {
  return hash('master', k1, changes.masterLeavesPremasterOut === true ? NOTHING : premaster, said)
}

export function asker2(name: string, party: Party, uses: Uses, changes: Changes = {}): Session {
  const { pin } = uses
  const nonce = atom(`n_${name}`, 'nonce')
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange = nameTerm(raise(BASE, scalar), `e_${name}`)
  const shareScalar = atom(`y_${name}`, 'scalar')
  const secret = uses.secret === true ? party.secret : undefined
  const share = nameTerm(raise(secret === undefined ? SHARE_BASE : shareBase(secret, changes), shareScalar), `c_${name}`)
  const data = atom(`data_${name}`, 'data')
  const own = keyOf(party)
  const mac =
    pin === undefined
      ? atom(`m_${name}`, 'mac')
      : nameTerm(macOf(raise(pin.point, scalar), nonce, exchange, share, changes), `mac_${name}`)
  const flightsOf = (env: Env): Flights => {
    const exchange2 = valueOf(env, 'exchange2')
    return { nonce, exchange, share, mac, exchange2, share2: valueOf(env, 'share2') }
  }
  const said2 = (env: Env) => saidFirst(flightsOf(env), changes)
  const k1 = (env: Env) =>
    nameTerm(
      firstKey(
        said2(env),
        raise(valueOf(env, 'exchange2'), scalar),
        pin === undefined || changes.keysLeaveStaticOut === true ? NOTHING : raise(pin.point, scalar),
        secret === undefined || changes.keysLeaveSecretOut === true
          ? NOTHING
          : raise(valueOf(env, 'share2'), shareScalar),
      ),
      `k1(${name})`,
    )
  const mine = [own, pointOf(party), party.id, data]
  const hello: Step = {
    act: () => ({
      sends: [
        {
          type: 'hello',
          fields: fields({
            nonce,
            exchange,
            share,
            mac,
            ...(changes.secretProofInsteadOfShare === true && secret !== undefined
              ? { proof: hash('introduction', secret, nonce) }
              : {}),
          }),
        },
      ],
      events: pin === undefined ? [] : [{ type: 'introduces', party, flight: tuple(nonce, exchange, share), to: pin.point }],
    }),
  }
  const prove: Step = {
    expects: () => [
      {
        type: 'cookie',
        pattern: [
          { name: 'exchange2', any: 'point', from: 'answerer' },
          { name: 'share2', any: 'share' },
        ],
      },
    ],
    act({ env }) {
      if (valueOf(env, 'share2') === IDENTITY && changes.takesIdentityShare !== true) return undefined
      const text = askerText(flightsOf(env), said2(env), mine, changes)
      const signature = sign(party.privateKey, hash('LEFT 2 asker', text))
      const said3 = nameTerm(hash('T3s', said2(env), ...mine, signature), `T3(${name})`)
      const flight3 = seal(hash('flight 3', k1(env)), said2(env), tuple(...mine, signature))
      return { sends: [{ type: 'prove', fields: fields({ flight3 }) }], remembers: { said3 } }
    },
  }
  const text = (env: Env) =>
    answererText(flightsOf(env), valueOf(env, 'said3'), mine, [valueOf(env, 'key'), valueOf(env, 'sealedKey')], changes)
  const accept: Step = {
    expects: () => [
      {
        type: 'accept',
        pattern: [
          {
            name: 'flight4',
            key: (env) => hash('flight 4', k1(env), valueOf(env, 'said3')),
            associated: (env) => valueOf(env, 'said3'),
            sealed: [
              { name: 'key', any: 'modulus' },
              {
                name: 'sealedKey',
                modulus: own,
                text: [
                  { name: 'premaster', any: 'premaster' },
                  { name: 'point', any: 'static' },
                  { name: 'peer', any: 'name' },
                  { name: 'peerData', any: 'data', beside: 'key' },
                ],
              },
              { name: 'signature', is: (env) => signedBy('key', (env) => hash('LEFT 2 answerer', text(env)), env) },
            ],
          },
        ],
      },
    ],
    act({ env }) {
      const other = { modulus: valueOf(env, 'key'), point: valueOf(env, 'point'), id: valueOf(env, 'peer') }
      const isChanged = pin !== undefined && pin.modulus !== other.modulus
      if (isChanged || !isTaken(party, other, secret !== undefined, changes)) return undefined
      const said4 = nameTerm(hash('T4s', text(env), valueOf(env, 'said3'), valueOf(env, 'signature')), `T4(${name})`)
      const keys = nameTerm(masterOf(k1(env), valueOf(env, 'premaster'), said4, changes), `master(${name})`)
      const all = tuple(said4, ...Object.values(flightsOf(env)))
      return {
        sends: [{ type: 'first datagram', fields: fields({ sealed: firstDatagram(keys) }) }],
        events: [{ type: 'commits', side: 'asker', party, peerKey: other.modulus, peerId: other.id, keys, said: all }],
        grants: tickets2(keys, 'asker', party, other, changes),
      }
    },
  }
  return { name, party, steps: [hello, prove, accept] }
}

/** A peer id belongs to the first key that showed it, and a key to the static key that it was pinned with. */
function isTaken(party: Party, other: Pin, showsSecret: boolean, changes: Changes): boolean {
  if (!lets(party, other, showsSecret)) return false
  if (other.modulus === keyOf(party) && other.point !== pointOf(party)) return false
  return party.pins.every(({ modulus, point, id }) => {
    if (modulus === other.modulus) return point === other.point
    return changes.idsAreAnybodys === true || id !== other.id
  })
}

/** It has no state before flight 3, which brings flight 1 along. Its own flight 2 does not depend on what it answers, but
 *  for the nonce: the model sends it at once, which gives the attacker more. */
export function answerer2(name: string, party: Party, changes: Changes = {}): Session {
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange2 = nameTerm(raise(BASE, scalar), `e_${name}`)
  const shareScalar = atom(`y_${name}`, 'scalar')
  const share2 = nameTerm(
    raise(party.secret === undefined ? SHARE_BASE : shareBase(party.secret, changes), shareScalar),
    `c_${name}`,
  )
  const data = atom(`data_${name}`, 'data')
  const premaster = atom(`z_${name}`, 'premaster')
  const padding = atom(`r_${name}`, 'random')
  const own = keyOf(party)
  const flightsOf = (env: Env): Flights => ({
    nonce: valueOf(env, 'nonce'),
    exchange: valueOf(env, 'exchange'),
    share: valueOf(env, 'share'),
    mac: valueOf(env, 'mac'),
    exchange2,
    share2,
  })
  const said2 = (env: Env) => saidFirst(flightsOf(env), changes)
  const k1 = (env: Env, { usesStatic, usesSecret }: Case) =>
    firstKey(
      said2(env),
      raise(valueOf(env, 'exchange'), scalar),
      usesStatic && changes.keysLeaveStaticOut !== true ? raise(valueOf(env, 'exchange'), party.scalar) : NOTHING,
      usesSecret && changes.keysLeaveSecretOut !== true ? raise(valueOf(env, 'share'), shareScalar) : NOTHING,
    )
  const theirs = (env: Env) => ['key', 'point', 'peer', 'peerData'].map((field) => valueOf(env, field))
  const pattern = (aCase: Case): Pattern => [
    { name: 'nonce', any: 'nonce' },
    { name: 'exchange', any: 'point' },
    { name: 'share', any: 'share' },
    aCase.usesStatic
      ? {
          name: 'mac',
          is: (env) => {
            const [nonce, exchange, share] = ['nonce', 'exchange', 'share'].map((field) => valueOf(env, field))
            return macOf(raise(exchange!, party.scalar), nonce!, exchange!, share!, changes)
          },
        }
      : { name: 'mac', any: 'mac' },
    {
      name: 'flight3',
      key: (env) =>
        aCase.usesSecret && valueOf(env, 'share') === IDENTITY && changes.takesIdentityShare !== true
          ? undefined
          : hash('flight 3', k1(env, aCase)),
      associated: said2,
      sealed: [
        { name: 'key', any: 'modulus' },
        { name: 'point', any: 'static' },
        { name: 'peer', any: 'name' },
        { name: 'peerData', any: 'data', beside: 'key' },
        {
          name: 'signature',
          is: (env) =>
            signedBy('key', (env) => hash('LEFT 2 asker', askerText(flightsOf(env), said2(env), theirs(env), changes)), env),
        },
      ],
    },
  ]
  const offer: Step = {
    act: () => ({ sends: [{ type: 'cookie', fields: fields({ exchange2, share2 }) }], answers: exchange2 }),
  }
  const answer: Step = {
    expects: () => casesOf(party).map((aCase) => ({ type: 'open and prove', pattern: pattern(aCase) })),
    act({ env }) {
      const aCase = casesOf(party).find(
        (aCase) => argsOf(valueOf(env, 'flight3'))[0] === hash('flight 3', k1(env, aCase)),
      )!
      const [modulus, point, id] = theirs(env) as [Term, Term, Term]
      if (changes.answersBeforeWelcome !== true && !isTaken(party, { modulus, point, id }, aCase.usesSecret, changes))
        return undefined
      const said3 = hash('T3s', said2(env), ...theirs(env), valueOf(env, 'signature'))
      const sealedKey = oaep(modulus, tuple(premaster, pointOf(party), party.id, data), padding)
      const text = answererText(flightsOf(env), said3, theirs(env), [own, sealedKey], changes)
      const signature = sign(party.privateKey, hash('LEFT 2 answerer', text))
      const key = k1(env, aCase)
      const flight4 = seal(hash('flight 4', key, said3), said3, tuple(own, sealedKey, signature))
      const said4 = nameTerm(hash('T4s', text, said3, signature), `T4(${name})`)
      const keys = nameTerm(masterOf(key, premaster, said4, changes), `master(${name})`)
      const all = tuple(said4, ...Object.values(flightsOf(env)))
      return {
        sends: [{ type: 'accept', fields: fields({ flight4 }) }],
        events: [{ type: 'runs', side: 'answerer', party, peerKey: modulus, peerId: id, keys, said: all }],
        remembers: { keys, all },
        grants: tickets2(keys, 'answerer', party, { modulus, id }, changes),
      }
    },
  }
  return { name, party, steps: [offer, answer, hearFirst('peer', 'key')] }
}

/** Whether a first flight is worth an answer at an address that is not in --ip. */
export function gate2(name: string, party: Party, changes: Changes = {}): Session {
  const pattern: Pattern = [
    { name: 'nonce', any: 'nonce' },
    { name: 'exchange', any: 'point' },
    { name: 'share', any: 'share' },
    {
      name: 'mac',
      is: (env) => {
        const [nonce, exchange, share] = ['nonce', 'exchange', 'share'].map((field) => valueOf(env, field))
        return macOf(raise(exchange!, party.scalar), nonce!, exchange!, share!, changes)
      },
    },
  ]
  const judge: Step = {
    expects: () => [{ type: 'hello', pattern }],
    act({ env }) {
      const flight = tuple(valueOf(env, 'nonce'), valueOf(env, 'exchange'), valueOf(env, 'share'))
      return { events: [{ type: 'is-introduced', party, flight, to: pointOf(party) }] }
    },
  }
  return { name, party, steps: [judge] }
}

interface Case {
  readonly usesStatic: boolean
  readonly usesSecret: boolean
}

const CASES: readonly Case[] = [false, true].flatMap((usesStatic) =>
  [true, false].map((usesSecret) => ({ usesStatic, usesSecret })),
)
const CASES_WITHOUT_SECRET = CASES.filter(({ usesSecret }) => !usesSecret)

function casesOf({ secret }: Party): readonly Case[] {
  return secret === undefined ? CASES_WITHOUT_SECRET : CASES
}

/** One for each of the two to ask with. */
export function tickets2(
  master: Term,
  side: 'asker' | 'answerer',
  party: Party,
  peer: { modulus: Term; id: Term },
  { ticketsLeaveRoleOut }: Changes = {},
): Ticket[] {
  const mine = [keyOf(party), party.id]
  const theirs = [peer.modulus, peer.id]
  const both = side === 'asker' ? [...mine, ...theirs] : [...theirs, ...mine]
  const ticket = (ofSide: string, serves: 'asker' | 'answerer'): Ticket => {
    const role = ticketsLeaveRoleOut === true ? NOTHING : label(ofSide)
    return {
      id: hash('ticket id', master, role, ...both),
      secret: hash('ticket', master, role, ...both),
      peerKey: peer.modulus,
      peerId: peer.id,
      serves: [serves],
    }
  }
  const otherSide = side === 'asker' ? 'answerer' : 'asker'
  return [ticket(side, 'asker'), ticket(otherSide, 'answerer')]
}
