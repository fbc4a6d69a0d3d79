// One path here and at each peer, for whoever asks: what the keeper knows, what each peer answers, and how it stands. Used by Steering.

import { causeOf, isDetailPath, isToldToPeers, type Reason, reasonAt } from '../base/reason.js'
import { remedyOf, wordsOf } from '../control/reason-words.js'
import type { PeerStatus, Status } from '../control/status.js'
import type { EntryResult, WhyPeer, WhyReason, WhyResult } from '../control/why-results.js'
import type { EntryFacts, PathState } from '../pipe/commands.js'
import { peerOf } from '../share/dots.js'
import type { AnswerOf } from './peer-asking.js'

export interface WhyFacts {
  readonly state: PathState
  readonly status: Status
  /** By peer id, of those that answered. */
  readonly answers: ReadonlyMap<string, AnswerOf<'stands'>>
  readonly wallMs: number
}

export function whyOf(facts: WhyFacts): WhyResult {
  const { state, status, wallMs } = facts
  const { path, known, isHeld, wanted, below } = state
  const peers = status.peers.filter(({ state: standing }) => standing !== 'self')
  const rows = peers.map((peer) => whyPeer(peer, facts))
  const own = state.reasons.map((reason) => resultOf(reason, null, wallMs))
  const reasons = [...own, ...peers.flatMap((peer, index) => reasonsAt(peer, rows[index]!, facts))]
  const isKnown = path === '' || known !== null || wanted !== null || rows.some((row) => row.known !== null)
  return {
    path,
    isKnown,
    isSame: isKnown && reasons.length === 0 && (path !== '' || status.isInStep),
    here: { peer: status.peer, known, isHeld, wanted },
    peers: rows,
    reasons,
    below: {
      count: below.count,
      first: below.first.map((each) => ({
        path: each.path,
        reasons: each.reasons.map((reason) => resultOf(reason, null, wallMs)),
      })),
    },
  }
}

function whyPeer(peer: PeerStatus, { answers }: WhyFacts): WhyPeer {
  const { address, peer: id, state } = peer
  const answer = id === null ? undefined : answers.get(id)
  const known = answer?.stands === undefined ? null : entryOf(answer.stands)
  return { address, peer: id, state, isAnswered: answer !== undefined, known, isHeld: answer?.isHeld ?? null }
}

/** Why the path is not the same at a peer: what the peer says of it, else how the peer stands. */
function reasonsAt(peer: PeerStatus, row: WhyPeer, facts: WhyFacts): WhyReason[] {
  const { state, answers, wallMs } = facts
  const { address, code, since } = peer
  if (peer.state === 'not-called') return []
  const answer = row.isAnswered ? answers.get(peer.peer!) : undefined
  if (answer !== undefined && isSameThere(state, row)) return []
  const told = answer?.reason
  // A code that is newer than this program has no words, and those of others are not for a peer to put before a person.
  if (told !== undefined && isToldToPeers(told.code)) {
    const forMs = told.seconds === undefined ? undefined : told.seconds * 1_000
    const detail = isDetailPath(told.code) ? told.detail : ''
    const reason = resultOf({ ...causeOf(told.code, detail), forMs, againMs: undefined }, address, wallMs)
    // The commands that it names are meant for that machine: here they would do something else.
    return [{ ...reason, remedy: reason.remedy === '' ? '' : `there: ${reason.remedy}` }]
  }
  // What is wanted here is told above.
  if (answer !== undefined && state.wantedOf.includes(peer.peer!)) return []
  if (code !== null) {
    const detail = peer.reason
    const reason = {
      code,
      address,
      detail,
      words: wordsOf(causeOf(code, detail)),
      remedy: remedyOf({ code }),
    }
    return [{ ...reason, since, again: null }]
  }
  if (answer === undefined && (state.path === '' || peer.notHeldThere === 0)) return []
  return [
    resultOf(
      reasonAt(causeOf(answer === undefined ? 'unanswered-there' : 'behind-there'), 0),
      address,
      wallMs,
    ),
  ]
}

function isSameThere({ known, wanted }: PathState, row: WhyPeer): boolean {
  if (wanted !== null) return false
  if (row.known === null || known === null) return row.known === null && known === null
  return row.known.edit === known.edit && row.isHeld === true
}

function entryOf(stands: NonNullable<AnswerOf<'stands'>['stands']>): EntryResult {
  const { kind, isDeleted, bytes, mtimeMs, edit } = stands
  return {
    kind: isDeleted ? 'tombstone' : kind,
    deletedKind: isDeleted ? kind : null,
    bytes,
    mtimeMs: kind === 'folder' && !isDeleted ? null : mtimeMs,
    author: peerOf(edit as EntryFacts['edit']),
    edit,
  }
}

export function resultOf(reason: Reason, address: string | null, wallMs: number): WhyReason {
  const { code, detail, forMs, againMs } = reason
  return {
    code,
    address,
    detail,
    words: wordsOf(reason),
    remedy: remedyOf(reason),
    since: forMs === undefined ? null : new Date(wallMs - forMs).toISOString(),
    again: againMs === undefined ? null : new Date(wallMs + againMs).toISOString(),
  }
}
