// A disk that refuses room, reading or names: the peer says so, and the rest goes on.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { addressesOfOthers } from '../../harness/peers/peer.js'
import { sleep, waitUntil } from '../../harness/peers/wait.js'
import { childrenOf, runLeft } from '../../harness/processes.js'
import { left, statusOf } from './left.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

const AFTERWARDS_MS = 500

const DISK_BYTES = 8_000_000

/** Whose share is on a disk of its own, with only so much room left on it; `free` makes more. */
async function onSmallDisk(
  world: World,
  { peer, roomBytes }: { peer: RecordedPeer; roomBytes: number },
): Promise<(() => void) | undefined> {
  const folder = dirname(peer.share)
  if (!world.mountSmall(folder, DISK_BYTES)) return undefined
  mkdirSync(peer.share)
  const filler = join(folder, 'in the way')
  const { bavail, bsize } = statfsSync(folder)
  await writeContent(filler, 'in the way', bavail * bsize - roomBytes)
  return () => rmSync(filler)
}

/** Such a disk has not much to be kept free. */
const TO_THE_LAST_BYTE = ['--min-free', '0']

const NO_MOUNT = 'needs root, to mount a small file system'

describe('a full disk', () => {
  test('pauses the transfer, is told once, and the transfer goes on when there is room', async ({
    world,
    skip,
  }) => {
    const [a, b] = (await world.group('AB', TO_THE_LAST_BYTE)) as [RecordedPeer, RecordedPeer]
    const free = await onSmallDisk(world, { peer: b, roomBytes: 3_000_000 })
    if (free === undefined) return skip(NO_MOUNT)
    await writeContent(a.path('large.bin'), 'large', 5_000_000)
    for (let index = 0; index < 20; index++) await writeContent(a.path(`small/${index}`), `${index}`, 20_000)
    a.start()
    b.start()
    await world.until('B to pause', () => b.of('paused').length > 0)
    await writeContent(a.path('later.bin'), 'later', 1_000_000)
    await world.until('A to know', async () => (await statusOf(a)).peers[0]?.code === 'full-there')
    expect((await left(a.share, 'why')).stdout).toMatch(/its disk is full.*\n.*free some space there/)
    const doctor = await left(b.share, 'doctor')
    expect(doctor).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/WRONG {2}disk .*the disk is full/),
    })
    await sleep(AFTERWARDS_MS)
    expect(existsSync(b.path('large.bin'))).toBe(false)
    free()
    await world.until('B to go on', () => b.of('resumed').length > 0)
    await world.untilSame([a, b])
    expect(b.of('paused')).toHaveLength(1)
    expect(b.of('resumed')).toHaveLength(1)
    expect(b.notes).toEqual([])
  })

  longTest(
    'that fills while the share is at rest holds back what changes there until there is room',
    async ({ world, skip }) => {
      const [a, b] = (await world.group('AB', TO_THE_LAST_BYTE)) as [RecordedPeer, RecordedPeer]
      const free = await onSmallDisk(world, { peer: a, roomBytes: 1_000_000 })
      if (free === undefined) return skip(NO_MOUNT)
      await world.start([a, b])
      await writeContent(a.path('fills.bin'), 'fills', 800_000)
      await world.until('A to pause', () => a.of('paused').length > 0)
      free()
      await world.untilSame([a, b])
      await world.until('A to go on', () => a.of('resumed').length > 0)
      expect(a.of('paused')).toHaveLength(1)
      expect(a.notes).toEqual([])
    },
  )

  longTest(
    'at the start is waited for too, also by a watcher process that was killed',
    async ({ world, skip }) => {
      const [a, b] = (await world.group('AB', TO_THE_LAST_BYTE)) as [RecordedPeer, RecordedPeer]
      const free = await onSmallDisk(world, { peer: b, roomBytes: 100_000 })
      if (free === undefined) return skip(NO_MOUNT)
      writeFileSync(a.path('file'), 'file')
      a.start()
      b.start()
      await world.until('B to pause', () => b.of('paused').length > 0)
      process.kill(childrenOf(b.pid!)[0]!, 'SIGKILL')
      await world.until('B to pause again', () => b.of('paused').length > 1)
      free()
      await world.untilSame([a, b])
      expect(b.of('resumed')).toHaveLength(1)
    },
  )

  test('without room for the first files of a share is refused', async ({ world, skip }) => {
    const [a, b] = (await world.group('AB', TO_THE_LAST_BYTE)) as [RecordedPeer, RecordedPeer]
    const free = await onSmallDisk(world, { peer: b, roomBytes: 0 })
    if (free === undefined) return skip(NO_MOUNT)
    const ended = await runLeft(['--ip', a.address, '--share', b.share, ...TO_THE_LAST_BYTE])
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toMatch(/^left: [^\n]*full[^\n]*\n$/)
    free()
    await world.start([a, b])
  })

  test('or a loss of power that left an empty file of ours does not keep the next start', async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB', TO_THE_LAST_BYTE)) as [RecordedPeer, RecordedPeer]
    mkdirSync(b.path('.left'))
    for (const name of ['format', 'replica', 'journal']) writeFileSync(b.path('.left', name), '')
    await world.start([a, b])
  })

  test('is not made by peers: what --min-free keeps stays free, and the rest comes when there is room', async ({
    world,
    skip,
  }) => {
    const [a, b] = (await world.group('AB', ['--min-free', '2M'])) as [RecordedPeer, RecordedPeer]
    const free = await onSmallDisk(world, { peer: b, roomBytes: 4_500_000 })
    if (free === undefined) return skip(NO_MOUNT)
    const freeBytes = (): number => {
      const { bavail, bsize } = statfsSync(b.share)
      return bavail * bsize
    }
    await writeContent(a.path('fits.bin'), 'fits', 500_000)
    await world.start([a, b])
    await world.untilSame([a, b])
    expect(b.of('paused')).toEqual([])
    await writeContent(a.path('large.bin'), 'large', 3_000_000)
    await world.until('B to pause', () => b.of('paused').length > 0)
    expect(b.of('paused')[0]!.reason).toContain('--min-free')
    await sleep(AFTERWARDS_MS)
    expect(freeBytes()).toBeGreaterThan(2_000_000)
    expect(existsSync(b.path('large.bin'))).toBe(false)
    free()
    await world.untilSame([a, b])
    await world.until('B to go on', () => b.of('resumed').length > 0)
  })
})

