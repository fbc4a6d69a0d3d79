// Days and dates in UTC, for those parts that write a time down or count by days: the core has no clock and needs none for that.

export const DAY_MS = 86_400_000

/** Days since 1970. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS)
}

/** When a day of the proleptic Gregorian calendar begins (Howard Hinnant's days_from_civil). */
export function dateMs(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year
  const era = Math.floor(shiftedYear / 400)
  const yearOfEra = shiftedYear - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS
}

/** `YYYYMMDD-HHMMSS` in UTC, from the calendar arithmetic of Howard Hinnant's "chrono-compatible low-level
 *  date algorithms" (civil_from_days): the core has no clock and needs none to write one down. */
export function utcStamp(epochMs: number): string {
  const seconds = Math.floor(epochMs / 1000)
  const days = Math.floor(seconds / 86_400)
  const inDay = seconds - days * 86_400
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const date = `${year < 0 ? '-' : ''}${digits(Math.abs(year), 4)}${digits(month, 2)}${digits(day, 2)}`
  return `${date}-${digits(Math.floor(inDay / 3600), 2)}${digits(Math.floor(inDay / 60) % 60, 2)}${digits(inDay % 60, 2)}`
}

function digits(value: number, width: number): string {
  return value.toString().padStart(width, '0')
}
