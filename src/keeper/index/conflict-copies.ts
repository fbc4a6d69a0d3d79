// Losers of conflicts that are held beside their winners, by the path that they are copies of. The catalogue keeps it.

import { isConflictCopy, originalOf } from '../../share/decide.js'
import type { Entry } from '../../share/entry.js'

const NONE: ReadonlySet<string> = new Set()

export class ConflictCopies {
  private readonly copies = new Map<string, Set<string>>()
  private count = 0

  get size(): number {
    return this.count
  }

  /** Paths of the copies of the file that stands, or stood, at this path. */
  of(original: string): ReadonlySet<string> {
    return this.copies.get(original) ?? NONE
  }

  /** Paths of which there are copies; something else, or nothing, may stand there. */
  originals(): Iterable<string> {
    return this.copies.keys()
  }

  /** Copies of one file stand together. */
  *[Symbol.iterator](): Generator<string> {
    for (const copies of this.copies.values()) yield* copies
  }

  /** Any entry that is held from now on. */
  handleHeld(entry: Entry): void {
    if (!isConflictCopy(entry)) return
    const original = originalOf(entry.path)
    const copies = this.copies.get(original)
    if (copies?.has(entry.path)) return
    this.count++
    if (copies === undefined) this.copies.set(original, new Set([entry.path]))
    else copies.add(entry.path)
  }

  /** Any entry that was held until now. */
  handleGone(entry: Entry): void {
    if (!isConflictCopy(entry)) return
    const original = originalOf(entry.path)
    const copies = this.copies.get(original)
    if (copies?.delete(entry.path) !== true) return
    this.count--
    if (copies.size === 0) this.copies.delete(original)
  }
}