describe('what cannot be read', () => {
  test('a file without permission is told once and skipped, until it may be read', async ({
    world,
    skip,
  }) => {
    if (process.getuid?.() === 0) skip('root may read everything')
    const [a, b] = await world.group('AB')
    writeFileSync(a!.path('secret'), 'secret')
    chmodSync(a!.path('secret'), 0)
    writeFileSync(a!.path('open'), 'open')
    await world.start([a!, b!])
    await world.until('B to have the other', () => existsSync(b!.path('open')))
    await world.until('A to tell', () => a!.of('problem').length > 0)
    await sleep(AFTERWARDS_MS)
    expect(a!.of('problem').map(({ path }) => path)).toEqual(['secret'])
    chmodSync(a!.path('secret'), 0o600)
    await world.until('B to have it', () => existsSync(b!.path('secret')))
  })

  test('a pipe is told once and skipped', async ({ world, skip }) => {
    const [a, b] = await world.group('AB')
    try {
      execFileSync('mkfifo', [a!.path('pipe')])
    } catch {
      skip('needs mkfifo')
    }
    writeFileSync(a!.path('file'), 'file')
    await world.start([a!, b!])
    await world.until('B to have the file', () => existsSync(b!.path('file')))
    await world.until('A to tell', () => a!.of('problem').length > 0)
    expect(a!.of('problem').map(({ path }) => path)).toEqual(['pipe'])
    expect(existsSync(b!.path('pipe'))).toBe(false)
  })

  test('names that are not UTF-8 are told once each and skipped', async ({ world, skip }) => {
    const [a, b] = await world.group('AB')
    const named = (name: Buffer) => Buffer.concat([Buffer.from(`${a!.share}/folder/`), name])
    mkdirSync(a!.path('folder'))
    try {
      writeFileSync(named(Buffer.from([0x66, 0xfc, 0x72])), 'latin 1')
      mkdirSync(named(Buffer.from([0xff, 0xfe])))
    } catch {
      skip('needs a file system that has such names')
    }
    writeFileSync(a!.path('folder/für'), 'utf-8')
    await world.start([a!, b!])
    await world.until('B to have the other', () => existsSync(b!.path('folder/für')))
    await world.until('A to tell of both', () => a!.of('problem').length >= 2)
    writeFileSync(a!.path('folder/later'), 'later')
    await world.until('B to have what came later', () => existsSync(b!.path('folder/later')))
    expect(a!.of('problem')).toHaveLength(2)
    expect(new Set(a!.of('problem').map(({ path }) => path)).size).toBe(2)
  })
})

