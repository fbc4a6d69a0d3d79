// Gives files and folders the mode and the time of their entries, as far as the disk, its user and the umask let us: the
// content is the same without them, and that is what counts. Placing, adopting and recovery call it.

import { type Access, morePrivate, PRIVACY } from '../../base/access.js'
import { type Disk, DiskError, type FileStat } from '../../base/ports.js'
import { FOLDER_TEMPORARY, type Temporary } from '../../pipe/layout.js'
import { isConflictCopy, originalOf } from '../../share/decide.js'
import { isOfFormat1 } from '../../share/dots.js'
import { mtimeOf } from '../../share/edit.js'
import type { Entry, Mode } from '../../share/entry.js'
import { modeOf, type Signature, signatureOf } from '../index/signature.js'

/** Whether `entry` opens what stands here to more than `standing` did. Where nothing was told of who may read it, it stays
 *  as private as it is, but for a folder that LEFT has made: a person made those of format 1. */
export function widens(standing: Entry | undefined, entry: Entry): boolean {
  if (standing === undefined || standing.kind !== entry.kind) return true
  if (entry.access === 'none') return false
  if (standing.access !== 'none') return PRIVACY[standing.access] > PRIVACY[entry.access]
  return standing.kind === 'folder' && !isOfFormat1(standing.version.content)
}

/** Of what stands in its place. */
export function applyMetadata(disk: Disk, entry: Entry, isWidened: boolean): void {
  applyMode(disk, entry.path, entry, isWidened)
  if (entry.kind === 'file') ifAllowed(() => disk.setTimes(entry.path, mtimeOf(entry)))
}

export function applyMode(disk: Disk, path: string, { access, executable }: Mode, isWidened: boolean): void {
  ifAllowed(() => disk.setMode(path, { access, executable, widens: isWidened }))
}

/** Makes a folder beside the share, its user's alone until it is what the access says, and puts it in its place. Answers
 *  how it looks. Throws a DiskError, 'exists' where something is there. */
export function makeFolder(disk: Disk, path: string, access: Access): Mode | undefined {
  // One that a kill left may be open already.
  if (disk.statLink(FOLDER_TEMPORARY) !== undefined) disk.removeFolder(FOLDER_TEMPORARY)
  disk.makeFolder(FOLDER_TEMPORARY, 'private')
  try {
    applyMode(disk, FOLDER_TEMPORARY, { access, executable: false }, true)
    if (disk.statLink(path) !== undefined) throw new DiskError('exists', `${path} exists`)
    disk.rename(FOLDER_TEMPORARY, path)
  } catch (error) {
    ifAllowed(() => disk.removeFolder(FOLDER_TEMPORARY))
    throw error
  }
  return shownMode(disk, path)
}

/** The mode of a folder as it looks now. */
export function shownMode(disk: Disk, path: string): Mode | undefined {
  const stat = disk.statLink(path)
  return stat === undefined ? undefined : modeOf({ access: stat.access, executable: false })
}

/** The temporary file was this user's alone until now: from here on, whoever may use the file that it replaces may
 *  use it, within what the entry says. Throws a DiskError. */
export function prepareTemporary(
  disk: Disk,
  { path }: Temporary,
  entry: Entry,
  standing: Entry | undefined,
): Temporary {
  const { access, executable } = entry
  // A disk without modes told nothing of the loser: its copy is as private as what stands at the path that it lost.
  const original = access === 'none' && isConflictCopy(entry) ? originalOf(entry.path) : undefined
  const isLikeOriginal = standing === undefined && original !== undefined && isFile(disk, original)
  const isWidened = widens(standing, entry) || (access !== 'none' && isLink(disk, entry.path))
  const change = { access, executable, widens: !isLikeOriginal && isWidened }
  const replaces = standing?.kind === 'file' ? entry.path : isLikeOriginal ? original : undefined
  const looks = disk.setAccess(path, { ...change, replaces })
  // Exactly: the time at which it was written may be one that a coarse disk would keep for another.
  if (Math.round(looks.mtimeMs) === mtimeOf(entry)) return { path, looks }
  disk.setTimes(path, mtimeOf(entry))
  return { path, looks: disk.statLink(path) }
}

/** The target of a link keeps its own mode, which may be narrower than that of the entry. */
function isLink(disk: Disk, path: string): boolean {
  return disk.statLink(path)?.kind === 'link'
}

function isFile(disk: Disk, path: string): boolean {
  return disk.statLink(path)?.kind === 'file'
}

/** The access that the disk showed of a file or a folder when it was placed. 'none' where that cannot be told, as of a copy that was
 *  made as private as its original. `replaced`: the file that was there. */
export function placedAccess(
  disk: Disk,
  entry: Entry,
  replaced: { readonly entry: Entry; readonly mode: Mode | undefined } | undefined,
): Access {
  const usual = disk.usualAccess()
  const isUntold = entry.access === 'none'
  if (usual === 'none' || (isUntold && (isConflictCopy(entry) || isOfFormat1(entry.version.content))))
    return 'none'
  if (replaced === undefined) return morePrivate(entry.access, usual)
  const before = replaced.mode?.access ?? 'none'
  if (before === 'none') return 'none'
  // The entry's mode could not be set, as on what a link leads to: whether a link was replaced cannot be told any more.
  if (PRIVACY[before] > PRIVACY[morePrivate(replaced.entry.access, usual)]) return 'none'
  const isOpened = widens(replaced.entry, entry) && PRIVACY[usual] < PRIVACY[before]
  return morePrivate(entry.access, isOpened ? usual : before)
}

/** Signature of the file as it looks now, if it is the very one that was just put there: else the next scan reads it
 *  again. Not compared with the entry, whose time and mode the disk may keep otherwise. */
export function signatureAfter(
  before: FileStat | undefined,
  after: FileStat | undefined,
): Signature | undefined {
  const same =
    before !== undefined &&
    after !== undefined &&
    before.inode === after.inode &&
    before.sizeBytes === after.sizeBytes &&
    before.mtimeMs === after.mtimeMs &&
    before.mode === after.mode
  return same ? signatureOf(after) : undefined
}

function ifAllowed(change: () => void): void {
  try {
    change()
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}
