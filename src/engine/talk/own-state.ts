// State of the own share as the engine knows it: the root that the keeper last told, and how it came from the roots
// before, so that a peer that knows one of those is sent what changed and nothing else.

import type { Digest, ItemRef } from '../../base/item.js'
import type { KnownEdits } from '../../base/known-edits.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { CHANGES_LISTED_MAX } from '../../pipe/limits.js'
import type { KeeperToEngine } from '../../pipe/messages.js'
import { encodeEntry } from '../../share/entry-line.js'
import type { OwnCounts } from '../../share/own-counts.js'
import { type Change, encodeChange, isTreeMove } from '../../share/tree-move.js'
import { ROOT_HISTORY_MAX } from './limits.js'

interface Step {
  readonly before: ItemRef
  readonly after: Digest
  /** Undefined where the changes were too many to list. */
  readonly lines: readonly string[] | undefined
}

/** Message of the keeper. */
type Told = Pick<KeeperToEngine & { type: 'root' }, 'root' | 'own' | 'changes' | 'whole' | 'notHeldCount'>

export class OwnState {
  private current: ItemRef | undefined
  private whole: readonly string[] | undefined
  private ownCounts: OwnCounts | undefined
  private readonly known = new Map<string, KnownEdits>()
  private readonly steps: Step[] = []
  private lackingCount = 0
  private hasLargeFiles = false

  /** Undefined until the share has been read. */
  get root(): ItemRef | undefined {
    return this.current
  }

  /** In whose name the share is edited, and which counts of that it remembers; undefined as `root` is. */
  get counts(): OwnCounts | undefined {
    return this.ownCounts
  }

  /** Edits of a peer that are known here; undefined where it never told in whose name they are. */
  knownOf(peer: string): KnownEdits | undefined {
    return this.known.get(peer)
  }

  /** Entries under the root that are known here and not held. */
  get notHeldCount(): number {
    return this.lackingCount
  }

  /** Every entry, where they are few; else undefined. */
  get wholeLines(): readonly string[] | undefined {
    return this.whole
  }

  /** The last changes, where they are few enough to be listed; else none. */
  get newestLines(): readonly string[] {
    return this.steps.at(-1)?.lines ?? []
  }

  /** Whether files of several blocks are among the last changes. */
  get hasLargeNews(): boolean {
    return this.hasLargeFiles
  }

  update({ root, own, changes, whole, notHeldCount }: Told): void {
    this.ownCounts = own
    this.lackingCount = notHeldCount
    if (this.current !== undefined && this.current.digest !== root.digest) {
      this.steps.push({ before: this.current, after: root.digest, lines: changes?.map(encodeChange) })
      if (this.steps.length > ROOT_HISTORY_MAX) this.steps.shift()
      this.hasLargeFiles = changes?.some((change) => isLarge(change)) ?? false
    }
    this.current = root
    this.whole = whole?.map(encodeEntry)
  }

  /** More is known than the root tells yet. */
  updateKnown({ known }: Pick<KeeperToEngine & { type: 'knows' }, 'known'>): void {
    for (const { peer, author, count } of known) this.known.set(peer, { author, count })
  }

  /** The watcher process is gone: nothing is known until the next one has read the share. */
  forget(): void {
    this.current = undefined
    this.whole = undefined
    this.ownCounts = undefined
    this.known.clear()
    this.steps.length = 0
  }

  /** All that changed since the root `base`, or undefined where that is not known or too much. */
  changesSince(base: Digest): { readonly base: ItemRef; readonly lines: readonly string[] } | undefined {
    const lines: string[] = []
    for (let index = this.steps.length - 1; index >= 0; index--) {
      const step = this.steps[index]!
      if (step.lines === undefined) return undefined
      lines.unshift(...step.lines)
      if (lines.length > CHANGES_LISTED_MAX) return undefined
      if (step.before.digest === base) return { base: step.before, lines }
    }
    return undefined
  }
}

function isLarge(change: Change): boolean {
  return !isTreeMove(change) && change.kind === 'file' && change.sizeBytes > BLOCK_BYTES
}
