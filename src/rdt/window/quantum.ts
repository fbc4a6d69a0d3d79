// The quantum: how much is asked for at once. A server answers a request as a burst, so a large one needs a long queue and
// leaves a long gap when it is lost; a small one costs both sides more requests. It is large where nothing was lost for
// long. Used by the BBR window.

import {
  LOSS_FREE_SEGMENTS_FIRST,
  LOSS_FREE_SEGMENTS_MAX,
  LOSSY_RTT_PART,
  QUANTUM_BYTES_MAX,
  QUANTUM_MS_MAX,
  QUANTUM_MS_MIN,
  QUANTUM_MS_MIN_LOSSY,
  QUANTUM_RTT_PART,
  QUANTUM_SEGMENTS_LOSS_FREE,
  QUANTUM_SEGMENTS_LOSSY,
  QUANTUM_SEGMENTS_MIN,
  QUANTUM_SEGMENTS_WORTH,
  SMALL_REQUEST_LOSS,
  SMALLER_REQUEST_LOSS,
} from './limits.js'

/** The path as it is known. */
interface QuantumPath {
  readonly minRttMs: number
  readonly lossRatio: number
  readonly segmentBytes: number
  readonly isLossFree: boolean
  /** Startup overshoots, and with large requests by more. */
  readonly isCruise: boolean
}

/** Whether so much came in a row that large requests risk little. */
export class LossFreeRun {
  private bytes = 0
  private segmentsNeeded = LOSS_FREE_SEGMENTS_FIRST

  isLong(segmentBytes: number): boolean {
    return this.bytes >= this.segmentsNeeded * segmentBytes
  }

  handleDelivered(bytes: number): void {
    this.bytes += bytes
  }

  /** Answers whether the run was long, which it is no more. */
  handleLost(segmentBytes: number): boolean {
    const wasLong = this.isLong(segmentBytes)
    this.bytes = 0
    if (wasLong) this.segmentsNeeded = Math.min(LOSS_FREE_SEGMENTS_MAX, 2 * this.segmentsNeeded)
    return wasLong
  }
}

/** Bytes asked for at once at this rate, before the window bounds them. */
export function quantumBytesAt(bytesPerMs: number, path: QuantumPath): number {
  return Math.min(QUANTUM_BYTES_MAX, unboundedAt(bytesPerMs, path))
}

/** Two segments at least, where half the window holds as many, and a quarter of the window at most. */
export function boundQuantum(
  quantumBytes: number,
  { segmentBytes, windowBytes }: { segmentBytes: number; windowBytes: number },
): number {
  return Math.max(
    Math.min(QUANTUM_SEGMENTS_MIN * segmentBytes, windowBytes / 2),
    Math.min(quantumBytes, windowBytes / 4),
  )
}

function unboundedAt(
  bytesPerMs: number,
  { minRttMs, lossRatio, segmentBytes, isLossFree, isCruise }: QuantumPath,
): number {
  if (lossRatio > SMALLER_REQUEST_LOSS) return QUANTUM_MS_MIN_LOSSY * bytesPerMs
  if (lossRatio > SMALL_REQUEST_LOSS) {
    const worthBytes = Math.min(QUANTUM_SEGMENTS_LOSSY * segmentBytes, LOSSY_RTT_PART * minRttMs * bytesPerMs)
    return Math.max(QUANTUM_MS_MIN * bytesPerMs, isCruise ? worthBytes : 0)
  }
  const quantumMs = Math.max(QUANTUM_MS_MIN, QUANTUM_RTT_PART * minRttMs)
  const worthBytes = (isLossFree ? QUANTUM_SEGMENTS_LOSS_FREE : QUANTUM_SEGMENTS_WORTH) * segmentBytes
  return Math.min(QUANTUM_MS_MAX * bytesPerMs, Math.max(quantumMs * bytesPerMs, worthBytes))
}
