// Names of public keys: the SHA-256 of an RSA key's SubjectPublicKeyInfo (as `openssl pkey -pubin -outform DER | openssl
// dgst -sha256` says it), written in short groups that two people can compare aloud.

import { concatBytes, hexOf } from '../base/bytes.js'
import { sha256 } from './keys.js'
import { RSA_BYTES } from './limits.js'

/** 64 lowercase hexadecimal characters. */
export type Fingerprint = string

/** SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { SEQUENCE { modulus, 65537 } } } of a 3,072-bit modulus. */
const SPKI_BEFORE = Uint8Array.of(
  ...[
    0x30, 0x82, 0x01, 0xa2, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
    0x05,
  ],
  ...[0x00, 0x03, 0x82, 0x01, 0x8f, 0x00, 0x30, 0x82, 0x01, 0x8a, 0x02, 0x82, 0x01, 0x81, 0x00],
)
const SPKI_AFTER = Uint8Array.of(0x02, 0x03, 0x01, 0x00, 0x01)

/** DER of the public key with this modulus of RSA_BYTES and the exponent 65537. */
export function spkiOf(modulus: Uint8Array): Uint8Array {
  return concatBytes([SPKI_BEFORE, modulus, SPKI_AFTER])
}

/** The modulus, or undefined where it is no RSA-3072 key with the exponent 65537. */
export function modulusOf(spki: Uint8Array): Uint8Array | undefined {
  if (spki.length !== SPKI_BEFORE.length + RSA_BYTES + SPKI_AFTER.length) return undefined
  const modulus = spki.slice(SPKI_BEFORE.length, SPKI_BEFORE.length + RSA_BYTES)
  return hexOf(spkiOf(modulus)) === hexOf(spki) && (modulus[0]! & 0x80) !== 0 ? modulus : undefined
}

export function fingerprintOf(modulus: Uint8Array): Fingerprint {
  return hexOf(sha256(spkiOf(modulus)))
}

/** `5f3a 91c0 …`: sixteen groups of four. */
export function showFingerprint(fingerprint: Fingerprint): string {
  return fingerprint.match(/.{4}/g)!.join(' ')
}

/** Reads a fingerprint that a person typed or pasted: with or without blanks, colons or dashes, in either case. */
export function readFingerprint(text: string): Fingerprint | undefined {
  const fingerprint = text
    .replace(/^sha-?256:/i, '')
    .replace(/[\s:-]/g, '')
    .toLowerCase()
  return /^[0-9a-f]{64}$/.test(fingerprint) ? fingerprint : undefined
}
