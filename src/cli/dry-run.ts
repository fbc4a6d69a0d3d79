// `left --dry-run`: prints what would be fetched, removed, renamed or in conflict, and does nothing of it.

import type { DryRunResult, ForetoldDeed } from '../app/dry-run.js'
import type { PeerOptions } from '../app/options.js'
import { LeftError } from '../base/errors.js'
import { printableJson } from '../base/printable.js'
import type { Once } from './arguments.js'
import { EXIT_NOT_IN_STEP, EXIT_STOPPED } from './failure.js'
import { formatBytes } from './format.js'
import { VISIT_TIMEOUT_MS } from './limits.js'
import { printable, printableName } from './names.js'
import { printLine } from './printing.js'

export interface DryRunRequest {
  readonly options: PeerOptions
  readonly json: boolean
  readonly notes: readonly string[]
  readonly timeoutMs: Once['timeoutMs']
}

/** Answers the exit code: that of --once, where all peers were compared or not.
 *  @throws LeftError. */
export async function runDry({ options, json, notes, timeoutMs }: DryRunRequest): Promise<number> {
  refuseUnnamed(options)
  for (const note of notes) say(note)
  const { dryRun } = await import('../app/dry-run.js')
  const result = await dryRun({
    peer: options,
    silenceMs: timeoutMs ?? VISIT_TIMEOUT_MS,
    timeoutMs,
    stopped: asked(),
    onNote: say,
  })
  for (const line of json ? jsonLines(result) : lines(result)) printLine(line)
  for (const { address, reason } of result.missed) say(`${address}: ${reason}`)
  return result.missed.length === 0 ? EXIT_STOPPED : EXIT_NOT_IN_STEP
}

function refuseUnnamed({ peers, encryption }: PeerOptions): void {
  if (peers.length === 0)
    throw new LeftError('usage', '--dry-run compares with machines that are named: add --ip')
  if (encryption === 'no')
    throw new LeftError('usage', '--dry-run needs encryption: in the clear a peer tells a visitor nothing')
}

function asked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}

function jsonLines({ deeds, compared, missed }: DryRunResult): string[] {
  const time = new Date().toISOString()
  const object = (event: string, fields: object) => printableJson(JSON.stringify({ time, event, ...fields }))
  return [
    ...deeds.map((deed) => object('would', deed)),
    object('dry-run', { ...totalsOf(deeds), compared, missed }),
  ]
}

function lines({ deeds, compared }: DryRunResult): string[] {
  const isOne = compared.length < 2
  const written = deeds.map((deed) => {
    const whose = isOne ? '' : `  (${deed.peers.join(', ')})`
    return (
      printable(`${deed.deed.padEnd(9)}${sizeOf(deed).padStart(10)}  `) + wordsOf(deed) + printable(whose)
    )
  })
  return [...written, summary(deeds, compared)]
}

function sizeOf(deed: ForetoldDeed): string {
  return 'bytes' in deed && deed.bytes > 0 ? formatBytes(deed.bytes) : ''
}

function wordsOf(deed: ForetoldDeed): string {
  const path = printableName(deed.path)
  switch (deed.deed) {
    case 'fetch': {
      const here =
        deed.kind === 'file' && deed.bytes > 0 && !deed.crosses ? ', whose content is here already' : ''
      return `${path}${deed.kind === 'file' ? '' : ` (${deed.kind})`}${deed.replaces ? ', in the place of what stands there' : ''}${here}`
    }
    case 'remove':
      return `${path}${deed.kind === 'file' ? '' : ` (${deed.kind})`}`
    case 'rename':
      return `${printableName(deed.from)} to ${path}`
    case 'touch':
      return `${path}: its time or mode`
    case 'conflict':
      return deed.stands === 'theirs'
        ? `${path}: theirs stands, and what is here is kept as ${printableName(deed.kept)}`
        : `${path}: ours stands, and theirs is kept there as ${printableName(deed.kept)}`
    case 'hold':
      return `${path}: not ${deed.what === 'remove' ? 'removed' : 'replaced'} before left confirm, for it is too much at once`
    case 'leave':
      return `${path}: nothing, because ${printable(deed.reason)}`
  }
}

interface Totals {
  readonly fetch: number
  readonly fetchBytes: number
  readonly remove: number
  readonly rename: number
  readonly touch: number
  readonly conflict: number
  readonly hold: number
  readonly leave: number
}

function totalsOf(deeds: readonly ForetoldDeed[]): Totals {
  const totals = { fetch: 0, fetchBytes: 0, remove: 0, rename: 0, touch: 0, conflict: 0, hold: 0, leave: 0 }
  for (const deed of deeds) {
    totals[deed.deed]++
    const crosses = deed.deed === 'fetch' ? deed.crosses : deed.deed === 'conflict'
    if (crosses && 'bytes' in deed) totals.fetchBytes += deed.bytes
  }
  return totals
}

function summary(deeds: readonly ForetoldDeed[], compared: readonly string[]): string {
  const { fetch, fetchBytes, remove, rename, touch, conflict, hold, leave } = totalsOf(deeds)
  const parts = [
    `${fetch} to fetch (${formatBytes(fetchBytes)} to receive)`,
    `${remove} to remove`,
    `${rename} to rename`,
    `${conflict} in conflict`,
    ...(touch > 0 ? [`${touch} to touch`] : []),
    ...(hold > 0 ? [`${hold} to hold`] : []),
    ...(leave > 0 ? [`${leave} to leave`] : []),
  ]
  const whom = compared.length === 0 ? 'nobody was compared' : `compared with ${compared.join(', ')}`
  return printable(`${parts.join(', ')}; ${whom}; nothing was changed`)
}

function say(words: string): void {
  process.stderr.write(`left: ${printable(words)}\n`)
}
