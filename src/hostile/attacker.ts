// A peer that keeps to the protocol as long as it is told to: one socket, one session, items to serve, and the means
// to send anything else. Written with the codecs of the project and nothing above them, so that it can lie at every
// level. Each attack opens one or more.

import { createSocket, type Socket } from 'node:dgram'
import { hexOf, utf8 } from '../base/bytes.js'
import type { ItemRef } from '../base/item.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { decodeMessage, encodeMessage, type Message } from '../ecp/message.js'
import { crc32 } from '../io/hash.js'
import type { HostPort } from '../io/net/address.js'
import type { BlockName, SessionProtection } from '../rdt/protection.js'
import {
  type Control,
  DatagramType,
  decodeControl,
  decodeFields,
  encodeControl,
  encodeFields,
} from '../rdt/wire/control.js'
import { type AskGroup, decodeRequest, type Request } from '../rdt/wire/request.js'
import { u32At } from '../rdt/wire/segment.js'
import { Items } from './content.js'
import type { Guise, MakeGuise } from './guise.js'
import { Initiator, type OpenedSession } from './initiator.js'
import { ATTEMPTS_MAX, WAIT_MS_MAX } from './limits.js'
import { Replies } from './replies.js'
import { askedSegments, type SegmentLie, segmentDatagram } from './segments.js'

let attackerCount = 0

export class Attacker {
  readonly items = new Items()
  readonly replies = new Replies()
  readonly initiator: Initiator
  readonly host: string
  readonly port: number
  sentBytes = 0
  answeredBytes = 0
  answeredDatagrams = 0
  /** Everything that was sent within sessions, for whoever wants to send it again. */
  readonly sent: Uint8Array[] = []
  /** Datagrams that came, in order, until an attack clears them. */
  readonly came: Uint8Array[] = []
  /** Digests of what was asked for. */
  readonly asked = new Set<string>()
  readonly peerId: string
  session: Omit<OpenedSession, 'protection'> | undefined
  protection: SessionProtection | undefined
  /** Answers what is asked for; an attack puts its own in place. */
  onRequest: (request: Request) => void = (request) => this.serve(request)
  /** The target calls everybody whom it is told of; an attack may answer that. */
  onHello: (bytes: Uint8Array) => void = () => {}
  /** What a message of the target is answered: whatever it has to tell, we hold the same. */
  onMessage: (body: Uint8Array) => Uint8Array = () => encodeMessage({ type: 'same' })
  /** Told of each datagram of the session but requests and segments. */
  onControl: (control: Control) => void = () => {}
  /** The frame of a block that is served. */
  frameOf: (name: BlockName, block: Uint8Array) => Uint8Array = (name, block) =>
    this.protection!.frames.seal(name, block)
  private readonly socket: Socket
  private readonly target: HostPort
  private readonly guise: Guise
  private messageNumber = 0
  private isClosed = false

  private constructor(
    socket: Socket,
    target: HostPort,
    makeGuise: MakeGuise,
    private readonly onClosed: () => void,
    peerId?: string,
  ) {
    // Small, so that the target lets our attempt through and does not wait for its own.
    this.peerId = peerId ?? (++attackerCount).toString(16).padStart(16, '0')
    this.guise = makeGuise(this.peerId)
    this.socket = socket
    this.target = target
    this.initiator = new Initiator({
      guise: this.guise,
      targetAddress: `${target.host}:${target.port}`,
      replies: this.replies,
      send: (bytes) => this.send(bytes),
    })
    this.host = socket.address().address
    this.port = socket.address().port
    socket.on('message', (bytes, from) => {
      if (from.port === target.port && from.address === target.host) this.handle(bytes)
    })
    socket.on('error', () => {})
  }

