// The quantum: how much is asked for at once. A server answers a request as a burst, so a large one needs a long queue and
// leaves a long gap when it is lost; a small one costs both sides more requests. Used by the BBR window.

import {
  QUANTUM_BYTES_MAX,
  QUANTUM_MS_MAX,
  QUANTUM_MS_MIN,
  QUANTUM_MS_MIN_LOSSY,
  QUANTUM_RTT_PART,
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
