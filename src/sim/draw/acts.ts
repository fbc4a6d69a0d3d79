// Draws from a seed what happens in a world beside its ordinary edits and faults, each from numbers of its own: what a seed
// stood for before there was one of these is otherwise the same now. Used by scenario.ts.

import { BLOCK_BYTES } from '../../base/limits.js'
import type { Edit } from '../edits.js'
import type { Act, PeerPlan } from '../plan.js'
import { SeededRandom } from '../random.js'
import type { EditDrawing } from './edits.js'

const REFUSED_SEED = 0x4e48
const RESTORES_SEED = 0x5eed
// Chosen so that the seeds in test/sim/simulate.test.ts that once found something have none of these.
const CLOCKS_SEED = 0xc118
const FLURRIES_SEED = 0xf3d2
const INSERTIONS_SEED = 0x1a96
const LINKS_SEED = 0x4f78
const POWER_CUTS_SEED = 0xda3
const BREAKERS_SEED = 0xb2ea
const DIRECTIONS_SEED = 0xd19e
const YEAR_MS = 365.25 * 86_400_000

export interface Scene {
  readonly seed: number
  readonly edits: EditDrawing
  readonly peerCount: number
  /** When the last of it begins. */
  readonly lastMs: number
}

/** Machines that ask a person about few deletions, much that goes at once, and answers. */
export function drawBreakers(
  { seed, edits, peerCount, lastMs }: Scene,
  peers: readonly PeerPlan[],
): { peers: readonly PeerPlan[]; acts: Act[] } {
  const random = new SeededRandom(seed ^ BREAKERS_SEED)
  if (random.chance(0.7)) return { peers, acts: [] }
  const cautious = peers.map((peer) => {
    if (random.chance(0.3)) return peer
    const maxDelete = { percent: 25, filesMin: 1 + random.below(3), isStrict: random.chance(0.15) }
    return { ...peer, maxDelete }
  })
  const acts: Act[] = []
  if (random.chance(0.6)) {
    const atMs = random.next() * lastMs
    const peer = random.below(peerCount)
    for (const path of edits.paths)
      if (random.chance(0.8))
        acts.push({
          atMs: atMs + random.next() * 50,
          happening: { type: 'edit', peer, edit: { type: 'remove', path } },
        })
  }
  const answers = random.below(4)
  for (let count = 0; count < answers; count++) {
    const answer = random.chance(0.5) ? 'confirm' : 'undo'
    acts.push({
      atMs: random.next() * lastMs * 1.2,
      happening: { type: 'answer', peer: random.below(peerCount), answer },
    })
  }
  return { peers: cautious, acts }
}

/** A machine that only receives, or only sends. */
export function drawDirection({ seed, peerCount }: Scene, peers: readonly PeerPlan[]): readonly PeerPlan[] {
  const random = new SeededRandom(seed ^ DIRECTIONS_SEED)
  if (!random.chance(0.1)) return peers
  const number = random.below(peerCount)
  const direction = random.chance(0.6) ? 'receive-only' : 'send-only'
  return peers.map((peer, at) => (at === number ? { ...peer, direction } : peer))
}

/** Paths at which a disk lets nothing be made, for a while or for good. */
export function drawRefusedPaths({ seed, edits, peerCount, lastMs }: Scene): Act[] {
  const random = new SeededRandom(seed ^ REFUSED_SEED)
  if (random.chance(0.75)) return []
  return Array.from({ length: 1 + random.below(3) }, () => ({
    atMs: random.chance(0.5) ? 0 : random.next() * lastMs,
    happening: {
      type: 'refused-path',
      peer: random.below(peerCount),
      path: edits.paths[random.below(edits.paths.length)]!,
      // Shorter than it takes until a refused path is tried again.
      forMs: random.chance(0.5) ? undefined : random.next() * 20_000,
    },
  }))
}

/** Shares, and whole machines, that are put back to older copies. */
export function drawRestores({ seed, edits: others, peerCount, lastMs }: Scene): Act[] {
  const random = new SeededRandom(seed ^ RESTORES_SEED)
  const edits = others.by(random)
  const count = random.chance(0.7) ? 1 : 2
  const first = random.below(peerCount)
  // Not two of one peer: a share takes one new name in a day.
  return Array.from({ length: count }, (_, index): Act => {
    const peer = (first + index) % peerCount
    // With a third peer that is met first nobody could tell: README.md.
    const isOfMachine = peerCount === 2 && random.chance(0.5)
    const made = Array.from({ length: random.below(3) }, () => edits.of(edits.path()))
    const keptMs = 100 + random.next() * lastMs
    const downMs = random.next() * 1_000
    return {
      atMs: random.next() * lastMs,
      happening: { type: 'restore', peer, keptMs, downMs, edits: made, isOfMachine },
    }
  })
}

/** A clock that is ahead by years until somebody sets it right: counts of edits, and times of files, are ahead of those that
 *  come after. */
