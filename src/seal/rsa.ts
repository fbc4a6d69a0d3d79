// Carries out the slow steps of handshakes with RSA-3072: OAEP with SHA-256, PSS with SHA-256 and a salt as long. All of
// it runs in WebCrypto, whose work is done by Node's thread pool: no loop waits for a private key operation of 3 ms.
// (node:crypto has no asynchronous privateDecrypt.)

import { type KeyObject, webcrypto } from 'node:crypto'
import type { SlowStep } from '../rdt/protection.js'
import { spkiOf } from './fingerprint.js'
import { HASH_BYTES } from './limits.js'

const { subtle } = webcrypto
const PSS = { name: 'RSA-PSS', hash: 'SHA-256', saltLength: HASH_BYTES } as const
const OAEP = { name: 'RSA-OAEP', hash: 'SHA-256' } as const

export class RsaSigner {
  private readonly signing: Promise<webcrypto.CryptoKey>
  private readonly decrypting: Promise<webcrypto.CryptoKey>
  /** How often each kind was carried out. */
  readonly counts: Record<SlowStep['type'], number> = { sign: 0, verify: 0, encrypt: 0, decrypt: 0 }

  constructor(
    readonly modulus: Uint8Array,
    privateKey: KeyObject,
  ) {
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
    this.signing = subtle.importKey('pkcs8', pkcs8, PSS, false, ['sign'])
    this.decrypting = subtle.importKey('pkcs8', pkcs8, OAEP, false, ['decrypt'])
  }

  /** Undefined where it fails: what a peer sent is not what it should be. */
  async carryOut(step: SlowStep): Promise<Uint8Array | undefined> {
    this.counts[step.type]++
    try {
      switch (step.type) {
        case 'sign':
          return new Uint8Array(await subtle.sign(PSS, await this.signing, step.text))
        case 'verify': {
          const key = await subtle.importKey('spki', spkiOf(step.key), PSS, false, ['verify'])
          return (await subtle.verify(PSS, key, step.signature, step.text)) ? new Uint8Array(0) : undefined
        }
        case 'encrypt': {
          const key = await subtle.importKey('spki', spkiOf(step.key), OAEP, false, ['encrypt'])
          return new Uint8Array(await subtle.encrypt(OAEP, key, step.text))
        }
        case 'decrypt':
          return new Uint8Array(await subtle.decrypt(OAEP, await this.decrypting, step.sealed))
      }
    } catch {
      return undefined
    }
  }
}
