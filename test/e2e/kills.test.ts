// Processes are killed at the worst moment: what is on the disk stays, what was in flight comes again, nothing is lost.

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { childrenOf, isRunning } from '../../harness/processes.js'
import { isLong } from '../length.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

const FILE_BYTES = 12_000_000

/** Of a tree: what is done to them takes long enough to be killed in the middle. */
const FILES = isLong ? 1_500 : 600
const KILLS = isLong ? 8 : 3

/** Slow enough to do something in the middle. */
const SLOW = ['--limit', '4M']

/** Bytes that may have to be fetched again after a kill: the buffers of one endpoint, and 50 ms that the log had not
 *  seen. */
const REFETCHED_BYTES_MAX = 2_000_000

async function pair(world: World): Promise<[RecordedPeer, RecordedPeer]> {
  return (await world.group('AB')) as [RecordedPeer, RecordedPeer]
}

/** A has a large file, B is slow and in the middle of it. */
async function inTheMiddle(world: World): Promise<[RecordedPeer, RecordedPeer]> {
  const [a, b] = await pair(world)
  await writeContent(a.path('large.bin'), 'large', FILE_BYTES)
  a.start()
  b.start(SLOW)
  await world.until('B to be in the middle', () =>
    b.of('progress').some(({ doneBytes }) => doneBytes > FILE_BYTES / 4),
  )
  expect(existsSync(b.path('large.bin'))).toBe(false)
  return [a, b]
}

describe('in the middle of a large file', () => {
  test('kill -9 of the receiver: it goes on where it was', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    const { doneBytes } = b.of('progress').at(-1)!
    await b.kill('both')
    expect(existsSync(b.path('large.bin'))).toBe(false)
    b.start()
    await world.until('B to have it', () => b.received('large.bin').length === 1)
    await world.untilSame([a, b])
    expect(b.of('fetching')[0]!.resumedBytes).toBeGreaterThan(0)
    expect(b.received('large.bin')[0]!.crossedBytes).toBeLessThanOrEqual(
      FILE_BYTES - doneBytes + REFETCHED_BYTES_MAX,
    )
  })

  longTest(
    'kill -9 of the receiver, twice and of the engine alone: it goes on each time',
    async ({ world }) => {
      const [a, b] = await inTheMiddle(world)
      await b.kill()
      b.start(SLOW)
      await world.until('B to go on', () =>
        b.of('progress').some(({ doneBytes }) => doneBytes > FILE_BYTES / 2),
      )
      expect(b.of('fetching')[0]!.resumedBytes).toBeGreaterThan(0)
      await b.kill()
      b.start()
      await world.until('B to have it', () => b.received('large.bin').length === 1)
      await world.untilSame([a, b])
      expect(b.of('fetching')[0]!.resumedBytes).toBeGreaterThan(FILE_BYTES / 4)
    },
  )

  longTest('kill -9 of the sender: the rest comes when it is back', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    await a.kill('both')
    a.start()
    await world.until('B to have it', () => b.received('large.bin').length === 1)
    await world.untilSame([a, b])
  })

  test('kill -9 of the watcher process of the receiver: it is said, started again, and nothing is lost', async ({
    world,
  }) => {
    const [a, b] = await inTheMiddle(world)
    killWatcher(b)
    await world.until('B to say so', () =>
      b.of('note').some(({ message }) => message.includes('watcher process')),
    )
    await writeContent(b.path('meanwhile.bin'), 'meanwhile', 100_000)
    await world.until('B to have it', () => b.received('large.bin').length === 1)
    await world.untilSame([a, b])
    expect(childrenOf(b.pid!)).toHaveLength(1)
  })

  longTest('kill -9 of the watcher process of the sender: the same', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    killWatcher(a)
    await writeContent(a.path('meanwhile.bin'), 'meanwhile', 100_000)
    await world.until('A to say so', () =>
      a.of('note').some(({ message }) => message.includes('watcher process')),
    )
    await world.until('B to have it', () => b.received('large.bin').length >= 1)
    await world.untilSame([a, b])
  })

  test('Ctrl-C: both processes end, and the next start goes on where it was', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    const [watcher] = childrenOf(b.pid!)
    const askedMs = performance.now()
    await b.stop('both')
    console.log(`Ctrl-C in the middle of a transfer took ${Math.round(performance.now() - askedMs)} ms`)
    expect(b.events.at(-1)?.event).toBe('stopped')
    await world.until('its watcher process to be gone', () => !isRunning(watcher!))
    b.start()
    await world.until('B to have it', () => b.received('large.bin').length === 1)
    await world.untilSame([a, b])
    expect(b.of('fetching')[0]!.resumedBytes).toBeGreaterThan(FILE_BYTES / 5)
  })
})

