// Peers that nobody named to each other: on a local network of their own, and on one machine.

import { randomBytes } from 'node:crypto'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, type TestContext } from 'vitest'
import { Bridge, type BridgeOptions, whyNoBridge } from '../../harness/peers/bridge.js'
import { makeSecret } from '../../src/seal/secret.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

function secretIn(world: World, name = 'secret'): string {
  const file = world.path(name)
  writeFileSync(file, makeSecret(), { mode: 0o600 })
  return file
}

/** Peers A, B, … of a bridge, with a file each. */
function peersOn(
  world: World,
  skip: TestContext['skip'],
  options: BridgeOptions,
  words: readonly string[],
): { bridge: Bridge; peers: RecordedPeer[] } {
  const why = whyNoBridge()
  skip(why !== undefined, why)
  const bridge = new Bridge(options)
  world.atEnd(() => bridge.close())
  const peers = bridge.hosts.map(({ namespace }, index) => {
    const name = 'ABCDEF'[index]!
    const peer = world.peer(name, { host: '::', port: 22_001 }, [], words, world.config, namespace)
    writeFileSync(peer.path(`of ${name}`), `${name}\n`)
    return peer
  })
  return { bridge, peers }
}

describe('on a local network', () => {
  test('three peers find each other by beacons', async ({ world, skip }) => {
    const { peers } = peersOn(world, skip, { count: 3 }, ['--secret-file', secretIn(world)])
    for (const peer of peers) peer.start()
    await world.untilSame(peers)
    await world.until('each to know two', () =>
      peers.every((peer) => new Set(peer.of('connected').map((event) => event.peer)).size === 2),
    )
    // Whoever is found is no reason for a word, and neither is its second address.
    expect(peers.flatMap((peer) => [...peer.notes, ...peer.of('waiting'), ...peer.of('refused')])).toEqual([])
  })

  longTest(
    'three peers find each other by the neighbour table where beacons are filtered',
    async ({ world, skip }) => {
      const options = { count: 3, isFiltered: true }
      const { peers } = peersOn(world, skip, options, ['--secret-file', secretIn(world)])
      for (const peer of peers) peer.start()
      await world.untilSame(peers)
    },
  )

  longTest(
    'a peer whose address changes in the middle of a transfer is found again, and it goes on',
    async ({ world, skip }) => {
      const words = ['--secret-file', secretIn(world), '--limit', '1M']
      const { bridge, peers } = peersOn(world, skip, { count: 3 }, words)
      const [a, b] = peers as [RecordedPeer, RecordedPeer]
      for (const peer of peers) peer.start()
      await world.untilSame(peers)
      writeFileSync(b.path('large'), randomBytes(8e6))
      await world.until('the transfer to be under way', () =>
        a.of('progress').some(({ doneBytes }) => doneBytes > 1e6),
      )
      bridge.move(bridge.hosts[1]!, '10.88.0.77')
      expect(existsSync(a.path('large'))).toBe(false)
      await world.untilSame(peers)
      // Not a byte more than what was under way is fetched again.
      const crossed = a.received('large').reduce((sum, event) => sum + event.crossedBytes, 0)
      expect(crossed).toBeLessThanOrEqual(statSync(b.path('large')).size + 2e6)
    },
  )

  longTest('two users who have met find each other by their pins alone', async ({ world, skip }) => {
    const { bridge, peers } = peersOn(world, skip, { count: 2 }, [])
    const a = peers[0]!
    const at = { host: '::', port: 22_001 }
    const b = world.peer('other user', at, [], [], world.otherConfig(), bridge.hosts[1]!.namespace)
    const secret = secretIn(world)
    for (const peer of [a, b]) peer.start(['--secret-file', secret])
    await world.untilSame([a, b])
    for (const peer of [a, b]) await peer.stop()
    writeFileSync(a.path('later'), 'later')
    for (const peer of [a, b]) peer.start()
    await world.untilSame([a, b])
    expect([a, b].flatMap((peer) => peer.of('pinned'))).toEqual([])
  })
})

describe('on one machine', () => {
  test('two peers find each other at ports that nobody chose', async ({ world }) => {
    const [one, other] = await world.endpoints(2)
    const words = ['--secret-file', secretIn(world)]
    const a = world.peer('A', { host: one!.host, port: 0 }, [], words)
    const b = world.peer('B', { host: other!.host, port: 0 }, [], words)
    writeFileSync(a.path('of A'), 'A')
    writeFileSync(b.path('of B'), 'B')
    await world.start([a, b])
    await world.untilSame([a, b])
    const [port, otherPort] = [a, b].map((peer) => peer.of('started')[0]!.listening.split(':').pop())
    expect(a.of('connected')[0]!.address).toBe(`${other!.host}:${otherPort}`)
    expect(b.of('connected')[0]!.address).toBe(`${one!.host}:${port}`)
  })
})
