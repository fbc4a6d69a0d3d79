// Stat of a file from when its content was read: as long as the stat stays the same, the file is not read again.

import type { FileStat } from '../../base/ports.js'
import type { Access, Mode } from '../../share/entry.js'

/** Stat of a file from when its content was known: as long as the stat is the same, the content is. */
export interface Signature {
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly inode: number
  /** As the disk showed it, which may be less than the entry says: the umask took some, or the disk keeps no modes. */
  readonly mode: Mode
}

/** What is known of how a thing looks on the disk. */
export interface Looks {
  readonly signature: Signature | undefined
  /** That of the signature, or of what has none: of folders, and of files whose content is not known for sure. Undefined where
   *  nothing is known of it. */
  readonly mode: Mode | undefined
}

export function signatureOf(stat: FileStat): Signature {
  const { sizeBytes, mtimeMs, ctimeMs, inode } = stat
  return { sizeBytes, mtimeMs, ctimeMs, inode, mode: modeOf(stat) }
}

export function sameSignature(left: Signature | undefined, right: Signature | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return (
    left.sizeBytes === right.sizeBytes &&
    left.mtimeMs === right.mtimeMs &&
    left.ctimeMs === right.ctimeMs &&
    left.inode === right.inode &&
    left.mode.executable === right.mode.executable &&
    sameAccess(left.mode, right.mode)
  )
}

/** One object for each mode, since there are as many signatures as files. */
export function modeOf({ access, executable }: Mode): Mode {
  return (executable ? EXECUTABLE : PLAIN)[access]
}

/** Whether what was known of a mode still holds. The index of format 1 did not tell who may read. */
export function sameAccess(left: Mode | undefined, right: Mode | undefined): boolean {
  const [known, seen] = [left?.access ?? 'none', right?.access ?? 'none']
  return known === seen || known === 'none' || seen === 'none'
}

/** Whether the mode that a disk shows is known already. */
export function isKnownMode(known: Mode | undefined, seen: Mode): boolean {
  return seen.access === 'none' || known?.access === seen.access
}

const PLAIN = modesOf(false)
const EXECUTABLE = modesOf(true)

function modesOf(executable: boolean): Readonly<Record<Access, Mode>> {
  const of = (access: Access): Mode => ({ access, executable })
  return { owner: of('owner'), group: of('group'), all: of('all'), none: of('none') }
}

/** Whether a disk that was given `mtimeMs` may say `seenMs`: they keep nanoseconds, 10 ms (exFAT), 1 s or 2 s (FAT). */
export function isKeptTime(seenMs: number, mtimeMs: number): boolean {
  return [1, 10, 1_000, 2_000].some((stepMs) => Math.floor(mtimeMs / stepMs) * stepMs === Math.round(seenMs))
}
