import { describe, expect, it } from 'vitest'
import { SWING_MAX, Swing } from '../../../src/rdt/window/swing.js'

const GIGABIT = 125_000
const ALONE = { rateBytesPerMs: GIGABIT, linkBytesPerMs: GIGABIT }

/** A cycle of one round, and a million bytes of which this part is lost. */
function cycle(
  swing: Swing,
  loss: number,
  told: {
    pathLoss?: number
    doubt?: number
    rateBytesPerMs?: number
    linkBytesPerMs?: number
    isPathLossKnown?: boolean
  } = {},
): number {
  const { pathLoss = 0, doubt = 0, isPathLossKnown = true } = told
  const { rateBytesPerMs = GIGABIT, linkBytesPerMs = rateBytesPerMs } = told
  const bytes = { isPathLossKnown, lostBytes: loss * 1e6, deliveredBytes: (1 - loss) * 1e6 }
  swing.handleRound({ ...bytes, pathLoss, doubt, rateBytesPerMs, linkBytesPerMs })
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

  it('bears more where the link is slower', () => {
    expect(cycle(new Swing(), 0.03)).toBeLessThan(SWING_MAX)
    expect(cycle(new Swing(), 0.03, { rateBytesPerMs: GIGABIT / 100 })).toBe(SWING_MAX)
    expect(cycle(new Swing(), 0.04, { rateBytesPerMs: GIGABIT / 100 })).toBeLessThan(SWING_MAX)
  })

  it('bears more where a flow has less of the link, so that whoever has more gives way first', () => {
    expect(cycle(new Swing(), 0.03)).toBeLessThan(SWING_MAX)
    expect(cycle(new Swing(), 0.03, { rateBytesPerMs: GIGABIT / 4, linkBytesPerMs: GIGABIT })).toBe(SWING_MAX)
  })

  it('shrinks in the round in which the loss is found, and does not grow in that cycle', () => {
    const swing = new Swing()
    const facts = { lostBytes: 1, deliveredBytes: 9, pathLoss: 0, doubt: 0, isPathLossKnown: true, ...ALONE }
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

  it('takes room where it is the least and far too much is lost, and gives it back first', () => {
    const swing = new Swing()
    for (let count = 0; count < 4; count++) cycle(swing, 0.1)
    expect(swing.room).toBe(1)
    const least = swing.part
    while (swing.room > 0.8) cycle(swing, 0.1)
    while (swing.room < 1) {
      expect(swing.part).toBe(least)
      cycle(swing, 0)
    }
    expect(cycle(swing, 0)).toBeGreaterThan(least)
  })

  it('gives the room back, and the queue in the end, where taking it made the loss no less', () => {
    const swing = new Swing()
    const rooms: number[] = []
    for (let count = 0; count < 60; count++) {
      cycle(swing, 0.1)
      rooms.push(swing.room)
    }
    expect(Math.min(...rooms)).toBe(0.75)
    expect([swing.room, swing.part]).toEqual([1, SWING_MAX])
  })

  it('takes no room for a little too much, nor where that may be chance', () => {
    const [little, uncertain, unknown] = [new Swing(), new Swing(), new Swing()]
    for (let count = 0; count < 40; count++) {
      cycle(little, 0.029)
      cycle(uncertain, 0.08, { doubt: 0.02 })
      cycle(unknown, 0.1, { isPathLossKnown: false })
    }
    expect([little.room, uncertain.room, unknown.room]).toEqual([1, 1, 1])
  })
})
