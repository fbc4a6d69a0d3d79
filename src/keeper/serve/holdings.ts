// Says what is held here, for a visitor: the tree, and what is held otherwise than it says. The keeper asks it.
//
//   known and not held, or cannot be seen now     nothing is held
//   kept against a change of a peer               ours is held
//   set aside, on a machine that only receives    told to nobody

import type { ShareHoldings } from '../../pipe/messages.js'
import type { Entry } from '../../share/entry.js'
import { encodeHeld } from '../../share/held-item.js'
import type { Catalogue } from '../index/catalogue.js'

export function holdingsOf(catalogue: Catalogue): ShareHoldings {
  const instead = new Map<string, Entry | undefined>()
  for (const path of catalogue.notHeldPaths()) instead.set(path, undefined)
  for (const path of catalogue.hiddenPaths()) instead.set(path, undefined)
  for (const path of catalogue.stoppedPaths.keptPaths.keys()) instead.set(path, catalogue.kept(path)?.entry)
  const root = catalogue.manifest.root()
  if (instead.size === 0) return { root, held: undefined, untoldCount: 0 }
  const { bytes, untoldCount } = encodeHeld(instead)
  return { root, held: bytes, untoldCount }
}
