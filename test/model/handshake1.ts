// Handshake 1, first contact, as wire version 1 had it: the roles of both, step by step.
// Used by the tests. Fields that nobody checks and that mean nothing to the keys (session id, size of datagrams, boot)
// are one field, `data`.

import { fields, firstDatagram, hearFirst } from './datagram.js'
import type { Env, Pattern } from './pattern.js'
import { keyOf, lets, type Party, type Session, type Step } from './role.js'
import {
  atom,
  BASE,
  hash,
  label,
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
  const saidFirst = (env: Env) => hash('said', nonce, exchange, data, env.the('exchange'))
  const shaking = (env: Env) => hash('shaking', saidFirst(env), raise(env.the('exchange'), scalar))
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
      const key = env.the('key')
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
        key: (env) => hash('acceptance', master(env, mixed), env.the('said2')),
        associated: (env) => env.the('said2'),
        sealed: [
          { name: 'peer', any: 'name' },
          { name: 'peerData', any: 'data', beside: 'key' },
          {
            name: 'signature',
            is: (env) => {
              const signer = privateOf(env.the('key'))
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
      const mixed = env.the('mixed') === label('mixed')
      const other = { modulus: env.the('key'), id: env.the('peer') }
      if (!lets(party, other, mixed)) return undefined
      const said = hash('said', said3(env), env.the('signature'))
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
  return hash('said', env.the('said2'), env.the('mixed'), env.the('peer'), env.the('peerData'))
}

/** `isNamed`: whether the hello may come from an address of --ip, which needs no introduction. */
export function answerer1(name: string, party: Party, { isNamed }: { isNamed: boolean }): Session {
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange = nameTerm(raise(BASE, scalar), `X_${name}`)
  const data = atom(`data_${name}`, 'data')
  const own = keyOf(party)
  const saidFirst = (env: Env) =>
    hash('said', env.the('nonce'), env.the('exchange'), env.the('peerData'), exchange)
  const shaking = (env: Env) => hash('shaking', saidFirst(env), raise(env.the('exchange'), scalar))
  const said1 = (env: Env) => hash('said', saidFirst(env), own)
  const said = (env: Env) =>
    hash('said', said1(env), env.the('peer'), env.the('peerData2'), env.the('key'), env.the('sealedSecret'))
  const said2 = (env: Env) => hash('said', said(env), env.the('proof'), env.the('signature'))
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
            pattern: [
              ...open,
              { name: 'introduction', is: (env) => hash('introduction', secret, env.the('nonce')) },
            ],
          })),
    act: ({ env }) => ({
      answers: exchange,
      events: isNamed
        ? []
        : [
            {
              type: 'is-introduced',
              party,
              flight: tuple(...open.map((field) => env.the(field.name))),
              to: own,
            },
          ],
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
            const signer = privateOf(env.the('key'))
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
      const mixed = env.the('proof') !== NOTHING
      const other = { modulus: env.the('key'), id: env.the('peer') }
      if (!lets(party, other, mixed)) return undefined
      const master = hash('master', shaking(env), env.the('premaster'), mixed ? party.secret! : NOTHING)
      const mixedLabel = label(mixed ? 'mixed' : 'unmixed')
      const last = hash('said', said2(env), mixedLabel, party.id, data)
      const signature = sign(party.privateKey, hash('answerer', last))
      const flight3 = seal(
        hash('acceptance', master, said2(env)),
        said2(env),
        tuple(party.id, data, signature),
      )
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
