// Peers at addresses that were found and that nobody named, and peers whose address changes.

import { describe, expect, test } from 'vitest'
import { makeItem, type Node, World } from '../../harness/rdt/world.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { DEAD_MS, RESET_MS, SESSION_FRESH_MS } from '../../src/rdt/session/limits.js'
import { DatagramType } from '../../src/rdt/wire/control.js'
import { fingerprintOf } from '../../src/seal/fingerprint.js'
import { SeededRandom } from '../../src/sim/random.js'
import { StandInKey } from '../../src/sim/stand-ins.js'
import { SealedNode } from './world.js'

const A = '10.0.0.1:1'
const B = '10.0.0.2:1'
const C = '10.0.0.3:1'

/** `node` knows this key by a pin, without an address. */
function pin(node: SealedNode, key: StandInKey, at = `pinned ${node.trust.pinned.size}`): string {
  const fingerprint = fingerprintOf(key.modulus)
  node.trust.pinned.set(at, fingerprint)
  node.trust.statics.set(fingerprint, key.staticKey.publicKey)
  return fingerprint
}

/** `node` has found this address, and tries these keys there. */
function find(node: SealedNode, address: string, keys: readonly string[]): void {
  Object.assign(node.trust, { trialsAt: (at: string) => (at === address ? keys : undefined) })
}

/** Counts of datagrams by type, on this way. */
function countTypes(world: World, from: string, to: string): number[] {
  const counts = new Array<number>(256).fill(0)
  const link = world.network.link(from, to)
  const send = link.send.bind(link)
  link.send = (bytes) => {
    counts[bytes[0]!]!++
    send(bytes)
  }
  return counts
}

const keys = Array.from({ length: 5 }, (_, seed) => new StandInKey(new SeededRandom(1_000 + seed)))

describe('at an address that was only found', () => {
  test('a known key is met, whichever of several it is, and nobody needs to have named the other', () => {
    const world = new World(1, { delayMs: 5 })
    const left = SealedNode.make(world, A, { signer: keys[0]! })
    const right = SealedNode.make(world, B, { signer: keys[4]!, admit: () => false })
    find(
      left,
      B,
      [keys[1]!, keys[2]!, keys[3]!, keys[4]!].map((key) => pin(left, key)),
    )
    pin(right, keys[0]!)
    left.connect(right)
    world.run(5_000)
    expect([left.count('opened'), right.count('opened')]).toEqual([1, 1])
  })

  test('nothing is sent where no key is known', () => {
    const world = new World(1, { delayMs: 5 })
    const left = SealedNode.make(world, A)
    const right = SealedNode.make(world, B)
    find(left, B, [])
    const counts = countTypes(world, A, B)
    left.connect(right)
    world.run(30_000)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(0)
    expect(left.count('opened')).toBe(0)
  })

  test('a stranger who answers learns no key, and is not pinned', () => {
    const world = new World(1, { delayMs: 5 })
    const left = SealedNode.make(world, A, { signer: keys[0]! })
    const stranger = SealedNode.make(world, B, { signer: keys[1]! })
    find(left, B, [pin(left, keys[2]!)])
    const counts = countTypes(world, A, B)
    const before = [...left.trust.pinned]
    left.connect(stranger)
    world.run(60_000)
    // Flight 3 goes out, which nobody opens who does not hold the pinned key.
    expect(counts[DatagramType.open]).toBeGreaterThan(0)
    expect([left.count('opened'), stranger.count('opened'), stranger.steps]).toEqual([0, 0, []])
    expect(stranger.trust.told).toEqual([])
    expect([...left.trust.pinned]).toEqual(before)
  })

  test('a secret lets both in', () => {
    const world = new World(1, { delayMs: 5 })
    const secrets = [new Uint8Array(32).fill(5)]
    const left = SealedNode.make(world, A, { secrets, signer: keys[0]! })
    const right = SealedNode.make(world, B, { secrets, signer: keys[1]!, admit: () => false })
    for (const { trust } of [left, right]) trust.policy = 'secret'
    find(left, B, [pin(left, keys[2]!)])
    left.connect(right)
    world.run(5_000)
    expect([left.count('opened'), right.count('opened')]).toEqual([1, 1])
  })
})

describe('a peer whose address changes in the middle of a transfer', () => {
  const item = makeItem(60 * BLOCK_BYTES)

  function pairOf(world: World): [SealedNode, SealedNode] {
    const left = SealedNode.make(world, A, { signer: keys[0]! })
    const right = SealedNode.make(world, B, { signer: keys[1]! })
    right.hold(item)
    left.hold(item)
    left.connect(right)
    right.connect(left)
    world.run(SESSION_FRESH_MS)
    expect([left.session, right.session]).not.toContain(undefined)
    return [left, right]
  }

  const slow = { delayMs: 5, rateBitPerS: 10e6 }
  const isDone = (node: Node) => node.has(item.ref)

  test.each([
    ['gives', 1, 0],
    ['takes', 0, 1],
  ])('and that %s: it goes on seconds after the new address was found', (_, moving, staying) => {
    for (const seed of [1, 2]) {
      const world = new World(seed, slow)
      const nodes = pairOf(world)
      const [mover, stayer] = [nodes[moving]!, nodes[staying]!]
      const puller = nodes[0]
      // The one that was left with the smaller id began the session that stays; it is to go all the same.
      puller.pull(item.ref)
      world.run(1_000)
      expect(isDone(puller)).toBe(false)
      mover.moveTo(C)
      world.run(500)
      stayer.connect(C)
      const since = world.nowMs
      const opened = nodes.map((node) => node.count('opened'))
      world.runUntil(() => nodes.every((node, at) => node.count('opened') > opened[at]!), DEAD_MS)
      expect(world.nowMs - since).toBeLessThan(RESET_MS + 2_000)
      expect(world.runUntil(() => isDone(puller), 60_000)).toBe(true)
    }
  })

  test('and that notices it itself is back in seconds, where nobody finds it', () => {
    const world = new World(1, slow)
    const [left, right] = pairOf(world)
    left.pull(item.ref)
    world.run(1_000)
    right.moveTo(C)
    right.endpoint.doubtSessions(world.nowMs)
    right.drain()
    const since = world.nowMs
    const opened = left.count('opened')
    world.runUntil(() => left.count('opened') > opened, DEAD_MS)
    expect(world.nowMs - since).toBeLessThan(RESET_MS + 2_000)
    expect(world.runUntil(() => isDone(left), 60_000)).toBe(true)
  })

  test('two that are well doubt each other for a round trip when they meet at another address', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pairOf(world)
    // The same process is at B and at C.
    world.network.attach(C, (_from, bytes) => {
      right.endpoint.handleDatagram(A, bytes, world.nowMs)
      right.drain()
    })
    left.connect(C)
    left.pull(item.ref)
    world.run(30_000)
    expect(isDone(left)).toBe(true)
    expect([left.count('closed'), right.count('closed')]).toEqual([0, 0])
  })
})
