import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DATAGRAMS_PER_KEY_MAX, REPLAY_WINDOW } from '../../src/seal/limits.js'
import { ReplayWindow } from '../../src/seal/replay-window.js'
import { SealedDatagrams } from '../../src/seal/sealed-datagram.js'

function pair(): [SealedDatagrams, SealedDatagrams] {
  const [one, other] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(32))]
  return [
    new SealedDatagrams({ ours: one, theirs: other }),
    new SealedDatagrams({ ours: other, theirs: one }),
  ]
}

const plainOf = (fields: Uint8Array) => Uint8Array.from([10, 1, 2, 3, 4, 5, 6, 7, 8, ...fields])

describe('a sealed datagram', () => {
  test('comes back as it was, its type and session readable on the way and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_200 }), (fields) => {
        const [ours, theirs] = pair()
        const plain = plainOf(fields)
        const datagram = ours.seal(plain)
        expect(datagram.length).toBe(plain.length + ours.overheadBytes)
        expect(datagram.subarray(0, 9)).toEqual(plain.subarray(0, 9))
        if (fields.length >= 8) expect(Buffer.from(datagram).includes(Buffer.from(fields))).toBe(false)
        expect(theirs.open(datagram)).toEqual(plain)
      }),
    )
  })

  test('is taken once, in whatever order', () => {
    const [ours, theirs] = pair()
    const datagrams = Array.from({ length: 100 }, (_, index) => ours.seal(plainOf(Uint8Array.of(index))))
    for (const datagram of [...datagrams].reverse()) expect(theirs.open(datagram)).toBeDefined()
    for (const datagram of datagrams) expect(theirs.open(datagram)).toBeUndefined()
  })

  test('is dropped with any one bit turned, and a forgery does not push the window along', () => {
    const [ours, theirs] = pair()
    const datagram = ours.seal(plainOf(Uint8Array.of(1, 2, 3)))
    for (let bit = 0; bit < 8 * datagram.length; bit++) {
      const turned = datagram.slice()
      turned[bit >> 3]! ^= 1 << (bit & 7)
      expect(theirs.open(turned)).toBeUndefined()
    }
    expect(theirs.open(datagram)).toBeDefined()
  })

  test('does not open on the side that sealed it', () => {
    const [ours] = pair()
    expect(ours.open(ours.seal(plainOf(new Uint8Array(0))))).toBeUndefined()
  })

  test('never repeats a counter, and wears the keys out at its limit', () => {
    const [ours] = pair()
    const counters = new Set<number>()
    for (let index = 0; index < 5_000; index++)
      counters.add(new DataView(ours.seal(plainOf(new Uint8Array(0))).buffer).getUint32(9))
    expect(counters.size).toBe(5_000)
    Object.assign(ours, { nextCounter: DATAGRAMS_PER_KEY_MAX - 1 })
    expect(ours.isWorn).toBe(false)
    ours.seal(plainOf(new Uint8Array(0)))
    expect(ours.isWorn).toBe(true)
    Object.assign(ours, { nextCounter: 2 * DATAGRAMS_PER_KEY_MAX })
    expect(() => ours.seal(plainOf(new Uint8Array(0)))).toThrow()
  })
})

describe('the replay window', () => {
  test('is 1,024 wide at least', () => {
    expect(REPLAY_WINDOW).toBeGreaterThanOrEqual(1_024)
  })

  test('takes what is just inside it and nothing that is just outside', () => {
    const window = new ReplayWindow()
    window.take(10_000)
    expect(window.mayTake(10_000 - REPLAY_WINDOW + 1)).toBe(true)
    expect(window.mayTake(10_000 - REPLAY_WINDOW)).toBe(false)
    expect(window.mayTake(10_000)).toBe(false)
    expect(window.mayTake(10_001)).toBe(true)
  })

  test('agrees with a set of all that has come', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(200), fc.nat(6_000)), { maxLength: 300 }), (steps) => {
        const window = new ReplayWindow()
        const taken = new Set<number>()
        let highest = -1
        for (const [index, step] of steps.entries()) {
          const counter = index % 3 === 0 ? highest + 1 + (step % 2_500) : Math.max(0, highest - step)
          const isFresh = counter > highest - REPLAY_WINDOW && !taken.has(counter)
          expect(window.mayTake(counter)).toBe(isFresh)
          if (!isFresh) continue
          window.take(counter)
          taken.add(counter)
          highest = Math.max(highest, counter)
        }
      }),
    )
  })
})
