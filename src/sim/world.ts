// A simulated world: peers with their shares on a network, and time. What happens in it is a function of its plan and
// seed. Whatever breaks an invariant is found here while it runs; scenario runs and tests drive it.

import type { Hash } from '../base/item.js'
import type { EngineEvent } from '../engine/engine.js'
import type { Journal } from '../journal/journal.js'
import type { Catalogue } from '../keeper/index/catalogue.js'
import type { Recovered } from '../keeper/recover/recovery.js'
import type { ShareState } from '../pipe/commands.js'
import { DatagramType } from '../rdt/wire/control.js'
import type { Crc32 } from '../seal/frames/frame.js'
import type { Entry } from '../share/entry.js'
import { PauseCheck, type Whom } from './checks/pauses.js'
import { Privacy } from './checks/privacy.js'
import { Resumption } from './checks/resumption.js'
import { TrashCheck } from './checks/trash.js'
import { type Edit, Editor } from './edits.js'
import { History } from './history.js'
import { LastChange } from './last-change.js'
import { EVENTS_MAX, QUIET_MS } from './limits.js'
import { Network } from './network.js'
import { putOutside } from './outside.js'
import { SimPeer } from './peer/peer.js'
import type { PeerObserver } from './peer/peer-options.js'
import { peerName, type Victim, type WorldPlan } from './plan.js'
import { recordOpenedCopy, recordPowerLoss } from './power-loss.js'
import { SeededRandom } from './random.js'
import { Scheduler } from './scheduler.js'
import { removeUnlooked, replacePutBack, replaceUntold } from './shares.js'
import { Trace } from './trace.js'
import { type SimKey, standInKey } from './trust.js'

/** Which of the invariants of DESIGN section 12 broke, and how. 'error': something was thrown that must not be. */
export interface Breach {
  readonly invariant:
    | 'I1'
    | 'I2'
    | 'I3'
    | 'I4'
    | 'I5'
    | 'I6'
    | 'I7'
    | 'I8'
    | 'I9'
    | 'I10'
    | 'I11'
    | 'I14'
    | 'I15'
    | 'I16'
    | 'error'
  readonly detail: string
}

export interface WorldOptions {
  readonly hash: Hash
  readonly crc32: Crc32
  /** Another key than a stand-in for each peer. */
  readonly keyOf?: ((peer: number) => SimKey) | undefined
  /** Given every step in words, where somebody reads along. */
  readonly tell?: ((line: string) => void) | undefined
}

export class World {
  readonly scheduler = new Scheduler()
  readonly network: Network
  readonly peers: readonly SimPeer[]
  readonly editors: readonly Editor[]
  readonly history: History
  readonly trace: Trace
  readonly plan: WorldPlan
  /** The first invariant that broke; the world stands still from then on. */
  breach: Breach | undefined
  /** The events of all peers, newest last. */
  readonly events: { readonly peer: number; readonly event: EngineEvent }[] = []
  /** Files beside each peer's share, which nobody may touch. */
  readonly outside: readonly ReadonlyMap<string, Uint8Array>[]
  /** Peers of which a process has died at some time. */
  readonly died = new Set<number>()
  /** Datagrams sent so far by all peers, by type. */
  readonly datagramCounts = new Uint32Array(256)
  /** What each peer knows of its share, since it was last opened. */
  readonly catalogues = new Map<number, Catalogue>()
  /** The log of each share, since it was last opened. */
  readonly journals = new Map<number, Journal<Entry>>()
  readonly resumptions: readonly Resumption[]
  private readonly pauses: readonly PauseCheck[]
  private readonly trashChecks: readonly TrashCheck[]
  readonly privacy: Privacy
  readonly lastChange = new LastChange()
  private readonly numberOf = new Map<string, number>()
  private lastActivityMs = 0
  private lastActivity = ''
  private eventCount = 0

