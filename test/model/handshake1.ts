// Handshake 1, as src/seal/handshake.ts and src/seal/resumption.ts are for wire version 1: the roles of both, step by step.
// Used by the tests. Fields that nobody checks and that mean nothing to the keys (session id, size of datagrams, boot)
// are one field, `data`.

import type { Env, Pattern } from './pattern.js'
import { keyOf, lets, type Party, type Session, type Step, type Ticket, valueOf } from './role.js'
import {
  atom,
  BASE,
  hash,
  label,
  modulusOf,
  nameTerm,
  oaep,
  privateOf,
  raise,
  seal,
  sign,
  type Term,
  tuple,
} from './terms.js'

const NOTHING = label('nothing')

export function fingerprintOf(modulus: Term): Term {
  return hash('fingerprint', modulus)
}

/** First contact. `pinnedAt`: the key that is known to be at the address that is called. */
export function asker1(name: string, party: Party, { pinnedAt }: { pinnedAt?: Term | undefined }): Session {
  const nonce = atom(`n_${name}`, 'nonce')
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange = nameTerm(raise(BASE, scalar), `X_${name}`)
  const data = atom(`data_${name}`, 'data')
  const premaster = atom(`z_${name}`, 'premaster')
  const padding = atom(`r_${name}`, 'random')
  const early = atom(`early_${name}`, 'early')
  const own = keyOf(party)
  const introduction =
    pinnedAt !== undefined
      ? hash('introduction', fingerprintOf(pinnedAt), nonce)
      : party.secret !== undefined
        ? hash('introduction', party.secret, nonce)
        : atom(`i_${name}`, 'nonce')
  const saidFirst = (env: Env) => hash('said', nonce, exchange, data, valueOf(env, 'exchange'))
  const shaking = (env: Env) => hash('shaking', saidFirst(env), raise(valueOf(env, 'exchange'), scalar))
  const hello: Step = {
    act: () => ({
      sends: [{ type: 'hello', fields: fields({ introduction, nonce, exchange, data }) }],
      events: [{ type: 'introduces', party, flight: tuple(nonce, exchange, data), to: pinnedAt ?? NOTHING }],
    }),
  }
  const prove: Step = {
    expects: () => [
      {
        type: 'cookie',
        pattern: [
          { name: 'exchange', any: 'point', from: 'answerer' },
          {
            name: 'offer',
            key: (env) => hash('offer', shaking(env), saidFirst(env)),
            associated: saidFirst,
            sealed: [{ name: 'key', any: 'modulus' }],
          },
        ],
      },
    ],
    act({ env }) {
      const key = valueOf(env, 'key')
      const isChanged = pinnedAt !== undefined && pinnedAt !== key
      if (isChanged || !lets(party, { modulus: key, id: NOTHING }, true)) return undefined
      const said1 = hash('said', saidFirst(env), key)
      const sealedSecret = oaep(key, tuple(premaster), padding)
      const said = hash('said', said1, party.id, data, own, sealedSecret)
      const signature = sign(party.privateKey, hash('asker', said))
      const proof = party.secret === undefined ? NOTHING : hash('proof', party.secret, said)
      const said2 = hash('said', said, proof, signature)
      const text = tuple(party.id, data, own, sealedSecret, proof, signature)
      const flight2 = seal(hash('prove', shaking(env), said1), said1, text)
      const master = hash('master', shaking(env), premaster, party.secret ?? NOTHING)
      const flight4 = seal(hash('early', master, said2), said2, tuple(early))
      return {
        sends: [{ type: 'prove', fields: fields({ flight2, flight4 }) }],
        events: [{ type: 'says-early', party, peerKey: key, early }],
        remembers: { said2 },
      }
    },
  }
  const master = (env: Env, mixed: boolean) =>
    hash('master', shaking(env), premaster, mixed ? party.secret! : NOTHING)
  const finish = (mixed: boolean): { type: string; pattern: Pattern } => ({
    type: 'accept',
    pattern: [
      { name: 'mixed', is: () => label(mixed ? 'mixed' : 'unmixed') },
      {
        name: 'flight3',
        key: (env) => hash('acceptance', master(env, mixed), valueOf(env, 'said2')),
        associated: (env) => valueOf(env, 'said2'),
        sealed: [
          { name: 'peer', any: 'name' },
          { name: 'peerData', any: 'data', beside: 'key' },
          {
            name: 'signature',
            is: (env) => {
              const signer = privateOf(valueOf(env, 'key'))
              return signer && sign(signer, hash('answerer', said3(env)))
            },
          },
        ],
      },
    ],
  })
  const accept: Step = {
    expects: () => (party.secret === undefined ? [finish(false)] : [finish(false), finish(true)]),
    act({ env }) {
      const mixed = valueOf(env, 'mixed') === label('mixed')
      const other = { modulus: valueOf(env, 'key'), id: valueOf(env, 'peer') }
      if (!lets(party, other, mixed)) return undefined
      const said = hash('said', said3(env), valueOf(env, 'signature'))
      const keys = nameTerm(hash('keys', master(env, mixed), said), `keys(${name})`)
      const event = { party, peerKey: other.modulus, peerId: other.id, keys, said } as const
      return {
        sends: [{ type: 'first datagram', fields: fields({ sealed: firstDatagram(keys) }) }],
        events: [{ type: 'commits', side: 'asker', ...event }],
      }
    },
  }
  return { name, party, steps: [hello, prove, accept] }
}

