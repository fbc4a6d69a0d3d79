// The self-signed X.509 certificate of a new identity: node-forge writes it, which Node cannot. Used by identity.ts.

import { constants, type KeyObject, privateEncrypt, randomBytes } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import forge from 'node-forge'
import { concatBytes } from '../base/bytes.js'

/** Nothing depends on what the certificate says but its key: peers are known by fingerprint. It is there so that
 *  every tool that reads X.509 can show it. PEM. */
export function certify(privateKey: KeyObject, publicKey: KeyObject): string {
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
  return privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, text).toString('binary')
}

function safely(read: () => string): string {
  try {
    return read()
  } catch {
    return 'unknown'
  }
}
