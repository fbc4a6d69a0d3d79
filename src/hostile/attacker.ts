// A peer that keeps to the protocol as long as it is told to: one socket, one session, items to serve, and the means
// to send anything else. Written with the codecs of the project and nothing above them, so that it can lie at every
// level. Each attack opens one or more.

import { createSocket, type Socket } from 'node:dgram'
import { equalBytes, hexOf, utf8 } from '../base/bytes.js'
import type { ItemRef } from '../base/item.js'
import { BLOCK_BYTES, WIRE_VERSION } from '../base/limits.js'
import { decodeMessage, encodeMessage, type Message } from '../ecp/message.js'
import { crc32 } from '../io/hash.js'
import { SystemRandom } from '../io/random.js'
import type { Attempt, BlockName, Opening, SessionProtection, WireSession } from '../rdt/protection.js'
import {
  type Control,
  DatagramType,
  decodeControl,
  decodeFields,
  encodeControl,
  encodeFields,
} from '../rdt/wire/control.js'
import { type AskGroup, decodeRequest, type Request } from '../rdt/wire/request.js'
import { SegmentHeader, u32At } from '../rdt/wire/segment.js'
import { Items } from './content.js'
import type { Guise, MakeGuise } from './guise.js'
import { REPEAT_MS, WAIT_MS_MAX } from './limits.js'

export interface Place {
  readonly host: string
  readonly port: number
}

/** What came from the target; a datagram of the session is opened. */
export interface Arrival {
  readonly bytes: Uint8Array
  /** Undefined where it is none, or none that can be read. */
  readonly control: Control | undefined
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
  readonly port: number
  sentBytes = 0
  answeredBytes = 0
  answeredDatagrams = 0
  /** Everything that was sent within sessions, for whoever wants to send it again. */
  readonly sent: Uint8Array[] = []
  /** The datagrams that made the session. */
  readonly shaken: Uint8Array[] = []
  /** What came, in order, until somebody clears it. */
  readonly came: Uint8Array[] = []
  /** Digests of what was asked for. */
  readonly asked = new Set<string>()
  readonly peerId: string
  session: { readonly local: WireSession; readonly remote: WireSession } | undefined
  protection: SessionProtection | undefined
  /** Answers what is asked for; an attack puts its own in place. */
  onRequest: (request: Request) => void = (request) => this.serve(request)
  /** The target calls everybody whom it is told of; an attack may answer that. */
  onHello: (bytes: Uint8Array) => void = () => {}
  /** Told of each datagram of the session but requests and segments. */
  onControl: (control: Control) => void = () => {}
  /** The frame of a block that is served. */
  frameOf: (name: BlockName, block: Uint8Array) => Uint8Array = (name, block) =>
    this.protection!.frames.seal(name, block)
  private readonly socket: Socket
  private readonly target: Place
  private readonly guise: Guise
  private readonly waiting = new Set<(arrival: Arrival) => void>()
  private messageNumber = 0
  private isClosed = false

  private constructor(
    socket: Socket,
    target: Place,
    makeGuise: MakeGuise,
    private readonly onClosed: () => void,
    peerId?: string,
  ) {
    // Small, so that the target lets our attempt through and does not wait for its own.
    this.peerId = peerId ?? (++attackerCount).toString(16).padStart(16, '0')
    this.guise = makeGuise(this.peerId)
    this.socket = socket
    this.target = target
    this.host = socket.address().address
    this.port = socket.address().port
    socket.on('message', (bytes, from) => {
      if (from.port === target.port && from.address === target.host) this.handle(bytes)
    })
    socket.on('error', () => {})
  }

