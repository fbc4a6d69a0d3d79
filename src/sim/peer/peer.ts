// One simulated machine with LEFT on it: the engine and the keeper as in a running peer (src/app/peer.ts,
// src/watcher/main.ts), each a process that can die by itself, on a simulated disk, network and clock.
//
//     network ── Engine ──── pipe, in order, with a delay ──── Keeper ── SimIndex
//                  │                                             │
//             EngineDisk (late, out of order)              WatchedDisk (at once)
//                  └──────────────────── SimDisk ────────────────┘

import { type DiskOp, Engine } from '../../engine/engine.js'
import type { Keeper } from '../../keeper/keeper.js'
import type { EngineToKeeper, KeeperToEngine } from '../../pipe/messages.js'
import type { Address } from '../../rdt/endpoint.js'
import type { SlowStep } from '../../rdt/protection.js'
import { type DeathMoment, SimDisk } from '../disk/disk.js'
import { SLOW_STEP_MS, START_AGAIN_MS, WALL_EPOCH_MS, WATCHER_RESTART_MS } from '../limits.js'
import type { Victim } from '../plan.js'
import { protectionOf, SimTrust } from '../trust.js'
import { SimDiscovery } from './discovery.js'
import { EngineDisk, type WriteOutcome } from './engine-disk.js'
import { SimIndex } from './index.js'
import type { SimPeerOptions } from './peer-options.js'
import { type DiskObserver, WatchedDisk } from './watched-disk.js'
import { SimWatcher } from './watcher.js'
import { SimWitness } from './witness.js'

export class SimPeer {
  readonly disk: SimDisk
  readonly index = new SimIndex()
  readonly witness = new SimWitness()
  readonly trust = new SimTrust()
  engine: Engine | undefined
  private discovery: SimDiscovery | undefined
  /** Whether the machine is on; LEFT may be stopped on it nevertheless. */
  powered = true
  /** Whether LEFT was stopped in order when it ran last. */
  endedInOrder = false
  private readonly options: SimPeerOptions
  private readonly watcher: SimWatcher
  private readonly engineDisk: EngineDisk
  private clockErrorMs: number
  private boot = 1
  /** Counts starts of the engine's process: what was put down for an earlier one is not for this one. */
  private life = 0
  private victim: Victim = 'watcher'
  private restartMs: number | undefined
  private toEngineAtMs = 0
  private received: { readonly from: Address; readonly bytes: Uint8Array }[] = []
  private receivedBytes = 0
  private drainDue = false
  private engineTimerMs = Number.POSITIVE_INFINITY

  constructor(options: SimPeerOptions) {
    this.options = options
    const { plan, number, observer } = options
    this.clockErrorMs = plan.clockErrorMs
    this.disk = new SimDisk({
      nowMs: this.wallMs,
      timestampStepMs: plan.timestampStepMs,
      namesInOrder: plan.namesInOrder,
      umask: plan.umask,
      keepsModes: plan.keepsModes,
      following: 'outward',
      foldsNames: plan.foldsNames ?? false,
    })
    this.engineDisk = new EngineDisk(this.disk, options.hash)
    const diskObserver: DiskObserver = {
      handleSharePath: (path) => observer.handleSharePath(number, path),
      // A hint where nothing changed does no harm, and the seeds that found something once go on as they did.
      handleTried: (path) => this.hint(path),
      handleRenamed: (from, to) => observer.handleRenamed(number, from, to),
      handleOwnFile: (path) => observer.handleOwnFile(number, path),
      handleWrittenInPlace: (path) => observer.handleWrittenInPlace(number, path),
      handleTaking: (path, to) =>
        this.keeper === undefined ? () => {} : observer.handleTaking(number, path, to),
      handleChange: () => observer.handleActivity(number, 'disk'),
      handleRefusedWrite: () => observer.handleRefusedWrite(number),
    }
    this.watcher = new SimWatcher({
      peer: options,
      disk: this.disk,
      watchedDisk: new WatchedDisk(this.disk, diskObserver),
      index: this.index,
      witness: this.witness,
      wallMs: this.wallMs,
      boot: () => this.bootName,
      onMessages: (messages) => this.tellEngine(messages),
      onRefusal: () => this.refuse(),
      onDeath: () => this.dieArmed(),
    })
  }

