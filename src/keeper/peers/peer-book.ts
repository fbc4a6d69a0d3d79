// What the keeper knows of each peer: the root that it last told, the walk that compares its tree with ours, and
// whether everything in that root has been considered. Entries found to differ are returned, of listings a bounded number in
// each `step`: one peer's after the other's, and none of a peer of which enough is wanted already. The keeper considers them
// and then says to `handleConsidered` whether all of them could be.

import { earliest } from '../../base/earliest.js'
import type { Digest, ItemRef } from '../../base/item.js'
import { TREE_PULL_BYTES_MAX, TREE_PULLS_MAX } from '../../pipe/limits.js'
import type { PeerClaim } from '../../pipe/messages.js'
import type { Entry } from '../../share/entry.js'
import type { Manifest } from '../../share/manifest.js'
import type { PeerId } from '../../share/version.js'
import { TreeWalk, type WalkFault } from '../../share/walk.js'
import { ASK_AGAIN_MS, ASK_AGAIN_MS_MAX } from './limits.js'

interface PeerState {
  root: ItemRef | undefined
  /** All entries of this root have been considered. */
  reconciled: Digest | undefined
  walk: TreeWalk | undefined
  /** Considered once the walk has ended: its own root, or one that updates have led to since. */
  walkLeadsTo: Digest | undefined
  /** Walked after that: a walk that began anew with each announcement of a peer that is still reading its share would come
   *  to nothing where the path is long. */
  nextRoot: ItemRef | undefined
  /** Items of the walk that are on their way, with their sizes in bytes, and the one that has to wait for them. */
  readonly pulling: Map<Digest, number>
  next: ItemRef | undefined
  askAtMs: number | undefined
  askDelayMs: number
  /** What the person was told, and is not untrue since. */
  told: 'nothing' | 'nothing-lacking' | 'equal'
  /** When its walk was read last, in steps of the book. */
  readInStep: number
  /** What was wrong with a listing of this peer, since it was in step last. */
  toldProblem: string | undefined
}

export interface PeerBookOptions {
  readonly manifest: Manifest
  /** Whether so much is wanted of this peer that nothing more of it is to be considered for now. */
  readonly isSated: (peer: PeerId) => boolean
}

/** Entries of a peer that may be better than ours. Consider each, then hand this to `handleConsidered`, before anything else is
 *  handed to the book. */
export interface Listed {
  readonly type: 'listed'
  readonly peer: PeerId
  readonly entries: readonly Entry[]
  /** Where the book goes on once all of them are considered. */
  readonly next:
    | { readonly type: 'reconciled' | 'compare' | 'extend-walk'; readonly root: ItemRef }
    | { readonly type: 'walk-on' }
}

/** Something is wrong with what a peer sent, and the person has not been told yet. */
export interface PeerProblem {
  readonly type: 'problem'
  readonly peer: PeerId
  readonly reason: WalkFault
}

export class PeerBook {
  private readonly options: PeerBookOptions
  private readonly peers = new Map<PeerId, PeerState>()
  private readonly pulls: { peer: PeerId; item: ItemRef }[] = []
  private readonly asks: PeerId[] = []
  private stepCount = 0

  constructor(options: PeerBookOptions) {
    this.options = options
  }

  handleClaim(claim: PeerClaim): Listed | undefined {
    const { peer, root, scope, entries } = claim
    const state = this.stateOf(peer)
    state.root = root
    state.askAtMs = undefined
    if (root.digest === this.options.manifest.root().digest || root.digest === state.reconciled) {
      this.settleOn(state, root.digest)
      return undefined
    }
    if (this.options.isSated(peer)) {
      // Its tree says the same when there is room.
      this.walkOrWait(peer, state, root)
      return undefined
    }
    const continues =
      scope.type === 'since' &&
      state.nextRoot === undefined &&
      scope.base.digest === (state.walkLeadsTo ?? state.reconciled)
    if (scope.type === 'whole') return { type: 'listed', peer, entries, next: { type: 'reconciled', root } }
    if (continues) {
      const type = state.walk === undefined ? 'reconciled' : 'extend-walk'
      return { type: 'listed', peer, entries, next: { type, root } }
    }
    // Listed entries are worth considering even where the list is not complete: they are the newest.
    return { type: 'listed', peer, entries, next: { type: 'compare', root } }
  }

