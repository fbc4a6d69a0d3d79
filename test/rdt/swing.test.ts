import { describe, expect, it } from 'vitest'
import { SWING_MAX, Swing } from '../../src/rdt/swing.js'

const GIGABIT = 125_000

/** A cycle of one round, and a million bytes of which this part is lost. */
function cycle(
  swing: Swing,
  loss: number,
  { pathLoss = 0, doubt = 0, rateBytesPerMs = GIGABIT } = {},
): number {
  const facts = { lostBytes: loss * 1e6, deliveredBytes: (1 - loss) * 1e6, pathLoss, doubt, rateBytesPerMs }
  swing.handleRound(facts)
  swing.handleCycle()
  return swing.part
}

describe('the swing', () => {
  it('shrinks by loss of a hundredth beyond what is usual, and by no less', () => {
    for (const pathLoss of [0, 0.05]) {
      expect(cycle(new Swing(), pathLoss + 0.0099, { pathLoss })).toBe(SWING_MAX)
      expect(cycle(new Swing(), pathLoss + 0.0101, { pathLoss })).toBeLessThan(SWING_MAX)
    }
    expect(cycle(new Swing(), 0.025, { doubt: 0.02 })).toBe(SWING_MAX)
  })

  it('of a slower flow bears more, so that the fast one gives way first', () => {
    expect(cycle(new Swing(), 0.05)).toBeLessThan(SWING_MAX)
    expect(cycle(new Swing(), 0.05, { rateBytesPerMs: GIGABIT / 100 })).toBe(SWING_MAX)
  })

  it('shrinks in the round in which the loss is found, and does not grow in that cycle', () => {
    const swing = new Swing()
    const facts = { lostBytes: 1, deliveredBytes: 9, pathLoss: 0, doubt: 0, rateBytesPerMs: GIGABIT }
    expect(swing.handleRound(facts)).toBe(true)
    const shrunk = swing.part
    expect(shrunk).toBeLessThan(SWING_MAX)
    expect(swing.handleRound({ ...facts, lostBytes: 0 })).toBe(false)
    swing.handleCycle()
    expect(swing.part).toBe(shrunk)
    swing.handleCycle()
    expect(swing.part).toBeGreaterThan(shrunk)
  })

  it('comes back soon at first, slowly where it last was too much, and passes that in the end', () => {
    const swing = new Swing()
    for (let count = 0; count < 3; count++) cycle(swing, 0.1)
    const atLoss = swing.part / 0.7
    const grown = [cycle(swing, 0), cycle(swing, 0), cycle(swing, 0)]
    expect(grown[0]! / swing.part).toBeLessThan(1)
    expect(grown[2]! / grown[1]!).toBeLessThan(1.1)
    expect(grown[2]!).toBeLessThan(atLoss)
    for (let count = 0; count < 20; count++) cycle(swing, 0)
    expect(swing.part).toBe(SWING_MAX)
  })

  it('does not stay the least for a loss that it does not cure, and shrinks again when that is over', () => {
    const swing = new Swing()
    const parts: number[] = []
    for (let count = 0; count < 40; count++) parts.push(cycle(swing, 0.04))
    expect(Math.min(...parts)).toBeLessThan(SWING_MAX / 3)
    expect(parts.at(-1)).toBe(SWING_MAX)
    for (let count = 0; count < 40; count++) cycle(swing, 0)
    expect(cycle(swing, 0.04)).toBeLessThan(SWING_MAX)
  })
})
