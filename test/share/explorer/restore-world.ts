// Peers whose share, with the index in it, may be put back to an older copy, and who edit then before they meet anybody.

import { decide } from '../../../src/share/decide.js'
import { countOf, dotOf, encodeVersion, peerOf, type Seen, uniteSeen } from '../../../src/share/dots.js'
import { relabel } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import type { Explorable, Fault, Step } from './explore.js'
import { editDotted, meetingOf, textOfDotted } from './rules.js'

/** When a peer takes a new id.
 *
 *  - never
 *  - told-beyond-highest: when another knows a count of its id above its own highest
 *  - told-of-this-gap: also when another knows a count between the highest before this life and the first one of it
 *  - told-of-a-gap: the same for the gap before each life that it remembers
 *  - witness: at the start, since what lies outside the share tells that the share is an older copy */
export type Renewal = 'never' | 'told-beyond-highest' | 'told-of-this-gap' | 'told-of-a-gap' | 'witness'

export interface RestoreOptions {
  readonly peerCount: number
  readonly editCountMax: number
  readonly restartCountMax: number
  readonly renewal: Renewal
  /** Whether a count is at least what the clock says, or only one more than the last. */
  readonly countsByClock: boolean
}

interface Peer {
  readonly id: string
  readonly renewals: number
  readonly entry: Entry | undefined
  readonly highest: number
  /** The counts between two lives, which it has given to no edit: above the first number and below the second. */
  readonly gaps: readonly (readonly [number, number])[]
  /** Its highest count that it knows another to know. */
  readonly acknowledged: number
  /** The highest count of each peer it has heard of. */
  readonly knows: Seen
}

export interface RestoreState {
  readonly peers: readonly Peer[]
  /** An older copy of one peer's share. */
  readonly backup: { readonly at: number; readonly peer: Peer } | undefined
  readonly isRestored: boolean
  readonly restarts: number
  readonly editCount: number
  readonly clock: number
  /** Contents that were overwritten or deleted where they stood, that are kept as copies, or that the restore itself undid. */
  readonly settled: readonly string[]
}

type Move = Step<RestoreState>

export class RestoreWorld implements Explorable<RestoreState> {
  constructor(readonly options: RestoreOptions) {}

  start(): RestoreState {
    const peers = Array.from({ length: this.options.peerCount }, (_, at) => ({
      id: idOf(at, 0),
      renewals: 0,
      entry: undefined,
      highest: 0,
      gaps: [],
      acknowledged: 0,
      knows: '',
    }))
    return {
      peers,
      backup: undefined,
      isRestored: false,
      restarts: 0,
      editCount: 0,
      clock: 1,
      settled: [],
    }
  }

