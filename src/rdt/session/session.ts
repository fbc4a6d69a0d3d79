// One session with one other process: its conversation, what it pulls and what it serves, and whether the other
// is still there. Made by the endpoint when a handshake is through.
//
//   pending ── first datagram of the other ──▶ settled ── bye, reset, silence, replaced ──▶ (gone)
//   (answerer only)

import { earliest } from '../../base/earliest.js'
import type { KnownEdits } from '../../base/known-edits.js'
import type { Address, EndpointEvent, EndpointOptions, Outgoing, SessionId, SessionStats } from '../api.js'
import { FORGERIES_MAX, REJECTS_MAX } from '../limits.js'
import type { PathMemory } from '../path/path-memory.js'
import { PathMtu } from '../path/path-mtu.js'
import { RoundTrip } from '../path/rtt.js'
import type { BundlePool, FrameBuffer, FramePool } from '../pool.js'
import type { SessionProtection } from '../protection.js'
import type { TokenBucket } from '../pull/bucket.js'
import type { PulledItem } from '../pull/pulled-item.js'
import { Puller } from '../pull/puller.js'
import type { FrameCache } from '../serve/framecache.js'
import { Server } from '../serve/server.js'
import { makeWindow } from '../window/window.js'
import type { WindowPolicy } from '../window/window-policy.js'
import { encodeFields, type SessionControl, type WireSession } from '../wire/control.js'
import { PATH_BYTES_BASE } from '../wire/limits.js'
import type { Request } from '../wire/request.js'
import { CONTROL_QUEUED_MAX, DEAD_MS, PING_AGAIN_MS, PING_MS, RESET_MS, SESSION_FRESH_MS } from './limits.js'
import { StopAndWait } from './stop-and-wait.js'

/** Shared by all sessions of an endpoint. */
export interface SessionHost {
  readonly options: EndpointOptions
  readonly pool: FramePool
  readonly bundles: BundlePool
  readonly frames: FrameCache
  readonly paths: PathMemory
  readonly bucket: TokenBucket | undefined
  poolShare(): number
  emit(event: EndpointEvent): void
}

/** Terms that the handshake agreed on. */
export interface AgreedSession {
  readonly id: SessionId
  readonly address: Address
  readonly peerId: string
  /** The other process, told apart from its predecessors: 16 hexadecimal characters. */
  readonly life: string
  readonly isInitiator: boolean
  /** Our id, which datagrams to us carry, and theirs. */
  readonly local: WireSession
  readonly remote: WireSession
  /** Largest UDP payload of the other side's interface. */
  readonly datagramBytesMax: number
  readonly protection: SessionProtection
  readonly fingerprint: string | undefined
  /** Edits of ours that the other side knows, and of the other side's that it was told that we know. */
  readonly theyKnow: KnownEdits | undefined
  readonly weKnow: KnownEdits | undefined
}

export class Session {
  isSettled = false
  /** The caller knows of it, settled or not. */
  isTold = false
  /** The session whose place this one takes, until the other side is heard in this one. */
  renews: Session | undefined
  /** Another with fresh keys goes on in its place. */
  isRenewed = false
  /** Its keys have been used for long enough. */
  wornSinceMs: number | undefined
  bytesReceived = 0
  bytesSent = 0
  readonly puller: Puller
  readonly server: Server
  readonly conversation: StopAndWait
  private readonly roundTrip = new RoundTrip()
  private readonly path: PathMtu
  private readonly window: WindowPolicy
  private readonly datagramBytesMax: number
  private readonly outbox: Uint8Array[] = []

  /** When it was agreed on. */
  readonly openedAtMs: number
  private heardAtMs: number
  private hasHeard = false
  /** When it ends unless something comes, after a reset that may be forged. */
  private doubtedUntilMs = Number.POSITIVE_INFINITY
  private pingedAtMs = Number.NEGATIVE_INFINITY
  private pingNumber = 0

