// Handshake 2, first contact, as docs/security/handshake.md writes it down: the roles of both, step by step. Used by the
// tests.

import { fields, firstDatagram, hearFirst } from './datagram.js'
import type { Env, Pattern } from './pattern.js'
import { keyOf, lets, type Party, type Pin, type Session, type Step } from './role.js'
import {
  argsOf,
  atom,
  BASE,
  hash,
  IDENTITY,
  nameTerm,
  oaep,
  raise,
  SHARE_BASE,
  seal,
  sign,
  type Term,
  tuple,
} from './terms.js'
import {
  answererText,
  askerText,
  type Changes,
  type Flights,
  firstKey,
  macOf,
  masterOf,
  NOTHING,
  pointOf,
  proofOf,
  saidFirst,
  shareBase,
  signedBy,
  tickets2,
  type Uses,
} from './transcript2.js'

export function asker2(name: string, party: Party, uses: Uses, changes: Changes = {}): Session {
  const { pin } = uses
  const nonce = atom(`n_${name}`, 'nonce')
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange = nameTerm(raise(BASE, scalar), `e_${name}`)
  const shareScalar = atom(`y_${name}`, 'scalar')
  const secret = uses.secret === true ? party.secret : undefined
  const share = nameTerm(
    raise(secret === undefined ? SHARE_BASE : shareBase(secret, changes), shareScalar),
    `c_${name}`,
  )
  const data = atom(`data_${name}`, 'data')
  const own = keyOf(party)
  const mac =
    pin === undefined
      ? atom(`m_${name}`, 'mac')
      : nameTerm(macOf(raise(pin.point, scalar), nonce, exchange, share, changes), `mac_${name}`)
  const flightsOf = (env: Env): Flights => {
    const exchange2 = env.the('exchange2')
    return { nonce, exchange, share, mac, exchange2, share2: env.the('share2') }
  }
  const said2 = (env: Env) => saidFirst(flightsOf(env), changes)
  const k1 = (env: Env) =>
    nameTerm(
      firstKey(
        said2(env),
        raise(env.the('exchange2'), scalar),
        pin === undefined || changes.keysLeaveStaticOut === true ? NOTHING : raise(pin.point, scalar),
        secret === undefined || changes.keysLeaveSecretOut === true
          ? NOTHING
          : raise(env.the('share2'), shareScalar),
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
      events:
        pin === undefined
          ? []
          : [{ type: 'introduces', party, flight: tuple(nonce, exchange, share), to: pin.point }],
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
      if (env.the('share2') === IDENTITY && changes.takesIdentityShare !== true) return undefined
      const text = askerText(flightsOf(env), said2(env), mine, changes)
      const signature = sign(party.privateKey, hash('LEFT 2 asker', text))
      const said3 = nameTerm(hash('T3s', said2(env), ...mine, signature), `T3(${name})`)
      const flight3 = seal(hash('flight 3', k1(env)), said2(env), tuple(...mine, signature))
      return {
        sends: [{ type: 'prove', fields: fields({ flight3 }) }],
        events: [{ type: 'proves', party, peerKey: NOTHING, said: proofOf(flightsOf(env), said3) }],
        remembers: { said3 },
      }
    },
  }
  const text = (env: Env) =>
    answererText(flightsOf(env), env.the('said3'), mine, [env.the('key'), env.the('sealedKey')], changes)
  const accept: Step = {
    expects: () => [
      {
        type: 'accept',
        pattern: [
          {
            name: 'flight4',
            key: (env) => hash('flight 4', k1(env), env.the('said3')),
            associated: (env) => env.the('said3'),
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
              {
                name: 'signature',
                is: (env) => signedBy('key', (env) => hash('LEFT 2 answerer', text(env)), env),
              },
            ],
          },
        ],
      },
    ],
    act({ env }) {
      const other = { modulus: env.the('key'), point: env.the('point'), id: env.the('peer') }
      const isChanged = pin !== undefined && pin.modulus !== other.modulus
      if (isChanged || !isTaken(party, other, secret !== undefined, changes)) return undefined
      const said4 = nameTerm(hash('T4s', text(env), env.the('said3'), env.the('signature')), `T4(${name})`)
      const keys = nameTerm(masterOf(k1(env), env.the('premaster'), said4, changes), `master(${name})`)
      const all = tuple(said4, ...Object.values(flightsOf(env)))
      return {
        sends: [{ type: 'first datagram', fields: fields({ sealed: firstDatagram(keys) }) }],
        events: [
          {
            type: 'commits',
            side: 'asker',
            party,
            peerKey: other.modulus,
            peerId: other.id,
            keys,
            said: all,
          },
        ],
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

/** The answerer has no state before flight 3, which brings flight 1 along. Its own flight 2 does not depend on what it
 *  answers, but for the nonce: the model sends it at once, which gives the attacker more. */
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
    nonce: env.the('nonce'),
    exchange: env.the('exchange'),
    share: env.the('share'),
    mac: env.the('mac'),
    exchange2,
    share2,
  })
  const said2 = (env: Env) => saidFirst(flightsOf(env), changes)
  const k1 = (env: Env, { usesStatic, usesSecret }: Case) =>
    firstKey(
      said2(env),
      raise(env.the('exchange'), scalar),
      usesStatic && changes.keysLeaveStaticOut !== true ? raise(env.the('exchange'), party.scalar) : NOTHING,
      usesSecret && changes.keysLeaveSecretOut !== true ? raise(env.the('share'), shareScalar) : NOTHING,
    )
  const theirs = (env: Env) => ['key', 'point', 'peer', 'peerData'].map((field) => env.the(field))
  const pattern = (aCase: Case): Pattern => [
    { name: 'nonce', any: 'nonce' },
    { name: 'exchange', any: 'point' },
    { name: 'share', any: 'share' },
    aCase.usesStatic
      ? {
          name: 'mac',
          is: (env) => {
            const [nonce, exchange, share] = ['nonce', 'exchange', 'share'].map((field) => env.the(field))
            return macOf(raise(exchange!, party.scalar), nonce!, exchange!, share!, changes)
          },
        }
      : { name: 'mac', any: 'mac' },
    {
      name: 'flight3',
      key: (env) =>
        aCase.usesSecret && env.the('share') === IDENTITY && changes.takesIdentityShare !== true
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
            signedBy(
              'key',
              (env) => hash('LEFT 2 asker', askerText(flightsOf(env), said2(env), theirs(env), changes)),
              env,
            ),
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
        (aCase) => argsOf(env.the('flight3'))[0] === hash('flight 3', k1(env, aCase)),
      )!
      const [modulus, point, id] = theirs(env) as [Term, Term, Term]
      if (
        changes.answersBeforeWelcome !== true &&
        !isTaken(party, { modulus, point, id }, aCase.usesSecret, changes)
      )
        return undefined
      const said3 = hash('T3s', said2(env), ...theirs(env), env.the('signature'))
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
        events: [
          { type: 'hears-proof', party, peerKey: modulus, said: proofOf(flightsOf(env), said3) },
          { type: 'runs', side: 'answerer', party, peerKey: modulus, peerId: id, keys, said: all },
        ],
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
        const [nonce, exchange, share] = ['nonce', 'exchange', 'share'].map((field) => env.the(field))
        return macOf(raise(exchange!, party.scalar), nonce!, exchange!, share!, changes)
      },
    },
  ]
  const judge: Step = {
    expects: () => [{ type: 'hello', pattern }],
    act({ env }) {
      const flight = tuple(env.the('nonce'), env.the('exchange'), env.the('share'))
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
