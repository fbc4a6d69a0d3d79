// Ignore rules with real peers: on both sides, on one side, changed by hand or by a peer; and that nobody is out of step for them.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { statusOf } from './left.js'
import { type EventOf, longTest, type RecordedPeer, test, type World } from './world.js'

type Pair = [RecordedPeer, RecordedPeer]

function put(peer: RecordedPeer, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const slash = path.lastIndexOf('/')
    if (slash > 0) mkdirSync(peer.path(path.slice(0, slash)), { recursive: true })
    writeFileSync(peer.path(path), content)
  }
}

const lastInStep = (peer: RecordedPeer): EventOf<'in-step'> | undefined => peer.of('in-step').at(-1)

/** Both know the same, and so much of it is not held. */
async function untilInStep(
  world: World,
  [a, b]: Pair,
  notHeldAtA: number,
  notHeldAtB: number,
): Promise<void> {
  await world.until(`A to lack ${notHeldAtA} and B ${notHeldAtB}`, () => {
    const [ofA, ofB] = [lastInStep(a), lastInStep(b)]
    return (
      ofA?.equal === true &&
      ofB?.equal === true &&
      ofA.notHeldHere === notHeldAtA &&
      ofA.notHeldThere === notHeldAtB &&
      ofB.notHeldHere === notHeldAtB &&
      ofB.notHeldThere === notHeldAtA
    )
  })
}

const textAt = (peer: RecordedPeer, path: string) => readFileSync(peer.path(path), 'utf8')

/** Something made later arrives, so that whatever was to happen before has happened. */
async function mark(world: World, from: RecordedPeer, to: RecordedPeer, name: string): Promise<void> {
  writeFileSync(from.path(name), name)
  await world.until(`${to.name} to have ${name}`, () => existsSync(to.path(name)))
}

