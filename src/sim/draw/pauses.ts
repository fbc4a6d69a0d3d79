// Draws from a seed pauses of the exchange by persons: with all or with one, on both sides, while something is on its way, and with ends of
// processes meanwhile. From numbers of its own: what a seed stood for before there was this is otherwise the same. Used by scenario.ts.

import { BLOCK_BYTES } from '../../base/limits.js'
import type { Act, Happening } from '../plan.js'
import { SeededRandom } from '../random.js'
import type { Scene } from './acts.js'

// Chosen so that the seeds in test/sim/simulate.test.ts that found something before there were pauses have none.
const PAUSES_SEED = 0x2e54ed

/** `power`: machines lose power too. */
export function drawPauses({ seed, edits: others, peerCount, lastMs }: Scene, power: boolean): Act[] {
  const random = new SeededRandom(seed ^ PAUSES_SEED)
  if (!random.chance(0.15)) return []
  const edits = others.by(random)
  const acts: Act[] = []
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)]!
  const count = 1 + random.below(3)
  for (let index = 0; index < count; index++) {
    const peer = random.below(peerCount)
    const other = (peer + 1 + random.below(peerCount - 1)) % peerCount
    const atMs = random.next() * lastMs
    // Before it is heard, while something is on its way, and longer than either waits for the other.
    const forMs = random.next() * pick([20, 600, 3_000, 15_000])
    const duringMs = () => atMs + random.next() * forMs
    acts.push({ atMs, happening: pauseOf(peer, random.chance(0.5) ? undefined : other, forMs) })
    if (random.chance(0.4))
      acts.push({ atMs: duringMs(), happening: pauseOf(other, random.chance(0.5) ? undefined : peer, forMs) })
    if (random.chance(0.6)) {
      const sizeBytes = random.below(12 * BLOCK_BYTES)
      const large = { type: 'write', path: edits.path(), content: edits.content(), sizeBytes } as const
      const maker = pick([peer, other])
      acts.push({
        atMs: Math.max(0, atMs - random.next() * 400),
        happening: { type: 'edit', peer: maker, edit: { ...large, steps: 1, stepMs: 0 } },
      })
    }
    if (random.chance(0.7))
      acts.push({
        atMs: duringMs(),
        happening: { type: 'edit', peer: pick([peer, other]), edit: edits.of(edits.path()) },
      })
    if (random.chance(0.4))
      acts.push({ atMs: duringMs(), happening: endOf(pick([peer, other]), random, power) })
  }
  return acts
}

function pauseOf(peer: number, other: number | undefined, forMs: number): Happening {
  return other === undefined ? { type: 'pause', peer, forMs } : { type: 'pause-with', peer, other, forMs }
}

function endOf(peer: number, random: SeededRandom, power: boolean): Happening {
  const downMs = random.next() * 2_000
  switch (random.below(4)) {
    case 0:
      return { type: 'watcher-death', peer }
    case 1:
      return { type: 'stop', peer, downMs }
    case 2:
      return { type: power ? 'power-loss' : 'kill', peer, downMs }
    default:
      return { type: 'kill', peer, downMs }
  }
}
