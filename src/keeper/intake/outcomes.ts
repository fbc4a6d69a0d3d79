// Outcomes of the intake that its owner carries on: to the engine, to a person, to the other parts of the keeper. In
// the order in which they came about.

import type { KeeperNotice, KeeperToEngine } from '../../pipe/messages.js'
import type { PeerId } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'

export type IntakeOutcome =
  | { readonly type: 'message'; readonly message: KeeperToEngine }
  /** Something was put at this path. */
  | { readonly type: 'placed'; readonly path: string }
  /** The catalogue changed by what a peer sent; with a kept conflict copy (`own`) it changed by us too. `isLast`: nothing
   *  more was wanted then. */
  | { readonly type: 'changed'; readonly by: 'own' | 'received'; readonly isLast: boolean }
  /** What could not be had at this path may be tried again: known and not held, so that no peer's tree tells of it. */
  | { readonly type: 'retry'; readonly path: string }
  /** This peer lacks what it said it has: ask it again. */
  | { readonly type: 'source-failed'; readonly peer: PeerId }
  /** This peer's entry is not wanted any more: another has something better. */
  | { readonly type: 'beaten'; readonly peer: PeerId; readonly remote: Entry }
  /** The entry wanted at this path is not wanted any more, and was not put in place. */
  | { readonly type: 'abandoned'; readonly path: string }
  /** The person ought to know that this cannot be had from this peer, or cannot be put in place. */
  | { readonly type: 'refused'; readonly peer: PeerId; readonly notice: RefusalNotice }

export type RefusalNotice = KeeperNotice & { readonly event: 'problem' | 'abandoned' }

export class Outcomes {
  private queued: IntakeOutcome[] = []
  private takenCount = 0

  push(outcome: IntakeOutcome): void {
    this.queued.push(outcome)
  }

  poll(): IntakeOutcome | undefined {
    if (this.takenCount < this.queued.length) return this.queued[this.takenCount++]
    this.queued = []
    this.takenCount = 0
    return undefined
  }

  message(message: KeeperToEngine): void {
    this.push({ type: 'message', message })
  }

  notify(notice: KeeperNotice | undefined): void {
    if (notice !== undefined) this.message({ type: 'notice', notice })
  }

  refuse(peer: PeerId, notice: RefusalNotice): void {
    this.push({ type: 'refused', peer, notice })
  }

  sourceFailed(peer: PeerId): void {
    this.push({ type: 'source-failed', peer })
  }
}
