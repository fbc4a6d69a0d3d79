// Draws one link between two machines of a scenario, and what it does to datagrams. Used by scenario.ts.

import type { LinkFaults } from '../network.js'
import type { LinkPlan } from '../plan.js'
import type { SeededRandom } from '../random.js'

export function drawLink(random: SeededRandom, one: number, other: number): LinkPlan {
  const calm = {
    rateBitPerS: pick(random, [10_000_000, 100_000_000, 1_000_000_000]),
    delayMs: pick(random, [0.1, 1, 10, 50]) * (0.5 + random.next()),
    mtuBytes: pick(random, [1_500, 1_500, 1_500, 1_400, 9_000, 65_535]),
    queueBytes: pick(random, [32_768, 262_144, 1_048_576]),
  }
  return {
    one,
    other,
    outward: { ...calm, ...drawFaults(random) },
    homeward: { ...calm, ...drawFaults(random) },
  }
}

function drawFaults(random: SeededRandom): Partial<LinkFaults> {
  if (random.chance(0.3)) return {}
  return {
    jitterMs: random.chance(0.5) ? 0 : random.next() * 10,
    loss: random.chance(0.4) ? 0 : random.next() * pick(random, [0.02, 0.1, 0.3]),
    bursts: random.chance(0.8)
      ? undefined
      : { enter: random.next() * 0.02, leave: 0.05 + random.next() * 0.3, loss: 0.5 + random.next() * 0.5 },
    duplication: random.chance(0.7) ? 0 : random.next() * 0.1,
    reordering: random.chance(0.7) ? 0 : random.next() * 0.1,
    reorderMs: random.next() * 30,
    bitFlips: random.chance(0.8) ? 0 : random.next() * 0.02,
    truncation: random.chance(0.9) ? 0 : random.next() * 0.02,
  }
}

function pick(random: SeededRandom, from: readonly number[]): number {
  return from[random.below(from.length)]!
}
