// Checks of this machine, each of facts that were gathered: pure. Used by doctor.ts.

import { formatBytes } from '../../base/quantities.js'
import { type Check, hint, ok, unknown, wrong } from '../../control/doctor-results.js'
import { DISK_BYTES_LOW, FILES_NEEDED } from './limits.js'
import type { DiskFacts, WatchFacts } from './machine-facts.js'

/** `folders` of the share, itself among them; `unwatched` those that a running peer was refused. */
export function watchChecks(
  facts: WatchFacts | undefined,
  { folders, unwatched }: { readonly folders: number; readonly unwatched: number | undefined },
): Check[] {
  if (unwatched !== undefined && unwatched > 0)
    return [
      wrong(
        'watching',
        `${unwatched} of ${foldersText(folders)} ${unwatched === 1 ? 'is' : 'are'} not watched, so that changes in them are found late: ${limitsText(facts)}`,
        raised(2 * Math.max(folders, facts?.watches ?? 0), facts),
      ),
    ]
  if (facts === undefined)
    return [unknown('watching', 'this system does not tell how many folders it watches')]
  const { watches, watchesMax, instances, instancesMax } = facts
  // Watches of a running peer are counted already.
  const needed = unwatched === undefined ? folders : 0
  if (watches + needed > watchesMax)
    return [
      wrong(
        'watching',
        `the share has ${foldersText(folders)}, and there is room for ${Math.max(0, watchesMax - watches)}: ${limitsText(facts)}`,
        raised(2 * (watches + needed), facts),
      ),
    ]
  if (instances >= instancesMax)
    return [wrong('watching', `no program can watch any more: ${limitsText(facts)}`, raised(0, facts))]
  return [ok('watching', `${foldersText(folders)}; ${limitsText(facts)}`)]
}

function foldersText(folders: number): string {
  return folders === 1 ? '1 folder' : `${folders} folders`
}

function limitsText(facts: WatchFacts | undefined): string {
  if (facts === undefined) return 'the system refuses'
  const { watches, watchesMax, instances, instancesMax } = facts
  return `this user has ${watches} of ${watchesMax} watches (fs.inotify.max_user_watches), and ${instances} of ${instancesMax} watchers (fs.inotify.max_user_instances)`
}

function raised(watches: number, facts: WatchFacts | undefined): string {
  const isInstances = facts !== undefined && facts.instances >= facts.instancesMax
  const [name, least, now] = isInstances
    ? (['max_user_instances', 512, facts.instancesMax] as const)
    : (['max_user_watches', 524_288, facts?.watchesMax ?? 0] as const)
  const number = Math.max(least, watches, 2 * now)
  return `sudo sysctl fs.inotify.${name}=${number} (and that line in /etc/sysctl.d/left.conf, to keep it), then start left again`
}

/** The least of what the processes may open. */
export function filesCheck(filesMax: number | undefined): Check {
  if (filesMax === undefined) return unknown('files', 'this system does not tell how many files may be open')
  if (filesMax < FILES_NEEDED)
    return wrong(
      'files',
      `a process may have ${filesMax} files open, and left needs up to ${FILES_NEEDED}`,
      `ulimit -n ${4 * FILES_NEEDED} before left, or LimitNOFILE= in its unit`,
    )
  return ok(
    'files',
    `${filesMax === Number.POSITIVE_INFINITY ? 'any number of' : filesMax} files may be open`,
  )
}

/** `paused`: why a running peer writes nothing; '' where it does. `minFree` undefined where no peer runs. */
export function diskCheck(
  facts: DiskFacts | undefined,
  {
    paused,
    minFree,
  }: {
    readonly paused: string
    readonly minFree: { readonly percent: number; readonly bytes: number } | undefined
  },
): Check {
  if (paused !== '')
    return wrong('disk', `nothing is written: ${paused}`, 'free some space; it goes on by itself')
  if (facts === undefined) return unknown('disk', 'the room on its disk cannot be seen')
  const { freeBytes, sizeBytes, hasInodes } = facts
  const room = `${formatBytes(freeBytes)} of ${formatBytes(sizeBytes)} are free`
  if (!hasInodes) return wrong('disk', 'the disk takes no further file', 'remove files from it')
  const keptBytes = minFree === undefined ? 0 : Math.max(minFree.bytes, (minFree.percent / 100) * sizeBytes)
  if (freeBytes <= keptBytes)
    return wrong(
      'disk',
      `${room}, and peers leave ${formatBytes(keptBytes)} of it alone (--min-free)`,
      'free some space, or choose another --min-free',
    )
  if (freeBytes < DISK_BYTES_LOW) return hint('disk', room, 'free some space before it is full')
  return ok('disk', room)
}

/** `least` as in the package: major and minor. */
export function nodeCheck(version: string, least: readonly [number, number]): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const words = `Node ${version}`
  return major > least[0] || (major === least[0] && minor >= least[1])
    ? ok('program', words)
    : wrong('program', `${words} is too old`, `install Node ${least.join('.')} or later`)
}

export function packagesCheck(missing: readonly string[]): Check {
  if (missing.length === 0) return ok('packages', 'all optional packages are there')
  const worth = missing.map((name) => `${name} (${PACKAGES_WORTH[name] ?? 'speed'})`)
  return hint(
    'packages',
    `left goes on without ${worth.join(', ')}`,
    'npm install -g left, without --omit=optional, where those packages have a binary for this machine',
  )
}

const PACKAGES_WORTH: Readonly<Record<string, string>> = {
  '@napi-rs/blake-hash': 'faster digests',
  koffi: 'fewer system calls a datagram',
  lmdb: 'an index that is not held in memory',
  lz4: 'faster compression',
}
