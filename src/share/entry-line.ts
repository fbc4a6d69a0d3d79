// One line of text per entry, the same in a folder's listing, in a message, in the log and in a capture.
//
//     line    = kind ' ' mode ' ' size ' ' mtime ' ' digest ' ' version ' ' path [ ' ' target ]
//     kind    = 'f' file / 'd' folder / 'l' link / 't' tombstone
//     mode    = of a file: readers [ 'x' executable ]; of a folder: readers; of a link: '-'
//               of a tombstone: the kind that was deleted [ '!' confirmed ]
//     readers = 'o' its owner / 'g' its group / 'a' all / '-' not told, by a disk that keeps no modes
//     size    = bytes, decimal; 0 unless a file
//     mtime   = time [ ',' time [ '@' dot ] ]    of the content; of a touch; touched content, where it is another one
//     time    = milliseconds since 1970, decimal, may be negative; 0 for a folder
//     digest  = 64 lowercase hexadecimal digits of a file, '-' for the others
//     version = see dots.ts; in a folder's listing version-table.ts
//     path    = escaped (base/escape.ts); in a folder's listing the name alone
//     target  = escaped; of a link, and of a tombstone whose content was moved: the path where it is
//
// Every entry has exactly one line and every line at most one entry.

import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import { escapeField, unescapeField } from '../base/escape.js'
import { FILE_BYTES_MAX } from '../base/limits.js'
import { type Dot, type DottedVersion, decodeVersion, encodeVersion, isDot, sameVersion } from './dots.js'
import type { Access, Entry, EntryKind } from './entry.js'
import { MTIME_MS_MAX, TARGET_BYTES_MAX } from './limits.js'
import { checkPath, joinPath, nameOf, utf8Bytes } from './path.js'

const KIND_OF_LETTER: Readonly<Record<string, EntryKind>> = {
  f: 'file',
  d: 'folder',
  l: 'link',
  t: 'tombstone',
}
const LETTER_OF_KIND: Readonly<Record<EntryKind, string>> = {
  file: 'f',
  folder: 'd',
  link: 'l',
  tombstone: 't',
}
const ACCESS_OF_LETTER: Readonly<Record<string, Access>> = {
  o: 'owner',
  g: 'group',
  a: 'all',
  '-': 'none',
}
const LETTER_OF_ACCESS: Readonly<Record<Access, string>> = { owner: 'o', group: 'g', all: 'a', none: '-' }

const INTEGER = /^(?:0|-?[1-9][0-9]{0,15})$/
const DIGEST = /^[0-9a-f]{64}$/
const LONE_SURROGATE = /[\ud800-\udfff]/u

/** How versions are written in a line. */
export interface VersionText {
  encode(version: DottedVersion): string
  decode(text: string): Decoded<DottedVersion>
}

const WHOLE: VersionText = { encode: encodeVersion, decode: decodeVersion }

export function encodeEntry(entry: Entry): string {
  return lineWith(entry, entry.path, WHOLE)
}

/** The line of a folder's listing, which leaves the folder out. */
export function encodeEntryInFolder(entry: Entry, versions = WHOLE): string {
  return lineWith(entry, nameOf(entry.path), versions)
}

/** Strict: only the canonical spelling of an entry within all limits. Never throws. */
export function decodeEntry(text: string): Decoded<Entry> {
  return decodeLine(text, undefined, WHOLE)
}

/** Decodes a line of the listing of `folder` (a checked path, or '' for the share itself): it holds a name. */
export function decodeEntryInFolder(text: string, folder: string, versions = WHOLE): Decoded<Entry> {
  return decodeLine(text, folder, versions)
}

function decodeLine(text: string, folder: string | undefined, versions: VersionText): Decoded<Entry> {
  if (text === '') return undecoded('empty')
  const fields = text.split(' ', 9)
  const letter = fields[0]!
  const kind = letter.length === 1 ? KIND_OF_LETTER[letter] : undefined
  if (kind === undefined) return undecoded('unknown-kind')
  if (fields.length < (kind === 'link' ? 8 : 7)) return undecoded('truncated')
  if (fields.length > (kind === 'link' || kind === 'tombstone' ? 8 : 7)) return undecoded('trailing-bytes')
  const mode = modeOf(fields[1]!, kind)
  const sizeBytes = integerOf(fields[2]!, 0, kind === 'file' ? FILE_BYTES_MAX : 0)
  const version = versions.decode(fields[5]!)
  if (mode === undefined || sizeBytes === undefined || !version.ok) return undecoded('bad-field')
  const times = timesOf(fields[3]!, kind, version.value.content)
  const digest = kind === 'file' ? fields[4]! : ''
  if (kind === 'file' ? !DIGEST.test(digest) : fields[4] !== '-') return undecoded('bad-field')
  const target = targetOf(fields[7], kind)
  const path = pathOf(fields[6]!, folder)
  if (times === undefined || target === undefined || path === undefined) return undecoded('bad-field')
  // Field by field, not spread: a walk decodes a hundred thousand lines in a second.
  return decoded({
    path,
    kind,
    sizeBytes,
    digest,
    target,
    mtimeMs: times.mtimeMs,
    touched: times.touched,
    access: mode.access,
    executable: mode.executable,
    deletedKind: mode.deletedKind,
    confirmed: mode.confirmed,
    version: version.value,
  })
}

