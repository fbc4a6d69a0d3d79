import { describe, expect, test } from 'vitest'
import { FileClock } from '../../../src/keeper/scan/file-clock.js'
import { FILE_CLOCK_MS } from '../../../src/keeper/scan/limits.js'

const OFFSET_MS = 1_700_000_000_000

function clockOf() {
  let wallMs = 0
  const clock = new FileClock(() => wallMs)
  return (nowMs: number, offsetMs: number) => {
    wallMs = nowMs + offsetMs
    return clock.at(nowMs) - nowMs - OFFSET_MS
  }
}

describe('the clock that stamps files', () => {
  test('is not ahead for a step that takes long', () => {
    const at = clockOf()
    expect(at(1_000, OFFSET_MS)).toBe(0)
    expect(at(1_010, OFFSET_MS + 40)).toBe(0)
    expect(at(1_020, OFFSET_MS + 5)).toBe(0)
  })

  test('follows a step back at once, and a step ahead after a while', () => {
    const at = clockOf()
    expect(at(0, OFFSET_MS)).toBe(0)
    expect(at(1, OFFSET_MS - 5_000)).toBe(-5_000)
    expect(at(2, OFFSET_MS + 7_000)).toBe(-5_000)
    expect(at(FILE_CLOCK_MS + 1, OFFSET_MS + 7_000)).toBe(-5_000)
    expect(at(2 * FILE_CLOCK_MS + 2, OFFSET_MS + 7_000)).toBe(7_000)
  })

  test('takes nothing from long ago', () => {
    const at = clockOf()
    expect(at(0, OFFSET_MS)).toBe(0)
    expect(at(2 * FILE_CLOCK_MS + 1, OFFSET_MS + 7_000)).toBe(7_000)
  })
})
