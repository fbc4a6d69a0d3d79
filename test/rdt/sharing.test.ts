import { describe, expect, it } from 'vitest'
import { Bottleneck, jain } from '../../harness/rdt/bottleneck.js'
import { isLong, someOf } from '../length.js'

/** A seed draws what a path loses. Links that lose nothing but what their queue drops do the same with every one. */
const SEED = 1
const SEEDS = someOf([1, 2, 3])
const LINK = { bitPerS: 100e6, queueBytes: 250_000 }

/** So much of a time that flows are left alone, or measured: half of it in `npm test`. */
const partOf = (ms: number) => (isLong ? ms : ms / 2)

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('flows that share a link', () => {
  it('get the same of it, though one was there first', () => {
    const link = new Bottleneck(SEED, LINK)
    const [first, second] = [link.flow({ rttMs: 20 }), link.flow({ rttMs: 20 })]
    first.begin()
    link.world.run(3_000)
    second.begin()
    link.world.run(partOf(8_000))
    const parts = link.parts([first, second], partOf(5_000))
    expect(jain(parts)).toBeGreaterThan(0.95)
    expect(parts[0]! + parts[1]!).toBeGreaterThan(0.85)
  })

  it('get the same of it within two seconds, on short and on long queues', () => {
    const links = someOf(
      [
        { bitPerS: 100e6, rttMs: 40, queueBytes: 500_000 },
        { bitPerS: 100e6, rttMs: 40, queueBytes: 5_000_000 },
        { bitPerS: 100e6, rttMs: 40, queueBytes: 500_000, loss: 0.01 },
        { bitPerS: 1e9, rttMs: 20, queueBytes: 512 * 1024 },
      ],
      2,
    )
    for (const { rttMs, ...link } of links) {
      const fairness = SEEDS.map((seed) => {
        const shared = new Bottleneck(seed, link)
        const [first, second] = [shared.flow({ rttMs }), shared.flow({ rttMs })]
        first.begin()
        shared.world.run(1_500 + 37 * seed)
        second.begin()
        shared.world.run(2_000)
        const parts = shared.parts([first, second], 2_000)
        expect(parts[0]! + parts[1]!).toBeGreaterThan(0.85)
        return jain(parts)
      })
      // Two seconds are few rounds: what a path loses in them makes one of many seeds less even.
      expect(Math.min(...fairness), JSON.stringify(link)).toBeGreaterThan(0.8)
      expect(mean(fairness), JSON.stringify(link)).toBeGreaterThan(0.9)
    }
  })

  it.runIf(isLong)(
    'do not drop each other’s packets for long where four come to a queue that is too short for them',
    () => {
      for (const [rttMs, overflowMax] of [
        [2, 0.1],
        [20, 0.15],
      ] as const) {
        const link = new Bottleneck(SEED, { bitPerS: 200e6, queueBytes: 64_000 })
        const first = link.flow({ rttMs })
        const flows = [first, ...[2, 3, 4].map(() => link.flow({ rttMs, server: first.server }))]
        for (const flow of flows) {
          flow.begin()
          link.world.run(5)
        }
        link.world.run(1_000)
        const overflowedBefore = link.overflowedBytes
        const parts = link.parts(flows, 3_000)
        const sum = parts.reduce((total, part) => total + part, 0)
        expect(sum).toBeGreaterThan(0.9)
        const overflowed = (link.overflowedBytes - overflowedBefore) / (200e6 / 8_000) / 3_000
        expect(overflowed / sum, `RTT ${rttMs} ms`).toBeLessThan(overflowMax)
      }
    },
  )

  it('are none of them starved where four pull from one server, and fill its uplink', () => {
    const link = new Bottleneck(SEED, LINK)
    const first = link.flow({ rttMs: 20 })
    const flows = [first, ...[2, 3, 4].map(() => link.flow({ rttMs: 20, server: first.server }))]
    for (const flow of flows) {
      flow.begin()
      link.world.run(300)
    }
    link.world.run(partOf(8_000))
    const parts = link.parts(flows, partOf(6_000))
    for (const part of parts) expect(part).toBeGreaterThan(0.04)
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeGreaterThan(0.85)
  })

  it('get nearly the same, four of them, where the path loses what none of them sends too much', () => {
    for (const seed of SEEDS) {
      const link = new Bottleneck(seed, { bitPerS: 100e6, queueBytes: 500_000, loss: 0.02 })
      const flows = [1, 2, 3, 4].map(() => link.flow({ rttMs: 40 }))
      for (const flow of flows) {
        flow.begin()
        link.world.run(7)
      }
      link.world.run(2_000)
      expect(jain(link.parts(flows, partOf(8_000)))).toBeGreaterThan(0.9)
    }
  })

  it('are none of them starved by one with another RTT', () => {
    const link = new Bottleneck(SEED, { ...LINK, queueBytes: 500_000 })
    const flows = [link.flow({ rttMs: 15 }), link.flow({ rttMs: 45 })]
    for (const flow of flows) flow.begin()
    link.world.run(partOf(8_000))
    for (const part of link.parts(flows, partOf(6_000))) expect(part).toBeGreaterThan(0.15)
  })
})

