// Facts of files, folders and names between the system's form and that of the disk port. For disk.ts.

import { constants, type Stats } from 'node:fs'
import { accessOf } from '../base/access.js'
import { textOf } from '../base/bytes.js'
import { DiskError, type FileKind, type FileStat, type FolderListing } from '../base/ports.js'

/** With these a name that is missing does not even throw, which costs a tenth. */
export const STAT_OPTIONS = { throwIfNoEntry: false } as const

/** There is nothing where a name is missing (which need not even throw, and then costs a tenth), below what
 *  is no folder or a link that is not followed, and where a link leads in a circle. */
export function statOrNothing(look: () => Stats | undefined): Stats | undefined {
  try {
    return look()
  } catch (error) {
    if (error instanceof DiskError && (error.code === 'link' || error.code === 'changed-kind'))
      return undefined
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
    throw error
  }
}

export function fileStat(stats: Stats, keepsModes: boolean): FileStat {
  return {
    kind: kindOf(stats.mode),
    sizeBytes: stats.size,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
    inode: stats.ino,
    device: stats.dev,
    executable: keepsModes && (stats.mode & 0o100) !== 0,
    access: keepsModes ? accessOf(stats.mode) : 'none',
    mode: stats.mode & 0o777,
  }
}

function kindOf(mode: number): FileKind {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return 'file'
    case constants.S_IFDIR:
      return 'folder'
    case constants.S_IFLNK:
      return 'link'
    default:
      return 'other'
  }
}

export function sortedByLegibility(rawNames: readonly Buffer[]): FolderListing {
  const names: string[] = []
  const unreadable: string[] = []
  for (const raw of rawNames) {
    const name = textOf(raw)
    if (name === undefined) unreadable.push(printable(raw))
    else names.push(name)
  }
  return { names, unreadable }
}

/** ASCII as it is, every other byte as `\xff`. */
function printable(raw: Uint8Array): string {
  let text = ''
  for (const byte of raw) {
    text +=
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

/** Seconds for utimes(2). The double that Node takes is off by up to 0.12 µs at today's dates, which would put half of all
 *  whole milliseconds just below themselves: the next double keeps them. Node 20 and 22 cut times to the microsecond, which
 *  makes them whole again; Node 24 does not, and they stay up to 0.4 µs late. As a text, because Node replaces negative
 *  numbers (files from before 1970) by the present. */
export function secondsText(mtimeMs: number): string {
  const seconds = mtimeMs / 1000
  const isExact = Number.isInteger(seconds) || !Number.isInteger(mtimeMs)
  return String(isExact ? seconds : seconds + Math.max(2.4e-7, (Math.abs(seconds) * Number.EPSILON) / 2))
}
