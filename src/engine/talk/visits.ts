// Sessions of visitors, who look at what is held here and are no peers: they are asked nothing and told nothing by themselves, and no
// state of theirs gets to the keeper. What they pull is served as to any peer. Used by the engine's event router.
//
//   visitor ── visit ──▶ Visits ── visit ──▶ keeper
//   visitor ◀── holds ── Visits ◀─ visited ─ keeper

import { hexOf } from '../../base/bytes.js'
import type { Hash, ItemRef } from '../../base/item.js'
import { decodeMessage, encodeMessage, type Message } from '../../ecp/message.js'
import type { KeeperToEngine } from '../../pipe/messages.js'
import type { Endpoint, SessionId } from '../../rdt/endpoint.js'
import { WORKING_RETRY_MS } from '../limits.js'
import type { Outbox } from '../outbox.js'
import type { Serving } from '../serve/serving.js'

export interface VisitsOptions {
  readonly endpoint: Endpoint
  readonly hash: Hash
  readonly serving: Serving
  readonly toKeeper: Outbox
}

interface Question {
  readonly session: SessionId
  readonly number: number
}

export class Visits {
  private readonly options: VisitsOptions
  private readonly sessions = new Set<SessionId>()
  /** Waiting for the keeper: one for each session at most, for a visitor has one request outstanding. */
  private readonly questions = new Map<number, Question>()
  private nextQuestion = 1

  constructor(options: VisitsOptions) {
    this.options = options
  }

  has(session: SessionId): boolean {
    return this.sessions.has(session)
  }

  handleOpened(session: SessionId): void {
    this.sessions.add(session)
  }

  /** Answers whether it was a visitor's. */
  handleClosed(session: SessionId): boolean {
    for (const [id, question] of this.questions) if (question.session === session) this.questions.delete(id)
    return this.sessions.delete(session)
  }

  handleRequest(session: SessionId, number: number, body: Uint8Array): void {
    const message = decodeMessage(body)
    if (!message.ok || message.value.type !== 'visit') {
      this.reply({ session, number }, WORKING)
      return
    }
    const question = this.nextQuestion++
    this.questions.set(question, { session, number })
    this.options.toKeeper.push({ type: 'visit', question })
  }

  handleVisited({ question: id, holdings }: KeeperToEngine & { type: 'visited' }): void {
    const question = this.questions.get(id)
    if (question === undefined) return
    this.questions.delete(id)
    if (holdings === 'working') {
      this.reply(question, WORKING)
      return
    }
    const { root, held, untoldCount } = holdings
    const item = held === undefined ? undefined : this.offered(held)
    this.reply(question, { type: 'holds', root, held: item, untoldCount })
  }

  handleKeeperLost(): void {
    for (const question of this.questions.values()) this.reply(question, WORKING)
    this.questions.clear()
  }

  private offered(bytes: Uint8Array): ItemRef {
    const digest = hexOf(this.options.hash(bytes))
    this.options.serving.offer({ kind: 'tree', digest }, bytes)
    return { kind: 'tree', digest, sizeBytes: bytes.length }
  }

  private reply({ session, number }: Question, message: Message): void {
    this.options.endpoint.sendReply(session, number, encodeMessage(message))
  }
}

const WORKING: Message = { type: 'working', retryMs: WORKING_RETRY_MS }
