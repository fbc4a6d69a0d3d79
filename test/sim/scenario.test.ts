// The share of 300 seeds in which a scenario has what it is to have: draws that came to nothing would find nothing.

import { describe, expect, test } from 'vitest'
import type { Happening, Scenario } from '../../src/sim/plan.js'
import { drawScenario } from '../../src/sim/scenario.js'

const YEAR_MS = 365.25 * 86_400_000
const SCENARIOS = Array.from({ length: 300 }, (_, index) =>
  drawScenario(index + 1, { power: true, restores: true }),
)

function countOf(has: (scenario: Scenario) => boolean): number {
  return SCENARIOS.filter(has).length
}

const happens = (scenario: Scenario, is: (happening: Happening) => boolean): boolean =>
  scenario.acts.some(({ happening }) => is(happening))

/** A clock that is ahead by a year or more, and is then set right while the world still runs. */
function hasRightedClock(scenario: Scenario): boolean {
  return happens(scenario, (happening) => {
    if (happening.type !== 'clock-step') return false
    const { clockErrorMs } = scenario.peers[happening.peer]!
    return clockErrorMs >= YEAR_MS && Math.abs(clockErrorMs + happening.byMs) < 1
  })
}

/** So many edits of one path by one person begin within a second. */
function hasEditsInASecond({ acts }: Scenario, count: number): boolean {
  const times = new Map<string, number[]>()
  for (const { atMs, happening } of acts) {
    if (happening.type !== 'edit') continue
    const key = `${happening.peer} ${happening.edit.path}`
    times.set(key, [...(times.get(key) ?? []), atMs])
  }
  return [...times.values()].some((at) =>
    at.some((fromMs) => at.filter((ms) => ms >= fromMs && ms < fromMs + 1_000).length >= count),
  )
}

describe('300 seeds draw', () => {
  test('clocks ahead by years and then set right, in one of twelve and more', () => {
    expect(countOf(hasRightedClock)).toBeGreaterThanOrEqual(25)
  })

  test('more than one edit a second of one path, in half of them; three and more in a quarter', () => {
    expect(countOf((scenario) => hasEditsInASecond(scenario, 2))).toBeGreaterThanOrEqual(150)
    expect(countOf((scenario) => hasEditsInASecond(scenario, 3))).toBeGreaterThanOrEqual(75)
  })

  test('shares put back, in each; whole machines, in a quarter', () => {
    const isRestore = (happening: Happening) => happening.type === 'restore'
    expect(countOf((scenario) => happens(scenario, isRestore))).toBe(300)
    const isOfMachine = (happening: Happening) => happening.type === 'restore' && happening.isOfMachine
    expect(countOf((scenario) => happens(scenario, isOfMachine))).toBeGreaterThanOrEqual(75)
  })

  test('pauses, in one of ten; of both sides, and with the end of a process, in one of thirty', () => {
    const pausesOf = ({ acts }: Scenario) =>
      acts.filter(({ happening: { type } }) => type === 'pause' || type === 'pause-with')
    expect(countOf((scenario) => pausesOf(scenario).length > 0)).toBeGreaterThanOrEqual(30)
    const isOfBoth = (scenario: Scenario) =>
      new Set(pausesOf(scenario).map(({ happening }) => happening.peer)).size > 1
    expect(countOf(isOfBoth)).toBeGreaterThanOrEqual(10)
    const ends: readonly Happening['type'][] = ['kill', 'stop', 'power-loss', 'watcher-death']
    const hasEnd = (scenario: Scenario) =>
      pausesOf(scenario).some(({ atMs, happening }) =>
        scenario.acts.some(
          (act) =>
            ends.includes(act.happening.type) &&
            act.atMs > atMs &&
            act.atMs < atMs + (happening as { readonly forMs: number }).forMs,
        ),
      )
    expect(countOf(hasEnd)).toBeGreaterThanOrEqual(10)
  })

  test('losses of power, in a third', () => {
    const isLoss = (happening: Happening) =>
      happening.type === 'power-loss' ||
      (happening.type === 'death-in-operation' && happening.victim === 'machine')
    expect(countOf((scenario) => happens(scenario, isLoss))).toBeGreaterThanOrEqual(100)
  })
})
