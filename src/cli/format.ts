// Numbers as people read them. Used by every view; the JSON view alone prints numbers as they are.

import { formatBytes, formatDuration } from '../base/quantities.js'

export { formatBytes, formatDuration }

/** Bytes per second: `12.1 MB/s`. */
export function formatRate(bytesPerS: number): string {
  return bytesPerS >= 999.5 ? `${formatBytes(bytesPerS)}/s` : `${Math.max(0, Math.round(bytesPerS)) || 0} B/s`
}

/** A time still to go, like a clock and so of a steady width: `0:32`, `12:05`, `1:02:03`; `--:--` if nobody knows. */
export function formatEta(etaMs: number | null): string {
  if (etaMs === null || !Number.isFinite(etaMs)) return '--:--'
  const seconds = Math.ceil(Math.max(0, etaMs) / 1000)
  const hours = Math.floor(seconds / 3600)
  if (hours >= 100) return '>99 h'
  const minutes = Math.floor(seconds / 60) % 60
  const clock = `${twoDigits(seconds % 60)}`
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${clock}` : `${minutes}:${clock}`
}

/** Grouped by thousands, the same in every locale: `78,500`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** `1 file`, `1,204 files`. */
export function formatFiles(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'file' : 'files'}`
}

/** Whole percent, rounded down: 100 only when everything is there. Nothing of nothing is everything. */
export function percentOf(part: number, whole: number): number {
  if (!(whole > 0)) return 100
  return Math.max(0, Math.min(100, Math.floor((100 * part) / whole)))
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
