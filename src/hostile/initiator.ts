// The side of the handshake that opens a session, step by step, so that an attack can say any step at any time. Every
// attacker has one.

import { equalBytes } from '../base/bytes.js'
import { WIRE_VERSION } from '../base/limits.js'
import { crc32 } from '../io/hash.js'
import { SystemRandom } from '../io/random.js'
import type { Attempt, Opening, SessionProtection, WireSession } from '../rdt/protection.js'
import { type Control, encodeControl } from '../rdt/wire/control.js'
import { u32At } from '../rdt/wire/segment.js'
import type { Guise } from './guise.js'
import { WAIT_MS_MAX } from './limits.js'
import type { HeardDatagram, Replies } from './replies.js'

export interface OpenedSession {
  readonly local: WireSession
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
    const isOurs = ({ control }: HeardDatagram) =>
      control?.type === 'cookie' && equalBytes(control.nonce, hello.nonce)
    const answer = await this.replies.insist(say, isOurs, timeoutMs)
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

  /** The flight that begins a handshake. */
  firstFlight(): Uint8Array {
    return this.guise.protection.ask(this.openingOf(random.bytes(8))).flight!.body
  }

  /** Opens a session as an honest peer would; undefined where the target did not take it. */
  async connect(timeoutMs = WAIT_MS_MAX): Promise<OpenedSession | undefined> {
    const deadlineMs = performance.now() + timeoutMs
    const hello = this.hello()
    const cookie = await this.askCookie(hello, timeoutMs)
    if (cookie === undefined) return undefined
    const opening = this.openingOf(hello.nonce)
    const attempt = this.guise.protection.ask(opening)
    const isOurs = ({ control }: HeardDatagram) =>
      control?.type === 'accept' &&
      equalBytes(control.nonce, hello.nonce) &&
      attempt.handleFlight({ step: control.step, body: control.flight })
    while (attempt.agreement === undefined && !attempt.hasFailed) {
      const say = () => this.sayFlight(attempt, hello, cookie)
      if ((await this.replies.insist(say, isOurs, deadlineMs - performance.now())) === undefined)
        return undefined
      await this.carryOut(attempt)
    }
    if (attempt.agreement === undefined) return undefined
    const { remote, protection } = attempt.agreement
    return { local: opening.local, remote, protection }
  }

  /** Whether the target goes on, in one round trip, with what the last session here left behind. */
  async resumes(timeoutMs: number): Promise<boolean> {
    const hello = this.hello()
    const flight = this.guise.protection.resume(this.openingOf(hello.nonce))?.flight?.body
    if (flight === undefined) return false
    const say = () => this.send(encodeControl({ ...hello, flight }, crc32))
    const isOurs = ({ control }: HeardDatagram) =>
      control?.type === 'accept' && equalBytes(control.nonce, hello.nonce)
    return (await this.replies.insist(say, isOurs, timeoutMs)) !== undefined
  }

  /** An offer in answer to the target's own first flight; undefined where that is none. */
  offer(nonce: Uint8Array, flight: Uint8Array): Uint8Array | undefined {
    return this.guise.protection.offer(this.openingOf(nonce), flight, random.bytes(32))?.body
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

  private openingOf(nonce: Uint8Array): Opening {
    return { address: this.targetAddress, nonce, local: newSession(), datagramBytesMax: 1_472 }
  }
}

export function newSession(): WireSession {
  const bytes = random.bytes(8)
  return { high: u32At(bytes, 0), low: u32At(bytes, 4) }
}
