// The contents that stand in the shares of a world, and in their trash. Used where a share is put back, or loses or replaces what
// only it had, and by the invariants.

import { TRASH_FOLDER } from '../base/own-folder.js'
import type { Entry } from '../share/entry.js'
import { isOwnPath } from '../share/path.js'
import type { SimDisk } from './disk/disk.js'
import { linkContent } from './disk/link-content.js'
import type { History } from './history.js'

export interface SharesScene {
  readonly nowMs: number
  readonly peers: readonly { readonly disk: SimDisk }[]
  readonly history: History
}

/** A person replaced or removed what stood at the path of a machine that only receives, `told`: what LEFT had put there. Where a loss
 *  of power, or an older copy of a share, has taken all others, the machines that know of it wait for nobody: that person's
 *  edit gets no version. A copy that stands anywhere else is still waited for. */
export function replaceUntold(
  { history, peers }: SharesScene,
  path: string,
  was: string,
  told?: Entry,
): void {
  if (told === undefined || history.digestOfEntry(told) !== was) return
  if (!isHeldAnywhere({ history, peers }, path, was)) history.model.replaceLastUntold(path, was)
}

/** A person changed what stood at the path; `told`: what LEFT knows there. Until LEFT looks after a loss of power, it takes what is
 *  missing for lost: where that was the last copy, the machines that know of it wait for nobody. */
export function removeUnlooked(
  scene: SharesScene,
  { peer, path, was, told }: { peer: number; path: string; was: string; told: Entry | undefined },
): void {
  const { history, peers } = scene
  const isRemoved = peers[peer]!.disk.contentOf(path) === undefined
  if (!isRemoved || !history.model.takesForLost(peer)) return
  if (told === undefined || history.digestOfEntry(told) !== was) return
  if (!isHeldAnywhere(scene, path, was)) loseOnlyCopy(scene, path)
}

/** A person replaced or removed what stood at the path of a share that was put back. */
export function replacePutBack(
  { history, peers }: SharesScene,
  peer: number,
  path: string,
  was: string,
): void {
  const replaced = history.replacedSincePutBack(peer)
  if (replaced !== undefined && !isHeldAnywhere({ history, peers }, path, was))
    replaced.push({ path, digest: was })
}

/** Whether this content stands at the path of any share. */
export function isHeldAnywhere(
  { peers, history }: Pick<SharesScene, 'peers' | 'history'>,
  path: string,
  digest: string | undefined,
): boolean {
  return peers.some(({ disk }) => {
    const bytes = disk.contentOf(path)
    return bytes !== undefined && history.digestOf(bytes) === digest
  })
}

/** Files by path, links followed; LEFT's own folder is left out. */
export function contentsOn(disk: SimDisk): Map<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>()
  for (const path of disk.snapshot().keys()) {
    const bytes = isOwnPath(path) ? undefined : disk.contentOf(path)
    if (bytes !== undefined) contents.set(path, bytes)
  }
  return contents
}

const TRASH = `${TRASH_FOLDER}/`

/** Contents that the trash keeps, each with the path that it had in the share. A link goes there as a link: LEFT leaves alone what it points
 *  at. An absolute one leads from the trash where it led from the share, so that what stands there is still to be had
 *  through it; a relative one leads elsewhere, and only its text is kept. */
export function contentsInTrash(disk: SimDisk): [string, Uint8Array][] {
  return [...disk.snapshot()].flatMap(([place, { kind, bytes, target }]): [string, Uint8Array][] => {
    if (kind === 'folder' || !place.startsWith(TRASH)) return []
    const path = place.slice(place.indexOf('/', TRASH.length) + 1)
    if (kind === 'file') return [[path, bytes]]
    const followed = target.startsWith('/') ? disk.contentOf(place) : undefined
    return [linkContent(target), ...(followed === undefined ? [] : [followed])].map((each) => [path, each])
  })
}

/** An only copy of the path went; another version of it may stand at the path in a share. The same content at another path is no
 *  copy of it: a person may replace that one before anybody has fetched it. */
export function loseOnlyCopy({ history, peers, nowMs }: SharesScene, path: string): void {
  const standing = new Set(
    peers.flatMap(({ disk }) => {
      const bytes = disk.contentOf(path)
      return bytes === undefined ? [] : [history.digestOf(bytes)]
    }),
  )
  history.model.loseOnlyCopy(path, nowMs, (digest) => standing.has(digest))
}