  /** The entries of `listed` were considered; `all` is false where one could not be yet: then the peer is asked again, and
   *  nothing is settled. */
  handleConsidered({ peer, next }: Listed, all: boolean, nowMs: number): void {
    const state = this.peers.get(peer)
    if (state === undefined) return
    if (!all) {
      this.askAgain(peer, nowMs)
      return
    }
    switch (next.type) {
      case 'reconciled':
        this.settleOn(state, next.root.digest)
        return
      case 'compare':
        this.walkOrWait(peer, state, next.root)
        return
      case 'extend-walk':
        state.walkLeadsTo = next.root.digest
        return
      case 'walk-on':
        this.advance(peer, state)
        return
    }
  }

  private walkOrWait(peer: PeerId, state: PeerState, root: ItemRef): void {
    if (state.walk === undefined) this.startWalk(peer, state, root)
    else state.nextRoot = root
  }

  private startWalk(peer: PeerId, state: PeerState, root: ItemRef): void {
    this.endWalk(state)
    state.walk = new TreeWalk(this.options.manifest, root)
    state.walkLeadsTo = root.digest
    state.nextRoot = undefined
    this.advance(peer, state)
  }

  /** A tree item of the peer, or undefined where it no longer has it. */
  handleTree(
    peer: PeerId,
    digest: Digest,
    bytes: Uint8Array | undefined,
    nowMs: number,
  ): PeerProblem | undefined {
    const state = this.peers.get(peer)
    // What an earlier walk asked for may still come, and is not of this one.
    if (state?.walk === undefined || !state.pulling.delete(digest)) return undefined
    if (bytes === undefined) {
      // Its tree moved on under the walk. The walk starts anew from the root it has by then.
      this.askAgain(peer, nowMs)
      return undefined
    }
    const fault = state.walk.handleItem(digest, bytes)
    if (fault !== undefined) return this.handleFault(peer, state, fault, nowMs)
    this.advance(peer, state)
    return undefined
  }

  /** Reads a bounded piece of the listings of one peer: of the peer that has waited longest. */
  step(nowMs: number): Listed | PeerProblem | undefined {
    const next = this.nextToRead()
    if (next === undefined) return undefined
    const [peer, state] = next
    state.readInStep = ++this.stepCount
    const entries = state.walk!.read()
    if (!entries.ok) return this.handleFault(peer, state, entries.reason, nowMs)
    return { type: 'listed', peer, entries: entries.value, next: { type: 'walk-on' } }
  }

  /** Whether `step` has something to do right now. */
  get busy(): boolean {
    return this.nextToRead() !== undefined
  }

  private nextToRead(): readonly [PeerId, PeerState] | undefined {
    let next: readonly [PeerId, PeerState] | undefined
    for (const [peer, state] of this.peers) {
      if (state.walk?.isReadable !== true || this.options.isSated(peer)) continue
      if (next === undefined || state.readInStep < next[1].readInStep) next = [peer, state]
    }
    return next
  }

  /** Damaged on its way or at its source, or by intent: only another try can tell. Said once. */
  private handleFault(
    peer: PeerId,
    state: PeerState,
    reason: WalkFault,
    nowMs: number,
  ): PeerProblem | undefined {
    const isNews = state.toldProblem !== reason
    state.toldProblem = reason
    this.askAgain(peer, nowMs)
    return isNews ? { type: 'problem', peer, reason } : undefined
  }

  handleGone(peer: PeerId): void {
    this.peers.delete(peer)
  }

