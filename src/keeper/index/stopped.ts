// Changes that the breaker stopped (keeper/breaker), by path: deletions found here of which nobody was told, and changes of peers
// that are known and were not carried out. Also what such a deletion took, while a peer's edit is on its way to the path. records.ts
// owns it and writes all of it into the index.

import type { Entry } from '../../share/entry.js'
import type { Kept } from './index-line.js'
import { NotHeldPaths } from './not-held-paths.js'

export class Stopped {
  private readonly missingPaths = new Set<string>()
  private readonly givenUpByPath = new Map<string, Entry>()
  private readonly keptByPath = new Map<string, Kept>()
  private readonly undonePaths = new Set<string>()
  /** By kept path that a peer deleted, where the peer says that its content is; '' where it does not say. */
  private readonly targets = new Map<string, string>()
  private readonly keptByTarget = new Map<string, string>()
  /** The paths of `keptByPath`, counted by folder. */
  private readonly keptByFolder = new NotHeldPaths()

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
    return this.targets.size
  }

  /** Whether something in this folder, at any depth, was deleted or replaced by a peer and is kept. */
  isKeptBelow(folder: string): boolean {
    return this.keptByFolder.countBelow(folder) > 0
  }

  /** A path that a peer deleted, saying that its content was moved to `target`, and that is kept. */
  keptMovedTo(target: string): string | undefined {
    return this.keptByTarget.get(target)
  }

  isMissing(path: string): boolean {
    return this.missingPaths.has(path)
  }

  kept(path: string): Kept | undefined {
    return this.keptByPath.get(path)
  }

  /** A person takes back the peer's change at this kept path, and what is here has been changed since it was read: it counts again, on top
   *  of the peer's, once the scan has read it. */
  markUndone(path: string): void {
    this.undonePaths.add(path)
  }

  isUndone(path: string): boolean {
    return this.undonePaths.has(path)
  }

  /** Whether a person has said what becomes of all of it. */
  get isDecided(): boolean {
    return this.missingPaths.size === 0 && this.keptByPath.size === this.undonePaths.size
  }

  addMissing(path: string): void {
    this.missingPaths.add(path)
  }

  /** The entry of a held deletion whose path a peer's edit is to bring back. The breaker holds nothing of it any more. */
  givenUp(path: string): Entry | undefined {
    return this.givenUpByPath.get(path)
  }

  giveUp(entry: Entry): void {
    this.givenUpByPath.set(entry.path, entry)
  }

  forgetGivenUp(path: string): void {
    this.givenUpByPath.delete(path)
  }

  givenUpEntries(): Iterable<Entry> {
    return this.givenUpByPath.values()
  }

  /** Answers whether it was there. */
  deleteMissing(path: string): boolean {
    return this.missingPaths.delete(path)
  }

  /** `told`: what the peer has there. */
  keep(kept: Kept, told: Entry): void {
    const { path } = told
    this.keptByPath.set(path, kept)
    this.keptByFolder.add(path)
    this.forgetTarget(path)
    if (told.kind !== 'tombstone') return
    this.targets.set(path, told.target)
    if (told.target !== '') this.keptByTarget.set(told.target, path)
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
    this.keptByFolder.delete(path)
    this.undonePaths.delete(path)
    this.forgetTarget(path)
    return kept
  }

  private forgetTarget(path: string): void {
    const target = this.targets.get(path)
    this.targets.delete(path)
    if (target !== undefined && this.keptByTarget.get(target) === path) this.keptByTarget.delete(target)
  }

  delete(path: string): void {
    this.missingPaths.delete(path)
    this.givenUpByPath.delete(path)
    this.deleteKept(path)
  }
}
