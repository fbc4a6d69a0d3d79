// `left doctor`: whether all is well with this machine, its share and its peers, and what to do where it is not; also before the first
// start.

import { doctorStopped } from '../../app/doctor/doctor.js'
import { LeftError } from '../../base/errors.js'
import { DEFAULT_PORT } from '../../base/limits.js'
import type { Check, DoctorResult } from '../../control/doctor-results.js'
import { DOCTOR_ANSWER_MS_MAX } from '../../control/limits.js'
import type { Arguments } from '../../control/protocol.js'
import { parseBind, parsePeers, parsePort, quoted } from '../addresses.js'
import { fitted, printable } from '../names.js'
import type { AskCommand, RawAskArguments } from './ask-command.js'

export const doctorCommand: AskCommand = {
  name: 'doctor',
  description:
    'look whether addresses, port, firewall, clocks, path, limits, disk and versions are well, and say what to do; where no peer runs, --ip, --port and --bind say how one would be started; ends with 1 where something is wrong',
  words: '',
  options: [
    {
      flags: '--ip <addresses>',
      description: 'where no peer runs: the other machines, as of left (default: those of left.toml)',
    },
    {
      flags: '--port <number>',
      description: `where no peer runs: the UDP port (default: that of left.toml, else ${DEFAULT_PORT})`,
    },
    {
      flags: '--bind <address>',
      description: 'where no peer runs: the address of this machine (default: all)',
    },
  ],
  asksPeer: true,
  answerMsMax: DOCTOR_ANSWER_MS_MAX,
  isShareOptional: true,
  given: (_words, _view, raw) => givenOf(raw),
  onFolder: (share, given) => {
    const { ip, port, bind } = given as { ip?: string; port?: number; bind?: string }
    const peers = ip === undefined ? [] : parsePeers([ip])
    return doctorStopped({ share, peers, port: port ?? DEFAULT_PORT, bind })
  },
  lines: (result) => doctorLines(result as DoctorResult),
  isDone: (result) => (result as DoctorResult).isWell,
}

export function doctorLines({ isRunning, isWell, checks }: DoctorResult): string[] {
  const names = Math.max(...checks.map(({ check }) => check.length))
  const counts = checks.filter(({ state }) => state === 'wrong').length
  const verdict = isWell ? 'nothing is wrong' : `${counts} ${counts === 1 ? 'thing is' : 'things are'} wrong`
  return [
    ...checks.flatMap((each) => checkLines(each, names)),
    '',
    `${verdict}${isRunning ? '' : '; no peer runs on the share, and clocks and paths are compared where one does'}`,
  ]
}

const MARKS = { ok: 'ok', hint: 'hint', wrong: 'WRONG', unknown: '?' } as const
const MARK_COLUMNS = 5

function checkLines({ check, about, state, words, remedy }: Check, names: number): string[] {
  const subject = about === '' ? '' : `${printable(about)}: `
  const head = `${fitted(MARKS[state], MARK_COLUMNS)}  ${fitted(check, names)}`
  const indent = ' '.repeat(MARK_COLUMNS + 2 + names)
  return [
    `${head}  ${subject}${printable(words)}`,
    ...(remedy === '' ? [] : [`${indent}    ${printable(remedy)}`]),
  ]
}

function givenOf({ ip, port, bind }: RawAskArguments): Arguments {
  if (ip !== undefined) parsePeers([ip])
  const number = port === undefined ? undefined : parsePort(port)
  if (port !== undefined && number === undefined)
    throw new LeftError('usage', `--port ${quoted(port)} is not a number from 1 to 65535`)
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(number === undefined ? {} : { port: number }),
    ...(bind === undefined ? {} : { bind: parseBind(bind) }),
  }
}
