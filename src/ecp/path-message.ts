// The two messages by which a person at one peer hears why something is not the same at another: a peer says that it takes and gives
// nothing for now, and a peer is asked about one path. Fields of src/ecp/message.ts, which puts the letter before them.
//
//     stop    p|*|<why>                                                   request: so it is with me · reply: instead of what was asked
//     why     q|*|<path>                                                  request
//     stands  q|*|<stands>|*|<held>|*|<code>|*|<detail>|*|<seconds>       reply
//
// <why> is 'paused', 'full' (my disk is) or '-' (neither any more). <path> and <detail> are escaped (src/base/escape.ts). <stands> is
// '-' where nothing is known, else `<kind>:<bytes>:<mtime>:<edit>`: 'f', 'd' or 'l', in upper case where it was deleted; decimal; milliseconds
// since 1970; the edit that made its content, `<author>:<count>`. <held> is '+' or '-'. <code> is a reason (src/base/reason.ts), '-' for none;
// <detail> is '-' for none; <seconds> for how long, '-' where that is not known.

import { utf8 } from '../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import { escapeField, unescapeField } from '../base/escape.js'
import { FILE_BYTES_MAX } from '../base/limits.js'
import { DETAIL_BYTES_MAX, DETAIL_CHARACTERS_MAX, REASON_SECONDS_MAX } from './limits.js'

export type Stop = 'paused' | 'full'

export interface StopMessage {
  readonly type: 'stop'
  /** Undefined: neither any more. */
  readonly stop: Stop | undefined
}

export interface WhyMessage {
  readonly type: 'why'
  readonly path: string
}

export interface StandsMessage {
  readonly type: 'stands'
  /** Undefined where nothing is known of the path. */
  readonly stands: Standing | undefined
  readonly isHeld: boolean
  /** Undefined where nothing keeps it back. */
  readonly reason:
    | { readonly code: string; readonly detail: string; readonly seconds: number | undefined }
    | undefined
}

export interface Standing {
  readonly kind: 'file' | 'folder' | 'link'
  readonly isDeleted: boolean
  readonly bytes: number
  readonly mtimeMs: number
  readonly edit: string
}

type Kind = Standing['kind']

const LETTERS = { file: 'f', folder: 'd', link: 'l' } as const
const KINDS: Readonly<Record<string, Kind>> = { f: 'file', d: 'folder', l: 'link' }
const STANDS =
  /^([fdlFDL]):(0|[1-9][0-9]{0,10}):(0|-?[1-9][0-9]{0,15}):([0-9a-f]{16}:(?:0|[1-9][0-9]{0,15}))$/
const ELLIPSIS = '…'
const CODE = /^[a-z][a-z0-9-]{0,31}$/
const SECONDS = /^(0|[1-9][0-9]{0,8})$/

export function stopFields({ stop }: StopMessage): string[] {
  return [stop ?? '-']
}

export function decodeStop(items: readonly string[]): Decoded<StopMessage> {
  const [why] = items
  if (why === undefined) return undecoded('truncated')
  if (items.length > 1) return undecoded('trailing-bytes')
  if (why !== 'paused' && why !== 'full' && why !== '-') return undecoded('bad-field')
  return decoded({ type: 'stop', stop: why === '-' ? undefined : why })
}

export function whyFields({ path }: WhyMessage): string[] {
  return [escapeField(path)]
}

export function standsFields({ stands, isHeld, reason }: StandsMessage): string[] {
  const detail = reason === undefined ? '' : fittedDetail(reason.detail)
  const seconds = reason?.seconds === undefined ? '-' : `${Math.min(reason.seconds, REASON_SECONDS_MAX)}`
  return [
    encodeStanding(stands),
    isHeld ? '+' : '-',
    reason?.code ?? '-',
    detail === '' ? '-' : detail,
    seconds,
  ]
}

/** Both, told apart by how many fields they have. */
export function decodeWhy(items: readonly string[]): Decoded<WhyMessage | StandsMessage> {
  const [first, held, code, detail, seconds] = items
  if (first === undefined) return undecoded('truncated')
  if (items.length === 1) {
    const path = unescapeField(first)
    return path === undefined || path === '' ? undecoded('bad-field') : decoded({ type: 'why', path })
  }
  if (held === undefined || code === undefined || detail === undefined || seconds === undefined)
    return undecoded('truncated')
  if (items.length > 5) return undecoded('trailing-bytes')
  const stands = decodeStanding(first)
  const text = detail === '-' ? '' : unescapeField(detail)
  if (stands === 'bad' || (held !== '+' && held !== '-')) return undecoded('bad-field')
  const isLong = text !== undefined && text.length > DETAIL_CHARACTERS_MAX
  if (
    text === undefined ||
    isLong ||
    utf8(detail).length > DETAIL_BYTES_MAX ||
    (detail !== '-' && text === '')
  )
    return undecoded('bad-field')
  const isHeld = held === '+'
  if (code === '-' && text === '' && seconds === '-')
    return decoded({ type: 'stands', stands, isHeld, reason: undefined })
  if (!CODE.test(code) || (seconds !== '-' && !SECONDS.test(seconds))) return undecoded('bad-field')
  const reason = { code, detail: text, seconds: seconds === '-' ? undefined : Number(seconds) }
  return decoded({ type: 'stands', stands, isHeld, reason })
}

/** Escaped, and cut where it is too long, with an ellipsis that says so. */
function fittedDetail(detail: string): string {
  const whole = escapeField(detail)
  const fits = detail.length <= DETAIL_CHARACTERS_MAX && utf8(whole).length <= DETAIL_BYTES_MAX
  if (fits) return whole
  let [field, characters, bytes] = ['', 1, utf8(ELLIPSIS).length]
  for (const character of detail) {
    const escaped = escapeField(character)
    characters += character.length
    bytes += utf8(escaped).length
    if (characters > DETAIL_CHARACTERS_MAX || bytes > DETAIL_BYTES_MAX) break
    field += escaped
  }
  return field + ELLIPSIS
}

function encodeStanding(stands: Standing | undefined): string {
  if (stands === undefined) return '-'
  const { kind, isDeleted, bytes, mtimeMs, edit } = stands
  const letter = isDeleted ? LETTERS[kind].toUpperCase() : LETTERS[kind]
  return `${letter}:${bytes}:${mtimeMs}:${edit}`
}

function decodeStanding(text: string): Standing | undefined | 'bad' {
  if (text === '-') return undefined
  const match = STANDS.exec(text)
  if (match === null) return 'bad'
  const [letter, bytes, mtimeMs, edit] = match.slice(1) as [string, string, string, string]
  const kind = KINDS[letter.toLowerCase()]!
  const isBad = Number(bytes) > FILE_BYTES_MAX || !Number.isSafeInteger(Number(mtimeMs)) || !isEdit(edit)
  if (isBad) return 'bad'
  return {
    kind,
    isDeleted: letter !== letter.toLowerCase(),
    bytes: Number(bytes),
    mtimeMs: Number(mtimeMs),
    edit,
  }
}

function isEdit(edit: string): boolean {
  return Number.isSafeInteger(Number(edit.slice(17)))
}
