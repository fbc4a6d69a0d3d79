// Deletions that peers told of: carried out when the content that came with them is in place, so that what was renamed is copied
// from where it was, and a reference never stands without its object; the deepest first. The intake owns it.

import { DiskError } from '../../base/ports.js'
import { causeOf } from '../../base/reason.js'
import type { Entry } from '../../share/entry.js'
import { parentOf } from '../../share/path.js'
import type { Removing } from '../remove/removing.js'
import type { RemovedPart, TreeRemoving } from '../remove/tree-removing.js'
import type { Scanner } from '../scan/scanner.js'
import type { Gate } from './gate.js'
import {
  PLACE_RETRY_MS,
  PLACE_TRIES_MAX,
  REMAINING_NAMED_MAX,
  REMOVAL_WAIT_MS,
  TREE_REMOVAL_PATHS_MAX,
} from './limits.js'
import type { Outcomes } from './outcomes.js'
import type { Placements } from './placements.js'
import type { WantEnd } from './want-end.js'
import { firstSource, type Want, type Wants } from './wants.js'

export interface RemovalsOptions {
  readonly removing: Removing
  readonly treeRemoving: TreeRemoving
  readonly scanner: Scanner
  readonly wants: Wants
  readonly end: WantEnd
  readonly gate: Gate
  readonly outcomes: Outcomes
  readonly placements: Placements
  /** Whether more of what peers have may be found in a moment. */
  readonly isComparing: () => boolean
}

export class Removals {
  private readonly options: RemovalsOptions
  /** Since when deletions have waited, and nothing more has been wanted. */
  private sinceMs: number | undefined
  private wantCount = 0
  /** Folders that cannot go by one rename: not all that is in them goes. */
  private readonly partial = new WeakSet<Want>()

  constructor(options: RemovalsOptions) {
    this.options = options
  }

  /** When they have waited for long enough. */
  pollTimeout(): number | undefined {
    const { wants } = this.options
    return wants.removals.isQueued && this.sinceMs !== undefined ? this.sinceMs + REMOVAL_WAIT_MS : undefined
  }

  /** Whether some are to be carried out now. */
  isDue(nowMs: number): boolean {
    const { wants, placements, isComparing, end } = this.options
    if (!wants.removals.isQueued) {
      this.sinceMs = undefined
      return false
    }
    if (this.sinceMs === undefined || wants.size > this.wantCount) this.sinceMs = nowMs
    this.wantCount = wants.size
    if (end.fullDisk.paused) return false
    if (nowMs >= this.sinceMs + REMOVAL_WAIT_MS) return true
    const contentCount = wants.size - wants.removals.size - placements.waitingCount
    return contentCount === 0 && !isComparing()
  }

  /** Carries out as many as one may; answers how many. */
  step(countMax: number, nowMs: number): number {
    const { wants, end, gate } = this.options
    gate.stopEmptying()
    let count = 0
    while (count < countMax) {
      const want = end.fullDisk.paused ? undefined : wants.removals.take()
      if (want === undefined) return count
      const treeCount = this.removeWithFolder(want, nowMs)
      if (treeCount === 0) this.remove(want, nowMs)
      count += Math.max(1, treeCount)
    }
    return count
  }

  /** Carries out one, now or when what was in its folder is gone. */
  remove(want: Want, nowMs: number): void {
    const { removing, wants, end, gate } = this.options
    const { path } = want.remote
    if (!gate.admitsMove(want)) return
    if (wants.removals.hasBelow(path)) {
      end.placeLater(want, nowMs + PLACE_RETRY_MS)
      return
    }
    const isGoing = (folder: string) => wants.get(folder)?.remote.kind === 'tombstone'
    const result = removing.remove(want.remote, isGoing)
    switch (result.type) {
      case 'removed':
        this.handleRemoved(want, result.local)
        this.handleDone(want, nowMs)
        return
      case 'remains':
        this.handleRemains(want, result.names)
        this.handleDone(want, nowMs)
        return
      case 'beaten':
      case 'needless':
        if (result.type === 'beaten') end.reportBeaten(want)
        end.finish(want)
        this.changed()
        return
      case 'unsettled':
        this.handleUnsettled(want, nowMs)
        return
      case 'failed':
        end.handleFailure(want, result, nowMs)
        return
    }
  }