export function drawRightedClock(
  { seed, lastMs }: Scene,
  peers: readonly PeerPlan[],
): { readonly peers: readonly PeerPlan[]; readonly acts: readonly Act[] } {
  const random = new SeededRandom(seed ^ CLOCKS_SEED)
  if (!random.chance(0.12)) return { peers, acts: [] }
  const righted = random.below(peers.length)
  const clockErrorMs = (1 + random.next() * 19) * YEAR_MS
  const atMs = (0.2 + 0.8 * random.next()) * lastMs
  const happening = { type: 'clock-step', peer: righted, byMs: -clockErrorMs } as const
  return {
    peers: peers.map((plan, peer) => (peer === righted ? { ...plan, clockErrorMs } : plan)),
    acts: [{ atMs, happening }],
  }
}

/** One path edited several times within a second, each time after LEFT may have seen the edit before. */
export function drawFlurry({ seed, edits: others, peerCount, lastMs }: Scene): Act[] {
  const random = new SeededRandom(seed ^ FLURRIES_SEED)
  if (!random.chance(0.15)) return []
  const edits = others.by(random)
  const peer = random.below(peerCount)
  const path = edits.path()
  const fromMs = random.next() * lastMs
  const gapMs = 1_000 / (3 + random.below(6))
  return Array.from({ length: Math.floor(1_000 / gapMs) }, (_, index): Act => {
    const edit = random.chance(0.7) ? smallWrite(path, random) : edits.of(path)
    return { atMs: fromMs + index * gapMs, happening: { type: 'edit', peer, edit } }
  })
}

/** A file of many blocks, in which every few seconds somebody inserts something. */
export function drawInsertions({ seed, edits, peerCount, lastMs }: Scene): Act[] {
  const random = new SeededRandom(seed ^ INSERTIONS_SEED)
  if (!random.chance(0.08)) return []
  const path = edits.path(random)
  const size = {
    content: random.uint32(),
    sizeBytes: (10 + random.below(14)) * BLOCK_BYTES + random.below(BLOCK_BYTES),
  }
  const write: Edit = { type: 'write', path, ...size, steps: 1, stepMs: 0 }
  const atMs = random.next() * lastMs * 0.3
  const insertions = Array.from({ length: 1 + random.below(4) }, (): Act => {
    const from = random.chance(0.5) ? 0 : random.next()
    const inserted = {
      content: random.uint32(),
      sizeBytes: 1 + random.below(random.chance(0.8) ? 300 : 3 * BLOCK_BYTES),
    }
    const edit: Edit = { type: 'insert', path, ...inserted, from }
    const happening = { type: 'edit', peer: random.below(peerCount), edit } as const
    return { atMs: atMs + random.next() * lastMs, happening }
  })
  return [{ atMs, happening: { type: 'edit', peer: random.below(peerCount), edit: write } }, ...insertions]
}

/** Links that stay in the share, some of them to nothing, in the places of files and beside them. */
export function drawInnerLinks({ seed, edits, peerCount, lastMs }: Scene): Act[] {
  const random = new SeededRandom(seed ^ LINKS_SEED)
  if (!random.chance(0.15)) return []
  return Array.from({ length: 1 + random.below(5) }, (): Act => {
    const path = random.chance(0.6) ? edits.path(random) : `to ${random.below(3)}`
    const target = random.chance(0.5) ? 'nowhere' : edits.path(random).split('/')[0]!
    const edit: Edit = random.chance(0.8) ? { type: 'inner-link', path, target } : { type: 'remove', path }
    const happening = { type: 'edit', peer: random.below(peerCount), edit } as const
    return { atMs: random.next() * lastMs, happening }
  })
}

/** A person whose programs do not sync makes a file, and the power goes while LEFT knows it and the disk does not. */
export function drawPowerCut(
  { seed, edits: others, lastMs }: Scene,
  peers: readonly PeerPlan[],
): { readonly peers: readonly PeerPlan[]; readonly acts: readonly Act[] } {
  const random = new SeededRandom(seed ^ POWER_CUTS_SEED)
  if (!random.chance(0.25)) return { peers, acts: [] }
  const peer = random.below(peers.length)
  const path = others.path(random)
  const atMs = random.next() * lastMs
  const edit = smallWrite(path, random)
  return {
    peers: peers.map((plan, number) => (number === peer ? { ...plan, syncsEdits: false } : plan)),
    acts: [
      { atMs, happening: { type: 'edit', peer, edit } },
      {
        atMs: atMs + 200 + random.next() * 2_000,
        happening: { type: 'power-loss', peer, downMs: random.next() * 4_000 },
      },
    ],
  }
}

function smallWrite(path: string, random: SeededRandom): Edit {
  const sizes = { content: random.uint32(), sizeBytes: 1 + random.below(2_000) }
  return { type: 'write', path, ...sizes, steps: 1, stepMs: 0 }
}