  constructor(plan: WorldPlan, options: WorldOptions) {
    this.plan = plan
    const random = new SeededRandom(plan.seed)
    this.network = new Network(this.scheduler, random.fork())
    this.history = new History(options.hash, plan.peers.length)
    for (const [peer, { direction }] of plan.peers.entries())
      if (direction === 'receive-only') this.history.model.onlyReceives(peer)
    this.trace = new Trace(this.scheduler, options.tell)
    plan.peers.forEach(({ line }, peer) => {
      this.numberOf.set(addressOf(peer), peer)
      if (line !== undefined) this.network.connectBy(addressOf(peer), line)
    })
    for (const { one, other, outward, homeward } of plan.links) {
      Object.assign(this.network.link(addressOf(one), addressOf(other)).faults, outward)
      Object.assign(this.network.link(addressOf(other), addressOf(one)).faults, homeward)
    }
    const observer = this.observer()
    this.peers = plan.peers.map(
      (peerPlan, number) =>
        new SimPeer({
          number,
          plan: peerPlan,
          address: addressOf(number),
          neighbours: new Set(this.neighboursOf(number).map(addressOf)),
          scheduler: this.scheduler,
          network: this.network,
          random: random.fork(),
          hash: options.hash,
          crc32: options.crc32,
          key: (options.keyOf ?? standInKey)(number),
          observer,
        }),
    )
    this.privacy = new Privacy({
      disks: this.peers.map(({ disk }) => disk),
      digestOf: (bytes) => this.history.digestOf(bytes),
    })
    this.outside = this.peers.map((peer) => putOutside(peer))
    this.resumptions = this.peers.map((peer) => new Resumption(peer.disk, this.history))
    this.pauses = this.peers.map(() => new PauseCheck())
    this.trashChecks = this.peers.map(({ disk }) => new TrashCheck(disk))
    this.editors = this.peers.map(
      (peer, number) =>
        new Editor({
          peer: number,
          disk: peer.disk,
          scheduler: this.scheduler,
          history: this.history,
          wallMs: peer.wallMs,
          syncs: plan.peers[number]!.syncsEdits,
          powered: () => peer.powered,
          onChanged: (path) => {
            this.lastChange.handleEdited(this.nowMs)
            this.trace.mix(1, number, path.length)
            this.privacy.handleEdited(number, path)
            peer.hint(path)
          },
          onReplaced: (path, digest) => {
            const told = this.catalogues.get(number)?.live(path)
            if (plan.peers[number]!.direction === 'receive-only') replaceUntold(this, path, digest, told)
            removeUnlooked(this, { peer: number, path, was: digest, told })
            replacePutBack(this, number, path, digest)
          },
        }),
    )
  }

  get nowMs(): number {
    return this.scheduler.nowMs
  }

  /** Paths at which something was changed at a peer that only receives: the first of many. */
  localPathsOf(peer: number): readonly string[] {
    const { keeper } = this.peers[peer]!
    if (keeper === undefined || this.plan.peers[peer]!.direction !== 'receive-only') return []
    const { local } = keeper.commands.carryOut({ name: 'state' }, this.scheduler.nowMs) as ShareState
    return local.first.map(({ path }) => path)
  }

  neighboursOf(peer: number): number[] {
    const found: number[] = []
    for (const { one, other } of this.plan.links) {
      if (one === peer) found.push(other)
      if (other === peer) found.push(one)
    }
    return found
  }

  /** Every peer starts at its own time. */
  startAll(): void {
    this.peers.forEach((peer, number) => {
      const { startAtMs } = this.plan.peers[number]!
      if (startAtMs === 0) peer.start()
      else this.scheduler.at(startAtMs, () => peer.start())
    })
  }

  edit(peer: number, edit: Edit): void {
    this.editors[peer]!.perform(edit)
  }

  /** A person pauses the exchange, where LEFT runs. */
  pause(peer: number, whom: Whom): void {
    if (this.peers[peer]!.pause(this.idsOf(whom))) this.pauses[peer]!.handlePaused(whom, this.nowMs)
  }

  resume(peer: number, whom: Whom): void {
    this.peers[peer]!.resume(this.idsOf(whom))
    this.pauses[peer]!.handleResumed(whom)
  }

  private idsOf(whom: Whom): readonly string[] | 'all' {
    return whom === 'all' ? 'all' : [this.plan.peers[whom]!.id]
  }

  /** Lets time pass; stops where an invariant breaks. */
  run(forMs: number): void {
    const untilMs = this.nowMs + forMs
    this.scheduler.runWhile(() => this.goesOn(), untilMs)
    if (this.breach === undefined) this.scheduler.runUntil(untilMs)
  }

  /** Lets time pass until nothing but waiting has gone on for `quietMs`, also after every share has been read again;
   *  false where that does not come within `withinMs`. */
  runUntilQuiet(withinMs: number, quietMs: number = QUIET_MS): boolean {
    const untilMs = this.nowMs + withinMs
    if (!this.waitForQuiet(untilMs, quietMs / 2)) return false
    // A rescan finds the changes of which no hint told, and it may be a while away.
    for (const peer of this.peers) peer.readAgain()
    this.lastActivityMs = this.nowMs
    return this.waitForQuiet(untilMs, quietMs)
  }