  get keeper(): Keeper | undefined {
    return this.watcher.keeper
  }

  /** Root of the tree that LEFT knows here. */
  get root(): string | undefined {
    return this.watcher.catalogue?.manifest.root().digest
  }

  /** Paths that are known here and not held. */
  get notHeld(): ReadonlySet<string> {
    return new Set(this.watcher.catalogue?.notHeldPaths())
  }

  /** Names the machine's life since power came last. */
  get bootName(): string {
    return `boot-${this.boot}`
  }

  /** A person says what becomes of what is held. Nothing where the process is down. */
  answer(name: 'confirm' | 'undo'): void {
    this.watcher.carryOut({ name })
  }

  /** A person pauses the exchange with these peers, by id; the pause lasts for this run. Answers whether LEFT runs. */
  pause(whom: readonly string[] | 'all'): boolean {
    const { engine } = this
    if (engine === undefined) return false
    engine.pause(whom === 'all' ? 'all' : { peers: whom, addresses: [] }, this.nowMs)
    this.wakeEngine()
    return true
  }

  resume(whom: readonly string[] | 'all'): void {
    const { engine } = this
    if (engine === undefined) return
    engine.resume(whom === 'all' ? 'all' : { peers: whom, addresses: [] }, this.nowMs)
    this.wakeEngine()
  }

  get running(): boolean {
    return this.engine !== undefined
  }

  /** The wall clock of this machine, with its error. */
  readonly wallMs = (): number => WALL_EPOCH_MS + this.options.scheduler.nowMs + this.clockErrorMs

  stepClock(byMs: number): void {
    this.clockErrorMs += byMs
  }

  // — The life of the processes —

  start(): void {
    if (this.engine !== undefined) return
    const { plan, scheduler, network, random, hash, crc32, address, neighbours, key } = this.options
    this.powered = true
    this.endedInOrder = false
    this.life++
    const own = random.fork()
    this.engine = new Engine(
      {
        peerId: plan.id,
        random: own,
        protection: protectionOf({ peerId: plan.id, key, trust: this.trust, random: own }),
        hash,
        crc32,
        window: plan.window,
        agent: 'left sim',
        admit: (from) => neighbours.has(from),
        datagramBytesMax: () => plan.datagramBytesMax,
        receiveBufferBytes: plan.receiveBufferBytes,
        ...(plan.rekeying && { rekeying: plan.rekeying }),
      },
      scheduler.nowMs,
    )
    network.attach(address, (from, bytes) => this.receive(from, bytes))
    const host = { random: own, engine: () => this.engine, onFound: () => this.wakeEngine() }
    if (plan.group !== undefined) this.discovery = new SimDiscovery(this.options, host, plan.group)
    else for (const neighbour of neighbours) this.engine.connect(neighbour, scheduler.nowMs)
    this.watcher.spawn()
    this.wakeEngine()
  }

  meet(address: Address): void {
    this.options.neighbours.add(address)
    this.engine?.connect(address, this.nowMs)
    this.wakeEngine()
  }

  /** As Ctrl-C does. */
  stop(): void {
    const { engine } = this
    if (engine === undefined) return
    engine.close(this.nowMs)
    this.send(engine)
    this.endedInOrder = this.watcher.stop()
    this.end('process')
  }

  /** SIGKILL of both processes. Sometimes the watcher notices in time that its parent is gone. */
  kill(): void {
    if (this.engine === undefined) return
    if (this.watcher.isUp && this.options.random.chance(0.3)) this.index.commit()
    this.end('process')
  }