describe('in the middle of a tree of many files', () => {
  longTest(
    'kill -9 of everything, one after the other: all arrives, and nothing counts as an edit',
    async ({ world }) => {
      const [a, b] = await pair(world)
      for (let index = 0; index < FILES; index++) {
        await writeContent(a.path(`tree/${index % 30}/${index}`), `${index}`, 1 + ((index * 7_919) % 9_000))
      }
      const isBetween = (peer: RecordedPeer) => peer.of('received').length > 20 || peer.inStep.size === 1
      a.start()
      b.start(['--limit', '1M'])
      await world.until('B to be in the middle', () => isBetween(b))
      await b.kill('both')
      b.start(['--limit', '1M'])
      await world.until('B to be in the middle again', () => isBetween(b))
      killWatcher(b)
      await world.until('B to go on', () => b.of('scanned').length > 1)
      await a.kill('both')
      a.start()
      await b.kill()
      b.start()
      await world.untilSame([a, b])
      expect([...a.of('conflict'), ...b.of('conflict'), ...a.of('received')]).toEqual([])
      expect(b.of('changed')).toEqual([])
    },
  )
})

function killWatcher(peer: RecordedPeer): void {
  const [watcher, ...others] = childrenOf(peer.pid!)
  expect(others).toEqual([])
  process.kill(watcher!, 'SIGKILL')
}

describe('in the middle of a large file that several receive', () => {
  longTest(
    'kill -9 of one of them: it goes on where it was, from the others too, and they lose nothing',
    async ({ world }) => {
      const [a, b, c, d] = (await world.group('ABCD')) as [
        RecordedPeer,
        RecordedPeer,
        RecordedPeer,
        RecordedPeer,
      ]
      await writeContent(a.path('large.bin'), 'large', FILE_BYTES)
      a.start()
      for (const peer of [b, c, d]) peer.start(SLOW)
      await world.until('B to be in the middle', () =>
        b.of('progress').some(({ doneBytes }) => doneBytes > FILE_BYTES / 4),
      )
      const { doneBytes } = b.of('progress').at(-1)!
      await b.kill('both')
      b.start()
      await world.until('all to have it', () =>
        [b, c, d].every((peer) => peer.received('large.bin').length === 1),
      )
      await world.untilSame([a, b, c, d])
      expect(b.received('large.bin')[0]!.crossedBytes).toBeLessThanOrEqual(
        FILE_BYTES - doneBytes + REFETCHED_BYTES_MAX,
      )
      // Each of them had some of it from another one that was still receiving.
      expect(c.received('large.bin')[0]!.sources.length).toBeGreaterThan(1)
      expect(d.received('large.bin')[0]!.sources.length).toBeGreaterThan(1)
    },
  )
})

test('kill -9 while deletions are carried out, again and again: all arrive, and none is an edit', async ({
  world,
}) => {
  const [a, b] = (await world.group('AB', ['--max-delete', 'no'])) as [RecordedPeer, RecordedPeer]
  const paths = Array.from({ length: FILES }, (_, index) => `tree/${index % 30}/${index}`)
  for (const path of paths) {
    mkdirSync(dirname(a.path(path)), { recursive: true })
    writeFileSync(a.path(path), path)
  }
  for (const name of ['stays', 'stays too']) writeFileSync(a.path(name), name)
  await world.start([a, b])
  await world.untilSame([a, b])
  rmSync(a.path('tree'), { recursive: true })
  await world.until(
    'A to have told it',
    () => a.of('changed').filter(({ kind }) => kind === 'tombstone').length > FILES,
  )
  for (let round = 0; round < KILLS && existsSync(b.path('tree')); round++) {
    await world.until('B to be at it', () => b.of('removed').length > 20 || !existsSync(b.path('tree')))
    await b.kill('both')
    b.start()
  }
  await world.until('B to have removed all', () => !existsSync(b.path('tree')))
  await world.untilSame([a, b])
  expect(readdirSync(b.share).sort()).toEqual(['.left', 'stays', 'stays too'])
  // Nothing that was removed, or half removed, was told as a change of B's.
  expect(b.of('changed')).toEqual([])
  const trashed = readdirSync(b.path('.left/trash'), { recursive: true, encoding: 'utf8' })
  for (const path of paths) expect(trashed.some((name) => name.endsWith(`/${path}`))).toBe(true)
})
