import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { REST_TICK_MS, TICK_MS, VIEW_REST_AFTER_MS } from '../../src/cli/limits.js'
import { Ticks } from '../../src/cli/ticks.js'

let count = 0
let ticks: Ticks

beforeEach(() => {
  vi.useFakeTimers()
  count = 0
  ticks = new Ticks(() => count++)
})

afterEach(() => {
  ticks.stop()
  vi.useRealTimers()
})

function countOver(ms: number): number {
  const before = count
  vi.advanceTimersByTime(ms)
  return count - before
}

test('a view looks at its clock often while something happens, and seldom once nothing has for a while', () => {
  expect(countOver(VIEW_REST_AFTER_MS)).toBe(VIEW_REST_AFTER_MS / TICK_MS)
  expect(countOver(10 * REST_TICK_MS)).toBe(10)
  ticks.handleEvent()
  expect(countOver(REST_TICK_MS)).toBe(REST_TICK_MS / TICK_MS)
})

test('an event now and then keeps it at that', () => {
  for (let round = 0; round < 5; round++) {
    ticks.handleEvent()
    expect(countOver(VIEW_REST_AFTER_MS - TICK_MS)).toBe((VIEW_REST_AFTER_MS - TICK_MS) / TICK_MS)
  }
})

test('nothing is looked at after the end, whatever comes', () => {
  vi.advanceTimersByTime(2 * VIEW_REST_AFTER_MS)
  ticks.stop()
  ticks.handleEvent()
  expect(countOver(60_000)).toBe(0)
})
