// Draws a whole world from a seed: machines, links, what people do, what goes wrong and when. Sizes, times and faults
// are small and many rather than large and few, since it is their meetings that break things.

import { BLOCK_BYTES } from '../base/limits.js'
import type { DeathMoment } from './disk/disk.js'
import {
  drawBreakers,
  drawDirection,
  drawFlurry,
  drawInnerLinks,
  drawInsertions,
  drawPowerCut,
  drawRefusedPaths,
  drawRestores,
  drawRightedClock,
} from './draw/acts.js'
import { ACCESSES, EditDrawing, NAMES } from './draw/edits.js'
import { drawFolderMoves } from './draw/folder-moves.js'
import { drawLink } from './draw/link.js'
import { drawPauses } from './draw/pauses.js'
import type { Edit } from './edits.js'
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

const MODES_SEED = 0x6d_6f_64_65
/** Beyond the seeds that anybody gives. */
const REKEYING_SEED = 2 ** 45
const REKEYING_BYTES_MIN = 1_600_000
const YEAR_MS = 365.25 * 86_400_000

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
  private readonly random: SeededRandom
  /** Draws modes, apart from the rest: seeds that once found something are the worlds that they were. */
  private readonly modes: SeededRandom
  private readonly edits: EditDrawing

  constructor(seed: number, { power, restores = false }: DrawOptions) {
    this.seed = seed
    this.power = power
    this.restores = restores
    this.random = new SeededRandom(seed)
    this.modes = new SeededRandom(seed ^ MODES_SEED)
    this.edits = new EditDrawing(this.random, this.modes)
  }

  scenario(): Scenario {
    const { random, seed, edits } = this
    const peerCount = random.chance(0.6) ? 2 : random.chance(0.8) ? 3 : 4
    const pairs = peerCount > 2 && random.chance(0.4) ? chainOf(peerCount) : meshOf(peerCount)
    const lastMs = 500 + random.next() * 8_000
    const rekeying = this.rekeying()
    const drawnPeers = Array.from({ length: peerCount }, () => ({ ...this.peer(lastMs), ...rekeying }))
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
      edit: edits.beginning(),
    }))
    if (peerCount > 2 && random.chance(0.3)) this.spread(acts, peerCount, lastMs)
    this.changeModes(acts, peerCount, lastMs)
    const scene = { seed, edits, peerCount, lastMs }
    if (this.restores) acts.push(...drawRestores(scene))
    const healAtMs = lastMs * 1.2 + 200 + random.next() * 3_000
    const restLoss = random.chance(0.5) ? 0 : random.next() * 0.05
    const righted = drawRightedClock(scene, drawnPeers)
    const cut = this.power ? drawPowerCut(scene, righted.peers) : { peers: righted.peers, acts: [] }
    acts.push(...drawRefusedPaths(scene), ...righted.acts, ...drawFlurry(scene), ...cut.acts)
    acts.push(...drawInsertions(scene), ...drawInnerLinks(scene), ...drawFolderMoves(scene))
    acts.push(...drawPauses(scene, this.power))
    const cautious = drawBreakers(scene, cut.peers)
    acts.push(...cautious.acts)
    const peers = drawDirection(scene, cautious.peers)
    acts.sort((left, right) => left.atMs - right.atMs)
    return { seed, peers, links, beginnings, acts, healAtMs, restLoss }
  }

  /** Of a generator of its own: what else is drawn from a seed stays as it was before there was this. */
  private rekeying(): Pick<PeerPlan, 'rekeying'> {
    const random = new SeededRandom(this.seed + REKEYING_SEED)
    if (!random.chance(0.3)) return {}
    // More than the probes of a session take in the time that a world must be quiet, 340,000 bytes a minute and side where
    // datagrams may be large, and more where they are lost (seed 2001770): else the session would be renewed by them alone for
    // ever, and each renewal greets.
    const afterBytes = Math.max(REKEYING_BYTES_MIN, 500_000 + random.next() * 2_000_000)
    return { rekeying: { afterMs: 600_000, afterBytes } }
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
    const path = this.edits.path()
    for (let peer = 0; peer < peerCount; peer++) {
      const happening: Happening = { type: 'edit', peer, edit: this.edits.of(path) }
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
      content: this.edits.content(),
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

  private changeModes(acts: Act[], peerCount: number, lastMs: number): void {
    const { modes } = this
    const count = modes.chance(0.5) ? 0 : 1 + modes.below(4)
    for (let drawn = 0; drawn < count; drawn++) {
      const path = modes.chance(0.2) ? this.edits.folder(modes) : this.edits.path(modes)
      const edit: Edit = { type: 'chmod', path, access: this.pick(ACCESSES, modes) }
      acts.push({
        atMs: modes.next() * lastMs,
        happening: { type: 'edit', peer: modes.below(peerCount), edit },
      })
    }
  }

  private editAt(peer: number): Happening {
    return { type: 'edit', peer, edit: this.edits.of(this.edits.path()) }
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

  private pick<T>(from: readonly T[], random = this.random): T {
    return from[random.below(from.length)]!
  }
}
