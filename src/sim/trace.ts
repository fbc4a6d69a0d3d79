// The history of a simulated world as one number: two runs of a seed must give the same. And in words, for a person
// who reads along.

import type { Scheduler } from './scheduler.js'

export class Trace {
  private low = 0x811c9dc5
  private high = 0x9e3779b9

  constructor(
    private readonly scheduler: Scheduler,
    private readonly tell: ((line: string) => void) | undefined,
  ) {}

  /** Takes one event in: FNV-1a over its parts and its time, in two lanes. */
  mix(kind: number, who: number, value: number): void {
    const { nowMs } = this.scheduler
    let { low, high } = this
    low = Math.imul(low ^ kind, 0x01000193)
    low = Math.imul(low ^ (nowMs * 1000), 0x01000193)
    high = Math.imul(high ^ who, 0x01000193)
    high = Math.imul(high ^ value ^ low, 0x01000193)
    this.low = low
    this.high = high
  }

  say(line: () => string): void {
    this.tell?.(`${(this.scheduler.nowMs / 1000).toFixed(4).padStart(9)} ${line()}`)
  }

  /** 16 hexadecimal digits. */
  get digest(): string {
    return hex(this.low) + hex(this.high)
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
