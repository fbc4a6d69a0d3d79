// Replaces RSA and X25519 in the simulated world: the same handshake code runs, the same flights of the same
// length cross, but what takes milliseconds takes none. They keep no secret; nobody in the simulated world looks for one.

import { createHash } from 'node:crypto'
import type { SlowStep } from '../rdt/protection.js'
import type { MakeExchange } from '../seal/exchange.js'
import { OAEP_SECRET_BYTES, RSA_BYTES, X25519_BYTES } from '../seal/limits.js'
import type { SeededRandom } from './random.js'

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** A key whose signatures anybody could make. */
export class StandInKey {
  readonly modulus: Uint8Array

  constructor(random: SeededRandom) {
    this.modulus = random.bytes(RSA_BYTES)
  }

  /** As src/seal/rsa.ts does. */
  carryOut(step: SlowStep): Uint8Array | undefined {
    switch (step.type) {
      case 'sign':
        return signatureOf(this.modulus, step.text)
      case 'verify':
        return equal(signatureOf(step.key, step.text), step.signature) ? new Uint8Array(0) : undefined
      case 'encrypt':
        return padded(step.secret, sha256(step.key))
      case 'decrypt':
        return equal(step.sealed.subarray(OAEP_SECRET_BYTES, 2 * OAEP_SECRET_BYTES), sha256(this.modulus))
          ? step.sealed.slice(0, OAEP_SECRET_BYTES)
          : undefined
    }
  }
}

export function makeStandInExchange(random: SeededRandom): MakeExchange {
  return (seed) => {
    const publicKey = seed === undefined ? random.bytes(X25519_BYTES) : sha256(seed)
    return {
      publicKey,
      agree: (theirs) => {
        if (theirs.length !== X25519_BYTES) return undefined
        const inOrder = Buffer.compare(publicKey, theirs) < 0
        return inOrder ? sha256(publicKey, theirs) : sha256(theirs, publicKey)
      },
    }
  }
}

function signatureOf(modulus: Uint8Array, text: Uint8Array): Uint8Array {
  return padded(sha256(modulus, text))
}

function padded(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(RSA_BYTES)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
