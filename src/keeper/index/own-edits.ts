// Gives each edit that is found in the share its dot. A count runs with the clock and never repeats, even where the share is
// put back to an older copy: then the counts that the copy does not remember are below what the clock says now.

import type { Index } from '../../base/index-port.js'
import { type Dot, dotOf, nextCount, type PeerId } from '../../share/dots.js'

export interface OwnEditsOptions {
  readonly index: Index
  /** In whose name the edits are. */
  readonly author: PeerId
  readonly wallMs: () => number
  /** 0..65,535, any. */
  readonly random: () => number
}

/** In the index: the highest count that was given. */
const HIGHEST = 'highest-count'

export class OwnEdits {
  readonly author: PeerId
  private readonly options: OwnEditsOptions
  private highest: number

  constructor(options: OwnEditsOptions) {
    this.options = options
    this.author = options.author
    this.highest = Number(options.index.getMeta(HIGHEST) ?? 0)
  }

  /** The dot of the next edit. Survives a kill with the next commit of the index, before which nobody is told of the edit. */
  nextDot(): Dot {
    const { index, wallMs, random } = this.options
    const count = nextCount(this.highest, wallMs() / 1_000, random())
    // In the year 6325, or on a clock that says so: no edit may take a count twice.
    if (count === undefined) throw new Error('left is broken: the counts of edits have run out')
    this.highest = count
    index.putMeta(HIGHEST, String(count))
    return dotOf(this.author, count)
  }
}
