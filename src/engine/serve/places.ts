// Places of the items that peers pull: in the share as the keeper locates them, or in a file that is still being built.
// Remembers them, so that not each block is asked of the keeper, and proves lists, trees and small files against their
// names. Used by Serving.

import { BlockSet } from '../../base/blockset.js'
import { hexOf } from '../../base/bytes.js'
import { blockCount, type Digest, type Hash, itemKey, provesSmall } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { TEMPORARY_FOLDER } from '../../pipe/layout.js'
import type { ItemName, Location } from '../../pipe/messages.js'
import type { BlockName } from '../../rdt/protection.js'
import type { Outbox } from '../outbox.js'
import type { Building } from '../receive/large-fetch.js'
import { LOCATION_BYTES_MAX, LOCATIONS_MAX, SUMS_SERVED_MAX } from './limits.js'

/** Stands for the time of a file that is being written: its descriptor is used again nevertheless. */
const BUILDING_MTIME_MS = 0

export type FilePlace = Location & {
  readonly type: 'file'
  /** Of a file that is still being built, where it is to stand. */
  readonly target?: string
}

export interface PlacesOptions {
  readonly hash: Hash
  /** A file that is being received, of which something may be here already. */
  readonly buildingOf: (digest: Digest) => Building | undefined
  readonly toKeeper: Outbox
}

export class Places {
  private readonly options: PlacesOptions
  private readonly locations = new Map<string, Location>()
  private locationBytes = 0
  /** Items that the keeper was asked for and has not located yet. */
  private readonly asked = new Set<string>()
  /** By file, the digest of the weak sums that were served under its name. Of the process's life, as keys of sessions are: a
   *  seal covers what its name names, and these are named by what does not prove them. */
  private readonly sumsServed = new Map<Digest, Digest>()
  /** By item, the blocks that were served as they were read, without being held against their digests. */
  private readonly unproved = new Map<string, BlockSet>()

  constructor(options: PlacesOptions) {
    this.options = options
  }

  /** Undefined where the keeper has to be asked; `lookUp` does that. */
  find(block: BlockName): Location | undefined {
    return this.locations.get(itemKey(block.kind, block.digest)) ?? this.placeInBuilding(block)
  }

  /** Asks the keeper, unless it was asked and has not answered. */
  lookUp(name: ItemName): void {
    const key = itemKey(name.kind, name.digest)
    if (this.asked.has(key)) return
    this.asked.add(key)
    this.options.toKeeper.push({ type: 'locate', items: [name] })
  }

  /** Returns the place as far as it is proved; undefined where the content read is not what the index says: the keeper is
   *  told, and may find the content elsewhere when it is asked again. */
  handleLocated(name: ItemName, location: Location): Location | undefined {
    const key = itemKey(name.kind, name.digest)
    this.asked.delete(key)
    if (this.isProved(name, location)) {
      if (location.type === 'bytes' || location.type === 'file') this.remember(key, location)
      return location
    }
    if (location.type === 'content') this.suspect(location.path)
    else if (location.type === 'pack') for (const { path } of location.files) this.suspect(path)
    else return { type: 'gone' }
    return undefined
  }

  handleBuilt(digest: Digest, building: Building): void {
    this.remember(itemKey('file', digest), placeOf(building))
  }

  handleAnnounced(digest: Digest): void {
    for (const kind of ['list', 'file'] as const)
      if (!this.locations.has(itemKey(kind, digest))) this.lookUp({ kind, digest })
  }

  isWhole(digest: Digest): boolean | undefined {
    if (this.locations.has(itemKey('file', digest))) return true
    this.lookUp({ kind: 'file', digest })
    return undefined
  }

  /** A block read there is not what its list says, or could not be read. */
  handleReadWrong({ kind, digest }: BlockName, { path }: FilePlace): void {
    this.forget(itemKey(kind, digest))
    if (!path.startsWith(TEMPORARY_FOLDER)) this.suspect(path)
  }

