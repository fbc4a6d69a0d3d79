// Handshake 1, met before, as wire version 1 had it. Used by the tests.

import { fields, firstDatagram, hearFirst } from './datagram.js'
import type { Env, Pattern } from './pattern.js'
import { keyOf, type Party, type Session, type Step, type Ticket } from './role.js'
import { atom, BASE, hash, label, nameTerm, raise, seal, tuple } from './terms.js'

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
  const said = (env: Env) => hash('said', saidFirst, tuple(id, exchange, sealed), env.the('exchange'))
  const master = (env: Env) => hash('master', secret, raise(env.the('exchange'), scalar))
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
      const all = hash('said', said(env), env.the('exchange'), env.the('sealed'))
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
      hash('said', label('LEFT resumption'), env.the('nonce'), id, env.the('exchange'))
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
      const id = env.the('ticket')
      const ticket = tickets.find((known) => known.id === id)!
      const { secret, peerKey, peerId } = ticket
      const saidFirst = hash('said', label('LEFT resumption'), env.the('nonce'), id, env.the('exchange'))
      const said = hash('said', saidFirst, tuple(id, env.the('exchange'), env.the('sealed')), exchange)
      const master = hash('master', secret, raise(env.the('exchange'), scalar))
      const sealed = seal(hash('resumed', master, said), said, tuple(data))
      const all = hash('said', said, exchange, sealed)
      const keys = nameTerm(hash('keys', master, all), `keys(${name})`)
      return {
        sends: [{ type: 'accept', fields: fields({ exchange, sealed }) }],
        answers: exchange,
        events: [
          { type: 'hears-early', party, peerKey, early: env.the('early') },
          { type: 'runs', side: 'answerer', party, peerKey, peerId, keys, said: all },
        ],
        erases: { id, serves: 'answerer' },
        remembers: { keys, all, key: peerKey, peer: peerId },
      }
    },
  }
  return { name, party, steps: [answer, hearFirst('peer', 'key')] }
}
