// Beacons, and the machine that hears them.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Beacon, decodeBeacon, encodeBeacon } from '../../src/beacons/beacon.js'
import { Beacons } from '../../src/beacons/beacons.js'
import { FOUND_QUEUED_MAX } from '../../src/beacons/limits.js'
import { hmac } from '../../src/seal/keys.js'
import { SeededRandom } from '../../src/sim/random.js'
import { accepted, assertForFuzzTime, damaged, fuzz } from './fuzz.js'

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const beacon: fc.Arbitrary<Beacon> = fc.record({
  port: fc.integer({ min: 1, max: 65_535 }),
  nonce: bytesOf(16),
  tag: bytesOf(16),
})
const valid = beacon.map(encodeBeacon)

fuzz<Beacon>({ name: 'decodeBeacon', valid, decode: accepted(decodeBeacon), encode: encodeBeacon })

test('a peer that hears anything from anywhere never throws, and counts each once', {
  timeout: 120_000,
}, () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 100 }), valid, damaged(valid))
  const host = fc.constantFrom('10.0.0.2', '10.0.1.2', 'fe80::2%eth0', '', 'no host', '10.0.0.1')
  const heard = fc.array(fc.record({ bytes, host, afterMs: fc.nat(2_000) }), { maxLength: 60 })
  const property = fc.property(heard, fc.boolean(), (all, takesAny) => {
    const machine = new Beacons({
      port: 22_001,
      neighbourPort: 22_001,
      keys: [new Uint8Array(32)],
      takesAny,
      random: new SeededRandom(1),
      hmac,
    })
    let nowMs = 0
    machine.handleAddresses([{ link: 'eth0', host: '10.0.0.1', prefixBits: 24 }], nowMs)
    for (const one of all) {
      nowMs += one.afterMs
      machine.handleBeacon(one.host, one.bytes, nowMs)
    }
    const { received, ...others } = machine.counters
    expect(received).toBe(all.length)
    expect(Object.values(others).reduce((sum, count) => sum + count, 0)).toBe(received)
    let found = 0
    while (machine.pollFound() !== undefined) found++
    expect(found).toBe(others.found)
    expect(found).toBeLessThanOrEqual(FOUND_QUEUED_MAX)
  })
  assertForFuzzTime(property)
})
