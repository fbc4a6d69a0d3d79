// The ecp conversation with one peer: which request is due, and what is answered. Performs no I/O; Talk owns one
// for each open session.
//
//            opened, we are the initiator                 root changed, or we are the
//                      │                                       │   answerer
//                      ▼                                       ▼
//   ┌─────────┐  h   ┌──────────────┐  s, e: told    ┌─────────────────┐
//   │ greeting├─────▶│ awaiting     ├───────────────▶│ listening       │
//   └─────────┘      │ a reply      │◀───────────────┤ (told ≠ own: u) │
//        ▲           └──────┬───────┘       u        └─────────────────┘
//        └──────────────────┘ w: the same request again after the time it names

import { assert } from '../../base/assert.js'
import { earliest } from '../../base/earliest.js'
import type { Digest, ItemRef } from '../../base/item.js'
import type { KnownEdits } from '../../base/known-edits.js'
import {
  encodeMessage,
  fitLines,
  type HoldingMessage,
  type Scope,
  type StateMessage,
} from '../../ecp/message.js'
import type { Stop } from '../../ecp/path-message.js'
import { HELD_BACK_MS } from './limits.js'
import type { OwnState } from './own-state.js'

interface Awaiting extends News {
  readonly root: ItemRef
  readonly greeting: boolean
  /** The peer told by itself meanwhile that it stops, or goes on: what the answer says of that may be older. */
  isStopCrossed?: boolean
  /** The root that the peer told by itself meanwhile: whether that or the answer is newer is not known. */
  crossed?: Digest
}

/** Beside the root, what of our state is told again when it changes. */
interface News {
  readonly notHeldCount: number
  /** In whose name the peer edits, as we know it: what we know of its edits tells it nothing before we know that. */
  readonly authorOfPeer: string | undefined
}

export class PeerTalk {
  /** The root of ours that the peer is known to know. */
  private told: Digest | undefined
  /** News of ours that the peer is known to know. */
  private toldNews: News
  private theirCount = 0
  private awaiting: Awaiting | undefined
  /** The file of which the peer was asked what it holds. */
  private askedHolding: Digest | undefined
  /** Why nothing is given and taken here for now, as the peer is told, was told, and tells. */
  private askedStop: { readonly stop: Stop | undefined } | undefined
  private toldStop: Stop | undefined
  private theirs: Stop | undefined
  /** A question about a path is outstanding. */
  private isAskedPerson = false
  private greetingDue: boolean
  private heard = false
  private retryAtMs: number | undefined
  private isBusy = false
  /** Until when the peer is not told what changed, because others are told first. */
  private heldUntilMs: number | undefined
  /** The root that the peer told last. */
  private theirRoot: Digest | undefined
  private stands: 'unknown' | 'vetted' | 'refused' = 'unknown'

  /** `weKnow`: edits of the peer that it was told with the session that we know. A session begins with a count of 0 on either
   *  side. */
  constructor(
    private readonly peer: string,
    initiator: boolean,
    weKnow: KnownEdits | undefined,
  ) {
    this.greetingDue = initiator
    this.toldNews = { notHeldCount: 0, authorOfPeer: weKnow?.author }
  }

  /** The next request to send, or undefined while one is outstanding or nothing is due. */
  pollRequest(own: OwnState, nowMs: number): StateMessage | undefined {
    if (this.retryAtMs !== undefined && nowMs < this.retryAtMs) return undefined
    // Over even where nothing can be sent yet: a timeout that stays due would keep the engine turning.
    this.retryAtMs = undefined
    const root = own.root
    if (root === undefined || !this.isFree) return undefined
    if (this.greetingDue) {
      this.greetingDue = false
      this.awaiting = { root, ...this.newsOf(own), greeting: true }
      return this.describe('have', root, own, undefined)
    }
    // The side that did not open the session is silent until the other has greeted it.
    if (!this.heard || this.isTold(own)) return undefined
    this.awaiting = { root, ...this.newsOf(own), greeting: false }
    return this.describe('update', root, own, this.told)
  }

  /** Nothing is outstanding: where no state is to be told, something else may be asked. */
  get isFree(): boolean {
    if (this.askedStop !== undefined || this.isAskedPerson) return false
    return this.awaiting === undefined && this.askedHolding === undefined
  }

  // — Stops, and questions about a path —

  /** Why the peer gives and takes nothing for now, as it said last. */
  get theirStop(): Stop | undefined {
    return this.theirs
  }

