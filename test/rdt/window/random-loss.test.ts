import { describe, expect, it } from 'vitest'
import { RandomLoss } from '../../../src/rdt/window/random-loss.js'

const SEGMENT_BYTES = 1_000
const MIN_RTT_MS = 20

/** A round in which a segment comes each millisecond; after those of `lostAfter` another one is missed. */
function round(
  loss: RandomLoss,
  atMs: number,
  rttsMs: readonly number[],
  lostAfter: readonly number[],
): void {
  for (const [index, rttMs] of rttsMs.entries()) {
    const delivery = { bytes: SEGMENT_BYTES, rttMs, nowMs: atMs + index }
    loss.handleDelivered(delivery, { minRttMs: MIN_RTT_MS, reachMs: 0, isCounted: true })
    if (lostAfter.includes(index)) loss.handleLost(SEGMENT_BYTES)
  }
  loss.learn(loss.takeRound())
}

const EMPTY = new Array<number>(20).fill(MIN_RTT_MS + 1)

describe('the loss of a path', () => {
  it('is what is lost while there is no queue', () => {
    const loss = new RandomLoss()
    round(loss, 0, EMPTY, [3, 11])
    expect(loss.ratio).toBeCloseTo(2 / 22)
  })

  it('is not what is lost with a queue, nor what is missed when that has just drained', () => {
    const loss = new RandomLoss()
    round(loss, 0, EMPTY, [])
    const queued = [...EMPTY.slice(0, 5), 60, 60, MIN_RTT_MS, MIN_RTT_MS, MIN_RTT_MS]
    round(loss, 100, queued, [5, 6, 7, 8, 9])
    expect(loss.ratio).toBe(0)
    round(loss, 300, EMPTY, [5])
    expect(loss.ratio).toBeGreaterThan(0)
  })

  it('is what is lost within the reach of jitter, and not what is lost beyond', () => {
    for (const [reachMs, ratio] of [
      [5, 1 / 3],
      [4, 0],
    ] as const) {
      const loss = new RandomLoss()
      for (const [nowMs, rttMs] of [MIN_RTT_MS, 1.02 * MIN_RTT_MS + 4.5].entries()) {
        const delivery = { bytes: SEGMENT_BYTES, rttMs, nowMs }
        loss.handleDelivered(delivery, { minRttMs: MIN_RTT_MS, reachMs, isCounted: true })
      }
      loss.handleLost(SEGMENT_BYTES)
      loss.learn(loss.takeRound())
      expect(loss.ratio).toBeCloseTo(ratio)
    }
  })

  it('is not forgotten for rounds that always found a queue', () => {
    const loss = new RandomLoss()
    round(loss, 0, EMPTY, [3])
    const { ratio, knownBytes } = loss
    for (let count = 1; count < 50; count++) round(loss, 100 * count, new Array<number>(20).fill(50), [4])
    expect([loss.ratio, loss.knownBytes]).toEqual([ratio, knownBytes])
  })

  it('is not judged by a round that lost more than it found without a queue', () => {
    const loss = new RandomLoss()
    loss.learn({ lostBytes: 3 * SEGMENT_BYTES, deliveredBytes: 2 * SEGMENT_BYTES })
    expect(loss.knownBytes).toBe(0)
    loss.learn({ lostBytes: 2 * SEGMENT_BYTES, deliveredBytes: 2 * SEGMENT_BYTES })
    expect(loss.ratio).toBe(0.5)
  })

  it('loses what was called lost and came after all', () => {
    const loss = new RandomLoss()
    const delivery = { bytes: SEGMENT_BYTES, rttMs: MIN_RTT_MS, nowMs: 0 }
    loss.handleDelivered(delivery, { minRttMs: MIN_RTT_MS, reachMs: 0, isCounted: true })
    loss.handleLost(SEGMENT_BYTES)
    loss.handleFound(SEGMENT_BYTES)
    loss.learn(loss.takeRound())
    expect(loss.ratio).toBe(0)
  })

  it('is believed less when half a window loses much less', () => {
    const loss = new RandomLoss()
    round(loss, 0, EMPTY, [1, 2, 3, 4])
    loss.probed.deliveredBytes = 100 * SEGMENT_BYTES
    expect(loss.handleProbed(30 * SEGMENT_BYTES)).toBe(false)
    expect(loss.ratio).toBe(0)
  })
})