  private waitForQuiet(untilMs: number, quietMs: number): boolean {
    this.lastActivityMs = Math.max(this.lastActivityMs, this.nowMs)
    while (this.breach === undefined && this.nowMs < untilMs) {
      const quietAtMs = this.lastActivityMs + quietMs
      if (this.nowMs >= quietAtMs) return true
      this.run(Math.min(quietAtMs, untilMs) - this.nowMs)
    }
    return false
  }

  /** The last activity, for a message that asks why the world is not quiet. */
  get activity(): string {
    return `${this.lastActivity} at ${(this.lastActivityMs / 1000).toFixed(3)} s`
  }

  /** Every fault ends: links are whole but for some loss, disks have room, machines are on, LEFT runs, and nothing is paused. */
  heal(restLoss: number): void {
    for (const { one, other } of this.plan.links) {
      this.network.shape(addressOf(one), addressOf(other), {
        down: false,
        bursts: undefined,
        loss: restLoss,
        bitFlips: 0,
        truncation: 0,
      })
    }
    for (const [number, peer] of this.peers.entries()) {
      peer.disk.capacityBytes = undefined
      this.resume(number, 'all')
      peer.start()
    }
  }

  break(invariant: Breach['invariant'], detail: string): void {
    this.breach ??= { invariant, detail }
  }

  private goesOn(): boolean {
    if (this.breach !== undefined) return false
    if (++this.eventCount > EVENTS_MAX) {
      this.break('I4', `it spins: ${EVENTS_MAX} events and no end; last ${this.activity}`)
      return false
    }
    return true
  }

  private noteActivity(peer: number, what: string): void {
    this.lastActivityMs = this.nowMs
    this.lastActivity = `${peerName(peer)}: ${what}`
  }

  private observer(): PeerObserver {
    return {
      handleSharePath: (peer, path) => {
        this.checkPlaced(peer, path)
        const standing = this.catalogues.get(peer)?.live(path)
        const told = standing?.kind === 'file' ? standing.access : undefined
        this.checkPrivate(peer, path, this.privacy.handlePlaced(peer, path, told))
      },
      handleRenamed: (peer, from, to) => this.privacy.handleRenamed(peer, from, to),
      handleOwnFile: (peer, path) => this.checkPrivate(peer, path, this.privacy.handleTemporary(peer, path)),
      handleWrittenInPlace: (peer, path) =>
        this.break('I1', `${peerName(peer)} wrote into ${JSON.stringify(path)} in its place`),
      handleTaking: (peer, path, to) => {
        const isGone = this.trashChecks[peer]!.handleTaking(path, to)
        return () => {
          if (to !== path) this.resumptions[peer]!.handleTaken(path)
          if (isGone())
            this.break('I14', `${peerName(peer)} took ${JSON.stringify(path)} away, and not into its trash`)
        }
      },
      handleActivity: (peer, what) => this.noteActivity(peer, what),
      handleEvent: (peer, event) => this.handleEvent(peer, event),
      handleDatagram: (peer, to, bytes) => {
        const type = bytes[0]!
        this.datagramCounts[type]!++
        this.trace.mix(type, peer * 16 + this.numberOf.get(to)!, bytes.length)
        if (GIVING_TYPES.has(type)) this.checkPause(peer, this.numberOf.get(to)!, `datagram of type ${type}`)
        if (!IDLE_TYPES.has(type)) this.noteActivity(peer, `datagram of type ${type}`)
      },
      handleMessage: (peer, message) => {
        if (message.type === 'claim')
          this.checkPause(
            peer,
            this.plan.peers.findIndex(({ id }) => id === message.claim.peer),
            'claim',
          )
        if (message.type === 'root') {
          this.lastChange.handleTold(peer, message.root.digest, message.notHeldCount, this.nowMs)
          this.history.handleTold(peer, message.own.author)
        }
        if (message.type === 'fetch-blocks')
          this.resumptions[peer]!.handlePrepared(message.temporary, message.needed)
        if (message.type !== 'notice' && message.type !== 'work')
          this.trace.say(() => `${peerName(peer)} ${JSON.stringify(message, inBrief)}`)
      },
      handleOpened: (peer, recovered) => this.handleOpened(peer, recovered),
      handleBlockWritten: (peer, temporary, position) =>
        this.resumptions[peer]!.handleWritten(temporary, position, this.nowMs),
      handleRefusedWrite: (peer) => this.resumptions[peer]!.handleRefusedWrite(this.nowMs),
      handlePowerLoss: (peer, wasOpen, lose) => recordPowerLoss(this, { peer, wasOpen }, lose),
      handleDeath: (peer, victim) => this.handleDeath(peer, victim),
      handleRefusal: (peer, reason) =>
        this.trace.say(() => `${peerName(peer)} cannot open its share: ${reason}`),
      handleError: (peer, error) =>
        this.break('error', `${peerName(peer)}: ${error instanceof Error ? error.stack : String(error)}`),
    }
  }

