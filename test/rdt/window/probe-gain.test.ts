import { describe, expect, it } from 'vitest'
import { PROBE_GAIN_MAX } from '../../../src/rdt/window/limits.js'
import { ProbeGain } from '../../../src/rdt/window/probe-gain.js'

const GIGABIT = 125_000
const ALONE = { rateBytesPerMs: GIGABIT, linkBytesPerMs: GIGABIT }

/** A cycle of one round, and a million bytes of which this part is lost. */
function cycle(
  probeGain: ProbeGain,
  loss: number,
  told: {
    pathLoss?: number
    doubt?: number
    rateBytesPerMs?: number
    linkBytesPerMs?: number
    isPathLossKnown?: boolean
    minRttMs?: number
  } = {},
): number {
  const { pathLoss = 0, doubt = 0, isPathLossKnown = true, minRttMs = 20 } = told
  const { rateBytesPerMs = GIGABIT, linkBytesPerMs = rateBytesPerMs } = told
  const bytes = { isPathLossKnown, lostBytes: loss * 1e6, deliveredBytes: (1 - loss) * 1e6 }
  probeGain.handleRound({ ...bytes, pathLoss, doubt, minRttMs, rateBytesPerMs, linkBytesPerMs })
  probeGain.handleCycle()
  return probeGain.part
}

describe('the swing', () => {
  it('shrinks by loss of a hundredth beyond what is usual, and by no less', () => {
    for (const pathLoss of [0, 0.05]) {
      expect(cycle(new ProbeGain(), pathLoss + 0.0099, { pathLoss })).toBe(PROBE_GAIN_MAX)
      expect(cycle(new ProbeGain(), pathLoss + 0.0101, { pathLoss })).toBeLessThan(PROBE_GAIN_MAX)
    }
    expect(cycle(new ProbeGain(), 0.025, { doubt: 0.02 })).toBe(PROBE_GAIN_MAX)
  })

  it('bears more where the link is slower', () => {
    expect(cycle(new ProbeGain(), 0.03)).toBeLessThan(PROBE_GAIN_MAX)
    expect(cycle(new ProbeGain(), 0.03, { rateBytesPerMs: GIGABIT / 100 })).toBe(PROBE_GAIN_MAX)
    expect(cycle(new ProbeGain(), 0.04, { rateBytesPerMs: GIGABIT / 100 })).toBeLessThan(PROBE_GAIN_MAX)
  })

  it('bears more where a flow has less of the link, so that whoever has more gives way first', () => {
    expect(cycle(new ProbeGain(), 0.03)).toBeLessThan(PROBE_GAIN_MAX)
    expect(cycle(new ProbeGain(), 0.03, { rateBytesPerMs: GIGABIT / 4, linkBytesPerMs: GIGABIT })).toBe(
      PROBE_GAIN_MAX,
    )
  })

  it('shrinks in the round in which the loss is found, and does not grow in that cycle', () => {
    const probeGain = new ProbeGain()
    const facts = {
      lostBytes: 1,
      deliveredBytes: 9,
      pathLoss: 0,
      doubt: 0,
      isPathLossKnown: true,
      minRttMs: 20,
      ...ALONE,
    }
    expect(probeGain.handleRound(facts)).toBe(true)
    const shrunk = probeGain.part
    expect(shrunk).toBeLessThan(PROBE_GAIN_MAX)
    expect(probeGain.handleRound({ ...facts, lostBytes: 0 })).toBe(false)
    probeGain.handleCycle()
    expect(probeGain.part).toBe(shrunk)
    probeGain.handleCycle()
    expect(probeGain.part).toBeGreaterThan(shrunk)
  })

  it('comes back soon at first, slowly where it last was too much, and passes that in the end', () => {
    const probeGain = new ProbeGain()
    for (let count = 0; count < 3; count++) cycle(probeGain, 0.1)
    const atLoss = probeGain.part / 0.7
    const grown = [cycle(probeGain, 0), cycle(probeGain, 0), cycle(probeGain, 0)]
    expect(grown[0]! / probeGain.part).toBeLessThan(1)
    expect(grown[2]! / grown[1]!).toBeLessThan(1.1)
    expect(grown[2]!).toBeLessThan(atLoss)
    for (let count = 0; count < 20; count++) cycle(probeGain, 0)
    expect(probeGain.part).toBe(PROBE_GAIN_MAX)
  })

  it('shrinks further on a long path, where a round trip of it makes a longer queue', () => {
    const leastAt = (minRttMs: number) => {
      const probeGain = new ProbeGain()
      return Math.min(...Array.from({ length: 10 }, () => cycle(probeGain, 0.1, { minRttMs })))
    }
    expect(leastAt(32)).toBe(leastAt(1))
    expect(leastAt(33)).toBeLessThan(leastAt(32))
    expect(leastAt(101)).toBe(leastAt(100))
    expect(leastAt(100)).toBe(0.02)
  })

  it('takes room where it is the least and far too much is lost, and gives it back first', () => {
    const probeGain = new ProbeGain()
    for (let count = 0; count < 4; count++) cycle(probeGain, 0.1)
    expect(probeGain.room).toBe(1)
    const least = probeGain.part
    while (probeGain.room > 0.8) cycle(probeGain, 0.1)
    while (probeGain.room < 1) {
      expect(probeGain.part).toBe(least)
      cycle(probeGain, 0)
    }
    expect(cycle(probeGain, 0)).toBeGreaterThan(least)
  })

  it('gives the room back, and the queue in the end, where taking it made the loss no less', () => {
    const probeGain = new ProbeGain()
    const rooms: number[] = []
    for (let count = 0; count < 60; count++) {
      cycle(probeGain, 0.1)
      rooms.push(probeGain.room)
    }
    expect(Math.min(...rooms)).toBe(0.75)
    expect([probeGain.room, probeGain.part]).toEqual([1, PROBE_GAIN_MAX])
  })

  it('takes no room for a little too much, nor where that may be chance', () => {
    const [little, uncertain, unknown] = [new ProbeGain(), new ProbeGain(), new ProbeGain()]
    for (let count = 0; count < 40; count++) {
      cycle(little, 0.029)
      cycle(uncertain, 0.08, { doubt: 0.02 })
      cycle(unknown, 0.1, { isPathLossKnown: false })
    }
    expect([little.room, uncertain.room, unknown.room]).toEqual([1, 1, 1])
  })
})
