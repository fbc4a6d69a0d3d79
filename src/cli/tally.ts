// Sums up what happens too often to be told one by one: `received 1,204 files, 31 MB`. The first line of a
// quiet time is printed at once, the rest of a burst at most once per interval. Used by narrator.ts.

import { TALLY_GROUPS_MAX, TALLY_NAMES_MAX } from './limits.js'

/** The figures of a group's line, where the group has more than one member. */
export interface TallySum {
  readonly count: number
  readonly bytes: number
  /** The first few, printable. */
  readonly names: readonly string[]
}

export interface TallyMember {
  /** Members of one group are summed up together. */
  readonly group: string
  readonly name: string
  readonly bytes: number
  /** The line if it stays alone. */
  readonly alone: string
  readonly together: (sum: TallySum) => string
}

interface Group {
  count: number
  bytes: number
  names: string[]
  readonly first: TallyMember
}

export class Tally {
  private readonly intervalMs: number
  private readonly print: (line: string) => void
  private readonly groups = new Map<string, Group>()
  private printedMs = Number.NEGATIVE_INFINITY

  constructor(intervalMs: number, print: (line: string) => void) {
    this.intervalMs = intervalMs
    this.print = print
  }

  add(member: TallyMember, nowMs: number): void {
    const group = this.groups.get(member.group) ?? { count: 0, bytes: 0, names: [], first: member }
    group.count++
    group.bytes += member.bytes
    if (group.names.length < TALLY_NAMES_MAX) group.names.push(member.name)
    this.groups.set(member.group, group)
    if (this.groups.size > TALLY_GROUPS_MAX) this.flush(nowMs)
    else this.tick(nowMs)
  }

  /** Prints what is held back, if it is time. */
  tick(nowMs: number): void {
    if (nowMs - this.printedMs >= this.intervalMs) this.flush(nowMs)
  }

  /** Prints what is held back, now. */
  flush(nowMs: number): void {
    if (this.groups.size === 0) return
    this.printedMs = nowMs
    for (const group of this.groups.values()) {
      this.print(group.count === 1 ? group.first.alone : group.first.together(group))
    }
    this.groups.clear()
  }
}
