// A loss of power undoes a rename that a person did and LEFT has told of: what LEFT had put there before is back, and may be torn.

import { expect, test } from 'vitest'
import { crc32, hash } from '../../src/io/hash.js'
import { shareOf } from '../../src/sim/checks/invariants.js'
import { contentOf } from '../../src/sim/edits.js'
import { happen } from '../../src/sim/happenings.js'
import { calmLink, calmPeer } from '../../src/sim/plan.js'
import { settle } from '../../src/sim/simulate.js'
import { World } from '../../src/sim/world.js'

const A = 0
const B = 1
const SOON_MS = 1_500
const SEEDS = 24
/** Of several pages, some of which reach the disk. */
const RECEIVED_BYTES = 20_000

test('a received file that a person renamed over is nowhere torn', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const peers = [calmPeer(A, {}), calmPeer(B, {})]
    const world = new World({ seed, peers, links: [calmLink(A, B)] }, { hash, crc32 })
    world.edit(A, { type: 'write', path: 'a', content: 1, sizeBytes: RECEIVED_BYTES, steps: 1, stepMs: 0 })
    world.startAll()
    world.run(SOON_MS)
    world.edit(B, { type: 'replace', path: 'a', content: 2, sizeBytes: 500, stepMs: 0 })
    world.run(SOON_MS)
    happen(world, { type: 'power-loss', peer: B, downMs: 100 })
    world.run(SOON_MS)
    settle(world, 0)
    expect(world.breach, `seed ${seed}`).toBeUndefined()
    for (const peer of [A, B]) {
      for (const path of shareOf(world, peer).keys()) {
        const bytes = world.peers[peer]!.disk.contentOf(path)!
        const isReceived = bytes.length === RECEIVED_BYTES
        if (isReceived) expect(bytes, `seed ${seed}: ${path}`).toEqual(contentOf(1, RECEIVED_BYTES))
      }
    }
  }
})
