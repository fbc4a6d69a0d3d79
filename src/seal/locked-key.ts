// A private key under a passphrase: PKCS #8, PBES2 with PBKDF2 and AES-256-CBC (RFC 8018). node:crypto writes the same
// form, but with 2,048 iterations, and has no option for more. It reads any number of them, and so does every openssl.
//
//     EncryptedPrivateKeyInfo  SEQUENCE { PBES2 { PBKDF2 { salt, iterations, PRF }, AES-256-CBC { IV } }, OCTET STRING }

import { createCipheriv, type KeyObject, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'
import {
  KEY_BYTES,
  LOCK_ITERATIONS,
  LOCK_IV_BYTES,
  LOCK_SALT_BYTES,
  LOCK_SCRYPT_BLOCK_MIN,
  LOCK_SCRYPT_COST_MIN,
} from './limits.js'

const { asn1 } = forge
const { SEQUENCE, OCTETSTRING, INTEGER, NULL, OID } = asn1.Type

const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'
const SCRYPT = '1.3.6.1.4.1.11591.4.11'
const HMAC_SHA_256 = '1.2.840.113549.2.9'
const HMAC_SHA_384 = '1.2.840.113549.2.10'
const HMAC_SHA_512 = '1.2.840.113549.2.11'
const AES_256_CBC = '2.16.840.1.101.3.4.1.42'

/** PEM. */
export async function lockKey(privateKey: KeyObject, passphrase: string): Promise<string> {
  const salt = randomBytes(LOCK_SALT_BYTES)
  const iv = randomBytes(LOCK_IV_BYTES)
  const key = await promisify(pbkdf2)(passphrase, salt, LOCK_ITERATIONS, KEY_BYTES, 'sha512')
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const plain = privateKey.export({ format: 'der', type: 'pkcs8' })
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  const derivation = sequence(
    oid(PBKDF2),
    sequence(octets(salt), integer(LOCK_ITERATIONS), sequence(oid(HMAC_SHA_512), nothing())),
  )
  const scheme = sequence(oid(PBES2), sequence(derivation, sequence(oid(AES_256_CBC), octets(iv))))
  return forge.pki.encryptedPrivateKeyToPem(sequence(scheme, octets(sealed))).replaceAll('\r\n', '\n')
}

/** Whether a guess of the passphrase costs at least what it does in a key that `lockKey` wrote, as far as that is known. */
export function isWellLocked(pem: string): boolean {
  try {
    const info = forge.pki.encryptedPrivateKeyFromPem(pem) as forge.asn1.Asn1
    const scheme = at(info, 0)
    if (oidOf(at(scheme, 0)) !== PBES2) return false
    const derivation = at(at(scheme, 1), 0)
    const parameters = at(derivation, 1)
    switch (oidOf(at(derivation, 0))) {
      case PBKDF2: {
        // A length of the key may stand between the two.
        const prf = (parameters.value as forge.asn1.Asn1[]).findLast(({ type }) => type === SEQUENCE)
        if (prf === undefined) return false
        const isStrong = [HMAC_SHA_256, HMAC_SHA_384, HMAC_SHA_512].includes(oidOf(at(prf, 0)))
        return isStrong && numberOf(at(parameters, 1)) >= LOCK_ITERATIONS
      }
      case SCRYPT:
        return (
          numberOf(at(parameters, 1)) >= LOCK_SCRYPT_COST_MIN &&
          numberOf(at(parameters, 2)) >= LOCK_SCRYPT_BLOCK_MIN
        )
      default:
        return false
    }
  } catch {
    return false
  }
}

function sequence(...parts: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, SEQUENCE, true, parts)
}

function octets(bytes: Uint8Array): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, OCTETSTRING, false, Buffer.from(bytes).toString('binary'))
}

function integer(value: number): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, INTEGER, false, asn1.integerToDer(value).getBytes())
}

function oid(name: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, OID, false, asn1.oidToDer(name).getBytes())
}

function nothing(): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, NULL, false, '')
}

/** Throws where it is not there. */
function at(node: forge.asn1.Asn1, index: number): forge.asn1.Asn1 {
  const part = (node.value as forge.asn1.Asn1[])[index]
  if (part === undefined) throw new RangeError('the structure is too short')
  return part
}

function oidOf(node: forge.asn1.Asn1): string {
  return asn1.derToOid(node.value as string)
}

function numberOf(node: forge.asn1.Asn1): number {
  return asn1.derToInteger(forge.util.createBuffer(node.value as string))
}
