// Handshake 2, tickets: resumption, and the rekeying of a session, which is the same with the ticket of the session that
// runs. Used by the tests.

import { fields, firstDatagram, hearFirst } from './datagram.js'
import type { Env, Pattern } from './pattern.js'
import { keyOf, type Party, type Session, type Step, type Ticket } from './role.js'
import { atom, BASE, hash, label, nameTerm, raise, seal, type Term, tuple } from './terms.js'
import { type Changes, tickets2 } from './transcript2.js'

/** Tickets of an earlier session in which `asker` asked. */
export function earlier2(asker: Party, answerer: Party, changes: Changes = {}): Map<string, Ticket[]> {
  const master = atom(`master of ${asker.name} and ${answerer.name}, earlier`, 'other')
  const ofAsker = { modulus: keyOf(asker), id: asker.id }
  const ofAnswerer = { modulus: keyOf(answerer), id: answerer.id }
  return new Map([
    [asker.name, tickets2(master, 'asker', asker, ofAnswerer, changes)],
    [answerer.name, tickets2(master, 'answerer', answerer, ofAsker, changes)],
  ])
}

function saidFirst(env: { nonce: Term; ticket: Term; exchange: Term }): Term {
  return hash('R1', env.nonce, env.ticket, env.exchange)
}

function masterOf(ticket: Term, shared: Term, { resumptionLeavesExchangeOut }: Changes): Term {
  return hash('resumed', ticket, resumptionLeavesExchangeOut === true ? label('nothing') : shared)
}

/** Asks with the newest ticket for this peer, as soon as there is one. `after`: only once this many were granted. */
export function resumer2(name: string, party: Party, peer: Party, changes: Changes = {}, after = 0): Session {
  const nonce = atom(`n_${name}`, 'nonce')
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange = nameTerm(raise(BASE, scalar), `e_${name}`)
  const data = atom(`data_${name}`, 'data')
  const early = atom(`early_${name}`, 'early')
  const hello: Step = {
    act({ tickets }) {
      const usable = tickets.filter(
        ({ serves, peerKey }) => serves.includes('asker') && peerKey === keyOf(peer),
      )
      const ticket = usable.at(-1)
      if (ticket === undefined || tickets.length < after) return undefined
      const { id, secret } = ticket
      const said = saidFirst({ nonce, ticket: id, exchange })
      const sealed = seal(hash('resume', secret, said), said, tuple(data, early))
      return {
        sends: [{ type: 'hello', fields: fields({ nonce, ticket: id, exchange, sealed }) }],
        events: [{ type: 'says-early', party, peerKey: keyOf(peer), early }],
        remembers: { ticket: id, secret, said: hash('R2', said, sealed) },
        ...(changes.ticketsAreKept === true ? {} : { erases: { id, serves: 'asker' } as const }),
      }
    },
  }
  const said = (env: Env) => hash('R3', env.the('said'), env.the('exchange2'))
  const master = (env: Env) => masterOf(env.the('secret'), raise(env.the('exchange2'), scalar), changes)
  const accept: Step = {
    expects: () => [
      {
        type: 'accept',
        pattern: [
          { name: 'exchange2', any: 'point', from: 'answerer' },
          {
            name: 'sealed',
            key: (env) => hash('answer', master(env), said(env)),
            associated: said,
            sealed: [{ name: 'peerData', any: 'data' }],
          },
        ],
      },
    ],
    act({ env }) {
      const all = hash('R4', said(env), env.the('sealed'))
      const keys = nameTerm(hash('master', master(env), all), `master(${name})`)
      const event = { party, peerKey: keyOf(peer), peerId: peer.id, keys, said: all } as const
      return {
        sends: [{ type: 'first datagram', fields: fields({ sealed: firstDatagram(keys) }) }],
        events: [{ type: 'commits', side: 'asker', ...event }],
        grants: tickets2(keys, 'asker', party, { modulus: keyOf(peer), id: peer.id }, changes),
      }
    },
  }
  return { name, party, steps: [hello, accept] }
}

export function answerResumer2(name: string, party: Party, changes: Changes = {}): Session {
  const scalar = atom(`x_${name}`, 'scalar')
  const exchange2 = nameTerm(raise(BASE, scalar), `e_${name}`)
  const data = atom(`data_${name}`, 'data')
  const first = (env: Env) => {
    const [nonce, ticket, exchange] = ['nonce', 'ticket', 'exchange'].map((field) => env.the(field))
    return saidFirst({ nonce: nonce!, ticket: ticket!, exchange: exchange! })
  }
  const pattern = ({ id, secret }: Ticket): Pattern => [
    { name: 'nonce', any: 'nonce' },
    { name: 'ticket', is: () => id },
    { name: 'exchange', any: 'point' },
    {
      name: 'sealed',
      key: (env) => hash('resume', secret, first(env)),
      associated: first,
      sealed: [
        { name: 'peerData', any: 'data' },
        { name: 'early', any: 'early' },
      ],
    },
  ]
  const answers = (tickets: readonly Ticket[]) => tickets.filter(({ serves }) => serves.includes('answerer'))
  const answer: Step = {
    expects: ({ tickets }) => answers(tickets).map((ticket) => ({ type: 'hello', pattern: pattern(ticket) })),
    act({ env, tickets }) {
      const id = env.the('ticket')
      const { secret, peerKey, peerId } = answers(tickets).find((known) => known.id === id)!
      const said = hash('R3', hash('R2', first(env), env.the('sealed')), exchange2)
      const master = masterOf(secret, raise(env.the('exchange'), scalar), changes)
      const sealed = seal(hash('answer', master, said), said, tuple(data))
      const all = hash('R4', said, sealed)
      const keys = nameTerm(hash('master', master, all), `master(${name})`)
      return {
        sends: [{ type: 'accept', fields: fields({ exchange2, sealed }) }],
        answers: exchange2,
        events: [
          { type: 'hears-early', party, peerKey, early: env.the('early') },
          { type: 'runs', side: 'answerer', party, peerKey, peerId, keys, said: all },
        ],
        remembers: { keys, all, key: peerKey, peer: peerId },
        grants: tickets2(keys, 'answerer', party, { modulus: peerKey, id: peerId }, changes),
        ...(changes.ticketsAreKept === true ? {} : { erases: { id, serves: 'answerer' } as const }),
      }
    },
  }
  return { name, party, steps: [answer, hearFirst('peer', 'key')] }
}
