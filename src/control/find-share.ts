// Finds the share that a command is about: the one that is named, else the one that the current folder is in, else `./share`,
// which is where `left` without --share keeps it.

import { statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { LeftError } from '../base/errors.js'
import { OWN_FOLDER, SHARE_MARK } from '../base/own-folder.js'

const DEFAULT_SHARE = 'share'

/** Answers an absolute path. @throws LeftError 'usage' where that is no share. */
export function findShare(named: string | undefined, folder: string): string {
  if (named !== undefined) {
    const share = resolve(folder, named)
    if (isShare(share)) return share
    throw new LeftError('usage', `${share} is no share: left has never run on it`)
  }
  const around = shareAround(folder)
  if (around !== undefined) return around
  const usual = resolve(folder, DEFAULT_SHARE)
  if (isShare(usual)) return usual
  throw new LeftError('usage', `${resolve(folder)} is in no share: go into one, or name it with --share`)
}

/** The same, and where there is none the folder that `left` would make one of. */
export function findPlace(named: string | undefined, folder: string): string {
  try {
    return findShare(named, folder)
  } catch {
    return resolve(folder, named ?? DEFAULT_SHARE)
  }
}

/** The share that a folder is or lies in; undefined where it is in none. */
export function shareAround(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (isShare(at)) return at
    if (at === dirname(at)) return undefined
  }
}

export function isShare(folder: string): boolean {
  try {
    return statSync(join(folder, OWN_FOLDER, SHARE_MARK), { throwIfNoEntry: false })?.isFile() === true
  } catch {
    return false // Not a folder, or not readable.
  }
}
