// Makes a folder into a share: the folder, `.left` in it, its lock and its peer id (replica.ts). Whose it is, the user's identity
// says (src/seal/identity.ts), which several shares may have in common.

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { LeftError } from '../base/errors.js'
import { FORMAT_PATH, OWN_FOLDER } from '../base/own-folder.js'
import { keepPrivate } from '../io/access.js'
import { lockShare } from '../io/lock.js'
import { peerAt } from '../io/share-mark.js'
import { peersLastAt } from '../io/share-places.js'
import { Replica, type SettledReplica } from './replica.js'
import { realPathOf } from './share-danger.js'

/** Version of the layout of `.left`; a newer one is not touched. */
const STATE_FORMAT = 2

export interface ShareFolder {
  /** The peer id of this copy of the share, under our own key (undefined without encryption). Called once, before anybody is
   *  told of the id. Throws a LeftError. */
  readonly settle: (fingerprint: string | undefined) => SettledReplica
  /** Lets another left run on the share. */
  readonly release: () => void
}

/** `state` is the user's state folder, which may not be there. `beginsAnew`: the person knows that the share that was there is gone.
 *  Throws a LeftError that says what to do. */
export function openShareFolder(
  share: string,
  state: string,
  { beginsAnew }: { readonly beginsAnew: boolean } = { beginsAnew: false },
): ShareFolder {
  if (!beginsAnew) refuseUnmounted(share, state)
  makeShare(share)
  const own = join(share, OWN_FOLDER)
  attempt(share, () => {
    makeFolders(own, 0o700)
    keepPrivate(own)
  })
  const release = lockShare(own)
  try {
    attempt(share, () => checkFormat(join(share, FORMAT_PATH)))
    const replica = new Replica({ share, state })
    return { settle: (fingerprint) => replica.settle(fingerprint), release }
  } catch (error) {
    release()
    throw error
  }
}

/** A share was here at the last start. Where its disk is not mounted its place is an empty folder, or shows the share of another disk:
 *  begun anew, it would be filled with all that the peers have. Nothing is made before this. */
export function refuseUnmounted(share: string, state: string): void {
  const known = peersLastAt(realPathOf(share), state)
  if (known.length === 0) return
  const own = join(share, OWN_FOLDER)
  const peer = peerAt(share)
  // Without a mark it may be a share whose mark was lost with power, or removed as we said.
  if (peer === undefined ? existsSync(own) : known.includes(peer)) return
  const found = peer === undefined ? `${own} is missing` : 'what stands there now is another share'
  throw new LeftError(
    'share-unusable',
    `${share} was a share when left last ran on it, and ${found}: nothing is done, in case its disk is not mounted; mount it and start again, or add --anew if you mean to begin with what is there now`,
  )
}

function makeShare(share: string): void {
  const there = attempt(share, () => statSync(share, { throwIfNoEntry: false }))
  if (there !== undefined && !there.isDirectory()) {
    throw new LeftError('share-unusable', `${share} is a file; name a folder with --share`)
  }
  attempt(share, () => {
    makeFolders(share)
    accessSync(share, constants.R_OK | constants.W_OK | constants.X_OK)
  })
}

/** Makes a folder and those above it. Not with `recursive`: Node then never ends where a folder whose parent is there is
 *  refused as missing, as below /proc. */
function makeFolders(folder: string, mode = 0o777): void {
  try {
    mkdirSync(folder, mode)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return
    if (code !== 'ENOENT' || existsSync(dirname(folder))) throw error
    makeFolders(dirname(folder))
    mkdirSync(folder, mode)
  }
}

function attempt<T>(share: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof LeftError) throw error
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOSPC' ? 'its disk is full' : (code ?? String(error))
    throw new LeftError(
      'share-unusable',
      `cannot write in ${share} (${reason}); choose another folder with --share`,
      error,
    )
  }
}

function checkFormat(file: string): void {
  const text = readIfThere(file)
  const format = text === undefined ? undefined : Number(text.trim())
  if (format === STATE_FORMAT) return
  // The watcher process translates an index of format 1 when it opens it.
  if (text === undefined || format === 1) {
    writeFormat(file)
    return
  }
  throw new LeftError(
    'state-newer',
    `${dirname(file)} was written by another version of left (format ${text.trim().slice(0, 20)}); use that version, or move ${dirname(file)} away and start with --anew`,
  )
}

/** From here on an older left refuses the share; on the disk before anything is written that it would not understand. */
function writeFormat(file: string): void {
  const handle = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600)
  try {
    writeSync(handle, `${STATE_FORMAT}\n`, 0)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Undefined for an empty file too: a full disk or lost power leaves one of what was about to be written. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8') || undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
