// What is renamed on one machine is renamed on the others: no content crosses, and their files stay the files that they were.

import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { isLong } from '../length.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

const LARGE_BYTES = isLong ? 30_000_000 : 3_000_000
/** Files of a folder that is renamed. */
const FILES = isLong ? 1_000 : 150
/** Two renames of 1,000 files, told path by path, take more. The probes of a session are large on loopback. */
const SENT_BYTES_MAX = 300_000

function put(peer: RecordedPeer, path: string, content: string | Buffer = path): void {
  mkdirSync(join(peer.path(path), '..'), { recursive: true })
  writeFileSync(peer.path(path), content)
}

function inodeAt(peer: RecordedPeer, path: string): number {
  return statSync(peer.path(path)).ino
}

/** Bytes of content that crossed to a peer since its events were taken last. */
function crossedTo(peer: RecordedPeer): number {
  return peer.of('received').reduce((bytes, { crossedBytes }) => bytes + crossedBytes, 0)
}

/** Until they hold the same and the second one has told that it received each of these. */
async function moved(
  world: World,
  [a, b]: readonly [RecordedPeer, RecordedPeer],
  ...paths: string[]
): Promise<void> {
  await world.untilSame([a, b])
  await world.until('it to be told', () => paths.every((path) => b.received(path).length > 0))
}

