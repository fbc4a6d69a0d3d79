import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, dateMs, dayOf } from '../../../src/base/calendar.js'
import { TRASH_DAYS_MIN } from '../../../src/base/limits.js'
import { isExpired, isSpare, placeIn, slotOf, slotsFor } from '../../../src/keeper/trash/names.js'

const HOUR_MS = 3_600_000
/** 29 November 2026, 13:30 UTC. */
const NOW_MS = Date.UTC(2026, 10, 29, 13, 30)

test('a day begins where the platform says that it does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9998 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 28 }),
      (year, month, day) => {
        const date = new Date(0)
        date.setUTCFullYear(year, month - 1, day)
        expect(dateMs(year, month, day)).toBe(date.getTime())
      },
    ),
  )
})

describe('slots of the trash', () => {
  test('are the day, then the hour, then more of that hour', () => {
    expect(slotsFor(NOW_MS).slice(0, 3)).toEqual(['2026-11-29', '2026-11-29.13', '2026-11-29.13-2'])
    expect(slotsFor(NOW_MS)).toHaveLength(10)
    expect(placeIn('2026-11-29', 'f/a')).toBe('.left/trash/2026-11-29/f/a')
  })

  test('are read back, each in its own hour', () => {
    const times = fc.integer({ min: 0, max: Date.UTC(9998, 0) })
    fc.assert(
      fc.property(times, (ms) => {
        const [day, hour, ...more] = slotsFor(ms)
        expect(slotOf(day!)).toEqual({ name: day, sinceMs: dayOf(ms) * DAY_MS })
        for (const name of [hour!, ...more])
          expect(slotOf(name)).toEqual({ name, sinceMs: Math.floor(ms / HOUR_MS) * HOUR_MS })
      }),
    )
  })

  test.each([
    '',
    'notes',
    '2026-11-31',
    '2026-13-01',
    '2026-11-29.24',
    '2026-11-29.13-1',
    '2026-11-29.13-10',
    '2026-11-29 ',
    '26-11-29',
  ])('are not taken for LEFT’s where somebody else named them: %s', (name) => {
    expect(slotOf(name)).toBeUndefined()
  })

  test('of whatever name are none, or what LEFT would give', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[0-9]{2}(-[0-9])?)?$/), (name) => {
        const slot = slotOf(name)
        if (slot !== undefined) expect(slotsFor(slot.sinceMs)).toContain(name)
      }),
    )
  })

  test('expire at the border of a day, all of one day together', () => {
    const slots = ['2026-11-29', '2026-11-29.00', '2026-11-29.23-9'].map((name) => slotOf(name)!)
    const borderMs = Date.UTC(2026, 10, 29) + 31 * DAY_MS
    for (const slot of slots) {
      expect(isExpired(slot, 30, borderMs - 1)).toBe(false)
      expect(isExpired(slot, 30, borderMs)).toBe(true)
      expect(isSpare(slot, Date.UTC(2026, 10, 29) + TRASH_DAYS_MIN * DAY_MS)).toBe(false)
      expect(isSpare(slot, Date.UTC(2026, 10, 29) + (TRASH_DAYS_MIN + 1) * DAY_MS)).toBe(true)
    }
  })
})
