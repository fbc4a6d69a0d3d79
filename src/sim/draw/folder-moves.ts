// Draws from a seed folders that people rename with all that is in them: once, again, back, and while somebody edits what is in them.
// From numbers of its own: what a seed stood for before there was this is otherwise the same. Used by scenario.ts.

import type { Edit } from '../edits.js'
import type { Act } from '../plan.js'
import { SeededRandom } from '../random.js'
import type { Scene } from './acts.js'
import type { EditDrawing } from './edits.js'

// Chosen so that the seeds in test/sim/simulate.test.ts that once found something have none of these.
const FOLDER_MOVES_SEED = 0x1adb5

const FOLDERS = ['data', 'tree', 'tree/below', 'wood'] as const
const FILES = ['one', 'two', 'below/three', 'below/deeper/four', 'x.bin'] as const

export function drawFolderMoves({ seed, edits: others, peerCount, lastMs }: Scene): Act[] {
  const random = new SeededRandom(seed ^ FOLDER_MOVES_SEED)
  if (!random.chance(0.2)) return []
  return drawMoves(random, others.by(random), peerCount, lastMs)
}

function drawMoves(random: SeededRandom, edits: EditDrawing, peerCount: number, lastMs: number): Act[] {
  const acts: Act[] = []
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)]!
  const at = (atMs: number, peer: number, edit: Edit) =>
    acts.push({ atMs, happening: { type: 'edit', peer, edit } })
  const write = (path: string): Edit => {
    const sizes = { content: edits.content(), sizeBytes: random.below(2_000) }
    return { type: 'write', path, ...sizes, steps: 1, stepMs: 0 }
  }
  const top = pick(FOLDERS)
  const maker = random.below(peerCount)
  const madeMs = random.next() * lastMs * 0.5
  for (const name of FILES) if (random.chance(0.7)) at(madeMs, maker, write(`${top}/${name}`))
  if (random.chance(0.2)) at(madeMs, maker, { type: 'inner-link', path: `${top}/link`, target: 'one' })
  const moves = 1 + random.below(4)
  let [from, atMs] = [top as string, madeMs]
  for (let move = 0; move < moves; move++) {
    // Before it was told, while it is, and long after.
    atMs += random.next() * pick([50, 500, 4_000])
    const to = random.chance(0.3) ? top : pick([...FOLDERS, 'elsewhere', 'wood/deep'])
    const mover = random.chance(0.7) ? maker : random.below(peerCount)
    at(atMs, mover, { type: 'rename', path: from, to })
    if (random.chance(0.3)) {
      const inside = `${pick([from, to])}/${pick([...FILES, 'new'])}`
      const soonMs = atMs + (random.next() - 0.5) * pick([20, 400, 3_000])
      const edit = random.chance(0.5) ? write(inside) : edits.of(inside)
      at(Math.max(0, soonMs), random.below(peerCount), edit)
    }
    if (random.chance(0.15))
      acts.push({
        atMs: atMs + random.next() * 1_500,
        happening: { type: 'kill', peer: random.below(peerCount), downMs: random.next() * 1_000 },
      })
    from = to
  }
  return acts
}
