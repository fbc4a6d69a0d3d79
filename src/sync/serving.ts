// Answers what peers pull: finds the item, reads the block, checks it against its digest, seals it. Performs no
// I/O: reads are polled, and places are asked of the keeper. Used by the engine alone.

import { equalBytes, hexOf } from '../base/bytes.js'
import { blockBytes, blockCount, type Digest, type Hash, itemKey } from '../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../base/limits.js'
import { membersOf, packProves } from '../base/pack.js'
import type { BlockName, FrameSeal } from '../base/protection.js'
import type { Building } from './large-fetch.js'
import { TEMPORARY_FOLDER } from './layout.js'
import { LOCATION_BYTES_MAX, LOCATIONS_MAX, READS_MAX, WANTED_MAX } from './limits.js'
import type { EngineToKeeper, ItemName, Location } from './messages.js'

/** Stands for the time of a file that is being written: its descriptor is used again nevertheless. */
const BUILDING_MTIME_MS = 0

/** A block to be read; answered by `handleRead` with the same `id`. */
export interface ReadOp {
  readonly type: 'read'
  readonly id: number
  readonly path: string
  /** The file as the index knows it: a descriptor of another state of it must not be used. */
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly position: number
  readonly length: number
  /** What was read there last did not verify: a descriptor that is kept may be of another file of equal size and time. */
  readonly reopen: boolean
}

/** A block that a session asked for. */
export interface Wanted extends BlockName {
  readonly session: number
  /** Of a pack: what the peer says are the digests of its files. */
  readonly members?: Uint8Array | undefined
}

interface Task extends Wanted {
  /** Whether its item was looked up again after a read that did not verify. */
  readonly secondTry: boolean
}

export type Served =
  | { readonly wanted: Wanted; readonly frame: Uint8Array }
  | { readonly wanted: Wanted; readonly frame: undefined } // gone

export class Serving {
  private readonly hash: Hash
  /** How blocks cross in a session; undefined where it is over. */
  private readonly framesOf: (session: number) => FrameSeal | undefined
  /** A file that is being received, of which something may be here already. */
  private readonly buildingOf: (digest: Digest) => Building | undefined
  private readonly locations = new Map<string, Location>()
  private locationBytes = 0
  private readonly unlocated = new Map<string, Task[]>()
  private readonly toLocate: ItemName[] = []
  private readonly toRead: { readonly task: Task; readonly place: Location & { type: 'file' } }[] = []
  private readonly reading = new Map<
    number,
    { readonly task: Task; readonly place: Location & { type: 'file' } }
  >()
  private readonly served: Served[] = []
  private readonly suspects: string[] = []
  /** Paths that were last read wrong. */
  private readonly toReopen = new Set<string>()
  private taskCount = 0
  private nextReadId = 1

  constructor(
    hash: Hash,
    framesOf: (session: number) => FrameSeal | undefined,
    buildingOf: (digest: Digest) => Building | undefined,
  ) {
    this.hash = hash
    this.framesOf = framesOf
    this.buildingOf = buildingOf
  }

  handleWanted(wanted: Wanted): void {
    // Dropped silently: the puller asks again, and by then there is room.
    if (this.taskCount >= WANTED_MAX) return
    this.taskCount++
    const task = { ...wanted, secondTry: false }
    // One name is one content: seals rely on it, so what is asked for under a pack's name must be that pack.
    const isPack = wanted.members !== undefined && packProves(this.hash, wanted.digest, wanted.members)
    if (wanted.kind === 'pack' && !isPack) this.finish(task, undefined)
    else this.locate(task)
  }

  handleLocated(name: ItemName, location: Location): void {
    const key = itemKey(name.kind, name.digest)
    const tasks = this.unlocated.get(key) ?? []
    this.unlocated.delete(key)
    const isProved = this.isProved(name, location)
    if ((location.type === 'content' || location.type === 'pack') && !isProved) {
      if (location.type === 'content') this.suspects.push(location.path)
      else this.suspects.push(...location.files.map(({ path }) => path))
      for (const task of tasks) this.lookOnceMore(task)
      return
    }
    const proved: Location = isProved ? location : { type: 'gone' }
    if (proved.type === 'bytes' || proved.type === 'file') this.remember(key, proved)
    for (const task of tasks) this.handleTask(task, proved)
  }

  /** A file became whole where it was built. The keeper is about to put it in place, and then it is looked up anew. */
  handleBuilt(digest: Digest, { path, sizeBytes, list }: Building): void {
    this.remember(itemKey('file', digest), {
      type: 'file',
      path,
      sizeBytes,
      mtimeMs: BUILDING_MTIME_MS,
      list,
    })
  }

  /** Whether the whole file is here; undefined where that is asked of the keeper, which answers with `handleLocated`. */
  isWhole(digest: Digest): boolean | undefined {
    const key = itemKey('file', digest)
    if (this.locations.has(key)) return true
    if (!this.unlocated.has(key)) {
      this.unlocated.set(key, [])
      this.toLocate.push({ kind: 'file', digest })
    }
    return undefined
  }

  /** What was read is not what the index says. The content may stand elsewhere; else it is gone. */
  private lookOnceMore(task: Task): void {
    if (task.secondTry) this.finish(task, undefined)
    else this.locate({ ...task, secondTry: true })
  }

  /** Nothing is served under a name that it does not have: seals rely on it that one name is one content. */
  private isProved({ kind, digest, members }: ItemName, location: Location): boolean {
    if (location.type === 'gone') return true
    if (location.type === 'pack') return this.isProvedPack(members ?? [], location)
    if (location.type !== 'file') {
      const hashed = this.hash(location.bytes)
      return hexOf(kind === 'file' ? this.hash(hashed) : hashed) === digest
    }
    // The digest of a single block stands for its list, and is checked with the block.
    return location.list.length === 0 || hexOf(this.hash(location.list)) === digest
  }

