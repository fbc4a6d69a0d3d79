// Carries out a command of a person about a share: finds the share, asks its peer or looks at the folder, prints. Exit codes: 0 done,
// 1 no peer runs that is needed, or it could not do all of it, 2 for what is wrong on the command line.

import { PROGRAM_VERSION } from '../../app/version.js'
import { LeftError } from '../../base/errors.js'
import { printableJson } from '../../base/printable.js'
import { askPeer } from '../../control/client.js'
import { findPlace, findShare } from '../../control/find-share.js'
import type { Arguments } from '../../control/protocol.js'
import { ShareView } from '../../control/share-view.js'
import { EXIT_FAILED, EXIT_STOPPED } from '../failure.js'
import { printLine } from '../printing.js'
import type { AskCommand, RawAskArguments } from './ask-command.js'
import { watch } from './watching.js'

/** Answers the exit code. @throws LeftError. */
export async function runAsk(
  command: AskCommand,
  words: readonly string[],
  raw: RawAskArguments,
): Promise<number> {
  const folder = process.cwd()
  const share = command.isShareOptional === true ? findPlace(raw.share, folder) : findShare(raw.share, folder)
  const view = new ShareView(share, folder)
  const given = command.given(words, view, raw)
  if (raw.watch === true) return watchOn({ command, share, view, given, raw })
  const result = await resultOf(command, share, given)
  if (raw.json) printLine(printableJson(JSON.stringify(result)))
  else for (const line of command.lines(result, view)) printLine(line)
  return command.isDone?.(result) === false ? EXIT_FAILED : EXIT_STOPPED
}

/** The peer that was watched ends as any other does: that is no failure. */
async function watchOn({ command, share, view, given, raw }: Watched): Promise<number> {
  const output = process.stdout
  let isAnswered = false
  try {
    await watch({
      ask: async () => {
        const result = await resultOf(command, share, given)
        isAnswered = true
        return raw.json ? [printableJson(JSON.stringify(result))] : command.lines(result, view)
      },
      write: (text) => output.write(text),
      screen: () =>
        output.isTTY && raw.json !== true ? { columns: output.columns, rows: output.rows } : undefined,
      stopped: new Promise((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
        output.once('close', () => resolve())
      }),
    })
  } catch (error) {
    if (!isAnswered || !(error instanceof LeftError)) throw error
    process.stderr.write(`left: ${error.message}\n`)
    return EXIT_FAILED
  }
  return EXIT_STOPPED
}

interface Watched {
  readonly command: AskCommand
  readonly share: string
  readonly view: ShareView
  readonly given: Arguments
  readonly raw: RawAskArguments
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
  const answer = await askPeer(share, request, { answerMsMax, version: PROGRAM_VERSION })
  if (answer.ok) return answer.result
  if (answer.error === 'unknown-command') {
    const theirs = answer.version ?? (await versionOf(share))
    const message = `left on ${share} is version ${theirs}, and this program version ${PROGRAM_VERSION}: that peer knows no left ${name}; ask it with the program that it was started with, or start it again`
    throw new LeftError('control-failed', message)
  }
  throw new LeftError(answer.error === 'bad-arguments' ? 'usage' : 'control-failed', answer.message)
}

/** An older peer tells its version with its status alone. */
async function versionOf(share: string): Promise<string> {
  const answer = await askPeer(share, { command: 'status', arguments: {} }, { version: PROGRAM_VERSION })
  const { version } = (answer.ok ? answer.result : {}) as { readonly version?: unknown }
  return typeof version === 'string' ? version : 'unknown'
}
