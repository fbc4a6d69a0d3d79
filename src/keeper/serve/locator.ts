// Finds where an item that the engine serves lies: a tree item or a list as bytes, a small file as its content, a larger
// one as its path, a pack as the files in it. The keeper asks it for each `locate` of the engine.

import type { Digest } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { type Disk, DiskError } from '../../base/ports.js'
import type { ItemName, Location } from '../../pipe/messages.js'
import type { Catalogue } from '../index/catalogue.js'
import { INLINE_BYTES_MAX } from './limits.js'

export interface Located {
  readonly location: Location
  /** A file that could not be read as the catalogue knows it: the scanner has to look at it. */
  readonly unreadable?: string
}

/** A file of this share whose content is known for sure. */
interface Held {
  readonly path: string
  readonly sizeBytes: number
  readonly mtimeMs: number
}

export class Locator {
  private readonly disk: Disk
  private readonly catalogue: Catalogue

  constructor(disk: Disk, catalogue: Catalogue) {
    this.disk = disk
    this.catalogue = catalogue
  }

  /** `unreadable` are files that could not be read as the catalogue knows them: the scanner has to look at them. */
  locateAll(names: readonly ItemName[]): {
    readonly items: readonly { readonly name: ItemName; readonly location: Location }[]
    readonly unreadable: readonly string[]
  } {
    const unreadable: string[] = []
    const items = names.map((name) => {
      const located = this.locate(name)
      if (located.unreadable !== undefined) unreadable.push(located.unreadable)
      return { name, location: located.location }
    })
    return { items, unreadable }
  }

  locate(name: ItemName): Located {
    switch (name.kind) {
      case 'tree':
        return inBytes(this.catalogue.manifest.item(name.digest))
      case 'list':
        return inBytes(this.catalogue.list(name.digest))
      case 'sums':
        return inBytes(this.catalogue.blockList(name.digest)?.sums)
      case 'pack':
        return this.locatePack(name.members ?? [])
      case 'file':
        return this.locateFile(name.digest)
    }
  }

  private locateFile(digest: Digest): Located {
    const held = this.held(digest)
    if (held === undefined) return GONE
    const { path, sizeBytes, mtimeMs } = held
    if (sizeBytes <= INLINE_BYTES_MAX) {
      const bytes = new Uint8Array(sizeBytes)
      if (!this.readWhole(path, bytes)) return { ...GONE, unreadable: path }
      return { location: { type: 'content', path, bytes } }
    }
    const list = this.catalogue.list(digest) ?? new Uint8Array(0)
    return { location: { type: 'file', path, sizeBytes, mtimeMs, list } }
  }

  /** All of its files or nothing: the engine asks for the files one by one where the pack is gone. */
  private locatePack(members: readonly Digest[]): Located {
    const files: Held[] = []
    let totalBytes = 0
    for (const digest of members) {
      const held = this.held(digest)
      if (held === undefined) return GONE
      files.push(held)
      totalBytes += held.sizeBytes
      // A peer may claim any members; more than a block is not read for it.
      if (totalBytes > BLOCK_BYTES) return GONE
    }
    const bytes = new Uint8Array(totalBytes)
    let at = 0
    for (const { path, sizeBytes } of files) {
      if (!this.readWhole(path, bytes.subarray(at, at + sizeBytes))) return { ...GONE, unreadable: path }
      at += sizeBytes
    }
    return {
      location: { type: 'pack', files: files.map(({ path, sizeBytes }) => ({ path, sizeBytes })), bytes },
    }
  }

  /** Where content stands that is known for sure. */
  private held(digest: Digest): Held | undefined {
    const path = this.catalogue.holderOf(digest)
    const entry = path === undefined ? undefined : this.catalogue.live(path)
    const signature = path === undefined ? undefined : this.catalogue.signature(path)
    if (path === undefined || entry === undefined || signature === undefined) return undefined
    return { path, sizeBytes: entry.sizeBytes, mtimeMs: signature.mtimeMs }
  }

  /** Fills `target`; false where the file is shorter or cannot be read. The engine proves what was read, as it does with
   *  what it reads itself. */
  private readWhole(path: string, target: Uint8Array): boolean {
    const { disk } = this
    try {
      const handle = disk.open(path, 'trusted')
      try {
        return disk.read(handle, target, 0) === target.length
      } finally {
        disk.close(handle)
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return false
    }
  }
}

const GONE = { location: { type: 'gone' } } as const

function inBytes(bytes: Uint8Array | undefined): Located {
  return bytes === undefined ? GONE : { location: { type: 'bytes', bytes } }
}
