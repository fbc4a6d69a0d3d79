// A running peer: the engine drained into a socket, a disk and the watcher process. One loop does the draining;
// callbacks only hand in what came and ask for a turn of it.

import { getHeapStatistics } from 'node:v8'
import type { LeftError } from '../base/errors.js'
import type { PrivatePlaces } from '../base/ports.js'
import type { Status } from '../control/status.js'
import { Engine, type EngineEvent } from '../engine/engine.js'
import { BlockIo } from '../io/blocks/block-io.js'
import { nowMs } from '../io/clock.js'
import { crc32, hash, loadHash } from '../io/hash.js'
import { HeapGrowth } from '../io/heap-growth.js'
import { LEAN_GROWTH } from '../io/limits.js'
import { datagramBytesMax } from '../io/net/interfaces.js'
import { chooseOffload } from '../io/net/offload-probe.js'
import { UdpSocket } from '../io/net/udp.js'
import { PrivateFiles } from '../io/private-files.js'
import { SystemRandom } from '../io/random.js'
import { stateFolder } from '../io/witness.js'
import type { EngineToKeeper } from '../pipe/messages.js'
import { FOLLOWING } from '../pipe/settings.js'
import { firstDatagramBytes } from '../rdt/wire/gro-split.js'
import { DiskOps } from './disk-ops.js'
import { EventLog } from './event-log.js'
import type { PeerEvent } from './events.js'
import { sessionFigures, summaryOf } from './figures.js'
import { knownOptions } from './heap.js'
import { Knocks } from './knocks.js'
import {
  ENGINE_GROWTHS,
  LOOK_MS,
  REST_LOOK_MS,
  REST_TURNS,
  SENDS_PER_TURN_MAX,
  WATCHER_OPTIONS,
} from './limits.js'
import type { PeerOptions } from './options.js'
import { PeerAddresses } from './peer-addresses.js'
import { privatePlacesOf } from './private-places.js'
import { type OpenProtection, openProtection } from './protection.js'
import { Reporter } from './reporter.js'
import { Sending } from './sending.js'
import { refuseDangerousShare } from './share-danger.js'
import { openShareFolder, type ShareFolder } from './share-folder.js'
import { startEvents } from './start-events.js'
import { Steering } from './steering.js'
import { PROGRAM_VERSION } from './version.js'
import { WatcherProcess } from './watcher-process.js'

export interface RunningPeer {
  /** Says goodbye to the peers and leaves a state to go on from; under a second. */
  stop(): Promise<void>
  /** Undefined before it has started. */
  status(): Promise<Status | undefined>
  /** Resolves when the peer has ended: with the reason, or with undefined after `stop`. */
  readonly finished: Promise<LeftError | undefined>
}

/** Throws a LeftError where the share, the port or the identity cannot be used. */
export async function startPeer(
  options: PeerOptions,
  onEvent: (event: PeerEvent) => void,
): Promise<RunningPeer> {
  refuseDangerousShare(options.share, { isMeant: options.yes })
  const folder = openShareFolder(options.share, stateFolder(), { beginsAnew: options.anew })
  try {
    const peer = new Peer(options, folder, onEvent)
    await peer.start()
    return peer
  } catch (error) {
    folder.release()
    throw error
  }
}

class Peer implements RunningPeer {
  readonly finished: Promise<LeftError | undefined>
  private readonly options: PeerOptions
  private readonly folder: ShareFolder
  private readonly reporter: Reporter
  private readonly steering: Steering
  private readonly log: EventLog
  private readonly privatePlaces: PrivatePlaces
  private readonly privateFiles: PrivateFiles
  private readonly blocks: BlockIo
  private socket!: UdpSocket
  private protection!: OpenProtection
  private engine!: Engine
  private watcher!: WatcherProcess
  private finish!: (error: LeftError | undefined) => void
  private readonly addresses: PeerAddresses
  private readonly sending = new Sending()
  private readonly knocks: Knocks
  private diskOps!: DiskOps
  private isReady = false
  private isEngineThere = false
  /** Of a watcher process that ended before there was an engine. */
  private earlyFailure: LeftError | undefined
  private turn: NodeJS.Immediate | undefined
  /** Since the last look. */
  private turns = 0
  private timer: NodeJS.Timeout | undefined
  private timerDueMs = Number.POSITIVE_INFINITY
  private looking: NodeJS.Timeout | undefined
  private stopped: Promise<void> | undefined

