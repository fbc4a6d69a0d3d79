// The disk as the simulated engine's process has it: reads and writes of blocks that complete later and out of order,
// through descriptors that are kept open, as src/io/blocks/block-io.ts keeps them. Used by SimPeer.

import { equalBytes } from '../../base/bytes.js'
import type { Hash } from '../../base/item.js'
import { FRAME_BLOCK_AT } from '../../base/limits.js'
import { DiskError, type FileHandle } from '../../base/ports.js'
import type { DiskOp } from '../../engine/engine.js'
import { decipher, sealInPlace } from '../../seal/frames/frame-cipher.js'
import type { SimDisk } from '../disk/disk.js'
import { READERS_MAX } from '../limits.js'
import type { SeededRandom } from '../random.js'

export type WriteOutcome = 'damaged' | 'wrong' | 'no-space' | 'disk' | undefined

interface Writer {
  readonly handle: FileHandle
  users: number
  isGivenUp: boolean
}

interface Reader {
  readonly state: string
  readonly handle: FileHandle
}

export class EngineDisk {
  private readonly readers = new Map<string, Reader>()
  private readonly writers = new Map<string, Writer>()
  /** Writes on their way, and the file of each: the one that had the path when the write began. */
  private readonly inFlight = new Map<DiskOp & { type: 'write' }, Writer | DiskError>()

  constructor(
    private readonly disk: SimDisk,
    private readonly hash: Hash,
  ) {}

  /** The operation is on its way to the disk: a kill may find it done, half done or not begun. */
  begin(op: DiskOp & { type: 'write' }): void {
    this.inFlight.set(op, this.use(op.path))
  }

  read(op: DiskOp & { type: 'read' }): Uint8Array | undefined {
    if (op.reopen) this.forget(op.path)
    try {
      return this.disk.unharmed((disk) => {
        const handle = this.readerOf(op)
        const into = op.room.bytes.subarray(FRAME_BLOCK_AT, FRAME_BLOCK_AT + op.length)
        const block = into.subarray(0, disk.read(handle, into, op.position))
        if (op.sealing === undefined) return block
        const { cipher, digest } = op.sealing
        const isRight = block.length === op.length && equalBytes(this.hash(block), digest)
        return isRight ? sealInPlace(cipher, op.room.bytes, block.length) : undefined
      })
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.forget(op.path)
      return undefined
    }
  }

  write(op: DiskOp & { type: 'write' }): WriteOutcome {
    const writer = this.inFlight.get(op)!
    this.inFlight.delete(op)
    const block = this.blockOf(op)
    const failure = typeof block === 'string' ? block : this.attempt(() => this.put(op, writer, block))
    if (!(writer instanceof DiskError) && --writer.users === 0) this.closeUnused(writer)
    return failure
  }

  /** Syncs and lets go of a temporary file. */
  finish(path: string): WriteOutcome {
    return this.attempt(() => {
      const { disk } = this
      disk.unharmed(() => disk.sync(this.writerOf(path).handle))
      this.release(path)
    })
  }

  release(path: string): void {
    this.forget(path)
    const writer = this.writers.get(path)
    if (writer === undefined) return
    this.writers.delete(path)
    writer.isGivenUp = true
    this.closeUnused(writer)
  }

  private closeUnused({ handle, users, isGivenUp }: Writer): void {
    if (isGivenUp && users === 0) this.disk.unharmed((disk) => disk.close(handle))
  }

  forget(path: string): void {
    const reader = this.readers.get(path)
    if (reader === undefined) return
    this.readers.delete(path)
    this.disk.unharmed((disk) => disk.close(reader.handle))
  }

  /** The process is killed: what was under way is done, half done or not done. */
  kill(random: SeededRandom): void {
    for (const [op, writer] of this.inFlight) {
      const fate = random.below(3)
      const block = this.blockOf(op)
      if (fate === 0 || typeof block === 'string') continue
      this.attempt(() => this.put(op, writer, fate === 1 ? block : block.subarray(0, block.length >> 1)))
    }
    this.inFlight.clear()
    this.loseHandles()
  }

  /** The simulated disk closes all files when a process ends, whoever has them open: what is on its way needs them
   *  again. */
  loseHandles(): void {
    this.readers.clear()
    this.writers.clear()
    for (const [op, writer] of this.inFlight) {
      const isLost = writer instanceof DiskError || writer.isGivenUp
      this.inFlight.set(op, isLost ? new DiskError('missing', `${op.path} was given up`) : this.use(op.path))
    }
  }

  private use(path: string): Writer | DiskError {
    try {
      const writer = this.writerOf(path)
      writer.users++
      return writer
    } catch (error) {
      if (error instanceof DiskError) return error
      throw error
    }
  }

  private blockOf({ bytes, digest, cipher }: DiskOp & { type: 'write' }): Uint8Array | 'damaged' | 'wrong' {
    const block = cipher === undefined ? bytes : decipher(cipher, bytes)
    if (block === undefined) return 'damaged'
    return equalBytes(this.hash(block), digest) ? block : 'wrong'
  }

  private put(op: DiskOp & { type: 'write' }, writer: Writer | DiskError, bytes: Uint8Array): void {
    if (writer instanceof DiskError) throw writer
    this.disk.unharmed((disk) => disk.write(writer.handle, bytes, op.position))
  }

  private attempt(act: () => void): WriteOutcome {
    try {
      act()
      return undefined
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return error.code === 'no-space' ? 'no-space' : 'disk'
    }
  }

  private readerOf(op: DiskOp & { type: 'read' }): FileHandle {
    const state = `${op.mtimeMs} ${op.sizeBytes}`
    const reader = this.readers.get(op.path)
    if (reader?.state === state) return reader.handle
    this.forget(op.path)
    const handle = this.disk.open(op.path)
    this.readers.set(op.path, { state, handle })
    for (const path of this.readers.keys()) {
      if (this.readers.size <= READERS_MAX) break
      this.forget(path)
    }
    return handle
  }

  /** The file is there already: the keeper made it. */
  private writerOf(path: string): Writer {
    let writer = this.writers.get(path)
    if (writer === undefined) {
      writer = this.disk.unharmed((disk) => {
        if (disk.statLink(path)?.kind !== 'file') throw new DiskError('missing', `there is no ${path}`)
        return { handle: disk.create(path), users: 0, isGivenUp: false }
      })
      this.writers.set(path, writer)
    }
    return writer
  }
}