  /** The peer asked to be asked again, and has not answered since. */
  get isReadingThere(): boolean {
    return this.isBusy
  }

  /** Whether the peer is to be told a stop now, or its end. */
  pollStop(stop: Stop | undefined): boolean {
    if (!this.isFree || this.toldStop === stop) return false
    this.askedStop = { stop }
    return true
  }

  /** Answers whether the reply is to a stop that the peer was told. */
  takeAskedStop(): boolean {
    const asked = this.askedStop
    this.askedStop = undefined
    if (asked !== undefined) this.toldStop = asked.stop
    return asked !== undefined
  }

  /** The peer is told with a reply. */
  handleStopReplied(stop: Stop): void {
    this.toldStop = stop
  }

  /** The peer says by itself that it stops, or goes on. */
  handleTheirStop(stop: Stop | undefined): void {
    this.theirs = stop
    if (this.awaiting !== undefined) this.awaiting.isStopCrossed = true
  }

  /** The peer says so in place of an answer, to a state where one was told. */
  handleStopReply(stop: Stop | undefined): void {
    const { awaiting } = this
    if (awaiting?.isStopCrossed !== true) this.theirs = stop
    if (awaiting?.greeting === true || awaiting?.isStopCrossed === true) this.greetingDue = true
    this.awaiting = undefined
  }

  /** Neither side knows any more how the two stood: it is as in a session that has just begun, and we greet. */
  handleResumed(): void {
    this.told = undefined
    this.theirRoot = undefined
    this.heard = false
    this.retryAtMs = undefined
    this.heldUntilMs = undefined
    this.greet()
  }

  handleAskedPerson(): void {
    this.isAskedPerson = true
  }

  handlePersonReply(): void {
    this.isAskedPerson = false
  }

  handleAskedHolding({ file }: HoldingMessage): void {
    this.askedHolding = file.digest
  }

  /** The file that the peer was asked about, where that is what it has answered now. */
  takeAskedHolding(): Digest | undefined {
    const digest = this.askedHolding
    this.askedHolding = undefined
    return digest
  }

  pollTimeout(): number | undefined {
    return earliest(this.retryAtMs, this.heldUntilMs)
  }

  /** Whether the peer has been told this root, or is being told, and has told another one since. */
  isBehind(root: Digest): boolean {
    return (this.told === root || this.awaiting?.root.digest === root) && this.theirRoot !== root
  }

  /** Holds the next update back while `others` are to have it first; answers whether it does. */
  holdBack(own: OwnState, others: boolean, nowMs: number): boolean {
    const isDue = this.isFree && this.heard && !this.greetingDue && this.retryAtMs === undefined
    const isNews = this.told !== own.root?.digest
    this.heldUntilMs = others && isDue && isNews ? (this.heldUntilMs ?? nowMs + HELD_BACK_MS) : undefined
    if (this.heldUntilMs !== undefined && nowMs < this.heldUntilMs) return true
    this.heldUntilMs = undefined
    return false
  }

  /** The peer is to be told before it has greeted us: what we say is there when its greeting sets out. */
  tellFirst(): void {
    this.heard = true
  }

  /** The peer's state is wanted, whatever it knows of ours. */
  greet(): void {
    this.greetingDue = true
  }

  /** Our state for a peer that is met again, in at most `bytesMax`, told with its hello. */
  tidings(own: OwnState, bytesMax: number): Uint8Array | undefined {
    if (own.root === undefined) return undefined
    const full = encodeMessage(this.describe('update', own.root, own, undefined))
    const body = full.length <= bytesMax ? full : encodeMessage(bare('update', own.root, own, this.peer))
    return body.length <= bytesMax ? body : undefined
  }

  /** The peer tells its state. */
  handleState({ notHeldCount, root }: StateMessage): void {
    this.theirRoot = root.digest
    this.theirCount = notHeldCount
  }

  /** The peer tells a state by itself. */
  handleRequest({ root }: StateMessage): void {
    if (this.awaiting !== undefined) this.awaiting.crossed = root.digest
  }

  /** Entries that the peer knows and does not hold, as it said last in this session. */
  get theirNotHeldCount(): number {
    return this.theirCount
  }

  /** Whether the peer knows our state, or asks again for the answer that tells it. */
  isTold(own: OwnState): boolean {
    const { notHeldCount, authorOfPeer } = this.toldNews
    if (this.told !== own.root?.digest || notHeldCount !== own.notHeldCount) return false
    return authorOfPeer === own.knownOf(this.peer)?.author
  }