describe('ignore rules', () => {
  test('that travel leave out the same on both sides, from the start and for what comes', async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as Pair
    put(a, {
      '.leftignore': 'node_modules/\n*.tmp\n!keep.tmp\n',
      'src/a.ts': 'a',
      'x.tmp': 'x',
      'keep.tmp': 'k',
    })
    put(a, { 'node_modules/p/index.js': 'p', 'src/node_modules/q/index.js': 'q' })
    await world.start([a, b])
    await mark(world, a, b, 'first')
    for (const path of ['.leftignore', 'src/a.ts', 'keep.tmp'])
      expect(existsSync(b.path(path)), path).toBe(true)
    for (const path of ['x.tmp', 'node_modules', 'src/node_modules'])
      expect(existsSync(b.path(path)), path).toBe(false)
    // What B makes of it is B's own.
    put(b, { 'node_modules/other.js': 'o', 'y.tmp': 'y' })
    await mark(world, b, a, 'second')
    for (const path of ['node_modules/other.js', 'y.tmp']) expect(existsSync(a.path(path)), path).toBe(false)
    await untilInStep(world, [a, b], 0, 0)
    expect(textAt(a, 'x.tmp')).toBe('x')
  })

  test('made on one side for what both have leave it where it is on both, and are no deletion', async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as Pair
    put(a, { 'build/deep/out': '1', 'build/log': '2', keep: '3' })
    await world.start([a, b])
    await world.untilSame([a, b])
    put(a, { '.leftignore': 'build\n' })
    // The folder, the one in it, and two files.
    await untilInStep(world, [a, b], 4, 4)
    rmSync(a.path('build'), { recursive: true })
    put(b, { 'build/log': 'changed' })
    await mark(world, a, b, 'later')
    expect(existsSync(a.path('build'))).toBe(false)
    expect(textAt(b, 'build/log')).toBe('changed')
    expect(a.of('changed').filter(({ kind }) => kind === 'tombstone')).toEqual([])
    await untilInStep(world, [a, b], 4, 4)
    // Compared as if first met: what was deleted meanwhile is fetched, what was changed is an edit.
    rmSync(a.path('.leftignore'))
    rmSync(b.path('.leftignore'))
    await untilInStep(world, [a, b], 0, 0)
    expect(textAt(a, 'build/deep/out')).toBe('1')
    expect(textAt(a, 'build/log')).toBe('changed')
  })

  test("of one machine's own keep from it what the other has, which is known and counted", async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as Pair
    put(b, { '.left/ignore': '/films/\n' })
    put(a, { 'films/one.mkv': 'film', 'films/two.mkv': 'film 2', 'notes.txt': 'n' })
    await world.start([a, b])
    await untilInStep(world, [a, b], 0, 3)
    expect((await statusOf(b)).holds?.notHeld).toEqual({
      count: 3,
      first: ['films', 'films/one.mkv', 'films/two.mkv'].map((path) => ({
        path,
        reason: 'ignore rules leave it out',
      })),
    })
    expect((await statusOf(b)).isInStep).toBe(true)
    expect(existsSync(b.path('films'))).toBe(false)
    expect(existsSync(b.path('notes.txt'))).toBe(true)
    expect(existsSync(a.path('.left/ignore'))).toBe(false)
    put(a, { 'films/one.mkv': 'film, cut', 'films/three.mkv': 'film 3' })
    await untilInStep(world, [a, b], 0, 4)
    await b.stop()
    b.start()
    await untilInStep(world, [a, b], 0, 4)
    rmSync(b.path('.left/ignore'))
    await untilInStep(world, [a, b], 0, 0)
    await world.untilSame([a, b])
  })

  longTest(
    'of one machine that come later leave what it has there, and its changes of it to itself',
    async ({ world }) => {
      const [a, b] = (await world.group('AB')) as Pair
      put(a, { 'notes/mine': '1', 'notes/yours': '2' })
      await world.start([a, b])
      await world.untilSame([a, b])
      put(b, { '.left/ignore': 'mine\n' })
      await untilInStep(world, [a, b], 0, 1)
      put(b, { 'notes/mine': 'of B alone' })
      put(a, { 'notes/mine': 'of A' })
      await mark(world, b, a, 'later')
      await untilInStep(world, [a, b], 0, 1)
      expect([textAt(a, 'notes/mine'), textAt(b, 'notes/mine')]).toEqual(['of A', 'of B alone'])
      rmSync(b.path('.left/ignore'))
      await untilInStep(world, [a, b], 0, 0)
      // Two contents that nobody saw together: both are kept.
      await world.untilSame([a, b])
      const kept = [...a.of('conflict'), ...b.of('conflict')]
      expect(kept.map(({ path }) => path)).toEqual(['notes/mine'])
      const both = [textAt(a, 'notes/mine'), textAt(a, kept[0]!.kept)]
      expect(both.sort()).toEqual(['of A', 'of B alone'])
    },
  )

  longTest(
    'in a folder are of that folder, and a third machine that comes later knows what nobody holds',
    async ({ world }) => {
      const [a, b, c] = (await world.group('ABC')) as [RecordedPeer, RecordedPeer, RecordedPeer]
      put(a, { 'one/x.log': '1', 'two/x.log': '2' })
      a.start()
      b.start()
      await world.until(
        'A and B to be in step',
        () => lastInStep(a)?.equal === true && lastInStep(b)?.equal === true,
      )
      await world.untilSame([a, b])
      put(b, { 'one/.leftignore': '*.log\n' })
      await untilInStep(world, [a, b], 1, 1)
      c.start()
      await world.until('C to have what there is', () => existsSync(c.path('two/x.log')))
      await world.until('C to be in step with both', () =>
        [a, b].every(({ address }) =>
          c.of('in-step').some((event) => event.address === address && event.equal),
        ),
      )
      expect(lastInStep(c)?.notHeldHere).toBe(1)
      expect(existsSync(c.path('one/x.log'))).toBe(false)
    },
  )
})
