// The port to a group's keys: a peer makes them of the secret that the group shares (src/seal/group-keys.ts). A tracker has none.

import type { Address } from '../rdt/api.js'

export interface Group {
  /** GROUP_NAME_BYTES: all that a tracker learns of the secret, from which nobody comes back to it. */
  readonly name: Uint8Array
  /** MEMBER_ID_BYTES, ours in this group: of a peer id, which only the group's members find in it. */
  readonly member: Uint8Array
  /** MARK_BYTES over a member's id and address. Nobody who does not hold the secret can make or check one. */
  mark(member: Uint8Array, address: Address): Uint8Array
}
