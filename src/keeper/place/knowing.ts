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

/** 'news': recorded as known and not held. 'unread': something that the catalogue does not know stands at the path, and nothing is recorded
 *  before that is read or gone. 'nothing': it changes nothing of what is known. */
export type Noted = 'news' | 'unread' | 'nothing'

export class Knowing {
  constructor(private readonly options: KnowingOptions) {}

  /** Not where something stands at its path: that is ours, and has not seen it. */
  know(remote: Entry): Noted {
    const { catalogue } = this.options
    if (catalogue.live(remote.path) !== undefined) return 'nothing'
    if (!this.isFree(remote.path)) return 'unread'
    const decision = decideHere(catalogue, remote)
    if (decision.type !== 'take') return 'nothing'
    // The entry takes the place of what was changed here as soon as it can.
    this.options.scanner.locals.leave(remote.path)
    return catalogue.recordNotHeld(decision.entry) ? 'news' : 'nothing'
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
