// Facts of this machine that limit a peer: what the system lets a user watch and open, and what is left of the disk. Linux tells most of
// it in /proc; elsewhere it stays unknown. Used by doctor.ts.

import { readdir, readFile, readlink, stat, statfs } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { OWN_FOLDER } from '../../base/own-folder.js'
import { FOLDERS_COUNTED_MAX, PROCESSES_LOOKED_MAX } from './limits.js'

/** Inotify limits and use of this user. */
export interface WatchFacts {
  readonly watchesMax: number
  readonly instancesMax: number
  /** Watches that all programs of this user have. */
  readonly watches: number
  readonly instances: number
}

export interface DiskFacts {
  readonly freeBytes: number
  readonly sizeBytes: number
  /** False where no further file can be made; true too where the disk does not count them. */
  readonly hasInodes: boolean
}

/** Undefined where the system does not tell. */
export async function watchFacts(): Promise<WatchFacts | undefined> {
  // A user namespace may allow less than the system.
  const limits = async (...files: string[]) => {
    const numbers = await Promise.all(files.map(numberIn))
    return Math.min(...numbers.map((number) => number ?? Number.POSITIVE_INFINITY))
  }
  const [watchesMax, instancesMax] = await Promise.all([
    limits('/proc/sys/fs/inotify/max_user_watches', '/proc/sys/user/max_inotify_watches'),
    limits('/proc/sys/fs/inotify/max_user_instances', '/proc/sys/user/max_inotify_instances'),
  ])
  if (watchesMax === Number.POSITIVE_INFINITY || instancesMax === Number.POSITIVE_INFINITY) return undefined
  return { watchesMax, instancesMax, ...(await watchesInUse()) }
}

/** How many files a process may have open; undefined where the system does not tell. */
export async function filesMax(pid: number | 'self'): Promise<number | undefined> {
  const text = await textOf(`/proc/${pid}/limits`)
  const [, soft] = /^Max open files +(\d+|unlimited)/m.exec(text ?? '') ?? []
  if (soft === undefined) return undefined
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}

/** Room on the disk of a folder; undefined where that cannot be seen. */
export async function diskFacts(folder: string): Promise<DiskFacts | undefined> {
  try {
    const { bavail, blocks, bsize, files, ffree } = await statfs(folder)
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize, hasInodes: files === 0 || ffree > 0 }
  } catch {
    return undefined
  }
}

/** Folders in a folder that is there, itself among them; FOLDERS_COUNTED_MAX at most. */
export async function folderCount(share: string): Promise<number> {
  const waiting = [share]
  let count = 0
  for (
    let folder = waiting.pop();
    folder !== undefined && count < FOLDERS_COUNTED_MAX;
    folder = waiting.pop()
  ) {
    count++
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries)
      if (entry.isDirectory() && entry.name !== OWN_FOLDER) waiting.push(join(folder, entry.name))
  }
  return count
}

/** Optional packages that do not load here. */
export function missingPackages(): string[] {
  const require = createRequire(import.meta.url)
  return OPTIONAL_PACKAGES.filter((name) => {
    try {
      require(name)
      return false
    } catch {
      return true
    }
  })
}

const OPTIONAL_PACKAGES = ['@napi-rs/blake-hash', 'koffi', 'lmdb', 'lz4'] as const

async function watchesInUse(): Promise<{ watches: number; instances: number }> {
  const uid = process.getuid?.()
  const names = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  let [watches, instances] = [0, 0]
  for (const name of names.slice(-PROCESSES_LOOKED_MAX)) {
    const folder = `/proc/${name}`
    const owner = await stat(folder).catch(() => undefined)
    if (owner === undefined || owner.uid !== uid) continue
    for (const fd of await readdir(`${folder}/fd`).catch(() => [])) {
      if ((await readlink(`${folder}/fd/${fd}`).catch(() => '')) !== 'anon_inode:inotify') continue
      instances++
      watches += countOf((await textOf(`${folder}/fdinfo/${fd}`)) ?? '', 'inotify wd:')
    }
  }
  return { watches, instances }
}

function countOf(text: string, sought: string): number {
  let count = 0
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length)) count++
  return count
}

async function numberIn(file: string): Promise<number | undefined> {
  const text = await textOf(file)
  return text === undefined || !/^\d+\s*$/.test(text) ? undefined : Number(text)
}

function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'latin1').catch(() => undefined)
}
