// Opens the dots of a share's own edits: under which author they go on after what recovery found. Used by recovery.ts.

import { hexOf, utf8 } from '../../base/bytes.js'
import type { Index } from '../../base/index-port.js'
import type { Hash } from '../../base/item.js'
import type { Witness } from '../../base/witness-port.js'
import type { PeerId } from '../../share/dots.js'
import { hasAuthor, OwnEdits } from '../index/own-edits.js'
import { noteOpened, suspicionOf } from './witness.js'

export interface AuthorOptions {
  readonly peer: PeerId
  readonly hash: Hash
  readonly index: Index
  readonly wallMs: () => number
  readonly random: (below: number) => number
  readonly witness: Witness
}

/** In the index: paths were forgotten, and the share has no new author yet. */
const FORGOTTEN = 'forgotten'
const YES = 'yes'

/** In the index: the peer id under which the share was opened last. */
const PEER = 'peer'

const FORMAT1_LOSSES = 'losses'

/** The share forgets a path: its later edits need another author. */
export function noteForgotten(index: Index): void {
  index.putMeta(FORGOTTEN, YES)
}

/** `suspicion`: for the person, where the share seems to be an older copy. */
export function openEdits(options: AuthorOptions): {
  readonly edits: OwnEdits
  readonly suspicion: string | undefined
} {
  const { peer, hash, index, wallMs, random, witness } = options
  const edits = new OwnEdits({
    index,
    firstAuthor: firstAuthorOf(options),
    newAuthor: () => authorFrom(hash, `${peer} ${wallMs()} ${random(2 ** 32)} ${random(2 ** 32)}`),
    wallMs,
    random,
  })
  // Edits that the share does not remember are out there under its name, and what it counts from now on must not be taken for
  // later ones that have seen them.
  const isForgotten = index.getMeta(FORGOTTEN) === YES
  // The share from which this one was copied goes on under the former author. The person knows of the new peer id already.
  const mustRenew = isForgotten || isOfAnotherPeer(options)
  const suspicion = mustRenew ? undefined : suspicionOf(witness, index, edits.author)
  if (mustRenew || suspicion !== undefined) edits.renew()
  if (isForgotten) index.putMeta(FORGOTTEN, '')
  index.putMeta(PEER, peer)
  noteOpened(witness, index, edits.author)
  return { edits, suspicion }
}

/** Whether the author of the index may be that of another peer id. An older left did not note the peer id: an author of its own
 *  may then be anybody's, and the first author follows from the peer id. */
function isOfAnotherPeer({ peer, index }: AuthorOptions): boolean {
  const former = index.getMeta(PEER) || undefined
  return former === undefined ? hasAuthor(index) : former !== peer
}

/** Shares of format 1 that had lost something had a name made of their peer's and of how often that was. */
function firstAuthorOf({ peer, hash, index }: AuthorOptions): PeerId {
  const losses = index.getMeta(FORMAT1_LOSSES)
  return losses === undefined ? peer : authorFrom(hash, `${peer} ${losses}`)
}

function authorFrom(hash: Hash, text: string): PeerId {
  return hexOf(hash(utf8(text))).slice(0, 16)
}
