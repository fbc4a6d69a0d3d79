// Reads and changes the trash of a share on its folder, for a command of a person. Only its listing may be read while a peer runs; for
// the rest nobody can start one meanwhile.

import { LeftError } from '../base/errors.js'
import type { Disk } from '../base/ports.js'
import { RealDisk } from '../io/disk.js'
import { PrivateFiles } from '../io/private-files.js'
import { stateFolder } from '../io/witness.js'
import { emptyTrash, finish, lookFor, restore, type Trashed } from '../keeper/trash/restoring.js'
import type { EmptiedTrash, RestoredFromTrash, TrashSought } from '../pipe/commands.js'
import { privatePlacesOf } from './private-places.js'
import { openShareFolder } from './share-folder.js'

export type { Trashed } from '../keeper/trash/restoring.js'

/** `share` is an absolute path. What was taken in first stands first. @throws LeftError. */
export function listTrash(share: string, sought: TrashSought): readonly Trashed[] {
  return onDisk(share, (disk) => finish(lookFor(disk, sought)))
}

/** @throws LeftError, 'control-failed' where a peer runs that could not be asked. */
export function restoreStopped(share: string, sought: TrashSought): RestoredFromTrash {
  return onLocked(share, (disk) => finish(restore(disk, sought)))
}

/** @throws LeftError as `restoreStopped`. */
export function emptyStopped(share: string, beforeMs: number | undefined): EmptiedTrash {
  return onLocked(share, (disk) => finish(emptyTrash(disk, beforeMs)))
}

function onLocked<T>(share: string, work: (disk: Disk) => T): T {
  const { release } = openLocked(share)
  try {
    return onDisk(share, work)
  } finally {
    release()
  }
}

function openLocked(share: string): { readonly release: () => void } {
  try {
    return openShareFolder(share, stateFolder())
  } catch (error) {
    if (!(error instanceof LeftError) || error.code !== 'share-in-use') throw error
    const message = `left runs on ${share} and cannot be asked: try again where it is starting, else stop it first`
    throw new LeftError('control-failed', message, error)
  }
}

function onDisk<T>(share: string, work: (disk: Disk) => T): T {
  const noneNamed = { identity: undefined, secretFiles: [], passphraseFile: undefined }
  const privateFiles = new PrivateFiles(privatePlacesOf(noneNamed))
  try {
    const disk = new RealDisk(share, { following: 'none', privateFiles })
    try {
      return work(disk)
    } finally {
      disk.dispose()
    }
  } finally {
    privateFiles.close()
  }
}
