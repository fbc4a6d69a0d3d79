// State of each peer, as the keeper knows it: the root that it last told, the walk that compares its tree with ours,
// and whether everything in that root has been considered. Entries found to differ are returned, of listings a bounded
// number in each `step`: one peer's after the other's, and none of a peer of which enough is wanted already. The keeper
// considers them and then says to `handleConsidered` whether all of them could be.

import { earliest } from '../../base/earliest.js'
import type { Digest, ItemRef } from '../../base/item.js'
import type { PeerStanding } from '../../pipe/commands.js'
import type { PeerClaim } from '../../pipe/messages.js'
import type { PeerId } from '../../share/dots.js'
import type { Manifest } from '../../share/manifest.js'
import { type Change, isEntry } from '../../share/tree-move.js'
import type { WalkFault } from '../../share/walk.js'
import { ASK_AGAIN_MS, ASK_AGAIN_MS_MAX, PEERS_LEFT_MAX } from './limits.js'
import { PeerWalk } from './peer-walk.js'

/** How far the comparison with a peer has come. */
type Standing =
  /** Nothing that the peer said has been considered: it is new, or was asked and has not answered. */
  | { readonly type: 'unsettled' }
  /** The peer said what cannot be relied on, and is asked again at `atMs`. */
  | { readonly type: 'asking'; readonly atMs: number }
  | {
      readonly type: 'walking'
      readonly walk: PeerWalk
      /** All entries of this root had been considered before the walk. */
      readonly consideredRoot: Digest | undefined
      /** Considered once the walk has ended: its own root, or one that updates have led to since. */
      leadsTo: Digest
      /** Walked after that: a walk that began anew with each announcement of a peer that is still reading its share would come
       *  to nothing where the path is long. */
      nextRoot: ItemRef | undefined
    }
  /** All entries of this root have been considered. */
  | { readonly type: 'reconciled'; readonly root: Digest }

interface PeerState {
  /** As it told last. */
  root: Digest
  /** Entries under it that the peer does not hold. */
  notHeldCount: number
  standing: Standing
  askDelayMs: number
  /** Notices that the person was given and that are still true. */
  told: 'nothing' | 'nothing-lacking' | 'equal'
  /** The counts of entries not held that came with it. */
  toldNotHeld: NotHeldCounts
  /** When its walk was read last, in steps of the book. */
  readInStep: number
  /** Fault that the person was told of a listing of this peer, since it was in step last. */
  toldProblem: WalkFault | undefined
}

interface NotHeldCounts {
  readonly notHeldHere: number
  readonly notHeldThere: number
}

/** A peer of whom nothing is to be fetched now. */
export interface InStep extends NotHeldCounts {
  readonly peer: PeerId
  readonly equal: boolean
}

export interface PeerBookOptions {
  readonly manifest: Manifest
  /** Whether so much is wanted of this peer that nothing more of it is to be considered for now. */
  readonly isSated: (peer: PeerId) => boolean
}

/** Entries of a peer that may be better than ours, and moves of folders. Consider each, then hand this to `handleConsidered`, before anything else is
 *  handed to the book. */
export interface Listed {
  readonly type: 'listed'
  readonly peer: PeerId
  readonly changes: readonly Change[]
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
  /** Peers that left, as they told of themselves last. */
  private readonly left = new Map<PeerId, Pick<PeerState, 'root' | 'notHeldCount'>>()
  private readonly pulls: { peer: PeerId; item: ItemRef }[] = []
  private readonly asks: PeerId[] = []
  private stepCount = 0

  constructor(options: PeerBookOptions) {
    this.options = options
  }

  handleClaim(claim: PeerClaim): Listed | undefined {
    const { peer, root, scope, changes } = claim
    const state = this.handleRoot(peer, root.digest)
    state.notHeldCount = claim.notHeldCount
    const { standing } = state
    if (root.digest === this.options.manifest.root().digest || root.digest === consideredRoot(standing)) {
      state.standing = { type: 'reconciled', root: root.digest }
      return undefined
    }
    if (this.options.isSated(peer)) {
      // Its tree says the same when there is room.
      this.walkOrWait(peer, state, root)
      return undefined
    }
    // A move is one of what was known at its base, and nothing of itself.
    const entries = changes.filter(isEntry)
    if (scope.type === 'whole' && entries.length === changes.length)
      return { type: 'listed', peer, changes, next: { type: 'reconciled', root } }
    if (scope.type === 'since' && scope.base.digest === continuedRoot(standing)) {
      const type = standing.type === 'walking' ? 'extend-walk' : 'reconciled'
      return { type: 'listed', peer, changes, next: { type, root } }
    }
    // Listed entries are worth considering even where the list is not complete: they are the newest.
    return { type: 'listed', peer, changes: entries, next: { type: 'compare', root } }
  }

