// Numbers as people read them. Used by every view; the JSON view alone prints numbers as they are.

const BYTE_UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'] as const

/** Bytes in decimal units with three digits, which is as much as anyone reads: `18.4 MB`, `248 MB`, `1.25 MB`,
 *  `31 MB`, `512 bytes`. */
export function formatBytes(bytes: number): string {
  if (!(bytes > 0)) return '0 bytes'
  if (bytes < 999.5) return bytes === 1 ? '1 byte' : `${Math.round(bytes)} bytes`
  let amount = bytes
  let unit = 0
  // 999.5 and more would print as 1000 of the smaller unit.
  while (amount >= 999.5 && unit < BYTE_UNITS.length - 1) {
    amount /= 1000
    unit++
  }
  return `${amount < 1000 ? Number(amount.toPrecision(3)) : Math.round(amount)} ${BYTE_UNITS[unit]}`
}

/** Bytes per second: `12.1 MB/s`. */
export function formatRate(bytesPerS: number): string {
  return bytesPerS >= 999.5 ? `${formatBytes(bytesPerS)}/s` : `${Math.max(0, Math.round(bytesPerS)) || 0} B/s`
}

/** How long something took: `34 ms`, `2.1 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs) || 0
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
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
