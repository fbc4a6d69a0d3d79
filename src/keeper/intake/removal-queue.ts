// Deletions that are wanted, deepest first: a folder goes after what was in it. The wants own it.

import { parentOf } from '../../share/path.js'

export class RemovalQueue<W extends { readonly remote: { readonly path: string } }> {
  private readonly byDepth: Set<W>[] = []
  private readonly wanted = new Set<W>()
  /** How many are wanted below each folder. */
  private readonly below = new Map<string, number>()
  private queuedCount = 0

  /** How many are wanted, waiting or not. */
  get size(): number {
    return this.wanted.size
  }

  /** Whether `take` has something. */
  get isQueued(): boolean {
    return this.queuedCount > 0
  }

  /** Whether a deletion below this folder is wanted. */
  hasBelow(folder: string): boolean {
    return this.below.has(folder)
  }

  /** How many deletions below this folder are wanted. */
  countBelow(folder: string): number {
    return this.below.get(folder) ?? 0
  }

  queue(want: W): void {
    if (!this.wanted.has(want)) {
      this.wanted.add(want)
      this.countAbove(want, 1)
    }
    const depth = depthOf(want)
    while (this.byDepth.length <= depth) this.byDepth.push(new Set())
    const level = this.byDepth[depth]!
    if (!level.has(want)) this.queuedCount++
    level.add(want)
  }

  delete(want: W): void {
    if (this.byDepth[depthOf(want)]?.delete(want)) this.queuedCount--
    if (this.wanted.delete(want)) this.countAbove(want, -1)
  }

  take(): W | undefined {
    for (let depth = this.byDepth.length - 1; depth >= 0; depth--) {
      const level = this.byDepth[depth]!
      for (const want of level) {
        level.delete(want)
        this.queuedCount--
        return want
      }
      this.byDepth.pop()
    }
    return undefined
  }

  private countAbove({ remote }: W, change: 1 | -1): void {
    for (let folder = parentOf(remote.path); folder !== ''; folder = parentOf(folder)) {
      const count = (this.below.get(folder) ?? 0) + change
      if (count === 0) this.below.delete(folder)
      else this.below.set(folder, count)
    }
  }
}

function depthOf({ remote }: { readonly remote: { readonly path: string } }): number {
  let depth = 0
  for (let slash = remote.path.indexOf('/'); slash >= 0; slash = remote.path.indexOf('/', slash + 1)) depth++
  return depth
}
