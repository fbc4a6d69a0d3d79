// The handshakes that others have begun and that are not over: a bounded number of them, and few for one address, so
// that whoever begins many keeps nobody else out. Used by the handshake.

import { hexOf } from '../base/bytes.js'
import type { Attempt, Flight, Opening } from '../base/protection.js'
import type { Address } from './api.js'
import { ANSWERS_MAX, ANSWERS_PER_ADDRESS_MAX, HANDSHAKE_MS } from './limits.js'
import type { Session } from './session.js'

export interface Answer {
  readonly opening: Opening
  readonly attempt: Attempt
  /** We call this address ourselves. */
  readonly isExpected: boolean
  /** Whoever asks receives at the address that it asks from. */
  readonly isProved: boolean
  readonly sinceMs: number
  /** What was sent last. */
  sent: Flight | undefined
  /** From its agreement on. */
  session: Session | undefined
}

export class Answers {
  /** Oldest first. */
  private readonly byKey = new Map<string, Answer>()

  get size(): number {
    return this.byKey.size
  }

  find(address: Address, nonce: Uint8Array): Answer | undefined {
    return this.byKey.get(keyOf(address, nonce))
  }

  /** Those of now: the collection may change meanwhile. */
  all(): Answer[] {
    return [...this.byKey.values()]
  }

  /** Whether one more of this address has room; `isExpected` ones make room for themselves. */
  makeRoom(address: Address, isExpected: boolean): boolean {
    const ofAddress = this.all().filter(({ opening }) => opening.address === address)
    if (ofAddress.length >= ANSWERS_PER_ADDRESS_MAX) {
      this.forget(ofAddress[0]!)
      return true
    }
    if (this.byKey.size < ANSWERS_MAX) return true
    if (!isExpected) return false
    this.forget(this.all().find((answer) => !answer.isExpected) ?? this.all()[0]!)
    return true
  }

  add(
    opening: Opening,
    attempt: Attempt,
    facts: Pick<Answer, 'isExpected' | 'isProved'>,
    nowMs: number,
  ): Answer {
    const answer: Answer = {
      opening,
      attempt,
      ...facts,
      sinceMs: nowMs,
      sent: undefined,
      session: undefined,
    }
    this.byKey.set(keyOf(opening.address, opening.nonce), answer)
    return answer
  }

  /** Deadlines are looked at as things happen: nothing waits for one. */
  dropOld(nowMs: number): void {
    for (const answer of this.byKey.values()) {
      if (nowMs - answer.sinceMs < HANDSHAKE_MS) return
      this.forget(answer)
    }
  }

  /** It is over: nothing that was said of it is said again. */
  forgetSession(session: Session): void {
    for (const answer of this.byKey.values()) if (answer.session === session) this.forget(answer)
  }

  private forget({ opening }: Answer): void {
    this.byKey.delete(keyOf(opening.address, opening.nonce))
  }
}

function keyOf(address: Address, nonce: Uint8Array): string {
  return `${address} ${hexOf(nonce)}`
}
