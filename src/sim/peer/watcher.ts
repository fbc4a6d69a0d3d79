// The watcher process of a simulated machine: the keeper as src/watcher/main.ts runs it, behind a pipe that delays and
// keeps the order. Started, told and ended by SimPeer; dies by itself where an armed operation on the disk is reached.

import { DiskError } from '../../base/ports.js'
import type { Witness } from '../../base/witness-port.js'
import { Keeper } from '../../keeper/keeper.js'
import { openShare, type Recovered } from '../../keeper/recover/recovery.js'
import type { ShareCommand } from '../../pipe/commands.js'
import type { EngineToKeeper, KeeperToEngine } from '../../pipe/messages.js'
import { parentOf } from '../../share/path.js'
import { type SimDisk, SimulatedDeath } from '../disk/disk.js'
import type { SimIndex } from './index.js'
import type { SimPeerOptions } from './peer-options.js'
import { TurnedSearch } from './turned-search.js'
import type { WatchedDisk } from './watched-disk.js'

/** The machine that the watcher process runs on, and the receivers of its messages. */
export interface WatcherHost {
  readonly peer: SimPeerOptions
  readonly disk: SimDisk
  readonly watchedDisk: WatchedDisk
  readonly index: SimIndex
  readonly witness: Witness
  readonly wallMs: () => number
  /** Names the machine's life since power came last. */
  readonly boot: () => string
  readonly onMessages: (messages: readonly KeeperToEngine[]) => void
  /** The share could not be opened: the process has told why, and ends. */
  readonly onRefusal: () => void
  /** An armed operation on the disk was reached. */
  readonly onDeath: () => void
}

export class SimWatcher {
  keeper: Keeper | undefined
  /** As the keeper has it. */
  catalogue: Recovered['catalogue'] | undefined
  private readonly host: WatcherHost
  private state: 'none' | 'starting' | 'up' = 'none'
  /** Counts starts: what was put down for an earlier one is not for this one. */
  private life = 0
  private readonly watchedFolders = new Set<string>()
  private unread: EngineToKeeper[] = []
  private arrivesAtMs = 0
  private stepDue = false
  private timerMs = Number.POSITIVE_INFINITY

  constructor(host: WatcherHost) {
    this.host = host
  }

  get isUp(): boolean {
    return this.state === 'up'
  }

  get isThere(): boolean {
    return this.state !== 'none'
  }

  /** As its parent's end of the pipe closing does. Answers whether all that was known reached the disk. */
  stop(): boolean {
    let isInOrder = false
    this.guarded(() => {
      isInOrder = this.stopKeeper()
    })
    return isInOrder
  }

  private stopKeeper(): boolean {
    try {
      this.keeper?.stop()
      return this.keeper !== undefined
    } catch (error) {
      // As in src/watcher/main.ts: what is not committed is found again by the next start.
      if (!(error instanceof DiskError)) throw error
      return false
    }
  }

  /** Something changed at `path`, and the platform may tell the process of it. */
  hint(path: string): void {
    const { plan, random, scheduler } = this.host.peer
    if (this.state !== 'up' || !this.watchedFolders.has(parentOf(path))) return
    if (random.chance(plan.hintLoss)) return
    const { life } = this
    scheduler.at(scheduler.nowMs + random.next() * plan.hintMs, () => {
      if (this.life !== life) return
      this.keeper?.handleHint(path)
      this.wakeKeeper()
    })
  }

  /** The whole share is read again, as it is every now and then. */
  readAgain(): void {
    this.keeper?.handleHint('')
    this.wakeKeeper()
  }

  tell(message: EngineToKeeper): void {
    // Lost where there is no process to read it: src/app/watcher-process.ts.
    if (this.state === 'none') return
    const { scheduler, random, plan } = this.host.peer
    this.arrivesAtMs = Math.max(this.arrivesAtMs, scheduler.nowMs + random.next() * plan.pipeMs)
    const { life } = this
    scheduler.at(this.arrivesAtMs, () => {
      if (this.life !== life) return
      if (this.keeper === undefined) this.unread.push(message)
      else this.handToKeeper([message])
    })
  }

