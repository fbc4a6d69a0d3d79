import { describe, expect, test } from 'vitest'
import { SETTLE_MS } from '../../../src/keeper/limits.js'
import { FileClock } from '../../../src/keeper/scan/file-clock.js'
import { FILE_CLOCK_MS, HINT_LATE_MS } from '../../../src/keeper/scan/limits.js'

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

  test.each([
    ['by no more than files settle', 1_000 - SETTLE_MS, 1_000, false],
    ['by more', 999 - SETTLE_MS, 1_000, true],
    ['by more, and the change is as old as a hint', 899, 900 - HINT_LATE_MS, true],
    ['by more, and the change is older than a hint', 899, 899 - HINT_LATE_MS, false],
    ['by more, and the change is later than all before', 899, 1_001, false],
  ])('set back %s: what it shows may have been given before', (_, toMs, changedMs, isAgain) => {
    let clockMs = 1_000
    const clock = new FileClock(() => clockMs)
    clock.at(0)
    clockMs = toMs
    clock.at(0)
    // The change comes again at once, and is heard of with the hint.
    expect(clock.comesAgain(changedMs, 0)).toBe(isAgain)
  })
})