  moves(state: RestoreState): Move[] {
    const moves: Move[] = []
    for (let at = 0; at < state.peers.length; at++) {
      if (state.editCount < this.options.editCountMax) moves.push(...this.#edits(state, at))
      if (state.backup === undefined) moves.push(this.#backUp(state, at))
      if (state.backup?.at === at && !state.isRestored) moves.push(this.#restore(state, at))
      if (state.restarts < this.options.restartCountMax) moves.push(this.#restart(state, at))
      for (let other = at + 1; other < state.peers.length; other++) {
        const move = this.#exchange(state, at, other)
        if (move !== undefined) moves.push(move)
      }
    }
    return moves
  }

  keyOf(state: RestoreState): string {
    const peers = state.peers.map((peer) => this.#keyOfPeer(peer))
    const backup =
      state.backup === undefined ? '' : `${state.backup.at} ${this.#keyOfPeer(state.backup.peer)}`
    const { isRestored, restarts, editCount, clock, settled } = state
    return [...peers, backup, isRestored, restarts, editCount, clock, [...settled].sort()].join('|')
  }

  isQuiet(state: RestoreState): boolean {
    return state.peers.every((_, at) =>
      state.peers.every((_, other) => other <= at || this.#exchange(state, at, other) === undefined),
    )
  }

  faultOf(state: RestoreState): string | undefined {
    const stands = new Set(state.peers.map(({ entry }) => entry?.digest))
    for (let edit = 1; edit <= state.editCount; edit++) {
      const content = `c${edit}`
      if (!stands.has(content) && !state.settled.includes(content)) return `lost content: ${content}`
    }
    const texts = new Set(state.peers.map(({ entry }) => (entry === undefined ? '' : textOfDotted(entry))))
    return texts.size > 1 && this.isQuiet(state) ? `rest and differ: ${[...texts].join(' ')}` : undefined
  }

  looksFor(_: Fault): boolean {
    return true
  }

  #edits(state: RestoreState, at: number): Move[] {
    const peer = state.peers[at]!
    const count = this.#nextCount(state, peer)
    const content = `c${state.editCount + 1}`
    const stood = peer.entry?.digest
    const next = {
      ...state,
      editCount: state.editCount + 1,
      clock: state.clock + 1,
      settled: settle(state, stood),
    }
    const held = (entry: Entry): Peer => ({
      ...peer,
      entry,
      highest: count,
      knows: uniteSeen(peer.knows, entry.version.seen),
    })
    const id = { peer: peer.id, count }
    const written = editDotted(peer.entry, { type: 'write', content, mtimeMs: state.clock }, id)
    const moves = [
      { told: `${at} writes ${show(written)}`, state: withPeer(next, at, held(written)), isEdit: true },
    ]
    if (stood !== undefined && stood !== '') {
      const deleted = editDotted(peer.entry, { type: 'delete', mtimeMs: state.clock }, id)
      const after = { ...next, settled: settle(next, content) }
      moves.push({
        told: `${at} deletes: ${show(deleted)}`,
        state: withPeer(after, at, held(deleted)),
        isEdit: true,
      })
    }
    return moves
  }

  #nextCount(state: RestoreState, peer: Peer): number {
    return this.options.countsByClock ? Math.max(peer.highest + 1, state.clock) : peer.highest + 1
  }

  #backUp(state: RestoreState, at: number): Move {
    return {
      told: `${at} is backed up`,
      state: { ...state, backup: { at, peer: state.peers[at]! } },
      isEdit: true,
    }
  }

  /** A person who puts an older copy back gives up what only this share held. */
  #restore(state: RestoreState, at: number): Move {
    const given = state.peers[at]!.entry?.digest
    const elsewhere = state.peers.some(({ entry }, other) => other !== at && entry?.digest === given)
    const next = {
      ...state,
      isRestored: true,
      clock: state.clock + 1,
      settled: elsewhere ? state.settled : settle(state, given),
    }
    const started = this.#started(next, state.backup!.peer)
    const peer =
      this.options.renewal === 'witness' ? renewed(started, at, next.clock, started.highest) : started
    return { told: `${at} is put back`, state: withPeer(next, at, peer), isEdit: true }
  }

  #restart(state: RestoreState, at: number): Move {
    const next = { ...state, restarts: state.restarts + 1, clock: state.clock + 1 }
    return {
      told: `${at} restarts`,
      state: withPeer(next, at, this.#started(next, state.peers[at]!)),
      isEdit: true,
    }
  }

  #started(state: RestoreState, peer: Peer): Peer {
    const gap = [peer.highest, this.#nextCount(state, peer)] as const
    return { ...peer, gaps: this.options.renewal === 'told-of-a-gap' ? [...peer.gaps, gap] : [gap] }
  }

  /** Greetings with the highest counts first; then each decides on the other's entry. */
  #exchange(state: RestoreState, at: number, other: number): Move | undefined {
    let [left, right] = [state.peers[at]!, state.peers[other]!]
    const greeted = [
      this.#greeted(left, at, right, state.clock),
      this.#greeted(right, other, left, state.clock),
    ]
    ;[left, right] = greeted as [Peer, Peer]
    const first = meet(left, right)
    const second = meet(right, left)
    const met = [acknowledged(first.peer, second.peer), acknowledged(second.peer, first.peer)] as const
    const renewals = left.renewals + right.renewals - state.peers[at]!.renewals - state.peers[other]!.renewals
    const next = {
      ...withPeer(withPeer(state, at, met[0]), other, met[1]),
      clock: state.clock + renewals,
      settled: [first.kept, second.kept].reduce<readonly string[]>(
        (settled, kept) => settle({ settled }, kept),
        state.settled,
      ),
    }
    if (this.keyOf(next) === this.keyOf(state)) return undefined
    const renewal = renewals === 0 ? '' : ', with a new id'
    return {
      told: `${at} and ${other} meet${renewal}: ${show(first.peer.entry)} and ${show(second.peer.entry)}`,
      state: next,
      isEdit: false,
    }
  }

  #greeted(peer: Peer, at: number, other: Peer, clock: number): Peer {
    const { renewal } = this.options
    const told = countIn(other.knows, peer.id)
    const gap = peer.gaps.find(([above, below]) => told > above && told < below)
    if (gap !== undefined && (renewal === 'told-of-this-gap' || renewal === 'told-of-a-gap'))
      return renewed(peer, at, clock, gap[0])
    const beyond = told > peer.highest && renewal !== 'never' && renewal !== 'witness'
    return beyond ? renewed(peer, at, clock, peer.acknowledged) : peer
  }

