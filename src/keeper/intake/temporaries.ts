// Temporary files that are written beside the share for wants: small files whole and at once, files of several blocks
// under their digest as they come, so that whoever wants the same content goes on with them. Makes the small ones, and
// removes of all of them those that nobody wants any more, in the log too. The intake owns it.

import { type Digest, type Hash, provesSmall } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import { largeTemporary, smallTemporary } from '../../pipe/layout.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'
import type { Room } from './room.js'
import type { Want, Wants } from './wants.js'

export interface TemporariesOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
  readonly wants: Wants
  readonly room: Room
}

export class Temporaries {
  private readonly options: TemporariesOptions
  /** Numbers those of small files: each name is used once in a run. */
  private count = 0

  constructor(options: TemporariesOptions) {
    this.options = options
  }

  /** Writes the whole content of a want. Throws a DiskError, and then nothing of it is left. */
  make(want: Want, bytes: Uint8Array): void {
    const { disk, catalogue, room } = this.options
    const { path: target, mtimeMs } = want.remote
    const path = this.nextName()
    // A version that is replaced must not be lost with unsynced data of the new one.
    const sync = catalogue.live(target) !== undefined
    room.claim(bytes.length)
    try {
      want.temporary = { path, looks: disk.writeNew(path, { bytes, mtimeMs, sync }) }
    } catch (error) {
      if (error instanceof DiskError) this.remove(path)
      throw error
    }
  }

  /** A name that no temporary file of this run has had. */
  nextName(): string {
    return smallTemporary(++this.count)
  }

  /** The content of a want, of one block, from where the index says that it is; undefined where it is not. */
  readFrom(holder: string, want: Want): Uint8Array | undefined {
    const { disk, hash } = this.options
    const { digest, sizeBytes } = want.remote
    const bytes = new Uint8Array(sizeBytes)
    try {
      const handle = disk.open(holder)
      try {
        if (disk.read(handle, bytes, 0) === sizeBytes && provesSmall(hash, bytes, digest)) return bytes
      } finally {
        disk.close(handle)
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
    return undefined
  }

  /** A want is given up. What was built of several blocks stays, so that the next try for the same content goes on; not where
   *  the content is in the share, from where it is copied. */
  handleAbandoned(want: Want): void {
    const { temporary, remote } = want
    if (remote.sizeBytes > BLOCK_BYTES) {
      if (this.options.catalogue.holderOf(remote.digest) !== undefined) this.drop(want)
    } else if (temporary !== undefined) this.remove(temporary.path)
  }

  /** Removes what was built for a want that nobody has any more. */
  drop(want: Want): void {
    const { digest, sizeBytes } = want.remote
    // A large file is built under its digest: whoever else wants the same content goes on with it.
    if (sizeBytes > BLOCK_BYTES && this.options.wants.isWantedElsewhere(want)) return
    if (want.temporary !== undefined) this.remove(want.temporary.path)
    else if (sizeBytes > BLOCK_BYTES) this.remove(largeTemporary(digest))
    this.forgetFetch(digest)
  }

  /** Somebody here made the very content that an interrupted fetch was after: what was built of it is needless. */
  handleMade({ digest }: Entry): void {
    const { journal, wants } = this.options
    if (!journal.fetches.has(digest) || wants.isWanted(digest)) return
    this.remove(largeTemporary(digest))
    this.forgetFetch(digest)
  }

  private forgetFetch(digest: Digest): void {
    if (!this.options.journal.fetches.has(digest)) return
    try {
      this.options.journal.append({ kind: 'dropped', digest })
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }

  /** Removes a temporary file, if it is there. */
  remove(path: string): void {
    try {
      this.options.disk.removeFile(path)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }
}
