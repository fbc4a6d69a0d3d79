// Permissions of the files that LEFT makes: while they are made, their user alone has access; in their place, whoever
// could before. For disk.ts.

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  readdirSync,
  type Stats,
} from 'node:fs'
import { join } from 'node:path'
import { fileBits, folderBits, type ModeChange } from '../base/access.js'
import { OWN_FILES_MAX, OWN_FOLDER_DEPTH_MAX } from './limits.js'

export const PRIVATE_FILE_MODE = 0o600
export const PRIVATE_FOLDER_MODE = 0o700
/** Less what the user's umask takes away. */
export const USUAL_FOLDER_MODE = 0o777
const USUAL_FILE_MODE = 0o666

const GROUP_BITS = 0o070
const MODE_BITS = 0o777
const SPECIAL_BITS = 0o7000

export interface GivenAccess {
  readonly change: ModeChange
  /** The file that is replaced. */
  readonly replaced: Stats | undefined
  readonly usual: UsualModes
}

/** Modes of what this user makes. */
export interface UsualModes {
  readonly file: number
  readonly folder: number
}

export function usualModes(umask: number): UsualModes {
  return { file: USUAL_FILE_MODE & ~umask, folder: USUAL_FOLDER_MODE & ~umask }
}

/** To an open file of ours that nobody else can use yet: it is at no moment open to more than it is at the end. Bits that
 *  make a program run as its owner are given to nothing that a peer has sent. */
export function giveAccess(handle: number, { change, replaced, usual }: GivenAccess): void {
  if (replaced === undefined) {
    setMode(handle, fileBits(usual.file, change, usual.file))
    return
  }
  const wanted = fileBits(replaced.mode & MODE_BITS, change, usual.file)
  setMode(handle, keepOwner(handle, replaced) ? wanted : withoutGroup(wanted))
}

/** Of what stands in the share already. Bits that make a program run as its owner, and files in a folder have its group, are
 *  its person's. */
export function changeMode(handle: number, change: ModeChange, usual: UsualModes): void {
  const stats = fstatSync(handle)
  const bits = stats.mode & MODE_BITS
  const wanted = stats.isDirectory()
    ? folderBits(bits, change, usual.folder)
    : fileBits(bits, change, usual.file)
  if (wanted !== bits) fchmodSync(handle, wanted | (stats.mode & SPECIAL_BITS))
}

/** Makes LEFT's own folder and what is in it its user's alone: earlier versions left it open to everybody. Links in it
 *  are left as they are. */
export function keepPrivate(folder: string): void {
  let left = OWN_FILES_MAX
  const tighten = (path: string, flags: number, depth: number): void => {
    if (left-- <= 0) return
    const handle = openIfMayBe(path, flags)
    if (handle === undefined) return
    try {
      const stats = fstatSync(handle)
      const wanted = stats.isDirectory() ? PRIVATE_FOLDER_MODE : PRIVATE_FILE_MODE
      if ((stats.mode & MODE_BITS) !== wanted) setMode(handle, wanted)
      if (!stats.isDirectory() || depth === 0) return
    } finally {
      closeSync(handle)
    }
    for (const name of readdirSync(path)) tighten(join(path, name), INNER_FLAGS, depth - 1)
  }
  // The folder itself may be on another disk, where its user put a link.
  tighten(folder, OUTER_FLAGS, OWN_FOLDER_DEPTH_MAX)
}

const OUTER_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK
const INNER_FLAGS = OUTER_FLAGS | constants.O_NOFOLLOW

function openIfMayBe(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags)
  } catch {
    return undefined // A link, somebody else's, or gone.
  }
}

/** Sets the bits of an open file; a disk that keeps none (FAT, folders shared with a virtual machine) does not matter. */
export function setMode(handle: number, mode: number): void {
  try {
    fchmodSync(handle, mode)
  } catch (error) {
    if (!KEEPS_NO_MODES.has((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** Whether the disk of an open file of ours keeps its mode: FAT and folders shared with a virtual machine show the same for
 *  every file. */
export function keepsModes(handle: number): boolean {
  return [PRIVATE_FILE_MODE | 0o100, PRIVATE_FILE_MODE].every((mode) => {
    setMode(handle, mode)
    return (fstatSync(handle).mode & MODE_BITS) === mode
  })
}

/** chmod(2); vfat says EPERM. */
const KEEPS_NO_MODES: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'])

/** Answers whether the file has the group of the one that it replaces. Its owner only root can keep. */
function keepOwner(handle: number, { uid, gid }: Stats): boolean {
  const own = fstatSync(handle)
  if (own.uid === uid && own.gid === gid) return true
  for (const owner of own.uid === uid ? [uid] : [uid, own.uid]) {
    try {
      fchownSync(handle, owner, gid)
      return true
    } catch {
      // Not ours to give away, or not to that group.
    }
  }
  return own.gid === gid
}

/** Rights of the former file's group are not given to ours, unless everybody had them. */
function withoutGroup(mode: number): number {
  return (mode & ~GROUP_BITS) | (mode & GROUP_BITS & ((mode & 0o007) << 3))
}