  /** Port 0 lets the system choose. */
  static open(
    place: Place,
    target: Place,
    makeGuise: MakeGuise,
    onClosed: () => void = () => {},
    peerId?: string,
  ): Promise<Attacker> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port: place.port, address: place.host, exclusive: true }, () => {
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

  /** The first datagram from now on that fits; undefined after `timeoutMs`. */
  waitFor(fits: (arrival: Arrival) => boolean, timeoutMs: number): Promise<Arrival | undefined> {
    return new Promise((resolve) => {
      const finish = (arrival: Arrival | undefined) => {
        clearTimeout(timer)
        this.waiting.delete(look)
        resolve(arrival)
      }
      const timer = setTimeout(() => finish(undefined), timeoutMs)
      const look = (arrival: Arrival) => {
        if (fits(arrival)) finish(arrival)
      }
      this.waiting.add(look)
    })
  }

  /** Repeats `say` until what fits comes. */
  async insist(
    say: () => void,
    fits: (arrival: Arrival) => boolean,
    timeoutMs = WAIT_MS_MAX,
  ): Promise<Arrival | undefined> {
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
    const { protection } = this.guise
    return {
      type: 'hello',
      version: WIRE_VERSION,
      agent: 'left hostile',
      nonce,
      suite: protection.suite,
      introduction: protection.introduce(this.targetAddress, nonce),
      flight: new Uint8Array(0),
    }
  }

  /** A cookie for this address; undefined where none comes. */
  async askCookie(hello = this.hello(), timeoutMs = WAIT_MS_MAX): Promise<Uint8Array | undefined> {
    const say = () => this.send(encodeControl(hello, crc32))
    const isOurs = ({ control }: Arrival) =>
      control?.type === 'cookie' && equalBytes(control.nonce, hello.nonce)
    const answer = await this.insist(say, isOurs, timeoutMs)
    return answer?.control?.type === 'cookie' ? answer.control.cookie : undefined
  }

  /** The first datagram of an address that has a cookie. */
  openWith(
    { agent, nonce, suite, introduction }: Control & { type: 'hello' },
    cookie: Uint8Array,
    flight = this.guise.protection.ask(this.openingOf(nonce)).flight!.body,
  ): Uint8Array {
    return encodeControl({ type: 'open', agent, nonce, suite, introduction, cookie, flight }, crc32)
  }

  /** What begins a handshake. */
  firstFlight(): Uint8Array {
    return this.guise.protection.ask(this.openingOf(random.bytes(8))).flight!.body
  }

  /** Opens a session as an honest peer would. Answers whether the target took it. */
  async connect(timeoutMs = WAIT_MS_MAX): Promise<boolean> {
    const deadlineMs = performance.now() + timeoutMs
    const hello = this.hello()
    const cookie = await this.askCookie(hello, timeoutMs)
    if (cookie === undefined) return false
    const opening = this.openingOf(hello.nonce)
    const attempt = this.guise.protection.ask(opening)
    const isOurs = ({ control }: Arrival) =>
      control?.type === 'accept' &&
      equalBytes(control.nonce, hello.nonce) &&
      attempt.handleFlight({ step: control.step, body: control.flight })
    while (attempt.agreement === undefined && !attempt.hasFailed) {
      const say = () => this.sayFlight(attempt, hello, cookie)
      if ((await this.insist(say, isOurs, deadlineMs - performance.now())) === undefined) return false
      await this.carryOut(attempt)
    }
    if (attempt.agreement === undefined) return false
    this.session = { local: opening.local, remote: attempt.agreement.remote }
    this.protection = attempt.agreement.protection
    this.messageNumber = 0
    return true
  }

  /** Whether the target goes on, in one round trip, with what the last session here left behind. */
  async resumes(timeoutMs: number): Promise<boolean> {
    const hello = this.hello()
    const flight = this.guise.protection.resume(this.openingOf(hello.nonce))?.flight?.body
    if (flight === undefined) return false
    const say = () => this.send(encodeControl({ ...hello, flight }, crc32))
    const isOurs = ({ control }: Arrival) =>
      control?.type === 'accept' && equalBytes(control.nonce, hello.nonce)
    return (await this.insist(say, isOurs, timeoutMs)) !== undefined
  }

  private sayFlight(attempt: Attempt, hello: Control & { type: 'hello' }, cookie: Uint8Array): void {
    if (attempt.flight === undefined) return
    const { step, body } = attempt.flight
    const bytes =
      step === 0
        ? this.openWith(hello, cookie, body)
        : encodeControl({ type: 'prove', nonce: hello.nonce, step, flight: body }, crc32)
    this.shaken.push(bytes)
    this.send(bytes)
  }

  /** Until the attempt has something to say again. */
  private async carryOut(attempt: Attempt): Promise<void> {
    const { guise } = this
    while (attempt.agreement === undefined && attempt.flight === undefined && !attempt.hasFailed) {
      const step = guise.protection.pollStep()
      if (step === undefined) return
      guise.protection.handleStep(step.id, await guise.carryOut(step))
    }
  }

  private get targetAddress(): string {
    return `${this.target.host}:${this.target.port}`
  }

  private openingOf(nonce: Uint8Array): Opening {
    return { address: this.targetAddress, nonce, local: newSession(), datagramBytesMax: 1_472 }
  }

  /** Whether the target still answers in this session. */
  async isAlive(timeoutMs = WAIT_MS_MAX): Promise<boolean> {
    if (this.session === undefined) return false
    const { remote } = this.session
    const say = () => this.send(this.sealed(encodeFields({ type: 'ping', session: remote, number: 7 })))
    return (await this.insist(say, ({ control }) => control?.type === 'pong', timeoutMs)) !== undefined
  }

  /** Says a message until it is answered; asks again where the target is busy. */
  async say(body: Uint8Array, timeoutMs = WAIT_MS_MAX): Promise<Message | undefined> {
    const deadlineMs = performance.now() + timeoutMs
    while (performance.now() < deadlineMs && this.session !== undefined) {
      const number = ++this.messageNumber
      const { remote } = this.session
      const answer = await this.insist(
        () => this.control({ type: 'message', session: remote, number, body }),
        ({ control }) => control?.type === 'reply' && control.number === number,
        deadlineMs - performance.now(),
      )
      if (answer?.control?.type !== 'reply') return undefined
      const message = decodeMessage(answer.control.body)
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
    for (const look of [...this.waiting]) look({ bytes, control })
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
      // Whatever it has to tell, we hold the same.
      const body = encodeMessage({ type: 'same' })
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

  /** What a datagram of our session holds. Once for each: a repetition is not opened. */
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

export function newSession(): WireSession {
  const bytes = random.bytes(8)
  return { high: u32At(bytes, 0), low: u32At(bytes, 4) }
}
