// The search for shifted blocks in the simulated world: the same search as in the thread of a running peer, a step at a time between
// what else happens. Used by SimWatcher, with whose process it ends.

import type { Hash } from '../../base/item.js'
import { DiskError } from '../../base/ports.js'
import type { BlockSearch, SearchOrder, SearchReport } from '../../delta/search-port.js'
import { ShiftSearch } from '../../delta/shift-search.js'
import type { SimDisk } from '../disk/disk.js'
import { SEARCH_STEP_MS_MAX } from '../limits.js'
import type { SeededRandom } from '../random.js'
import type { Scheduler } from '../scheduler.js'

export interface TurnedSearchOptions {
  readonly disk: SimDisk
  readonly hash: Hash
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  /** Whether the process that it is part of still runs. */
  readonly isAlive: () => boolean
  readonly onReport: () => void
}

export class TurnedSearch implements BlockSearch {
  private readonly options: TurnedSearchOptions
  private readonly queued: SearchOrder[] = []
  private running: { readonly order: SearchOrder; readonly shift: ShiftSearch } | undefined
  private readonly reports: SearchReport[] = []

  constructor(options: TurnedSearchOptions) {
    this.options = options
  }

  begin(order: SearchOrder): void {
    this.queued.push(order)
    this.startNext()
  }

  cancel(search: number): void {
    const at = this.queued.findIndex((order) => order.search === search)
    if (at >= 0) this.close(this.queued.splice(at, 1)[0]!)
    if (this.running?.order.search === search) this.end()
  }

  poll(): SearchReport | undefined {
    return this.reports.shift()
  }

  private startNext(): void {
    const { disk, hash } = this.options
    const order = this.running === undefined ? this.queued.shift() : undefined
    if (order === undefined) return
    const read = (target: Uint8Array, position: number) =>
      disk.unharmed((open) => open.read(order.handle, target, position))
    const running = { order, shift: new ShiftSearch(order.input, { hash, read }) }
    this.running = running
    this.later(() => this.step(running))
  }

  private step(running: NonNullable<TurnedSearch['running']>): void {
    if (this.running !== running) return
    const { order, shift } = running
    let isBroken = false
    try {
      shift.step()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      isBroken = true
    }
    const isOver = shift.isOver || isBroken
    this.reports.push({ search: order.search, found: shift.takeFound(), isLagging: shift.isLagging, isOver })
    if (isOver) this.end()
    else this.later(() => this.step(running))
    this.options.onReport()
  }

  private end(): void {
    if (this.running !== undefined) this.close(this.running.order)
    this.running = undefined
    this.startNext()
  }

  private close({ handle }: SearchOrder): void {
    this.options.disk.unharmed((disk) => disk.close(handle))
  }

  private later(work: () => void): void {
    const { scheduler, random, isAlive } = this.options
    scheduler.at(scheduler.nowMs + random.next() * SEARCH_STEP_MS_MAX, () => {
      if (isAlive()) work()
    })
  }
}
