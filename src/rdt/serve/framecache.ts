// The frames that are being served, and those that were lately, so that a repair does not load its block again. One per
// endpoint, shared by its sessions; of those that nobody holds the least recently used goes first. What goes gives its
// memory to the frames to come.

import { FRAMES_CACHED_MAX } from '../limits.js'
import type { FrameBuffer } from '../pool.js'

interface Entry {
  readonly frame: FrameBuffer
  /** Whether it is worth something when nobody holds it. */
  readonly isKept: boolean
  holders: number
}

export class FrameCache {
  /** In the order of use: a Map keeps the order of insertion. */
  private readonly entries = new Map<string, Entry>()

  constructor(private readonly framesMax = FRAMES_CACHED_MAX) {}

  get size(): number {
    return this.entries.size
  }

  /** A frame to be served, to be let go of as often as it was held; undefined where there is none. */
  hold(key: string): Uint8Array | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    entry.holders++
    this.entries.delete(key)
    this.entries.set(key, entry)
    return entry.frame.bytes
  }

  letGo(key: string): void {
    const entry = this.entries.get(key)
    if (entry === undefined || entry.holders === 0) return
    entry.holders--
    if (entry.holders === 0 && !entry.isKept) this.drop(key, entry)
    else this.makeRoom()
  }

  /** `isKept` false: it goes as soon as nobody holds it. Takes the place of what had that name, unless that is held.
   *  Holds it at once where that is wanted: it may be the only one that nobody holds, and then it would go. */
  add(
    key: string,
    frame: FrameBuffer,
    { isKept, isHeld = false }: { isKept: boolean; isHeld?: boolean },
  ): Uint8Array | undefined {
    const before = this.entries.get(key)
    if (before !== undefined && before.holders > 0) {
      frame.release()
      return isHeld ? this.hold(key) : undefined
    }
    if (before !== undefined) this.drop(key, before)
    this.entries.set(key, { frame, isKept, holders: isHeld ? 1 : 0 })
    this.makeRoom()
    return isHeld ? frame.bytes : undefined
  }

  /** Forgets what an item, or a session, had: all keys that begin so. Nobody holds them any more. */
  dropPrefix(prefix: string): void {
    for (const [key, entry] of this.entries) if (key.startsWith(prefix)) this.drop(key, entry)
  }

  private makeRoom(): void {
    if (this.entries.size <= this.framesMax) return
    for (const [key, entry] of this.entries) {
      if (entry.holders > 0) continue
      this.drop(key, entry)
      if (this.entries.size <= this.framesMax) return
    }
  }

  private drop(key: string, { frame }: Entry): void {
    this.entries.delete(key)
    frame.release()
  }
}
