// Questions of persons, between peers: how a path stands, what time it is. Those of a person here wait for a peer's turn and its answer;
// those of peers about a path the keeper answers, those about the clock the owner of the engine. Talk owns it.

import type { CheckedMessage, CheckMessage } from '../../ecp/check-message.js'
import type { Message } from '../../ecp/message.js'
import type { StandsMessage, WhyMessage } from '../../ecp/path-message.js'
import type { KeeperToEngine } from '../../pipe/messages.js'
import type { Address, SessionId } from '../../rdt/endpoint.js'
import { WORKING_RETRY_MS } from '../limits.js'
import type { Outbox } from '../outbox.js'
import { PATHS_TOLD_MAX, PATHS_TOLD_MS, QUESTIONS_WAITING_MAX } from './limits.js'

export type PeerQuestion = WhyMessage | CheckMessage

interface Asked {
  readonly id: number
  readonly question: PeerQuestion
}

/** A peer asks for the clock and the program here, and for a knock with this token at its address. */
export interface AskedCheck {
  readonly session: SessionId
  readonly number: number
  readonly address: Address
  readonly knock: string
}

/** `answer` undefined where the peer did not say: it left, it is older, or too much is asked of it. */
export interface PeerAnswer {
  readonly id: number
  readonly answer: StandsMessage | CheckedMessage | undefined
}

export interface PeerQuestionsOptions {
  readonly toKeeper: Outbox
  readonly reply: (session: SessionId, number: number, message: Message) => void
}

export class PeerQuestions {
  /** To be asked in each session, in their order. */
  private readonly waiting = new Map<SessionId, Asked[]>()
  /** Asked, one in each session. */
  private readonly asked = new Map<SessionId, Asked>()
  private readonly answers: PeerAnswer[] = []
  /** Of peers, one in each session, for a peer has one request outstanding. */
  private readonly theirs = new Map<number, { readonly session: SessionId; readonly number: number }>()
  /** By session. */
  private readonly checks = new Map<SessionId, AskedCheck>()
  /** How many of its questions went to the keeper since then, by session. */
  private readonly answered = new Map<SessionId, { readonly sinceMs: number; count: number }>()
  private nextQuestion = 1

  constructor(private readonly options: PeerQuestionsOptions) {}

  /** `session` undefined where there is none with the peer. Answered by `pollAnswer` in any case. */
  ask(session: SessionId | undefined, asked: Asked): void {
    const waiting = session === undefined ? [] : (this.waiting.get(session) ?? [])
    if (session === undefined || waiting.length >= QUESTIONS_WAITING_MAX) {
      this.answers.push({ id: asked.id, answer: undefined })
      return
    }
    waiting.push(asked)
    this.waiting.set(session, waiting)
  }

  /** What is to be asked in this session now. */
  pollQuestion(session: SessionId): PeerQuestion | undefined {
    const next = this.asked.has(session) ? undefined : this.waiting.get(session)?.shift()
    if (next === undefined) return undefined
    this.asked.set(session, next)
    return next.question
  }

  /** Answers whether the reply is to a question of a person. */
  handleReply(session: SessionId, reply: Message | undefined): boolean {
    const asked = this.asked.get(session)
    if (asked === undefined) return false
    this.asked.delete(session)
    this.answers.push({ id: asked.id, answer: isAnswer(reply, asked.question) ? reply : undefined })
    return true
  }

  pollAnswer(): PeerAnswer | undefined {
    return this.answers.shift()
  }

  handleClosed(session: SessionId): void {
    const asked = this.asked.get(session)
    for (const { id } of [...(asked === undefined ? [] : [asked]), ...(this.waiting.get(session) ?? [])])
      this.answers.push({ id, answer: undefined })
    this.asked.delete(session)
    this.waiting.delete(session)
    this.checks.delete(session)
    this.answered.delete(session)
    for (const [id, question] of this.theirs) if (question.session === session) this.theirs.delete(id)
  }

  /** A peer asks, and may be told. Answers false where it asked too much of late. */
  handleAsked(
    session: SessionId,
    { number, path }: { readonly number: number; readonly path: string },
    nowMs: number,
  ): boolean {
    if (!this.count(session, nowMs)) return false
    const question = this.nextQuestion++
    this.theirs.set(question, { session, number })
    this.options.toKeeper.push({ type: 'why', question, path })
    return true
  }

  private count(session: SessionId, nowMs: number): boolean {
    const counted = this.answered.get(session)
    if (counted === undefined || nowMs >= counted.sinceMs + PATHS_TOLD_MS) {
      this.answered.set(session, { sinceMs: nowMs, count: 1 })
      return true
    }
    return ++counted.count <= PATHS_TOLD_MAX
  }

  handleCheckAsked(check: AskedCheck): void {
    this.checks.set(check.session, check)
  }

  /** The next one of a peer, to be answered by a 'checked'. */
  pollCheck(): AskedCheck | undefined {
    const [check] = this.checks.values()
    if (check !== undefined) this.checks.delete(check.session)
    return check
  }

  handleTold({ question: id, stands, isHeld, reason }: KeeperToEngine & { type: 'stands' }): void {
    const question = this.theirs.get(id)
    if (question === undefined) return
    this.theirs.delete(id)
    this.options.reply(question.session, question.number, { type: 'stands', stands, isHeld, reason })
  }

  /** The questions of peers will not be answered. */
  handleKeeperLost(): void {
    for (const { session, number } of this.theirs.values())
      this.options.reply(session, number, { type: 'working', retryMs: WORKING_RETRY_MS })
    this.theirs.clear()
  }
}

function isAnswer(
  reply: Message | undefined,
  question: PeerQuestion,
): reply is StandsMessage | CheckedMessage {
  return reply?.type === (question.type === 'why' ? 'stands' : 'checked')
}
