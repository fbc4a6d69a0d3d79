// Proves for one peer that the log is never ahead of the disk (I7), and that a restart goes on from the blocks that
// were there (I6).

import { BlockSet } from '../base/blockset.js'
import { equalBytes } from '../base/bytes.js'
import { blockCount, type Digest } from '../base/item.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { TEMPORARY_FOLDER } from '../base/own-folder.js'
import type { Fetch } from '../journal/journal.js'
import { largeTemporary } from '../pipe/layout.js'
import type { SimDisk } from './disk/disk.js'
import type { History } from './history.js'
import { LOGGED_AFTER_MS, UNTOLD_WRITES_MAX } from './limits.js'
import type { Victim } from './plan.js'

interface Broken {
  readonly invariant: 'I6' | 'I7'
  readonly detail: string
}

export class Resumption {
  /** When each block of a large file was written into its temporary file. */
  private readonly writtenAt = new Map<Digest, Map<number, number>>()
  /** Blocks that the log claims since the last start, and that need not cross again. */
  private readonly claimed = new Map<Digest, BlockSet>()
  private diedAtMs = 0
  private afterPowerLoss = false

  constructor(
    private readonly disk: SimDisk,
    private readonly history: History,
  ) {}

  /** Answers what is wrong with that, if anything. */
  handleWritten(temporary: string, position: number, nowMs: number): string | undefined {
    const digest = temporary.slice(TEMPORARY_FOLDER.length + 1)
    const block = position / BLOCK_BYTES
    let blocks = this.writtenAt.get(digest)
    if (blocks === undefined) {
      blocks = new Map()
      this.writtenAt.set(digest, blocks)
    }
    blocks.set(block, nowMs)
    return undefined
  }

  handleDeath(victim: Victim, nowMs: number): void {
    this.diedAtMs = nowMs
    if (victim === 'machine') this.afterPowerLoss = true
    // The engine's messages until the next watcher starts reach nobody: those blocks are fetched again.
    if (victim === 'watcher') this.writtenAt.clear()
  }

  handleOpened(fetches: ReadonlyMap<Digest, Fetch>): Broken | undefined {
    const { afterPowerLoss } = this
    this.afterPowerLoss = false
    this.claimed.clear()
    // Blocks that were not synced are gone, and the log may still claim them: then each claim is proved before it
    // counts.
    if (afterPowerLoss) {
      this.writtenAt.clear()
      return undefined
    }
    for (const [digest, fetch] of fetches) {
      this.claimed.set(digest, fetch.blocks)
      const broken = this.checkClaims(digest, fetch) ?? this.checkUnclaimed(digest, fetch)
      if (broken !== undefined) return broken
      // The unlogged tail is fetched again, once: it does not count a second time.
      const written = this.writtenAt.get(digest)
      for (const block of [...(written?.keys() ?? [])]) if (!fetch.blocks.has(block)) written?.delete(block)
    }
    for (const digest of this.writtenAt.keys()) if (!fetches.has(digest)) this.writtenAt.delete(digest)
    return undefined
  }

  private checkClaims(digest: Digest, fetch: Fetch): Broken | undefined {
    const whole = this.history.contentOf(digest)
    const held = this.disk.contentOf(largeTemporary(digest))
    if (whole === undefined || held === undefined) return undefined
    for (const block of fetch.blocks) {
      if (!isSame(whole, held, block))
        return {
          invariant: 'I7',
          detail: `claims block ${block} of ${JSON.stringify(fetch.path)}, and the disk has something else`,
        }
    }
    return undefined
  }

  private checkUnclaimed(digest: Digest, fetch: Fetch): Broken | undefined {
    const blocks = this.writtenAt.get(digest)
    const whole = this.history.contentOf(digest)
    const held = this.disk.contentOf(largeTemporary(digest))
    // The same content may have been fetched, put in place and removed before: only what is there now counts.
    if (blocks === undefined || whole === undefined || held === undefined) return undefined
    const lost = new BlockSet(blockCount(fetch.sizeBytes))
    for (const [block, atMs] of blocks)
      if (atMs < this.diedAtMs - LOGGED_AFTER_MS && !fetch.blocks.has(block) && isSame(whole, held, block))
        lost.add(block)
    // The engine's writes when its watcher died are on the disk, and nobody was told.
    if (lost.size <= UNTOLD_WRITES_MAX) return undefined
    return {
      invariant: 'I6',
      detail: `will fetch ${lost.size} blocks of ${JSON.stringify(fetch.path)} again that were written long before it died`,
    }
  }
}

function isSame(whole: Uint8Array, held: Uint8Array, block: number): boolean {
  const start = block * BLOCK_BYTES
  const end = Math.min(start + BLOCK_BYTES, whole.length)
  return equalBytes(whole.subarray(start, end), held.subarray(start, end))
}