  #keyOfPeer(peer: Peer): string {
    const { id, entry, highest, gaps, acknowledged, knows } = peer
    const text = entry === undefined ? '' : textOfDotted(entry)
    return [id, text, highest, ...gaps, acknowledged, knows].join(' ')
  }
}

/** Edits of a count above `kept` become edits of the new id. */
function renewed(peer: Peer, at: number, clock: number, kept: number): Peer {
  const id = idOf(at, peer.renewals + 1)
  const count = Math.max(clock, peer.highest + 1)
  const old = { peer: peer.id, kept }
  const entry =
    peer.entry === undefined
      ? undefined
      : (relabel(peer.entry, old, () => dotOf(id, count))?.entry ?? peer.entry)
  const knows = uniteSeen(peer.knows, entry?.version.seen ?? '')
  return {
    ...peer,
    id,
    renewals: peer.renewals + 1,
    entry,
    highest: count,
    gaps: [],
    acknowledged: 0,
    knows,
  }
}

function meet(local: Peer, remote: Peer): { peer: Peer; kept: string | undefined } {
  const knows = uniteSeen(local.knows, remote.entry?.version.seen ?? '')
  if (remote.entry === undefined) return { peer: { ...local, knows }, kept: undefined }
  const { entry, copies } = meetingOf(decide(local.entry, remote.entry, { folderHasLiveChildren: false }))
  return {
    peer: { ...local, entry: entry ?? local.entry, knows },
    kept: copies ? local.entry?.digest : undefined,
  }
}

function acknowledged(peer: Peer, other: Peer): Peer {
  return { ...peer, acknowledged: Math.max(peer.acknowledged, countIn(other.knows, peer.id)) }
}

function settle(state: { settled: readonly string[] }, content: string | undefined): readonly string[] {
  return content === undefined || content === '' || state.settled.includes(content)
    ? state.settled
    : [...state.settled, content]
}

function withPeer(state: RestoreState, at: number, peer: Peer): RestoreState {
  return { ...state, peers: state.peers.map((each, index) => (index === at ? peer : each)) }
}

function countIn(seen: Seen, peer: string): number {
  const dot = seen.split(',').find((each) => each !== '' && peerOf(each) === peer)
  return dot === undefined ? 0 : countOf(dot)
}

function idOf(at: number, renewals: number): string {
  return 'abcdef'[at]!.repeat(15) + renewals
}

function show(entry: Entry | undefined): string {
  if (entry === undefined) return 'nothing'
  const version = encodeVersion(entry.version).replace(/([a-f])\1{14}/g, '$1')
  return `[${entry.digest || entry.kind} ${version}]`
}
