// The identity of a peer: an RSA-3072 key and a self-signed X.509 certificate of it, in one PEM file that only its
// owner may read. Made on first start: node:crypto makes and uses the key, certificate.ts certifies it. A key whose passphrase is
// cheap to guess is written anew (locked-key.ts). The static X25519 key is derived from the RSA key and stands in no file: so
// an identity of any age has one, and all copies of an identity have the same.
//
// certificate.ts and locked-key.ts load node-forge, which takes 30 ms and some megabytes: an identity that is only read does without.

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import { promisify } from 'node:util'
import { concatBytes } from '../base/bytes.js'
import { LeftError } from '../base/errors.js'
import { type Fingerprint, fingerprintOf, modulusOf } from './fingerprint.js'
import { expand, extract } from './keys.js'
import { HASH_BYTES, RSA_BITS } from './limits.js'
import { putPrivateFile, readPrivateText, replacePrivateFile } from './private-file.js'

export interface Identity {
  readonly file: string
  readonly fingerprint: Fingerprint
  readonly modulus: Uint8Array
  readonly privateKey: KeyObject
  /** The private half of its static X25519 key, 32 bytes. */
  readonly staticSeed: Uint8Array
  /** PEM. */
  readonly certificate: string
  /** Made just now. */
  readonly isNew: boolean
  /** Its key was under its passphrase in a form that is cheap to guess: now it is not, or why it still is. */
  readonly relocked: 'needless' | 'done' | { readonly failed: string }
}

export interface IdentityOptions {
  readonly file: string
  /** Encrypts the private key in the file. */
  readonly passphrase?: string | undefined
  /** The identity has to be made, which takes a second. */
  readonly onMaking?: () => void
}

/** The identity of the file, made where there is none. Several processes may do so at once: one of them makes it.
 *  @throws LeftError 'identity-unusable'. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const found = readFile(options)
  if (found !== undefined) return { ...found.identity, relocked: await relock(found, options.passphrase) }
  options.onMaking?.()
  const pem = await makeIdentity(options.passphrase)
  const isOurs = guarded(options.file, () => putPrivateFile(options.file, pem))
  return { ...readIdentity(options)!, isNew: isOurs }
}

/** Undefined where there is no such file.
 *  @throws LeftError 'identity-unusable'. */
export function readIdentity(options: IdentityOptions): Identity | undefined {
  return readFile(options)?.identity
}

interface IdentityFile {
  readonly identity: Identity
  readonly pem: string
  /** The part of it that holds the private key. */
  readonly keyPem: string
}

function readFile({ file, passphrase }: IdentityOptions): IdentityFile | undefined {
  const read = guarded(file, () => readPrivateText(file))
  if (read.found === 'nothing') return undefined
  if (read.found === 'exposed') throw unusable(file, read.remedy)
  const { text: pem } = read
  const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/.exec(pem)?.[0]
  const keyPem = PRIVATE_KEY_PEM.exec(pem)?.[0]
  if (certificate === undefined || keyPem === undefined)
    throw unusable(file, 'it holds no private key with its certificate; name another with --identity')
  const privateKey = privateKeyOf(file, pem, passphrase)
  const modulus = modulusOf(
    new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })),
  )
  if (modulus === undefined) throw unusable(file, `its key is not RSA with ${RSA_BITS} bits; make another`)
  if (!certifies(certificate, privateKey)) throw unusable(file, 'its certificate is not of its key')
  const fingerprint = fingerprintOf(modulus)
  const staticSeed = staticSeedOf(privateKey)
  const identity = { file, privateKey, modulus, staticSeed, certificate, fingerprint, isNew: false } as const
  return { identity: { ...identity, relocked: 'needless' }, pem, keyPem }
}

/** By the two primes in order, for a key may be written with either first. Nobody comes from it back to them. */
function staticSeedOf(privateKey: KeyObject): Uint8Array {
  const { p, q } = privateKey.export({ format: 'jwk' })
  const primes = [p, q].map((prime) => new Uint8Array(Buffer.from(prime!, 'base64url')))
  primes.sort(Buffer.compare)
  return expand(
    extract(new Uint8Array(HASH_BYTES), concatBytes(primes)),
    'static X25519 key',
    new Uint8Array(0),
  )
}

const PRIVATE_KEY_PEM = /-----BEGIN (ENCRYPTED |RSA )?PRIVATE KEY-----[\s\S]*?-----END \1?PRIVATE KEY-----\n?/

/** The file with its key under the same passphrase in a stronger form; all else in it stays. It is read back before it
 *  replaces the old one. A file that cannot be written is no reason not to start. */
async function relock(
  { identity, pem, keyPem }: IdentityFile,
  passphrase: string | undefined,
): Promise<Identity['relocked']> {
  if (passphrase === undefined || !keyPem.includes('ENCRYPTED')) return 'needless'
  const { isWellLocked, lockKey } = await import('./locked-key.js')
  if (isWellLocked(keyPem)) return 'needless'
  const locked = await lockKey(identity.privateKey, passphrase)
  try {
    if (!createPrivateKey({ key: locked, passphrase }).equals(identity.privateKey))
      throw new Error('the key was not read back')
    replacePrivateFile(
      identity.file,
      pem.replace(keyPem, () => locked),
    )
    return 'done'
  } catch (error) {
    return { failed: (error as NodeJS.ErrnoException).code ?? String(error) }
  }
}

/** For the person, where there is something to tell. */
export function relockedNote({ relocked, file }: Identity): string | undefined {
  if (relocked === 'needless') return undefined
  return relocked === 'done'
    ? `the key in ${file} is under its passphrase in a stronger form now: guesses cost more`
    : `the key in ${file} is under its passphrase in a weak form and could not be written anew (${relocked.failed})`
}

function privateKeyOf(file: string, pem: string, passphrase: string | undefined): KeyObject {
  const isEncrypted = pem.includes('ENCRYPTED')
  if (isEncrypted && passphrase === undefined)
    throw unusable(
      file,
      'it asks for a passphrase; set LEFT_PASSPHRASE, or name a file with --passphrase-file',
    )
  try {
    return createPrivateKey({ key: pem, passphrase: passphrase ?? '' })
  } catch (error) {
    throw unusable(file, isEncrypted ? 'the passphrase is wrong' : 'its private key cannot be read', error)
  }
}

function certifies(certificate: string, privateKey: KeyObject): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(privateKey)
  } catch {
    return false
  }
}

async function makeIdentity(passphrase: string | undefined): Promise<string> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS })
  const key =
    passphrase === undefined
      ? privateKey.export({ format: 'pem', type: 'pkcs8' })
      : await (await import('./locked-key.js')).lockKey(privateKey, passphrase)
  const { certify } = await import('./certificate.js')
  return `${certify(privateKey, publicKey)}${key}`
}

function guarded<Result>(file: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof LeftError) throw error
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw unusable(file, `${reason}; name another with --identity`, error)
  }
}

function unusable(file: string, why: string, cause?: unknown): LeftError {
  return new LeftError('identity-unusable', `the identity ${file} cannot be used: ${why}`, cause)
}
