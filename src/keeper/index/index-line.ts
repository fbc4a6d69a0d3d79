// One line of the index: an entry, and what the disk said of its file when it was read. Written and read by the catalogue
// (catalogue.ts); the index is a file that anything may have happened to, so a line that is none is read as nothing.

import type { Entry } from '../../share/entry.js'
import { decodeEntryInFolder, encodeEntryInFolder } from '../../share/entry-line.js'
import { lineOfFormat1 } from '../../share/format1.js'
import { parentOf } from '../../share/path.js'
import type { Signature } from './signature.js'

interface IndexRecord {
  readonly entry: Entry
  readonly signature: Signature | undefined
  /** False where the entry is known and nothing of it is here. */
  readonly isHeld: boolean
}

/** In place of a signature: known, not held. */
const NOT_HELD = '!'

/** `<size>,<mtime>,<ctime>,<inode>,<x or nothing>` or '-', a space, and the entry line with the name in place of the path,
 *  which is the key. */
export function encodeRecord(entry: Entry, signature: Signature | undefined): string {
  return `${encodeSignature(signature)} ${encodeEntryInFolder(entry)}`
}

/** The same of an entry that is known and not held: '!' stands in place of the signature. */
export function encodeNotHeld(entry: Entry): string {
  return `${NOT_HELD} ${encodeEntryInFolder(entry)}`
}

export function decodeRecord(path: string, value: string): IndexRecord | undefined {
  const space = value.indexOf(' ')
  return space < 0 ? undefined : recordOf(path, value.slice(0, space), value.slice(space + 1))
}

/** The same of an index of format 1. */
export function decodeFormat1Record(path: string, value: string): IndexRecord | undefined {
  const space = value.indexOf(' ')
  const line = space < 0 ? undefined : lineOfFormat1(value.slice(space + 1))
  return line === undefined ? undefined : recordOf(path, value.slice(0, space), line)
}

function recordOf(path: string, signature: string, line: string): IndexRecord | undefined {
  const entry = decodeEntryInFolder(line, parentOf(path))
  if (!entry.ok || entry.value.path !== path) return undefined
  const isHeld = signature !== NOT_HELD
  // Nothing that was deleted is lacking.
  if (!isHeld && entry.value.kind === 'tombstone') return undefined
  return { entry: entry.value, signature: decodeSignature(signature), isHeld }
}

function encodeSignature(signature: Signature | undefined): string {
  if (signature === undefined) return '-'
  const { sizeBytes, mtimeMs, ctimeMs, inode, executable } = signature
  return `${sizeBytes},${mtimeMs},${ctimeMs},${inode},${executable ? 'x' : ''}`
}

function decodeSignature(text: string): Signature | undefined {
  const [sizeBytes, mtimeMs, ctimeMs, inode, executable] = text.split(',')
  if (executable === undefined) return undefined
  // '-0' is read as 0, which is how it would be written.
  const numbers = [sizeBytes, mtimeMs, ctimeMs, inode].map((number) => Number(number) + 0)
  if (!numbers.every(Number.isFinite)) return undefined
  return {
    sizeBytes: numbers[0]!,
    mtimeMs: numbers[1]!,
    ctimeMs: numbers[2]!,
    inode: numbers[3]!,
    executable: executable === 'x',
  }
}