  /** Carries out the deletion of the largest folder around it that goes as a whole; answers how many paths went. */
  private removeWithFolder(want: Want, nowMs: number): number {
    for (let tree = this.treeAround(want); tree !== undefined; tree = this.treeAround(want)) {
      const parts = this.takeTree(tree)
      if (parts === undefined) continue
      for (const { deletion, local } of parts) {
        const part = this.options.wants.get(deletion.path)!
        this.handleRemoved(part, local)
        this.handleDone(part, nowMs)
      }
      return parts.length
    }
    return 0
  }

  private treeAround({ remote }: Want): Want | undefined {
    const { wants } = this.options
    let tree: Want | undefined
    for (let folder = parentOf(remote.path); folder !== ''; folder = parentOf(folder)) {
      const want = wants.get(folder)
      if (want?.remote.kind !== 'tombstone' || this.partial.has(want)) break
      if (wants.removals.countBelow(folder) >= TREE_REMOVAL_PATHS_MAX) break
      tree = want
    }
    return tree
  }

  private takeTree(tree: Want): readonly RemovedPart[] | undefined {
    const { treeRemoving, removing, wants } = this.options
    const { path } = tree.remote
    try {
      const plan = treeRemoving.plan(path, (each) => this.deletionAt(each))
      const isWhole = plan.type === 'whole' && plan.parts.length === wants.removals.countBelow(path) + 1
      if (isWhole && treeRemoving.carryOut(plan.parts)) {
        removing.handleTreeRemoved(path)
        return plan.parts
      }
      this.handlePartial(tree, plan.type === 'partial' ? plan.path : path)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.handlePartial(tree, path)
    }
    return undefined
  }

  /** Half of a move may turn out to be a deletion that is too much. */
  private deletionAt(path: string): Entry | undefined {
    const remote = this.options.wants.get(path)?.remote
    return remote?.kind === 'tombstone' && remote.target === '' ? remote : undefined
  }

  /** Neither the folder goes as a whole nor one between it and the path that stays. */
  private handlePartial(tree: Want, path: string): void {
    const { wants } = this.options
    this.partial.add(tree)
    for (let folder = path; folder.length > tree.remote.path.length; folder = parentOf(folder)) {
      const want = wants.get(folder)
      if (want !== undefined) this.partial.add(want)
    }
  }

  private handleRemoved(want: Want, { kind, sizeBytes }: Entry): void {
    const { path } = want.remote
    if (kind === 'tombstone') return
    this.options.gate.handleDone(want)
    const peer = firstSource(want)
    this.options.outcomes.notify({ event: 'removed', path, kind, bytes: sizeBytes, peer })
  }

  private handleRemains(want: Want, names: readonly string[]): void {
    const named = names.slice(0, REMAINING_NAMED_MAX).join(', ')
    const others = names.length > REMAINING_NAMED_MAX ? ` and ${names.length - REMAINING_NAMED_MAX} more` : ''
    const reason = `the folder was deleted on another machine, and is still here for what that machine had not seen of it: ${named}${others}`
    this.options.outcomes.refuse(firstSource(want), { event: 'problem', path: want.remote.path, reason })
  }

  private handleDone(want: Want, nowMs: number): void {
    const { wants, outcomes, placements, end } = this.options
    const { path } = want.remote
    end.handlePlaced(want)
    wants.remove(want, true)
    outcomes.push({ type: 'placed', path })
    this.changed()
    placements.handleInPlace(path, nowMs)
  }

  private handleUnsettled(want: Want, nowMs: number): void {
    const { scanner, end } = this.options
    scanner.hint(want.remote.path)
    if (++want.placeTries < PLACE_TRIES_MAX) end.placeLater(want, nowMs + PLACE_RETRY_MS)
    else {
      const reason = 'it does not come to rest, or cannot be read'
      end.handleFailure(want, { noSpace: false, reason, cause: causeOf('place-restless') }, nowMs)
    }
  }

  private changed(): void {
    const { wants, outcomes } = this.options
    outcomes.push({ type: 'changed', by: 'received', isLast: wants.size === 0 })
  }
}
