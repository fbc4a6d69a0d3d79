import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { fingerprintLines, identityLines, runIdentity } from '../../src/cli/identity.js'
import { listLines, type RawTrustArguments, runTrust } from '../../src/cli/trust.js'
import { readFingerprint, showFingerprint } from '../../src/seal/fingerprint.js'
import { Pins } from '../../src/seal/pins.js'
import { temporaryFolder } from '../io/temporary-folder.js'
import { left as leftOf } from './child.js'

const first = '5f3a91c0'.repeat(8)
const second = `5f3a91c0${'0'.repeat(56)}`

let folder: string
let pins: Pins
let printed: string[]

beforeEach(() => {
  folder = temporaryFolder()
  pins = new Pins(join(folder, 'trusted-peers'))
  printed = []
})

const trust = (words: string, raw: RawTrustArguments = {}) =>
  runTrust(words === '' ? [] : words.split(' '), raw, pins, (line) => printed.push(line))

describe('left trust', () => {
  it.each([
    ['in one piece', first],
    ['in groups', showFingerprint(first)],
    ['with colons', first.match(/../g)!.join(':')],
    ['in capitals', first.toUpperCase()],
    ['with its kind', `SHA256:${first}`],
  ])('takes a fingerprint %s', async (_how, typed) => {
    expect(await trust(typed, { name: 'lab 3' })).toBe(0)
    expect(pins.list()).toMatchObject([{ fingerprint: first, name: 'lab 3', addresses: [] }])
    expect(printed).toEqual([
      'trusted from now on, wherever it is:',
      ...fingerprintLines(first).map((line) => `  ${line}`),
    ])
    await trust(typed)
    expect(printed).toContain('was trusted already:')
    expect(pins.list()).toMatchObject([{ name: 'lab 3' }])
  })

  it.each([
    ['', {}, 'needs a fingerprint'],
    ['5f3a', {}, "'5f3a' is no fingerprint"],
    [first.slice(1), {}, '64 hexadecimal characters'],
    [`${first}0`, {}, '64 hexadecimal characters'],
    [`${first.slice(1)}g`, {}, '64 hexadecimal characters'],
    [first, { list: true }, '--list goes alone'],
    ['', { list: true, remove: true }, '--list goes alone'],
    ['5f3a91c', { remove: true }, 'at least 8 characters'],
    [second, { remove: true }, 'is not trusted'],
  ] as const)('refuses %j with %j', async (words, raw, text) => {
    await expect(trust(words, raw)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(text),
    })
    expect(pins.list()).toEqual([])
  })

  it('keeps the static key with it, where it is given whole', async () => {
    await expect(trust(first, { static: 'abc' })).rejects.toThrow('is no static key')
    await trust(first, { static: second.toUpperCase() })
    expect(pins.staticOf(first)).toBe(second)
  })

  it('removes one, by as much of its fingerprint as tells it from others', async () => {
    await pins.trust(first, { address: '10.0.0.7:22001', name: 'lab 3' })
    await pins.trust(second, {})
    await expect(trust('5f3a 91c0', { remove: true })).rejects.toThrow('the beginning of 2 fingerprints')
    await trust('5f3a 91c0 5f', { remove: true })
    expect(printed[0]).toContain('lab 3 is not trusted any more')
    expect(printed[0]).toContain(`left trust ${first}`)
    expect(pins.list().map(({ fingerprint }) => fingerprint)).toEqual([second])
    printed = []
    await trust('', { list: true })
    expect(printed).toContainEqual(expect.stringMatching(/^lab 3 {2}REMOVED/))
    await trust(first)
    expect(printed).toContain('trusted again, wherever it is:')
    expect(pins.list()).toMatchObject([{ fingerprint: second }, { fingerprint: first, name: 'lab 3' }])
  })

  it('lists whom it trusts, with nothing that could move the cursor', async () => {
    expect(listLines([], '/x/trusted-peers')).toEqual(['nobody is trusted yet (/x/trusted-peers)'])
    await pins.trust(first, { address: '10.0.0.7:22001', name: 'lab\u001b[2J' })
    await trust('', { list: true })
    expect(printed).toHaveLength(3)
    expect(printed[0]).toMatch(/^lab.*since \d{4}-\d\d-\d\d {2}10\.0\.0\.7:22001$/)
    expect(printed.join('')).not.toContain('\u001b')
    expect(readFingerprint(printed.slice(1).join(' '))).toBe(first)
  })
})

describe('left identity', () => {
  it('shows the fingerprint in two lines that can be compared aloud, where the file is, and what to say to others', () => {
    expect(identityLines({ fingerprint: first, file: '/home/a/identity.pem', staticKey: second })).toEqual([
      'fingerprint  5f3a 91c0 5f3a 91c0 5f3a 91c0 5f3a 91c0',
      '             5f3a 91c0 5f3a 91c0 5f3a 91c0 5f3a 91c0',
      'file         /home/a/identity.pem',
      `for others   left trust ${first}`,
      `for visits   left trust ${first} --static ${second}`,
    ])
  })

  it('makes an identity that only its owner may read, and shows the same one afterwards', async () => {
    const file = join(folder, 'deep', 'identity.pem')
    expect(await runIdentity({ identity: file }, (line) => printed.push(line))).toBe(0)
    expect(printed[0]).toContain('making an identity')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const made = printed.slice(1)
    printed = []
    await runIdentity({ identity: file }, (line) => printed.push(line))
    expect(printed).toEqual(made)
    expect(readFileSync(file, 'utf8')).toContain('BEGIN CERTIFICATE')
    await expect(runIdentity({ identity: '' })).rejects.toMatchObject({ code: 'usage' })
    await expect(runIdentity({ identity: file, passphraseFile: join(folder, 'none') })).rejects.toMatchObject(
      {
        code: 'secret-unusable',
      },
    )
  })
})

describe('the commands', () => {
  const left = (...words: string[]) => leftOf(words, { XDG_CONFIG_HOME: folder })

  it('work on the folder of the user', async () => {
    expect(await left('trust', ...showFingerprint(first).split(' '), '--name', 'lab 3')).toMatchObject({
      exitCode: 0,
      stderr: '',
    })
    expect((await left('trust', '--list')).stdout).toMatch(/^lab 3 {2}since/)
    expect((await left('trust', '--remove', first)).exitCode).toBe(0)
    expect((await left('trust', '--list')).stdout).toMatch(/^nobody is trusted yet[^\n]*\nlab 3 {2}REMOVED/)
    const refused = await left('trust', 'nonsense')
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toMatch(/^left: [^\n]+\n$/)
    expect((await left('identity')).stdout).toContain(join(folder, 'left', 'identity.pem'))
  })
})