describe('a receiver', () => {
  test('never writes through a link that stands in the way', async ({ world }) => {
    const endpoints = await world.endpoints(2)
    const a = world.peer('A', endpoints[0]!, addressesOfOthers(endpoints, endpoints[0]!))
    const b = world.peer('B', endpoints[1]!, addressesOfOthers(endpoints, endpoints[1]!), ['--links', 'skip'])
    mkdirSync(world.path('outside'))
    symlinkSync(world.path('outside'), b.path('folder'))
    await writeContent(a.path('folder/file'), 'file', 1_000)
    await writeContent(a.path('beside'), 'beside', 1_000)
    await world.start([a, b], 0)
    await world.until('B to have the other', () => existsSync(b.path('beside')))
    await sleep(AFTERWARDS_MS)
    expect(readdirSync(world.path('outside'))).toEqual([])
  })
})

describe('a share that goes away while left runs on it', () => {
  for (const [how, take, testIt] of [
    [
      'moved',
      (peer: RecordedPeer, world: World) => renameSync(peer.share, world.path('elsewhere')),
      longTest,
    ],
    ['removed', (peer: RecordedPeer) => rmSync(peer.share, { recursive: true }), test],
  ] as const) {
    testIt(`${how}: it says so and ends, and the others keep what they have`, async ({ world }) => {
      const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
      await writeContent(a.path('folder/file'), 'file', 1_000)
      await world.start([a, b])
      await world.untilSame([a, b])
      take(a, world)
      // Not with `until`, which fails where a peer ends.
      await waitUntil('A to end', () => !a.isRunning, { timeoutMs: 40_000 })
      expect(() => a.check()).toThrow(/exit code 1[\s\S]*was moved or removed while left ran on it/)
      expect(existsSync(b.path('folder/file'))).toBe(true)
    })
  }

  test("LEFT's own folder removed: it says so and ends, and the next start begins anew", async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    await writeContent(a.path('folder/file'), 'file', 1_000)
    await world.start([a, b])
    await world.untilSame([a, b])
    rmSync(a.path('.left'), { recursive: true })
    await waitUntil('A to end', () => !a.isRunning, { timeoutMs: 40_000 })
    expect(() => a.check()).toThrow(/exit code 1[\s\S]*\.left was moved or removed while left ran/)
    expect(existsSync(a.path('.left'))).toBe(false)
    expect(existsSync(a.path('folder/file'))).toBe(true)
  })

  longTest(
    "LEFT's own folder moved amid a transfer: it ends all the same, and makes no other",
    async ({ world }) => {
      const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
      await world.start([a, b])
      for (let index = 0; index < 200; index++)
        await writeContent(b.path(`many/${index}`), `${index}`, 100_000)
      await world.until('A to receive', () => a.of('received').length > 0)
      renameSync(a.path('.left'), world.path('elsewhere'))
      await waitUntil('A to end', () => !a.isRunning, { timeoutMs: 40_000 })
      expect(() => a.check()).toThrow(/\.left was moved or removed while left ran/)
      expect(existsSync(a.path('.left'))).toBe(false)
    },
  )
})