describe('beside TCP', () => {
  for (const control of ['cubic', 'reno'] as const) {
    it(`leaves ${control} at least three tenths of a link with a queue of one BDP, and keeps a fair part`, () => {
      const link = new Bottleneck(SEED, { bitPerS: 100e6, queueBytes: 500_000 })
      const flow = link.flow({ rttMs: 40 })
      flow.begin()
      link.world.run(1_000)
      const tcp = link.tcp(control, 40)
      link.world.run(partOf(6_000))
      const [ours, theirs] = link.parts([flow, tcp], partOf(15_000))
      expect(theirs).toBeGreaterThan(0.3)
      expect(ours).toBeGreaterThan(0.2)
    })
  }
})

describe('the queue at the bottleneck', () => {
  it('adds no more than the RTT and 5 ms, however deep the buffer is', () => {
    for (const bitPerS of someOf([10e6, 100e6, 1e9], 2)) {
      for (const rttMs of [2, 20, 100]) {
        const link = new Bottleneck(1, { bitPerS, queueBytes: bitPerS / 8 })
        const flow = link.flow({ rttMs })
        flow.begin()
        link.world.run(100 + 40 * rttMs)
        const waits: number[] = []
        for (let sample = 0; sample < 200; sample++) {
          link.world.run(2.7)
          waits.push(link.queueMs)
        }
        waits.sort((one, other) => one - other)
        expect(waits[190]!, `${bitPerS} bit/s, RTT ${rttMs} ms`).toBeLessThan(rttMs + 5)
      }
    }
  })
})

describe('a background flow', () => {
  it('uses a link that nobody else uses', () => {
    const link = new Bottleneck(1, LINK)
    const flow = link.flow({ rttMs: 20, isBackground: true })
    flow.begin()
    link.world.run(2_000)
    expect(link.parts([flow], 3_000)[0]).toBeGreaterThan(0.9)
  })

  it('gives way to another LEFT flow, and takes the link back when that is done', () => {
    const link = new Bottleneck(SEED, LINK)
    const flow = link.flow({ rttMs: 20, isBackground: true })
    const other = link.flow({ rttMs: 20 })
    flow.begin()
    link.world.run(2_000)
    other.begin()
    link.world.run(1_500)
    const [ours, theirs] = link.parts([flow, other], 4_000)
    expect(ours).toBeLessThan(0.1)
    expect(theirs).toBeGreaterThan(0.85)
    other.end()
    link.world.run(6_000)
    expect(link.parts([flow], 3_000)[0]).toBeGreaterThan(0.8)
  })

  it('gives way to TCP, and still comes to its end', () => {
    for (const control of ['cubic', 'reno'] as const) {
      const link = new Bottleneck(1, { bitPerS: 100e6, queueBytes: 500_000 })
      const flow = link.flow({ rttMs: 40, isBackground: true })
      flow.begin()
      link.world.run(2_000)
      const tcp = link.tcp(control, 40)
      link.world.run(4_000)
      const [ours, theirs] = link.parts([flow, tcp], 6_000)
      expect(ours).toBeLessThan(0.1)
      expect(ours).toBeGreaterThan(0.001)
      expect(theirs).toBeGreaterThan(0.85)
    }
  })
})