  /** Port 0 lets the system choose. */
  static open(
    endpoint: HostPort,
    target: HostPort,
    makeGuise: MakeGuise,
    onClosed: () => void = () => {},
    peerId?: string,
  ): Promise<Attacker> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port: endpoint.port, address: endpoint.host, exclusive: true }, () => {
        socket.removeAllListeners('error')
        resolve(new Attacker(socket, target, makeGuise, onClosed, peerId))
      })
    })
  }

  async close(): Promise<void> {
    if (this.session !== undefined) this.control({ type: 'bye', session: this.session.remote })
    this.session = undefined
    await new Promise<void>((resolve) => setTimeout(resolve, 5))
    if (this.isClosed) return
    this.isClosed = true
    await new Promise<void>((resolve) => this.socket.close(() => resolve()))
    this.onClosed()
  }

  send(bytes: Uint8Array): void {
    if (this.isClosed) return
    this.sentBytes += bytes.length
    this.socket.send(bytes, this.target.port, this.target.host, () => {})
  }

  /** Sent as it is and remembered. */
  control(control: Control): void {
    const bytes =
      control.type === 'reset' ? encodeControl(control, crc32) : this.sealed(encodeFields(control))
    this.sent.push(bytes)
    this.send(bytes)
  }

  // — A session —

  /** Opens a session as an honest peer would. Answers whether the target took it. */
  async connect(timeoutMs = WAIT_MS_MAX): Promise<boolean> {
    const opened = await this.initiator.connect(timeoutMs)
    if (opened === undefined) return false
    this.session = opened
    this.protection = opened.protection
    this.messageNumber = 0
    return true
  }

  /** The same with one attempt after another, as an honest peer makes them. */
  async getsIn(): Promise<boolean> {
    for (let count = 0; count < ATTEMPTS_MAX; count++) if (await this.connect()) return true
    return false
  }

  /** Whether the target still answers in this session. */
  async isAlive(timeoutMs = WAIT_MS_MAX): Promise<boolean> {
    if (this.session === undefined) return false
    const { remote } = this.session
    const say = () => this.send(this.sealed(encodeFields({ type: 'ping', session: remote, number: 7 })))
    return (
      (await this.replies.insist(say, ({ control }) => control?.type === 'pong', timeoutMs)) !== undefined
    )
  }

  /** Says a message until it is answered; asks again where the target is busy. */
  async say(body: Uint8Array, timeoutMs = WAIT_MS_MAX): Promise<Message | undefined> {
    const deadlineMs = performance.now() + timeoutMs
    while (performance.now() < deadlineMs && this.session !== undefined) {
      const message = await this.ask(body, deadlineMs - performance.now())
      if (message?.type !== 'working') return message
      await new Promise((resolve) => setTimeout(resolve, message.retryMs))
    }
    return undefined
  }

  /** The same once: its answer, also where the target is busy. Undefined where none comes, or one that cannot be read. */
  async ask(body: Uint8Array, timeoutMs = WAIT_MS_MAX): Promise<Message | undefined> {
    if (this.session === undefined) return undefined
    const number = ++this.messageNumber
    const { remote } = this.session
    const answer = await this.replies.insist(
      () => this.control({ type: 'message', session: remote, number, body }),
      ({ control }) => control?.type === 'reply' && control.number === number,
      timeoutMs,
    )
    if (answer?.control?.type !== 'reply') return undefined
    const message = decodeMessage(answer.control.body)
    return message.ok ? message.value : undefined
  }

  /** Says what this peer claims to hold; without lines the target must walk the tree. */
  have(root: ItemRef, lines: readonly string[] = [], timeoutMs = WAIT_MS_MAX): Promise<Message | undefined> {
    const scope = lines.length === 0 ? '-' : 'whole'
    const fields = [
      'h',
      `${root.digest}:${root.sizeBytes}`,
      this.peerId,
      `${this.session?.peerId}:0`,
      scope,
      '0',
      ...lines,
    ]
    return this.say(utf8(fields.join('|*|')), timeoutMs)
  }

  /** Whether the target asks for this item within the time. */
  async isAskedFor(digest: string, timeoutMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + timeoutMs
    while (!this.asked.has(digest) && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return this.asked.has(digest)
  }

  // — Serving —

  serve(request: Request): void {
    for (const group of request.groups) {
      const digest = hexOf(group.digest)
      const item = this.items.get(group.kind, digest)
      if (item === undefined) {
        if (this.session !== undefined)
          this.control({ type: 'gone', session: this.session.remote, handle: group.handle })
        continue
      }
      for (const ask of group.asks) {
        const block = item.subarray(ask.blockIndex * BLOCK_BYTES, (ask.blockIndex + 1) * BLOCK_BYTES)
        const frame = this.frameOf({ kind: group.kind, digest, blockIndex: ask.blockIndex }, block)
        for (const lie of askedSegments(group, ask, frame)) this.segment(request, group, ask.blockIndex, lie)
      }
    }
  }

  /** Answers a request with a segment of any kind. */
  segment(request: Request, group: AskGroup, blockIndex: number, lie: SegmentLie): void {
    if (this.session === undefined) return
    const { remote } = this.session
    this.send(
      segmentDatagram({ session: remote, number: request.number, handle: group.handle, blockIndex }, lie),
    )
  }

  // — What comes —

  private handle(bytes: Uint8Array): void {
    if (bytes[0] === DatagramType.hello) {
      this.onHello(bytes)
      return
    }
    this.answeredBytes += bytes.length
    this.answeredDatagrams++
    if (this.came.length < 4_096) this.came.push(bytes)
    const plain = this.opened(bytes)
    const control = this.controlOf(bytes, plain)
    if (control !== undefined && this.session !== undefined) this.onControl(control)
    this.replies.handle({ bytes, control })
    if (this.session === undefined) return
    const { remote } = this.session
    if (plain !== undefined && bytes[0] === DatagramType.request) {
      const request = decodeRequest(plain)
      if (!request.ok) return
      for (const { digest } of request.value.groups) this.asked.add(hexOf(digest))
      this.onRequest(request.value)
    } else if (control?.type === 'ping') {
      this.control({ type: 'pong', session: remote, number: control.number })
    } else if (control?.type === 'message') {
      const body = this.onMessage(control.body)
      this.control({ type: 'reply', session: remote, number: control.number, body })
    } else if (control?.type === 'bye' || (control?.type === 'reset' && this.isOurs(bytes))) {
      this.session = undefined
    }
  }

  private isOurs(bytes: Uint8Array): boolean {
    if (this.session === undefined || bytes.length < 9) return false
    const { local } = this.session
    return u32At(bytes, 1) === local.high && u32At(bytes, 5) === local.low
  }

  /** Opens a datagram of our session once: a repetition is not opened. */
  private opened(bytes: Uint8Array): Uint8Array | undefined {
    if (!this.isOurs(bytes) || bytes[0] === DatagramType.segment) return undefined
    return this.protection?.datagrams.open(bytes)
  }

  private controlOf(bytes: Uint8Array, plain: Uint8Array | undefined): Control | undefined {
    const control = plain === undefined ? decodeControl(bytes, crc32) : decodeFields(plain)
    return control.ok ? control.value : undefined
  }

  /** A frame of any codec around anything, as frames of the session go. */
  forge(name: BlockName, codec: number, payload: Uint8Array): Uint8Array {
    return this.guise.forge(this.protection!, name, codec, payload)
  }

  /** As datagrams of the session go. */
  sealed(plain: Uint8Array): Uint8Array {
    return this.protection!.datagrams.seal(plain)
  }
}
