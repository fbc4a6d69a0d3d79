// Shares that were copied with LEFT's own folder in them, to another machine or on the same one, and the old share of a machine
// that was set up anew.

import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { addressesOfOthers } from '../../harness/peers/peer.js'
import { runLeft } from '../../harness/processes.js'
import type { HostPort } from '../../src/io/net/address.js'
import { someOf } from '../length.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

/** A, B and C, who name each other; C is of the user of this configuration. */
async function three(world: World, configOfC: string): Promise<[RecordedPeer, RecordedPeer, RecordedPeer]> {
  const endpoints = (await world.endpoints(3)) as [HostPort, HostPort, HostPort]
  const [a, b] = ['A', 'B'].map((name, index) =>
    world.peer(name, endpoints[index]!, addressesOfOthers(endpoints, endpoints[index]!)),
  ) as [RecordedPeer, RecordedPeer]
  return [a, b, world.peer('C', endpoints[2], addressesOfOthers(endpoints, endpoints[2]), [], configOfC)]
}

/** A and B are in step, both are stopped, and C has the whole of B's share. */
async function copied(
  world: World,
  configOfC: string,
): Promise<[RecordedPeer, RecordedPeer, RecordedPeer, string]> {
  const [a, b, c] = await three(world, configOfC)
  writeFileSync(a.path('one'), 'of A')
  writeFileSync(b.path('two'), 'of B')
  await world.start([a, b], 1)
  await world.untilSame([a, b])
  const id = idOf(b)
  for (const peer of [a, b]) await peer.stop()
  cpSync(b.share, c.share, { recursive: true, preserveTimestamps: true })
  return [a, b, c, id]
}

const idOf = (peer: RecordedPeer) => peer.of('started')[0]!.peer

/** The contents of the files of a share whose names begin so. */
function contentsOf(peer: RecordedPeer, name: string): string[] {
  return readdirSync(peer.share)
    .filter((file) => file.startsWith(name))
    .map((file) => readFileSync(peer.path(file), 'utf8'))
    .sort()
}

/** Those about the share: A and B are of one user, and whoever meets both is told that. */
const notesOf = (peer: RecordedPeer) => peer.notes.filter((note) => !note.endsWith('its key is known'))

function expectOwnId(copy: RecordedPeer, former: string): void {
  expect(idOf(copy)).not.toBe(former)
  expect(notesOf(copy)).toEqual([expect.stringContaining('with a new peer id')])
}

const refusals = (peers: readonly RecordedPeer[]) => peers.flatMap((peer) => peer.of('refused'))

describe('a share that was copied with its own folder', () => {
  for (const [where, configOf] of someOf([
    ['to another machine', (world: World) => world.otherConfig()],
    ['on the same machine', (world: World) => world.config],
  ] as const))
    test(`${where} gets in step with both, and edits of original and copy count as those of two`, async ({
      world,
    }) => {
      const [a, b, c, id] = await copied(world, configOf(world))
      writeFileSync(b.path('two'), 'edited at B before the copy ran')
      writeFileSync(c.path('two'), 'edited at C before the copy ran')
      await world.start([a, b, c])
      await world.untilSame([a, b, c])
      expectOwnId(c, id)
      expect(idOf(b)).toBe(id)
      expect(notesOf(b)).toEqual([])
      const two = ['edited at B before the copy ran', 'edited at C before the copy ran']
      for (const peer of [a, b, c]) expect(contentsOf(peer, 'two')).toEqual(two)

      const idOfC = idOf(c)
      for (const peer of [b, c]) await peer.stop()
      writeFileSync(b.path('one'), 'edited at B afterwards')
      writeFileSync(c.path('one'), 'edited at C afterwards')
      b.start()
      c.start()
      const one = ['edited at B afterwards', 'edited at C afterwards']
      await world.until('A to have both', () => contentsOf(a, 'one').join() === one.join())
      await world.untilSame([a, b, c])
      for (const peer of [a, b, c]) expect(contentsOf(peer, 'one')).toEqual(one)
      expect([idOf(b), idOf(c)]).toEqual([id, idOfC])
      expect([...notesOf(b), ...notesOf(c), ...refusals([a, b, c])]).toEqual([])
    })

  test('and with the identity of its user, so that nothing tells the two apart, is refused by name, and neither changes the other', async ({
    world,
  }) => {
    const config = world.path('the same user elsewhere')
    cpSync(join(world.config, 'left'), join(config, 'left'), { recursive: true })
    const [, b, c, id] = await copied(world, config)
    writeFileSync(c.path('only on C'), 'only on C')
    b.start()
    c.start()
    await world.until('both to be told', () => [b, c].every((peer) => peer.of('refused').length > 0))
    for (const peer of [b, c]) expect(peer.of('refused')[0]!.reason).toContain('replica')
    expect([idOf(b), idOf(c)]).toEqual([id, id])
    expect(existsSync(b.path('only on C'))).toBe(false)
  })
})

describe('a machine that was set up anew with its old share', () => {
  longTest('has a new key and a new peer id, and goes on once its key is trusted', async ({ world }) => {
    const endpoints = (await world.endpoints(2)) as [HostPort, HostPort]
    const [endpointA, endpointB] = endpoints
    const a = world.peer('A', endpointA, addressesOfOthers(endpoints, endpointA))
    const optionsOfB = [endpointB, addressesOfOthers(endpoints, endpointB), []] as const
    const before = world.peer('B', ...optionsOfB, world.path('old user'))
    writeFileSync(a.path('one'), 'of A')
    writeFileSync(before.path('two'), 'of B')
    await world.start([a, before])
    await world.untilSame([a, before])
    const id = idOf(before)
    await before.stop()

    const b = world.peer('B', ...optionsOfB, world.otherConfig())
    expect(b.share).toBe(before.share)
    writeFileSync(b.path('two'), 'edited at B meanwhile')
    writeFileSync(a.path('two'), 'edited at A meanwhile')
    b.start()
    await world.until('A to stop the new key', () => a.of('key-changed').length > 0)
    const { fingerprint } = a.of('key-changed')[0]!
    const env = { ...process.env, XDG_CONFIG_HOME: world.config }
    expect(await runLeft(['trust', fingerprint], { env })).toMatchObject({ exitCode: 0 })
    await world.untilSame([a, b])
    const both = ['edited at A meanwhile', 'edited at B meanwhile']
    await world.until('both to have both', () =>
      [a, b].every((peer) => contentsOf(peer, 'two').join() === both.join()),
    )
    await world.untilSame([a, b])
    expectOwnId(b, id)
    expect(refusals([a, b])).toEqual([])

    const own = idOf(b)
    await b.stop()
    await world.start([b], 1)
    expect(idOf(b)).toBe(own)
    expect(notesOf(b)).toEqual([])
  })
})
