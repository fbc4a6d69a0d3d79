// The disk as recovery finds it: whether a path holds what an entry says, and whether a file there can be nobody's edit. Used by Recovery.

import type { Hash } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { type Disk, DiskError } from '../../base/ports.js'
import { mtimeOf } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'
import { isKeptTime, type Signature, signatureOf } from '../index/signature.js'
import { HashJob, type HashStep } from '../scan/hashing.js'

export interface FoundPlacesOptions {
  readonly disk: Disk
  readonly hash: Hash
  /** Takes the digest lists of files that are read. */
  readonly catalogue: Catalogue
}

export class FoundPlaces {
  constructor(private readonly of: FoundPlacesOptions) {}

  /** Removes a file that can only be what a loss of power left of one that we put there. */
  removeTorn(entry: Entry): void {
    const { disk } = this.of
    const stat = disk.statLink(entry.path)
    if (entry.kind !== 'file' || stat?.kind !== 'file') return
    if (stat.sizeBytes === 0 || isKeptTime(stat.mtimeMs, mtimeOf(entry))) disk.removeFile(entry.path)
  }

  /** Whether the file at the path has the length and the time that we gave ours: nobody's edit has both. */
  looksPlaced(entry: Entry): boolean {
    const { path, kind, sizeBytes } = entry
    const stat = this.of.disk.statLink(path)
    if (kind !== 'file' || stat?.kind !== 'file') return false
    return stat.sizeBytes === sizeBytes && isKeptTime(stat.mtimeMs, mtimeOf(entry))
  }

  isSameFile(one: string, other: string): boolean {
    const { disk } = this.of
    const stat = disk.statLink(one)
    return stat !== undefined && stat.inode === disk.statLink(other)?.inode
  }

  /** Whether the path holds exactly what the entry says. */
  holds(entry: Entry): boolean {
    const { disk } = this.of
    const stat = disk.statLink(entry.path)
    if (entry.kind === 'folder') return stat?.kind === 'folder'
    if (entry.kind === 'link') return stat?.kind === 'link' && disk.readLink(entry.path) === entry.target
    if (entry.kind !== 'file' || stat?.kind !== 'file' || stat.sizeBytes !== entry.sizeBytes) return false
    const read = this.digestOf(entry.path, signatureOf(stat))
    if (read?.digest !== entry.digest) return false
    if (entry.sizeBytes > BLOCK_BYTES) this.of.catalogue.putList(entry.digest, read.list)
    return true
  }

  /** Undefined where the file cannot be read, or changes meanwhile. */
  private digestOf(path: string, signature: Signature): (HashStep & { type: 'done' }) | undefined {
    const { disk, hash } = this.of
    try {
      const job = new HashJob(disk, hash, path, signature)
      try {
        const result = job.step(new Uint8Array(BLOCK_BYTES), Number.POSITIVE_INFINITY)
        return result.type === 'done' ? result : undefined
      } finally {
        job.close()
      }
    } catch (error) {
      if (error instanceof DiskError) return undefined
      throw error
    }
  }
}
