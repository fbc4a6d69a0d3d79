import { describe, expect, it } from 'vitest'
import {
  LOSS_FREE_SEGMENTS_FIRST,
  QUANTUM_SEGMENTS_LOSS_FREE,
  QUANTUM_SEGMENTS_WORTH,
} from '../../../src/rdt/window/limits.js'
import { LossFreeRun, quantumBytesAt } from '../../../src/rdt/window/quantum.js'

const SEGMENT_BYTES = 1_452

/** Segments asked for at once over a path of so many bytes per millisecond. */
function segmentsAt(bytesPerMs: number, isLossFree: boolean, lossRatio = 0): number {
  const path = { minRttMs: 0.2, lossRatio, segmentBytes: SEGMENT_BYTES, isLossFree }
  return quantumBytesAt(bytesPerMs, path) / SEGMENT_BYTES
}

describe('the quantum', () => {
  it('is large after a run without a loss, where it takes no longer than a millisecond', () => {
    expect(segmentsAt(40_000, false)).toBeCloseTo(QUANTUM_SEGMENTS_WORTH)
    expect(segmentsAt(40_000, true)).toBeCloseTo(40_000 / SEGMENT_BYTES)
    expect(segmentsAt(400_000, true)).toBeCloseTo(QUANTUM_SEGMENTS_LOSS_FREE)
  })

  it('is small where the path is known to lose requests', () => {
    expect(segmentsAt(400_000, true, 0.01)).toBe(segmentsAt(400_000, false, 0.01))
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