  /** The watcher process is gone, and with it every question that it was asked. */
  handleKeeperLost(): void {
    this.asked.clear()
  }

  /** Whether the block may go out unproved: once from each place, and from none that was found wrong meanwhile. */
  allowUnproved({ kind, digest, blockIndex }: BlockName, place: FilePlace): boolean {
    const key = itemKey(kind, digest)
    // Blocks of a file that is being built were proved before they were written.
    if (place.mtimeMs !== BUILDING_MTIME_MS && this.locations.get(key) !== place) return false
    const served = this.unproved.get(key) ?? new BlockSet(blockCount(place.sizeBytes))
    // A set that is forgotten here lets its blocks go out unproved once more.
    if (this.unproved.size >= LOCATIONS_MAX && !this.unproved.has(key)) this.unproved.clear()
    this.unproved.set(key, served)
    return served.add(blockIndex)
  }

  /** The block's place in a file that is still being built; gone where it has not come yet. */
  private placeInBuilding({ kind, digest, blockIndex }: BlockName): Location | undefined {
    const building = kind === 'file' ? this.options.buildingOf(digest) : undefined
    if (building === undefined) return undefined
    return building.holds(blockIndex) ? placeOf(building) : { type: 'gone' }
  }

  private suspect(path: string): void {
    this.options.toKeeper.push({ type: 'suspect', path })
  }

  /** Nothing is served under a name that it does not have: seals rely on it that one name is one content. */
  private isProved({ kind, digest, members }: ItemName, location: Location): boolean {
    if (location.type === 'gone') return true
    if (location.type === 'pack') return this.isProvedPack(members ?? [], location)
    if (location.type !== 'file') {
      const hashed = this.options.hash(location.bytes)
      if (kind === 'sums') return this.areOnlySums(digest, hexOf(hashed))
      return hexOf(kind === 'file' ? this.options.hash(hashed) : hashed) === digest
    }
    // The digest of a single block stands for its list, and is checked with the block.
    return location.list.length === 0 || hexOf(this.options.hash(location.list)) === digest
  }

  /** Whether no other sums were served under this name. */
  private areOnlySums(digest: Digest, sums: Digest): boolean {
    const served = this.sumsServed.get(digest)
    if (served !== undefined) return served === sums
    if (this.sumsServed.size >= SUMS_SERVED_MAX) return false
    this.sumsServed.set(digest, sums)
    return true
  }

  private isProvedPack(members: readonly Digest[], { files, bytes }: Location & { type: 'pack' }): boolean {
    let at = 0
    for (const [index, { sizeBytes }] of files.entries()) {
      const content = bytes.subarray(at, at + sizeBytes)
      if (!provesSmall(this.options.hash, content, members[index]!)) return false
      at += sizeBytes
    }
    return files.length === members.length && at === bytes.length && at <= BLOCK_BYTES
  }

  private remember(key: string, location: Location): void {
    this.forget(key)
    this.locations.set(key, location)
    this.locationBytes += heldBytes(location)
    for (const [oldest, place] of this.locations) {
      if (this.locations.size <= LOCATIONS_MAX && this.locationBytes <= LOCATION_BYTES_MAX) break
      if (oldest === key) break
      this.locations.delete(oldest)
      this.unproved.delete(oldest)
      this.locationBytes -= heldBytes(place)
    }
  }

  private forget(key: string): void {
    this.unproved.delete(key)
    const location = this.locations.get(key)
    if (location === undefined) return
    this.locations.delete(key)
    this.locationBytes -= heldBytes(location)
  }
}

function placeOf({ path, target, sizeBytes, list }: Building): FilePlace {
  return { type: 'file', path, target, sizeBytes, mtimeMs: BUILDING_MTIME_MS, list }
}

function heldBytes(location: Location): number {
  if (location.type === 'bytes') return location.bytes.length
  return location.type === 'file' ? location.list.length : 0
}
