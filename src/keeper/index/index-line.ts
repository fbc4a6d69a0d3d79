// One line of the index: an entry, and what the disk said of its file when it was read. Written and read by records.ts;
// the index is a file that anything may have happened to, so a line that is none is read as nothing.

import type { Access, Entry, Mode } from '../../share/entry.js'
import { decodeEntryInFolder, encodeEntryInFolder } from '../../share/entry-line.js'
import { lineOfFormat1 } from '../../share/format1.js'
import { parentOf } from '../../share/path.js'
import { type Looks, modeOf, type Signature } from './signature.js'

interface IndexRecord extends Looks {
  readonly entry: Entry
  /** False where the entry is known and nothing of it is here. */
  readonly isHeld: boolean
  /** A folder that was deleted still stands at the path. */
  readonly isRemaining: boolean
  /** The breaker stopped the deletion of it here: nobody was told. */
  readonly isMissing?: boolean
  /** This was missing until a peer's edit was to bring its path back, which is not here yet. */
  readonly givenUp?: Entry
  /** The breaker stopped the entry, of a peer: this of ours stands in its place. */
  readonly kept?: Kept
}

/** Ours, where a change of a peer is known and was not carried out. */
export interface Kept extends Looks {
  readonly entry: Entry
}

/** In place of a signature: known, not held; and a deleted folder that still stands, with what the deletion had not seen. */
const NOT_HELD = '!'
const REMAINING = '^'
/** In front of the line of what was deleted here, and of ours where a peer's change was not carried out: what a peer has follows in a
 *  second line; of what was deleted here only where a peer's edit is to bring the path back. */
const MISSING = '%'
const KEPT = '~'
/** In front of the line of what is here and in no tree. */
const ASIDE = '?'

/** `<size>,<mtime>,<ctime>,<inode>,<mode>` or `-<mode>`, a space, and the entry line with the name in place of the path, which
 *  is the key. Mode: 'o', 'g' or 'a' for owner, group and all, nothing where it is not known; 'x' where it is executable. */
export function encodeRecord({ entry, signature, mode }: Looks & { readonly entry: Entry }): string {
  return `${encodeLooks(signature, mode)} ${encodeEntryInFolder(entry)}`
}

/** The same of an entry that is known and not held: '!' and the mode stand in place of what the disk showed. There is a mode where
 *  it was held before. */
export function encodeNotHeld(entry: Entry, mode?: Mode): string {
  return `${NOT_HELD}${encodeMode(mode)} ${encodeEntryInFolder(entry)}`
}

/** The same where a deleted folder still stands at the path: '^', behind '!' where the entry is not held. */
export function encodeRemaining(entry: Entry, isHeld: boolean): string {
  return `${isHeld ? '' : NOT_HELD}${REMAINING} ${encodeEntryInFolder(entry)}`
}

/** The line of whatever is known of an entry. */
export function encodeLine(
  entry: Entry,
  facts: Looks & {
    readonly isHeld: boolean
    readonly isRemaining: boolean
    readonly isMissing: boolean
    readonly kept: Kept | undefined
    readonly givenUp?: Entry | undefined
  },
): string {
  const { isHeld, isRemaining, isMissing, kept, givenUp, signature, mode } = facts
  const plain = isRemaining
    ? encodeRemaining(entry, isHeld)
    : isHeld
      ? encodeRecord({ entry, signature, mode })
      : encodeNotHeld(entry, mode)
  if (kept !== undefined) return encodeKept(kept, plain)
  if (givenUp !== undefined && !isHeld) return encodeGivenUp(givenUp, plain)
  return isMissing ? encodeMissing(plain) : plain
}

/** A line of what was deleted here and told to nobody. */
export function encodeMissing(line: string): string {
  return `${MISSING}${line}`
}

/** The line of an entry that is known and not held, where this one was deleted and told to nobody. */
export function encodeGivenUp(givenUp: Entry, line: string): string {
  return `${encodeMissing(encodeRecord({ entry: givenUp, signature: undefined, mode: undefined }))}\n${line}`
}

/** The line of an entry of a peer in whose place ours stands. */
export function encodeKept(kept: Kept, line: string): string {
  return `${KEPT}${encodeRecord(kept)}\n${line}`
}

/** The line of what is here and in no tree. */
export function encodeAside(aside: Kept): string {
  return `${ASIDE}${encodeRecord(aside)}`
}

/** Whether the line is one of `encodeAside`, which `decodeRecord` does not read. */
export function isAside(line: string): boolean {
  return line.startsWith(ASIDE)
}

export function decodeAside(path: string, line: string): Kept | undefined {
  const record = isAside(line) ? decodePlain(path, line.slice(1)) : undefined
  if (record?.isHeld !== true || record.isRemaining || record.entry.kind === 'tombstone') return undefined
  const { entry, signature, mode } = record
  return { entry, signature, mode }
}