  private isProvedPack(members: readonly Digest[], { files, bytes }: Location & { type: 'pack' }): boolean {
    let at = 0
    for (const [index, { sizeBytes }] of files.entries()) {
      const content = bytes.subarray(at, at + sizeBytes)
      if (hexOf(this.hash(this.hash(content))) !== members[index]) return false
      at += sizeBytes
    }
    return files.length === members.length && at === bytes.length && at <= BLOCK_BYTES
  }

  handleRead(id: number, block: Uint8Array | undefined): void {
    const entry = this.reading.get(id)
    if (entry === undefined) return
    this.reading.delete(id)
    const { task, place } = entry
    if (block !== undefined && this.verifies(task, place, block)) {
      this.finish(task, block)
      return
    }
    this.forget(itemKey(task.kind, task.digest))
    if (!place.path.startsWith(TEMPORARY_FOLDER)) this.suspects.push(place.path)
    this.toReopen.add(place.path)
    this.lookOnceMore(task)
  }

  /** The watcher process is gone and with it every question that it was asked. */
  handleKeeperLost(): void {
    for (const tasks of this.unlocated.values()) for (const task of tasks) this.finish(task, undefined)
    this.unlocated.clear()
    this.toLocate.length = 0
  }

  pollKeeper(): EngineToKeeper | undefined {
    const path = this.suspects.pop()
    if (path !== undefined) return { type: 'suspect', path }
    if (this.toLocate.length === 0) return undefined
    return { type: 'locate', items: this.toLocate.splice(0) }
  }

  pollRead(): ReadOp | undefined {
    if (this.reading.size >= READS_MAX) return undefined
    const entry = this.toRead.shift()
    if (entry === undefined) return undefined
    const { task, place } = entry
    const id = this.nextReadId++
    this.reading.set(id, entry)
    return {
      type: 'read',
      id,
      path: place.path,
      sizeBytes: place.sizeBytes,
      mtimeMs: place.mtimeMs,
      position: task.blockIndex * BLOCK_BYTES,
      length: blockBytes(place.sizeBytes, task.blockIndex),
      reopen: this.toReopen.delete(place.path),
    }
  }

  pollServed(): Served | undefined {
    return this.served.shift()
  }

  private locate(task: Task): void {
    const key = itemKey(task.kind, task.digest)
    const known = this.locations.get(key) ?? this.placeInBuilding(task)
    if (known !== undefined) {
      this.handleTask(task, known)
      return
    }
    const waiting = this.unlocated.get(key)
    if (waiting !== undefined) {
      waiting.push(task)
      return
    }
    this.unlocated.set(key, [task])
    const { kind, digest, members } = task
    this.toLocate.push({ kind, digest, ...(members === undefined ? {} : { members: membersOf(members) }) })
  }

  /** Where the block is in a file that is still being built; gone where it has not come yet. */
  private placeInBuilding(task: Task): Location | undefined {
    const building = task.kind === 'file' ? this.buildingOf(task.digest) : undefined
    if (building === undefined) return undefined
    if (!building.holds(task.blockIndex)) return { type: 'gone' }
    const { path, sizeBytes, list } = building
    return { type: 'file', path, sizeBytes, mtimeMs: BUILDING_MTIME_MS, list }
  }

  private handleTask(task: Task, location: Location): void {
    if (location.type === 'file' && task.blockIndex < blockCount(location.sizeBytes)) {
      this.toRead.push({ task, place: location })
    } else if ((location.type === 'content' || location.type === 'pack') && task.blockIndex === 0) {
      this.finish(task, location.bytes)
    } else if (location.type === 'bytes' && task.blockIndex * BLOCK_BYTES < location.bytes.length) {
      const start = task.blockIndex * BLOCK_BYTES
      this.finish(task, location.bytes.subarray(start, start + BLOCK_BYTES))
    } else {
      this.finish(task, undefined)
    }
  }

  private verifies(task: Task, place: Location & { type: 'file' }, block: Uint8Array): boolean {
    if (block.length !== blockBytes(place.sizeBytes, task.blockIndex)) return false
    const digest = this.hash(block)
    if (place.list.length === 0) return hexOf(this.hash(digest)) === task.digest
    const start = task.blockIndex * DIGEST_BYTES
    return equalBytes(digest, place.list.subarray(start, start + DIGEST_BYTES))
  }

  private finish(task: Task, block: Uint8Array | undefined): void {
    this.taskCount--
    const frames = this.framesOf(task.session)
    if (frames === undefined) return
    this.served.push({ wanted: task, frame: block === undefined ? undefined : frames.seal(task, block) })
  }

  private remember(key: string, location: Location): void {
    this.forget(key)
    this.locations.set(key, location)
    this.locationBytes += heldBytes(location)
    for (const [oldest, place] of this.locations) {
      if (this.locations.size <= LOCATIONS_MAX && this.locationBytes <= LOCATION_BYTES_MAX) break
      if (oldest === key) break
      this.locations.delete(oldest)
      this.locationBytes -= heldBytes(place)
    }
  }

  private forget(key: string): void {
    const location = this.locations.get(key)
    if (location === undefined) return
    this.locations.delete(key)
    this.locationBytes -= heldBytes(location)
  }
}

function heldBytes(location: Location): number {
  if (location.type === 'bytes') return location.bytes.length
  return location.type === 'file' ? location.list.length : 0
}
