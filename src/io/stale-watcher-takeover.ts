// One watcher process per share, one after the other. It ends with its engine, but a moment later: one that was stopped,
// or waits for a slow disk, may still be there when the next one starts, and would write into its log and its share. Whoever
// starts one holds the lock of the share (lock.ts), so whatever watcher process is there beside it is nobody's any more.

import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import { bootId } from './boot.js'
import { diskError } from './disk-errors.js'
import { PREDECESSOR_END_MS, PREDECESSOR_POLL_MS } from './limits.js'
import { isAlive, type Owner, ownClaim, readOwner } from './owner.js'

/** Ends the watcher process that an earlier engine left on the share whose `.left` this is, waits until it is gone, and
 *  takes its place. Answers what gives the place back. Throws a DiskError where that cannot be written down, a LeftError
 *  where the earlier one does not end. */
export function takeOverFromStaleWatcher(leftFolder: string): () => void {
  const file = join(leftFolder, 'watcher')
  const former = readOwner(file)
  if (former !== undefined && isCertain(former)) end(former)
  const self = ownClaim()
  try {
    writeFileSync(file, JSON.stringify(self), { mode: 0o600 })
  } catch (error) {
    throw diskError(error, 'write', file)
  }
  return () => {
    if (readOwner(file)?.id === self.id) unlinkSync(file)
  }
}

/** Whether the process with this number can only be the one that wrote it down, and is another one than we. */
function isCertain(owner: Owner): boolean {
  return owner.pid !== process.pid && owner.started !== '' && owner.boot !== '' && owner.boot === bootId()
}

function end(former: Owner): void {
  const endMs = performance.now() + PREDECESSOR_END_MS
  while (isAlive(former)) {
    if (performance.now() > endMs)
      throw new LeftError(
        'share-in-use',
        `an earlier left (pid ${former.pid}) hangs and does not end: end it first`,
      )
    try {
      process.kill(former.pid, 'SIGKILL')
    } catch {
      // The process ended just now, or is another user's: then it stays alive, and that is said.
    }
    Atomics.wait(SLEEP, 0, 0, PREDECESSOR_POLL_MS)
  }
}

const SLEEP = new Int32Array(new SharedArrayBuffer(4))