  constructor(options: PeerOptions, folder: ShareFolder, onEvent: (event: PeerEvent) => void) {
    this.options = options
    this.folder = folder
    this.knocks = new Knocks(options.bind)
    this.log = new EventLog(options.share, () => new Date())
    this.privatePlaces = privatePlacesOf(options)
    this.privateFiles = new PrivateFiles(this.privatePlaces)
    const { privateFiles } = this
    this.blocks = new BlockIo(options.share, { following: FOLLOWING[options.links], privateFiles })
    this.reporter = new Reporter(
      (event) => {
        this.steering.handle(event)
        this.log.handle(event)
        onEvent(event)
      },
      (address) => this.addresses.isUnnamed(address),
    )
    this.addresses = new PeerAddresses({
      options,
      reporter: this.reporter,
      connect: (address) => this.engine.connect(address, nowMs()),
      disconnect: (address) => this.engine.disconnect(address, nowMs()),
      isConnected: (address) => this.engine.isConnected(address),
      canReach: (address) => this.socket.canReach(address),
      onMoved: () => {
        this.engine.doubtSessions(nowMs())
        this.wake()
      },
      onChange: () => this.wake(),
    })
    this.steering = new Steering({
      options,
      listening: () => (this.isEngineThere ? this.socket.listening : undefined),
      reporter: this.reporter,
      named: this.addresses.named,
      found: () => this.addresses.trackedFacts(),
      trackers: () => this.addresses.trackerStatus(),
      isDiscovering: options.discover,
      engine: () => (this.isEngineThere ? this.engine : undefined),
      watcher: () => this.watcher,
      knocks: this.knocks,
      wake: () => this.wake(),
    })
    this.finished = new Promise((resolve) => {
      this.finish = resolve
    })
  }

  async start(): Promise<void> {
    const { options } = this
    await loadHash()
    const v8Options = await knownOptions(WATCHER_OPTIONS)
    const growth = v8Options.includes(LEAN_GROWTH) ? new HeapGrowth(ENGINE_GROWTHS) : undefined
    const random = new SystemRandom()
    const offload = await chooseOffload(options.offload === 'auto')
    // Peers that are found may be of both families.
    const isFinding = options.discover || options.trackers.length > 0
    const ipv6 = isFinding || options.peers.some(({ host }) => host.includes(':'))
    // Before the identity: a port in use is a refusal, and a refusal makes nothing and tells of nothing else.
    this.socket = await UdpSocket.open({
      port: options.port,
      bind: options.bind,
      ipv6,
      offload: offload.native && { native: offload.native, firstDatagramBytes },
      onDatagram: (from, bytes, datagramBytes) => {
        // A peer that does not know yet whether it can keep its share is not there yet: hellos are repeated.
        if (!this.isReady) return
        if (this.knocks.handleDatagrams(bytes)) return
        if (!this.addresses.handleDatagrams(from, bytes, datagramBytes))
          this.engine.handleDatagrams(from, bytes, datagramBytes, nowMs())
        this.wake()
      },
      onRoom: () => this.wake(),
    })
    let watcher: WatcherProcess | undefined
    const startedWatcher = () => {
      watcher ??= this.startWatcher(v8Options)
      return watcher
    }
    try {
      this.protection = await openProtection({
        options,
        settlePeerId: (fingerprint) => this.settlePeerId(fingerprint),
        random,
        crc32,
        isNamed: (address) => this.addresses.named.has(address),
        isFound: (address) => this.addresses.isFound(address),
        isFoundOnly: options.discover && options.peers.length === 0,
        isTracked: options.trackers.length > 0,
        nameOf: (address) => this.reporter.nameOf(address),
        onEvent: (event) => this.reporter.say(event),
        openIdentity: (request, onMaking) => startedWatcher().openIdentity(request, onMaking),
      })
      this.watcher = startedWatcher()
      await this.steering.open(options.share)
      if (this.earlyFailure !== undefined) throw this.earlyFailure
    } catch (error) {
      this.steering.close()
      await watcher?.stop()
      await this.socket.close()
      throw error
    }
    const { protection, socket, reporter } = this
    const { peerId, fingerprint } = protection
    this.addresses.open({
      protection,
      random,
      port: socket.port,
      hasIPv6: socket.listening.startsWith('['),
      send: (to, bytes) => socket.send({ to, bytes, segmentBytes: bytes.length }),
    })
    this.engine = new Engine(
      {
        peerId,
        random,
        protection: this.protection.protection,
        hash,
        crc32,
        window: options.window,
        background: options.background,
        limitBytesPerS: options.limitBytesPerS,
        limitSendBytesPerS: options.limitSendBytesPerS,
        agent: `left ${PROGRAM_VERSION}`,
        admit: (address) => this.addresses.has(address),
        datagramBytesMax: (address) => datagramBytesMax(address, options.bind),
        receiveBufferBytes: this.socket.receiveBufferBytes,
      },
      nowMs(),
    )
    this.isEngineThere = true
    const { engine, blocks } = this
    this.diskOps = new DiskOps({ engine, blocks, wake: () => this.wake() })
    this.openShare(peerId)
    for (const event of startEvents({
      options,
      socket,
      peerId,
      fingerprint,
      offloadWhy: offload.why,
      link: this.steering.link,
    }))
      reporter.say(event)
    this.looking = setTimeout(() => this.look(growth), LOOK_MS)
  }

