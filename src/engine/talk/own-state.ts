// State of the own share as the engine knows it: the root that the keeper last told, and how it came from the roots
// before, so that a peer that knows one of those is sent what changed and nothing else.

import type { Digest, ItemRef } from '../../base/item.js'
import { CHANGES_LISTED_MAX } from '../../pipe/limits.js'
import type { KeeperToEngine } from '../../pipe/messages.js'
import type { Seen } from '../../share/dots.js'
import { encodeEntry } from '../../share/entry-line.js'
import { ROOT_HISTORY_MAX } from './limits.js'

interface Step {
  readonly before: ItemRef
  readonly after: Digest
  /** Undefined where the changes were too many to list. */
  readonly lines: readonly string[] | undefined
}

/** Message of the keeper. */
type Told = Pick<KeeperToEngine & { type: 'root' }, 'root' | 'knows' | 'changes' | 'whole'>

export class OwnState {
  private current: ItemRef | undefined
  private whole: readonly string[] | undefined
  private counts: Seen = ''
  private readonly steps: Step[] = []

  /** Undefined until the share has been read. */
  get root(): ItemRef | undefined {
    return this.current
  }

  /** The highest counts of all authors that are known here. */
  get knows(): Seen {
    return this.counts
  }

  /** Every entry, where they are few; else undefined. */
  get wholeLines(): readonly string[] | undefined {
    return this.whole
  }

  /** The last changes, where they are few enough to be listed; else none. */
  get newestLines(): readonly string[] {
    return this.steps.at(-1)?.lines ?? []
  }

  updateKnows(knows: Seen): void {
    this.counts = knows
  }

  update({ root, knows, changes, whole }: Told): void {
    this.counts = knows
    if (this.current !== undefined && this.current.digest !== root.digest) {
      this.steps.push({ before: this.current, after: root.digest, lines: changes?.map(encodeEntry) })
      if (this.steps.length > ROOT_HISTORY_MAX) this.steps.shift()
    }
    this.current = root
    this.whole = whole?.map(encodeEntry)
  }

  /** The watcher process is gone: nothing is known until the next one has read the share. */
  forget(): void {
    this.current = undefined
    this.whole = undefined
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
