import { describe, expect, it } from 'vitest'
import {
  LOSS_FREE_SEGMENTS_FIRST,
  LOSSY_RTT_PART,
  QUANTUM_MS_MIN,
  QUANTUM_SEGMENTS_LOSS_FREE,
  QUANTUM_SEGMENTS_LOSSY,
  QUANTUM_SEGMENTS_WORTH,
} from '../../../src/rdt/window/limits.js'
import { LossFreeRun, quantumBytesAt } from '../../../src/rdt/window/quantum.js'

const SEGMENT_BYTES = 1_452

/** Segments asked for at once over a path of so many bytes per millisecond. */
function segmentsAt(
  bytesPerMs: number,
  isLossFree: boolean,
  { lossRatio = 0, minRttMs = 0.2, isCruise = true } = {},
): number {
  const path = { minRttMs, lossRatio, segmentBytes: SEGMENT_BYTES, isLossFree, isCruise }
  return quantumBytesAt(bytesPerMs, path) / SEGMENT_BYTES
}

describe('the quantum', () => {
  it('is large after a run without a loss, where it takes no longer than a millisecond', () => {
    expect(segmentsAt(40_000, false)).toBeCloseTo(QUANTUM_SEGMENTS_WORTH)
    expect(segmentsAt(40_000, true)).toBeCloseTo(40_000 / SEGMENT_BYTES)
    expect(segmentsAt(400_000, true)).toBeCloseTo(QUANTUM_SEGMENTS_LOSS_FREE)
  })

  it('is small where the path is known to lose requests', () => {
    const lossRatio = 0.01
    expect(segmentsAt(400_000, true, { lossRatio })).toBe(segmentsAt(400_000, false, { lossRatio }))
  })

  it('is as many segments as are worth a request where a slow path is long, though it loses some, but not in startup', () => {
    const slow = 12_500
    const path = {
      lossRatio: 0.01,
      minRttMs: (QUANTUM_SEGMENTS_LOSSY * SEGMENT_BYTES) / slow / LOSSY_RTT_PART,
    }
    const brief = QUANTUM_MS_MIN * (slow / SEGMENT_BYTES)
    expect(segmentsAt(slow, false, path)).toBeCloseTo(QUANTUM_SEGMENTS_LOSSY)
    expect(segmentsAt(slow, false, { ...path, minRttMs: 10 * path.minRttMs })).toBeCloseTo(
      QUANTUM_SEGMENTS_LOSSY,
    )
    expect(segmentsAt(slow, false, { ...path, minRttMs: path.minRttMs / 2 })).toBeCloseTo(
      QUANTUM_SEGMENTS_LOSSY / 2,
    )
    expect(segmentsAt(slow, false, { ...path, minRttMs: 1 })).toBeCloseTo(brief)
    expect(segmentsAt(slow, false, { ...path, isCruise: false })).toBeCloseTo(brief)
  })
})

describe('a run without a loss', () => {
  const deliver = (run: LossFreeRun, segments: number) => run.handleDelivered(segments * SEGMENT_BYTES)

  it('is long from so many segments on, and over with the first loss', () => {
    const run = new LossFreeRun()
    deliver(run, LOSS_FREE_SEGMENTS_FIRST - 1)
    expect(run.isLong(SEGMENT_BYTES)).toBe(false)
    deliver(run, 1)
    expect(run.isLong(SEGMENT_BYTES)).toBe(true)
    expect(run.handleLost(SEGMENT_BYTES)).toBe(true)
    expect(run.isLong(SEGMENT_BYTES)).toBe(false)
  })

  it('must be twice as long after a loss that ended a long one, and no longer after others', () => {
    const run = new LossFreeRun()
    deliver(run, 1)
    expect(run.handleLost(SEGMENT_BYTES)).toBe(false)
    deliver(run, LOSS_FREE_SEGMENTS_FIRST)
    expect(run.handleLost(SEGMENT_BYTES)).toBe(true)
    deliver(run, LOSS_FREE_SEGMENTS_FIRST)
    expect(run.isLong(SEGMENT_BYTES)).toBe(false)
    deliver(run, LOSS_FREE_SEGMENTS_FIRST)
    expect(run.isLong(SEGMENT_BYTES)).toBe(true)
  })
})
