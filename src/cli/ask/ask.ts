// Carries out a command of a person about a share: finds the share, asks its peer or looks at the folder, prints. Exit codes: 0 done,
// 1 no peer runs that is needed, or it could not do all of it, 2 for what is wrong on the command line.

import { LeftError } from '../../base/errors.js'
import { askPeer } from '../../control/client.js'
import { findShare } from '../../control/find-share.js'
import type { Arguments } from '../../control/protocol.js'
import { ShareView } from '../../control/share-view.js'
import { EXIT_FAILED, EXIT_STOPPED } from '../failure.js'
import { printableJson } from '../names.js'
import { printLine } from '../printing.js'
import type { AskCommand, RawAskArguments } from './ask-command.js'

/** Answers the exit code. @throws LeftError. */
export async function runAsk(
  command: AskCommand,
  words: readonly string[],
  raw: RawAskArguments,
): Promise<number> {
  const folder = process.cwd()
  const share = findShare(raw.share, folder)
  const view = new ShareView(share, folder)
  const result = await resultOf(command, share, command.given(words, view, raw))
  if (raw.json) printLine(printableJson(JSON.stringify(result)))
  else for (const line of command.lines(result, view)) printLine(line)
  return command.isDone?.(result) === false ? EXIT_FAILED : EXIT_STOPPED
}

async function resultOf(command: AskCommand, share: string, given: Arguments): Promise<object> {
  if (!command.asksPeer && command.onFolder !== undefined) return command.onFolder(share, given)
  try {
    return await ask(command, share, given)
  } catch (error) {
    const isStopped = error instanceof LeftError && error.code === 'not-running'
    if (!isStopped || command.onFolder === undefined) throw error
    return command.onFolder(share, given)
  }
}

async function ask({ name, answerMsMax }: AskCommand, share: string, given: Arguments): Promise<object> {
  const request = { command: name.replaceAll(' ', '-'), arguments: given }
  const answer = await askPeer(share, request, answerMsMax)
  if (answer.ok) return answer.result
  throw new LeftError(answer.error === 'bad-arguments' ? 'usage' : 'control-failed', answer.message)
}
