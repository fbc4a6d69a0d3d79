// One line of text per entry, the same in a folder's listing, in a message, in the log and in a capture.
//
//     line    = kind ' ' size ' ' mtime ' ' digest ' ' version ' ' path [ ' ' target ]
//     kind    = 'f' file / 'x' executable file / 'd' folder / 'l' link / 't' tombstone
//     size    = bytes, decimal; 0 unless a file
//     mtime   = milliseconds since 1970, decimal, may be negative; 0 for a folder
//     digest  = 64 lowercase hexadecimal digits of a file, '-' for the others
//     version = see version.ts, '-' for the empty one
//     path    = escaped (base/escape.ts); in a folder's listing the name alone
//     target  = escaped; of a link only
//
// Every entry has exactly one line and every line at most one entry.

import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import { escapeField, unescapeField } from '../base/escape.js'
import { FILE_BYTES_MAX } from '../base/limits.js'
import type { Entry, EntryKind } from './entry.js'
import { MTIME_MS_MAX, TARGET_BYTES_MAX } from './limits.js'
import { checkPath, joinPath, nameOf, utf8Bytes } from './path.js'
import { checkVersion } from './version.js'

const KIND_OF_LETTER: Readonly<Record<string, EntryKind>> = {
  f: 'file',
  x: 'file',
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

const INTEGER = /^(?:0|-?[1-9][0-9]{0,15})$/
const DIGEST = /^[0-9a-f]{64}$/
const LONE_SURROGATE = /[\ud800-\udfff]/u

export function encodeEntry(entry: Entry): string {
  return lineWith(entry, entry.path)
}

/** The line of a folder's listing, which leaves the folder out. */
export function encodeEntryInFolder(entry: Entry): string {
  return lineWith(entry, nameOf(entry.path))
}

/** Strict: only the canonical spelling of an entry within all limits. Never throws. */
export function decodeEntry(text: string): Decoded<Entry> {
  return decodeLine(text, undefined)
}

/** Decodes a line of the listing of `folder` (a checked path, or '' for the share itself): it holds a name. */
export function decodeEntryInFolder(text: string, folder: string): Decoded<Entry> {
  return decodeLine(text, folder)
}

function decodeLine(text: string, folder: string | undefined): Decoded<Entry> {
  if (text === '') return undecoded('empty')
  const fields = text.split(' ', 8)
  const letter = fields[0]!
  const kind = letter.length === 1 ? KIND_OF_LETTER[letter] : undefined
  if (kind === undefined) return undecoded('unknown-kind')
  const fieldCount = kind === 'link' ? 7 : 6
  if (fields.length < fieldCount) return undecoded('truncated')
  if (fields.length > fieldCount) return undecoded('trailing-bytes')
  const sizeBytes = integerOf(fields[1]!, 0, kind === 'file' ? FILE_BYTES_MAX : 0)
  const mtimeMs =
    kind === 'folder' ? integerOf(fields[2]!, 0, 0) : integerOf(fields[2]!, -MTIME_MS_MAX, MTIME_MS_MAX)
  const digest = kind === 'file' ? fields[3]! : ''
  const version = fields[4] === '-' ? '' : fields[4]!
  const tail = unescapeField(fields[5]!)
  if (sizeBytes === undefined || mtimeMs === undefined || tail === undefined) return undecoded('bad-field')
  if (kind === 'file' ? !DIGEST.test(digest) : fields[3] !== '-') return undecoded('bad-field')
  if (fields[4] === '' || !checkVersion(version)) return undecoded('bad-field')
  const target = kind === 'link' ? unescapeField(fields[6]!) : ''
  if (target === undefined || (kind === 'link' && !checkTarget(target))) return undecoded('bad-field')
  if (folder !== undefined && tail.includes('/')) return undecoded('bad-field')
  const path = joinPath(folder ?? '', tail)
  if (tail === '' || checkPath(path) !== undefined) return undecoded('bad-field')
  return decoded({ path, kind, sizeBytes, mtimeMs, executable: letter === 'x', digest, target, version })
}

/** Whether two entries are the same in every field. */
export function sameEntry(left: Entry, right: Entry): boolean {
  return (
    left.path === right.path &&
    left.kind === right.kind &&
    left.sizeBytes === right.sizeBytes &&
    left.mtimeMs === right.mtimeMs &&
    left.executable === right.executable &&
    left.digest === right.digest &&
    left.target === right.target &&
    left.version === right.version
  )
}

/** Whether a link may point at this: not empty, without NUL, whole UTF-8, not too long. */
export function checkTarget(target: string): boolean {
  if (target === '' || target.includes('\0') || LONE_SURROGATE.test(target)) return false
  return utf8Bytes(target) <= TARGET_BYTES_MAX
}

function lineWith(entry: Entry, path: string): string {
  const letter = entry.kind === 'file' && entry.executable ? 'x' : LETTER_OF_KIND[entry.kind]
  const digest = entry.digest === '' ? '-' : entry.digest
  const version = entry.version === '' ? '-' : entry.version
  const line = `${letter} ${entry.sizeBytes} ${entry.mtimeMs} ${digest} ${version} ${escapeField(path)}`
  return entry.kind === 'link' ? `${line} ${escapeField(entry.target)}` : line
}

function integerOf(text: string, least: number, most: number): number | undefined {
  if (!INTEGER.test(text)) return undefined
  const value = Number(text)
  return value >= least && value <= most ? value : undefined
}