export function decodeRecord(path: string, value: string): IndexRecord | undefined {
  if (value.startsWith(MISSING)) return decodeMissing(path, value.slice(1))
  if (value.startsWith(KEPT)) return decodeKept(path, value.slice(1))
  if (isAside(value)) return undefined
  return decodePlain(path, value)
}

function decodePlain(path: string, value: string): IndexRecord | undefined {
  const space = value.indexOf(' ')
  return space < 0 ? undefined : recordOf(path, value.slice(0, space), value.slice(space + 1))
}

function decodeMissing(path: string, value: string): IndexRecord | undefined {
  const end = value.indexOf('\n')
  const missing = decodePlain(path, end < 0 ? value : value.slice(0, end))
  if (missing?.isHeld !== true || missing.entry.kind === 'tombstone') return undefined
  if (end < 0) return { ...missing, isMissing: true }
  const record = decodePlain(path, value.slice(end + 1))
  return record?.isHeld === false ? { ...record, givenUp: missing.entry } : undefined
}

function decodeKept(path: string, value: string): IndexRecord | undefined {
  const end = value.indexOf('\n')
  const kept = end < 0 ? undefined : decodePlain(path, value.slice(0, end))
  const record = end < 0 ? undefined : decodePlain(path, value.slice(end + 1))
  if (kept?.isHeld !== true || kept.entry.kind === 'tombstone' || record === undefined) return undefined
  // Nothing is stopped that is here.
  if (record.isRemaining || (record.isHeld && record.entry.kind !== 'tombstone')) return undefined
  const { entry, signature, mode } = kept
  return { ...record, kept: { entry, signature, mode } }
}

/** The same of an index of format 1. */
export function decodeFormat1Record(path: string, value: string): IndexRecord | undefined {
  const space = value.indexOf(' ')
  const line = space < 0 ? undefined : lineOfFormat1(value.slice(space + 1))
  return line === undefined ? undefined : recordOf(path, value.slice(0, space), line)
}

function recordOf(path: string, looks: string, line: string): IndexRecord | undefined {
  const entry = decodeEntryInFolder(line, parentOf(path))
  if (!entry.ok || entry.value.path !== path) return undefined
  // '!' comes first, with or without a mode behind it; '^' stands alone or behind it.
  const isHeld = !looks.startsWith(NOT_HELD)
  const isRemaining = looks === REMAINING || looks === NOT_HELD + REMAINING
  const isDeleted = entry.value.kind === 'tombstone'
  // Nothing that was deleted is lacking, and where a deleted folder stands nothing else does.
  if (!isHeld && isDeleted) return undefined
  if (isRemaining && isHeld && !isDeleted) return undefined
  return { entry: entry.value, ...decodeLooks(looks), isHeld, isRemaining }
}

function encodeLooks(signature: Signature | undefined, mode: Mode | undefined): string {
  if (signature === undefined) return `-${encodeMode(mode)}`
  const { sizeBytes, mtimeMs, ctimeMs, inode } = signature
  return `${sizeBytes},${mtimeMs},${ctimeMs},${inode},${encodeMode(signature.mode)}`
}

function decodeLooks(text: string): Looks {
  const [sizeBytes, mtimeMs, ctimeMs, inode, letters] = text.split(',')
  if (letters === undefined) return { signature: undefined, mode: decodeMode(text.slice(1)) }
  // '-0' is read as 0, which is how it would be written.
  const numbers = [sizeBytes, mtimeMs, ctimeMs, inode].map((number) => Number(number) + 0)
  if (!numbers.every(Number.isFinite)) return { signature: undefined, mode: undefined }
  const mode = decodeMode(letters) ?? modeOf({ access: 'none', executable: false })
  const signature = {
    sizeBytes: numbers[0]!,
    mtimeMs: numbers[1]!,
    ctimeMs: numbers[2]!,
    inode: numbers[3]!,
    mode,
  }
  return { signature, mode }
}

const LETTER_OF_ACCESS: Readonly<{ [access in Access]: string }> = {
  owner: 'o',
  group: 'g',
  all: 'a',
  none: '',
}
const MODE = /^([oga]?)(x?)$/

function encodeMode(mode: Mode | undefined): string {
  return mode === undefined ? '' : `${LETTER_OF_ACCESS[mode.access]}${mode.executable ? 'x' : ''}`
}

function decodeMode(text: string): Mode | undefined {
  const match = MODE.exec(text)
  if (match === null || text === '') return undefined
  const access = ACCESSES.find((each) => LETTER_OF_ACCESS[each] === match[1])!
  return modeOf({ access, executable: match[2] === 'x' })
}

const ACCESSES: readonly Access[] = ['owner', 'group', 'all', 'none']
