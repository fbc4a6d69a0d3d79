// Usage of a process and its descendants, from /proc: processor time and the most memory that each had at once.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** Linux reports processor time in hundredths of a second to user space, whatever its own clock. */
const TICKS_PER_S = 100

/** Processor time, in seconds. */
export interface Cpu {
  readonly user: number
  readonly system: number
}

/** Processor time of the whole machine since it started, in seconds. */
export interface MachineCpu {
  /** Whatever was not idle. */
  readonly busy: number
  /** Work that the kernel did by itself. In a bench of emulated links that is the links: their queues and timers, the bridge
   *  between them, and each packet's way through both ends. */
  readonly softirq: number
}

export interface Usage {
  /** Time of all these processes, user and system, ended and waited-for children included. */
  readonly cpuSeconds: number
  /** The same of each root with what is below it. */
  readonly ofEach: readonly Cpu[]
  /** Peak of the process that had the most. */
  readonly peakRssBytes: number
  /** Peak of each process that is alive, its parent before it. */
  readonly peaks: readonly number[]
}

/** Usage of the processes that are alive below (and with) these; 0 where there is no /proc. */
export function usageOf(roots: readonly number[]): Usage {
  const stats = allStats()
  const tree = roots.flatMap((root) => descendants(root, stats))
  const peaks = tree.map(({ pid }) => peakRssOf(pid))
  const ofEach = roots.map((root) => cpuOf(descendants(root, stats)))
  const cpuSeconds = ofEach.reduce((sum, { user, system }) => sum + user + system, 0)
  return { cpuSeconds, ofEach, peakRssBytes: Math.max(0, ...peaks), peaks }
}

function cpuOf(stats: readonly Stat[]): Cpu {
  let userTicks = 0
  let systemTicks = 0
  for (const stat of stats) {
    userTicks += stat.userTicks
    systemTicks += stat.systemTicks
  }
  return { user: userTicks / TICKS_PER_S, system: systemTicks / TICKS_PER_S }
}

/** Zeros where there is no /proc. proc(5): user, nice, system, idle, iowait, irq, softirq, steal. */
export function machineCpu(): MachineCpu {
  try {
    const [line] = readFileSync('/proc/stat', 'latin1').split('\n')
    const seconds = line!
      .trim()
      .split(/\s+/)
      .slice(1, 9)
      .map((ticks) => Number(ticks) / TICKS_PER_S)
    const all = seconds.reduce((sum, value) => sum + value, 0)
    return { busy: all - seconds[3]! - seconds[4]!, softirq: seconds[6]! }
  } catch {
    return { busy: 0, softirq: 0 }
  }
}

/** With the root itself, before what is below it. */
function descendants(root: number, stats: readonly Stat[]): Stat[] {
  const own = stats.filter(({ pid }) => pid === root)
  const children = stats.filter(({ parent }) => parent === root)
  return [...own, ...children.flatMap(({ pid }) => descendants(pid, stats))]
}

/** Time of all processes that this one has waited for. */
export function endedCpuSeconds(): number {
  const stat = statOf('self')
  return stat === undefined ? 0 : stat.childTicks / TICKS_PER_S
}

interface Stat {
  readonly pid: number
  readonly parent: number
  /** With those of children that ended and were waited for. */
  readonly userTicks: number
  readonly systemTicks: number
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
    return {
      pid: Number.parseInt(text, 10),
      parent: at(1),
      userTicks: at(11) + at(13),
      systemTicks: at(12) + at(14),
      childTicks: at(13) + at(14),
    }
  } catch {
    return undefined // The process ended meanwhile.
  }
}

/** Memory of a process in bytes. */
export interface Memory {
  /** Since it started, or since `resetPeaks`. */
  readonly peakBytes: number
  readonly nowBytes: number
}

/** Memory of each process that is alive below (and with) this one, its parent before it. */
export function memoryOf(root: number): Memory[] {
  return descendants(root, allStats()).map(({ pid }) => ({
    peakBytes: peakRssOf(pid),
    nowBytes: residentBytes(pid, 'VmRSS'),
  }))
}

/** Processor time of each process that is alive below (and with) this one, its parent before it, in seconds. */
export function usageOfProcesses(root: number): number[] {
  return descendants(root, allStats()).map((stat) => (stat.userTicks + stat.systemTicks) / TICKS_PER_S)
}

/** Peaks count from now on. proc(5), clear_refs: 5 sets VmHWM to VmRSS. */
export function resetPeaks(root: number): void {
  for (const { pid } of descendants(root, allStats())) writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

function peakRssOf(pid: number): number {
  return residentBytes(pid, 'VmHWM')
}

function residentBytes(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  try {
    const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
      readFileSync(`/proc/${pid}/status`, 'latin1'),
    )
    return line === null ? 0 : 1_024 * Number(line[1])
  } catch {
    return 0
  }
}