  status(): Promise<Status | undefined> {
    return this.steering.status()
  }

  /** Samples rates and the size of the heap, and ends the sessions of removed keys: no event tells of these. */
  private look(growth: HeapGrowth | undefined): void {
    this.looking = setTimeout(() => this.look(growth), this.turns > REST_TURNS ? LOOK_MS : REST_LOOK_MS)
    this.turns = 0
    growth?.handleSize(getHeapStatistics().used_heap_size)
    this.steering.sample(nowMs())
    this.tellSending()
    this.engine.revoke((fingerprint) => this.protection.isTrusted(fingerprint), nowMs())
    this.wake()
  }

  private tellSending(): void {
    const { engine, reporter } = this
    const facts = {
      peers: engine.peers(''),
      sent: engine.sentToSessions(),
      nameOf: (address: string) => reporter.nameOf(address),
    }
    for (const event of this.sending.look(facts, nowMs())) reporter.say(event)
  }

  private settlePeerId(fingerprint: string | undefined): string {
    const { peer, note } = this.folder.settle(fingerprint)
    if (note !== undefined) this.reporter.say({ event: 'note', message: note })
    return peer
  }

  private openShare(peer: string): void {
    const { share, links, minFree, trash, maxDelete, direction } = this.options
    const { privatePlaces } = this
    this.watcher.open({ share, peer, links, privatePlaces, minFree, trash, maxDelete, direction })
  }

  private startWatcher(v8Options: readonly string[]): WatcherProcess {
    const { options } = this
    return new WatcherProcess({
      v8Options,
      onReady: () => this.handleReady(),
      onMessages: (messages) => {
        for (const message of messages) this.engine.handleKeeper(message, nowMs())
        this.wake()
        // Behind that turn, in which the list is asked for: it takes a round trip, and the thread is there when blocks come.
        if (messages.some(({ type }) => type === 'fetch-list')) setImmediate(() => this.blocks.expectWrites())
      },
      onLost: (exit) => {
        this.reporter.say({
          event: 'note',
          message: `the watcher process ended (${exit}) and is started again`,
        })
        // Lost before there is an engine, it has said nothing yet.
        if (!this.isEngineThere) return
        this.engine.handleKeeperLost(nowMs())
        this.wake()
      },
      onStep: (id, result) => {
        this.engine.handleStep(id, result, nowMs())
        this.wake()
      },
      onFatal: (error) => {
        if (this.isEngineThere) void this.end(error)
        else this.earlyFailure = error
      },
      onWords: (line) => {
        if (options.verbose)
          this.reporter.say({ event: 'debug', message: `the watcher process wrote: ${line}` })
      },
    })
  }

  stop(): Promise<void> {
    return this.end(undefined)
  }

  /** The first watcher process has opened the share: from here on this is a peer. One that is lost later leaves the sessions
   *  open, in which peers are told to ask again. */
  private handleReady(): void {
    if (this.isReady || this.stopped !== undefined) return
    this.isReady = true
    this.addresses.start()
  }