/** Two peers in step with these files, of which nothing has been told since. */
async function pairWith(
  world: World,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<{ a: RecordedPeer; b: RecordedPeer }> {
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  put(a, 'stays')
  put(a, 'stays too')
  for (const [path, content] of Object.entries(files)) put(a, path, content)
  await world.start([a, b])
  await world.untilSame([a, b])
  for (const peer of [a, b]) peer.events = []
  return { a, b }
}

const CONTENTS: Readonly<Record<string, Buffer>> = {
  empty: Buffer.alloc(0),
  small: Buffer.from('a few words'),
  large: randomBytes(LARGE_BYTES),
}

describe('a file that is renamed', () => {
  for (const [size, content] of Object.entries(CONTENTS)) {
    const onlyIn = (quick: string) => (size === quick ? test : longTest)
    onlyIn('small')(`${size}: no content crosses, and it stays the file that it was`, async ({ world }) => {
      const { a, b } = await pairWith(world, { 'old/name': content })
      const inode = inodeAt(b, 'old/name')
      mkdirSync(a.path('new/folder'), { recursive: true })
      renameSync(a.path('old/name'), a.path('new/folder/name'))
      await moved(world, [a, b], 'new/folder/name')
      expect(crossedTo(b)).toBe(0)
      expect(inodeAt(b, 'new/folder/name')).toBe(inode)
      expect(trashOf(b)).toEqual([])
    })

    onlyIn('large')(`${size}, over another one: that goes to the trash`, async ({ world }) => {
      const { a, b } = await pairWith(world, { old: content, new: 'replaced' })
      const inode = inodeAt(b, 'old')
      renameSync(a.path('old'), a.path('new'))
      await moved(world, [a, b], 'new')
      expect(crossedTo(b)).toBe(0)
      expect(inodeAt(b, 'new')).toBe(inode)
      expect(trashOf(b)).toEqual(['new'])
    })
  }

  longTest('while LEFT did not run there: the same', async ({ world }) => {
    const { a, b } = await pairWith(world, { old: CONTENTS.large! })
    const inode = inodeAt(b, 'old')
    await a.stop()
    renameSync(a.path('old'), a.path('new'))
    a.start()
    await moved(world, [a, b], 'new')
    expect(crossedTo(b)).toBe(0)
    expect(inodeAt(b, 'new')).toBe(inode)
  })

  test('and edited in the same moment: what was edited crosses', async ({ world }) => {
    const { a, b } = await pairWith(world, { old: CONTENTS.large! })
    renameSync(a.path('old'), a.path('new'))
    appendFileSync(a.path('new'), 'more')
    await moved(world, [a, b], 'new')
    expect(crossedTo(b)).toBeLessThanOrEqual(2 * BLOCK_BYTES)
  })

  longTest('and another file of that name: both stay the files that they were', async ({ world }) => {
    const { a, b } = await pairWith(world, { one: 'first', two: CONTENTS.large! })
    const inodes = [inodeAt(b, 'one'), inodeAt(b, 'two')]
    renameSync(a.path('one'), a.path('three'))
    renameSync(a.path('two'), a.path('one'))
    renameSync(a.path('three'), a.path('two'))
    await moved(world, [a, b], 'one', 'two')
    expect(crossedTo(b)).toBe(0)
    expect([inodeAt(b, 'two'), inodeAt(b, 'one')]).toEqual(inodes)
  })
})

describe('a log that is rotated', () => {
  test('is never missing at the other peer, and its content does not cross', async ({ world }) => {
    const { a, b } = await pairWith(world, { log: 'first\n', 'log.1': 'second\n', 'log.2': 'third\n' })
    const inode = inodeAt(b, 'log')
    let isMissed = false
    const watch = setInterval(() => {
      if (!existsSync(b.path('log'))) isMissed = true
    }, 1)
    world.atEnd(() => clearInterval(watch))
    renameSync(a.path('log.2'), a.path('log.3'))
    renameSync(a.path('log.1'), a.path('log.2'))
    renameSync(a.path('log'), a.path('log.1'))
    writeFileSync(a.path('log'), 'anew\n')
    await moved(world, [a, b], 'log', 'log.1', 'log.2', 'log.3')
    expect(isMissed).toBe(false)
    expect(readFileSync(b.path('log'), 'utf8')).toBe('anew\n')
    expect(b.of('received').filter(({ crossedBytes }) => crossedBytes > 0)).toMatchObject([{ path: 'log' }])
    expect(inodeAt(b, 'log.1')).toBe(inode)
  })
})

describe('a folder that is renamed', () => {
  test('with many files: is one rename there, told in one line, and back again', async ({ world }) => {
    const files: Record<string, string> = {}
    for (let file = 0; file < FILES; file++) files[`tree/${file % 20}/${file}`] = `content ${file}`
    const { a, b } = await pairWith(world, files)
    // What crosses from here on is counted alone.
    for (const peer of [a, b]) await peer.stop()
    await world.start([a, b])
    await world.untilSame([a, b])
    for (const [from, to] of [
      ['tree', 'wood'],
      ['wood', 'tree'],
    ] as const) {
      for (const peer of [a, b]) peer.events = []
      const inodes = Object.keys(files).map((path) => inodeAt(b, path.replace('tree', from)))
      renameSync(a.path(from), a.path(to))
      await world.untilSame([a, b])
      await world.until('it to be told', () => b.of('moved').length > 0)
      expect(b.of('moved')).toMatchObject([{ from, path: to, things: FILES + 21 }])
      expect(a.of('changed').map(({ path }) => path)).toEqual([to, from])
      expect([...b.of('received'), ...b.of('removed')]).toEqual([])
      expect(Object.keys(files).map((path) => inodeAt(b, path.replace('tree', to)))).toEqual(inodes)
    }
    expect(trashOf(b)).toEqual([])
    for (const peer of [a, b]) {
      await peer.stop()
      expect(peer.of('summary').map(({ sentBytes }) => sentBytes < SENT_BYTES_MAX)).toEqual([true])
    }
  })

  longTest('with many files: they stay the files that they were, and none crosses', async ({ world }) => {
    const files: Record<string, string> = {}
    for (let file = 0; file < FILES; file++)
      files[`tree/${file % 20}/${file}`] = `content ${file % (FILES / 2)}`
    const { a, b } = await pairWith(world, files)
    const inodes = new Map(Object.keys(files).map((path) => [path, inodeAt(b, path)]))
    const folder = inodeAt(b, 'tree/7')
    mkdirSync(a.path('into'))
    renameSync(a.path('tree'), a.path('into/wood'))
    await world.untilSame([a, b])
    expect(crossedTo(b)).toBe(0)
    const moved = [...inodes].filter(
      ([path, inode]) => inodeAt(b, path.replace('tree', 'into/wood')) !== inode,
    )
    expect(moved).toEqual([])
    expect(inodeAt(b, 'into/wood/7')).toBe(folder)
    expect(trashOf(b)).toEqual([])
  })
})

/** Files in the trash of a peer, without the slots. */
function trashOf(peer: RecordedPeer): string[] {
  const root = peer.path('.left/trash')
  if (!existsSync(root)) return []
  return readdirSync(root).flatMap((slot) =>
    readdirSync(join(root, slot), { recursive: true, encoding: 'utf8' }).filter(
      (path) => !statSync(join(root, slot, path)).isDirectory(),
    ),
  )
}
