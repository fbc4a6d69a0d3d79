// The side of the handshake that opens a session, step by step, so that an attack can say any step at any time. Every
// attacker has one.

import { equalBytes } from '../base/bytes.js'
import { WIRE_VERSION } from '../base/limits.js'
import { crc32 } from '../io/hash.js'
import { SystemRandom } from '../io/random.js'
import type {
  AskingAttempt,
  FirstFlight,
  Opening,
  SessionProtection,
  WireSession,
} from '../rdt/protection.js'
import { type Control, encodeControl } from '../rdt/wire/control.js'
import { u32At } from '../rdt/wire/segment.js'
import type { Guise } from './guise.js'
import { OPEN_FLIGHT_BYTES, WAIT_MS_MAX } from './limits.js'
import type { HeardDatagram, Replies } from './replies.js'

export interface OpenedSession {
  readonly local: WireSession
  /** The target's. */
  readonly peerId: string
  readonly remote: WireSession
  readonly protection: SessionProtection
}

export interface InitiatorOptions {
  readonly guise: Guise
  /** `host:port`. */
  readonly targetAddress: string
  readonly replies: Replies
  readonly send: (bytes: Uint8Array) => void
}

export type Hello = Control & { type: 'hello' }

/** An attempt, and the hello that begins it. */
export interface Begun {
  readonly opening: Opening
  readonly attempt: AskingAttempt
  readonly hello: Hello
}

/** What a hello is answered with. */
export interface Cookie {
  readonly cookie: Uint8Array
  readonly flight: Uint8Array
}

const random = new SystemRandom()

export class Initiator {
  /** The datagrams that made the session. */
  readonly shaken: Uint8Array[] = []
  private readonly guise: Guise
  private readonly targetAddress: string
  private readonly replies: Replies
  private readonly send: (bytes: Uint8Array) => void

  constructor({ guise, targetAddress, replies, send }: InitiatorOptions) {
    this.guise = guise
    this.targetAddress = targetAddress
    this.replies = replies
    this.send = send
  }

  begin(): Begun {
    const opening = this.openingOf(random.bytes(8))
    const attempt = this.guise.protection.ask(opening)
    if (attempt === undefined) throw new Error('too many guesses')
    return { opening, attempt, hello: this.helloOf(opening, attempt.first) }
  }

  hello(): Hello {
    return this.begin().hello
  }

  /** A cookie for this address; undefined where none comes. */
  async askCookie(hello = this.hello(), timeoutMs = WAIT_MS_MAX): Promise<Cookie | undefined> {
    const say = () => this.send(encodeControl(hello, crc32))
    const isOurs = ({ control }: HeardDatagram) =>
      control?.type === 'cookie' && equalBytes(control.nonce, hello.nonce)
    const answer = await this.replies.insist(say, isOurs, timeoutMs)
    return answer?.control?.type === 'cookie' ? answer.control : undefined
  }

  /** The datagram that shows a cookie, with a flight of the right length that says nothing. */
  openWith(hello: Hello, cookie: Uint8Array, flight?: Uint8Array): Uint8Array {
    const { agent, nonce, suite, introduction } = hello
    const { length } = hello.flight
    const said = new Uint8Array(OPEN_FLIGHT_BYTES)
    said.set(hello.flight)
    said.set(random.bytes(OPEN_FLIGHT_BYTES - length), length)
    return encodeControl(
      { type: 'open', agent, nonce, suite, introduction, cookie, flight: flight ?? said },
      crc32,
    )
  }

  /** The same with what an honest peer would say; undefined where the answer does not fit. */
  async honestOpen({ attempt, hello }: Begun, { cookie, flight }: Cookie): Promise<Uint8Array | undefined> {
    if (hello.flight.length > 0 && !attempt.handleFlight({ step: 2, body: flight })) return undefined
    await this.carryOut(attempt)
    return attempt.flight && this.openWith(hello, cookie, attempt.flight.body)
  }

  /** Opens a session as an honest peer would; undefined where the target did not take it. */
  async connect(timeoutMs = WAIT_MS_MAX): Promise<OpenedSession | undefined> {
    const deadlineMs = performance.now() + timeoutMs
    const begun = this.begin()
    const { attempt, opening } = begun
    const cookie = await this.askCookie(begun.hello, timeoutMs)
    const open = cookie && (await this.honestOpen(begun, cookie))
    if (open === undefined) return undefined
    const say = () => {
      this.shaken.push(open)
      this.send(open)
    }
    const isOurs = ({ control }: HeardDatagram) =>
      control?.type === 'accept' &&
      equalBytes(control.nonce, opening.nonce) &&
      attempt.handleFlight({ step: control.step, body: control.flight })
    if ((await this.replies.insist(say, isOurs, deadlineMs - performance.now())) === undefined)
      return undefined
    await this.carryOut(attempt)
    if (attempt.agreement === undefined) return undefined
    const { peerId, remote, protection } = attempt.agreement
    return { local: opening.local, peerId, remote, protection }
  }

  /** The hello that goes on with what the last session here left behind; undefined where nothing is left. */
  resumption(): Begun | undefined {
    const opening = this.openingOf(random.bytes(8))
    const attempt = this.guise.protection.resume(opening)
    return attempt && { opening, attempt, hello: this.helloOf(opening, attempt.first) }
  }

  /** Whether the target goes on with that, in one round trip. */
  async resumes(timeoutMs: number, begun = this.resumption()): Promise<boolean> {
    if (begun === undefined) return false
    const { hello } = begun
    const say = () => this.send(encodeControl(hello, crc32))
    const isOurs = ({ control }: HeardDatagram) =>
      control?.type === 'accept' && equalBytes(control.nonce, hello.nonce)
    return (await this.replies.insist(say, isOurs, timeoutMs)) !== undefined
  }

  /** Flight 2 in answer to the target's own hello; undefined where that begins no first contact. */
  offer({ nonce, introduction, flight: body }: Hello): Uint8Array | undefined {
    return this.guise.protection.offer(this.openingOf(nonce), { introduction, body }, random.bytes(32))
  }

  private helloOf({ nonce }: Opening, { introduction, body }: FirstFlight): Hello {
    const { suite } = this.guise.protection
    const agent = 'left hostile'
    return { type: 'hello', version: WIRE_VERSION, agent, nonce, suite, introduction, flight: body }
  }

  /** Until the attempt has something to say again. */
  private async carryOut(attempt: AskingAttempt): Promise<void> {
    const { guise } = this
    while (attempt.agreement === undefined && attempt.flight === undefined && !attempt.hasFailed) {
      const step = guise.protection.pollStep()
      if (step === undefined) return
      guise.protection.handleStep(step.id, await guise.carryOut(step))
    }
  }

  private openingOf(nonce: Uint8Array): Opening {
    return openingOf(this.targetAddress, nonce)
  }
}

export function openingOf(address: string, nonce: Uint8Array): Opening {
  return {
    address,
    nonce,
    local: newSession(),
    datagramBytesMax: 1_472,
    atMs: performance.now(),
    knownOf: () => undefined,
  }
}

export function newSession(): WireSession {
  const bytes = random.bytes(8)
  return { high: u32At(bytes, 0), low: u32At(bytes, 4) }
}
