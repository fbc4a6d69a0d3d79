import { fork } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bundled } from '../../harness/bundled.js'
import { PEER_IDS_PER_KEY_MAX, PIN_ADDRESSES_MAX } from '../../src/seal/limits.js'
import { formatPin, parsePin } from '../../src/seal/pin-file.js'
import { Pins } from '../../src/seal/pins.js'

const KEY = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)
const A = '10.0.0.1:22001'
const B = '10.0.0.2:22001'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'left-pins-'))
  file = join(folder, 'left', 'trusted-peers')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('trusted peers', () => {
  test('are none where there is no file', () => {
    expect(new Pins(file).list()).toEqual([])
  })

  test('are known at once, and by whoever reads the file', async () => {
    const pins = new Pins(file)
    const written = pins.trust(KEY, { address: A, name: 'lab 1' })
    expect(pins.ofAddress(A)?.fingerprint).toBe(KEY)
    await written
    expect(new Pins(file).ofFingerprint(KEY)).toMatchObject({ addresses: [A], name: 'lab 1' })
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^# .*\n${KEY} \\S+Z ${A} lab 1\n$`))
  })

  test('keep when and how they were first met, wherever they are met again', async () => {
    const pins = new Pins(file)
    await pins.trust(KEY, { address: A, name: 'lab' })
    const { firstSeen } = pins.ofFingerprint(KEY)!
    await pins.trust(KEY, { address: B })
    expect(pins.ofFingerprint(KEY)).toEqual({ fingerprint: KEY, addresses: [B, A], name: 'lab', firstSeen })
  })

  test('are remembered at as many addresses as --ip may name, and no more', async () => {
    const pins = new Pins(file)
    const last = PIN_ADDRESSES_MAX + 1
    for (let port = 1; port < last; port++) void pins.trust(KEY, { address: `10.0.0.3:${port}` })
    expect(pins.ofAddress('10.0.0.3:1')?.fingerprint).toBe(KEY)
    await pins.trust(KEY, { address: `10.0.0.3:${last}` })
    expect(new Pins(file).ofFingerprint(KEY)!.addresses).toHaveLength(PIN_ADDRESSES_MAX)
    expect(pins.ofAddress('10.0.0.3:1')).toBeUndefined()
  })

  test('have each address for one of them only', async () => {
    const pins = new Pins(file)
    await pins.trust(KEY, { address: A })
    await pins.trust(OTHER, { address: A })
    expect(pins.ofAddress(A)?.fingerprint).toBe(OTHER)
    expect(new Pins(file).ofFingerprint(KEY)?.addresses).toEqual([])
  })

  test('are forgotten when they are removed, here and in a process that has them in memory', async () => {
    const running = new Pins(file)
    await running.trust(KEY, { address: A })
    expect(await new Pins(file).remove(KEY)).toBe(true)
    expect(running.ofFingerprint(KEY)).toBeUndefined()
    expect(await running.remove(KEY)).toBe(false)
  })

  test('that a person removed stay in the file as removed, with their names and addresses, until they are trusted again', async () => {
    const pins = new Pins(file)
    await pins.trust(KEY, { address: A, name: 'lab' })
    await pins.bind('00000000000000bb', KEY)
    const known = pins.ofFingerprint(KEY)
    await pins.remove(KEY)
    const running = new Pins(file)
    expect([running.isRemoved(KEY), running.removedAt(A), running.ofAddress(A)]).toEqual([
      true,
      known,
      undefined,
    ])
    expect(running.ownerOf('00000000000000bb')).toBeUndefined()
    await running.meet(KEY, { address: B })
    expect(running.ofFingerprint(KEY)).toBeUndefined()
    await running.trust(KEY, {})
    expect([pins.isRemoved(KEY), pins.ofFingerprint(KEY)]).toEqual([false, known])
  })

  test('keep which peer ids they showed first, and as many of one key as there may be', async () => {
    const pins = new Pins(file)
    const idOf = (index: number) => index.toString(16).padStart(16, '0')
    await pins.bind(idOf(0xffff), OTHER)
    for (let index = 0; index <= PEER_IDS_PER_KEY_MAX; index++) void pins.bind(idOf(index), KEY)
    await pins.bind(idOf(1), KEY)
    const read = new Pins(file)
    expect([0, 1, PEER_IDS_PER_KEY_MAX, 0xffff].map((index) => read.ownerOf(idOf(index)))).toEqual([
      undefined,
      KEY,
      KEY,
      OTHER,
    ])
  })

  test('are not forgotten where the file changes before they are in it', async () => {
    const pins = new Pins(file)
    await pins.trust(OTHER, {})
    const writing = pins.trust(KEY, {})
    writeFileSync(file, '')
    expect(pins.ofFingerprint(KEY)).toBeDefined()
    await writing
    expect(new Pins(file).ofFingerprint(KEY)).toBeDefined()
  })

  test('that change while others are written are all there, in what settles', async () => {
    const pins = new Pins(file)
    for (let turn = 0; turn < 40; turn++) {
      void pins.meet(KEY, { address: `10.0.0.3:${turn + 1}` })
      await new Promise((resolve) => setImmediate(resolve))
      expect(pins.ofFingerprint(KEY)?.addresses).toHaveLength(turn + 1)
    }
    const isRemoved = pins.remove(KEY)
    void pins.trust(OTHER, {})
    await pins.settled()
    expect(await isRemoved).toBe(true)
    const read = new Pins(file)
    expect([read.isRemoved(KEY), read.ofFingerprint(OTHER)?.addresses]).toEqual([true, []])
    expect(readdirSync(dirname(file))).toEqual(['trusted-peers'])
  })

  test('are kept together with what a person wrote between them', async () => {
    const pins = new Pins(file)
    await pins.trust(KEY, {})
    writeFileSync(file, `# the lab\n${formatPin(pins.ofFingerprint(KEY)!)}what is this?\n`)
    await pins.trust(OTHER, { name: 'new\nline' })
    const text = readFileSync(file, 'utf8')
    for (const line of ['# the lab', 'what is this?', KEY, OTHER]) expect(text).toContain(line)
    expect(pins.list()).toHaveLength(2)
    expect(pins.ofFingerprint(OTHER)?.name).toBe('new line')
  })

  test('that cannot be read are not taken for none: nobody starts with them, and nobody replaces them', async () => {
    const pins = new Pins(file)
    await pins.trust(KEY, { address: A })
    await pins.remove(KEY)
    await pins.trust(OTHER, { address: B })
    // A folder stands for a file that belongs to another user, or a disk that fails: tests may run as root.
    renameSync(file, `${file}.away`)
    mkdirSync(file)
    expect(() => new Pins(file)).toThrow(expect.objectContaining({ code: 'pins-unusable' }))
    expect([pins.isRemoved(KEY), pins.ofAddress(B)?.fingerprint]).toEqual([true, OTHER])
    await expect(pins.bind('00000000000000bb', OTHER)).rejects.toMatchObject({ code: 'pins-unusable' })
    expect(pins.ownerOf('00000000000000bb')).toBe(OTHER)
    rmSync(file, { recursive: true })
    renameSync(`${file}.away`, file)
    expect(pins.ofAddress(B)?.fingerprint).toBe(OTHER)
    await pins.meet(OTHER, { address: A })
    expect(new Pins(file).ownerOf('00000000000000bb')).toBe(OTHER)
    expect(new Pins(file).isRemoved(KEY)).toBe(true)
  })

  test('of several processes that write at once are all there', async () => {
    const program = bundled(fileURLToPath(new URL('./pin-writer.ts', import.meta.url)))
    const writers = [1, 2, 3, 4].map(
      (number) =>
        new Promise((resolve) => {
          fork(program, [file, String(number)]).once('exit', resolve)
        }),
    )
    expect(await Promise.all(writers)).toEqual([0, 0, 0, 0])
    expect(new Pins(file).list()).toHaveLength(40)
  })

  test('are not locked for ever by a process that died', async () => {
    const pins = new Pins(file)
    await pins.trust(KEY, {})
    writeFileSync(`${file}.lock`, '')
    utimesSync(`${file}.lock`, 1, 1)
    await pins.trust(OTHER, {})
    expect(pins.list()).toHaveLength(2)
  })
})

test('a line comes back as it was, and anything else is no pin', () => {
  const pin = fc.record({
    fingerprint: fc.constantFrom(KEY, OTHER),
    firstSeen: fc.constant('2024-05-14T12:02:11.004Z'),
    addresses: fc.uniqueArray(fc.constantFrom(A, B, '[fd00::7]:22001'), { maxLength: 3 }),
    name: fc.constantFrom('', 'lab', 'two words'),
  })
  fc.assert(
    fc.property(pin, (one) => {
      expect(parsePin(formatPin(one))).toEqual(one)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(parsePin(text)).toBeUndefined()
    }),
  )
})
