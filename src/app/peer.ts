// A running peer: the engine drained into a socket, a disk and the watcher process. One loop does the draining;
// callbacks only hand in what came and ask for a turn of it.

import { setFlagsFromString } from 'node:v8'
import type { LeftError } from '../base/errors.js'
import { FRAME_BLOCK_AT, FRAME_OVERHEAD_BYTES } from '../base/limits.js'
import type { PrivatePlaces } from '../base/ports.js'
import { DiskError } from '../base/ports.js'
import { type DiskOp, Engine, type EngineEvent } from '../engine/engine.js'
import type { WriteFailure } from '../engine/receive/disk-op.js'
import type { ReadOp } from '../engine/serve/serving.js'
import { BlockIo } from '../io/blocks/block-io.js'
import type { Proved } from '../io/blocks/block-prover.js'
import { nowMs } from '../io/clock.js'
import { crc32, hash, loadHash } from '../io/hash.js'
import { formatAddress } from '../io/net/address.js'
import { datagramBytesMax, isOwnAddress, resolveHost } from '../io/net/interfaces.js'
import { chooseOffload } from '../io/net/offload-probe.js'
import { UdpSocket } from '../io/net/udp.js'
import { PrivateFiles } from '../io/private-files.js'
import { SystemRandom } from '../io/random.js'
import type { EngineToKeeper } from '../pipe/messages.js'
import type { Address } from '../rdt/endpoint.js'
import type { SlowStep } from '../rdt/protection.js'
import { firstDatagramBytes } from '../rdt/wire/gro-split.js'
import type { PeerEvent } from './events.js'
import { knowsOption } from './heap.js'
import { LEAN_GROWTH, PINS_LOOK_MS, RESOLVE_RETRY_MS, ROOMY_GROWTH, SENDS_PER_TURN_MAX } from './limits.js'
import type { PeerAddress, PeerOptions } from './options.js'
import { privatePlacesOf } from './private-places.js'
import { type OpenProtection, openProtection } from './protection.js'
import { Reporter } from './reporter.js'
import { refuseDangerousShare } from './share-danger.js'
import { openShareFolder, type ShareFolder } from './share-folder.js'
import { isSuperuser, SUPERUSER_NOTE } from './superuser.js'
import { PROGRAM_VERSION } from './version.js'
import { WatcherProcess } from './watcher-process.js'

export interface RunningPeer {
  /** Says goodbye to the peers and leaves a state to go on from; under a second. */
  stop(): Promise<void>
  /** Resolves when the peer has ended: with the reason, or with undefined after `stop`. */
  readonly finished: Promise<LeftError | undefined>
}

