// The simulated world's time: a virtual clock and what happens when. Used by every simulated body.

/** Runs what was put down for later, in order of time; equal times in the order they were put down, so a
 *  run is a function of its seed. */
export class Scheduler {
  private clockMs: number
  // A binary heap, its fields side by side so that comparing touches numbers only.
  private times: Float64Array
  private orders: Float64Array
  private tasks: (() => void)[] = []
  private count = 0
  private nextOrder = 0

  constructor(startMs = 0) {
    this.clockMs = startMs
    this.times = new Float64Array(1024)
    this.orders = new Float64Array(1024)
  }

  get nowMs(): number {
    return this.clockMs
  }

  /** Tasks that have not run. */
  get pending(): number {
    return this.count
  }

  /** Puts a task down for `timeMs`; what is past runs next, at the time that it is now. There is no taking
   *  back: a task that may be outdated looks for itself when it runs. */
  at(timeMs: number, task: () => void): void {
    if (this.count === this.times.length) this.grow()
    this.place(this.count++, timeMs, this.nextOrder++, task)
  }

  /** Runs the next task; false where there is none. */
  step(): boolean {
    if (this.count === 0) return false
    const task = this.tasks[0]!
    if (this.times[0]! > this.clockMs) this.clockMs = this.times[0]!
    this.takeFirst()
    task()
    return true
  }

  /** Runs everything due until `timeMs`, which it then is. */
  runUntil(timeMs: number): void {
    while (this.count > 0 && this.times[0]! <= timeMs) this.step()
    if (timeMs > this.clockMs) this.clockMs = timeMs
  }

  /** Runs until `done` or `timeMs`; answers whether it was done. */
  runWhile(busy: () => boolean, timeMs: number): boolean {
    while (busy()) {
      if (this.count === 0 || this.times[0]! > timeMs) return false
      this.step()
    }
    return true
  }

  private takeFirst(): void {
    const last = --this.count
    const time = this.times[last]!
    const order = this.orders[last]!
    const task = this.tasks[last]!
    this.tasks.length = last
    if (last === 0) return
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= last) break
      if (child + 1 < last && this.before(child + 1, this.times[child]!, this.orders[child]!)) child++
      if (!this.before(child, time, order)) break
      this.move(child, hole)
      hole = child
    }
    this.times[hole] = time
    this.orders[hole] = order
    this.tasks[hole] = task
  }

  private place(from: number, time: number, order: number, task: () => void): void {
    let hole = from
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (this.before(parent, time, order)) break
      this.move(parent, hole)
      hole = parent
    }
    this.times[hole] = time
    this.orders[hole] = order
    this.tasks[hole] = task
  }

  private before(index: number, time: number, order: number): boolean {
    const own = this.times[index]!
    return own < time || (own === time && this.orders[index]! < order)
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from]!
    this.orders[to] = this.orders[from]!
    this.tasks[to] = this.tasks[from]!
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2)
    const orders = new Float64Array(this.times.length * 2)
    times.set(this.times)
    orders.set(this.orders)
    this.times = times
    this.orders = orders
  }
}
