// Carries out a command that asks a running peer: finds the share, asks, prints. Exit codes: 0 done, 1 no peer runs or it could not
// do it, 2 for what is wrong on the command line.

import { LeftError } from '../../base/errors.js'
import { askPeer } from '../../control/client.js'
import { findShare } from '../../control/find-share.js'
import { EXIT_STOPPED } from '../failure.js'
import { printableJson } from '../names.js'
import { printLine } from '../printing.js'
import type { AskCommand } from './ask-command.js'

/** The options of every such command as texts. */
export interface RawAskArguments {
  readonly share?: string
  readonly json?: boolean
}

/** Answers the exit code. @throws LeftError. */
export async function runAsk(
  command: AskCommand,
  words: readonly string[],
  raw: RawAskArguments,
): Promise<number> {
  const given = command.given(words)
  const share = findShare(raw.share, process.cwd())
  const answer = await askPeer(share, { command: command.name, arguments: given })
  if (!answer.ok) {
    const code = answer.error === 'bad-arguments' ? 'usage' : 'control-failed'
    throw new LeftError(code, answer.message)
  }
  if (raw.json) printLine(printableJson(JSON.stringify(answer.result)))
  else for (const line of command.lines(answer.result)) printLine(line)
  return EXIT_STOPPED
}
