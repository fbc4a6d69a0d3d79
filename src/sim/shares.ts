// The contents that stand in the shares of a world. Used where a share is put back, or loses or replaces what only it had.

import type { Entry } from '../share/entry.js'
import { isOwnPath } from '../share/path.js'
import type { SimDisk } from './disk/disk.js'
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
  const isAnywhere = peers.some(({ disk }) => {
    const bytes = disk.contentOf(path)
    return bytes !== undefined && history.digestOf(bytes) === was
  })
  if (!isAnywhere) history.model.replaceLastUntold(path, was)
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
