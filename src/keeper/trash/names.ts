// Names in the trash, and when they expire. Pure; trash.ts and sweeping.ts work by them.
//
//     place = '.left/trash/' slot '/' path
//     slot  = day | day '.' hour | day '.' hour '-' number     number: 2..9
//     day   = YYYY-MM-DD, hour = HH                            UTC, when it was taken in
//
// A path keeps its name, however long that is, so that a person who looks into the trash finds it. The first thing of a day goes
// into the day's slot, a second one of the same path into that of its hour.

import { dateMs, dayOf, utcStamp } from '../../base/calendar.js'
import { TRASH_DAYS_MIN } from '../../base/limits.js'
import { TRASH_FOLDER } from '../../base/own-folder.js'
import { TRASHED_PER_HOUR_MAX } from './limits.js'

const HOUR_MS = 3_600_000

/** A folder of the trash that holds what was taken in at about the same time. */
export interface Slot {
  readonly name: string
  /** Nothing in it was taken in before. */
  readonly sinceMs: number
}

/** Slots that a thing may be put into at this time, the first one first. */
export function slotsFor(nowMs: number): string[] {
  const day = dayNameOf(nowMs)
  const hour = `${day}.${utcStamp(nowMs).slice(-6, -4)}`
  const others = Array.from({ length: TRASHED_PER_HOUR_MAX - 1 }, (_, index) => `${hour}-${index + 2}`)
  return [day, hour, ...others]
}

export function placeIn(slot: string, path: string): string {
  return `${TRASH_FOLDER}/${slot}/${path}`
}

/** The path that something in the trash had, '' for a slot and for the trash. */
export function pathIn(place: string): string {
  const slash = place.indexOf('/', TRASH_FOLDER.length + 1)
  return slash < 0 ? '' : place.slice(slash + 1)
}

const SLOT = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:\.([0-9]{2})(?:-[2-9])?)?$/

/** Undefined for a name that LEFT does not give: somebody else's, which stays. */
export function slotOf(name: string): Slot | undefined {
  const [, year, month, day, hour = '00'] = SLOT.exec(name) ?? []
  if (year === undefined) return undefined
  const sinceMs = dateMs(Number(year), Number(month), Number(day)) + Number(hour) * HOUR_MS
  // A day that no month has would be read as one of the next month.
  return name.startsWith(dayNameOf(sinceMs)) ? { name, sinceMs } : undefined
}

/** Whether the slot's time is over. All of a day's slots expire together. */
export function isExpired({ sinceMs }: Slot, days: number, nowMs: number): boolean {
  return dayOf(nowMs) - dayOf(sinceMs) > days
}

/** Whether it may go before its time where room is short. */
export function isSpare(slot: Slot, nowMs: number): boolean {
  return isExpired(slot, TRASH_DAYS_MIN, nowMs)
}

function dayNameOf(ms: number): string {
  const stamp = utcStamp(ms)
  return `${stamp.slice(0, -11)}-${stamp.slice(-11, -9)}-${stamp.slice(-9, -7)}`
}
