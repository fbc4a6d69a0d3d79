// Looks at the target while it is attacked: the most memory that it holds, and how long a peer that asks in good faith
// waits for its keeper. That wait is counted in processor time of the target, so that a busy machine adds nothing to it.
// Used by attacks that try to take all of the target's memory or time.

import { readFileSync } from 'node:fs'
import { type Ground, sleep } from './attack.js'
import type { Attacker } from './attacker.js'
import { CLOCK_TICK_MS, WAIT_MS_MAX, WATCH_MS } from './limits.js'
import type { Target } from './target.js'

export interface Watched {
  /** Beyond what was held at the start. */
  readonly peakGrowthBytes: number
  /** The most processor time that the target took while one question waited for its answer, milliseconds. */
  readonly longestStallMs: number
  readonly answeredCount: number
  /** A question was never answered. */
  readonly isStuck: boolean
}

export class Watch {
  private readonly startBytes: number
  private peakBytes: number
  private longestStallMs = 0
  private answeredCount = 0
  private isStuck = false
  private isOver = false
  private readonly sampling: NodeJS.Timeout
  private readonly asking: Promise<void>

  private constructor(
    private readonly target: Target,
    private readonly honest: Attacker,
  ) {
    this.startBytes = target.memoryBytes()
    this.peakBytes = this.startBytes
    this.sampling = setInterval(() => {
      this.peakBytes = Math.max(this.peakBytes, target.memoryBytes())
    }, WATCH_MS)
    this.asking = this.ask()
  }

  /** `honest` is another peer, of a session of its own. */
  static async start({ target, connected }: Ground): Promise<Watch> {
    const honest = await connected()
    await honest.have(honest.items.addTree([]))
    return new Watch(target, honest)
  }

  async stop(): Promise<Watched> {
    this.isOver = true
    await this.asking
    clearInterval(this.sampling)
    return {
      peakGrowthBytes: Math.max(this.peakBytes, this.target.memoryBytes()) - this.startBytes,
      longestStallMs: this.longestStallMs,
      answeredCount: this.answeredCount,
      isStuck: this.isStuck,
    }
  }

  /** The keeper answers each greeting, so each waits for whatever it is at. */
  private async ask(): Promise<void> {
    const root = this.honest.items.addTree([])
    while (!this.isOver) {
      const before = processorMs(this.target)
      const answer = await this.honest.have(root, [], 2 * WAIT_MS_MAX)
      this.longestStallMs = Math.max(this.longestStallMs, processorMs(this.target) - before)
      if (answer === undefined) {
        this.isStuck = true
        return
      }
      this.answeredCount++
      await sleep(WATCH_MS)
    }
  }
}

/** A fault where the target held more or was busy for longer than it may; and the words for the person. */
export function judge(
  watched: Watched,
  { growthBytesMax, stallMsMax }: { readonly growthBytesMax: number; readonly stallMsMax: number },
): { readonly fault: string | undefined; readonly seen: string } {
  const { peakGrowthBytes, longestStallMs, answeredCount, isStuck } = watched
  const faults = [
    ...(isStuck ? ['another peer got no answer'] : []),
    ...(peakGrowthBytes > growthBytesMax ? [`it held ${megabytes(peakGrowthBytes)} more meanwhile`] : []),
    ...(longestStallMs > stallMsMax ? [`another peer waited for ${longestStallMs} ms of its work`] : []),
  ]
  return {
    fault: faults.length === 0 ? undefined : faults.join('; '),
    seen: `at most ${megabytes(peakGrowthBytes)} more held, ${answeredCount} questions of another peer, which waited for ${longestStallMs} ms of work at most`,
  }
}

/** Processor time that the target has used, both processes with all their threads. proc(5). */
export function processorMs(target: Target): number {
  let ticks = 0
  for (const pid of target.processes()) ticks += ticksOf(pid)
  return ticks * CLOCK_TICK_MS
}

function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return 0
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
