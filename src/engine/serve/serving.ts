// Serves the blocks that peers pull: reads each into the room of a frame, proves it against its digest where that has to
// be done here, and seals it. Performs no I/O: reads are polled. Used by the engine, which takes what was served to the
// endpoint.

import { equalBytes, hexOf } from '../../base/bytes.js'
import { blockBytes, blockCount, type Digest, type Hash, itemKey } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES, FRAME_OVERHEAD_BYTES } from '../../base/limits.js'
import { membersOf, packProves } from '../../base/pack.js'
import type { ItemName, Location } from '../../pipe/messages.js'
import { FrameBuffer } from '../../rdt/pool.js'
import type { BlockName, FrameCipher, FrameSeal } from '../../rdt/protection.js'
import type { Outbox } from '../outbox.js'
import type { Building } from '../receive/large-fetch.js'
import { READS_MAX, REQUESTED_BLOCKS_MAX } from './limits.js'
import { type FilePlace, Places } from './places.js'
import { SentFiles } from './sent-files.js'

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
  /** The last read there did not verify: a cached descriptor may be of another file of equal size and time. */
  readonly reopen: boolean
  /** To be read into from FRAME_BLOCK_AT on; with room for a tag behind. Its memory may go to another thread meanwhile:
   *  then it adopts what comes back. */
  readonly room: FrameBuffer
  /** Seal the block into a frame, if it has this digest. */
  readonly sealing: { readonly cipher: FrameCipher; readonly digest: Uint8Array } | undefined
}

/** Memory for frames; `Endpoint.rooms`. */
export interface FrameRooms {
  take(frameBytesMax: number): FrameBuffer | undefined
}

/** A block that a session asked for. */
export interface RequestedBlock extends BlockName {
  readonly session: number
  /** For a pack: the digests of its files, as the peer claims them. */
  readonly members?: Uint8Array | undefined
}

interface Task extends RequestedBlock {
  /** Whether its item was looked up again after a read that did not verify. */
  readonly secondTry: boolean
}

export type Served =
  | { readonly requested: RequestedBlock; readonly frame: FrameBuffer; readonly isProved: boolean }
  | { readonly requested: RequestedBlock; readonly frame: undefined } // gone

/** A block that is being read. */
interface Reading {
  readonly task: Task
  readonly place: FilePlace
  readonly room: FrameBuffer
  readonly isToSeal: boolean
}

export interface ServingOptions {
  readonly hash: Hash
  /** How blocks cross in a session; undefined where it is over. */
  readonly framesOf: (session: number) => FrameSeal | undefined
  /** A file that is being received, of which something may be here already. */
  readonly buildingOf: (digest: Digest) => Building | undefined
  readonly rooms: FrameRooms
  readonly toKeeper: Outbox
}

export class Serving {
  private readonly options: ServingOptions
  readonly sent = new SentFiles()
  private readonly places: Places
  /** Blocks whose places were asked of the keeper. */
  private readonly unlocated = new Map<string, Task[]>()
  private readonly toRead: { readonly task: Task; readonly place: FilePlace }[] = []
  private readonly reading = new Map<number, Reading>()
  private readonly served: Served[] = []
  /** Paths that were last read wrong. */
  private readonly toReopen = new Set<string>()
  private taskCount = 0
  private nextReadId = 1

  constructor(options: ServingOptions) {
    this.options = options
    this.places = new Places(options)
  }

  handleRequested(requested: RequestedBlock): void {
    // Dropped silently: the puller asks again, and by then there is room.
    if (this.taskCount >= REQUESTED_BLOCKS_MAX) return
    this.taskCount++
    const { session, kind, digest, blockIndex, members } = requested
    const task: Task = { session, kind, digest, blockIndex, members, secondTry: false }
    // One name is one content: seals rely on it, so what is asked for under a pack's name must be that pack.
    const isPack =
      requested.members !== undefined && packProves(this.options.hash, requested.digest, requested.members)
    if (requested.kind === 'pack' && !isPack) this.finish(task, undefined)
    else this.locate(task)
  }

  handleLocated(name: ItemName, location: Location): void {
    const key = itemKey(name.kind, name.digest)
    const tasks = this.unlocated.get(key) ?? []
    this.unlocated.delete(key)
    const proved = this.places.handleLocated(name, location)
    for (const task of tasks) {
      if (proved === undefined) this.lookOnceMore(task)
      else this.handleTask(task, proved)
    }
  }

  /** A file became whole where it was built. The keeper is about to put it in place, and then it is looked up anew. */
  handleBuilt(digest: Digest, building: Building): void {
    this.places.handleBuilt(digest, building)
  }

  /** A listing that stands nowhere but here, for whoever is told of it; for a while. */
  offer(name: ItemName, bytes: Uint8Array): void {
    this.places.handleLocated(name, { type: 'bytes', bytes })
  }

  /** Peers are told of this file and will ask for its list and its blocks: their places are looked up meanwhile. */
  handleAnnounced(digest: Digest): void {
    this.places.handleAnnounced(digest)
  }

  /** Whether the whole file is here; undefined where that is asked of the keeper, which answers with `handleLocated`. */
  isWhole(digest: Digest): boolean | undefined {
    return this.places.isWhole(digest)
  }

  /** Second lookup: the bytes read are not what the index says. The content may stand elsewhere; else it is gone. */
  private lookOnceMore(task: Task): void {
    if (task.secondTry) this.finish(task, undefined)
    else this.locate({ ...task, secondTry: true })
  }

