// Hellos of an engine that knows few addresses, or many: the orders of peering, carried out.

import { beforeAll, expect, test } from 'vitest'
import { Engine } from '../../src/engine/engine.js'
import { crc32, hash, loadHash } from '../../src/io/hash.js'
import { ALL_CALLED_MAX, ANSWER_MS, CALLED_MAX } from '../../src/peering/limits.js'
import { PlainProtection } from '../../src/seal/plain.js'
import { SeededRandom } from '../../src/sim/random.js'

beforeAll(loadHash)

const PEER_ID = 'a0'.repeat(8)

function engineWith(addressCount: number): Engine {
  const random = new SeededRandom(1)
  const options = { peerId: PEER_ID, random, hash, crc32, window: 'auto', agent: 'left test' } as const
  const protection = new PlainProtection({ peerId: PEER_ID, random, crc32 })
  const limits = { datagramBytesMax: () => 1_472, receiveBufferBytes: 1 << 20 }
  const engine = new Engine({ ...options, ...limits, protection, admit: () => true }, 0)
  for (let index = 0; index < addressCount; index++) engine.connect(addressAt(index), 0)
  return engine
}

function addressAt(index: number): string {
  return `10.0.0.${index + 1}:22001`
}

/** Addresses that something is sent to until then. */
function greetedUntil(engine: Engine, untilMs: number): Set<string> {
  const greeted = new Set<string>()
  for (let nowMs = 0; nowMs <= untilMs; nowMs = Math.max(nowMs + 1, engine.pollTimeout() ?? untilMs + 1)) {
    engine.handleTimeout(nowMs)
    for (let out = engine.pollDatagram(nowMs); out !== undefined; out = engine.pollDatagram(nowMs))
      greeted.add(out.to)
  }
  return greeted
}

test.each([
  [1, 1],
  [ALL_CALLED_MAX, ALL_CALLED_MAX],
  [ALL_CALLED_MAX + 1, CALLED_MAX],
  [200, CALLED_MAX],
])('an engine that knows %i addresses greets %i of them at first', (known, greeted) => {
  const engine = engineWith(known)
  const addresses = greetedUntil(engine, ANSWER_MS - 1)
  expect(addresses.size).toBe(greeted)
  for (let index = 0; index < known; index++)
    expect(engine.isPassedOver(addressAt(index))).toBe(!addresses.has(addressAt(index)))
})

test('one to whom nobody answers greets the next ones, and in time all', () => {
  expect(greetedUntil(engineWith(40), ANSWER_MS + 1).size).toBe(2 * CALLED_MAX)
  expect(greetedUntil(engineWith(40), 5 * ANSWER_MS).size).toBe(40)
})

test('an address where no peer is any more is greeted no more', () => {
  const engine = engineWith(3)
  engine.disconnect(addressAt(1), 0)
  expect([...greetedUntil(engine, 2 * ANSWER_MS)].sort()).toEqual([addressAt(0), addressAt(2)])
})
