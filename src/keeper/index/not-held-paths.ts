// Paths, counted by the folders above them. Of those of which the entry is known and nothing is here: each decision about a folder asks
// whether anything of ours is in it, and a peer may have told of any number that are not held. Of those that the breaker stopped too. The
// catalogue owns them.

import { copyOfText } from '../../base/bytes.js'
import type { Manifest } from '../../share/manifest.js'
import { parentOf } from '../../share/path.js'

export class NotHeldPaths implements Iterable<string> {
  private readonly paths = new Set<string>()
  /** By folder, at any depth below it; of folders with none there is nothing here. */
  private readonly counts = new Map<string, number>()

  get size(): number {
    return this.paths.size
  }

  has(path: string): boolean {
    return this.paths.has(path)
  }

  [Symbol.iterator](): Iterator<string> {
    return this.paths.values()
  }

  add(path: string): void {
    if (this.paths.has(path)) return
    this.paths.add(path)
    for (const folder of foldersAbove(path)) {
      const count = this.counts.get(folder)
      // A part of a path would keep the whole path in memory.
      this.counts.set(count === undefined ? copyOfText(folder) : folder, (count ?? 0) + 1)
    }
  }

  /** Answers whether it was there. */
  delete(path: string): boolean {
    if (!this.paths.delete(path)) return false
    for (const folder of foldersAbove(path)) {
      const count = this.counts.get(folder)! - 1
      if (count > 0) this.counts.set(folder, count)
      else this.counts.delete(folder)
    }
    return true
  }

  /** Counts of what is here of a manifest, in files, folders and bytes. */
  heldOf(manifest: Manifest): { files: number; folders: number; bytes: number } {
    let { fileCount: files, folderCount: folders, totalBytes: bytes } = manifest
    for (const path of this.paths) {
      const { kind, sizeBytes } = manifest.get(path)!
      if (kind === 'file') files--
      if (kind === 'folder') folders--
      bytes -= sizeBytes
    }
    return { files, folders, bytes }
  }

  /** How many lie below `folder` ('' for the share), at any depth. */
  countBelow(folder: string): number {
    return folder === '' ? this.paths.size : (this.counts.get(folder) ?? 0)
  }
}

/** Without the share itself. */
function* foldersAbove(path: string): Generator<string> {
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) yield folder
}