  losePower(): void {
    const { number, observer, random } = this.options
    const wasOpen = this.watcher.isUp
    this.end('machine')
    this.powered = false
    this.boot++
    observer.handlePowerLoss(number, wasOpen, () => this.disk.crash({ power: true, random }))
  }

  killWatcher(): void {
    if (!this.watcher.isThere) return
    const { scheduler, random, number, observer } = this.options
    observer.handleDeath(number, 'watcher')
    this.endWatcher()
    const { life } = this
    // The engine reads everything that the watcher wrote into the pipe before it notices the watcher's death.
    const lostMs = Math.max(this.toEngineAtMs, scheduler.nowMs + random.next() * 20)
    scheduler.at(lostMs, () => {
      if (this.life !== life) return
      this.engine?.handleKeeperLost(scheduler.nowMs)
      this.wakeEngine()
    })
    scheduler.at(lostMs + WATCHER_RESTART_MS, () => {
      if (this.life === life && !this.watcher.isThere) this.watcher.spawn()
    })
  }

  /** The `count`-th change of the disk by the keeper from now on is where `victim` dies; started again after
   *  `downMs`. */
  dieInOperation(count: number, moment: DeathMoment, victim: Victim, downMs: number): void {
    this.victim = victim
    this.restartMs = downMs
    this.disk.dieAfterOperations(count, moment)
  }

  /** Something changed at `path`, and the platform may tell the watcher of it. */
  hint(path: string): void {
    this.watcher.hint(path)
  }

  readAgain(): void {
    this.watcher.readAgain()
  }

  // — The engine's process —

  private get nowMs(): number {
    return this.options.scheduler.nowMs
  }

  private receive(from: Address, bytes: Uint8Array): void {
    const { plan, scheduler, random } = this.options
    if (this.receivedBytes + bytes.length > plan.receiveBufferBytes) return // the kernel has no room
    this.receivedBytes += bytes.length
    this.received.push({ from, bytes })
    if (this.received.length > 1) return
    const { life } = this
    scheduler.at(scheduler.nowMs + random.next() * plan.busyMs, () => {
      if (this.life === life) this.takeReceived()
    })
  }

  private takeReceived(): void {
    const { received } = this
    this.received = []
    this.receivedBytes = 0
    for (const { from, bytes } of received) this.engine?.handleDatagram(from, bytes, this.nowMs)
    this.wakeEngine()
  }

  private wakeEngine(): void {
    if (this.drainDue) return
    this.drainDue = true
    const { life } = this
    this.options.scheduler.at(this.nowMs, () => {
      if (this.life !== life) return
      this.drainDue = false
      this.drain()
    })
  }

  private drain(): void {
    const { engine } = this
    if (engine === undefined) return
    const dueMs = engine.pollTimeout()
    if (dueMs !== undefined && dueMs <= this.nowMs) engine.handleTimeout(this.nowMs)
    this.send(engine)
    for (let op = engine.pollDisk(); op !== undefined; op = engine.pollDisk()) this.carryOut(op)
    for (let step = engine.pollStep(); step !== undefined; step = engine.pollStep()) this.carryOutStep(step)
    for (let message = engine.pollKeeper(); message !== undefined; message = engine.pollKeeper())
      this.tellKeeper(message)
    for (let event = engine.pollEvent(); event !== undefined; event = engine.pollEvent())
      this.options.observer.handleEvent(this.options.number, event)
    this.sleepEngine(engine)
  }

  private send(engine: Engine): void {
    const { network, address, observer, number } = this.options
    for (
      let out = engine.pollDatagram(this.nowMs);
      out !== undefined;
      out = engine.pollDatagram(this.nowMs)
    ) {
      for (let start = 0; start < out.bytes.length; start += out.segmentBytes) {
        const datagram = out.bytes.subarray(start, start + out.segmentBytes)
        observer.handleDatagram(number, out.to, datagram)
        network.send(address, out.to, datagram)
      }
    }
  }

