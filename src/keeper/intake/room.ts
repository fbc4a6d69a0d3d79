// How much room a peer's files may take: so much of the disk stays free, whatever peers send. Asked before anything of a
// file is written. The intake owns it.

import { BLOCK_BYTES } from '../../base/limits.js'
import { type Disk, DiskError, type DiskRoom } from '../../base/ports.js'
import type { FetchId } from '../../pipe/messages.js'
import type { MinFree } from '../../pipe/settings.js'
import type { Want, Wants } from './wants.js'

export interface RoomOptions {
  readonly disk: Disk
  readonly minFree: MinFree
  readonly wants: Wants
}

export class Room {
  private readonly options: RoomOptions
  /** Bytes that large files on their way have still to write; as many as are fetched at once. */
  private readonly reserved = new Map<FetchId, number>()

  /** As the disk told in this turn, less what was claimed since. */
  private free: DiskRoom | undefined
  private wasAsked = false

  constructor(options: RoomOptions) {
    this.options = options
  }

  /** Time has passed: others may have written too, and the disk is asked again when it matters. */
  handleTurn(): void {
    this.wasAsked = false
  }

  /** Whether so many bytes more leave enough. A disk that does not tell has enough. */
  has(bytes: number): boolean {
    const { disk, minFree } = this.options
    if (minFree.percent === 0 && minFree.bytes === 0) return true
    if (!this.wasAsked) this.free = disk.room()
    this.wasAsked = true
    if (this.free === undefined) return true
    const { freeBytes, totalBytes } = this.free
    return freeBytes - this.reservedBytes() - bytes >= keptFreeBytes(minFree, totalBytes)
  }

  /** Whether there is room for what is to be written of this want, as far as that is known. */
  hasFor({ remote, temporary, roomBytes }: Want): boolean {
    if (remote.kind !== 'file' || temporary !== undefined) return this.has(0)
    return this.has(remote.sizeBytes <= BLOCK_BYTES ? remote.sizeBytes : roomBytes)
  }

  /** Claims room for bytes about to be written. Throws a DiskError 'no-space' where they would not leave enough. */
  claim(bytes: number): void {
    if (!this.has(bytes)) throw new DiskError('no-space', 'what is left of the disk is to stay free')
    if (this.free !== undefined) this.free = { ...this.free, freeBytes: this.free.freeBytes - bytes }
  }

  /** Reserves room for the bytes of a large file that are still to come and were not claimed, in place of its earlier
   *  reservation. */
  reserve(fetch: FetchId, bytes: number): void {
    this.reserved.set(fetch, bytes)
  }

  hasReserved(fetch: FetchId): boolean {
    return this.reserved.has(fetch)
  }

  handleWritten(fetch: FetchId, blockCount: number): void {
    const bytes = this.reserved.get(fetch)
    if (bytes !== undefined) this.reserved.set(fetch, Math.max(0, bytes - blockCount * BLOCK_BYTES))
  }

  /** Why nothing is written, for the person. */
  get reason(): string {
    const { minFree, disk } = this.options
    const bytes = keptFreeBytes(minFree, disk.room()?.totalBytes ?? 0)
    return `less than ${Math.ceil(bytes / 1e6)} MB of the disk would stay free: free some space, or choose another --min-free`
  }

  private reservedBytes(): number {
    let total = 0
    for (const [fetch, bytes] of this.reserved) {
      if (this.options.wants.isFetching(fetch)) total += bytes
      else this.reserved.delete(fetch)
    }
    return total
  }
}

function keptFreeBytes({ percent, bytes }: MinFree, totalBytes: number): number {
  return Math.max(bytes, (percent / 100) * totalBytes)
}
