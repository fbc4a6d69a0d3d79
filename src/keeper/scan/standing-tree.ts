// Whether exactly what the catalogue knows of a folder stands on the disk, there or at another path to which it was moved. One look at
// each thing: a rename of the folder leaves times and inodes of what is in it. Used by whoever moves a folder as a whole.

import type { Disk, FileStat } from '../../base/ports.js'
import type { Entry } from '../../share/entry.js'
import { isOwnPath, joinPath, nameOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import { sameAccess, sameSignature, signatureOf } from '../index/signature.js'

export interface StandingTree {
  readonly disk: Disk
  readonly catalogue: Catalogue
  /** The folder as the catalogue knows it. */
  readonly from: string
  /** Where it is. */
  readonly at: string
  /** Each folder is about to be listed. */
  readonly onFolder?: (path: string) => void
}

/** Nothing more and nothing less than that. Throws a DiskError. */
export function standsAs({ disk, catalogue, from, at, onFolder = () => {} }: StandingTree): boolean {
  const isAlike = (entry: Entry, path: string): boolean => {
    if (catalogue.live(entry.path) === undefined || catalogue.isHidden(entry.path)) return false
    const stat = disk.statLink(path, 'trusted')
    if (stat?.kind !== entry.kind || !looksAlike(entry, path, stat)) return false
    return entry.kind !== 'folder' || holdsAlike(entry.path, path)
  }
  const looksAlike = (entry: Entry, path: string, stat: FileStat): boolean => {
    if (entry.kind === 'link') return disk.readLink(path) === entry.target
    if (entry.kind === 'folder') return sameAccess(catalogue.mode(entry.path), stat)
    return sameSignature(catalogue.signature(entry.path), signatureOf(stat))
  }
  const holdsAlike = (folder: string, path: string): boolean => {
    onFolder(path)
    const { names, unreadable } = disk.list(path)
    const left = new Set(names.filter((name) => !isOwnPath(joinPath(path, name))))
    for (const child of catalogue.manifest.children(folder)) {
      if (child.kind === 'tombstone') continue
      const name = nameOf(child.path)
      if (!left.delete(name) || !isAlike(child, joinPath(path, name))) return false
    }
    return left.size === 0 && unreadable.length === 0
  }
  const entry = catalogue.live(from)
  return entry?.kind === 'folder' && isAlike(entry, at)
}
