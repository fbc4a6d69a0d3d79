// `left selftest --hostile`: lets a malicious peer loose on a peer of this very program, on the loopback and in a
// temporary folder, and prints what became of each attack.

import { LeftError } from '../base/errors.js'
import { ATTACKS, type Outcome, runHostile } from '../hostile/run.js'
import { EXIT_FAILED, EXIT_STOPPED } from './failure.js'
import { formatBytes, formatDuration } from './format.js'
import { printable } from './names.js'
import { printLine } from './printing.js'

/** The options of `left selftest` as they come from the command line. */
export interface RawSelftestArguments {
  readonly hostile?: boolean
  readonly quick?: boolean
  readonly only?: string
  readonly encryption?: string
}

/** Answers the exit code: 1 where an attack was not rejected.
 *  @throws LeftError 'usage', or what keeps the peer that is attacked from starting. */
export async function runSelftest(
  raw: RawSelftestArguments,
  print: (line: string) => void = printLine,
): Promise<number> {
  if (raw.hostile !== true)
    throw new LeftError('usage', 'left selftest needs --hostile, the only test that there is')
  if (process.platform !== 'linux')
    throw new LeftError(
      'not-available',
      'left selftest --hostile runs on Linux only: it needs /proc and 127.0.0.0/8',
    )
  const only = raw.only?.split(';')
  const unknown = only?.find((name) => !ATTACKS.some((attack) => attack.name === name))
  if (unknown !== undefined) {
    const names = ATTACKS.map(({ name }) => name).join(', ')
    throw new LeftError('usage', `--only ${printable(unknown)} is no attack; there are: ${names}`)
  }
  const { encryption = 'both' } = raw
  if (encryption !== 'yes' && encryption !== 'no' && encryption !== 'both')
    throw new LeftError('usage', `--encryption ${printable(encryption)} is none of yes, no and both`)
  const startedMs = performance.now()
  let rejected = 0
  let count = 0
  let shown: string | undefined
  const isAllRejected = await runHostile({
    quick: raw.quick ?? false,
    encryptions: encryption === 'both' ? ['yes', 'no'] : [encryption],
    attacks: ATTACKS.filter(({ name }) => only === undefined || only.includes(name)),
    onOutcome: (outcome) => {
      if (outcome.encryption !== shown) print(`--encryption ${outcome.encryption}`)
      shown = outcome.encryption
      count++
      if (outcome.isRejected) rejected++
      for (const text of outcomeLines(outcome)) print(text)
    },
  })
  print(`${rejected} of ${count} attacks rejected, in ${formatDuration(performance.now() - startedMs)}`)
  return isAllRejected ? EXIT_STOPPED : EXIT_FAILED
}

/** One line of figures, one of what was done, and one for each thing that should not have happened. */
export function outcomeLines(outcome: Outcome): string[] {
  const { name, isRejected, sentBytes, answeredBytes, ratio, memoryGrowthBytes, inside, outside, seen } =
    outcome
  const answered = `answered ${formatBytes(answeredBytes)}${ratio === undefined ? '' : ` (${ratio.toFixed(2)} ×)`}`
  const figures = [
    `sent ${formatBytes(sentBytes)}`,
    answered,
    ...(memoryGrowthBytes.length === 0
      ? []
      : [`memory ${memoryGrowthBytes.map(growthText).join(', then ')}`]),
    `inside ${wroteText(inside)}`,
    `outside ${wroteText(outside)}`,
    formatDuration(outcome.tookMs),
  ]
  return [
    `${(isRejected ? 'rejected' : 'NOT REJECTED').padEnd(13)} ${name.padEnd(27)} ${figures.join(', ')}`,
    ...(seen === '' ? [] : [`${' '.repeat(14)}${seen}`]),
    ...outcome.faults.map((fault) => `${' '.repeat(14)}! ${printable(fault)}`),
  ]
}

function growthText(bytes: number): string {
  return `${bytes < 0 ? '−' : '+'}${formatBytes(Math.abs(bytes))}`
}

function wroteText(paths: readonly string[]): string {
  return paths.length === 0 ? 'nothing' : `${paths.length} ${paths.length === 1 ? 'path' : 'paths'}`
}
