// The thread that looks for shifted blocks (src/delta/shift-search.ts) in a file that the watcher process has opened. Started by
// block-search.ts for one search, and over with it.

import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { ShiftSearch } from '../delta/shift-search.js'
import { hash, loadHash } from '../io/hash.js'
import type { FromSearchThread, ToSearchThread } from './block-search.js'

let isCancelled = false
parentPort?.on('message', (message: ToSearchThread) => {
  if (message === undefined) isCancelled = true
  else
    void loadHash().then(() => search(new ShiftSearch(message.input, { hash, read: readerOf(message.fd) })))
})

/** One step a turn, so that a cancellation comes in between. */
function search(shift: ShiftSearch): void {
  if (isCancelled) {
    parentPort?.close()
    return
  }
  shift.step()
  const { isOver, isLagging } = shift
  const found = shift.takeFound()
  if (found.length > 0 || isOver || isLagging)
    parentPort?.postMessage({ found, isLagging, isOver } satisfies FromSearchThread)
  if (isOver) parentPort?.close()
  else setImmediate(() => search(shift))
}

function readerOf(fd: number): (target: Uint8Array, position: number) => number {
  return (target, position) => {
    let done = 0
    for (let count = -1; done < target.length && count !== 0; ) {
      count = readSync(fd, target, done, target.length - done, position + done)
      done += count
    }
    return done
  }
}
