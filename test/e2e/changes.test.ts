// The share changes while peers are at work on it: what was there a moment ago is moved, cut, gone, or something else.

import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { sleep } from '../../harness/peers/wait.js'
import { expectSameBytes, longTest, type RecordedPeer, test, type World } from './world.js'

const FILE_BYTES = 6_000_000
const SLOW = ['--limit', '5M']

/** B is slow and in the middle of a large file of A. */
async function inTheMiddle(world: World): Promise<[RecordedPeer, RecordedPeer]> {
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  await writeContent(a.path('large.bin'), 'large', FILE_BYTES)
  a.start()
  b.start(SLOW)
  await world.until('B to be in the middle', () =>
    b.of('progress').some(({ doneBytes }) => doneBytes > 1_000_000),
  )
  return [a, b]
}

/** Whatever became of the file: both go on, and come to rest with the same. */
async function goOn(world: World, a: RecordedPeer, b: RecordedPeer): Promise<void> {
  writeFileSync(a.path('afterwards'), 'afterwards')
  await world.untilSame([a, b])
}

describe('while a large file is fetched, at its source it', () => {
  test('is deleted', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    rmSync(a.path('large.bin'))
    await world.until('A to notice', () => a.of('changed').some(({ kind }) => kind === 'tombstone'))
    writeFileSync(a.path('afterwards'), 'afterwards')
    await world.until('B to go on', () => existsSync(b.path('afterwards')))
    expect([undefined, FILE_BYTES]).toContain(statSync(b.path('large.bin'), { throwIfNoEntry: false })?.size)
  })

  longTest('is moved', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    mkdirSync(a.path('elsewhere'))
    renameSync(a.path('large.bin'), a.path('elsewhere/moved.bin'))
    await world.until('B to have it there', () => existsSync(b.path('elsewhere/moved.bin')))
    expectSameBytes(b.path('elsewhere/moved.bin'), a.path('elsewhere/moved.bin'))
  })

  test('is cut short', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    truncateSync(a.path('large.bin'), 1_234_567)
    await goOn(world, a, b)
  })

  test('grows', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    for (let count = 0; count < 10; count++) {
      appendFileSync(a.path('large.bin'), Buffer.alloc(10_000, count))
      await sleep(40)
    }
    await goOn(world, a, b)
  })

  longTest('turns into a folder', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    rmSync(a.path('large.bin'))
    mkdirSync(a.path('large.bin'))
    writeFileSync(a.path('large.bin/inside'), 'inside')
    await goOn(world, a, b)
  })

  longTest('is replaced by a rename', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    await writeContent(world.path('other.bin'), 'other', FILE_BYTES)
    renameSync(world.path('other.bin'), a.path('large.bin'))
    await goOn(world, a, b)
  })

  longTest('is written at its destination too', async ({ world }) => {
    const [a, b] = await inTheMiddle(world)
    writeFileSync(b.path('large.bin'), 'mine')
    await goOn(world, a, b)
    const kept = b.of('conflict').concat(a.of('conflict'))
    expect(kept.length).toBeGreaterThan(0)
    const contents = [...new Set(kept.flatMap(({ path, kept }) => [path, kept]))].map((path) =>
      readFileSync(a.path(path)),
    )
    expect(contents.map((content) => content.length).sort()).toEqual([4, FILE_BYTES])
  })
})

describe('what is there already does not cross again', () => {
  test('where a file is renamed or copied', async ({ world }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    await writeContent(a.path('first.bin'), 'content', 3_000_000)
    await writeContent(a.path('small.bin'), 'small', 20_000)
    await world.start([a, b])
    await world.untilSame([a, b])
    cpSync(a.path('first.bin'), a.path('copy.bin'))
    cpSync(a.path('small.bin'), a.path('small copy.bin'))
    renameSync(a.path('first.bin'), a.path('renamed.bin'))
    await world.until('B to have all', () =>
      ['copy.bin', 'renamed.bin', 'small copy.bin'].every((name) => existsSync(b.path(name))),
    )
    for (const name of ['copy.bin', 'renamed.bin', 'small copy.bin']) {
      expectSameBytes(b.path(name), a.path(name))
      expect(b.received(name).reduce((sum, { crossedBytes }) => sum + crossedBytes, 0)).toBe(0)
    }
  })

  test('where both had the same before they met', async ({ world }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    for (const peer of [a, b]) {
      for (let index = 0; index < 50; index++)
        await writeContent(peer.path(`many/${index}`), `${index}`, 3_000)
      await writeContent(peer.path('large.bin'), 'large', 3_000_000)
    }
    await world.start([a, b])
    await world.untilSame([a, b])
    expect([...a.of('received'), ...b.of('received')].every(({ crossedBytes }) => crossedBytes === 0)).toBe(
      true,
    )
    expect([...a.of('conflict'), ...b.of('conflict')]).toEqual([])
  })
})

describe('a file that is written all the while', () => {
  test('is not delivered before it rests, and whole then', async ({ world }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    await world.start([a, b])
    const sizes = new Set<number>()
    for (let count = 0; count < 100; count++) {
      appendFileSync(a.path('growing.log'), `line ${count}\n`)
      const there = statSync(b.path('growing.log'), { throwIfNoEntry: false })
      if (there !== undefined) sizes.add(there.size)
      await sleep(10)
    }
    await world.untilSame([a, b])
    // Each size is one that it really had at the end of a line.
    const text = readFileSync(a.path('growing.log'), 'utf8')
    for (const size of sizes) expect(text[size - 1]).toBe('\n')
  })
})

describe('a share', () => {
  longTest('may be named through a link, and hold thousands of files', async ({ world }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    for (let index = 0; index < 2_000; index++) {
      if (index % 100 === 0) mkdirSync(a.path(`${index / 100}`))
      writeFileSync(a.path(`${Math.floor(index / 100)}/${index}`), `file ${index}`)
    }
    const other = world.path('elsewhere')
    mkdirSync(other)
    rmSync(b.share, { recursive: true })
    symlinkSync(other, b.share)
    await world.start([a, b])
    await world.untilSame([a, b])
  })
})
