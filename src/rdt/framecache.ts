// Frames that were served lately, so that a repair does not load its block again. One per endpoint, shared by
// its sessions; the least recently used goes first.

import { FRAMES_CACHED_MAX } from './limits.js'

export class FrameCache {
  /** In the order of use: a Map keeps the order of insertion. */
  private readonly frames = new Map<string, Uint8Array>()

  constructor(private readonly framesMax = FRAMES_CACHED_MAX) {}

  get size(): number {
    return this.frames.size
  }

  get(key: string): Uint8Array | undefined {
    const frame = this.frames.get(key)
    if (frame === undefined) return undefined
    this.frames.delete(key)
    this.frames.set(key, frame)
    return frame
  }

  add(key: string, frame: Uint8Array): void {
    this.frames.delete(key)
    this.frames.set(key, frame)
    if (this.frames.size <= this.framesMax) return
    for (const oldest of this.frames.keys()) {
      this.frames.delete(oldest)
      return
    }
  }

  /** Forgets what an item, or a session, had: all keys that begin so. */
  dropPrefix(prefix: string): void {
    for (const key of this.frames.keys()) if (key.startsWith(prefix)) this.frames.delete(key)
  }
}
