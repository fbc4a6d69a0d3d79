// Points in time as a person writes and reads them: a date, with a time of day or without, on this machine's clock; or how long ago.

import { LeftError } from '../base/errors.js'
import { quoted } from './addresses.js'

const DATE =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{3})?)?(Z)?)?$/
const AGO = /^([0-9]{1,6})([smhd])$/
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds since 1970 of `2026-11-29`, which is its beginning, `2026-11-29 14:30`, `2026-11-29T14:30:05`, with a `Z` for UTC, or
 *  of `90m`, `2h` and `3d` before now. @throws LeftError 'usage'. */
export function parseTime(option: string, text: string, nowMs: number): number {
  const [, count, unit = ''] = AGO.exec(text) ?? []
  if (count !== undefined) return nowMs - Number(count) * UNITS_MS[unit]!
  const match = DATE.exec(text)
  const ms = match === null ? undefined : dateMs(match)
  if (ms !== undefined) return ms
  throw new LeftError(
    'usage',
    `${option} ${quoted(text)} is no time, for example 2026-11-29, "2026-11-29 14:30", 2h or 3d (ago)`,
  )
}

/** On this machine's clock, in the form that `parseTime` reads. */
export function formatTime(ms: number): string {
  const date = new Date(ms)
  const parts = [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()]
  const [month, day, hour, minute, second] = parts.map((part) => String(part).padStart(2, '0'))
  return `${String(date.getFullYear()).padStart(4, '0')}-${month}-${day} ${hour}:${minute}:${second}`
}

/** Undefined where no month has that day, and no day that hour. */
function dateMs(match: RegExpExecArray): number | undefined {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined
  // Day 0 of the next month is the last one of this.
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined
  return match[7] === undefined
    ? new Date(year, month - 1, day, hour, minute, second).getTime()
    : Date.UTC(year, month - 1, day, hour, minute, second)
}
