// The result of `doctor`: what was looked at, a line each. README.md documents the fields; the peer fills them in (src/app/doctor), the
// command line shows them.

/** In the order of the lines. */
export const CHECK_NAMES = [
  'share', // the folder and what is in it
  'address', // this machine's own addresses
  'port', // the UDP port that it listens on
  'peer', // one of --ip, of a tracker, or found
  'caller', // somebody who calls and is not named here
  'firewall', // whether datagrams come in that were not asked for
  'clock', // how far a peer's clock is off
  'path', // the largest datagram that gets through
  'watching', // what the system tells of changes
  'files', // how many files may be open
  'disk', // room
  'program', // versions of this program, of those of peers, and of Node
  'packages', // optional ones
] as const

export type CheckName = (typeof CHECK_NAMES)[number]

export interface Check {
  readonly check: CheckName
  /** The address that it is about; '' for this machine. */
  readonly about: string
  /** 'hint': it works, and would work better; 'unknown': it could not be found out. */
  readonly state: 'ok' | 'hint' | 'wrong' | 'unknown'
  readonly words: string
  /** What to do; '' where nothing is needed. */
  readonly remedy: string
}

export interface DoctorResult {
  /** A peer runs on the share, and was asked. */
  readonly isRunning: boolean
  /** Nothing is wrong. */
  readonly isWell: boolean
  readonly checks: readonly Check[]
}

/** In the order of the names, as they came within one. */
export function doctorResult(isRunning: boolean, checks: readonly Check[]): DoctorResult {
  const order = (check: Check) => CHECK_NAMES.indexOf(check.check)
  const sorted = [...checks].sort((left, right) => order(left) - order(right))
  return { isRunning, isWell: checks.every(({ state }) => state !== 'wrong'), checks: sorted }
}

export function ok(check: CheckName, words: string, about = ''): Check {
  return { check, about, state: 'ok', words, remedy: '' }
}

export function wrong(check: CheckName, words: string, remedy: string, about = ''): Check {
  return { check, about, state: 'wrong', words, remedy }
}

export function hint(check: CheckName, words: string, remedy: string, about = ''): Check {
  return { check, about, state: 'hint', words, remedy }
}

export function unknown(check: CheckName, words: string, about = ''): Check {
  return { check, about, state: 'unknown', words, remedy: '' }
}