  spawn(): void {
    const { scheduler, random, plan } = this.host.peer
    this.state = 'starting'
    const life = ++this.life
    this.watchedFolders.clear()
    scheduler.at(scheduler.nowMs + random.next() * plan.spawnMs, () => {
      if (this.life === life) this.guarded(() => this.openKeeper())
    })
  }

  private openKeeper(): void {
    const { plan, scheduler, hash, crc32, number, observer, random } = this.host.peer
    const { watchedDisk: disk, index, wallMs } = this.host
    let recovered: Recovered
    try {
      recovered = openShare({
        disk,
        hash,
        crc32,
        index,
        wallMs,
        random: (below) => random.below(below),
        witness: this.host.witness,
        peer: plan.id,
        boot: this.host.boot(),
      })
    } catch (error) {
      // The peer says that the disk cannot be used and ends; it is started again by hand.
      if (!(error instanceof DiskError)) throw error
      observer.handleRefusal(number, error.message)
      this.host.onRefusal()
      return
    }
    observer.handleOpened(number, recovered)
    const { edits, authors, catalogue, journal } = recovered
    const { life } = this
    const search = new TurnedSearch({
      disk: this.host.disk,
      hash,
      scheduler,
      random,
      isAlive: () => this.life === life,
      onReport: () => this.wakeKeeper(),
    })
    this.state = 'up'
    this.catalogue = catalogue
    this.keeper = new Keeper(
      {
        disk,
        hash,
        journal,
        catalogue,
        edits,
        authors,
        links: 'auto',
        search,
        wallMs,
        ...(plan.maxDelete && { maxDelete: plan.maxDelete }),
        ...(plan.direction && { direction: plan.direction }),
        onFolder: (path, present) => {
          if (present) this.watchedFolders.add(path)
          else this.watchedFolders.delete(path)
        },
      },
      scheduler.nowMs,
    )
    this.handToKeeper(this.unread.splice(0))
  }

  /** A person asks it for something, as at the control socket. */
  carryOut(command: ShareCommand): void {
    this.guarded(() => this.keeper?.commands.carryOut(command, this.nowMs))
    this.tellEngine()
    this.wakeKeeper()
  }

  private handToKeeper(messages: readonly EngineToKeeper[]): void {
    for (const message of messages) this.guarded(() => this.keeper?.handle(message, this.nowMs))
    this.tellEngine()
    this.wakeKeeper()
  }

  private wakeKeeper(): void {
    if (this.stepDue || this.keeper === undefined) return
    this.stepDue = true
    const { scheduler, random, plan } = this.host.peer
    const { life } = this
    scheduler.at(scheduler.nowMs + 0.02 + random.next() * plan.stepMs, () => {
      if (this.life !== life) return
      this.stepDue = false
      this.stepKeeper()
    })
  }

  private stepKeeper(): void {
    let more = false
    this.guarded(() => {
      more = this.keeper?.step(this.nowMs) ?? false
    })
    this.tellEngine()
    if (more) this.wakeKeeper()
    else this.sleepKeeper()
  }

  private sleepKeeper(): void {
    const dueMs = this.keeper?.pollTimeout()
    if (dueMs === undefined || dueMs >= this.timerMs) return
    this.timerMs = dueMs
    const { life } = this
    this.host.peer.scheduler.at(dueMs, () => {
      if (this.life !== life || this.timerMs !== dueMs) return
      this.timerMs = Number.POSITIVE_INFINITY
      this.wakeKeeper()
    })
  }

  private tellEngine(): void {
    const messages = this.keeper?.takeMessages() ?? []
    if (messages.length > 0) this.host.onMessages(messages)
  }

  /** Runs something of the process, which may die in it. */
  private guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof SimulatedDeath) this.host.onDeath()
      else this.host.peer.observer.handleError(this.host.peer.number, error)
    }
  }

  end(): void {
    this.keeper = undefined
    this.catalogue = undefined
    this.state = 'none'
    this.life++
    this.stepDue = false
    this.timerMs = Number.POSITIVE_INFINITY
    this.unread = []
    this.arrivesAtMs = 0
    this.watchedFolders.clear()
  }

  private get nowMs(): number {
    return this.host.peer.scheduler.nowMs
  }
}