/** Throws a LeftError where the share, the port or the identity cannot be used. */
export async function startPeer(
  options: PeerOptions,
  onEvent: (event: PeerEvent) => void,
): Promise<RunningPeer> {
  refuseDangerousShare(options.share, { isMeant: options.yes })
  const folder = openShareFolder(options.share)
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
  private readonly privatePlaces: PrivatePlaces
  private readonly privateFiles: PrivateFiles
  private readonly blocks: BlockIo
  private socket!: UdpSocket
  private protection!: OpenProtection
  private engine!: Engine
  private watcher!: WatcherProcess
  private finish!: (error: LeftError | undefined) => void
  /** The peers of --ip: who speaks from another address, or another port, is a stranger. */
  private readonly admitted = new Set<Address>()
  private isReady = false
  private turn: NodeJS.Immediate | undefined
  private timer: NodeJS.Timeout | undefined
  private timerDueMs = Number.POSITIVE_INFINITY
  private resolving: NodeJS.Timeout | undefined
  private revoking: NodeJS.Timeout | undefined
  private stopped: Promise<void> | undefined

  constructor(options: PeerOptions, folder: ShareFolder, onEvent: (event: PeerEvent) => void) {
    this.options = options
    this.folder = folder
    this.privatePlaces = privatePlacesOf(options)
    this.privateFiles = new PrivateFiles(this.privatePlaces)
    const { privateFiles } = this
    this.blocks = new BlockIo(options.share, { followLinks: options.links === 'follow', privateFiles })
    this.reporter = new Reporter(onEvent)
    this.finished = new Promise((resolve) => {
      this.finish = resolve
    })
  }

  async start(): Promise<void> {
    const { options, folder } = this
    await loadHash()
    const isGrowthKnown = await knowsOption(LEAN_GROWTH)
    if (isGrowthKnown) setFlagsFromString(ROOMY_GROWTH)
    const random = new SystemRandom()
    const offload = await chooseOffload(options.offload === 'auto')
    const ipv6 = options.peers.some(({ host }) => host.includes(':'))
    // Before the identity: a port in use is a refusal, and a refusal makes nothing and tells of nothing else.
    this.socket = await UdpSocket.open({
      port: options.port,
      bind: options.bind,
      ipv6,
      offload: offload.native && { native: offload.native, firstDatagramBytes },
      onDatagram: (from, bytes, datagramBytes) => {
        // A peer that does not know yet whether it can keep its share is not there yet: hellos are repeated.
        if (!this.isReady) return
        this.engine.handleDatagrams(from, bytes, datagramBytes, nowMs())
        this.wake()
      },
      onRoom: () => this.wake(),
    })
    try {
      this.protection = await openProtection({
        options,
        peerId: folder.peer,
        random,
        crc32,
        isNamed: (address) => this.admitted.has(address),
        nameOf: (address) => this.reporter.nameOf(address),
        onEvent: (event) => this.reporter.say(event),
      })
    } catch (error) {
      await this.socket.close()
      throw error
    }
    this.engine = new Engine(
      {
        peerId: folder.peer,
        random,
        protection: this.protection.protection,
        hash,
        crc32,
        window: options.window,
        background: options.background,
        limitBytesPerS: options.limitBytesPerS,
        agent: `left ${PROGRAM_VERSION}`,
        admit: (address) => this.admitted.has(address),
        datagramBytesMax: (address) => datagramBytesMax(address, options.bind),
        receiveBufferBytes: this.socket.receiveBufferBytes,
      },
      nowMs(),
    )
    this.watcher = new WatcherProcess({
      heapOptions: isGrowthKnown ? [LEAN_GROWTH] : [],
      start: {
        share: options.share,
        peer: folder.peer,
        links: options.links,
        privatePlaces: this.privatePlaces,
        minFree: options.minFree,
      },
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
        this.engine.handleKeeperLost(nowMs())
        this.wake()
      },
      onFatal: (error) => void this.end(error),
      onWords: (line) => {
        if (options.verbose)
          this.reporter.say({ event: 'debug', message: `the watcher process wrote: ${line}` })
      },
    })
    this.reporter.say({
      event: 'started',
      version: PROGRAM_VERSION,
      share: options.share,
      listening: this.socket.listening,
      peer: folder.peer,
      window: String(options.window),
      encryption: options.encryption,
      fingerprint: this.protection.fingerprint ?? null,
      peers: options.peers.map(({ text }) => text),
    })
    if (isSuperuser()) this.reporter.say({ event: 'note', message: SUPERUSER_NOTE })
    if (options.verbose)
      this.reporter.say({ event: 'debug', message: offloadWords(this.socket, offload.why) })
    this.revoking = setInterval(() => {
      this.engine.revoke((fingerprint) => this.protection.isTrusted(fingerprint), nowMs())
      this.wake()
    }, PINS_LOOK_MS)
  }

  stop(): Promise<void> {
    return this.end(undefined)
  }

  /** The first watcher process has opened the share: from here on this is a peer. One that is lost later leaves the sessions
   *  open, in which peers are told to ask again. */
  private handleReady(): void {
    if (this.isReady || this.stopped !== undefined) return
    this.isReady = true
    void this.resolvePeers()
  }

  // — Peers and their addresses —

  /** Names may come to mean something later, or something else: they are asked again until they do. */
  private async resolvePeers(): Promise<void> {
    const unresolved: PeerAddress[] = []
    for (const peer of this.options.peers) if (!(await this.resolvePeer(peer))) unresolved.push(peer)
    if (unresolved.length > 0 && this.stopped === undefined) {
      this.resolving = setTimeout(() => void this.resolvePeers(), RESOLVE_RETRY_MS)
    }
    if (unresolved.length === 0 && this.admitted.size === 0)
      this.reporter.once('alone', {
        event: 'note',
        message: 'there is no other machine in --ip: name one there',
      })
    this.wake()
  }

  private async resolvePeer(peer: PeerAddress): Promise<boolean> {
    const hosts = await resolveHost(peer.host)
    if (this.stopped !== undefined) return true
    if (hosts.length === 0) {
      this.reporter.waiting(peer.text, 'no address is known for this name: check its spelling')
      return false
    }
    for (const host of hosts) {
      const address = formatAddress(host, peer.port)
      if (isOwnAddress({ host, port: peer.port }, { bind: this.options.bind, port: this.socket.port })) {
        this.reporter.once(`own ${address}`, {
          event: 'note',
          message: `${peer.text} is this peer itself; ignored`,
        })
        continue
      }
      this.reporter.name(address, peer.text)
      if (this.admitted.has(address)) continue
      this.admitted.add(address)
      this.engine.connect(address, nowMs())
    }
    return true
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
    const dueMs = engine.pollTimeout()
    if (dueMs !== undefined && dueMs <= nowMs()) engine.handleTimeout(nowMs())
    // What has come is waited for; and what is sent makes room, after which more is to be read.
    this.handToDisk()
    // Not all at once: what comes meanwhile is to be answered.
    this.send(SENDS_PER_TURN_MAX)
    this.handToDisk()
    for (let step = engine.pollStep(); step !== undefined; step = engine.pollStep()) this.carryOutStep(step)
    const toWatcher: EngineToKeeper[] = []
    for (let message = engine.pollKeeper(); message !== undefined; message = engine.pollKeeper())
      toWatcher.push(message)
    if (toWatcher.length > 0) this.watcher.send(toWatcher)
    for (let event = engine.pollEvent(); event !== undefined; event = engine.pollEvent()) this.report(event)
    this.schedule()
  }

  private handToDisk(): void {
    const { engine } = this
    for (let op = engine.pollDisk(); op !== undefined; op = engine.pollDisk()) this.carryOut(op)
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

  private carryOut(op: DiskOp): void {
    switch (op.type) {
      case 'read':
        this.read(op)
        break
      case 'write':
        this.afterWrite(op.id, this.writeProved(op))
        break
      case 'finish':
        this.blocks.forget(op.path)
        this.afterWrite(
          op.id,
          this.blocks.closeWriter(op.path, { sync: true }).then(() => undefined),
        )
        break
      case 'release':
        this.blocks.forget(op.path)
        this.blocks.closeWriter(op.path).catch(() => {}) // Nothing of it counts any more.
        break
    }
  }

  private carryOutStep(step: SlowStep): void {
    void this.protection.carryOut(step).then((result) => {
      this.engine.handleStep(step.id, result, nowMs())
      this.wake()
    })
  }

  private read(op: ReadOp): void {
    const { room, position, length, sealing } = op
    if (op.reopen) this.blocks.forget(op.path)
    const failed = () => this.handleRead(op, undefined)
    if (sealing === undefined) {
      const into = room.bytes.subarray(FRAME_BLOCK_AT, FRAME_BLOCK_AT + length)
      this.blocks.readBlock(op, position, into).then((block) => this.handleRead(op, block), failed)
      return
    }
    this.blocks
      .readSealed(op, { position, length, bytes: room.bytes, ...sealing })
      .then(({ proof, buffer }) => {
        room.adopt(buffer)
        const frame = room.bytes.subarray(0, length + FRAME_OVERHEAD_BYTES)
        this.handleRead(op, proof === 'sealed' ? frame : undefined)
      }, failed)
  }

  private handleRead({ id, path }: ReadOp, read: Uint8Array | undefined): void {
    if (read === undefined) this.blocks.forget(path)
    this.engine.handleRead(id, read, nowMs())
    this.wake()
  }

  private async writeProved(op: DiskOp & { type: 'write' }): Promise<Proved> {
    const proved = await this.blocks.writeProved(op)
    op.memory?.adopt(proved.buffer)
    return proved
  }

  private afterWrite(id: number, write: Promise<Proved | undefined>): void {
    const done = (failure: WriteFailure | undefined): void => {
      this.engine.handleWritten(id, failure, nowMs())
      this.wake()
    }
    write.then(
      (proved) => done(failureOf(proved)),
      (error) => done(error instanceof DiskError && error.code === 'no-space' ? 'no-space' : 'disk'),
    )
  }

  private report(event: EngineEvent): void {
    this.reporter.handle(event, nowMs())
    if (this.options.verbose && event.event === 'connected') {
      this.reporter.say({ event: 'debug', message: `session with ${event.peer} over ${event.address}` })
    }
  }

  /** How each session did, for whoever wonders why a link is slow. */
  private reportSessions(): void {
    for (const { peer, stats } of this.engine.sessionStats()) {
      const parts = Object.entries(stats).map(([name, value]) => `${name} ${Math.round(value * 1000) / 1000}`)
      this.reporter.say({ event: 'debug', message: `session with ${peer}: ${parts.join(', ')}` })
    }
  }

  private end(error: LeftError | undefined): Promise<void> {
    this.stopped ??= this.shutDown(error)
    return this.stopped
  }

  private async shutDown(error: LeftError | undefined): Promise<void> {
    clearTimeout(this.timer)
    clearTimeout(this.resolving)
    clearInterval(this.revoking)
    if (this.options.verbose) this.reportSessions()
    this.engine.close(nowMs())
    this.send(Number.POSITIVE_INFINITY)
    await this.watcher.stop()
    await this.blocks.close()
    this.privateFiles.close()
    const { counters } = this.engine.endpoint
    this.reporter.say({
      event: 'summary',
      receivedBytes: counters.bytesIn,
      sentBytes: counters.bytesOut,
      savedBytes: this.engine.savedBytes,
      receivedDatagrams: counters.datagramsIn,
      sentDatagrams: counters.datagramsOut,
      droppedDatagrams: counters.dropped,
      strangers: counters.strangers,
    })
    await this.socket.close()
    this.folder.release()
    this.reporter.say({ event: 'stopped' })
    this.finish(error)
  }
}

function failureOf(proved: Proved | undefined): WriteFailure | undefined {
  return proved?.proof === 'damaged' || proved?.proof === 'wrong' ? proved.proof : undefined
}

function offloadWords({ offloads }: UdpSocket, why: string): string {
  const ways = [offloads.segments ? 'cuts datagrams' : '', offloads.merges ? 'merges datagrams' : '']
  const used = ways.filter((way) => way !== '').join(' and ')
  return used === '' ? `no offload (${why})` : `offload: the kernel ${used} (${why})`
}
