// What is deleted on one machine is deleted on the others, in the trash there, and what the deletion had not seen stays.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { longTest, type RecordedPeer, test, type World } from './world.js'

/** Of a tree that is deleted. */
const FILES = 5_000

function put(peer: RecordedPeer, path: string, text = path): void {
  mkdirSync(join(peer.path(path), '..'), { recursive: true })
  writeFileSync(peer.path(path), text)
}

/** Paths in the trash of a peer, without the slots. */
function trashOf(peer: RecordedPeer): string[] {
  const root = peer.path('.left/trash')
  if (!existsSync(root)) return []
  return readdirSync(root).flatMap((slot) =>
    readdirSync(join(root, slot), { recursive: true, encoding: 'utf8' }).filter(
      (path) => !lstatSync(join(root, slot, path)).isDirectory(),
    ),
  )
}

async function inStep(world: World, names: string, options: readonly string[] = []): Promise<RecordedPeer[]> {
  const peers = await world.group(names, options)
  for (const path of ['stays', 'stays too', 'a', 'full/b', 'full/deep/c']) put(peers[0]!, path)
  mkdirSync(peers[0]!.path('empty'))
  await world.start(peers)
  await world.untilSame(peers)
  return peers
}

describe('a deletion', () => {
  test('of a file, a folder tree and an empty folder arrives while the peers are connected', async ({
    world,
  }) => {
    const [a, b, c] = (await inStep(world, 'ABC')) as [RecordedPeer, RecordedPeer, RecordedPeer]
    for (const path of ['a', 'full', 'empty']) rmSync(b.path(path), { recursive: true })
    await world.untilSame([b, a, c])
    await world.until('it to be told', () => [a, c].every((peer) => peer.of('removed').length === 6))
    for (const peer of [a, c]) {
      expect(readdirSync(peer.share).sort()).toEqual(['.left', 'stays', 'stays too'])
      expect(trashOf(peer).sort()).toEqual(['a', 'full/b', 'full/deep/c'])
      expect(
        peer
          .of('removed')
          .map(({ path }) => path)
          .sort(),
      ).toEqual(['a', 'empty', 'full', 'full/b', 'full/deep', 'full/deep/c'])
    }
    expect(trashOf(b)).toEqual([])
  })

  longTest('of a link arrives, and what it points at stays', async ({ world }) => {
    const [a, b] = (await inStep(world, 'AB', ['--links', 'keep'])) as [RecordedPeer, RecordedPeer]
    writeFileSync(world.path('outside'), 'outside')
    symlinkSync(world.path('outside'), a.path('link'))
    await world.until(
      'B to have the link',
      () => lstatSync(b.path('link'), { throwIfNoEntry: false }) !== undefined,
    )
    rmSync(a.path('link'))
    await world.until(
      'it to be gone',
      () => lstatSync(b.path('link'), { throwIfNoEntry: false }) === undefined,
    )
    expect(readFileSync(world.path('outside'), 'utf8')).toBe('outside')
  })

  test('that was made while the other was away arrives when it is back, through a third one too', async ({
    world,
  }) => {
    const [a, b, c] = (await inStep(world, 'ABC')) as [RecordedPeer, RecordedPeer, RecordedPeer]
    await c.stop()
    for (const path of ['a', 'full']) rmSync(a.path(path), { recursive: true })
    await world.untilSame([a, b])
    await a.stop()
    c.start()
    await world.untilSame([b, c])
    expect(trashOf(c).sort()).toEqual(['a', 'full/b', 'full/deep/c'])
  })

  test('that was made while LEFT did not run is one, and what is made anew comes back', async ({ world }) => {
    const [a, b] = (await inStep(world, 'AB')) as [RecordedPeer, RecordedPeer]
    await a.stop()
    rmSync(a.path('a'))
    a.start()
    await world.untilSame([a, b])
    expect(existsSync(b.path('a'))).toBe(false)
    put(b, 'a', 'anew')
    await world.untilSame([b, a])
    expect(readFileSync(a.path('a'), 'utf8')).toBe('anew')
  })

  test('leaves an edit that it had not seen, and the folders that it is in', async ({ world }) => {
    const [a, b] = (await inStep(world, 'AB')) as [RecordedPeer, RecordedPeer]
    await a.stop()
    await b.stop()
    for (const path of ['a', 'full']) rmSync(a.path(path), { recursive: true })
    put(b, 'full/deep/c', 'edited')
    put(b, 'full/new')
    for (const peer of [a, b]) peer.start()
    await world.until('both to have what is left', () =>
      [a, b].every(
        (peer) =>
          existsSync(peer.path('full/deep/c')) &&
          existsSync(peer.path('full/new')) &&
          !existsSync(peer.path('a')),
      ),
    )
    await world.untilSame([a, b])
    expect(readFileSync(a.path('full/deep/c'), 'utf8')).toBe('edited')
    expect(existsSync(b.path('full/b'))).toBe(false)
    rmSync(b.path('full'), { recursive: true })
    await world.untilSame([b, a])
    expect(existsSync(a.path('full'))).toBe(false)
  })

  longTest('of thousands of files arrives whole', async ({ world }) => {
    const [a, b] = (await world.group('AB', ['--max-delete', 'no'])) as [RecordedPeer, RecordedPeer]
    put(a, 'stays')
    put(a, 'stays too')
    for (let file = 0; file < FILES; file++) put(a, `tree/${file % 50}/${file}`)
    await world.start([a, b])
    await world.untilSame([a, b])
    rmSync(a.path('tree'), { recursive: true })
    await world.until('B to have removed it', () => !existsSync(b.path('tree')))
    await world.untilSame([a, b])
    expect(trashOf(b)).toHaveLength(FILES)
  })

  test('of everything at once is told to nobody', async ({ world }) => {
    const [a, b] = (await inStep(world, 'AB')) as [RecordedPeer, RecordedPeer]
    await a.stop()
    for (const name of readdirSync(a.share)) if (name !== '.left') rmSync(a.path(name), { recursive: true })
    a.start()
    await world.until('A to say so', () => a.notes.some((note) => note.includes('empty all at once')))
    await world.until('A to be in step', () => a.inStep.size === 1)
    expect(existsSync(b.path('full/deep/c'))).toBe(true)
  })
})

longTest('what a peer overwrites is in the trash', async ({ world }) => {
  const [a, b] = (await inStep(world, 'AB')) as [RecordedPeer, RecordedPeer]
  put(a, 'a', 'newer')
  await world.until('B to have it', () => readFileSync(b.path('a'), 'utf8') === 'newer')
  expect(trashOf(b)).toEqual(['a'])
})
