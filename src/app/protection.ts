// Makes the protection of a running peer from what the person chose: opens the identity, the pins and the shared
// secret. Called once, before anything is sent.

import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import type { Random } from '../base/ports.js'
import type { Protection, SlowStep } from '../rdt/protection.js'
import { IDENTITY_FILE, openConfigFolder, PINS_FILE } from '../seal/config-folder.js'
import { loadCodec } from '../seal/frames/codec.js'
import { openIdentity, relockedNote } from '../seal/identity.js'
import { SHARED_SECRET_BYTES_MIN } from '../seal/limits.js'
import { Pins } from '../seal/pins.js'
import { PlainProtection } from '../seal/plain.js'
import { readSecretLine } from '../seal/private-file.js'
import { RsaSigner } from '../seal/rsa.js'
import { SealedProtection } from '../seal/sealed.js'
import type { PeerEvent } from './events.js'
import type { PeerOptions } from './options.js'
import { PinnedTrust } from './trust.js'

export interface ProtectionRequest {
  readonly options: PeerOptions
  readonly peerId: string
  readonly random: Random
  readonly crc32: (bytes: Uint8Array, seed?: number) => number
  readonly isNamed: (address: string) => boolean
  readonly nameOf: (address: string) => string
  readonly onEvent: (event: PeerEvent) => void
}

export interface OpenProtection {
  readonly protection: Protection
  /** Fingerprint of our own key; undefined without encryption. */
  readonly fingerprint: string | undefined
  /** Whether a session of this key may go on: the pins, as the file has them now. */
  isTrusted(fingerprint: string): boolean
  carryOut(step: SlowStep): Promise<Uint8Array | undefined>
}

/** @throws LeftError 'identity-unusable', 'secret-unusable'. */
export async function openProtection(request: ProtectionRequest): Promise<OpenProtection> {
  const { options, onEvent, ...own } = request
  if (options.encryption === 'no') {
    onEvent({
      event: 'note',
      message:
        'no encryption: whoever reads the link reads the share, and whoever forges an address of --ip writes it',
    })
    const protection = new PlainProtection(own)
    return { protection, fingerprint: undefined, isTrusted: () => true, carryOut: async () => undefined }
  }
  const folder = openConfigFolder()
  const file = options.identity ?? join(folder, IDENTITY_FILE)
  // Both files are read before an identity is made: what is refused leaves nothing behind.
  const passphrase = passphraseOf(options)
  const sharedSecret = options.secretFile === undefined ? undefined : secretOf(options.secretFile)
  const identity = await openIdentity({
    file,
    passphrase,
    onMaking: () => onEvent({ event: 'note', message: `making an identity for this user: ${file}` }),
  })
  const relocked = relockedNote(identity)
  if (relocked !== undefined) onEvent({ event: 'note', message: relocked })
  const signer = new RsaSigner(identity.modulus, identity.privateKey)
  const trust = new PinnedTrust({
    pins: new Pins(join(folder, PINS_FILE)),
    own: identity.fingerprint,
    peerId: request.peerId,
    policy: options.trust,
    hasSecret: sharedSecret !== undefined,
    isNamed: request.isNamed,
    nameOf: request.nameOf,
    onEvent,
  })
  const protection = new SealedProtection({
    peerId: request.peerId,
    random: request.random,
    modulus: identity.modulus,
    trust,
    sharedSecret,
    codec: loadCodec(),
    compresses: options.compression === 'auto',
  })
  return {
    protection,
    fingerprint: identity.fingerprint,
    isTrusted: (fingerprint) => trust.isTrusted(fingerprint),
    carryOut: (step) => signer.carryOut(step),
  }
}

function passphraseOf({ passphraseFile }: PeerOptions): string | undefined {
  const text =
    passphraseFile === undefined
      ? process.env.LEFT_PASSPHRASE
      : readSecretLine(passphraseFile, '--passphrase-file')
  return text === '' ? undefined : text
}

function secretOf(file: string): Uint8Array {
  const secret = Buffer.from(readSecretLine(file, '--secret-file'))
  if (secret.length >= SHARED_SECRET_BYTES_MIN) return new Uint8Array(secret)
  throw new LeftError(
    'secret-unusable',
    `the secret in ${file} is shorter than ${SHARED_SECRET_BYTES_MIN} bytes and could be guessed; make one with: openssl rand -base64 32`,
  )
}
