// When a view looks at its clock: often while something happens, seldom while nothing does.

import { REST_TICK_MS, TICK_MS, VIEW_REST_AFTER_MS } from './limits.js'

/** Calls `tick` from now on until `stop`. Keeps no process alive. */
export class Ticks {
  private timer: NodeJS.Timeout | undefined
  private happenedMs = performance.now()
  private isAtRest = false

  constructor(private readonly tick: () => void) {
    this.schedule()
  }

  /** Something is shown. */
  handleEvent(): void {
    this.happenedMs = performance.now()
    if (this.isAtRest && this.timer !== undefined) this.schedule()
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private schedule(): void {
    clearInterval(this.timer)
    this.isAtRest = this.isQuiet
    this.timer = setInterval(this.run, this.isAtRest ? REST_TICK_MS : TICK_MS)
    this.timer.unref()
  }

  private readonly run = (): void => {
    this.tick()
    if (this.timer !== undefined && !this.isAtRest && this.isQuiet) this.schedule()
  }

  private get isQuiet(): boolean {
    return performance.now() - this.happenedMs >= VIEW_REST_AFTER_MS
  }
}
