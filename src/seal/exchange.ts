// X25519 (RFC 7748): a key pair per attempt, and the static one of an identity. Used through curves.ts.

import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { concatBytes } from '../base/bytes.js'
import { X25519_BYTES } from './limits.js'

export interface KeyExchange {
  /** 32 bytes, for the other side. */
  readonly publicKey: Uint8Array
  /** The secret that both know then; undefined where `theirs` is no key that gives a secret. */
  agree(theirs: Uint8Array): Uint8Array | undefined
}

/** SubjectPublicKeyInfo of an X25519 key is this and the key (RFC 8410). */
const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00)

/** PrivateKeyInfo of an X25519 key is this and the key (RFC 8410). */
const PKCS8_PREFIX = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20],
)

/** `seed`, 32 bytes: the private key. Without one it is random. */
export function makeX25519(seed?: Uint8Array): KeyExchange {
  const privateKey = seed === undefined ? generateKeyPairSync('x25519').privateKey : privateKeyOf(seed)
  const publicKey = createPublicKey(privateKey)
  return {
    publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })).slice(SPKI_PREFIX.length),
    agree: (theirs) => agree(privateKey, theirs),
  }
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  const key = Buffer.from(concatBytes([PKCS8_PREFIX, seed]))
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

function agree(privateKey: KeyObject, theirs: Uint8Array): Uint8Array | undefined {
  if (theirs.length !== X25519_BYTES) return undefined
  try {
    const key = Buffer.from(concatBytes([SPKI_PREFIX, theirs]))
    const publicKey = createPublicKey({ key, format: 'der', type: 'spki' })
    // Throws for the few points that would give zero (RFC 7748, 6.1).
    return new Uint8Array(diffieHellman({ privateKey, publicKey }))
  } catch {
    return undefined
  }
}
