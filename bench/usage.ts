// What a process and its descendants use, from /proc: processor time and the most memory that each had at once.

import { readdirSync, readFileSync } from 'node:fs'

/** Linux reports processor time in hundredths of a second to user space, whatever its own clock. */
const TICKS_PER_S = 100

export interface Usage {
  /** Of all of them, user and system, ended and waited-for children included. */
  readonly cpuSeconds: number
  /** Of the one that had the most. */
  readonly peakRssBytes: number
  /** Of each that is alive, its parent before it. */
  readonly peaks: readonly number[]
}

/** Of the processes that are alive below (and with) these; 0 where there is no /proc. */
export function usageOf(roots: readonly number[]): Usage {
  const stats = allStats()
  const tree = roots.flatMap((root) => descendants(root, stats))
  const peaks = tree.map(({ pid }) => peakRssOf(pid))
  const cpuSeconds = tree.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0) / TICKS_PER_S
  return { cpuSeconds, peakRssBytes: Math.max(0, ...peaks), peaks }
}

/** With the root itself, before what is below it. */
function descendants(root: number, stats: readonly Stat[]): Stat[] {
  const own = stats.filter(({ pid }) => pid === root)
  const children = stats.filter(({ parent }) => parent === root)
  return [...own, ...children.flatMap(({ pid }) => descendants(pid, stats))]
}

/** Of all processes that this one has waited for. */
export function endedCpuSeconds(): number {
  const stat = statOf('self')
  return stat === undefined ? 0 : stat.childTicks / TICKS_PER_S
}

interface Stat {
  readonly pid: number
  readonly parent: number
  readonly cpuTicks: number
  readonly childTicks: number
}

function allStats(): Stat[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(statOf)
      .filter((stat) => stat !== undefined)
  } catch {
    return []
  }
}

/** proc(5): the name, in brackets, may hold anything; after it come state, parent, …, utime, stime, cutime, cstime. */
function statOf(pid: string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const at = (index: number) => Number(fields[index])
    const childTicks = at(13) + at(14)
    return {
      pid: Number.parseInt(text, 10),
      parent: at(1),
      cpuTicks: at(11) + at(12) + childTicks,
      childTicks,
    }
  } catch {
    return undefined // It ended meanwhile.
  }
}

function peakRssOf(pid: number): number {
  try {
    const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    return line === null ? 0 : 1_024 * Number(line[1])
  } catch {
    return 0
  }
}
