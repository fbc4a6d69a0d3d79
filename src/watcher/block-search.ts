// The search for shifted blocks in a thread of its own: one search at a time, a thread for each, since most shares never need one. Used
// by the watcher process, which is told when there is something to poll.

import type { Worker } from 'node:worker_threads'
import type { Disk } from '../base/ports.js'
import type { BlockSearch, SearchOrder, SearchReport } from '../delta/search-port.js'
import type { FoundBlock, ShiftInput } from '../delta/shift-search.js'
import { startThread } from '../io/thread.js'

/** To the thread: what to search in which open file; or, as undefined, that nobody waits for it any more. */
export type ToSearchThread = { readonly fd: number; readonly input: ShiftInput } | undefined

/** From the thread, after each of its steps that had something to tell. */
export interface FromSearchThread {
  readonly found: readonly FoundBlock[]
  readonly isLagging: boolean
  readonly isOver: boolean
}

interface Running {
  readonly order: SearchOrder
  readonly worker: Worker
  isReported: boolean
}

export class ThreadedSearch implements BlockSearch {
  private readonly disk: Pick<Disk, 'close'>
  private readonly onReport: () => void
  private readonly queued: SearchOrder[] = []
  private running: Running | undefined
  private readonly reports: SearchReport[] = []

  /** Handles are file descriptors: the disk is the real one. */
  constructor(disk: Pick<Disk, 'close'>, onReport: () => void) {
    this.disk = disk
    this.onReport = onReport
  }

  begin(order: SearchOrder): void {
    this.queued.push(order)
    this.startNext()
  }

  cancel(search: number): void {
    const at = this.queued.findIndex((order) => order.search === search)
    if (at >= 0) this.disk.close(this.queued.splice(at, 1)[0]!.handle)
    const { running } = this
    if (running?.order.search !== search || running.isReported) return
    running.isReported = true
    running.worker.postMessage(undefined satisfies ToSearchThread)
  }

  poll(): SearchReport | undefined {
    return this.reports.shift()
  }

  private startNext(): void {
    if (this.running !== undefined) return
    const order = this.queued.shift()
    if (order === undefined) return
    const worker = startThread('watcher/search-thread')
    const running: Running = { order, worker, isReported: false }
    this.running = running
    worker.unref()
    worker.on('message', (told: FromSearchThread) => this.report(running, told))
    // Its failure ends the search: what is not found is fetched.
    worker.on('error', () => {})
    worker.on('exit', () => this.handleExit(running))
    worker.postMessage({ fd: order.handle, input: order.input } satisfies ToSearchThread)
  }

  private handleExit(running: Running): void {
    // Not before: the number of a closed descriptor may be that of another file.
    this.disk.close(running.order.handle)
    this.report(running, { found: [], isLagging: false, isOver: true })
    this.running = undefined
    this.startNext()
  }

  private report(running: Running, told: FromSearchThread): void {
    if (running.isReported) return
    running.isReported = told.isOver
    this.reports.push({ search: running.order.search, ...told })
    this.onReport()
  }
}
