// Peers that are let in or refused, and what others see, with real processes: a capture of what crosses, other keys,
// other secrets, no encryption, damage on the way.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { addressesOfOthers } from '../../harness/peers/peer.js'
import { runLeft } from '../../harness/processes.js'
import { hexOf, utf8 } from '../../src/base/bytes.js'
import { hash } from '../../src/io/hash.js'
import type { HostPort } from '../../src/io/net/address.js'
import { openIdentity } from '../../src/seal/identity.js'
import { eventually, left, statusOf } from './left.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

const text = 'the quick brown fox of a very secret project jumps over the lazy dog\n'.repeat(4_000)
const NAMES = ['secret-folder', 'a-telling-name.txt', 'blob.bin']

async function fill(peer: RecordedPeer): Promise<void> {
  mkdirSync(peer.path('secret-folder'))
  writeFileSync(peer.path('secret-folder', 'a-telling-name.txt'), text)
  await writeContent(peer.path('blob.bin'), 'blob', 300_000)
}

/** Pieces of everything that nobody but the two may see. */
function secretsOf(peer: RecordedPeer): Map<string, Uint8Array> {
  const secrets = new Map(NAMES.map((name) => [`the name ${name}`, utf8(name)]))
  for (const path of ['secret-folder/a-telling-name.txt', 'blob.bin']) {
    const content = readFileSync(peer.path(path))
    for (const at of [0, 1_000, 65_300, 130_600, content.length - 16])
      secrets.set(`${path} at ${at}`, content.subarray(at, at + 16))
    const digest = hash(hash(content.subarray(0, 65_300)))
    secrets.set(`a digest of ${path}`, hash(content.subarray(0, 65_300)))
    secrets.set(`a digest of ${path} in text`, utf8(hexOf(digest)))
  }
  return secrets
}

describe('a capture of everything that crosses', () => {
  async function found(world: World, options: readonly string[]): Promise<string[]> {
    const captured: Buffer[] = []
    const onDatagram = (bytes: Uint8Array) => captured.push(Buffer.from(bytes))
    const { a, b } = await world.pairOverRelay({ seed: 1, onDatagram }, options)
    await fill(a)
    await world.start([a, b], 1)
    await world.untilSame([a, b])
    await world.until('the event', () => b.received('secret-folder/a-telling-name.txt').length === 1)
    if (options.length === 0)
      expect(b.received('secret-folder/a-telling-name.txt')[0]!.savedBytes).toBeGreaterThan(text.length / 2)
    const all = Buffer.concat(captured)
    expect(all.length).toBeGreaterThan(300_000)
    return [...secretsOf(a)].filter(([, secret]) => all.includes(Buffer.from(secret))).map(([what]) => what)
  }

  test('holds no name, no content and no digest', async ({ world }) => {
    expect(await found(world, [])).toEqual([])
  })

  test('holds them all with --encryption no, so that the search is one', async ({ world }) => {
    const what = await found(world, ['--encryption', 'no'])
    for (const name of NAMES) expect(what).toContain(`the name ${name}`)
    expect(what).toContain('blob.bin at 65300')
    expect(what).toContain('a digest of blob.bin')
  })
})

describe('a link that damages one datagram in thirty', () => {
  longTest('delivers what was sent, and nothing else', async ({ world }) => {
    const { a, b, relay } = await world.pairOverRelay({ seed: 3, bitFlips: 1 / 30 })
    await fill(a)
    await writeContent(a.path('large.bin'), 'large', 8_000_000)
    await world.start([a, b], 1)
    await world.untilSame([a, b])
    expect(relay.counters(a.address, b.address).flipped).toBeGreaterThan(0)
    expect([...a.of('problem'), ...b.of('problem')]).toEqual([])
  })
})

/** Two peers of different users, each with a file; not started. */
async function twoUsers(
  world: World,
  optionsOf: { a?: readonly string[]; b?: readonly string[] } = {},
  other = world.otherConfig(),
): Promise<{ a: RecordedPeer; b: RecordedPeer; trustAtA: (fingerprint: string) => Promise<void> }> {
  const endpoints = (await world.endpoints(2)) as [HostPort, HostPort]
  const [endpointA, endpointB] = endpoints
  const a = world.peer('A', endpointA, addressesOfOthers(endpoints, endpointA), optionsOf.a)
  const b = world.peer('B', endpointB, addressesOfOthers(endpoints, endpointB), optionsOf.b, other)
  writeFileSync(a.path('of-a'), 'of a')
  writeFileSync(b.path('of-b'), 'of b')
  const trustAtA = async (fingerprint: string) => {
    const env = { ...process.env, XDG_CONFIG_HOME: world.config }
    expect(await runLeft(['trust', fingerprint], { env })).toMatchObject({ exitCode: 0, stderr: '' })
  }
  return { a, b, trustAtA }
}

const isShutOut = (peer: RecordedPeer) =>
  peer.of('waiting').some(({ reason }) => reason.includes('does not let this peer in'))

