// A product that loses or resurrects is found within few drawn seeds, and the seed that shows it becomes a short story.

import { expect, onTestFinished, test, vi } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { Keeping } from '../../src/keeper/place/keeping.js'
import { Removing } from '../../src/keeper/remove/removing.js'
import type { Scenario } from '../../src/sim/plan.js'
import { drawScenario } from '../../src/sim/scenario.js'
import { simulate } from '../../src/sim/simulate.js'
import { shrink } from '../../src/sim/story/shrink.js'
import { parsePlan, planText, storyOf } from '../../src/sim/story/story.js'
import { withoutTrash } from './without-trash.js'

const SEEDS = 40

function invariantOf(scenario: Scenario): string | undefined {
  return simulate(scenario, { hash, crc32 }).breach?.invariant
}

/** The first seeds' first scenario in which this breaks. */
function foundScenario(invariant: string): Scenario {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const scenario = drawScenario(seed)
    if (invariantOf(scenario) === invariant) return scenario
  }
  throw new Error(`${SEEDS} seeds find nothing`)
}

function losesAtConflicts(): void {
  vi.spyOn(Keeping.prototype, 'keepLoser').mockReturnValue(undefined)
  withoutTrash()
  onTestFinished(() => void vi.restoreAllMocks())
}

test('an edit that is lost in a conflict is found, and two edits tell it', () => {
  losesAtConflicts()
  const scenario = foundScenario('I2')
  const shrunk = shrink(scenario, (plan) => invariantOf(plan) === 'I2')
  expect(invariantOf(shrunk.scenario)).toBe('I2')
  expect(shrunk.scenario.peers).toHaveLength(2)
  expect(shrunk.scenario.acts.length + shrunk.scenario.beginnings.length).toBeLessThanOrEqual(5)
  expect(storyOf(shrunk.scenario).at(-1)).toContain('every fault ends')
  expect(simulate(parsePlan(planText(shrunk.scenario)), { hash, crc32 })).toEqual(
    simulate(shrunk.scenario, { hash, crc32 }),
  )
})

test('a deletion that does not arrive is found as what came back', () => {
  vi.spyOn(Removing.prototype, 'remove').mockReturnValue({ type: 'needless' })
  onTestFinished(() => void vi.restoreAllMocks())
  expect(invariantOf(foundScenario('I5'))).toBe('I5')
})

test('a plan without the cause is no smaller story', () => {
  const scenario = drawScenario(1)
  const needed = scenario.acts[scenario.acts.length - 1]!
  const breaks = (plan: Scenario) => plan.acts.some(({ atMs }) => atMs === needed.atMs)
  expect(shrink(scenario, breaks).scenario.acts.map(({ atMs }) => atMs)).toEqual([needed.atMs])
  expect(shrink(scenario, () => false).scenario).toBe(scenario)
})

test('shrinking ends with the runs that it may take', () => {
  const scenario = drawScenario(1)
  let runs = 0
  const shrunk = shrink(scenario, () => ++runs > 0, 3)
  expect([runs, shrunk.runs]).toEqual([3, 3])
  expect(shrink(scenario, () => true, 0).scenario).toBe(scenario)
})

test.each(['', 'null', '{}', '{"seed":1,"healAtMs":1,"peers":[],"links":[],"acts":[]}'])(
  '%j is no plan',
  (text) => {
    expect(() => parsePlan(text)).toThrow(SyntaxError)
  },
)