  /** I1, I5 and I9 at the moment in which LEFT changes a path. */
  private checkPlaced(peer: number, path: string): void {
    const { disk } = this.peers[peer]!
    const bytes = disk.contentOf(path)
    const digest = bytes && this.history.digestOf(bytes)
    this.lastChange.handleTouched(peer, path, disk, digest, this.nowMs)
    const kind = disk.unharmed(() => disk.statLink(path))?.kind
    if (bytes === undefined || digest === undefined) {
      if (kind === 'folder') this.history.placedFolder(peer, path)
      return
    }
    this.trace.mix(3, peer, bytes.length)
    this.trace.say(
      () => `${peerName(peer)} has ${JSON.stringify(path)} ${digest.slice(0, 8)} (${bytes.length})`,
    )
    if (!this.history.model.existed(digest))
      this.break(
        'I9',
        `${peerName(peer)} put ${bytes.length} bytes at ${JSON.stringify(path)} that nobody made`,
      )
    const wrong = this.history.placed(peer, path, digest, this.nowMs, kind === 'link')
    if (wrong !== undefined) this.break('I5', `${peerName(peer)} ${JSON.stringify(path)}: ${wrong}`)
  }

  private checkPrivate(peer: number, path: string, wrong: string | undefined): void {
    if (wrong !== undefined) this.break('I15', `${peerName(peer)} ${JSON.stringify(path)}: ${wrong}`)
  }

  private checkPause(peer: number, other: number, what: string): void {
    if (this.pauses[peer]!.isCrossed(other, this.nowMs))
      this.break('I16', `${peerName(peer)} has paused with ${peerName(other)}: ${what}`)
  }

  private handleEvent(peer: number, event: EngineEvent): void {
    this.events.push({ peer, event })
    this.trace.mix(2, peer, event.event.length)
    if (event.event !== 'progress' && event.event !== 'work')
      this.trace.say(() => `${peerName(peer)} ${JSON.stringify(event)}`)
  }

  private handleOpened(peer: number, recovered: Recovered): void {
    for (const note of recovered.notes) this.trace.say(() => `${peerName(peer)} ${note}`)
    const copy = this.history.unopenedCopy(peer)
    if (copy !== undefined) recordOpenedCopy(this, { peer, known: recovered.catalogue, copy })
    this.history.handleOpened(peer)
    this.catalogues.set(peer, recovered.catalogue)
    this.journals.set(peer, recovered.journal)
    const wrong = this.resumptions[peer]!.handleOpened(recovered.journal.fetches)
    if (wrong !== undefined) this.break(wrong.invariant, `${peerName(peer)} ${wrong.detail}`)
  }

  private handleDeath(peer: number, victim: Victim): void {
    this.trace.mix(4, peer, victim.length)
    this.trace.say(() => `${peerName(peer)} ${victim} dies`)
    this.died.add(peer)
    if (victim !== 'watcher') this.pauses[peer]!.handleDeath()
    this.history.model.handleDeath(peer, this.nowMs)
    this.resumptions[peer]!.handleDeath(victim, this.nowMs)
  }
}

function inBrief(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value.slice(0, 8)
  return value
}

/** Whether the other is still there, and whether the path has grown: asked of an idle session too. */
const IDLE_TYPES: ReadonlySet<number> = new Set([
  DatagramType.ping,
  DatagramType.pong,
  DatagramType.probe,
  DatagramType.probed,
])

/** What peers ask for, and what they give. */
const GIVING_TYPES: ReadonlySet<number> = new Set([DatagramType.request, DatagramType.segment])

export function addressOf(peer: number): string {
  return `10.0.0.${peer + 1}:22001`
}
