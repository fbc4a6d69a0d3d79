// Peers that come, go and do not all know each other, and what becomes of edits and deletions that met nobody.

import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { sleep } from '../../harness/peers/wait.js'
import { SUPERUSER_NOTE } from '../../src/app/superuser.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

/** Long enough for a second edit, an echo or a return of what was deleted to show itself. */
const AFTERWARDS_MS = 700

async function pair(world: World): Promise<[RecordedPeer, RecordedPeer]> {
  return (await world.group('AB')) as [RecordedPeer, RecordedPeer]
}

describe('peers', () => {
  test('may be started in any order, those that are not there are told once, and so is that they run as root', async ({
    world,
  }) => {
    const [a, b, c] = (await world.group('ABC')) as [RecordedPeer, RecordedPeer, RecordedPeer]
    await writeContent(c.path('of C.bin'), 'c', 200_000)
    c.start()
    await world.until('C to miss A and B', () => c.of('waiting').length === 2)
    await writeContent(a.path('of A.bin'), 'a', 200_000)
    a.start()
    await world.untilSame([a, c])
    b.start()
    await world.untilSame([a, b, c])
    expect(
      c
        .of('waiting')
        .map(({ address }) => address)
        .sort(),
    ).toEqual([a.address, b.address].sort())
    const isRoot = process.geteuid?.() === 0
    for (const peer of [a, b, c]) {
      const told = peer.of('note').filter(({ message }) => message === SUPERUSER_NOTE)
      expect(told).toHaveLength(isRoot ? 1 : 0)
    }
  })

  test('that join later get everything, also from those that only received it', async ({ world }) => {
    const [a, b, c] = (await world.group('ABC')) as [RecordedPeer, RecordedPeer, RecordedPeer]
    for (let index = 0; index < 100; index++)
      await writeContent(a.path(`many/${index}`), `${index}`, index * 50)
    await writeContent(a.path('large.bin'), 'large', 5_000_000)
    await world.start([a, b], 1)
    await world.untilSame([a, b])
    await a.stop()
    c.start()
    await world.untilSame([b, c])
    a.start()
    await world.until('all to be in step', () => [a, b, c].every((peer) => peer.inStep.size === 2))
    await world.untilSame([a, b, c])
  })

  test('pass on what they received to peers that do not know each other', async ({ world }) => {
    const [endpointA, endpointB, endpointC] = await world.endpoints(3)
    const at = ({ host, port }: { host: string; port: number }) => `${host}:${port}`
    const a = world.peer('A', endpointA!, [at(endpointB!)])
    const b = world.peer('B', endpointB!, [at(endpointA!), at(endpointC!)])
    const c = world.peer('C', endpointC!, [at(endpointB!)])
    await world.start([a, b, c], 1)
    await writeContent(a.path('from A.bin'), 'a', 1_000_000)
    await writeContent(c.path('from C.bin'), 'c', 1_000_000)
    await world.untilSame([a, b, c])
    expect(readdirSync(c.share).sort()).toEqual(['.left', 'from A.bin', 'from C.bin'])
    expect([...a.inStep]).toEqual([b.address])
  })

  longTest('go on with each other when one is started again', async ({ world }) => {
    const [a, b] = await pair(world)
    await world.start([a, b])
    await b.stop()
    await world.until('A to notice', () => a.of('disconnected').length === 1)
    await writeContent(a.path('meanwhile.bin'), 'meanwhile', 100_000)
    b.start()
    await world.untilSame([a, b])
  })
})

describe('two edits that have not seen each other', () => {
  async function editBoth(world: World, name: string): Promise<[RecordedPeer, RecordedPeer]> {
    const [a, b] = await pair(world)
    writeFileSync(a.path(name), 'the common past')
    await world.start([a, b])
    await world.untilSame([a, b])
    await a.stop()
    await b.stop()
    writeFileSync(a.path(name), 'edited on A')
    writeFileSync(b.path(name), 'edited on B, later')
    utimesSync(a.path(name), 1_700_000_000, 1_700_000_000)
    utimesSync(b.path(name), 1_700_000_100, 1_700_000_100)
    await world.start([a, b])
    await world.until('A and B to have two files', () =>
      [a, b].every((peer) => readdirSync(peer.share).filter((found) => found !== '.left').length === 2),
    )
    await world.untilSame([a, b])
    return [a, b]
  }

  test('are both there afterwards on both, the newer one in its place', async ({ world }) => {
    const peers = await editBoth(world, 'report.txt')
    await sleep(AFTERWARDS_MS)
    for (const peer of peers) {
      const names = readdirSync(peer.share).filter((name) => name !== '.left')
      const kept = names.find((name) => name.includes('.conflict-'))!
      expect(names.sort()).toEqual(['report.txt', kept].sort())
      expect(readFileSync(peer.path('report.txt'), 'utf8')).toBe('edited on B, later')
      expect(readFileSync(peer.path(kept), 'utf8')).toBe('edited on A')
    }
    const told = peers.flatMap((peer) => peer.of('conflict'))
    expect(told.map(({ path }) => path)).toContain('report.txt')
    expect(
      told.every(({ path, kept }) => existsSync(peers[0].path(path)) && existsSync(peers[0].path(kept))),
    ).toBe(true)
  })

  longTest('are both kept where the name has no room for more', async ({ world }) => {
    const name = `${'😀'.repeat(62)}xyz.txt`
    expect(Buffer.byteLength(name)).toBe(255)
    const peers = await editBoth(world, name)
    for (const peer of peers) {
      const contents = readdirSync(peer.share)
        .filter((found) => found !== '.left')
        .map((found) => readFileSync(peer.path(found), 'utf8'))
      expect(contents.sort()).toEqual(['edited on A', 'edited on B, later'])
    }
  })

  longTest('that come to the same content are no conflict', async ({ world }) => {
    const [a, b] = await pair(world)
    writeFileSync(a.path('same.txt'), 'the same words')
    writeFileSync(b.path('same.txt'), 'the same words')
    await world.start([a, b])
    await world.untilSame([a, b])
    await sleep(AFTERWARDS_MS)
    expect(readdirSync(a.share).sort()).toEqual(['.left', 'same.txt'])
    expect([...a.of('conflict'), ...b.of('conflict')]).toEqual([])
  })
})

describe('a deletion', () => {
  longTest('stays done over restarts of either, until somebody makes it anew', async ({ world }) => {
    const [a, b] = await pair(world)
    writeFileSync(a.path('deleted.txt'), 'gone')
    await writeContent(a.path('folder/deleted.bin'), 'gone', 100_000)
    for (const name of ['stays.txt', 'too.txt']) writeFileSync(a.path(name), 'here')
    await world.start([a, b])
    await world.untilSame([a, b])
    rmSync(a.path('deleted.txt'))
    rmSync(a.path('folder'), { recursive: true })
    await world.until('B to have removed it', () => !existsSync(b.path('folder')))
    await world.untilSame([a, b])
    for (const peer of [b, a]) {
      await peer.stop()
      peer.start()
      await world.until('it to be in step', () => peer.inStep.size === 1)
      await sleep(AFTERWARDS_MS)
      for (const { share } of [a, b])
        expect(readdirSync(share).sort()).toEqual(['.left', 'stays.txt', 'too.txt'])
    }
    writeFileSync(b.path('deleted.txt'), 'written anew on B')
    await world.until('A to have what was written anew', () => existsSync(a.path('deleted.txt')))
  })
})
