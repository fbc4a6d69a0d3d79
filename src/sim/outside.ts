// The files beside each peer's share, to which links in the share may lead and which LEFT must not touch.

import { contentOf } from './edits.js'
import type { SimPeer } from './peer/peer.js'

/** Files that links may point at. */
export const OUTSIDE_NAMES = ['outside-0', 'outside-1'] as const

export function putOutside(peer: SimPeer): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  OUTSIDE_NAMES.forEach((name, index) => {
    const bytes = contentOf(0xface + index, 300 + 100_000 * index)
    peer.disk.putOutside(name, bytes)
    files.set(name, bytes)
  })
  return files
}
