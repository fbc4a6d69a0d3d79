// Measures of LEFT and of another program in pairs of one run, and their table: ratios first. Used by bench:peers.

import { median } from './bench.js'
import { formatFigure, formatTable } from './table.js'

export interface Measure {
  readonly seconds: number
  /** LEFT: from the first request on, without noticing, settling and hashing. */
  readonly movingSeconds?: number
  /** CPU time of all processes of both ends. */
  readonly cpuSeconds: number
  /** Both directions, with headers. */
  readonly wireBytes: number
}

export interface Pair {
  readonly name: string
  /** Undefined where it failed. */
  readonly runs: { readonly left: Measure | undefined; readonly other: Measure | undefined }[]
}

/** All pairs of one workload over one link. */
export interface Series {
  readonly title: string
  /** Content that is moved. */
  readonly bytes: number
  readonly pairs: readonly Pair[]
}

const HEAD = ['× s', '× CPU', 's', 'other s', 'moving s', 'CPU s', 'other CPU s', 'wire MB', 'other MB', '']

export function tableOf({ title, pairs }: Series): string {
  return `${title}\n${formatTable(['left / other', ...HEAD], pairs.map(rowOf))}`
}

function rowOf({ name, runs }: Pair): string[] {
  const whole = runs.flatMap(({ left, other }) =>
    left === undefined || other === undefined ? [] : [{ left, other }],
  )
  const of = (figure: (run: (typeof whole)[number]) => number | undefined, digits = 2) =>
    formatFigure(
      whole.length === 0 ? undefined : median(whole.map((run) => figure(run) ?? Number.NaN)),
      digits,
    )
  const failed = runs.length - whole.length
  return [
    name,
    of(({ left, other }) => left.seconds / other.seconds),
    of(({ left, other }) => left.cpuSeconds / other.cpuSeconds),
    of(({ left }) => left.seconds),
    of(({ other }) => other.seconds),
    of(({ left }) => left.movingSeconds),
    of(({ left }) => left.cpuSeconds),
    of(({ other }) => other.cpuSeconds),
    of(({ left }) => left.wireBytes / 1e6, 3),
    of(({ other }) => other.wireBytes / 1e6, 3),
    failed === 0 ? '' : `${failed} failed`,
  ]
}
