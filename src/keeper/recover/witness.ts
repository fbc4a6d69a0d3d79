// A note outside the share of how often the share was opened: a share that has been opened less often than that was put back
// from an older copy, and one that stands in two places was cloned. Either goes on under a new name before its first scan, so that its
// edits are not taken for later ones of the same author. Called by recovery.ts. src/io/witness.ts keeps the notes in the user's state folder.

import type { Index } from '../../base/index-port.js'
import type { Witness } from '../../base/witness-port.js'

/** In the index. */
const OPENED = 'opened'

/** Why the share needs a new name, undefined where it does not. */
export function suspicionOf(witness: Witness, index: Index, author: string): string | undefined {
  const opened = openedIn(index)
  const note = witness.read(author)
  if (note === undefined)
    return opened === 0
      ? undefined
      : 'this share was opened before on another machine, or by another user: it goes on under a new name'
  if (note.opened > opened)
    return 'this share was put back to an older copy: what is edited from now on stands beside the edits that are only elsewhere'
  if (note.isAlsoElsewhere) return 'this share is a clone of one on this machine: it goes on under a new name'
  return undefined
}

/** The share is open under this name. Noted in the share first: a note outside that is behind is no suspicion. */
export function noteOpened(witness: Witness, index: Index, author: string): void {
  const opened = Math.max(openedIn(index), witness.read(author)?.opened ?? 0) + 1
  index.putMeta(OPENED, String(opened))
  index.commit()
  witness.write(author, opened)
}

function openedIn(index: Index): number {
  return Number(index.getMeta(OPENED) ?? 0)
}
