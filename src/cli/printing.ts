// Output of the commands that print and end, and of --help: all but the peer, whose views write through output.ts.

import { LeftError } from '../base/errors.js'
import { EXIT_FAILED, failureText } from './failure.js'

/** A command does all it was asked to do, and ends as it would otherwise, when its reader goes away (EPIPE:
 *  `left identity | head -1`) or its terminal does (EIO). Where the output cannot be written (ENOSPC), that is said once and
 *  the exit code is 1. Answers what ends the watch over stdout. */
export function watchPrinting(): () => void {
  let hasFailed = false
  const handleFailure = (error: NodeJS.ErrnoException): void => {
    if (hasFailed || error.code === 'EPIPE' || error.code === 'EIO') return
    hasFailed = true
    process.stderr.write(
      failureText(new LeftError('disk-failed', `cannot write the output (${error.code})`), false),
    )
    process.once('exit', () => {
      process.exitCode = EXIT_FAILED
    })
  }
  process.stdout.on('error', handleFailure)
  process.stderr.on('error', () => {}) // There is nobody left to tell.
  return () => process.stdout.off('error', handleFailure)
}

/** One line on stdout. */
export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