  /** What this peer said cannot be relied on any more: ask for its state, and compare from the top. */
  askAgain(peer: PeerId, nowMs: number): void {
    const state = this.peers.get(peer)
    if (state === undefined || state.askAtMs !== undefined) return
    this.endWalk(state)
    state.walkLeadsTo = undefined
    state.nextRoot = undefined
    state.reconciled = undefined
    state.askAtMs = nowMs + state.askDelayMs
    state.askDelayMs = Math.min(2 * state.askDelayMs, ASK_AGAIN_MS_MAX)
  }

  handleTimeout(nowMs: number): void {
    for (const [peer, state] of this.peers) {
      if (state.askAtMs === undefined || nowMs < state.askAtMs) continue
      state.askAtMs = undefined
      this.asks.push(peer)
    }
  }

  pollTimeout(): number | undefined {
    let dueMs: number | undefined
    for (const { askAtMs } of this.peers.values()) dueMs = earliest(dueMs, askAtMs)
    return dueMs
  }

  pollPull(): { peer: PeerId; item: ItemRef } | undefined {
    return this.pulls.shift()
  }

  pollAsk(): PeerId | undefined {
    return this.asks.shift()
  }

  /** Peers of whom nothing is lacking here, and whether they hold the same as we: each once, and again when what was not
   *  equal has become so. Call only while nothing is wanted. */
  *newlyInStep(): Iterable<{ readonly peer: PeerId; readonly equal: boolean }> {
    const root = this.options.manifest.root().digest
    for (const [peer, state] of this.peers) {
      if (state.root === undefined || state.reconciled !== state.root.digest) continue
      const standing = state.root.digest === root ? 'equal' : 'nothing-lacking'
      const news = state.told === 'nothing' || (standing === 'equal' && state.told !== 'equal')
      state.told = standing
      if (!news) continue
      state.askDelayMs = ASK_AGAIN_MS
      state.toldProblem = undefined
      yield { peer, equal: standing === 'equal' }
    }
  }

  /** Something is wanted of this peer. */
  outOfStep(peer: PeerId): void {
    const state = this.peers.get(peer)
    if (state !== undefined) state.told = 'nothing'
  }

  private stateOf(peer: PeerId): PeerState {
    let state = this.peers.get(peer)
    if (state === undefined) {
      state = {
        root: undefined,
        reconciled: undefined,
        walk: undefined,
        walkLeadsTo: undefined,
        nextRoot: undefined,
        pulling: new Map(),
        next: undefined,
        askAtMs: undefined,
        askDelayMs: ASK_AGAIN_MS,
        told: 'nothing',
        readInStep: 0,
        toldProblem: undefined,
      }
      this.peers.set(peer, state)
    }
    return state
  }

  private endWalk(state: PeerState): void {
    state.walk = undefined
    state.pulling.clear()
    state.next = undefined
  }

  private settleOn(state: PeerState, root: Digest): void {
    this.endWalk(state)
    state.walkLeadsTo = undefined
    state.nextRoot = undefined
    state.reconciled = root
  }

  private advance(peer: PeerId, state: PeerState): void {
    const { walk } = state
    if (walk === undefined) return
    state.next ??= walk.pollPull()
    while (state.next !== undefined && hasRoom(state.pulling, walk, state.next)) {
      state.pulling.set(state.next.digest, state.next.sizeBytes)
      this.pulls.push({ peer, item: state.next })
      state.next = walk.pollPull()
    }
    if (!walk.done) return
    const { walkLeadsTo, nextRoot } = state
    this.settleOn(state, walkLeadsTo ?? '')
    if (nextRoot !== undefined) this.startWalk(peer, state, nextRoot)
  }
}

/** Sizes are what the peer claims; no more than that is taken from it. What has come and waits to be read counts too. */
function hasRoom(pulling: ReadonlyMap<Digest, number>, walk: TreeWalk, next: ItemRef): boolean {
  let bytes = walk.heldBytes + next.sizeBytes
  for (const sizeBytes of pulling.values()) bytes += sizeBytes
  return walk.heldCount + pulling.size < TREE_PULLS_MAX && bytes <= TREE_PULL_BYTES_MAX
}
