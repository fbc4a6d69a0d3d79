// A peer that keeps to the protocol as long as it is told to: one socket, one session, items to serve, and the means
// to send anything else. Written with the codecs of the project and nothing above them, so that it can lie at every
// level. Each attack opens one or more.

import { createSocket, type Socket } from 'node:dgram'
import { equalBytes, hexOf, utf8 } from '../base/bytes.js'
import type { ItemRef } from '../base/item.js'
import { BLOCK_BYTES, WIRE_VERSION } from '../base/limits.js'
import type { BlockName, Opening, Protection, SessionProtection, WireSession } from '../base/protection.js'
import { decodeMessage, encodeMessage, type Message } from '../ecp/message.js'
import { crc32 } from '../io/hash.js'
import { SystemRandom } from '../io/random.js'
import { type Control, DatagramType, decodeControl, encodeControl, encodeFields } from '../rdt/control.js'
import { type AskGroup, decodeRequest, type Request } from '../rdt/request.js'
import { SegmentHeader, u32At } from '../rdt/segment.js'
import { PlainProtection } from '../seal/plain.js'
import { Items } from './content.js'
import { REPEAT_MS, WAIT_MS_MAX } from './limits.js'

export interface Place {
  readonly host: string
  readonly port: number
}

/** A segment to be sent; what is left out is what an honest server would say. */
export interface SegmentLie {
  readonly handle?: number
  readonly blockIndex?: number
  readonly segmentIndex?: number
  readonly segmentCount?: number
  readonly requestNumber?: number
  readonly payload: Uint8Array
}

const random = new SystemRandom()
let attackerCount = 0

export class Attacker {
  readonly items = new Items()
  readonly host: string
  sentBytes = 0
  answeredBytes = 0
  answeredDatagrams = 0
  /** Everything that was sent within sessions, for whoever wants to send it again. */
  readonly sent: Uint8Array[] = []
  /** What came, in order, until somebody clears it. */
  readonly came: Uint8Array[] = []
  /** Digests of what was asked for. */
  readonly asked = new Set<string>()
  /** Small, so that the target lets our attempt through and does not wait for its own. */
  readonly peerId = (++attackerCount).toString(16).padStart(16, '0')
  session: { readonly local: WireSession; readonly remote: WireSession } | undefined
  protection: SessionProtection | undefined
  /** Answers what is asked for; an attack puts its own in place. */
  onRequest: (request: Request) => void = (request) => this.serve(request)
  /** The frame of a block that is served. */
  frameOf: (name: BlockName, block: Uint8Array) => Uint8Array = (name, block) =>
    this.protection!.frames.seal(name, block)
  private readonly socket: Socket
  private readonly target: Place
  private readonly identity: Protection = new PlainProtection({ peerId: this.peerId, random, crc32 })
  private readonly waiting = new Set<(bytes: Uint8Array) => void>()
  private messageNumber = 0
  private isClosed = false

  private constructor(
    socket: Socket,
    target: Place,
    private readonly onClosed: () => void,
  ) {
    this.socket = socket
    this.target = target
    this.host = socket.address().address
    socket.on('message', (bytes, from) => {
      if (from.port === target.port && from.address === target.host) this.handle(bytes)
    })
    socket.on('error', () => {})
  }