  constructor(
    readonly facts: AgreedSession,
    private readonly host: SessionHost,
    nowMs: number,
  ) {
    const { options } = host
    this.openedAtMs = nowMs
    this.heardAtMs = nowMs
    this.datagramBytesMax = options.datagramBytesMax(facts.address)
    this.path = new PathMtu(Math.min(this.datagramBytesMax, facts.datagramBytesMax), nowMs)
    this.window = makeWindow({
      window: options.window,
      pathBytes: PATH_BYTES_BASE,
      // Linux accounts what a datagram takes in memory, about twice its length at worst, and tells twice
      // what was asked for.
      receiveBytesMax: options.receiveBufferBytes / 2,
      isBackground: options.background ?? false,
      heldBytes: host.paths.heldBytes(facts.address, nowMs),
      nowMs,
    })
    this.conversation = new StopAndWait(this.roundTrip)
    const { pool, bucket } = host
    this.puller = new Puller(
      {
        pool,
        bucket,
        roundTrip: this.roundTrip,
        path: this.path,
        window: this.window,
        misfitsMax: facts.protection.isSealed ? FORGERIES_MAX : REJECTS_MAX,
        seal: (request) => facts.protection.datagrams.seal(request),
        poolShare: () => host.poolShare(),
        handleBlock: (item, blockIndex, frame) => this.emitBlock(item, blockIndex, frame),
        handleGone: ({ kind, digest }, reason) =>
          host.emit({ type: 'gone', session: facts.id, kind, digest, reason }),
      },
      facts.remote,
    )
    this.server = new Server(
      {
        frames: host.frames,
        bundles: host.bundles,
        datagramBytesMax: this.datagramBytesMax,
        handleWanted: ({ kind, digest, blockIndex, members }) =>
          host.emit({ type: 'wanted', session: facts.id, kind, digest, blockIndex, members }),
        sendGone: (handle) => this.send({ type: 'gone', session: facts.remote, handle }),
      },
      facts.remote,
      `${facts.id}/`,
    )
  }

  /** Takes the place of `other` when the other side is heard here. */
  renew(other: Session): void {
    this.renews = other
    other.isRenewed = true
  }

  /** The other session goes on. */
  giveUpRenewal(): void {
    if (this.renews !== undefined) this.renews.isRenewed = false
    this.renews = undefined
  }

  settle(nowMs: number): void {
    this.isSettled = true
    this.ping(nowMs)
  }

  /** Something of this session came that only the other side can have sent. */
  handleHeard(nowMs: number): void {
    this.heardAtMs = nowMs
    this.hasHeard = true
    this.doubtedUntilMs = Number.POSITIVE_INFINITY
  }

  /** The other side is met at another address, or begins another session: it may have moved. Just opened, a session is one of
   *  several attempts at once. */
  handleMetElsewhere(nowMs: number): void {
    if (nowMs - this.openedAtMs >= SESSION_FRESH_MS) this.handleReset(nowMs)
  }

  /** The other side, or somebody in its name, says that there is no such session. */
  handleReset(nowMs: number): void {
    if (this.doubtedUntilMs !== Number.POSITIVE_INFINITY) return
    this.doubtedUntilMs = nowMs + RESET_MS
    this.ping(nowMs)
  }

  get isDoubted(): boolean {
    return this.doubtedUntilMs !== Number.POSITIVE_INFINITY
  }

  /** Answers false for what makes no sense here. */
  handleControl(control: SessionControl, nowMs: number): boolean {
    switch (control.type) {
      case 'ping':
        this.send({ type: 'pong', session: this.facts.remote, number: control.number })
        return true
      case 'pong':
        if (control.number === this.pingNumber) this.roundTrip.handleSample(nowMs - this.pingedAtMs, nowMs)
        return true
      case 'message': {
        const heard = this.conversation.handleMessage(control.number, control.body)
        if (heard !== undefined) this.host.emit({ type: 'request', session: this.facts.id, ...heard })
        return true
      }
      case 'reply': {
        const body = this.conversation.handleReply(control.number, control.body, nowMs)
        if (body !== undefined) this.host.emit({ type: 'reply', session: this.facts.id, body })
        return true
      }
      case 'gone':
        return this.puller.handleGone(control.handle)
      case 'probe':
        if (control.bytes < PATH_BYTES_BASE || control.bytes > this.datagramBytesMax) return false
        this.send({ type: 'probed', session: this.facts.remote, bytes: control.bytes })
        return true
      case 'probed':
        this.path.handleProbed(control.bytes + this.facts.protection.datagrams.overheadBytes, nowMs)
        this.puller.handlePathSize()
        return true
      case 'bye':
        return false // the endpoint's
    }
  }