function said3(env: Env): Term {
  return hash('said', valueOf(env, 'said2'), valueOf(env, 'mixed'), valueOf(env, 'peer'), valueOf(env, 'peerData'))
}

/** `isNamed`: whether the hello may come from an address of --ip, which needs no introduction. */
export function answerer1(name: string, party: Party, { isNamed }: { isNamed: boolean }): Session {
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange = nameTerm(raise(BASE, scalar), `X_${name}`)
  const data = atom(`data_${name}`, 'data')
  const own = keyOf(party)
  const saidFirst = (env: Env) =>
    hash('said', valueOf(env, 'nonce'), valueOf(env, 'exchange'), valueOf(env, 'peerData'), exchange)
  const shaking = (env: Env) => hash('shaking', saidFirst(env), raise(valueOf(env, 'exchange'), scalar))
  const said1 = (env: Env) => hash('said', saidFirst(env), own)
  const said = (env: Env) =>
    hash('said', said1(env), valueOf(env, 'peer'), valueOf(env, 'peerData2'), valueOf(env, 'key'), valueOf(env, 'sealedSecret'))
  const said2 = (env: Env) => hash('said', said(env), valueOf(env, 'proof'), valueOf(env, 'signature'))
  const introductions: Term[] = [fingerprintOf(own), ...(party.secret === undefined ? [] : [party.secret])]
  const open: Pattern = [
    { name: 'nonce', any: 'nonce' },
    { name: 'exchange', any: 'point' },
    { name: 'peerData', any: 'data' },
  ]
  const offer: Step = {
    expects: () =>
      isNamed
        ? [{ type: 'hello', pattern: open }]
        : introductions.map((secret) => ({
            type: 'hello',
            pattern: [...open, { name: 'introduction', is: (env) => hash('introduction', secret, valueOf(env, 'nonce')) }],
          })),
    act: ({ env }) => ({
      answers: exchange,
      events: isNamed ? [] : [{ type: 'is-introduced', party, flight: tuple(...open.map((field) => valueOf(env, field.name))), to: own }],
      sends: [
        {
          type: 'cookie',
          fields: fields({
            exchange,
            offer: seal(hash('offer', shaking(env), saidFirst(env)), saidFirst(env), tuple(own)),
          }),
        },
      ],
    }),
  }
  const prove = (showsSecret: boolean): Pattern => [
    {
      name: 'flight2',
      key: (env) => hash('prove', shaking(env), said1(env)),
      associated: said1,
      sealed: [
        { name: 'peer', any: 'name' },
        { name: 'peerData2', any: 'data' },
        { name: 'key', any: 'modulus' },
        { name: 'sealedSecret', modulus: own, text: [{ name: 'premaster', any: 'premaster' }] },
        { name: 'proof', is: (env) => (showsSecret ? hash('proof', party.secret!, said(env)) : NOTHING) },
        {
          name: 'signature',
          is: (env) => {
            const signer = privateOf(valueOf(env, 'key'))
            return signer && sign(signer, hash('asker', said(env)))
          },
        },
      ],
    },
  ]
  const accept: Step = {
    expects: () => [
      { type: 'prove', pattern: prove(false) },
      ...(party.secret === undefined ? [] : [{ type: 'prove', pattern: prove(true) }]),
    ],
    act({ env }) {
      const mixed = valueOf(env, 'proof') !== NOTHING
      const other = { modulus: valueOf(env, 'key'), id: valueOf(env, 'peer') }
      if (!lets(party, other, mixed)) return undefined
      const master = hash('master', shaking(env), valueOf(env, 'premaster'), mixed ? party.secret! : NOTHING)
      const mixedLabel = label(mixed ? 'mixed' : 'unmixed')
      const last = hash('said', said2(env), mixedLabel, party.id, data)
      const signature = sign(party.privateKey, hash('answerer', last))
      const flight3 = seal(hash('acceptance', master, said2(env)), said2(env), tuple(party.id, data, signature))
      const all = hash('said', last, signature)
      const keys = nameTerm(hash('keys', master, all), `keys(${name})`)
      const event = { party, peerKey: other.modulus, peerId: other.id, keys, said: all } as const
      return {
        sends: [{ type: 'accept', fields: fields({ mixed: mixedLabel, flight3 }) }],
        events: [{ type: 'runs', side: 'answerer', ...event }],
        remembers: { keys, all },
      }
    },
  }
  return { name, party, steps: [offer, accept, hearFirst('peer', 'key')] }
}

