// Control messages by stop-and-wait (rdt3.0 with numbers): one request outstanding, repeated until its reply
// comes; each request is handed up once and its reply kept for repetitions. One per session, both directions.
//
//   asker:     idle ── send ──▶ waiting ── reply with its number ──▶ idle
//                                  └── timeout: send again, wait twice as long
//   answerer:  (nothing new) ── next number ──▶ with the caller ── sendReply ──▶ answered, repeats its reply
//
// At most two letters wait to be sent, our request and our reply, however long the sender has no room and however often
// the other side repeats itself: a repetition is answered by the reply that waits, and what is new is not heard before
// the request in front of it is answered, as no honest asker says it.

import { assert } from '../../base/assert.js'
import { CONTROL_BYTES_MAX } from '../../base/limits.js'
import type { RoundTrip } from '../path/rtt.js'
import { LETTERS_QUEUED_MAX, MESSAGES_QUEUED_MAX } from './limits.js'

export interface Letter {
  readonly type: 'message' | 'reply'
  readonly number: number
  readonly body: Uint8Array
}

export interface Heard {
  readonly number: number
  readonly body: Uint8Array
}

export class StopAndWait {
  private readonly queue: Uint8Array[] = []
  /** To be sent, the earlier first: LETTERS_QUEUED_MAX at most, of each type one. */
  private readonly outbox: Letter[] = []
  private outstanding: { number: number; body: Uint8Array; sentAtMs: number; backoff: number } | undefined
  private nextNumber = 1

  private heardNumber = 0
  private reply: Uint8Array | undefined

  constructor(private readonly roundTrip: RoundTrip) {}

  sendRequest(body: Uint8Array, nowMs: number): void {
    assert(body.length <= CONTROL_BYTES_MAX, 'a control message must fit one datagram')
    assert(this.queue.length < MESSAGES_QUEUED_MAX, 'too many control messages wait')
    this.queue.push(body.slice())
    this.sendNext(nowMs)
  }

  /** Answers the request that was heard last; a reply to any other is late and not sent. */
  sendReply(number: number, body: Uint8Array): void {
    assert(body.length <= CONTROL_BYTES_MAX, 'a control message must fit one datagram')
    if (number !== this.heardNumber) return
    assert(this.reply === undefined, 'a request is answered once')
    this.reply = body.slice()
    this.post({ type: 'reply', number, body: this.reply })
  }

  /** A request of the other side. Answers it where it is new. */
  handleMessage(number: number, body: Uint8Array): Heard | undefined {
    if (number === this.heardNumber && this.reply !== undefined)
      this.post({ type: 'reply', number, body: this.reply })
    if (number <= this.heardNumber || this.isWithCaller) return undefined
    this.heardNumber = number
    this.reply = undefined
    return { number, body }
  }

  private get isWithCaller(): boolean {
    return this.heardNumber > 0 && this.reply === undefined
  }

  /** Answers the body where it is the reply that is waited for. */
  handleReply(number: number, body: Uint8Array, nowMs: number): Uint8Array | undefined {
    if (this.outstanding?.number !== number) return undefined
    // Karn: an answer to a repeated request does not tell which of them it answers.
    if (this.outstanding.backoff === 0) this.roundTrip.handleSample(nowMs - this.outstanding.sentAtMs, nowMs)
    this.outstanding = undefined
    this.sendNext(nowMs)
    return body
  }

  pollTimeout(): number | undefined {
    if (this.outstanding === undefined) return undefined
    return this.outstanding.sentAtMs + this.roundTrip.retransmissionTimeoutMs(this.outstanding.backoff)
  }

  handleTimeout(nowMs: number): void {
    const { outstanding } = this
    if (outstanding === undefined || nowMs < this.pollTimeout()!) return
    outstanding.backoff++
    outstanding.sentAtMs = nowMs
    this.post({ type: 'message', number: outstanding.number, body: outstanding.body })
  }

  pollLetter(): Letter | undefined {
    return this.outbox.shift()
  }

  private sendNext(nowMs: number): void {
    if (this.outstanding !== undefined) return
    const body = this.queue.shift()
    if (body === undefined) return
    const number = this.nextNumber++
    this.outstanding = { number, body, sentAtMs: nowMs, backoff: 0 }
    this.post({ type: 'message', number, body })
  }

  /** A letter takes the place of an earlier one of its type: that is the same, or its answer has come meanwhile. */
  private post(letter: Letter): void {
    const index = this.outbox.findIndex(({ type }) => type === letter.type)
    if (index < 0) this.outbox.push(letter)
    else this.outbox[index] = letter
    assert(this.outbox.length <= LETTERS_QUEUED_MAX, 'one letter of each type waits')
  }
}
