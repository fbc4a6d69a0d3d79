// Who a peer is: an RSA-3072 key and a self-signed X.509 certificate of it, in one PEM file that only its owner may read.
// Made on first start. node:crypto makes and uses the key; node-forge writes the certificate, which Node cannot.

import {
  createPrivateKey,
  createPublicKey,
  constants as cryptoConstants,
  generateKeyPair,
  type KeyObject,
  privateEncrypt,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { promisify } from 'node:util'
import forge from 'node-forge'
import { concatBytes } from '../base/bytes.js'
import { LeftError } from '../base/errors.js'
import { type Fingerprint, fingerprintOf, modulusOf } from './fingerprint.js'
import { RSA_BITS } from './limits.js'
import { putPrivateFile, readPrivateText } from './private-file.js'

export interface Identity {
  readonly file: string
  readonly fingerprint: Fingerprint
  readonly modulus: Uint8Array
  readonly privateKey: KeyObject
  /** PEM. */
  readonly certificate: string
  /** Made just now. */
  readonly isNew: boolean
}

export interface IdentityOptions {
  readonly file: string
  /** Encrypts the private key in the file. */
  readonly passphrase?: string | undefined
  /** It has to be made, which takes a second. */
  readonly onMaking?: () => void
}

/** The identity of the file, made where there is none. Several processes may do so at once: one of them makes it.
 *  @throws LeftError 'identity-unusable'. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const found = readIdentity(options)
  if (found !== undefined) return found
  options.onMaking?.()
  const pem = await makeIdentity(options.passphrase)
  const isOurs = guarded(options.file, () => putPrivateFile(options.file, pem))
  return { ...readIdentity(options)!, isNew: isOurs }
}

/** Undefined where there is no such file.
 *  @throws LeftError 'identity-unusable'. */
export function readIdentity({ file, passphrase }: IdentityOptions): Identity | undefined {
  const read = guarded(file, () => readPrivateText(file))
  if (read.found === 'nothing') return undefined
  if (read.found === 'exposed') throw unusable(file, read.remedy)
  const { text: pem } = read
  const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/.exec(pem)?.[0]
  if (certificate === undefined || !/-----BEGIN (ENCRYPTED |RSA )?PRIVATE KEY-----/.test(pem))
    throw unusable(file, 'it holds no private key with its certificate; name another with --identity')
  const privateKey = privateKeyOf(file, pem, passphrase)
  const modulus = modulusOf(
    new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })),
  )
  if (modulus === undefined) throw unusable(file, `its key is not RSA with ${RSA_BITS} bits; make another`)
  if (!certifies(certificate, privateKey)) throw unusable(file, 'its certificate is not of its key')
  return { file, privateKey, modulus, certificate, fingerprint: fingerprintOf(modulus), isNew: false }
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
  const key = privateKey.export({
    format: 'pem',
    type: 'pkcs8',
    ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
  })
  return `${certify(privateKey, publicKey)}${key}`
}

/** Nothing depends on what the certificate says but its key: peers are known by fingerprint. It is there so that
 *  every tool that reads X.509 can show it. */
function certify(privateKey: KeyObject, publicKey: KeyObject): string {
  const certificate = forge.pki.createCertificate()
  const spki = publicKey.export({ format: 'pem', type: 'spki' }) as string
  certificate.publicKey = forge.pki.publicKeyFromPem(spki)
  // Positive and not longer than 20 octets (RFC 5280, 4.1.2.2).
  certificate.serialNumber = `4c${randomBytes(15).toString('hex')}`
  certificate.validity.notBefore = new Date(Date.now() - 86_400_000)
  certificate.validity.notAfter = new Date('9999-12-31T23:59:59Z') // no expiry: RFC 5280, 4.1.2.5
  const names = [
    { name: 'commonName', value: `${safely(() => userInfo().username)}@${safely(hostname)}`.slice(0, 64) },
    { name: 'organizationName', value: 'LEFT' },
  ]
  certificate.setSubject(names)
  certificate.setIssuer(names)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
    { name: 'subjectKeyIdentifier' },
  ])
  // node-forge only asks the key to sign a digest: node:crypto does that a hundred times as fast.
  const signer = {
    sign: (digest: forge.md.MessageDigest) => signDigest(privateKey, digest.digest().getBytes()),
  }
  certificate.sign(signer as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create())
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n')
}

/** DigestInfo of SHA-256 (RFC 8017, 9.2, note 1). */
const DIGEST_INFO = '3031300d060960864801650304020105000420'

function signDigest(privateKey: KeyObject, digest: string): string {
  const text = concatBytes([Buffer.from(DIGEST_INFO, 'hex'), Buffer.from(digest, 'binary')])
  return privateEncrypt({ key: privateKey, padding: cryptoConstants.RSA_PKCS1_PADDING }, text).toString(
    'binary',
  )
}

function safely(read: () => string): string {
  try {
    return read()
  } catch {
    return 'unknown'
  }
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