  // — The loop —

  private wake(): void {
    this.turn ??= setImmediate(() => {
      this.turn = undefined
      if (this.stopped === undefined) this.drain()
    })
  }

  private drain(): void {
    const { engine } = this
    this.turns++
    const dueMs = engine.pollTimeout()
    if (dueMs !== undefined && dueMs <= nowMs()) engine.handleTimeout(nowMs())
    // Disk operations run before sending, because received data is waited for, and again after it: sending makes room
    // for more reads.
    this.handToDisk()
    // Not all at once: what comes meanwhile is to be answered.
    this.send(SENDS_PER_TURN_MAX)
    this.handToDisk()
    for (let step = engine.pollStep(); step !== undefined; step = engine.pollStep())
      this.watcher.carryOut(step)
    const toWatcher: EngineToKeeper[] = []
    for (let message = engine.pollKeeper(); message !== undefined; message = engine.pollKeeper())
      toWatcher.push(message)
    if (toWatcher.length > 0) this.watcher.send(toWatcher)
    for (let answer = engine.pollPeerAnswer(); answer !== undefined; answer = engine.pollPeerAnswer())
      this.steering.handlePeerAnswer(answer)
    for (let check = engine.pollCheck(); check !== undefined; check = engine.pollCheck()) {
      engine.answerCheck(check, Date.now())
      void this.knocks.knock(check.address, check.knock, nowMs())
    }
    for (let event = engine.pollEvent(); event !== undefined; event = engine.pollEvent()) this.report(event)
    this.schedule()
  }

  private handToDisk(): void {
    const { engine } = this
    for (let op = engine.pollDisk(); op !== undefined; op = engine.pollDisk()) this.diskOps.carryOut(op)
  }

  private send(sendsMax: number): void {
    for (let sends = 0; this.socket.hasRoom(); sends++) {
      if (sends === sendsMax) {
        this.wake()
        return
      }
      const outgoing = this.engine.pollDatagram(nowMs())
      if (outgoing === undefined) return
      if (this.socket.send(outgoing)) this.engine.endpoint.releaseDatagram(outgoing)
    }
  }

  private schedule(): void {
    const dueMs = this.engine.pollTimeout() ?? Number.POSITIVE_INFINITY
    // One look at the clock: a second one may be past dueMs, and Node warns on stderr of a negative delay from version 24 on.
    const now = nowMs()
    if (dueMs <= now) {
      this.wake()
      return
    }
    // A timer that is due earlier finds nothing to do; one that is due later would be too late.
    if (this.timer !== undefined && this.timerDueMs <= dueMs && this.timerDueMs > now) return
    clearTimeout(this.timer)
    this.timer = undefined
    this.timerDueMs = dueMs
    if (dueMs === Number.POSITIVE_INFINITY) return
    this.timer = setTimeout(() => {
      this.timer = undefined
      this.wake()
    }, dueMs - now)
  }

  private report(event: EngineEvent): void {
    // Nobody said that there is a peer.
    if (event.event === 'waiting' && this.addresses.isFound(event.address)) return
    this.addresses.handle(event)
    this.reporter.handle(event, nowMs())
    if (this.options.verbose && event.event === 'connected') {
      this.reporter.say({ event: 'debug', message: `session with ${event.peer} over ${event.address}` })
    }
  }

  private end(error: LeftError | undefined): Promise<void> {
    this.stopped ??= this.shutDown(error)
    return this.stopped
  }

  private async shutDown(error: LeftError | undefined): Promise<void> {
    clearTimeout(this.timer)
    this.steering.close()
    const addressesStopped = this.addresses.stop()
    clearTimeout(this.looking)
    if (this.options.verbose)
      for (const message of sessionFigures(this.engine)) this.reporter.say({ event: 'debug', message })
    this.engine.close(nowMs())
    this.send(Number.POSITIVE_INFINITY)
    await addressesStopped
    await this.watcher.stop()
    await this.protection.settled()
    await this.blocks.close()
    this.privateFiles.close()
    this.reporter.say(summaryOf(this.engine))
    await this.socket.close()
    this.folder.release()
    this.reporter.say({ event: 'stopped' })
    await this.log.flush()
    this.finish(error)
  }
}
