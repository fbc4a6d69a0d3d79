// What people do with a few machines, each story alone in the simulated world, and what must come of it.

import { describe, expect, test } from 'vitest'
import { blockCount } from '../../src/base/item.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { crc32, hash } from '../../src/io/hash.js'
import { contentOf } from '../../src/sim/edits.js'
import { checkAtRest, shareOf } from '../../src/sim/invariants.js'
import type { LinkFaults } from '../../src/sim/network.js'
import { calmLink, calmPeer, chainOf, meshOf, type PeerPlan } from '../../src/sim/plan.js'
import { World } from '../../src/sim/world.js'

const A = 0
const B = 1
const C = 2
const QUIET_MS = 1_500

interface Setting {
  readonly peers?: number
  readonly pairs?: readonly (readonly [number, number])[]
  readonly link?: Partial<LinkFaults>
  readonly plan?: Partial<PeerPlan>
}

function worldOf({ peers = 2, pairs = meshOf(peers), link = {}, plan = {} }: Setting = {}): World {
  const world = new World(
    {
      seed: 1,
      peers: Array.from({ length: peers }, (_, peer) => calmPeer(peer, plan)),
      links: pairs.map(([one, other]) => calmLink(one, other, link)),
    },
    { hash, crc32 },
  )
  return world
}

/** Puts whole files where they are before anybody starts. */
function put(world: World, peer: number, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [path, bytes] of Object.entries(files)) {
    world.edit(peer, { type: 'write', path, bytes, steps: 1, stepMs: 0 })
  }
}
