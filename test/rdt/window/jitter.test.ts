import { describe, expect, it } from 'vitest'
import { Bottleneck } from '../../../harness/rdt/bottleneck.js'
import { Jitter } from '../../../src/rdt/window/jitter.js'
import { someOf } from '../../length.js'

const SEEDS = someOf([1, 2, 3, 4], 2)
const MIN_RTT_MS = 20

/** The reach after drained rounds whose RTTs are between these, on a path that once had so long a queue. */
function reachOf(
  rounds: readonly (readonly [leastMs: number, mostMs: number])[],
  longestQueueMs = 100,
): number {
  const jitter = new Jitter()
  jitter.handleRound(MIN_RTT_MS + longestQueueMs, MIN_RTT_MS)
  for (const rttsMs of rounds) {
    for (const rttMs of rttsMs) jitter.handleDrainedRtt(rttMs)
    jitter.endDrainedRound()
  }
  return jitter.reachMs(MIN_RTT_MS)
}

describe('jitter', () => {
  it('is known from the second drained round on, and reaches as far as RTTs without a queue do', () => {
    expect(reachOf([])).toBe(0)
    expect(reachOf([[21, 25]])).toBe(0)
    expect(
      reachOf([
        [21, 25],
        [21, 25],
      ]),
    ).toBeCloseTo(5)
  })

  it('is that of the evenest of the last rounds, for it is always there', () => {
    expect(
      reachOf([
        [21, 25],
        [20, 60],
        [20, 60],
        [20, 60],
      ]),
    ).toBeCloseTo(5)
    expect(
      reachOf([
        [21, 25],
        [20, 60],
        [20, 60],
        [20, 60],
        [20, 60],
      ]),
    ).toBeCloseTo(40)
  })

  it('is not what others keep in the queue, which is above the least RTT by more than twice what it varies', () => {
    const atMost = [28, 32] as const
    const above = [28.1, 32] as const
    expect(reachOf([atMost, atMost])).toBeGreaterThan(0)
    expect(reachOf([above, above])).toBe(0)
  })

  it('is not believed where the queue may be full when it is as short', () => {
    expect(
      reachOf(
        [
          [21, 25],
          [21, 25],
        ],
        10,
      ),
    ).toBeGreaterThan(0)
    expect(
      reachOf(
        [
          [21, 25],
          [21, 25],
        ],
        9.9,
      ),
    ).toBe(0)
  })

  it('is forgotten with the path', () => {
    const jitter = new Jitter()
    jitter.handleRound(100, MIN_RTT_MS)
    for (const rttMs of [21, 25]) {
      jitter.handleDrainedRtt(rttMs)
      jitter.endDrainedRound()
    }
    jitter.reset()
    expect(jitter.reachMs(MIN_RTT_MS)).toBe(0)
  })
})

describe('a path with jitter', () => {
  for (const overtakes of [false, true]) {
    it(`is filled though it loses some, where packets ${overtakes ? 'overtake' : 'do not overtake'} each other`, () => {
      const [jitterMs, loss] = [3, 0.05]
      let used = 0
      for (const seed of SEEDS) {
        const link = new Bottleneck(seed, { bitPerS: 100e6, queueBytes: 250_000, loss })
        const flow = link.flow({ rttMs: 20 })
        const { faults } = link.world.network.link(flow.server.address, flow.puller.address)
        Object.assign(faults, overtakes ? { reordering: 1, reorderMs: jitterMs } : { jitterMs })
        flow.begin()
        link.world.run(1_500)
        used += link.parts([flow], 4_000)[0]! / (1 - loss) / SEEDS.length
      }
      expect(used).toBeGreaterThan(0.75)
    })
  }
})
