// A knock: the one datagram that comes from a port which the receiver never heard of, to show whether such a datagram comes
// through. The receiver asked for it in a session (src/ecp/check-message.ts), and it is answered by nothing.
//
//   knock 17  'LEFT' token:8 crc:4

import { bytesOfHex, concatBytes, hexOf } from '../../base/bytes.js'
import { type Crc32, withCrc, withoutCrc } from './control.js'

const HEAD = Uint8Array.of(17, 0x4c, 0x45, 0x46, 0x54)
const TOKEN_BYTES = 8
const KNOCK_BYTES = HEAD.length + TOKEN_BYTES + 4

/** `token` is 16 hexadecimal digits. */
export function encodeKnock(token: string, crc32: Crc32): Uint8Array {
  return withCrc(concatBytes([HEAD, bytesOfHex(token)!]), crc32)
}

/** The token; undefined for any other datagram. */
export function decodeKnock(bytes: Uint8Array, crc32: Crc32): string | undefined {
  if (bytes.length !== KNOCK_BYTES || !HEAD.every((byte, at) => bytes[at] === byte)) return undefined
  return withoutCrc(bytes, crc32) && hexOf(bytes.subarray(HEAD.length, HEAD.length + TOKEN_BYTES))
}
