// Which folders a person rarely means to share: the whole system or a part of it, a home, what holds or lies in another
// share. Looked at before anything is made in them; with `--yes` only the last word here stands.

import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, parse, sep } from 'node:path'
import { LeftError } from '../base/errors.js'
import { OWN_FOLDER } from '../base/own-folder.js'
import { isShare } from '../control/find-share.js'
import { configFolder } from '../seal/config-folder.js'
import { INNER_SHARE_DEPTH_MAX, INNER_SHARE_FOLDERS_MAX, INNER_SHARE_NAMES_MAX } from './limits.js'

/** Throws a LeftError that says why, and what to do. `share` is absolute; it need not be there. */
export function refuseDangerousShare(share: string, { isMeant }: { isMeant: boolean }): void {
  const real = realPathOf(share)
  if (real === realPathOf(configFolder()))
    throw refusal(share, 'left keeps your identity there, and no share holds that; name another with --share')
  if (isMeant) return
  const danger = dangerOf(real, homesOf(process.env))
  if (danger !== undefined)
    throw refusal(share, `${danger}; name a folder of its own with --share, or add --yes if you mean it`)
}

/** Why sharing this folder is rarely meant; undefined where nothing speaks against it. `real` is absolute and leads
 *  through no links. */
export function dangerOf(real: string, homes: readonly string[]): string | undefined {
  if (real === parse(real).root) return 'it is the whole system'
  const system = SYSTEM_TREES.find((folder) => isWithin(real, folder) && !isWithin(real, '/dev/shm'))
  if (system !== undefined) return `${system} belongs to the system`
  if (SYSTEM_TOPS.includes(real)) return 'it belongs to the system'
  if (homes.includes(real))
    return 'it is a whole home folder, with the keys, passwords and programs of its user'
  const home = homes.find((folder) => isWithin(folder, real))
  if (home !== undefined) return `it holds the home folder ${home}`
  for (let folder = dirname(real); folder !== dirname(folder); folder = dirname(folder))
    if (isShare(folder)) return `it lies in another share, ${folder}`
  const inner = innerShare(real)
  return inner === undefined ? undefined : `it holds another share, ${inner}`
}

/** Home folders of this user and of all users that the system knows. */
export function homesOf({ HOME, USERPROFILE }: NodeJS.ProcessEnv): string[] {
  const own = [homedir(), HOME, USERPROFILE].filter((home) => home !== undefined && home !== '')
  const homes = [...own, ...homesOfUsers()].map((home) => realPathOf(home!))
  return [...new Set(homes)].filter((home) => home !== parse(home).root)
}

/** Systems, and all that is in them. */
const SYSTEM_TREES = [
  ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib32', '/lib64', '/proc', '/sbin', '/sys', '/usr'],
  ...['/Applications', '/Library', '/System', '/private/etc'],
  ...[process.env.SystemRoot, process.env.ProgramFiles, process.env['ProgramFiles(x86)']].filter(
    (folder) => folder !== undefined,
  ),
]

/** Folders in which others are usual: it is all of it together that is not meant. */
const SYSTEM_TOPS = [
  ...['/opt', '/run', '/snap', '/tmp', '/var', '/var/lib', '/var/log', '/var/spool', '/var/tmp'],
  ...['/private', '/private/tmp', '/private/var', '/Users', '/Volumes'],
]

/** Users of the system that are people, and root. useradd(8) numbers people from 1000 on; 65534 is nobody. */
function homesOfUsers(): string[] {
  const isPerson = (uid: number): boolean => uid === 0 || (uid >= 1_000 && uid < 65_534)
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .filter(([, , uid, , , home]) => home?.startsWith('/') && isPerson(Number(uid)))
      .map(([, , , , , home]) => home!)
  } catch {
    return []
  }
}

/** The first share below a folder, as far as a short look finds one; a scan finds the others. */
function innerShare(folder: string): string | undefined {
  let names = 0
  const folders = [{ path: folder, depth: 0 }]
  for (let index = 0; index < Math.min(folders.length, INNER_SHARE_FOLDERS_MAX); index++) {
    const { path, depth } = folders[index]!
    if (index > 0 && isShare(path)) return path
    if (depth === INNER_SHARE_DEPTH_MAX) continue
    try {
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (++names > INNER_SHARE_NAMES_MAX) return undefined
        if (entry.isDirectory() && entry.name !== OWN_FOLDER)
          folders.push({ path: join(path, entry.name), depth: depth + 1 })
      }
    } catch {
      // Nobody may look there, or it is not there yet.
    }
  }
  return undefined
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** The real path of the part that exists, followed by the names that will be made in it. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPathOf(parent), path.slice(parent.length))
  }
}

function refusal(share: string, why: string): LeftError {
  return new LeftError('share-unusable', `${share} is not shared: ${why}`)
}
