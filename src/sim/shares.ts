// The contents that stand in the shares of a world. Used where a share is put back, or loses what only it had.

import { isOwnPath } from '../share/path.js'
import type { SimDisk } from './disk/disk.js'
import type { History } from './history.js'

export interface SharesScene {
  readonly nowMs: number
  readonly peers: readonly { readonly disk: SimDisk }[]
  readonly history: History
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
