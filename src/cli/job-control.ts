// A peer as a job of a shell: Ctrl-Z stops it, fg and bg let it go on, and the terminal is the shell's meanwhile. Called
// by run.ts where a view draws on a terminal.

import { readFileSync } from 'node:fs'

/** A view that draws on a terminal. */
export interface Job {
  /** Gives the terminal back. */
  suspend(): void
  /** Takes it again, as the shell left it. */
  resume(): void
}

/** Tells the job when it stops and goes on. */
export function followJobControl(job: Job): void {
  let isOwnStop = false
  const handleContinued = () => {
    job.resume()
    // The size of the window may have changed without a word to us: Node looks again, and tells the view.
    process.kill(process.pid, 'SIGWINCH')
  }
  const handleStop = () => {
    job.suspend()
    // As if we did not handle it: a job of a shell stops in this line, and others ignore the signal.
    process.off('SIGTSTP', handleStop)
    isOwnStop = true
    process.kill(process.pid, 'SIGTSTP')
    process.on('SIGTSTP', handleStop)
    handleContinued()
  }
  process.on('SIGTSTP', handleStop)
  process.on('SIGCONT', () => {
    // Node tells of it later than handleStop goes on: rows that were drawn in between are ours and stand where we left them.
    if (!isOwnStop) handleContinued()
    isOwnStop = false
  })
}

/** Whether no other job has our terminal. True where that cannot be told: elsewhere than on Linux. */
export function isForeground(): boolean {
  try {
    return hasTerminal(readFileSync('/proc/self/stat', 'utf8'))
  } catch {
    return true
  }
}

/** proc(5): pid (name) state ppid pgrp session tty_nr tpgid … The name may hold anything. A tpgid of -1: there is no
 *  terminal that a shell could have. */
export function hasTerminal(stat: string): boolean {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(foreground) <= 0 || foreground === group
}
