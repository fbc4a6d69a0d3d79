import { describe, expect, it } from 'vitest'
import { type KnownTicket, Tickets } from '../../src/seal/handshake/tickets.js'
import { TICKET_MS_MAX } from '../../src/seal/limits.js'

const ID = new Uint8Array(16).fill(1)
const ADDRESS = '10.0.0.1:22001'
const KEY = 'ab'.repeat(32)

function ticketAt(atMs: number): KnownTicket {
  return {
    address: ADDRESS,
    fingerprint: KEY,
    staticKey: new Uint8Array(32),
    peer: new Uint8Array(8),
    session: { high: 1, low: 2 },
    atMs,
    ticket: { id: ID, secret: new Uint8Array(32).fill(2) },
  }
}

describe('a ticket', () => {
  it.each([
    [TICKET_MS_MAX - 1, true],
    [TICKET_MS_MAX, false],
  ])('%d ms old is of use: %s', (ageMs, isOfUse) => {
    const tickets = new Tickets()
    tickets.addToAnswer(ticketAt(5))
    tickets.addToAsk(ticketAt(5))
    expect(tickets.toAnswerBy(ID, 5 + ageMs) !== undefined).toBe(isOfUse)
    expect(tickets.takeToAsk(ADDRESS, 5 + ageMs) !== undefined).toBe(isOfUse)
    expect(tickets.takeToAsk(ADDRESS, 5)).toBeUndefined()
  })

  it('that is too old is not in memory any more: whoever takes that opens no hello with it', () => {
    const tickets = new Tickets()
    for (const [ageMs, isKept] of [
      [TICKET_MS_MAX - 1, true],
      [TICKET_MS_MAX, false],
    ] as const) {
      tickets.addToAnswer(ticketAt(5))
      tickets.addToAsk(ticketAt(5))
      tickets.retain(() => true, 5 + ageMs)
      // By a clock of before.
      expect(tickets.toAnswerBy(ID, 5) !== undefined).toBe(isKept)
      expect(tickets.takeToAsk(ADDRESS, 5) !== undefined).toBe(isKept)
    }
  })
})
