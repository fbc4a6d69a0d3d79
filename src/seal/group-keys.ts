// Makes a group's name for trackers, and the key of its members' marks, of the secret that the group shares. Used when a peer starts
// with --tracker. Only for secrets that `left secret` made: whoever holds the name could try sentences against it for ever.

import { concatBytes, utf8 } from '../base/bytes.js'
import { expand, extract, hmac } from './keys.js'

export interface GroupKeys {
  /** 16 bytes, which go to trackers in the clear: one-way, and of no use in a handshake. */
  readonly name: Uint8Array
  /** 8 bytes: the peer's id in this group, by which only holders of the secret know it. */
  memberOf(peerId: string): Uint8Array
  /** 16 bytes, which only holders of the secret can make. */
  mark(member: Uint8Array, address: string): Uint8Array
}

const TAG_BYTES = 16
const MEMBER_BYTES = 8
const NOTHING = new Uint8Array(0)

/** `secret` is the line as the file has it. */
export function groupKeysOf(secret: Uint8Array): GroupKeys {
  const key = extract(utf8('LEFT 2 group'), secret)
  const marks = expand(key, 'group marks', NOTHING)
  const members = expand(key, 'group members', NOTHING)
  return {
    name: expand(key, 'group name', NOTHING).slice(0, TAG_BYTES),
    memberOf: (peerId) => hmac(members, utf8(peerId)).slice(0, MEMBER_BYTES),
    mark: (member, address) => hmac(marks, concatBytes([member, utf8(address)])).slice(0, TAG_BYTES),
  }
}