/** The first datagram of a session settles it. Where the attacker has the keys itself, it may as well not send one: what is
 *  wrong then was wrong before. */
export function hearFirst(peer: string, key: string): Step {
  return {
    expects: ({ env }) => [
      { type: 'first datagram', pattern: [{ name: 'first', is: () => firstDatagram(valueOf(env, 'keys')), unlessKnown: valueOf(env, 'keys') }] },
    ],
    act: ({ party, env }) => ({
      events: [
        {
          type: 'commits',
          side: 'answerer',
          party,
          peerKey: valueOf(env, key),
          peerId: valueOf(env, peer),
          keys: valueOf(env, 'keys'),
          said: valueOf(env, 'all'),
        },
      ],
    }),
  }
}

/** Only who knows the keys makes it. */
export function firstDatagram(keys: Term): Term {
  return seal(hash('asker datagrams', keys), NOTHING, tuple(label('ping')))
}

/** One ticket for both sides of an earlier session, which either may ask with. */
export function tickets1(one: Party, other: Party): Map<string, Ticket[]> {
  const earlier = atom(`earlier session of ${one.name} and ${other.name}`, 'other')
  const ticket = (peer: Party): Ticket => ({
    id: hash('ticket id', earlier),
    secret: hash('resumption', earlier),
    peerKey: keyOf(peer),
    peerId: peer.id,
    serves: ['asker', 'answerer'],
  })
  return new Map([
    [one.name, [ticket(other)]],
    [other.name, [ticket(one)]],
  ])
}

