// The message by which a person at one peer hears of the other's clock and program, and whether this machine can be reached by who was
// not called first. Fields of src/ecp/message.ts, which puts the letter before them.
//
//     check    c|*|<knock>                    request
//     checked  c|*|<clock>|*|<program>        its answer
//
// <knock> is 16 hexadecimal digits: the addressee sends a knock with them (src/rdt/wire/knock.ts) from a port that it has not used,
// to where it has the session. <clock> is milliseconds since 1970 as the addressee has them, <program> its name and version, escaped
// (src/base/escape.ts).

import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import { escapeField, unescapeField } from '../base/escape.js'
import { PROGRAM_CHARACTERS_MAX } from './limits.js'

export interface CheckMessage {
  readonly type: 'check'
  /** 16 lowercase hexadecimal digits. */
  readonly knock: string
}

export interface CheckedMessage {
  readonly type: 'checked'
  readonly wallMs: number
  readonly program: string
}

const KNOCK = /^[0-9a-f]{16}$/
const CLOCK = /^(0|-?[1-9][0-9]{0,15})$/

export function checkFields({ knock }: CheckMessage): string[] {
  return [knock]
}

export function checkedFields({ wallMs, program }: CheckedMessage): string[] {
  return [`${Math.round(wallMs)}`, escapeField(program.slice(0, PROGRAM_CHARACTERS_MAX))]
}

/** Both, told apart by how many fields they have. */
export function decodeCheck(items: readonly string[]): Decoded<CheckMessage | CheckedMessage> {
  const [first, second] = items
  if (first === undefined) return undecoded('truncated')
  if (items.length > 2) return undecoded('trailing-bytes')
  if (second === undefined)
    return KNOCK.test(first) ? decoded({ type: 'check', knock: first }) : undecoded('bad-field')
  const program = unescapeField(second)
  const wallMs = Number(first)
  const isBad = program === undefined || program === '' || program.length > PROGRAM_CHARACTERS_MAX
  if (isBad || !CLOCK.test(first) || !Number.isSafeInteger(wallMs)) return undecoded('bad-field')
  return decoded({ type: 'checked', wallMs, program })
}
