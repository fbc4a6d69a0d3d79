// Commands that a running peer carries out for whoever asks at its control socket: a row each. Those that are about the share are
// handed to the keeper (src/pipe/commands.ts); the command line has a row for each too (src/cli/ask).

import type { DoctorResult } from '../control/doctor-results.js'
import type { PageResult } from '../control/page-results.js'
import type { PauseResult } from '../control/pause-results.js'
import type { PeersResult } from '../control/peers-results.js'
import type { Arguments } from '../control/protocol.js'
import { type CarryOut, type CommandTable, ControlError } from '../control/server.js'
import type { Status } from '../control/status.js'
import type { WhomToVisit } from '../control/visit-results.js'
import type { WhyResult } from '../control/why-results.js'
import type { ConflictChoice, ShareCommand, ShareCommands } from '../pipe/commands.js'

/** The parts of a peer that commands need. */
export interface CommandHost {
  status(): Promise<Status | undefined>
  doctor(): Promise<DoctorResult | undefined>
  why(path: string): Promise<WhyResult | undefined>
  /** Link of the page, with its token; undefined where none is served. */
  readonly link: string | undefined
  /** Pauses one peer, or all where the word is empty. */
  pause(word: string): Promise<PauseResult | undefined>
  resume(word: string): Promise<PauseResult | undefined>
  /** Undefined before the peer has started. */
  whomToVisit(): WhomToVisit | undefined
  /** Carried out by the keeper; undefined while there is none. */
  share<Command extends ShareCommand>(
    command: Command,
  ): Promise<ShareCommands[Command['name']]['result'] | undefined>
}

export function commandsOf(host: CommandHost): CommandTable {
  return new Map<string, CarryOut>([
    [
      'status',
      async () => {
        return known(await host.status())
      },
    ],
    ['doctor', async () => known(await host.doctor())],
    ['why', async (given) => known(await host.why(textOf(given, 'path')))],
    [
      'peers',
      async (): Promise<PeersResult> => {
        const { peers, trackers, pause } = known(await host.status())
        return { peers, trackers, pause }
      },
    ],
    ['page', async (): Promise<PageResult> => ({ link: host.link ?? null })],
    ['pause', async (given) => known(await host.pause(textOf(given, 'peer')))],
    ['resume', async (given) => known(await host.resume(textOf(given, 'peer')))],
    ['rescan', async (given) => known(await host.share({ name: 'rescan', path: textOf(given, 'path') }))],
    ['visit', async () => known(host.whomToVisit())],
    ['confirm', async () => known(await host.share({ name: 'confirm' }))],
    ['undo', async () => known(await host.share({ name: 'undo' }))],
    [
      'conflicts',
      async (given) => known(await host.share({ name: 'conflicts', path: textOf(given, 'path') })),
    ],
    [
      'conflicts-keep',
      async (given) => {
        const [path, choice] = [textOf(given, 'path'), choiceOf(given)]
        return known(await host.share({ name: 'conflicts-keep', path, choice }))
      },
    ],
    [
      'trash-list',
      async (given) => {
        const sought = { path: textOf(given, 'path'), asOfMs: timeOf(given, 'at') }
        return known(await host.share({ name: 'trash-list', ...sought }))
      },
    ],
    [
      'trash-restore',
      async (given) => {
        const sought = { path: textOf(given, 'path'), asOfMs: timeOf(given, 'at') }
        return known(await host.share({ name: 'trash-restore', ...sought }))
      },
    ],
    [
      'trash-empty',
      async (given) => known(await host.share({ name: 'trash-empty', beforeMs: timeOf(given, 'before') })),
    ],
  ])
}

function known<T>(result: T | undefined): T {
  if (result === undefined) throw new ControlError('not-now', 'it is starting: try again')
  return result
}

function textOf(given: Arguments, name: string): string {
  const value = given[name]
  if (typeof value !== 'string') throw new ControlError('bad-arguments', `${name} must be a text`)
  return value
}

function choiceOf(given: Arguments): ConflictChoice {
  const choice = textOf(given, 'choice')
  if (choice === 'this' || choice === 'other' || choice === 'both') return choice
  throw new ControlError('bad-arguments', 'choice must be this, other or both')
}

function timeOf(given: Arguments, name: string): number | undefined {
  const value = given[name]
  if (value === undefined || typeof value === 'number') return value
  throw new ControlError('bad-arguments', `${name} must be a time, in milliseconds since 1970`)
}