  /** A peer that speaks need not be asked. */
  private handleRoot(peer: PeerId, root: Digest): PeerState {
    const known = this.peers.get(peer)
    if (known === undefined) {
      const state: PeerState = {
        root,
        notHeldCount: 0,
        standing: { type: 'unsettled' },
        askDelayMs: ASK_AGAIN_MS,
        told: 'nothing',
        toldNotHeld: { notHeldHere: 0, notHeldThere: 0 },
        readInStep: 0,
        toldProblem: undefined,
      }
      this.peers.set(peer, state)
      return state
    }
    known.root = root
    if (known.standing.type === 'asking') known.standing = { type: 'unsettled' }
    return known
  }

  /** The entries of `listed` were considered; `all` is false where one could not be yet: then the peer is asked again, and
   *  nothing is settled. */
  handleConsidered({ peer, next }: Listed, all: boolean, nowMs: number): void {
    const state = this.peers.get(peer)
    if (state === undefined || state.standing.type === 'asking') return
    if (!all) {
      this.askAgain(peer, nowMs)
      return
    }
    switch (next.type) {
      case 'reconciled':
        state.standing = { type: 'reconciled', root: next.root.digest }
        return
      case 'compare':
        this.walkOrWait(peer, state, next.root)
        return
      case 'extend-walk':
        if (state.standing.type === 'walking') state.standing.leadsTo = next.root.digest
        return
      case 'walk-on':
        this.advance(peer, state)
        return
    }
  }

  private walkOrWait(peer: PeerId, state: PeerState, root: ItemRef): void {
    if (state.standing.type === 'walking') state.standing.nextRoot = root
    else this.startWalk(peer, state, root)
  }

  private startWalk(peer: PeerId, state: PeerState, root: ItemRef): void {
    state.standing = {
      type: 'walking',
      walk: new PeerWalk(this.options.manifest, root),
      consideredRoot: consideredRoot(state.standing),
      leadsTo: root.digest,
      nextRoot: undefined,
    }
    this.advance(peer, state)
  }

  /** Asks for what there is room for, and ends a walk that has nothing left. */
  private advance(peer: PeerId, state: PeerState): void {
    const { standing } = state
    if (standing.type !== 'walking') return
    const { walk, leadsTo, nextRoot } = standing
    for (let item = walk.pollPull(); item !== undefined; item = walk.pollPull())
      this.pulls.push({ peer, item })
    if (!walk.done) return
    state.standing = { type: 'reconciled', root: leadsTo }
    if (nextRoot !== undefined) this.startWalk(peer, state, nextRoot)
  }

  /** A tree item of the peer, or undefined where it no longer has it. */
  handleTree(
    peer: PeerId,
    digest: Digest,
    bytes: Uint8Array | undefined,
    nowMs: number,
  ): PeerProblem | undefined {
    const state = this.peers.get(peer)
    // Items that an earlier walk asked for may still come, and are not of this one.
    if (state?.standing.type !== 'walking' || !state.standing.walk.isPulling(digest)) return undefined
    if (bytes === undefined) {
      // Its tree moved on under the walk. The walk starts anew from the root it has by then.
      this.askAgain(peer, nowMs)
      return undefined
    }
    const fault = state.standing.walk.handleItem(digest, bytes)
    if (fault !== undefined) return this.handleFault(peer, state, fault, nowMs)
    this.advance(peer, state)
    return undefined
  }

  /** Reads a bounded piece of the listings of one peer: of the peer that has waited longest. */
  step(nowMs: number): Listed | PeerProblem | undefined {
    const next = this.nextToRead()
    if (next === undefined) return undefined
    const { peer, state, walk } = next
    state.readInStep = ++this.stepCount
    const entries = walk.read()
    if (!entries.ok) return this.handleFault(peer, state, entries.reason, nowMs)
    return { type: 'listed', peer, changes: entries.value, next: { type: 'walk-on' } }
  }

  /** Whether `step` has something to do right now. */
  get busy(): boolean {
    return this.nextToRead() !== undefined
  }

  /** Whether a walk may find more of what a peer has, as soon as its listings come. */
  get isComparing(): boolean {
    for (const peer of this.peers.keys()) if (this.comparisonWith(peer) !== undefined) return true
    return false
  }

  /** The walk that may find more of what this peer has, as soon as its listings come. */
  comparisonWith(peer: PeerId): object | undefined {
    const standing = this.peers.get(peer)?.standing
    return standing?.type === 'walking' && !this.options.isSated(peer) ? standing.walk : undefined
  }

