// Gives each edit that is found in the share its dot, and notices that the share was put back to an older copy.
//
// A count runs with the clock, so that an older copy does not use one twice. Edits that it does not remember are out there all
// the same, and a vector with a later count of the same author claims to have seen them. Peers therefore tell the highest count of
// ours that they know before they are told anything. A count above our own, or one between the last of an earlier life and the first
// of the next, belongs to edits that we do not remember: the share goes on under a new name, its author.
// docs/decisions/versions.md, "A share that was put back to an older copy".

import { assert } from '../../base/assert.js'
import type { Index } from '../../base/index-port.js'
import {
  COUNT_MAX,
  countOf,
  type Dot,
  DRAWN_COUNTS,
  dotOf,
  nextCount,
  type PeerId,
  peerOf,
} from '../../share/dots.js'
import { type Gap, gapAround, type OwnCounts } from '../../share/own-counts.js'
import { GAPS_MAX, LIFE_COUNTS_DRAWN, RENEWAL_MS_MIN } from './limits.js'

export interface OwnEditsOptions {
  readonly index: Index
  /** The author of a share that has never changed its name. */
  readonly firstAuthor: PeerId
  /** An author that nobody has ever been. */
  readonly newAuthor: () => PeerId
  readonly wallMs: () => number
  /** Any whole number from 0, below the given one. */
  readonly random: (below: number) => number
}

/** The share was put back: edits of a count above `kept` were made since, or are not ours to count on. */
export interface Restored {
  readonly kept: number
}

const AUTHOR = 'author'
const HIGHEST = 'highest-count'
const ACKNOWLEDGED = 'acknowledged-count'
const GAPS = 'gaps'
const RENEWED_MS = 'renewed-ms'

/** Whether the share was renewed: its author is another one than the first. */
export function hasAuthor(index: Index): boolean {
  return index.getMeta(AUTHOR) !== undefined
}

export class OwnEdits {
  private readonly options: OwnEditsOptions
  private named: PeerId
  private highest: number
  /** The highest count of ours that a peer has told of and that we know. */
  private acknowledged: number
  private gaps: Gap[]

  constructor(options: OwnEditsOptions) {
    const { index, firstAuthor } = options
    this.options = options
    this.named = index.getMeta(AUTHOR) ?? firstAuthor
    this.highest = Number(index.getMeta(HIGHEST) ?? 0)
    this.acknowledged = Number(index.getMeta(ACKNOWLEDGED) ?? 0)
    this.gaps = gapsOf(index.getMeta(GAPS) ?? '')
    this.beginLife()
  }

  /** In whose name the edits are. */
  get author(): PeerId {
    return this.named
  }

  get counts(): OwnCounts {
    return { author: this.named, gaps: this.gaps, highest: this.highest }
  }

  /** Whether an edit is ours, and no peer has told that it knows edits of ours up to it. */
  isUntold(dot: Dot): boolean {
    return peerOf(dot) === this.named && countOf(dot) > this.acknowledged
  }

  /** The dot of the next edit. Survives a kill with the next commit of the index, before which nobody is told of the edit. */
  nextDot(): Dot {
    this.highest = this.nextCount(this.highest)
    this.options.index.putMeta(HIGHEST, String(this.highest))
    return dotOf(this.named, this.highest)
  }

  /** The first of so many counts in a row, of edits that are found together. They survive a kill as one does. */
  nextCounts(edits: number): number {
    const first = this.nextCount(this.highest)
    assert(first <= COUNT_MAX - (edits - 1), 'counts last until the year 6325')
    this.highest = first + edits - 1
    this.options.index.putMeta(HIGHEST, String(this.highest))
    return first
  }

  /** A peer knows edits of ours up to `count`. Answers whether that tells that the share was put back. */
  handleTold(count: number): Restored | undefined {
    const gap = gapAround(this.gaps, count)
    // Where counts run ahead of the clock, the life that was forgotten may have begun before the gap that its counts fall in,
    // and has not seen what was edited in between: only what a peer told of is sure to be known.
    if (gap !== undefined) return { kept: Math.min(gap.last, this.acknowledged) }
    if (count > this.highest) return { kept: this.acknowledged }
    if (count > this.acknowledged) {
      this.acknowledged = count
      this.options.index.putMeta(ACKNOWLEDGED, String(count))
    }
    return undefined
  }

  /** Whether a peer may bring about a new name now: one that lies could ask for one after the other. */
  get mayBeRenewed(): boolean {
    const { index, wallMs } = this.options
    const renewedMs = index.getMeta(RENEWED_MS)
    return renewedMs === undefined || Math.abs(wallMs() - Number(renewedMs)) >= RENEWAL_MS_MIN
  }

  handleRenewedByPeer(): void {
    const { index, wallMs } = this.options
    index.putMeta(RENEWED_MS, String(Math.round(wallMs())))
  }

  /** From here on edits are in a new name. */
  renew(): void {
    const { index, newAuthor } = this.options
    this.named = newAuthor()
    this.acknowledged = 0
    this.gaps = []
    index.putMeta(AUTHOR, this.named)
    index.putMeta(ACKNOWLEDGED, '0')
    index.putMeta(GAPS, '')
  }

  /** Where the list grows too long, the two oldest gaps become one: what lies between them is then taken for forgotten, which
   *  costs a new name at worst. */
  private beginLife(): void {
    // Where the clock is behind the counts, two lives that go on from one copy would count alike: they begin apart.
    const first = this.nextCount(this.highest + this.options.random(LIFE_COUNTS_DRAWN))
    this.gaps.push({ last: this.highest, first })
    if (this.gaps.length > GAPS_MAX) {
      const [oldest, next, ...later] = this.gaps as [Gap, Gap, ...Gap[]]
      this.gaps = [{ last: oldest.last, first: next.first }, ...later]
    }
    this.highest = first - 1
    const { index } = this.options
    index.putMeta(GAPS, this.gaps.map(({ last, first }) => `${last}-${first}`).join(','))
    index.putMeta(HIGHEST, String(this.highest))
  }

  private nextCount(previous: number): number {
    const { wallMs, random } = this.options
    const count = nextCount(previous, wallMs() / 1_000, random(DRAWN_COUNTS))
    // In the year 6325, or on a clock that says so: no edit may take a count twice.
    if (count === undefined) throw new Error('left is broken: the counts of edits have run out')
    return count
  }
}

function gapsOf(text: string): Gap[] {
  if (text === '') return []
  return text.split(',').map((part) => {
    const [last, first] = part.split('-').map(Number)
    return { last: last ?? 0, first: first ?? 0 }
  })
}