function modeOf(
  text: string,
  kind: EntryKind,
): Pick<Entry, 'access' | 'executable' | 'deletedKind' | 'confirmed'> | undefined {
  const flag = text.slice(1)
  if (kind === 'link') return text === '-' ? LINK_MODE : undefined
  if (kind === 'tombstone') {
    const deletedKind = KIND_OF_LETTER[text.slice(0, 1)]
    if (deletedKind === undefined || deletedKind === 'tombstone' || (flag !== '' && flag !== '!'))
      return undefined
    return { access: 'none', executable: false, deletedKind, confirmed: flag === '!' }
  }
  const access = ACCESS_OF_LETTER[text.slice(0, 1)]
  if (access === undefined || (flag !== '' && (flag !== 'x' || kind !== 'file'))) return undefined
  return { access, executable: flag === 'x', deletedKind: undefined, confirmed: false }
}

const LINK_MODE = { access: 'none', executable: false, deletedKind: undefined, confirmed: false } as const

/** `content` is the dot of the entry's own content. */
function timesOf(
  text: string,
  kind: EntryKind,
  content: Dot,
): Pick<Entry, 'mtimeMs' | 'touched'> | undefined {
  const [time, touch, ...more] = text.split(',', 3)
  const mtimeMs = timeOf(time!, kind)
  if (mtimeMs === undefined || more.length > 0) return undefined
  if (touch === undefined) return { mtimeMs, touched: undefined }
  const at = touch.indexOf('@')
  const touchedMs = timeOf(at < 0 ? touch : touch.slice(0, at), kind)
  const dot = at < 0 ? content : touch.slice(at + 1)
  if (touchedMs === undefined || !isDot(dot) || (at >= 0 && dot === content)) return undefined
  return { mtimeMs, touched: { mtimeMs: touchedMs, content: dot } }
}

function timeOf(text: string, kind: EntryKind): number | undefined {
  return kind === 'folder' ? integerOf(text, 0, 0) : integerOf(text, -MTIME_MS_MAX, MTIME_MS_MAX)
}

function targetOf(text: string | undefined, kind: EntryKind): string | undefined {
  if (text === undefined) return ''
  const target = unescapeField(text)
  if (target === undefined || target === '') return undefined
  if (kind === 'tombstone') return checkPath(target) === undefined ? target : undefined
  return checkTarget(target) ? target : undefined
}

function pathOf(text: string, folder: string | undefined): string | undefined {
  const tail = unescapeField(text)
  if (tail === undefined || tail === '' || (folder !== undefined && tail.includes('/'))) return undefined
  const path = joinPath(folder ?? '', tail)
  return checkPath(path) === undefined ? path : undefined
}

/** Whether two entries are the same in every field. */
export function sameEntry(left: Entry, right: Entry): boolean {
  return (
    left.path === right.path &&
    left.kind === right.kind &&
    left.sizeBytes === right.sizeBytes &&
    left.mtimeMs === right.mtimeMs &&
    left.digest === right.digest &&
    left.target === right.target &&
    left.deletedKind === right.deletedKind &&
    left.access === right.access &&
    left.executable === right.executable &&
    left.confirmed === right.confirmed &&
    left.touched?.mtimeMs === right.touched?.mtimeMs &&
    left.touched?.content === right.touched?.content &&
    sameVersion(left.version, right.version)
  )
}

/** Whether a link may point at this: not empty, without NUL, whole UTF-8, not too long. */
export function checkTarget(target: string): boolean {
  if (target === '' || target.includes('\0') || LONE_SURROGATE.test(target)) return false
  return utf8Bytes(target) <= TARGET_BYTES_MAX
}

function lineWith(entry: Entry, path: string, versions: VersionText): string {
  const digest = entry.digest === '' ? '-' : entry.digest
  const what = `${LETTER_OF_KIND[entry.kind]} ${modeText(entry)} ${entry.sizeBytes} ${timesText(entry)} ${digest}`
  const line = `${what} ${versions.encode(entry.version)} ${escapeField(path)}`
  return entry.target === '' ? line : `${line} ${escapeField(entry.target)}`
}

function modeText({ kind, access, executable, deletedKind, confirmed }: Entry): string {
  if (kind === 'tombstone') return `${LETTER_OF_KIND[deletedKind ?? 'file']}${confirmed ? '!' : ''}`
  return `${LETTER_OF_ACCESS[access]}${executable ? 'x' : ''}`
}

function timesText({ mtimeMs, touched, version }: Entry): string {
  if (touched === undefined) return `${mtimeMs}`
  const of = touched.content === version.content ? '' : `@${touched.content}`
  return `${mtimeMs},${touched.mtimeMs}${of}`
}

function integerOf(text: string, least: number, most: number): number | undefined {
  if (!INTEGER.test(text)) return undefined
  const value = Number(text)
  return value >= least && value <= most ? value : undefined
}
