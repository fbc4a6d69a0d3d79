// Entries that are known and not held, and are to be tried again: no tree tells of them any more, since it is the same here
// and there. After a start, and when a peer comes or holds more than before, each is tried once; those that were refused come
// back from the intake when their time is over. The keeper owns it.

import type { PeerId } from '../share/dots.js'
import type { Entry } from '../share/entry.js'
import type { Catalogue } from './index/catalogue.js'
import type { Intake } from './intake/intake.js'
import { STEP_FILES } from './limits.js'
import type { PeerBook } from './peers/peer-book.js'
import type { Scanner } from './scan/scanner.js'

export interface NotHeldTriesOptions {
  readonly catalogue: Catalogue
  readonly peers: PeerBook
  readonly intake: Intake
  readonly scanner: Scanner
}

export class NotHeldTries {
  private readonly options: NotHeldTriesOptions
  private readonly due: Set<string>

  constructor(options: NotHeldTriesOptions) {
    this.options = options
    this.due = new Set(options.catalogue.notHeldPaths())
  }

  /** Whether `take` has something right now: enough of one peer may be wanted already. */
  get busy(): boolean {
    if (this.due.size === 0) return false
    const peers = this.peers()
    return peers.length > 0 && !peers.some((peer) => this.options.intake.isSated(peer))
  }

  /** The entry at this path may be tried again. */
  handleRetry(path: string): void {
    this.due.add(path)
  }

  /** Rules are others than before: what they leave out is wanted no more, and what they do not leave out may be tried. */
  handleRules(): void {
    this.options.intake.handleRules()
    this.handleHoldsMore()
  }

  /** A peer came, or holds more than before. */
  handleHoldsMore(): void {
    for (const path of this.options.catalogue.notHeldPaths()) this.due.add(path)
  }

  /** Takes a bounded number of entries that are still not held, each with each peer that is there. Whoever it is may have it:
   *  a tree tells what its peer knows, and not what it holds. */
  take(): readonly { readonly entry: Entry; readonly peer: PeerId }[] {
    if (!this.busy) return []
    const { catalogue, scanner } = this.options
    const entries: Entry[] = []
    for (const path of this.due) {
      if (entries.length >= STEP_FILES) break
      this.due.delete(path)
      const entry = catalogue.get(path)
      if (entry === undefined || catalogue.isHeld(path) || catalogue.kept(path) || scanner.leavesOut(entry))
        continue
      entries.push(entry)
    }
    const peers = this.peers()
    return entries.flatMap((entry) => peers.map((peer) => ({ entry, peer })))
  }

  private peers(): readonly PeerId[] {
    return [...this.options.peers.all()]
  }
}
