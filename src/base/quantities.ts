// Sizes and times as people read them: in what a person is told, wherever that is said.

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