  private sleepEngine(engine: Engine): void {
    const dueMs = engine.pollTimeout()
    if (dueMs === undefined || dueMs >= this.engineTimerMs) return
    this.engineTimerMs = dueMs
    const { life } = this
    // A timer is late by what the event loop's clock cannot tell apart.
    this.options.scheduler.at(Math.max(dueMs, this.nowMs + 0.01), () => {
      if (this.life !== life || this.engineTimerMs !== dueMs) return
      this.engineTimerMs = Number.POSITIVE_INFINITY
      this.wakeEngine()
    })
  }

  private carryOut(op: DiskOp): void {
    const { plan, random, scheduler, observer, number } = this.options
    observer.handleActivity(number, op.type)
    if (op.type === 'release') {
      this.engineDisk.release(op.path)
      return
    }
    if (op.type === 'write') this.engineDisk.begin(op)
    const { life } = this
    scheduler.at(scheduler.nowMs + random.next() * plan.diskMs, () => {
      if (this.life !== life || this.engine === undefined) return
      if (op.type === 'read') this.engine.handleRead(op.id, this.engineDisk.read(op), scheduler.nowMs)
      else this.engine.handleWritten(op.id, this.writeNow(op), scheduler.nowMs)
      this.wakeEngine()
    })
  }

  private carryOutStep(step: SlowStep): void {
    const { scheduler, key } = this.options
    const { life } = this
    scheduler.at(scheduler.nowMs + SLOW_STEP_MS, () => {
      if (this.life !== life || this.engine === undefined) return
      this.engine.handleStep(step.id, key.carryOut(step), scheduler.nowMs)
      this.wakeEngine()
    })
  }

  private writeNow(op: DiskOp & { type: 'write' | 'finish' }): WriteOutcome {
    if (op.type === 'finish') return this.engineDisk.finish(op.path)
    const failure = this.engineDisk.write(op)
    const { observer, number } = this.options
    if (failure === undefined) observer.handleBlockWritten(number, op.path, op.position)
    return failure
  }

  private tellKeeper(message: EngineToKeeper): void {
    const { observer, number } = this.options
    observer.handleMessage(number, message)
    this.watcher.tell(message)
  }

  private tellEngine(messages: readonly KeeperToEngine[]): void {
    const { scheduler, random, plan, observer, number } = this.options
    observer.handleActivity(number, messages[0]!.type)
    for (const message of messages) observer.handleMessage(number, message)
    this.toEngineAtMs = Math.max(this.toEngineAtMs, scheduler.nowMs + random.next() * plan.pipeMs)
    const { life } = this
    scheduler.at(this.toEngineAtMs, () => {
      if (this.life !== life) return
      for (const message of messages) this.engine?.handleKeeper(message, scheduler.nowMs)
      this.wakeEngine()
    })
  }

  // — The ends —

  private refuse(): void {
    this.end('process')
    const { scheduler } = this.options
    // The peer says that the disk cannot be used and ends; it is started again by hand.
    scheduler.at(scheduler.nowMs + START_AGAIN_MS, () => {
      if (this.powered) this.start()
    })
  }

  private dieArmed(): void {
    const { scheduler } = this.options
    const { victim } = this
    if (victim === 'watcher') {
      this.killWatcher()
      return
    }
    if (victim === 'process') this.end('process')
    else this.losePower()
    scheduler.at(scheduler.nowMs + (this.restartMs ?? START_AGAIN_MS), () => this.start())
  }

  private end(victim: Victim): void {
    const { network, address, number, observer, random } = this.options
    observer.handleDeath(number, victim)
    network.detach(address)
    this.discovery?.stop()
    this.engine = undefined
    this.life++
    this.drainDue = false
    this.engineTimerMs = Number.POSITIVE_INFINITY
    this.toEngineAtMs = 0
    this.received = []
    this.receivedBytes = 0
    this.engineDisk.kill(random)
    this.endWatcher()
  }

  private endWatcher(): void {
    this.watcher.end()
    this.disk.crash({ power: false, random: this.options.random })
    this.engineDisk.loseHandles()
    this.index.crash()
  }
}
