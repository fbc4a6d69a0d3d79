// Simulated peers with nothing but a tracker between them: engines, keepers and disks as in any simulated world.

import { beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { HEARTBEAT_MS } from '../../src/discovery/limits.js'
import { crc32, hash, loadHash } from '../../src/io/hash.js'
import { groupKeysOf } from '../../src/seal/group-keys.js'
import { contentOf } from '../../src/sim/edits.js'
import { calmPeer } from '../../src/sim/plan.js'
import { Tracking } from '../../src/sim/tracking.js'
import { World } from '../../src/sim/world.js'

beforeAll(loadHash)

const SOON_MS = 3_000

function trackedWorld(secrets: readonly string[]): { world: World; tracking: Tracking } {
  const peers = secrets.map((_, peer) => calmPeer(peer))
  const world = new World({ seed: 7, peers, links: [] }, { hash, crc32 })
  const groupOf = (peer: number) => {
    const { name, memberOf, mark } = groupKeysOf(utf8(secrets[peer]!))
    return { name, member: memberOf(peers[peer]!.id), mark }
  }
  return { world, tracking: new Tracking({ world, groupOf, hash, crc32 }) }
}

function write(world: World, peer: number, path: string, content: number): void {
  world.edit(peer, { type: 'write', path, content, sizeBytes: 100_000, steps: 1, stepMs: 0 })
}

const holds = (world: World, peer: number, path: string, content: number): boolean =>
  Buffer.compare(world.peers[peer]!.disk.contentOf(path) ?? new Uint8Array(), contentOf(content, 100_000)) ===
  0

describe('a tracker in the simulated world', () => {
  test('brings the peers of a group together and no others, and may vanish and come back', () => {
    const [ours, theirs] = ['left-00000000-ours', 'left-11111111-theirs']
    const { world, tracking } = trackedWorld([ours, ours, ours, theirs, theirs])
    for (let peer = 0; peer < 5; peer++) write(world, peer, `of ${peer}`, peer)
    for (let peer = 0; peer < 5; peer++) tracking.start(peer)
    world.run(SOON_MS)
    for (let peer = 0; peer < 5; peer++)
      for (let other = 0; other < 5; other++)
        expect(holds(world, peer, `of ${other}`, other), `${peer} and the file of ${other}`).toBe(
          peer < 3 === other < 3,
        )

    tracking.stopTracker()
    tracking.stop(2)
    write(world, 0, 'while the tracker is away', 10)
    world.run(SOON_MS)
    expect(holds(world, 1, 'while the tracker is away', 10)).toBe(true)

    tracking.startTracker()
    tracking.start(2)
    // The newcomer is alone until the others' next heartbeat.
    world.run(HEARTBEAT_MS + 10_000)
    expect(tracking.server).toMatchObject({ groupCount: 2, memberCount: 5 })
    for (let peer = 0; peer < 3; peer++)
      expect(holds(world, peer, 'while the tracker is away', 10)).toBe(true)
    for (let peer = 3; peer < 5; peer++)
      expect(holds(world, peer, 'while the tracker is away', 10)).toBe(false)
    expect(world.breach).toBeUndefined()
  })
})