describe('a peer with another key', () => {
  longTest(
    'at a known address is stopped, once and in both their names, until a person trusts it',
    async ({ world }) => {
      const { a, b, trustAtA } = await twoUsers(world, {}, world.path('new-user'))
      await world.start([a, b])
      await world.untilSame([a, b])
      expect(a.of('pinned')).toMatchObject([{ address: b.address, how: 'first-use' }])
      const first = a.of('pinned')[0]!.fingerprint
      // B's user had no identity yet, and is told of what takes a second.
      const isMaking = ({ message }: { message: string }) =>
        message.startsWith('making an identity for this user')
      expect(b.of('note').filter(isMaking)).toHaveLength(1)
      expect(a.of('note').filter(isMaking)).toEqual([])
      await b.stop()
      const file = world.path('another.pem')
      const { fingerprint } = await openIdentity({ file })
      writeFileSync(b.path('new'), 'of somebody else')
      b.start(['--identity', file])
      await world.until('A to stop it', () => a.of('key-changed').length > 0)
      await world.until('B to know', () => isShutOut(b))
      await eventually(() => statusOf(a)).toMatchObject({ peers: [{ code: 'key-changed' }] })
      expect((await left(a.share, 'why')).stdout).toContain('left trust')
      expect(a.of('key-changed')).toMatchObject([{ address: b.address, fingerprint, pinned: first }])
      expect(a.received('new')).toEqual([])
      await trustAtA(fingerprint)
      await world.untilSame([a, b])
      expect(a.of('key-changed')).toHaveLength(1)
    },
  )

  test('is refused with --trust pinned until its fingerprint is named', async ({ world }) => {
    const { a, b, trustAtA } = await twoUsers(world, { a: ['--trust', 'pinned'] })
    a.start()
    b.start()
    await world.until('A to refuse it', () => a.of('refused').length > 0)
    await world.until('B to know', () => isShutOut(b))
    await eventually(() => statusOf(a)).toMatchObject({ peers: [{ code: 'refused' }] })
    await eventually(() => statusOf(b)).toMatchObject({ peers: [{ code: 'not-let-in' }] })
    const fingerprint = /left trust ([0-9a-f]{64})/.exec(a.of('refused')[0]!.reason)?.[1]
    expect({ a: a.of('refused').length, received: a.received('of-b') }).toEqual({ a: 1, received: [] })
    await trustAtA(fingerprint!)
    await world.untilSame([a, b])
  })
})

describe('a peer whose key is removed', () => {
  test('loses its session in both directions, is kept out where it was met first, and comes back when it is trusted again', async ({
    world,
  }) => {
    const { a, b, trustAtA } = await twoUsers(world)
    await world.start([a, b])
    await world.untilSame([a, b])
    const { fingerprint } = a.of('pinned')[0]!
    const env = { ...process.env, XDG_CONFIG_HOME: world.config }
    expect(await runLeft(['trust', '--remove', fingerprint], { env })).toMatchObject({ exitCode: 0 })
    await world.until('both to see it end', () => [a, b].every((peer) => peer.of('disconnected').length > 0))
    expect(a.of('disconnected')[0]!.reason).toContain('not trusted any more')
    writeFileSync(a.path('later-of-a'), 'of a')
    writeFileSync(b.path('later-of-b'), 'of b')
    await world.until('A to refuse it', () => a.of('refused').length > 0)
    await world.until('B to know', () => isShutOut(b))
    await eventually(() => statusOf(a)).toMatchObject({ peers: [{ code: 'refused' }] })
    await eventually(() => statusOf(b)).toMatchObject({ peers: [{ code: 'not-let-in' }] })
    expect(a.of('refused')[0]!.reason).toContain(`left trust ${fingerprint}`)
    expect([a, b].map((peer) => peer.of('connected').length)).toEqual([1, 1])
    await trustAtA(fingerprint)
    await world.untilSame([a, b])
  })
})

describe('a shared secret', () => {
  const secretFile = (world: World, name: string, secret: string) => {
    const file = join(world.folder, name)
    writeFileSync(file, `${secret}\n`, { mode: 0o600 })
    return ['--secret-file', file]
  }

  test('lets in whoever holds it', async ({ world }) => {
    const options = secretFile(world, 'secret', 'correct horse battery staple')
    const { a, b } = await twoUsers(world, { a: options, b: options })
    await world.start([a, b])
    await world.untilSame([a, b])
    expect([...a.of('pinned'), ...b.of('pinned')].map(({ how }) => how)).toEqual(['secret', 'secret'])
  })

  test('keeps out whoever holds another, once said, and nothing is written', async ({ world }) => {
    const { a, b } = await twoUsers(world, {
      a: secretFile(world, 'secret', 'correct horse battery staple'),
      b: secretFile(world, 'wrong', 'another horse battery staple'),
    })
    a.start()
    b.start()
    await world.until('somebody to say so', () => a.of('refused').length + b.of('refused').length > 0)
    await world.until('the other to know', () => [a, b].some(isShutOut))
    expect([...a.of('connected'), ...b.of('connected')]).toEqual([])
    expect([...a.of('received'), ...b.of('received')]).toEqual([])
    for (const peer of [a, b]) expect(peer.of('refused').length).toBeLessThanOrEqual(1)
  })
})

describe('a peer that speaks without encryption', () => {
  test('is refused, both say so once, and nothing is written', async ({ world }) => {
    const { a, b } = await twoUsers(world, { b: ['--encryption', 'no'] })
    a.start()
    b.start()
    await world.until('both to say so', () => a.of('refused').length > 0 && b.of('refused').length > 0)
    for (const [peer, other] of [
      [a, b],
      [b, a],
    ] as const) {
      expect(peer.of('refused')).toMatchObject([{ address: other.address }])
      expect(peer.of('refused')[0]!.reason).toContain('--encryption no')
      expect([...peer.of('connected'), ...peer.of('received')]).toEqual([])
    }
  })
})
