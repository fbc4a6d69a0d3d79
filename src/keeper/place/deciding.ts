// Decides about an entry of a peer by what is known at its path, and by whether that is held here. Used by placing and knowing.

import { type Decision, decide } from '../../share/decide.js'
import { sameContent } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'

export function decideHere(catalogue: Catalogue, remote: Entry): Decision {
  const { path } = remote
  const known = catalogue.get(path)
  const isHeld = known !== undefined && catalogue.isHeld(path)
  const folderHasLiveChildren = catalogue.hasHeldBelow(path)
  const decision = decide(known, remote, { folderHasLiveChildren })
  if ('folded' in decision) catalogue.folded.add(path, decision.folded)
  if (known === undefined || isHeld) return decision
  const here = decideNotHeld(known, remote, decision)
  // The entry was known before there was anything in the folder that stands here.
  const isBlocked = folderHasLiveChildren && here.type === 'take' && here.entry.kind !== 'folder'
  return isBlocked ? { type: 'hold', entry: here.entry } : here
}

/** The decision where nothing is here of what is known: what is not held is neither kept as the loser of a conflict nor
 *  adopted, and the same content is still to be fetched. */
function decideNotHeld(known: Entry, remote: Entry, decision: Decision): Decision {
  const taking = (entry: Entry): Decision => ({ type: 'take', entry, replaces: undefined, folded: '' })
  switch (decision.type) {
    case 'conflict':
      // Whoever holds the loser keeps it. The vectors are united there, and not before.
      return taking(remote)
    case 'take':
      return taking(decision.entry)
    case 'keep':
      return !decision.wins && sameContent(known, remote) ? taking(known) : decision
    case 'adopt':
      return sameContent(known, remote) ? taking(decision.entry) : decision
    default:
      return decision
  }
}
