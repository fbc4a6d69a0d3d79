// Changes that the breaker stopped (keeper/breaker), by path: deletions found here of which nobody was told, and changes of peers
// that are known and were not carried out. The catalogue owns it and writes both into the index.

import type { Kept } from './index-line.js'

export class Stopped {
  private readonly missingPaths = new Set<string>()
  private readonly keptByPath = new Map<string, Kept>()
  private readonly keptFromDeletion = new Set<string>()

  get isEmpty(): boolean {
    return this.missingPaths.size === 0 && this.keptByPath.size === 0
  }

  /** Deleted here. */
  get missing(): ReadonlySet<string> {
    return this.missingPaths
  }

  /** Deleted or replaced by a peer. */
  get keptPaths(): Pick<ReadonlyMap<string, Kept>, 'size' | 'keys'> {
    return this.keptByPath
  }

  /** How many peers' deletions are known and were not carried out. */
  get keptFromDeletionCount(): number {
    return this.keptFromDeletion.size
  }

  isMissing(path: string): boolean {
    return this.missingPaths.has(path)
  }

  kept(path: string): Kept | undefined {
    return this.keptByPath.get(path)
  }

  addMissing(path: string): void {
    this.missingPaths.add(path)
  }

  /** Answers whether it was there. */
  deleteMissing(path: string): boolean {
    return this.missingPaths.delete(path)
  }

  keep(path: string, kept: Kept, isFromDeletion: boolean): void {
    this.keptByPath.set(path, kept)
    if (isFromDeletion) this.keptFromDeletion.add(path)
    else this.keptFromDeletion.delete(path)
  }

  /** Answers whether something is kept there. */
  refresh(path: string, kept: Kept): boolean {
    const isKept = this.keptByPath.has(path)
    if (isKept) this.keptByPath.set(path, kept)
    return isKept
  }

  deleteKept(path: string): Kept | undefined {
    const kept = this.keptByPath.get(path)
    this.keptByPath.delete(path)
    this.keptFromDeletion.delete(path)
    return kept
  }

  delete(path: string): void {
    this.missingPaths.delete(path)
    this.deleteKept(path)
  }
}
