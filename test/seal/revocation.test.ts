// Whose a peer id is, how many sessions a key has, and what becomes of them when it is not trusted any more.

import { describe, expect, it } from 'vitest'
import { World } from '../../harness/rdt/world.js'
import { visitorId } from '../../src/base/visitor.js'
import { SESSIONS_PER_KEY_MAX, VISITS_PER_KEY_MAX } from '../../src/rdt/limits.js'
import { SeededRandom } from '../../src/sim/random.js'
import { StandInKey } from '../../src/sim/stand-ins.js'
import { SealedNode } from './world.js'

const A = '10.0.0.1:1'
const B = '10.0.0.2:1'
const C = '10.0.0.3:1'

describe('a peer id', () => {
  it('of another is of no use: the session of its owner stays, on either side of the handshake', () => {
    for (const isThiefAsking of [true, false]) {
      const world = new World(1, { delayMs: 5 })
      const [hub, owner] = [SealedNode.make(world, A), SealedNode.make(world, B)]
      const thief = SealedNode.make(world, C, { peerId: owner.options.peerId })
      owner.connect(hub)
      world.run(500)
      if (isThiefAsking) thief.connect(hub)
      else hub.connect(thief)
      world.run(5_000)
      expect(hub.trust.told).toContain(`refused id ${C}`)
      expect(hub.trust.pinned.has(C)).toBe(false)
      expect([hub.count('opened'), hub.count('closed'), thief.count('opened')]).toEqual([1, 0, 0])
      owner.request(Uint8Array.of(1))
      world.run(500)
      expect(owner.count('reply')).toBe(1)
    }
  })
})

describe('a key', () => {
  it('has so many peers connected and no more, and another gets in when one has gone', () => {
    const world = new World(1, { delayMs: 5 })
    const hub = SealedNode.make(world, A)
    const signer = new StandInKey(new SeededRandom(9))
    const peers = Array.from({ length: SESSIONS_PER_KEY_MAX + 3 }, (_, index) =>
      SealedNode.make(world, `10.0.1.${index}:1`, { signer }),
    )
    for (const peer of peers.slice(0, SESSIONS_PER_KEY_MAX)) peer.connect(hub)
    world.run(2_000)
    expect([hub.count('opened'), hub.count('crowded')]).toEqual([SESSIONS_PER_KEY_MAX, 0])
    for (const peer of peers.slice(SESSIONS_PER_KEY_MAX)) peer.connect(hub)
    world.run(20_000)
    expect([hub.count('opened'), hub.count('closed'), hub.count('crowded')]).toEqual([
      SESSIONS_PER_KEY_MAX,
      0,
      1,
    ])
    SealedNode.make(world, B).connect(hub)
    world.run(500)
    expect(hub.count('opened')).toBe(SESSIONS_PER_KEY_MAX + 1)
    peers[0]!.endpoint.close(world.nowMs)
    peers[0]!.drain()
    world.run(30_000)
    expect(hub.count('opened')).toBe(SESSIONS_PER_KEY_MAX + 2)
  })

  it('has visitors beside its peers, as many as they may be', () => {
    const world = new World(1, { delayMs: 5 })
    const hub = SealedNode.make(world, A)
    const signer = new StandInKey(new SeededRandom(9))
    const make = (index: number, peerId: string) =>
      SealedNode.make(world, `10.0.1.${index}:1`, { signer, peerId })
    const ids = [
      ...Array.from({ length: SESSIONS_PER_KEY_MAX }, (_, index) => `0000000000000${100 + index}`),
      ...Array.from({ length: VISITS_PER_KEY_MAX }, (_, index) => visitorId(`00000${100 + index}`)),
    ]
    for (const [index, id] of ids.entries()) make(index, id).connect(hub)
    world.run(3_000)
    expect([hub.count('opened'), hub.count('crowded')]).toEqual([ids.length, 0])
    make(50, visitorId('00000200')).connect(hub)
    world.run(3_000)
    expect([hub.count('opened'), hub.count('crowded')]).toEqual([ids.length, 1])
  })

  it('that has as many as it may may start one of its peers again', () => {
    const world = new World(1, { delayMs: 5 })
    const hub = SealedNode.make(world, A)
    const signer = new StandInKey(new SeededRandom(9))
    const peers = Array.from({ length: SESSIONS_PER_KEY_MAX }, (_, index) =>
      SealedNode.make(world, `10.0.1.${index}:1`, { signer }),
    )
    for (const peer of peers) peer.connect(hub)
    world.run(2_000)
    peers[1]!.restart()
    peers[1]!.connect(hub)
    world.run(2_000)
    expect([hub.count('opened'), hub.count('closed'), hub.count('crowded')]).toEqual([
      SESSIONS_PER_KEY_MAX + 1,
      1,
      0,
    ])
  })
})

describe('a key that is not trusted any more', () => {
  it('loses its session at once and its tickets, and is not let in again until it is trusted', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = [SealedNode.make(world, A), SealedNode.make(world, B)]
    const third = SealedNode.make(world, C)
    for (const peer of [left, third]) peer.connect(right)
    world.run(500)
    const isTrusted = (fingerprint: string) => !right.trust.removed.has(fingerprint)
    right.endpoint.revoke(isTrusted, world.nowMs)
    right.trust.removed.add(left.fingerprint)
    right.endpoint.revoke(isTrusted, world.nowMs)
    right.drain()
    expect(right.events.filter(({ type }) => type === 'closed')).toMatchObject([
      { address: A, reason: 'revoked' },
    ])
    world.run(30_000)
    expect([left.session, right.count('opened')]).toEqual([undefined, 2])
    right.trust.removed.clear()
    const steps = right.steps.length
    world.run(30_000)
    expect(left.session).toBeDefined()
    // By a whole handshake: there was nothing left to be resumed.
    expect(right.steps.slice(steps)).toContain('encrypt')
  })

  it('is let in by no handshake that is under way', () => {
    const world = new World(1, { delayMs: 5 })
    const left = SealedNode.make(world, A)
    const right = SealedNode.make(world, B, { stepMs: 200 })
    left.connect(right)
    expect(world.runUntil(() => right.steps.includes('verify'), 2_000)).toBe(true)
    right.trust.removed.add(left.fingerprint)
    world.run(5_000)
    expect([right.count('opened'), right.trust.told.includes(`refused removed ${A}`)]).toEqual([0, true])
  })
})
