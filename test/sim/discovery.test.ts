// Peers that nobody named to each other, in the simulated network.

import { expect, test } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { contentOf } from '../../src/sim/edits.js'
import { beaconAddress } from '../../src/sim/peer/discovery.js'
import { calmLink, calmPeer, meshOf } from '../../src/sim/plan.js'
import { SeededRandom } from '../../src/sim/random.js'
import { settle } from '../../src/sim/simulate.js'
import { addressOf, World } from '../../src/sim/world.js'

const GROUP = 7

test('three peers find each other by beacons that are lost, flooded and replayed, and end with the same', () => {
  const link = { loss: 0.3, delayMs: 10, duplication: 0.2, reordering: 0.2, reorderMs: 50 }
  const links = meshOf(3).map(([one, other]) => calmLink(one, other, link))
  const plans = [0, 1, 2].map((peer) => calmPeer(peer, { group: GROUP, startAtMs: 400 * peer }))
  const world = new World({ seed: 1, peers: plans, links }, { hash, crc32 })
  const random = new SeededRandom(2)
  const at = [0, 1, 2].map((peer) => beaconAddress(addressOf(peer)))
  // Whoever hears the first beacon sends it to all from everywhere, with garbage between.
  let replayed = 0
  const { network } = world
  const send = network.send.bind(network)
  network.send = (from, to, bytes) => {
    send(from, to, bytes)
    if (!at.includes(to) || replayed > 300) return
    for (let count = 0; count < 20; count++, replayed++)
      for (const victim of at) {
        send(`10.66.0.${count}:22099`, victim, bytes)
        send(`10.66.1.${count}:22099`, victim, random.bytes(40))
      }
  }
  for (const peer of [0, 1, 2])
    world.edit(peer, {
      type: 'write',
      path: `of ${peer}`,
      content: peer,
      sizeBytes: 1_000,
      steps: 1,
      stepMs: 0,
    })
  world.startAll()
  world.run(60_000)
  for (const peer of world.peers)
    for (const content of [0, 1, 2])
      expect(Buffer.compare(peer.disk.contentOf(`of ${content}`)!, contentOf(content, 1_000))).toBe(0)
  expect(replayed).toBeGreaterThan(0)
  if (world.breach === undefined) settle(world, 0)
  expect(world.breach).toBeUndefined()
})

test('peers of two groups on one network do not meet', () => {
  const links = meshOf(2).map(([one, other]) => calmLink(one, other, {}))
  const plans = [0, 1].map((peer) => calmPeer(peer, { group: GROUP + peer }))
  const world = new World({ seed: 1, peers: plans, links }, { hash, crc32 })
  world.startAll()
  world.run(60_000)
  expect(world.events.filter(({ event }) => event.event === 'connected')).toEqual([])
})
