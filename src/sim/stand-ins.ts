// Replaces RSA, X25519 and CPace in the simulated world: the same handshake code runs, the same flights of the same
// length cross, but what takes milliseconds takes none. They keep no secret; nobody in the simulated world looks for one.

import { createHash } from 'node:crypto'
import type { SlowStep } from '../rdt/protection.js'
import type { Curves } from '../seal/curves.js'
import type { KeyExchange } from '../seal/exchange.js'
import { GROUP_BYTES, RSA_BYTES, X25519_BYTES } from '../seal/limits.js'
import type { SeededRandom } from './random.js'

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** A key whose signatures anybody could make. */
export class StandInKey {
  readonly modulus: Uint8Array
  readonly staticKey: KeyExchange

  constructor(random: SeededRandom) {
    this.modulus = random.bytes(RSA_BYTES)
    this.staticKey = exchangeOf(sha256(this.modulus))
  }

  /** As src/seal/rsa.ts does. */
  carryOut(step: SlowStep): Uint8Array | undefined {
    switch (step.type) {
      case 'sign':
        return signatureOf(this.modulus, step.text)
      case 'verify':
        return equal(signatureOf(step.key, step.text), step.signature) ? new Uint8Array(0) : undefined
      case 'encrypt':
        return padded(sha256(step.key), Uint8Array.of(step.text.length), step.text)
      case 'decrypt': {
        const own = sha256(this.modulus)
        const [length = 0] = step.sealed.subarray(own.length)
        return equal(step.sealed.subarray(0, own.length), own)
          ? step.sealed.slice(own.length + 1, own.length + 1 + length)
          : undefined
      }
    }
  }
}

export function standInCurves(random: SeededRandom): Curves {
  return {
    exchange: (seed) => exchangeOf(seed === undefined ? random.bytes(X25519_BYTES) : sha256(seed)),
    share: (generator, seed) => {
      const bytes = sha256(seed).subarray(0, GROUP_BYTES)
      return {
        bytes,
        agree: (theirs) => {
          if (generator === undefined || theirs.every((byte) => byte === 0)) return undefined
          const half = agreed(bytes, theirs, generator)
          return Buffer.concat([half, half])
        },
      }
    },
  }
}

function exchangeOf(publicKey: Uint8Array): KeyExchange {
  return {
    publicKey,
    agree: (theirs) => (theirs.length === X25519_BYTES ? agreed(publicKey, theirs) : undefined),
  }
}

/** Whoever sees both sides could tell it. */
function agreed(ours: Uint8Array, theirs: Uint8Array, ...more: readonly Uint8Array[]): Uint8Array {
  const inOrder = Buffer.compare(ours, theirs) < 0
  return inOrder ? sha256(ours, theirs, ...more) : sha256(theirs, ours, ...more)
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
