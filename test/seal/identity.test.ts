import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFolder, openConfigFolder } from '../../src/seal/config-folder.js'
import { fingerprintOf, readFingerprint, showFingerprint, spkiOf } from '../../src/seal/fingerprint.js'
import { type Identity, openIdentity, readIdentity, relockedNote } from '../../src/seal/identity.js'
import { isWellLocked, lockKey } from '../../src/seal/locked-key.js'
import { readSecretLine, shellWord } from '../../src/seal/private-file.js'
import { RsaSigner } from '../../src/seal/rsa.js'

let folder: string
let file: string
let identity: Identity
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'left-identity-'))
  file = join(folder, 'sub', 'identity.pem')
  identity = await openIdentity({ file })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    console.warn('openssl is not there: what it says about certificates is not tested')
    return false
  }
})()

describe('an identity', () => {
  test('is made once, and is the same from then on', async () => {
    expect(identity.isNew).toBe(true)
    const again = await openIdentity({ file, onMaking: () => expect.unreachable() })
    expect(again).toMatchObject({ isNew: false, fingerprint: identity.fingerprint })
  })

  test('is the owner’s alone, and refused where it is not', async () => {
    if (process.platform === 'win32') return
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const loose = join(folder, 'it’s loose.pem')
    copyFileSync(file, loose)
    for (const mode of [0o640, 0o604, 0o620]) {
      chmodSync(loose, mode)
      await expect(openIdentity({ file: loose })).rejects.toMatchObject({
        code: 'identity-unusable',
        message: expect.stringMatching(
          /other users may read or write it; mend it with: chmod 600 '.*loose\.pem'$/,
        ),
      })
      expect(statSync(loose).mode & 0o777).toBe(mode)
    }
    for (const mode of [0o600, 0o400]) {
      chmodSync(loose, mode)
      expect((await openIdentity({ file: loose })).fingerprint).toBe(identity.fingerprint)
    }
  })

  test.skipIf(process.geteuid?.() !== 0)('of another user is refused, and both commands told', () => {
    const foreign = join(folder, 'foreign.pem')
    copyFileSync(file, foreign)
    chownSync(foreign, 65_534, 65_534)
    chmodSync(foreign, 0o600)
    const own = userInfo().username
    expect(() => readIdentity({ file: foreign })).toThrow(
      `belongs to another user; mend it with: chown ${own} ${foreign}`,
    )
    chmodSync(foreign, 0o644)
    expect(() => readIdentity({ file: foreign })).toThrow(
      `mend it with: chown ${own} ${foreign} && chmod 600 ${foreign}`,
    )
  })

  test('has a static key that all its copies have, under a passphrase or not, and with the primes in either order', async () => {
    const copy = join(folder, 'copy.pem')
    const pem = readFileSync(file, 'utf8')
    const [certificate] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/.exec(pem)!
    const seedOf = (key: string, passphrase?: string) => {
      writeFileSync(copy, `${certificate}${key}`, { mode: 0o600 })
      return readIdentity({ file: copy, passphrase })!.staticSeed
    }
    expect(identity.staticSeed).toHaveLength(32)
    const own = [...identity.staticSeed]
    expect([...seedOf(await lockKey(identity.privateKey, 'swordfish'), 'swordfish')]).toEqual(own)
    const jwk = identity.privateKey.export({ format: 'jwk' })
    const number = (text: string) => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`)
    const inverse = powerOf(number(jwk.p!), number(jwk.q!) - 2n, number(jwk.q!))
    const qi = Buffer.from(inverse.toString(16).padStart(384, '0'), 'hex').toString('base64url')
    const swapped = { ...jwk, p: jwk.q!, q: jwk.p!, dp: jwk.dq!, dq: jwk.dp!, qi }
    const key = createPrivateKey({ key: swapped, format: 'jwk' }).export({ format: 'pem', type: 'pkcs8' })
    expect([...seedOf(key as string)]).toEqual(own)
    const other = readIdentity({ file: process.env.LEFT_TEST_IDENTITY! })!
    expect([...other.staticSeed]).not.toEqual(own)
  })

  test('has a certificate of its key that is signed by it', () => {
    const certificate = new X509Certificate(identity.certificate)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3_072)
    const spki = certificate.publicKey.export({ format: 'der', type: 'spki' })
    expect(createHash('sha256').update(spki).digest('hex')).toBe(identity.fingerprint)
    expect(Buffer.from(spkiOf(identity.modulus)).equals(spki)).toBe(true)
  })

  test.skipIf(!hasOpenssl)('is read by openssl, which finds the same fingerprint', () => {
    const text = execFileSync('openssl', ['x509', '-in', file, '-noout', '-text'], { encoding: 'utf8' })
    expect(text).toContain('Public-Key: (3072 bit)')
    expect(text).toContain('sha256WithRSAEncryption')
    const spki = execFileSync('openssl', ['pkey', '-in', file, '-pubout', '-outform', 'DER'])
    expect(createHash('sha256').update(spki).digest('hex')).toBe(identity.fingerprint)
    expect(() => execFileSync('openssl', ['verify', '-CAfile', file, file])).not.toThrow()
  })

  test('of several processes that start at once is one', async () => {
    const shared = join(folder, 'shared.pem')
    const all = await Promise.all([1, 2].map(() => openIdentity({ file: shared })))
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(1)
    expect(all.filter(({ isNew }) => isNew)).toHaveLength(1)
  })

  test('with a passphrase needs it', async () => {
    const locked = join(folder, 'locked.pem')
    const made = await openIdentity({ file: locked, passphrase: 'correct horse' })
    expect(readFileSync(locked, 'utf8')).toContain('ENCRYPTED PRIVATE KEY')
    expect(readIdentity({ file: locked, passphrase: 'correct horse' })?.fingerprint).toBe(made.fingerprint)
    expect(() => readIdentity({ file: locked, passphrase: 'wrong' })).toThrow('passphrase is wrong')
    expect(() => readIdentity({ file: locked })).toThrow('LEFT_PASSPHRASE')
  })

  test('that is none is refused with a word', () => {
    const broken = join(folder, 'broken.pem')
    for (const text of ['', 'who am I?', identity.certificate]) {
      writeFileSync(broken, text, { mode: 0o600 })
      expect(() => readIdentity({ file: broken })).toThrow('cannot be used')
    }
  })
})

describe('a key under a passphrase', () => {
  const passphrase = 'correct horse'
  const keyOf = (options: { file: string }) => readIdentity({ ...options, passphrase })!.privateKey
  /** An identity whose key is locked by openssl, or node:crypto, as `how` says. */
  function lockedFile(name: string, keyPem: string): string {
    const place = join(folder, name)
    writeFileSync(place, `# mine\n${identity.certificate}${keyPem}`, { mode: 0o600 })
    return place
  }
  const keyPart = (place: string) => /-----BEGIN ENC[\s\S]*/.exec(readFileSync(place, 'utf8'))![0]
  const weak = () =>
    identity.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }) as string
  const byOpenssl = (...words: string[]) =>
    execFileSync('openssl', ['pkcs8', '-topk8', '-passout', `pass:${passphrase}`, ...words], {
      input: identity.privateKey.export({ format: 'pem', type: 'pkcs8' }),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })

  test('costs a guess as many rounds as the limit says', async () => {
    const pem = await lockKey(identity.privateKey, passphrase)
    expect(isWellLocked(pem)).toBe(true)
    // DER of INTEGER 600,000.
    expect(Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64').toString('hex')).toContain('02030927c0')
    expect(isWellLocked(weak())).toBe(false)
    expect(isWellLocked('nonsense')).toBe(false)
  })

  test.skipIf(!hasOpenssl)('is read by openssl', async () => {
    const pem = await lockKey(identity.privateKey, passphrase)
    const plain = execFileSync('openssl', ['pkey', '-passin', `pass:${passphrase}`], {
      input: pem,
      encoding: 'utf8',
    })
    expect(createPrivateKey(plain).equals(identity.privateKey)).toBe(true)
  })

  test('in a weak form is written anew, once, with the rest of its file and for its owner only', async () => {
    const place = lockedFile('weak.pem', weak())
    const [key, first] = [keyOf({ file: place }), readFileSync(place, 'utf8')]
    const opened = await openIdentity({ file: place, passphrase })
    expect(opened).toMatchObject({ relocked: 'done', fingerprint: identity.fingerprint })
    const second = readFileSync(place, 'utf8')
    expect(isWellLocked(keyPart(place))).toBe(true)
    expect(second.startsWith(`# mine\n${identity.certificate}-----BEGIN ENCRYPTED`)).toBe(true)
    expect(second).not.toContain(first.slice(-200))
    expect(statSync(place).mode & 0o777).toBe(0o600)
    expect(keyOf({ file: place }).equals(key)).toBe(true)
    expect((await openIdentity({ file: place, passphrase })).relocked).toBe('needless')
    expect(readFileSync(place, 'utf8')).toBe(second)
    expect(readdirSync(folder).filter((name) => name.startsWith('weak.pem'))).toEqual(['weak.pem'])
  })

  test.skipIf(!hasOpenssl)('of other tools is written anew where a guess is cheaper', async () => {
    const judged: [string[], boolean][] = [
      [['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA1', '-iter', '600000'], false],
      [['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512', '-iter', '599999'], false],
      [['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-iter', '600000'], true],
      [['-v1', 'PBE-SHA1-3DES', '-iter', '600000'], false],
      [['-scrypt', '-scrypt_N', '8192', '-scrypt_r', '8', '-scrypt_p', '1'], false],
      [['-scrypt'], true],
    ]
    for (const [words, isKept] of judged)
      expect(isWellLocked(byOpenssl(...words)), words.join(' ')).toBe(isKept)
    const traditional = execFileSync(
      'openssl',
      ['rsa', '-traditional', '-aes256', '-passout', `pass:${passphrase}`],
      {
        input: identity.privateKey.export({ format: 'pem', type: 'pkcs8' }),
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    )
    const place = lockedFile('traditional.pem', traditional)
    expect((await openIdentity({ file: place, passphrase })).relocked).toBe('done')
    expect(readFileSync(place, 'utf8')).not.toContain('Proc-Type')
  })

  test('behind a link is written anew where the link leads, and the link stays', async () => {
    const place = lockedFile('target.pem', weak())
    const link = join(folder, 'link.pem')
    symlinkSync(place, link)
    expect((await openIdentity({ file: link, passphrase })).relocked).toBe('done')
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(isWellLocked(keyPart(place))).toBe(true)
  })

  test('is written anew by several processes at once without a moment in which there is none', async () => {
    const place = lockedFile('contended.pem', weak())
    const opened = await Promise.all([1, 2].map(() => openIdentity({ file: place, passphrase })))
    for (const { fingerprint } of opened) expect(fingerprint).toBe(identity.fingerprint)
    expect(keyOf({ file: place }).equals(identity.privateKey)).toBe(true)
  })

  test.skipIf(process.geteuid?.() === 0)(
    'that cannot be written anew is used all the same, and the reason told',
    async () => {
      const closed = join(folder, 'closed')
      mkdirSync(closed)
      const place = lockedFile('closed/weak.pem', weak())
      chmodSync(closed, 0o500)
      const opened = await openIdentity({ file: place, passphrase })
      chmodSync(closed, 0o700)
      expect(opened.relocked).toEqual({ failed: 'EACCES' })
      expect(relockedNote(opened)).toContain('could not be written anew (EACCES)')
      expect(keyOf({ file: place }).equals(identity.privateKey)).toBe(true)
    },
  )
})

describe('the file of a secret', () => {
  test('is read without its line end, and refused where others may read it', () => {
    const place = join(folder, 'a secret')
    writeFileSync(place, 'swordfish \r\n', { mode: 0o600 })
    expect(readSecretLine(place, '--secret-file')).toBe('swordfish ')
    if (process.platform === 'win32') return
    chmodSync(place, 0o644)
    expect(() => readSecretLine(place, '--secret-file')).toThrow(
      `the file of --secret-file is not private: other users may read or write it; mend it with: chmod 600 '${place}'`,
    )
    expect(() => readSecretLine(join(folder, 'none'), '--secret-file')).toThrow(
      'name another with --secret-file',
    )
  })

  test('may be a device, which keeps nothing', () => {
    if (process.platform === 'win32') return
    expect(readSecretLine('/dev/null', '--passphrase-file')).toBe('')
  })

  test.each([
    ['/home/a/b.pem', '/home/a/b.pem'],
    ['/home/a b', "'/home/a b'"],
    ["/it's/$(rm)", "'/it'\\''s/$(rm)'"],
  ])('is named in a command as the shell reads it: %s', (word, shown) => {
    expect(shellWord(word)).toBe(shown)
  })
})

describe('RSA in the thread pool', () => {
  test('signs what it verifies, and opens what it seals', async () => {
    const signer = new RsaSigner(identity.modulus, identity.privateKey)
    const text = Uint8Array.of(1, 2, 3)
    const { modulus: key } = identity
    const signature = (await signer.carryOut({ id: 1, type: 'sign', text }))!
    expect(signature.length).toBe(384)
    expect(await signer.carryOut({ id: 2, type: 'verify', key, text, signature })).toBeDefined()
    const other = Uint8Array.of(1, 2, 4)
    expect(await signer.carryOut({ id: 3, type: 'verify', key, text: other, signature })).toBeUndefined()
    const secret = new Uint8Array(98).fill(9)
    const sealed = (await signer.carryOut({ id: 4, type: 'encrypt', key, text: secret }))!
    expect(await signer.carryOut({ id: 5, type: 'decrypt', sealed })).toEqual(secret)
    sealed[5]! ^= 1
    expect(await signer.carryOut({ id: 6, type: 'decrypt', sealed })).toBeUndefined()
    const nonsense = { id: 7, type: 'verify', key: new Uint8Array(384), text, signature } as const
    expect(await signer.carryOut(nonsense)).toBeUndefined()
  })
})

describe('a fingerprint', () => {
  test('is read back as it is shown, and as people paste it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 384, maxLength: 384 }), (modulus) => {
        const fingerprint = fingerprintOf(modulus)
        const shown = showFingerprint(fingerprint)
        expect(shown).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/)
        for (const text of [
          shown,
          `SHA256:${fingerprint.toUpperCase()}`,
          fingerprint.replace(/../g, '$&:').slice(0, -1),
        ])
          expect(readFingerprint(text)).toBe(fingerprint)
      }),
    )
    for (const text of ['', 'abc', 'g'.repeat(64), '0'.repeat(65)])
      expect(readFingerprint(text)).toBeUndefined()
  })
})

test('the configuration folder is the user’s', () => {
  expect(configFolder({ XDG_CONFIG_HOME: '/x' })).toBe(
    process.platform === 'win32' ? configFolder({}) : '/x/left',
  )
  if (process.platform !== 'win32') expect(configFolder({})).toMatch(/\.config\/left$/)
})

test('the configuration folder is made the user’s alone, and not made where it is not there', () => {
  if (process.platform === 'win32') return
  const environment = { XDG_CONFIG_HOME: join(folder, 'config') }
  const place = openConfigFolder(environment)
  expect(existsSync(place)).toBe(false)
  mkdirSync(place, { recursive: true })
  chmodSync(place, 0o755)
  expect(openConfigFolder(environment)).toBe(place)
  expect(statSync(place).mode & 0o777).toBe(0o700)
})

function powerOf(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}