export function resumer1(name: string, party: Party, ticket: Ticket): Session {
  const nonce = atom(`n_${name}`, 'nonce')
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange = nameTerm(raise(BASE, scalar), `X_${name}`)
  const data = atom(`data_${name}`, 'data')
  const early = atom(`early_${name}`, 'early')
  const { id, secret, peerKey, peerId } = ticket
  const saidFirst = hash('said', label('LEFT resumption'), nonce, id, exchange)
  const sealed = seal(hash('resume', secret, saidFirst), saidFirst, tuple(data, early))
  const said = (env: Env) => hash('said', saidFirst, tuple(id, exchange, sealed), valueOf(env, 'exchange'))
  const master = (env: Env) => hash('master', secret, raise(valueOf(env, 'exchange'), scalar))
  const hello: Step = {
    act: () => ({
      sends: [{ type: 'hello', fields: fields({ nonce, ticket: id, exchange, sealed }) }],
      events: [{ type: 'says-early', party, peerKey, early }],
    }),
  }
  const accept: Step = {
    expects: () => [
      {
        type: 'accept',
        pattern: [
          { name: 'exchange', any: 'point', from: 'answerer' },
          {
            name: 'sealed',
            key: (env) => hash('resumed', master(env), said(env)),
            associated: said,
            sealed: [{ name: 'peerData', any: 'data' }],
          },
        ],
      },
    ],
    act({ env }) {
      const all = hash('said', said(env), valueOf(env, 'exchange'), valueOf(env, 'sealed'))
      const keys = nameTerm(hash('keys', master(env), all), `keys(${name})`)
      return {
        sends: [{ type: 'first datagram', fields: fields({ sealed: firstDatagram(keys) }) }],
        events: [{ type: 'commits', side: 'asker', party, peerKey, peerId, keys, said: all }],
      }
    },
  }
  return { name, party, steps: [hello, accept] }
}

export function answerResumer1(name: string, party: Party): Session {
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange = nameTerm(raise(BASE, scalar), `X_${name}`)
  const data = atom(`data_${name}`, 'data')
  const pattern = ({ id, secret }: Ticket): Pattern => {
    const saidFirst = (env: Env) =>
      hash('said', label('LEFT resumption'), valueOf(env, 'nonce'), id, valueOf(env, 'exchange'))
    return [
      { name: 'nonce', any: 'nonce' },
      { name: 'ticket', is: () => id },
      { name: 'exchange', any: 'point' },
      {
        name: 'sealed',
        key: (env) => hash('resume', secret, saidFirst(env)),
        associated: saidFirst,
        sealed: [
          { name: 'peerData', any: 'data' },
          { name: 'early', any: 'early' },
        ],
      },
    ]
  }
  const answer: Step = {
    expects: ({ tickets }) => tickets.map((ticket) => ({ type: 'hello', pattern: pattern(ticket) })),
    act({ env, tickets }) {
      const id = valueOf(env, 'ticket')
      const ticket = tickets.find((known) => known.id === id)!
      const { secret, peerKey, peerId } = ticket
      const saidFirst = hash('said', label('LEFT resumption'), valueOf(env, 'nonce'), id, valueOf(env, 'exchange'))
      const said = hash('said', saidFirst, tuple(id, valueOf(env, 'exchange'), valueOf(env, 'sealed')), exchange)
      const master = hash('master', secret, raise(valueOf(env, 'exchange'), scalar))
      const sealed = seal(hash('resumed', master, said), said, tuple(data))
      const all = hash('said', said, exchange, sealed)
      const keys = nameTerm(hash('keys', master, all), `keys(${name})`)
      return {
        sends: [{ type: 'accept', fields: fields({ exchange, sealed }) }],
        answers: exchange,
        events: [
          { type: 'hears-early', party, peerKey, early: valueOf(env, 'early') },
          { type: 'runs', side: 'answerer', party, peerKey, peerId, keys, said: all },
        ],
        erases: { id, serves: 'answerer' },
        remembers: { keys, all, key: peerKey, peer: peerId },
      }
    },
  }
  return { name, party, steps: [answer, hearFirst('peer', 'key')] }
}

export function fields(values: Readonly<Record<string, Term>>): (readonly [string, Term])[] {
  return Object.entries(values)
}

/** Of an attacker. */
export const STRANGER_KEY = atom('d_I', 'private')
export const STRANGER_MODULUS = modulusOf(STRANGER_KEY)
