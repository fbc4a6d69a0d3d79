// Machines that were away for very long, that lost what LEFT knew, or whose disk is not there.

import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { runLeft } from '../../../harness/processes.js'
import { TOMBSTONE_DAYS } from '../../../src/keeper/index/limits.js'
import { type RecordedPeer, test, type World } from '../world.js'
import { put, treeOf } from './things.js'

type Three = [RecordedPeer, RecordedPeer, RecordedPeer]

async function inStep(world: World): Promise<Three> {
  const peers = (await world.group('ABC')) as Three
  for (const path of ['deleted', 'edited', 'd/deleted', 'stays']) put(peers[0].path(path), `${path}, before`)
  await world.start(peers)
  await world.untilSame(peers)
  return peers
}

/** Peers that are started from now on live so many days later. */
function goOn(world: World, days: number): void {
  const module = world.path(`${days} days later.mjs`)
  writeFileSync(
    module,
    `const RealDate = Date
     globalThis.Date = class extends RealDate {
       constructor(...words) { words.length === 0 ? super(RealDate.now() + ${days * 86_400_000}) : super(...words) }
       static now() { return RealDate.now() + ${days * 86_400_000} }
     }`,
  )
  const before = process.env.NODE_OPTIONS
  process.env.NODE_OPTIONS = `--import "file://${encodeURI(module)}"`
  world.atEnd(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS
    else process.env.NODE_OPTIONS = before
  })
}

describe('a machine that was away while files were deleted and edited elsewhere', () => {
  const EDITED = { edited: 'edited', stays: 'stays, before' }
  const DELETED = { deleted: 'deleted, before', 'd/deleted': 'd/deleted, before' }

  /** All of them, C from before the others changed it. */
  async function offFor(world: World, days: number): Promise<Three> {
    const [a, b, c] = await inStep(world)
    await c.stop()
    rmSync(a.path('deleted'))
    rmSync(a.path('d'), { recursive: true })
    writeFileSync(a.path('edited'), 'edited')
    await world.untilSame([a, b])
    await a.stop()
    await b.stop()
    goOn(world, days)
    return [a, b, c]
  }

  test('for as long as deletions are remembered: they arrive', async ({ world }) => {
    const peers = await offFor(world, TOMBSTONE_DAYS)
    await world.start(peers)
    await world.untilSame(peers)
    await world.until('C to have deleted it', () => !existsSync(peers[2].path('d')))
    for (const peer of peers) expect(treeOf(peer.share)).toEqual(EDITED)
  })

  test('for longer: it is held until a person confirms it, edits arrive, and nothing is lost', async ({
    world,
  }) => {
    const [a, b, c] = await offFor(world, TOMBSTONE_DAYS + 1)
    // They have met each other and told what is theirs when the third one comes.
    await world.start([a, b])
    await world.untilSame([a, b])
    c.start()
    await world.until('C to hold it', () => c.notes.some((note) => note.includes('known to no peer')))
    await world.until('C to have the edit', () => readFileSync(c.path('edited'), 'utf8') === 'edited')
    expect(treeOf(c.share)).toEqual({ ...EDITED, ...DELETED })
    for (const peer of [a, b]) expect(treeOf(peer.share)).toEqual(EDITED)
    expect(await runLeft(['confirm', '--share', c.share])).toMatchObject({ exitCode: 0 })
    await world.until('A to have it', () => existsSync(a.path('d/deleted')))
    await world.untilSame([a, b, c])
    expect(treeOf(a.share)).toEqual({ ...EDITED, ...DELETED })
  })
})

test('a machine that lost `.left`: what is the same is not sent, edits and deletions of the others lose nothing', async ({
  world,
}) => {
  const [a, b, c] = await inStep(world)
  await b.stop()
  rmSync(b.path('.left'), { recursive: true })
  rmSync(a.path('deleted'))
  writeFileSync(a.path('edited'), 'edited')
  await world.untilSame([a, c])
  // Refused without: its disk may not be mounted (refusals.test.ts).
  b.start(['--anew'])
  await world.until('all to be in step', () => b.inStep.size === 2)
  await world.untilSame([a, b, c])
  for (const peer of [a, b, c])
    expect(treeOf(peer.share)).toEqual({
      deleted: 'deleted, before',
      'd/deleted': 'd/deleted, before',
      edited: 'edited',
      'edited.conflict': 'edited, before',
      stays: 'stays, before',
    })
  expect(b.of('received').map(({ path }) => path)).toEqual(['edited'])
})

describe('a link to a folder on another disk', () => {
  for (const [when, isStopped] of [
    ['while LEFT runs', false],
    ['while LEFT does not run', true],
  ] as const)
    test(`that is unmounted ${when}: nothing is deleted, and what is edited on it arrives when it is back`, async ({
      world,
    }) => {
      const [a, b, c] = await inStep(world)
      put(world.path('disk', 'photo'), 'photo')
      put(world.path('disk', 'year', 'other'), 'other')
      symlinkSync(world.path('disk'), a.path('photos'))
      await world.until('all to have them', () =>
        [b, c].every(
          (peer) => existsSync(peer.path('photos/photo')) && existsSync(peer.path('photos/year/other')),
        ),
      )
      if (isStopped) await a.stop()
      renameSync(world.path('disk'), world.path('elsewhere'))
      if (isStopped) a.start()
      writeFileSync(b.path('photos/photo'), 'edited')
      writeFileSync(a.path('later'), 'later')
      await world.until('later changes to arrive', () =>
        [b, c].every((peer) => existsSync(peer.path('later'))),
      )
      await world.until('the edit to arrive', () => readFileSync(c.path('photos/photo'), 'utf8') === 'edited')
      for (const peer of [b, c])
        expect(treeOf(peer.path('photos'))).toEqual({ photo: 'edited', 'year/other': 'other' })
      await a.stop()
      renameSync(world.path('elsewhere'), world.path('disk'))
      writeFileSync(world.path('disk', 'year', 'other'), 'edited on the disk')
      a.start()
      await world.until('that edit to arrive', () =>
        [b, c].every((peer) => readFileSync(peer.path('photos/year/other'), 'utf8') === 'edited on the disk'),
      )
      for (const peer of [b, c])
        expect(treeOf(peer.path('photos'))).toEqual({ photo: 'edited', 'year/other': 'edited on the disk' })
      // Nothing is written through a link.
      expect(treeOf(world.path('disk'))).toEqual({ photo: 'photo', 'year/other': 'edited on the disk' })
      expect([a, b, c].flatMap((peer) => peer.of('removed'))).toEqual([])
    })
})
