// The beacon, by which a peer is found on the local network: one datagram, always of one length. Pure.
//
//   'LEFT' 'b' format:u8 port:u16 nonce:16 tag:16
//
//   tag = HMAC-SHA-256(beacon key, nonce port)[0..16]  where there is a secret that nobody can guess, else random bytes
//
// Somebody without the key sees a port and 32 random bytes: no name, no group, and nothing that two beacons of one machine, or of
// two machines of one group, have in common.

import { concatBytes, equalBytes, utf8 } from '../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import { BEACON_BYTES, BEACON_NONCE_BYTES, BEACON_TAG_BYTES } from './limits.js'

export interface Beacon {
  /** UDP port of the sender's sessions, 1 to 65,535. Its host is that of the datagram. */
  readonly port: number
  readonly nonce: Uint8Array
  readonly tag: Uint8Array
}

const MARKER = concatBytes([utf8('LEFTb'), Uint8Array.of(1)])
const PORT_AT = MARKER.length
const NONCE_AT = PORT_AT + 2
const TAG_AT = NONCE_AT + BEACON_NONCE_BYTES

export function encodeBeacon({ port, nonce, tag }: Beacon): Uint8Array {
  return concatBytes([MARKER, portBytes(port), nonce, tag])
}

/** The parts are views of `bytes`. */
export function decodeBeacon(
  bytes: Uint8Array,
): Decoded<Beacon, 'truncated' | 'trailing-bytes' | 'unknown-kind' | 'bad-field'> {
  if (bytes.length < BEACON_BYTES) return undecoded('truncated')
  if (bytes.length > BEACON_BYTES) return undecoded('trailing-bytes')
  if (!equalBytes(bytes.subarray(0, PORT_AT), MARKER)) return undecoded('unknown-kind')
  const port = (bytes[PORT_AT]! << 8) | bytes[PORT_AT + 1]!
  if (port === 0) return undecoded('bad-field')
  return decoded({
    port,
    nonce: bytes.subarray(NONCE_AT, TAG_AT),
    tag: bytes.subarray(TAG_AT, TAG_AT + BEACON_TAG_BYTES),
  })
}

/** What a tag is made of. */
export function taggedText({ port, nonce }: Omit<Beacon, 'tag'>): Uint8Array {
  return concatBytes([nonce, portBytes(port)])
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff)
}
