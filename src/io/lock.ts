// One running peer per share: the lock at `.left/lock`. Whoever starts a peer takes it before touching
// anything else in `.left`.
//
// The lock is a small file that names its owner's process. It appears by link(2), whole or not at all, and
// only where none is. A killed owner leaves it behind, so its successor must be chosen among all who find
// it stale:
//
//   lock (owner X, dead) ──► lock-after-X (owner Y) ──► lock-after-Y (owner Z) ──► …
//
//   1. Whoever wants to follow X links its own claim as `lock-after-X`. One succeeds: it is the owner.
//   2. It looks at `lock` again. Had X's succession been settled and tidied before its link, another name
//      would be there by now, and it withdraws.
//   3. It renames its claim over `lock` and then removes the chain's files.
//
// An owner that dies between 1 and 3 is followed in the same way: ids are never used twice.
//
// The lock of the trusted peers (seal/pins.ts) is another one for a reason. It is held for one rewrite of a small file, and
// whoever finds it taken waits; this one is held as long as a peer runs, and whoever finds it taken is refused. That one may
// be broken by its age; here that would take the share from a peer that runs, and the owner must be known to be dead. Nor
// does that one need hard links in the folder of the user's configuration.

import { linkSync, readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { assert } from '../base/assert.js'
import { LeftError } from '../base/errors.js'
import { LOCK_TAKEOVERS_MAX } from './limits.js'
import { isAlive, NOBODY, type Owner, ownClaim, readOwner } from './owner.js'

/** Takes the lock of the share whose `.left` folder this is (absolute, existing); answers what gives it back.
 *  Throws a LeftError: 'share-in-use' while its owner runs, 'share-unusable' where no file can be made. */
export function lockShare(leftFolder: string): () => void {
  const lock = `${leftFolder}/lock`
  const self = ownClaim()
  const claim = `${lock}-claim-${self.id}`
  try {
    writeFileSync(claim, JSON.stringify(self), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    removeIfThere(claim)
    const hint =
      (error as NodeJS.ErrnoException).code === 'ENOSPC'
        ? 'its disk is full'
        : 'make it writable for this user'
    throw new LeftError('share-unusable', `cannot write in ${leftFolder}: ${hint}`, error)
  }
  try {
    take(lock, claim)
  } catch (error) {
    if (error instanceof LeftError) throw error
    throw new LeftError(
      'share-unusable',
      `cannot lock ${leftFolder}: its file system must have hard links`,
      error,
    )
  } finally {
    removeIfThere(claim)
  }
  tidy(leftFolder, self)
  return () => {
    if (readOwner(lock)?.id === self.id) removeIfThere(lock)
  }
}

/** Whether a peer runs on the share whose `.left` folder this is, which need not be there. Takes nothing. */
export function isShareLocked(leftFolder: string): boolean {
  const owner = readOwner(`${leftFolder}/lock`)
  return owner !== undefined && isAlive(owner)
}

function take(lock: string, claim: string): void {
  for (let attempt = 0; attempt < LOCK_TAKEOVERS_MAX; attempt++) {
    if (linkIfFree(claim, lock)) return
    const dead = readOwner(lock)
    if (dead === undefined) continue // given back just now
    if (follow(lock, dead, claim)) return
  }
  throw new LeftError('share-in-use', 'other peers start and stop on this share all the time: try again')
}

/** Becomes the successor of a dead owner. Answers false where the lock changed meanwhile. */
function follow(lock: string, root: Owner, claim: string): boolean {
  let last = root
  for (let length = 0; length < LOCK_TAKEOVERS_MAX; length++) {
    if (isAlive(last)) throw inUse(lock, last)
    const next = `${lock}-after-${last.id}`
    if (linkIfFree(claim, next)) {
      if (readOwner(lock)?.id !== root.id) {
        removeIfThere(next)
        return false
      }
      renameSync(claim, lock)
      return true
    }
    const successor = readOwner(next)
    if (successor === undefined) return false // settled and tidied just now
    last = successor
  }
  return false
}

/** Removes what this take and dead ones left behind. Whoever still believes in a name that goes here looks at
 *  `lock` before it acts (step 2). A claim that names nobody may be one that is being written now. */
function tidy(leftFolder: string, self: Owner): void {
  for (const name of readdirSync(leftFolder)) {
    if (!name.startsWith('lock-after-') && !name.startsWith('lock-claim-')) continue
    const owner = readOwner(`${leftFolder}/${name}`)
    if (owner === undefined || owner.pid === NOBODY) continue
    if (owner.id === self.id || !isAlive(owner)) removeIfThere(`${leftFolder}/${name}`)
  }
}

function inUse(lock: string, owner: Owner): LeftError {
  const where = owner.host === hostname() ? '' : ` on ${owner.host}`
  const hint = where === '' ? '' : ` (if it is not, remove ${lock})`
  return new LeftError(
    'share-in-use',
    `left already runs on this share (pid ${owner.pid}${where}): stop it, or give another --share${hint}`,
  )
}

function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function removeIfThere(file: string): void {
  try {
    unlinkSync(file)
  } catch (error) {
    assert((error as NodeJS.ErrnoException).code === 'ENOENT', `${file} can be removed: ${error}`)
  }
}
