// Queue of folders to list and of paths to look at, each once. The scanner drains it; hints and the parts of the scanner fill it.

import { isOwnPath, parentOf } from '../../share/path.js'
import { isRulesFile } from './ignoring.js'
import type { ReadAhead } from './read-ahead.js'

export interface QueuedFolder {
  readonly path: string
  /** Its name may stand for another folder by now than the one that is watched. */
  readonly renew: boolean
}

export class LookQueue {
  private readonly folders: string[] = []
  private readonly queuedFolders = new Set<string>()
  private readonly foldersToRenew = new Set<string>()
  private readonly paths = new Set<string>()

  constructor(private readonly ahead: ReadAhead) {}

  get isEmpty(): boolean {
    return !this.hasFolders && !this.hasPaths
  }

  get hasFolders(): boolean {
    return this.folders.length > 0
  }

  get hasPaths(): boolean {
    return this.paths.size > 0
  }

  /** Something may have changed at `path` (or anywhere in it, where it is a folder): nothing read ahead of it counts. */
  hint(path: string): void {
    this.ahead.handleHint(path)
    if (path === '') this.addFolder('')
    else if (!isOwnPath(path) || isRulesFile(path)) this.addPath(path)
  }

  /** Whether the path, or a folder that it is in, is to be looked at. */
  has(path: string): boolean {
    for (let each = path; ; each = parentOf(each)) {
      if (this.paths.has(each) || this.queuedFolders.has(each)) return true
      if (each === '') return false
    }
  }

  addPath(path: string): void {
    this.paths.add(path)
  }

  /** A folder that is hinted at has just come: made by a person or by us, or moved here in the place of another one,
   *  with all that is in it. */
  addFolder(path: string, { renew }: { renew: boolean } = { renew: false }): void {
    if (renew) this.foldersToRenew.add(path)
    if (this.queuedFolders.has(path)) return
    this.queuedFolders.add(path)
    this.folders.push(path)
  }

  /** At most so many, and those among them that are added meanwhile. */
  *takePaths(countMax: number): Generator<string> {
    let count = 0
    for (const path of this.paths) {
      if (count++ >= countMax) return
      this.paths.delete(path)
      yield path
    }
  }

  /** The folder that was added last. */
  takeFolder(): QueuedFolder | undefined {
    const path = this.folders.pop()
    if (path === undefined) return undefined
    this.queuedFolders.delete(path)
    return { path, renew: this.foldersToRenew.delete(path) }
  }
}
