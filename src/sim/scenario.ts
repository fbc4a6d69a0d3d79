// Draws a whole world from a seed: machines, links, what people do, what goes wrong and when. Sizes, times and faults
// are small and many rather than large and few, since it is their meetings that break things.

import type { DeathMoment } from './disk/disk.js'
import { drawLink } from './draw-link.js'
import type { Edit, ToldAccess } from './edits.js'
import { OUTSIDE_NAMES } from './outside.js'
import {
  type Act,
  chainOf,
  type Happening,
  type LinkPlan,
  meshOf,
  type PeerPlan,
  type Scenario,
  type Victim,
} from './plan.js'
import { SeededRandom } from './random.js'

const BLOCK_BYTES = 65_300
const MODES_SEED = 0x6d_6f_64_65
const ACCESSES: readonly ToldAccess[] = ['owner', 'owner', 'group', 'all']
/** Beyond the seeds that anybody gives. */
const REKEYING_SEED = 2 ** 45
const YEAR_MS = 365.25 * 86_400_000

/** Names that have broken programs before. */
const NAMES = [
  'a.txt',
  'b',
  'notes.md',
  'data/x.bin',
  'data/y',
  'data/deep/z.log',
  'docs/one',
  'docs/two.tar.gz',
  'line\nbreak',
  'pipe|*|pipe',
  '-rf',
  ' space ',
  '%41%0A',
  '.hidden',
  'A.txt',
  'ñandú/übung.txt',
  'n\u0303andu\u0301',
  '😀',
  'x'.repeat(255),
  `${'é'.repeat(125)}.txt`,
  '\u2028',
  'data',
] as const

/** Settings for drawing a scenario from a seed. */
export interface DrawOptions {
  /** Machines lose power too, and with it what was not synced. Else what would be a loss of power is a kill. */
  readonly power: boolean
  /** Shares are put back to older copies too. */
  readonly restores?: boolean
}

export function drawScenario(seed: number, options: DrawOptions = { power: false }): Scenario {
  return new Drawing(seed, options).scenario()
}

class Drawing {
  private readonly seed: number
  private readonly power: boolean
  private readonly restores: boolean
  private random: SeededRandom
  /** Draws modes, apart from the rest: seeds that once found something are the worlds that they were. */
  private readonly modes: SeededRandom
  private readonly paths: readonly string[]
  private readonly contents: readonly number[]
  private readonly largeSizes: boolean

  constructor(seed: number, { power, restores = false }: DrawOptions) {
    this.seed = seed
    this.power = power
    this.restores = restores
    this.random = new SeededRandom(seed)
    this.modes = new SeededRandom(seed ^ MODES_SEED)
    const { random } = this
    const count = 2 + random.below(6)
    this.paths = Array.from({ length: count }, () => this.pick(NAMES))
    // Few contents and many places: identical files, and contents that come back.
    this.contents = Array.from({ length: 6 }, () => random.uint32())
    this.largeSizes = random.chance(0.15)
  }

  scenario(): Scenario {
    const { random } = this
    const peerCount = random.chance(0.6) ? 2 : random.chance(0.8) ? 3 : 4
    const pairs = peerCount > 2 && random.chance(0.4) ? chainOf(peerCount) : meshOf(peerCount)
    const lastMs = 500 + random.next() * 8_000
    const rekeying = this.rekeying()
    const peers = Array.from({ length: peerCount }, () => ({ ...this.peer(lastMs), ...rekeying }))
    const links = pairs.map(([one, other]) => drawLink(random, one, other))
    const acts: Act[] = []
    const editCount = 1 + random.below(14)
    for (let count = 0; count < editCount; count++)
      acts.push({ atMs: random.next() * lastMs, happening: this.editAt(random.below(peerCount)) })
    if (random.chance(0.5)) this.meet(acts, peerCount, lastMs)
    const faultCount = random.chance(0.25) ? 0 : 1 + random.below(4)
    for (let count = 0; count < faultCount; count++)
      acts.push({ atMs: random.next() * lastMs * 1.2, happening: this.fault(links, peerCount) })
    const beginnings = Array.from({ length: random.below(6) }, () => ({
      peer: random.below(peerCount),
      edit: this.beginning(),
    }))
    if (peerCount > 2 && random.chance(0.3)) this.spread(acts, peerCount, lastMs)
    this.changeModes(acts, peerCount, lastMs)
    // From numbers of its own, so that a seed without it draws what it always drew.
    if (this.restores) acts.push(...this.restoresOf(peerCount, lastMs))
    const healAtMs = lastMs * 1.2 + 200 + random.next() * 3_000
    const restLoss = random.chance(0.5) ? 0 : random.next() * 0.05
    acts.push(...this.refusedPaths(peerCount, lastMs))
    acts.sort((left, right) => left.atMs - right.atMs)
    return { seed: this.seed, peers, links, beginnings, acts, healAtMs, restLoss }
  }

