// What the system tells of files, folders and their names, as the disk port has it. For disk.ts.

import { constants, type Stats } from 'node:fs'
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

export function fileStat(stats: Stats): FileStat {
  return {
    kind: kindOf(stats.mode),
    sizeBytes: stats.size,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
    inode: stats.ino,
    device: stats.dev,
    executable: (stats.mode & 0o100) !== 0,
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
