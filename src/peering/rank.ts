// The place of an address in the order in which one peer calls: rendezvous hashing over all of them. Used by Peering.

import { utf8 } from '../base/bytes.js'
import type { Hash } from '../base/item.js'

/** Uniform in [0, 2^48), its own for each peer and address. By the address, not the id of the peer there: an id is known only
 *  once a session was open, and an order that changes then would change the sessions too. */
export function rankOf(hash: Hash, peerId: string, address: string): number {
  const digest = hash(utf8(`${peerId} ${address}`))
  let rank = 0
  for (let index = 0; index < 6; index++) rank = rank * 256 + digest[index]!
  return rank
}