  private newsOf(own: OwnState): News {
    return { notHeldCount: own.notHeldCount, authorOfPeer: own.knownOf(this.peer)?.author }
  }

  /** The outstanding request was answered, with the root of an 'excess'. Answers the root that both sides are now known to
   *  have: a greeting is answered with 'same' for no other reason. */
  handleSettled(reply: 'same' | 'excess', theirRoot?: Digest): ItemRef | undefined {
    const { awaiting } = this
    this.heard = true
    this.isBusy = false
    this.awaiting = undefined
    if (awaiting === undefined) return undefined
    this.told = awaiting.root.digest
    this.toldNews = awaiting
    const equal = awaiting.greeting && reply === 'same' ? awaiting.root : undefined
    const answered = equal?.digest ?? theirRoot
    if (equal !== undefined) this.theirRoot = equal.digest
    // An answer that was lost is said again as it was, perhaps after what the peer has told since. What is asked now is
    // answered later than both.
    const { crossed } = awaiting
    if (crossed !== undefined && answered !== undefined && answered !== crossed) this.greetingDue = true
    return equal
  }

  /** Whether the peer may be told of entries: it has told what it knows of ours, and that is nothing that we have forgotten. */
  get verdict(): 'unknown' | 'vetted' | 'refused' {
    return this.stands
  }

  handleVetted(): void {
    this.stands = 'vetted'
  }

  /** The peer knows edits that we do not remember: the keeper has to look at that. */
  handleDoubted(): void {
    if (this.stands === 'vetted') this.stands = 'unknown'
  }

  handleRefused(): void {
    this.stands = 'refused'
  }

  /** The next keeper may have another share: its peers are vetted anew. */
  handleKeeperLost(): void {
    this.stands = 'unknown'
    this.greet()
  }

  /** The peer is busy, or answered what cannot be read. */
  handleWorking(retryMs: number, nowMs: number): void {
    if (this.awaiting?.greeting) this.greetingDue = true
    this.awaiting = undefined
    this.retryAtMs = nowMs + retryMs
    this.isBusy = true
  }

  /** Reply to a request of the peer, whose root is `theirs`: undefined for 'same'. `same` is what the
   *  keeper found, which may know more by now than it has told. */
  replyTo(
    request: { readonly type: 'have' | 'update'; readonly theirs: Digest },
    same: boolean,
    own: OwnState,
  ): StateMessage | undefined {
    const root = own.root
    this.heard = true
    if (root !== undefined && request.theirs === root.digest) this.told = root.digest
    if (root === undefined) return undefined
    // 'same' would tell of a greeting that the peer knows all of our state.
    const isNews = request.type === 'have' && !this.isTold(own)
    if (request.theirs === root.digest && isNews) {
      this.toldNews = this.newsOf(own)
      return this.describe('excess', root, own, this.told)
    }
    if (same || request.theirs === root.digest) return undefined
    const isUnderway = this.awaiting?.root.digest === root.digest
    if (request.type === 'update' && (this.told === root.digest || isUnderway)) return undefined
    const reply = this.describe('excess', root, own, this.told)
    this.told = root.digest
    this.toldNews = this.newsOf(own)
    return reply
  }

  /** Our state for a peer that knows our root `told`: everything where that is little, else what changed, else only the root,
   *  which is all that a peer is told that is not vetted. Of whom nothing is known, is told what changed last: it can be
   *  fetched while the rest is compared. */
  private describe(
    type: StateMessage['type'],
    root: ItemRef,
    own: OwnState,
    told: Digest | undefined,
  ): StateMessage {
    const only = bare(type, root, own, this.peer)
    // Only the count is news.
    if (this.stands !== 'vetted' || told === root.digest) return only
    const since = told === undefined ? undefined : own.changesSince(told)
    if (since !== undefined) {
      const scope: Scope = { type: 'since', base: since.base }
      const message = fitLines({ ...only, scope, lines: since.lines })
      if (message.scope.type === 'since') return message
    }
    if (own.wholeLines !== undefined)
      return fitLines({ ...only, scope: { type: 'whole' }, lines: own.wholeLines })
    return fitLines({ ...only, lines: told === undefined ? own.newestLines : [] })
  }
}

function bare(type: StateMessage['type'], root: ItemRef, own: OwnState, peer: string): StateMessage {
  const { notHeldCount, counts } = own
  assert(counts !== undefined, 'a share with a root has an author')
  const knows = own.knownOf(peer)
  return { type, root, author: counts.author, knows, scope: { type: 'some' }, notHeldCount, lines: [] }
}