  private nextToRead():
    | { readonly peer: PeerId; readonly state: PeerState; readonly walk: PeerWalk }
    | undefined {
    let next: { readonly peer: PeerId; readonly state: PeerState; readonly walk: PeerWalk } | undefined
    for (const [peer, state] of this.peers) {
      const { standing } = state
      if (standing.type !== 'walking' || !standing.walk.isReadable || this.options.isSated(peer)) continue
      if (next === undefined || state.readInStep < next.state.readInStep)
        next = { peer, state, walk: standing.walk }
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

  /** Entries that the peer knows and does not hold; undefined of a peer that has claimed nothing yet. */
  notHeldCount(peer: PeerId): number | undefined {
    return this.peers.get(peer)?.notHeldCount
  }

  /** Whether there is a peer of which all that it said it knows has been considered. */
  get isAnyCompared(): boolean {
    for (const { standing, root } of this.peers.values())
      if (standing.type === 'reconciled' && standing.root === root) return true
    return false
  }

  /** How far the comparison with each peer has come, and how those that left stood to us then. */
  *standings(): Iterable<Omit<PeerStanding, 'wantedCount'>> {
    const ownRoot = this.options.manifest.root().digest
    for (const [peer, { standing, root, notHeldCount }] of this.peers) {
      const isCompared = standing.type === 'reconciled' && standing.root === root
      yield { peer, isHere: true, isCompared, isEqual: isCompared && root === ownRoot, notHeldCount }
    }
    for (const [peer, { root, notHeldCount }] of this.left) {
      if (this.peers.has(peer)) continue
      yield { peer, isHere: false, isCompared: false, isEqual: root === ownRoot, notHeldCount }
    }
  }

  all(): Iterable<PeerId> {
    return this.peers.keys()
  }

  handleGone(peer: PeerId): void {
    const state = this.peers.get(peer)
    if (!this.peers.delete(peer) || state === undefined) return
    this.left.delete(peer)
    this.left.set(peer, { root: state.root, notHeldCount: state.notHeldCount })
    if (this.left.size > PEERS_LEFT_MAX) this.left.delete(this.left.keys().next().value!)
  }

  /** Asks a peer for its state and compares from the top: what it said cannot be relied on any more. */
  askAgain(peer: PeerId, nowMs: number): void {
    const state = this.peers.get(peer)
    if (state === undefined || state.standing.type === 'asking') return
    state.standing = { type: 'asking', atMs: nowMs + state.askDelayMs }
    state.askDelayMs = Math.min(2 * state.askDelayMs, ASK_AGAIN_MS_MAX)
  }

  /** All that the peer knows is to be considered once more, whatever was considered before. */
  compareAnew(peer: PeerId): void {
    const state = this.peers.get(peer)
    if (state === undefined) return
    state.standing = { type: 'unsettled' }
    state.told = 'nothing'
    this.asks.push(peer)
  }

  handleTimeout(nowMs: number): void {
    for (const [peer, state] of this.peers) {
      if (state.standing.type !== 'asking' || nowMs < state.standing.atMs) continue
      state.standing = { type: 'unsettled' }
      this.asks.push(peer)
    }
  }

  pollTimeout(): number | undefined {
    let dueMs: number | undefined
    for (const { standing } of this.peers.values())
      if (standing.type === 'asking') dueMs = earliest(dueMs, standing.atMs)
    return dueMs
  }

  pollPull(): { peer: PeerId; item: ItemRef } | undefined {
    return this.pulls.shift()
  }

  pollAsk(): PeerId | undefined {
    return this.asks.shift()
  }

  /** Peers of whom all is known here, and whether they know the same as we: each once, and again when what was not equal
   *  has become so, or when one of the two lacks more or less than was told. Call only while nothing is wanted. */
  *newlyInStep(notHeldHere = 0): Iterable<InStep> {
    const ownRoot = this.options.manifest.root().digest
    for (const [peer, state] of this.peers) {
      if (state.standing.type !== 'reconciled' || state.standing.root !== state.root) continue
      const telling = state.root === ownRoot ? 'equal' : 'nothing-lacking'
      const notHeldThere = state.notHeldCount
      const { toldNotHeld } = state
      const isCountNews = toldNotHeld.notHeldHere !== notHeldHere || toldNotHeld.notHeldThere !== notHeldThere
      const isNews =
        state.told === 'nothing' || (telling === 'equal' && (state.told !== 'equal' || isCountNews))
      state.told = telling
      if (!isNews) continue
      state.toldNotHeld = { notHeldHere, notHeldThere }
      state.askDelayMs = ASK_AGAIN_MS
      state.toldProblem = undefined
      yield { peer, equal: telling === 'equal', notHeldHere, notHeldThere }
    }
  }

  /** Something is wanted of this peer. */
  outOfStep(peer: PeerId): void {
    const state = this.peers.get(peer)
    if (state !== undefined) state.told = 'nothing'
  }
}

/** The newest root of which every entry has been considered. */
function consideredRoot(standing: Standing): Digest | undefined {
  if (standing.type === 'reconciled') return standing.root
  return standing.type === 'walking' ? standing.consideredRoot : undefined
}

/** The root from which a list of changes is complete: with them, its own root will be considered too. */
function continuedRoot(standing: Standing): Digest | undefined {
  if (standing.type === 'reconciled') return standing.root
  return standing.type === 'walking' && standing.nextRoot === undefined ? standing.leadsTo : undefined
}

/** The list is not complete: something in it did not fit what is here. */
export function asIncomplete(listed: Listed): Listed {
  const { next } = listed
  return 'root' in next ? { ...listed, next: { type: 'compare', root: next.root } } : listed
}
