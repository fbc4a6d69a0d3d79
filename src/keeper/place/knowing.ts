// Takes note of what a peer has and this machine cannot have now: it is known and not held, so that it keeps nobody from being
// in step. Used by the keeper and by the intake, for whatever is refused.

import { type Disk, DiskError } from '../../base/ports.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'
import type { Scanner } from '../scan/scanner.js'
import { decideHere } from './deciding.js'

export interface KnowingOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly scanner: Scanner
}

export class Knowing {
  constructor(private readonly options: KnowingOptions) {}

  /** Not where something stands at its path: that is ours, and has not seen it. Answers whether it is news. */
  know(remote: Entry): boolean {
    const { catalogue } = this.options
    if (catalogue.live(remote.path) !== undefined || !this.isFree(remote.path)) return false
    const decision = decideHere(catalogue, remote)
    if (decision.type !== 'take') return false
    // The entry takes the place of what was changed here as soon as it can.
    this.options.scanner.locals.leave(remote.path)
    return catalogue.recordNotHeld(decision.entry)
  }

  /** Whether nothing stands at the path but what is known or left out there. */
  isFree(path: string): boolean {
    const { disk, catalogue, scanner } = this.options
    try {
      const isEmpty = disk.statLink(path) === undefined || scanner.clashAt(path) !== undefined
      if (isEmpty || scanner.isUnshared(path) || catalogue.isRemaining(path)) return true
      return scanner.locals.get(path) !== undefined
    } catch (error) {
      // Nobody may look into its folder.
      if (!(error instanceof DiskError)) throw error
      return false
    }
  }
}