  /** Drawn by themselves: what a seed stood for before there were any is the same now. */
  private refusedPaths(peerCount: number, lastMs: number): Act[] {
    const random = new SeededRandom(this.seed ^ 0x4e48)
    if (random.chance(0.75)) return []
    return Array.from({ length: 1 + random.below(3) }, () => ({
      atMs: random.chance(0.5) ? 0 : random.next() * lastMs,
      happening: {
        type: 'refused-path',
        peer: random.below(peerCount),
        path: this.paths[random.below(this.paths.length)]!,
        // Shorter than it takes until a refused path is tried again.
        forMs: random.chance(0.5) ? undefined : random.next() * 20_000,
      },
    }))
  }

  /** Of a generator of its own: what else is drawn from a seed stays as it was before there was this. */
  private rekeying(): Pick<PeerPlan, 'rekeying'> {
    const random = new SeededRandom(this.seed + REKEYING_SEED)
    if (!random.chance(0.3)) return {}
    // More than the probes of a new session take, which would else be renewed for ever.
    return { rekeying: { afterMs: 600_000, afterBytes: 500_000 + random.next() * 2_000_000 } }
  }

  private peer(lastMs: number): PeerPlan {
    const { random } = this
    const datagramBytesMax = this.pick([1_472, 1_472, 1_472, 8_972, 65_507])
    return {
      id: [...random.bytes(8)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
      window: random.chance(0.7) ? 'auto' : this.pick([1, 2, 16]),
      datagramBytesMax,
      receiveBufferBytes: random.chance(0.8) ? 4_000_000 : Math.max(70_000, 3 * datagramBytesMax),
      clockErrorMs: random.chance(0.5) ? (random.next() - 0.5) * 1_000 : (random.next() - 0.5) * 40 * YEAR_MS,
      timestampStepMs: this.pick([0.001, 0.001, 1, 10]),
      namesInOrder: true,
      umask: this.modes.chance(0.7) ? 0o022 : this.pick([0o002, 0o027, 0o077], this.modes),
      keepsModes: !this.modes.chance(0.08),
      syncsEdits: random.chance(0.5),
      pipeMs: random.next() * 3,
      diskMs: random.next() * this.pick([1, 20]),
      stepMs: random.next() * this.pick([0.2, 3]),
      busyMs: random.next() * this.pick([0, 0.2, 2]),
      spawnMs: 20 + random.next() * 300,
      hintMs: random.next() * this.pick([2, 300]),
      hintLoss: this.pick([0, 0, 0.3, 1]),
      startAtMs: random.chance(0.5) ? 0 : random.next() * lastMs,
    }
  }

  /** Two people change one path at nearly the same time. */
  private meet(acts: Act[], peerCount: number, lastMs: number): void {
    const { random } = this
    const atMs = random.next() * lastMs
    const path = this.pick(this.paths)
    for (let peer = 0; peer < peerCount; peer++) {
      const happening: Happening = { type: 'edit', peer, edit: this.editOf(path) }
      acts.push({ atMs: atMs + random.next() * this.pick([1, 100, 1_000]), happening })
    }
  }

  /** A file of many blocks appears at one peer, sometimes at a second one too, and all others build it at the same
   *  time; sometimes one of them dies meanwhile. */
  private spread(acts: Act[], peerCount: number, lastMs: number): void {
    const { random } = this
    const atMs = random.next() * lastMs
    const holder = random.below(peerCount)
    const edit: Edit = {
      type: 'write',
      path: this.pick(NAMES),
      content: this.content(),
      sizeBytes: (5 + random.below(36)) * BLOCK_BYTES - random.below(BLOCK_BYTES),
      steps: 1,
      stepMs: 0,
    }
    acts.push({ atMs, happening: { type: 'edit', peer: holder, edit } })
    const second = (holder + 1) % peerCount
    if (random.chance(0.3))
      acts.push({ atMs: atMs + random.next() * 200, happening: { type: 'edit', peer: second, edit } })
    const victim = random.below(peerCount)
    const downMs = random.next() * 2_000
    if (random.chance(0.5))
      acts.push({
        atMs: atMs + 100 + random.next() * 1_500,
        happening: { type: 'kill', peer: victim, downMs },
      })
  }

  private restoresOf(peerCount: number, lastMs: number): Act[] {
    const before = this.random
    this.random = new SeededRandom(this.seed ^ 0x5eed)
    const { random } = this
    const count = random.chance(0.7) ? 1 : 2
    const first = random.below(peerCount)
    // Not two of one peer: a share takes one new name in a day.
    const acts = Array.from({ length: count }, (_, index): Act => {
      const peer = (first + index) % peerCount
      // With a third peer that is met first nobody could tell: README.md.
      const isOfMachine = peerCount === 2 && random.chance(0.5)
      const editCount = random.below(3)
      const edits = Array.from({ length: editCount }, () => this.editOf(this.pick(this.paths)))
      const keptMs = 100 + random.next() * lastMs
      const happening: Happening = {
        type: 'restore',
        peer,
        keptMs,
        downMs: random.next() * 1_000,
        edits,
        isOfMachine,
      }
      return { atMs: random.next() * lastMs, happening }
    })
    this.random = before
    return acts
  }

  private changeModes(acts: Act[], peerCount: number, lastMs: number): void {
    const { modes } = this
    const count = modes.chance(0.5) ? 0 : 1 + modes.below(4)
    for (let drawn = 0; drawn < count; drawn++) {
      const path = modes.chance(0.2) ? this.folder(modes) : this.pick(this.paths, modes)
      const edit: Edit = { type: 'chmod', path, access: this.pick(ACCESSES, modes) }
      acts.push({
        atMs: modes.next() * lastMs,
        happening: { type: 'edit', peer: modes.below(peerCount), edit },
      })
    }
  }

  /** A file that is private from its beginning. */
  private access(): ToldAccess | undefined {
    return this.modes.chance(0.2) ? this.pick(ACCESSES, this.modes) : undefined
  }

  private editAt(peer: number): Happening {
    return { type: 'edit', peer, edit: this.editOf(this.pick(this.paths)) }
  }

  private beginning(): Edit {
    const { random } = this
    const path = this.pick(this.paths)
    if (random.chance(0.1)) return { type: 'folder', path: this.folder() }
    const ageMs = random.chance(0.5) ? 0 : random.next() * 10 * YEAR_MS
    return {
      type: 'write',
      path,
      content: this.content(),
      sizeBytes: this.size(),
      steps: 1,
      stepMs: 0,
      ageMs,
      access: this.access(),
    }
  }

  private editOf(path: string): Edit {
    const { random } = this
    const content = this.content()
    switch (random.below(20)) {
      case 0:
        return { type: 'touch', path, ageMs: random.chance(0.5) ? 0 : (random.next() - 0.3) * 2 * YEAR_MS }
      case 1:
        return { type: 'executable', path }
      case 2:
        return { type: 'folder', path: random.chance(0.3) ? path : this.folder() }
      case 3:
      case 4:
        return { type: 'remove', path: random.chance(0.2) ? this.folder() : path }
      case 5:
        return { type: 'rename', path, to: random.chance(0.5) ? this.pick(this.paths) : this.pick(NAMES) }
      case 6:
        return { type: 'copy', path, to: this.pick(this.paths) }
      case 7:
        return { type: 'swap', path, content, sizeBytes: this.size() }
      case 8:
        return { type: 'truncate', path, part: random.next() }
      case 9:
      case 10:
        return {
          type: 'append',
          path,
          content,
          sizeBytes: this.size(),
          steps: random.chance(0.5) ? 1 : 1 + random.below(8),
          stepMs: random.next() * 300,
        }
      case 11:
      case 12: {
        const from = random.next()
        return { type: 'overwrite', path, content, sizeBytes: this.size(), from }
      }
      case 13:
      case 14:
        return {
          type: 'replace',
          path,
          content,
          sizeBytes: this.size(),
          stepMs: random.next() * this.pick([1, 300]),
          access: this.access(),
        }
      case 15:
        return random.chance(0.3)
          ? { type: 'link', path, outside: this.pick(OUTSIDE_NAMES) }
          : { type: 'touch', path, ageMs: 0 }
      default:
        return {
          type: 'write',
          path,
          content,
          sizeBytes: this.size(),
          steps: random.chance(0.7) ? 1 : 1 + random.below(5),
          stepMs: random.next() * 200,
          access: this.access(),
        }
    }
  }

  private fault(links: readonly LinkPlan[], peerCount: number): Happening {
    const { random } = this
    const peer = random.below(peerCount)
    const downMs = random.next() * 4_000
    const forMs = random.next() * this.pick([500, 5_000, 20_000])
    switch (random.below(12)) {
      case 0:
        return { type: 'stop', peer, downMs }
      case 1:
      case 2:
        return { type: 'kill', peer, downMs }
      case 3:
        return { type: this.power ? 'power-loss' : 'kill', peer, downMs }
      case 4:
        return { type: 'watcher-death', peer }
      case 5:
      case 6:
      case 7: {
        const moment: DeathMoment = this.pick(['before', 'during', 'after'])
        const victim: Victim = this.pick([
          'watcher',
          'process',
          'process',
          this.power ? 'machine' : 'process',
        ])
        return { type: 'death-in-operation', peer, count: 1 + random.below(40), moment, victim, downMs }
      }
      case 8:
        return { type: 'full-disk', peer, roomBytes: random.below(2 * BLOCK_BYTES), forMs }
      case 9:
        return { type: 'clock-step', peer, byMs: -random.next() * this.pick([1_000, 3_600_000, YEAR_MS]) }
      case 10: {
        const { one, other } = this.pick(links)
        const mtuBytes = this.pick([1_300, 1_400, 1_500])
        return { type: 'small-mtu', peer: one, other, mtuBytes, forMs }
      }
      default: {
        const { one, other } = this.pick(links)
        const [from, to] = random.chance(0.5) ? [one, other] : [other, one]
        return { type: 'cut', peer: from, other: to, bothWays: random.chance(0.5), forMs }
      }
    }
  }

  private folder(random = this.random): string {
    const folders = this.paths
      .filter((path) => path.includes('/'))
      .map((path) => path.slice(0, path.lastIndexOf('/')))
    return folders.length > 0 ? this.pick(folders, random) : 'empty'
  }

  private content(): number {
    return this.random.chance(0.2) ? this.pick(this.contents) : this.random.uint32()
  }

  private size(): number {
    const { random } = this
    const drawn = random.below(20)
    if (drawn < 2) return 0
    if (drawn < 13) return 1 + random.below(2_000)
    if (drawn < 16) return BLOCK_BYTES - 1 + random.below(3)
    if (drawn < 19 || !this.largeSizes) return random.below(4 * BLOCK_BYTES)
    return random.below(20 * BLOCK_BYTES)
  }

  private pick<T>(from: readonly T[], random = this.random): T {
    return from[random.below(from.length)]!
  }
}
