// The handshakes that others have begun and that are not over: a bounded number of them, few for one address and for one
// host, so that whoever begins many keeps nobody else out. Addresses that we call have room of their own. Used by the
// handshake.

import { hexOf } from '../../base/bytes.js'
import type { Address, RefusalReason } from '../api.js'
import { hostOf } from '../host.js'
import type { AnsweringAttempt, Flight, Opening } from '../protection.js'
import type { Session } from '../session/session.js'
import {
  ANSWERS_NAMED_MAX,
  ANSWERS_PER_ADDRESS_MAX,
  ANSWERS_PER_HOST_MAX,
  ANSWERS_STRANGERS_MAX,
  HANDSHAKE_MS,
} from './limits.js'

export interface PendingHandshake {
  readonly opening: Opening
  readonly attempt: AnsweringAttempt
  /** We call this address ourselves. */
  readonly isExpected: boolean
  /** The asker has shown that it receives at the address that it asks from. */
  readonly isProved: boolean
  readonly sinceMs: number
  /** The flight that was sent last. */
  sent: Flight | undefined
  /** The reason that the asker was told, where nothing comes of it. */
  refused: RefusalReason | undefined
  /** From its agreement on. */
  session: Session | undefined
}

export class PendingHandshakes {
  /** Oldest first. */
  private readonly byKey = new Map<string, PendingHandshake>()

  get size(): number {
    return this.byKey.size
  }

  find(address: Address, nonce: Uint8Array): PendingHandshake | undefined {
    return this.byKey.get(keyOf(address, nonce))
  }

  /** Those of now: the collection may change meanwhile. */
  all(): PendingHandshake[] {
    return [...this.byKey.values()]
  }

  /** Makes room for one more: the oldest of its address gives way, or of its host, or of all of its kind. At the rate at
   *  which they may begin (limits.ts) an honest handshake is through before it is the oldest. */
  makeRoom(address: Address, isExpected: boolean): void {
    const ofKind = this.all().filter((answer) => answer.isExpected === isExpected)
    const ofAddress = ofKind.filter(({ opening }) => opening.address === address)
    if (ofAddress.length >= ANSWERS_PER_ADDRESS_MAX) {
      this.forget(ofAddress[0]!)
      return
    }
    if (isExpected) {
      if (ofKind.length >= ANSWERS_NAMED_MAX) this.forget(ofKind[0]!)
      return
    }
    const host = hostOf(address)
    const ofHost = ofKind.filter(({ opening }) => hostOf(opening.address) === host)
    if (ofHost.length >= ANSWERS_PER_HOST_MAX) this.forget(ofHost[0]!)
    else if (ofKind.length >= ANSWERS_STRANGERS_MAX) this.forget(ofKind[0]!)
  }

  add(
    opening: Opening,
    attempt: AnsweringAttempt,
    facts: Pick<PendingHandshake, 'isExpected' | 'isProved'>,
    nowMs: number,
  ): PendingHandshake {
    const answer: PendingHandshake = {
      opening,
      attempt,
      ...facts,
      sinceMs: nowMs,
      sent: undefined,
      refused: undefined,
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

  /** The session is over: nothing that was said of it is said again. */
  forgetSession(session: Session): void {
    for (const answer of this.byKey.values()) if (answer.session === session) this.forget(answer)
  }

  /** The asker has to begin anew. */
  forget({ opening }: PendingHandshake): void {
    this.byKey.delete(keyOf(opening.address, opening.nonce))
  }
}

function keyOf(address: Address, nonce: Uint8Array): string {
  return `${address} ${hexOf(nonce)}`
}
