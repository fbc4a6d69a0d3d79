import { describe, expect, test } from 'vitest'
import { formatTime, parseTime } from '../../src/cli/times.js'

const NOW_MS = Date.UTC(2026, 10, 29, 12)
const parse = (text: string) => parseTime('--at', text, NOW_MS)

describe('a point in time', () => {
  test('is a date, with a time of day or without, on the clock of this machine', () => {
    expect(parse('2026-11-29')).toBe(new Date(2026, 10, 29).getTime())
    for (const text of ['2026-11-29 14:30', '2026-11-29T14:30', '2026-11-29T14:30:00'])
      expect(parse(text)).toBe(new Date(2026, 10, 29, 14, 30).getTime())
    expect(parse('2026-11-29T14:30:05Z')).toBe(Date.UTC(2026, 10, 29, 14, 30, 5))
    expect(parse('2024-02-29')).toBe(new Date(2024, 1, 29).getTime())
  })

  test('or so long ago', () => {
    expect([parse('90m'), parse('2h'), parse('3d'), parse('0s')]).toEqual(
      [5_400_000, 7_200_000, 259_200_000, 0].map((agoMs) => NOW_MS - agoMs),
    )
  })

  test('and nothing else', () => {
    for (const text of [
      '',
      'yesterday',
      '2026-13-01',
      '2026-02-29',
      '2026-11-31',
      '2026-11-29 24:00',
      '2026-11-29 1:00',
      '3',
      '-1d',
      '1.5h',
      '2026-11-29 ',
    ])
      expect(() => parse(text), text).toThrow(expect.objectContaining({ code: 'usage' }))
  })

  test('is read as it is shown', () => {
    const ms = new Date(2026, 0, 2, 3, 4, 5).getTime()
    expect(formatTime(ms)).toBe('2026-01-02 03:04:05')
    expect(parse(formatTime(ms))).toBe(ms)
  })
})
