// Where the user's secrets are on the simulated disk: as src/io/private-files.ts has it for the real one.

import { isOwnPath, nameOf, parentOf } from '../share/path.js'
import type { Inode } from './disk/inode.js'
import type { Place } from './disk/places.js'

export class SimSecrets {
  /** Once found at one of the paths, they stay private. */
  private readonly found = new Set<Inode>()

  /** `resolve` answers what is at a path of the share, links followed on the way and, if asked for, at its end. */
  constructor(
    private readonly paths: readonly string[],
    private readonly resolve: (path: string, followLast: boolean) => Inode | undefined,
  ) {}

  has(inode: Inode): boolean {
    for (const path of this.paths) {
      for (const followLast of [false, true]) {
        const there = this.resolve(path, followLast)
        if (there !== undefined) this.found.add(there)
      }
    }
    return this.found.has(inode)
  }

  /** Whether one is there, would be there, or is a folder on the way. */
  isPlace(path: string, { folder, name, inode }: Place): boolean {
    if (this.paths.length === 0 || isOwnPath(path)) return false
    if (inode !== undefined && this.has(inode)) return true
    for (const secret of this.paths) {
      const isSameName = nameOf(secret).toLowerCase() === name.toLowerCase()
      if (isSameName && this.resolve(parentOf(secret), true) === folder) return true
    }
    for (let above = parentOf(path); above !== ''; above = parentOf(above))
      if (this.has(this.resolve(above, false)!)) return true
    return false
  }
}
