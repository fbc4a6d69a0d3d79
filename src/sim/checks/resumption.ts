// Proves for one peer that the log is never ahead of the disk (I7), and that a restart goes on from the blocks that
// were there (I6).

import { BlockSet } from '../../base/blockset.js'
import { equalBytes } from '../../base/bytes.js'
import { blockCount, type Digest } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { TEMPORARY_FOLDER } from '../../base/own-folder.js'
import type { Fetch } from '../../journal/journal.js'
import { largeTemporary } from '../../pipe/layout.js'
import type { SimDisk } from '../disk/disk.js'
import type { History } from '../history.js'
import { LOGGED_AFTER_MS, UNTOLD_WRITES_MAX } from '../limits.js'
import type { Victim } from '../plan.js'

interface Broken {
  readonly invariant: 'I6' | 'I7'
  readonly detail: string
}

/** The part of it that holds for an older copy of the share. */
export interface ResumptionCopy {
  /** Blocks that the log has been told of, by content. */
  readonly logged: ReadonlyMap<Digest, readonly number[]>
  readonly unproved: ReadonlyMap<Digest, ReadonlySet<number>>
  readonly afterPowerLoss: boolean
}

export class Resumption {
  /** When each block of a large file was written into its temporary file. */
  private readonly writtenAt = new Map<Digest, Map<number, number>>()
  /** Claims that a loss of power may have made wrong: the keeper reads a block before it relies on one, when it goes on with
   *  the file, and the log says the same until then. */
  private unproved = new Map<Digest, Set<number>>()
  /** When LEFT last died after it had opened the share. */
  private diedAtMs = 0
  private isOpen = false
  private afterPowerLoss = false

  constructor(
    private readonly disk: SimDisk,
    private readonly history: History,
  ) {}

  handleWritten(temporary: string, position: number, nowMs: number): void {
    const digest = contentIn(temporary)
    const block = position / BLOCK_BYTES
    let blocks = this.writtenAt.get(digest)
    if (blocks === undefined) {
      blocks = new Map()
      this.writtenAt.set(digest, blocks)
    }
    blocks.set(block, nowMs)
    this.unproved.get(digest)?.delete(block)
  }

  /** Blocks that should have reached the log by now may never do so: the log may lag behind a disk that refuses it. */
  handleRefusedWrite(nowMs: number): void {
    for (const blocks of this.writtenAt.values())
      for (const [block, atMs] of blocks) if (atMs >= nowMs - LOGGED_AFTER_MS) blocks.delete(block)
  }

  /** The keeper took the name at this path away. A temporary file was put in place or given up, and a later one of the same content
   *  has none of what was written into it. */
  handleTaken(path: string): void {
    if (path.startsWith(`${TEMPORARY_FOLDER}/`)) this.writtenAt.delete(contentIn(path))
  }

  /** The keeper has read what the log claims of this temporary file; these blocks are missing. */
  handlePrepared(temporary: string, needed: Uint8Array): void {
    const unproved = this.unproved.get(contentIn(temporary))
    if (unproved === undefined) return
    const missing = new BlockSet(8 * needed.length, needed)
    for (const block of unproved) if (!missing.has(block)) unproved.delete(block)
  }

  handleDeath(victim: Victim, nowMs: number): void {
    if (this.isOpen) this.diedAtMs = nowMs
    this.isOpen = false
    if (victim === 'machine') this.afterPowerLoss = true
    // The engine's messages until the next watcher starts reach nobody: those blocks are fetched again.
    if (victim === 'watcher') this.writtenAt.clear()
  }

  handleOpened(fetches: ReadonlyMap<Digest, Fetch>): Broken | undefined {
    const { afterPowerLoss } = this
    this.isOpen = true
    this.afterPowerLoss = false
    // Blocks that were not synced are gone, and the log may still claim them: then each claim is proved before it
    // counts.
    if (afterPowerLoss) {
      this.writtenAt.clear()
      this.unproved = new Map([...fetches].map(([digest, { blocks }]) => [digest, new Set(blocks)]))
      return undefined
    }
    for (const [digest, fetch] of fetches) {
      const broken = this.checkClaims(digest, fetch) ?? this.checkUnclaimed(digest, fetch)
      if (broken !== undefined) return broken
      // The unlogged tail is fetched again, once: it does not count a second time.
      const written = this.writtenAt.get(digest)
      for (const block of [...(written?.keys() ?? [])]) if (!fetch.blocks.has(block)) written?.delete(block)
    }
    for (const map of [this.writtenAt, this.unproved])
      for (const digest of map.keys()) if (!fetches.has(digest)) map.delete(digest)
    return undefined
  }

  /** LEFT is stopped. */
  copy(): ResumptionCopy {
    const logged = [...this.writtenAt].map(
      ([digest, blocks]) =>
        [digest, [...blocks.keys()].filter((block) => this.isLogged(blocks.get(block)!))] as const,
    )
    return {
      logged: new Map(logged),
      unproved: copyOfSets(this.unproved),
      afterPowerLoss: this.afterPowerLoss,
    }
  }

  /** The share is as it was then, the log and the temporary files too: what was written since is not there. */
  putBack({ logged, unproved, afterPowerLoss }: ResumptionCopy): void {
    this.writtenAt.clear()
    for (const [digest, blocks] of logged)
      this.writtenAt.set(digest, new Map(blocks.map((block) => [block, Number.NEGATIVE_INFINITY])))
    this.unproved = copyOfSets(unproved)
    this.afterPowerLoss = afterPowerLoss
  }

  /** Whether a block that was written then must have reached the log before LEFT died. */
  private isLogged(atMs: number): boolean {
    return atMs < this.diedAtMs - LOGGED_AFTER_MS
  }

  private checkClaims(digest: Digest, fetch: Fetch): Broken | undefined {
    const whole = this.history.contentOf(digest)
    const held = this.disk.contentOf(largeTemporary(digest))
    if (whole === undefined || held === undefined) return undefined
    const unproved = this.unproved.get(digest)
    for (const block of fetch.blocks) {
      if (unproved?.has(block) !== true && !isSame(whole, held, block))
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
      if (this.isLogged(atMs) && !fetch.blocks.has(block) && isSame(whole, held, block)) lost.add(block)
    // The engine's writes when its watcher died are on the disk, and nobody was told.
    if (lost.size <= UNTOLD_WRITES_MAX) return undefined
    return {
      invariant: 'I6',
      detail: `will fetch ${lost.size} blocks of ${JSON.stringify(fetch.path)} again that were written long before it died`,
    }
  }
}

function contentIn(temporary: string): Digest {
  return temporary.slice(TEMPORARY_FOLDER.length + 1)
}

function copyOfSets(sets: ReadonlyMap<Digest, ReadonlySet<number>>): Map<Digest, Set<number>> {
  return new Map([...sets].map(([digest, blocks]) => [digest, new Set(blocks)]))
}

function isSame(whole: Uint8Array, held: Uint8Array, block: number): boolean {
  const start = block * BLOCK_BYTES
  const end = Math.min(start + BLOCK_BYTES, whole.length)
  return equalBytes(whole.subarray(start, end), held.subarray(start, end))
}
