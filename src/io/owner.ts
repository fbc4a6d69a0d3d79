// Which process wrote itself down in a file of `.left`, and whether it still runs. For lock.ts and stale-watcher-takeover.ts.

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { bootId } from './boot.js'

/** A process that holds a lock, or a place. */
export interface Owner {
  /** Id of this claim; never used twice. */
  readonly id: string
  readonly pid: number
  /** When the process started, in the system's ticks since boot; '' where the system does not say. */
  readonly started: string
  /** Id of the system's run since its last boot; '' where the system does not say. */
  readonly boot: string
  readonly host: string
}

/** Stands for the owner of a lock that names none. */
export const NOBODY = 0

/** Whether the owner may still run. Of another machine (a share on a network file system) we cannot tell. */
export function isAlive(owner: Owner): boolean {
  if (owner.pid === NOBODY) return false
  const boot = bootId()
  if ((boot === '' || boot !== owner.boot) && owner.host !== hostname()) return true
  if (boot !== owner.boot) return false // this machine was started again since
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    // EPERM: it runs and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const { started, ended } = processFacts(owner.pid)
  // Another start time is another process that got the number.
  return !ended && (started === '' || owner.started === '' || started === owner.started)
}

/** A new claim of this process. */
export function ownClaim(): Owner {
  return {
    id: randomBytes(8).toString('hex'),
    pid: process.pid,
    started: processFacts(process.pid).started,
    boot: bootId(),
    host: hostname(),
  }
}

/** The owner that a lock names; undefined where there is no lock. What does not name one, a lock that lost
 *  its content when the power failed, names a dead one. */
export function readOwner(file: string): Owner | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { id, pid, started, boot, host } = JSON.parse(text) as Record<keyof Owner, unknown>
    if (typeof id === 'string' && /^[0-9a-f]{16}$/.test(id) && Number.isInteger(pid) && (pid as number) > 0) {
      return { id, pid: pid as number, started: String(started), boot: String(boot), host: String(host) }
    }
  } catch {
    // Not ours or torn.
  }
  return { id: 'torn', pid: NOBODY, started: '', boot: '', host: hostname() }
}

/** Fields 3 and 22 of /proc/<pid>/stat, counted from behind the command's name, which may hold anything in
 *  its brackets. A killed process that its parent has not asked after is a zombie: it writes no more.
 *  proc(5). */
function processFacts(pid: number): { started: string; ended: boolean } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { started: fields[19] ?? '', ended: fields[0] === 'Z' || fields[0] === 'X' }
  } catch {
    return { started: '', ended: false }
  }
}
