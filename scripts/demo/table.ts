// The table that ends the demo.

import { formatBytes, formatFiles } from '../../src/cli/format.js'

export interface PhaseResult {
  readonly name: string
  /** From the drop to the last peer that had everything, without the checking of digests. */
  readonly seconds: number
  /** Content that peers received over the network, from their `received` events. */
  readonly crossedBytes: number
  /** All that they sent, headers and messages and what was asked for twice included, from their sockets. */
  readonly socketBytes: number
  /** Files of one share at the end of the phase. */
  readonly files: number
  /** Lines of what is not as it should be; empty where all digests are equal. */
  readonly differences: readonly string[]
}

const HEAD = ['phase', 'seconds', 'MB/s', 'content crossed', 'on the sockets', 'digests'] as const

export const TABLE_NOTES = [
  'content crossed: what peers received of files, from their own account; MB/s is of this, all receivers together',
  'on the sockets:  all that they sent, with requests, digest lists, path probes and repetitions; a killed process',
  '                 leaves no count',
] as const

export function tableOf(results: readonly PhaseResult[], peerCount: number): string[] {
  const rows = results.map((result) => [
    result.name,
    result.seconds.toFixed(2),
    rateText(result),
    formatBytes(result.crossedBytes),
    formatBytes(result.socketBytes),
    result.differences.length === 0
      ? `equal: ${formatFiles(result.files)} on ${peerCount} peers`
      : `${result.differences.length} DIFFER`,
  ])
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)))
  const isText = (column: number) => column === 0 || column === HEAD.length - 1
  const lineOf = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('   ')
      .trimEnd()
  return [lineOf(HEAD), widths.map((width) => '─'.repeat(width)).join('───'), ...rows.map(lineOf)]
}

/** Decimal megabytes of content each second, all receivers together. */
function rateText({ crossedBytes, seconds }: PhaseResult): string {
  const rate = crossedBytes / 1e6 / seconds
  return rate < 10 ? rate.toFixed(1) : rate.toFixed(0)
}