  handleRequest(request: Request): void {
    this.server.handleRequest(request)
  }

  pollTimeout(): number | undefined {
    if (!this.isSettled) return this.deadAtMs()
    return earliest(
      this.deadAtMs(),
      this.pingAtMs(),
      this.path.pollTimeout(),
      this.conversation.pollTimeout(),
      this.puller.pollTimeout(),
    )
  }

  /** Answers false where the other side has been silent for too long. */
  handleTimeout(nowMs: number): boolean {
    if (nowMs >= this.deadAtMs()) return false
    if (!this.isSettled) return true
    if (nowMs >= this.pingAtMs()) this.ping(nowMs)
    this.path.handleTimeout(nowMs, this.roundTrip.smoothedMs)
    this.conversation.handleTimeout(nowMs)
    this.puller.handleTimeout(nowMs)
    return true
  }

  /** A control datagram or a request. */
  pollControl(nowMs: number): Uint8Array | undefined {
    const waiting = this.outbox.shift()
    if (waiting !== undefined) return waiting
    const letter = this.conversation.pollLetter()
    if (letter !== undefined) return this.encode({ ...letter, session: this.facts.remote })
    if (!this.isSettled) return this.isTold ? this.puller.pollRequest(nowMs) : undefined
    const probeBytes = this.path.pollProbe()
    if (probeBytes !== undefined)
      return this.encode({ type: 'probe', session: this.facts.remote, bytes: probeBytes })
    return this.puller.pollRequest(nowMs)
  }

  /** At most `bytesMax`, or one segment. */
  pollSegments(bytesMax?: number): Outgoing | undefined {
    const bundle = this.server.pollSegments(bytesMax)
    if (bundle === undefined) return undefined
    const { bytes, segmentBytes } = bundle
    return { to: this.facts.address, bytes, segmentBytes }
  }

  encode(control: SessionControl): Uint8Array {
    const { datagrams } = this.facts.protection
    if (control.type !== 'probed') return datagrams.seal(encodeFields(control))
    // The other side asks for a datagram of exactly so many bytes.
    return datagrams.seal(encodeFields({ ...control, bytes: control.bytes - datagrams.overheadBytes }))
  }

  close(nowMs: number): void {
    const heldBytes = this.window.deliveryBytesPerMs * this.roundTrip.minMs
    this.host.paths.handleEnded(this.facts.address, heldBytes, nowMs)
    this.puller.close()
    this.server.clear()
  }

  stats(): SessionStats {
    const { puller, roundTrip } = this
    return {
      srttMs: roundTrip.smoothedMs,
      minRttMs: roundTrip.minMs,
      deliveryBytesPerS: puller.meter.shownBytesPerMs * 1_000,
      linkBytesPerS: this.window.deliveryBytesPerMs * 1_000,
      inFlightBytes: puller.inFlightBytes,
      windowBytes: this.window.windowBytes,
      pathBytes: this.path.currentBytes,
      ...puller.stats,
      bytesReceived: this.bytesReceived,
      bytesSent: this.bytesSent,
    }
  }

  private deadAtMs(): number {
    return Math.min(this.heardAtMs + DEAD_MS, this.doubtedUntilMs)
  }

  private pingAtMs(): number {
    const isToldOff = !this.hasHeard || this.isDoubted
    const idleAtMs = isToldOff ? Number.NEGATIVE_INFINITY : this.heardAtMs + PING_MS
    return Math.max(idleAtMs, this.pingedAtMs + PING_AGAIN_MS)
  }

  private ping(nowMs: number): void {
    this.pingedAtMs = nowMs
    this.pingNumber = (this.pingNumber + 1) >>> 0
    this.send({ type: 'ping', session: this.facts.remote, number: this.pingNumber })
  }

  /** Answers that a peer makes us give wait in a bounded queue; beyond, it asks again. */
  private send(control: SessionControl): void {
    if (this.outbox.length < CONTROL_QUEUED_MAX) this.outbox.push(this.encode(control))
  }

  private emitBlock(item: PulledItem, blockIndex: number, frame: FrameBuffer): void {
    const { kind, digest } = item
    this.host.emit({ type: 'block', session: this.facts.id, kind, digest, blockIndex, frame })
  }
}