  /** `read` is in the room of the operation: the block, or where it was to be sealed the frame. Undefined where that
   *  could not be read, or sealed. */
  handleRead(id: number, read: Uint8Array | undefined): void {
    const entry = this.reading.get(id)
    if (entry === undefined) return
    this.reading.delete(id)
    const { task, place, room } = entry
    if (read !== undefined && entry.isToSeal) {
      this.taskCount--
      room.holdFrame(read)
      this.served.push({ requested: task, frame: room, isProved: true })
      return
    }
    const block = entry.isToSeal ? undefined : read
    if (block !== undefined && this.isTaken(task, place, block)) {
      this.seal(task, block, room, false)
      return
    }
    if (block !== undefined && this.verifies(task, place, block)) {
      this.seal(task, block, room, true)
      return
    }
    room.release()
    this.places.handleReadWrong(task, place)
    this.toReopen.add(place.path)
    this.lookOnceMore(task)
  }

  /** The watcher process is gone and with it every question that it was asked. */
  handleKeeperLost(): void {
    for (const tasks of this.unlocated.values()) for (const task of tasks) this.finish(task, undefined)
    this.unlocated.clear()
    this.places.handleKeeperLost()
  }

  pollRead(): ReadOp | undefined {
    if (this.reading.size >= READS_MAX) return undefined
    const entry = this.toRead.shift()
    if (entry === undefined) return undefined
    const { task, place } = entry
    const id = this.nextReadId++
    const length = blockBytes(place.sizeBytes, task.blockIndex)
    if (task.kind === 'file') this.sent.handleRead(task, place, length)
    const room = this.roomFor(length)
    const sealing = this.sealingOf(task, place)
    this.reading.set(id, { task, place, room, isToSeal: sealing !== undefined })
    return {
      type: 'read',
      id,
      path: place.path,
      sizeBytes: place.sizeBytes,
      mtimeMs: place.mtimeMs,
      position: task.blockIndex * BLOCK_BYTES,
      length,
      reopen: this.toReopen.delete(place.path),
      room,
      sealing,
    }
  }

  private sealingOf(task: Task, { list }: FilePlace): ReadOp['sealing'] {
    const start = task.blockIndex * DIGEST_BYTES
    const cipher = list.length === 0 ? undefined : this.options.framesOf(task.session)?.sealingOf(task)
    return cipher && { cipher, digest: list.slice(start, start + DIGEST_BYTES) }
  }

  pollServed(): Served | undefined {
    return this.served.shift()
  }

  private locate(task: Task): void {
    const known = this.places.find(task)
    if (known !== undefined) {
      this.handleTask(task, known)
      return
    }
    const { kind, digest, members } = task
    const key = itemKey(kind, digest)
    const waiting = this.unlocated.get(key)
    if (waiting === undefined) this.unlocated.set(key, [task])
    else waiting.push(task)
    this.places.lookUp({ kind, digest, ...(members === undefined ? {} : { members: membersOf(members) }) })
  }

  private handleTask(task: Task, location: Location): void {
    if (location.type === 'file' && task.blockIndex < blockCount(location.sizeBytes)) {
      this.toRead.push({ task, place: location })
    } else if ((location.type === 'content' || location.type === 'pack') && task.blockIndex === 0) {
      const lengths = location.type === 'pack' ? location.files.map(({ sizeBytes }) => sizeBytes) : undefined
      if (lengths !== undefined) this.sent.handleSmall(task.session, lengths)
      else if (task.kind === 'file') this.sent.handleSmall(task.session, [location.bytes.length])
      this.finish(task, location.bytes, lengths)
    } else if (location.type === 'bytes' && task.blockIndex * BLOCK_BYTES < location.bytes.length) {
      const start = task.blockIndex * BLOCK_BYTES
      this.finish(task, location.bytes.subarray(start, start + BLOCK_BYTES))
    } else {
      this.finish(task, undefined)
    }
  }

  /** Whether a block goes out as it was read. Whoever pulls it proves it, so one look at each byte is enough; what it
   *  refuses it asks for again, and that is proved here. Seals must not rely on others: there one name is one content. */
  private isTaken(task: Task, place: FilePlace, block: Uint8Array): boolean {
    if (task.secondTry || place.list.length === 0) return false
    if (block.length !== blockBytes(place.sizeBytes, task.blockIndex)) return false
    if (this.options.framesOf(task.session)?.needsProof !== false) return false
    return this.places.allowUnproved(task, place)
  }

  private verifies(task: Task, place: FilePlace, block: Uint8Array): boolean {
    if (block.length !== blockBytes(place.sizeBytes, task.blockIndex)) return false
    const digest = this.options.hash(block)
    if (place.list.length === 0) return hexOf(this.options.hash(digest)) === task.digest
    const start = task.blockIndex * DIGEST_BYTES
    return equalBytes(digest, place.list.subarray(start, start + DIGEST_BYTES))
  }

  /** `fileLengths` are those of the files of a pack. */
  private finish(task: Task, block: Uint8Array | undefined, fileLengths?: readonly number[]): void {
    if (block !== undefined) {
      this.seal(task, block, this.roomFor(block.length), true, fileLengths)
      return
    }
    this.taskCount--
    this.served.push({ requested: task, frame: undefined })
  }

  private seal(
    task: Task,
    block: Uint8Array,
    room: FrameBuffer,
    isProved: boolean,
    fileLengths?: readonly number[],
  ): void {
    this.taskCount--
    const frame = this.options.framesOf(task.session)?.seal(task, block, room.bytes, fileLengths)
    if (frame === undefined) {
      room.release()
      return
    }
    room.holdFrame(frame)
    this.served.push({ requested: task, frame: room, isProved })
  }

  private roomFor(blockLength: number): FrameBuffer {
    const frameBytes = blockLength + FRAME_OVERHEAD_BYTES
    return this.options.rooms.take(frameBytes) ?? new FrameBuffer(new Uint8Array(frameBytes))
  }
}