  /** Port 0 lets the system choose. */
  static open(place: Place, target: Place, onClosed: () => void = () => {}): Promise<Attacker> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port: place.port, address: place.host, exclusive: true }, () => {
        socket.removeAllListeners('error')
        resolve(new Attacker(socket, target, onClosed))
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
    const bytes = this.sealed(encodeFields(control))
    this.sent.push(bytes)
    this.send(bytes)
  }

  /** The first datagram from now on that fits; undefined after `timeoutMs`. */
  waitFor(fits: (bytes: Uint8Array) => boolean, timeoutMs: number): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      const finish = (bytes: Uint8Array | undefined) => {
        clearTimeout(timer)
        this.waiting.delete(look)
        resolve(bytes)
      }
      const timer = setTimeout(() => finish(undefined), timeoutMs)
      const look = (bytes: Uint8Array) => {
        if (fits(bytes)) finish(bytes)
      }
      this.waiting.add(look)
    })
  }

  /** Repeats `say` until what fits comes. */
  async insist(
    say: () => void,
    fits: (bytes: Uint8Array) => boolean,
    timeoutMs = WAIT_MS_MAX,
  ): Promise<Uint8Array | undefined> {
    const repeating = setInterval(say, REPEAT_MS)
    const answer = this.waitFor(fits, timeoutMs)
    say()
    try {
      return await answer
    } finally {
      clearInterval(repeating)
    }
  }

  // — A session —

  hello(nonce: Uint8Array = random.bytes(8)): Control & { type: 'hello' } {
    const { suite } = this.identity
    const introduction = this.identity.introduce(this.targetAddress, nonce)
    return {
      type: 'hello',
      version: WIRE_VERSION,
      agent: 'left hostile',
      nonce,
      suite,
      introduction,
      flight: new Uint8Array(0),
    }
  }

  /** A cookie for this address; undefined where none comes. */
  async askCookie(hello = this.hello(), timeoutMs = WAIT_MS_MAX): Promise<Uint8Array | undefined> {
    const cookieOf = (bytes: Uint8Array) => {
      const control = decodeAs(bytes, 'cookie')
      return control !== undefined && equalBytes(control.nonce, hello.nonce) ? control.cookie : undefined
    }
    const say = () => this.send(encodeControl(hello, crc32))
    const answer = await this.insist(say, (bytes) => cookieOf(bytes) !== undefined, timeoutMs)
    return answer === undefined ? undefined : cookieOf(answer)
  }

  /** The first datagram of an address that has a cookie. */
  openWith(
    hello: Control & { type: 'hello' },
    cookie: Uint8Array,
    opening = this.openingOf(hello),
  ): Uint8Array {
    const { agent, nonce, suite, introduction } = hello
    const flight = this.identity.ask(opening).flight!.body
    return encodeControl({ type: 'open', agent, nonce, suite, introduction, cookie, flight }, crc32)
  }

  /** Opens a session as an honest peer would. Answers whether the target took it. */
  async connect(timeoutMs = WAIT_MS_MAX): Promise<boolean> {
    const hello = this.hello()
    const cookie = await this.askCookie(hello, timeoutMs)
    if (cookie === undefined) return false
    const opening = this.openingOf(hello)
    const attempt = this.identity.ask(opening)
    const takes = (bytes: Uint8Array) => {
      const accept = decodeAs(bytes, 'accept')
      if (accept === undefined || !equalBytes(accept.nonce, hello.nonce)) return false
      return attempt.handleFlight({ step: accept.step, body: accept.flight })
    }
    await this.insist(() => this.send(this.openWith(hello, cookie, opening)), takes, timeoutMs)
    if (attempt.agreement === undefined) return false
    this.session = { local: opening.local, remote: attempt.agreement.remote }
    this.protection = attempt.agreement.protection
    this.messageNumber = 0
    return true
  }

  private get targetAddress(): string {
    return `${this.target.host}:${this.target.port}`
  }

  private openingOf({ nonce }: Control & { type: 'hello' }): Opening {
    return { address: this.targetAddress, nonce, local: newSession(), datagramBytesMax: 1_472 }
  }

  /** Whether the target still answers in this session. */
  async isAlive(timeoutMs = WAIT_MS_MAX): Promise<boolean> {
    if (this.session === undefined) return false
    const { remote } = this.session
    const say = () => this.send(this.sealed(encodeFields({ type: 'ping', session: remote, number: 7 })))
    return (await this.insist(say, (bytes) => bytes[0] === DatagramType.pong, timeoutMs)) !== undefined
  }

  /** Says a message until it is answered; asks again where the target is busy. */
  async say(body: Uint8Array, timeoutMs = WAIT_MS_MAX): Promise<Message | undefined> {
    const deadlineMs = performance.now() + timeoutMs
    while (performance.now() < deadlineMs && this.session !== undefined) {
      const number = ++this.messageNumber
      const { remote } = this.session
      const answer = await this.insist(
        () => this.control({ type: 'message', session: remote, number, body }),
        (bytes) => bytes[0] === DatagramType.reply && this.controlOf(bytes, 'reply')?.number === number,
        deadlineMs - performance.now(),
      )
      if (answer === undefined) return undefined
      const message = decodeMessage(this.controlOf(answer, 'reply')!.body)
      if (!message.ok) return undefined
      if (message.value.type !== 'working') return message.value
      await new Promise((resolve) =>
        setTimeout(resolve, message.value.type === 'working' ? message.value.retryMs : 0),
      )
    }
    return undefined
  }

  /** Says what this peer claims to hold; without lines the target must walk the tree. */
  have(root: ItemRef, lines: readonly string[] = [], timeoutMs = WAIT_MS_MAX): Promise<Message | undefined> {
    const scope = lines.length === 0 ? '-' : 'whole'
    return this.say(utf8(['h', `${root.digest}:${root.sizeBytes}`, scope, ...lines].join('|*|')), timeoutMs)
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
        this.sendFrame(request, group, ask, frame)
      }
    }
  }

  private sendFrame(
    request: Request,
    group: AskGroup,
    ask: AskGroup['asks'][number],
    frame: Uint8Array,
  ): void {
    const payloadBytes = group.segmentBytes - 20
    const segmentCount = Math.max(1, Math.ceil(frame.length / payloadBytes))
    for (let index = 0; index < segmentCount; index++) {
      const isAsked = index < 32 ? (ask.low >>> index) & 1 : (ask.high >>> (index - 32)) & 1
      if (isAsked === 0) continue
      this.segment(request, group, ask.blockIndex, {
        segmentIndex: index,
        segmentCount,
        payload: frame.subarray(index * payloadBytes, (index + 1) * payloadBytes),
      })
    }
  }

  /** Answers a request with a segment of any kind. */
  segment(request: Request, group: AskGroup, blockIndex: number, lie: SegmentLie): void {
    if (this.session === undefined) return
    const header = new SegmentHeader()
    header.sessionHigh = this.session.remote.high
    header.sessionLow = this.session.remote.low
    header.handle = lie.handle ?? group.handle
    header.blockIndex = lie.blockIndex ?? blockIndex
    header.segmentIndex = lie.segmentIndex ?? 0
    header.segmentCount = lie.segmentCount ?? 1
    header.requestNumber = lie.requestNumber ?? request.number
    const bytes = new Uint8Array(20 + lie.payload.length)
    header.write(bytes, 0)
    bytes.set(lie.payload, 20)
    this.send(bytes)
  }

  // — What comes —

  private handle(bytes: Uint8Array): void {
    // It calls everybody whom it is told of; that answers nothing.
    if (bytes[0] === DatagramType.hello) return
    this.answeredBytes += bytes.length
    this.answeredDatagrams++
    if (this.came.length < 4_096) this.came.push(bytes)
    for (const look of [...this.waiting]) look(bytes)
    if (this.session === undefined) return
    const { local, remote } = this.session
    if (bytes.length < 9 || u32At(bytes, 1) !== local.high || u32At(bytes, 5) !== local.low) return
    if (bytes[0] === DatagramType.request) {
      const plain = this.protection?.datagrams.open(bytes)
      const request = plain === undefined ? undefined : decodeRequest(plain)
      if (request?.ok !== true) return
      for (const { digest } of request.value.groups) this.asked.add(hexOf(digest))
      this.onRequest(request.value)
    } else if (bytes[0] === DatagramType.ping) {
      this.control({ type: 'pong', session: remote, number: this.controlOf(bytes, 'ping')?.number ?? 0 })
    } else if (bytes[0] === DatagramType.message) {
      // Whatever it has to tell, we hold the same.
      const number = this.controlOf(bytes, 'message')?.number ?? 0
      this.control({ type: 'reply', session: remote, number, body: encodeMessage({ type: 'same' }) })
    } else if (bytes[0] === DatagramType.bye || bytes[0] === DatagramType.reset) {
      this.session = undefined
    }
  }

  /** A datagram of the session, opened. */
  controlOf<Type extends Control['type']>(bytes: Uint8Array, type: Type): ControlOf<Type> | undefined {
    return decodeAs(bytes, type)
  }

  /** As datagrams of the session go. */
  sealed(plain: Uint8Array): Uint8Array {
    return this.protection!.datagrams.seal(plain)
  }
}

type ControlOf<Type extends Control['type']> = Extract<Control, { type: Type }>

function decodeAs<Type extends Control['type']>(bytes: Uint8Array, type: Type): ControlOf<Type> | undefined {
  if (bytes[0] !== DatagramType[type]) return undefined
  const control = decodeControl(bytes, crc32)
  return control.ok && control.value.type === type ? (control.value as ControlOf<Type>) : undefined
}

export function newSession(): WireSession {
  const bytes = random.bytes(8)
  return { high: u32At(bytes, 0), low: u32At(bytes, 4) }
}
