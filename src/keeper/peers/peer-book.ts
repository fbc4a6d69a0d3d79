// What the keeper knows of each peer: the root that it last told, the walk that compares its tree with ours, and
// whether everything in that root has been considered. Every entry found to differ is handed to `onEntry`, of listings a
// bounded number in each `step`: one peer's after the other's, and none of a peer of which enough is wanted already.

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
  readonly onEntry: (peer: PeerId, entry: Entry) => void
  /** Whether so much is wanted of this peer that nothing more of it is to be considered for now. */
  readonly isSated: (peer: PeerId) => boolean
  readonly onProblem: (peer: PeerId, reason: string) => void
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

  handleClaim(claim: PeerClaim): void {
    const state = this.stateOf(claim.peer)
    state.root = claim.root
    state.askAtMs = undefined
    if (claim.root.digest === this.options.manifest.root().digest || claim.root.digest === state.reconciled) {
      this.settleOn(state, claim.root.digest)
      return
    }
    if (this.options.isSated(claim.peer)) {
      // Its tree says the same when there is room.
      this.walkOrWait(claim.peer, state, claim.root)
      return
    }
    const { scope } = claim
    const continues =
      scope.type === 'since' &&
      state.nextRoot === undefined &&
      scope.base.digest === (state.walkLeadsTo ?? state.reconciled)
    if (scope.type === 'whole' || continues) {
      for (const entry of claim.entries) this.options.onEntry(claim.peer, entry)
      // One of them could not be considered yet: then the peer is asked again, and nothing is settled.
      if (state.askAtMs !== undefined) return
      if (state.walk !== undefined && scope.type !== 'whole') state.walkLeadsTo = claim.root.digest
      else this.settleOn(state, claim.root.digest)
      return
    }
    // Listed entries are worth considering even where the list is not complete: they are the newest.
    for (const entry of claim.entries) this.options.onEntry(claim.peer, entry)
    if (state.askAtMs !== undefined) return
    this.walkOrWait(claim.peer, state, claim.root)
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
  handleTree(peer: PeerId, digest: Digest, bytes: Uint8Array | undefined, nowMs: number): void {
    const state = this.peers.get(peer)
    // What an earlier walk asked for may still come, and is not of this one.
    if (state?.walk === undefined || !state.pulling.delete(digest)) return
    if (bytes === undefined) {
      // Its tree moved on under the walk. The walk starts anew from the root it has by then.
      this.askAgain(peer, nowMs)
      return
    }
    const fault = state.walk.handleItem(digest, bytes)
    if (fault !== undefined) this.handleFault(peer, state, fault, nowMs)
    else this.advance(peer, state)
  }

  /** Reads a bounded piece of the listings of one peer: of the peer that has waited longest. */
  step(nowMs: number): void {
    const next = this.nextToRead()
    if (next === undefined) return
    const [peer, state] = next
    state.readInStep = ++this.stepCount
    const entries = state.walk!.read()
    if (!entries.ok) {
      this.handleFault(peer, state, entries.reason, nowMs)
      return
    }
    for (const entry of entries.value) this.options.onEntry(peer, entry)
    this.advance(peer, state)
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
  private handleFault(peer: PeerId, state: PeerState, reason: WalkFault, nowMs: number): void {
    if (state.toldProblem !== reason) this.options.onProblem(peer, reason)
    state.toldProblem = reason
    this.askAgain(peer, nowMs)
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
    for (const { askAtMs } of this.peers.values()) {
      if (askAtMs !== undefined && (dueMs === undefined || askAtMs < dueMs)) dueMs = askAtMs
    }
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
