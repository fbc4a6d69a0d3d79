// The quantum: how much is asked for at once. A server answers a request as a burst, so a large one needs a long queue and
// leaves a long gap when it is lost; a small one costs both sides more requests. Used by the BBR window.

import { PATH_BYTES_WHOLE } from '../wire/limits.js'

const QUANTUM_MS_MAX = 1 // what the timers of an event loop can keep apart
/** Where a request that is lost leaves a gap, or what it brings is long for the path's queue. */
const QUANTUM_MS_MIN = 1 / 4
/** Where so many requests are lost that what comes is as uneven as a short queue is long. */
const QUANTUM_MS_MIN_LOSSY = 1 / 8
const QUANTUM_RTT_PART = 1 / 8
const QUANTUM_SEGMENTS_MIN = 2
/** Asking costs both sides as much as a dozen segments: where several sources share a fast link, a request brings so
 *  many, though each of them be slow enough for less. */
const QUANTUM_SEGMENTS_WORTH = 16
const QUANTUM_BYTES_MAX = 16 * PATH_BYTES_WHOLE
/** Loss from which requests are kept small, and smaller still. */
const SMALL_REQUEST_LOSS = 0.002
const SMALLER_REQUEST_LOSS = 0.25

/** The path as it is known. */
interface QuantumPath {
  readonly minRttMs: number
  readonly lossRatio: number
  readonly segmentBytes: number
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

function unboundedAt(bytesPerMs: number, { minRttMs, lossRatio, segmentBytes }: QuantumPath): number {
  if (lossRatio > SMALLER_REQUEST_LOSS) return QUANTUM_MS_MIN_LOSSY * bytesPerMs
  if (lossRatio > SMALL_REQUEST_LOSS) return QUANTUM_MS_MIN * bytesPerMs
  const quantumMs = Math.max(QUANTUM_MS_MIN, QUANTUM_RTT_PART * minRttMs)
  const worthBytes = QUANTUM_SEGMENTS_WORTH * segmentBytes
  return Math.min(QUANTUM_MS_MAX * bytesPerMs, Math.max(quantumMs * bytesPerMs, worthBytes))
}
