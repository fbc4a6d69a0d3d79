// Which of several sessions with one peer, or at one address, stays. Asked by the endpoint when both sides know of one.
//
// Two sessions with one process are one too many: the one that the smaller peer id began stays, unless nothing may come of it
// any more: it is doubted when its peer begins another, as one does whose address has changed. A process that was restarted (another
// life) takes the place of the one before it.

import type { Session } from './session.js'

type Rival = Pick<Session, 'facts' | 'isSettled' | 'isDoubted'>

export interface Rivalry<S extends Rival> {
  /** False where `session` gives way to one of the others. */
  readonly stays: boolean
  /** The others that are over, in this order; `saysBye`: the other side does not know. */
  readonly over: readonly { readonly session: S; readonly saysBye: boolean }[]
}

/** `peerId`: our own. `all` may hold `session` as well. */
export function rivalsOver<S extends Rival>(session: S, all: readonly S[], peerId: string): Rivalry<S> {
  const { facts } = session
  const isPreferred = facts.isInitiator === peerId < facts.peerId
  const over: { session: S; saysBye: boolean }[] = []
  for (const other of all) {
    const isSamePeer = other.facts.peerId === facts.peerId
    if (other === session || !(isSamePeer || (other.isSettled && other.facts.address === facts.address)))
      continue
    const isSameProcess = isSamePeer && other.facts.life === facts.life
    const isOtherPreferred = other.facts.isInitiator === peerId < other.facts.peerId
    // A pending one that would stay is waited for: its initiator goes on until it is through.
    if (isSameProcess && isOtherPreferred && !isPreferred && !other.isDoubted) return { stays: false, over }
    // But not where that initiator has come to this one instead.
    const isSameAttempt =
      other.facts.isInitiator === facts.isInitiator && other.facts.address === facts.address
    if (isSameProcess && !other.isSettled && !isSameAttempt) continue
    over.push({ session: other, saysBye: isSameProcess && other.isSettled })
  }
  return { stays: true, over }
}
