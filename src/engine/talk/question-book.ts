// Questions to the keeper about peers' states, until it answers: each is a claim, and remembers which request of
// the peer waits for it. Used by Talk.

import type { Digest, ItemRef } from '../../base/item.js'
import type { StateMessage } from '../../ecp/message.js'
import type { PeerClaim } from '../../pipe/messages.js'
import type { SessionId } from '../../rdt/endpoint.js'
import { type Change, decodeChange } from '../../share/tree-move.js'
import type { Outbox } from '../outbox.js'

export interface Question {
  readonly session: SessionId
  /** Undefined where the claim came in a reply, which is not answered. */
  readonly request: RequestToAnswer | undefined
}

export interface RequestToAnswer {
  readonly number: number
  readonly type: 'have' | 'update'
  /** The root that the peer named. */
  readonly theirs: Digest
}

export class QuestionBook {
  private readonly questions = new Map<number, Question>()
  private nextId = 1

  constructor(private readonly toKeeper: Outbox) {}

  /** Hands a peer's state to the keeper, which answers how it compares with ours. */
  ask(claim: PeerClaim, question: Question): void {
    const id = this.nextId++
    this.questions.set(id, question)
    this.toKeeper.push({ type: 'claim', question: id, claim })
  }

  /** The keeper answered; undefined where nobody waits for that any more. */
  take(id: number): Question | undefined {
    const question = this.questions.get(id)
    this.questions.delete(id)
    return question
  }

  /** None of them will be answered: the keeper is gone. */
  takeAll(): readonly Question[] {
    const all = [...this.questions.values()]
    this.questions.clear()
    return all
  }

  handleClosed(session: SessionId): void {
    for (const [id, question] of this.questions) if (question.session === session) this.questions.delete(id)
  }
}

/** State of a peer that has the same root as we. */
export function equalClaim(peer: string, root: ItemRef, notHeldCount: number): PeerClaim {
  return {
    peer,
    root,
    author: undefined,
    theyKnow: undefined,
    scope: { type: 'some' },
    notHeldCount,
    changes: [],
  }
}

/** Lines that cannot be read are left out, and then the list is no longer complete: the tree is walked,
 *  where the same line is refused with a reason. */
export function claimOf(peer: string, message: StateMessage): PeerClaim {
  const changes: Change[] = []
  for (const line of message.lines) {
    const change = decodeChange(line)
    if (change.ok) changes.push(change.value)
  }
  const complete = changes.length === message.lines.length
  const { root, author, knows: theyKnow, scope, notHeldCount } = message
  return { peer, root, author, theyKnow, scope: !complete ? { type: 'some' } : scope, notHeldCount, changes }
}
