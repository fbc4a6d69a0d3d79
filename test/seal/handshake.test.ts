import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Node, World } from '../../harness/rdt/world.js'
import { utf8 } from '../../src/base/bytes.js'
import { DatagramType, decodeControl, encodeControl } from '../../src/rdt/wire/control.js'
import { SeededRandom } from '../../src/sim/random.js'
import { StandInKey } from '../../src/sim/stand-ins.js'
import { A, B, earlyOf, pair, talks } from './world.js'

describe('a sealed handshake', () => {
  it('opens one session on both sides, which know each other’s keys', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(100)
    expect(left.events).toMatchObject([
      { type: 'opened', peerId: right.options.peerId, address: B, fingerprint: right.fingerprint },
    ])
    expect(right.events).toMatchObject([
      { type: 'answered', peerId: left.options.peerId },
      { type: 'opened', peerId: left.options.peerId, address: A, fingerprint: left.fingerprint },
    ])
    expect(talks(world, left)).toBe(true)
  })

  it('uses RSA both ways: each signs once, and checks the other', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(100)
    expect(left.steps).toEqual(['sign', 'verify', 'decrypt'])
    expect(right.steps).toEqual(['verify', 'encrypt', 'sign'])
  })

  it('takes two round trips, and says nothing of what is in the shares before both are proved', () => {
    const world = new World(1, { delayMs: 50 })
    const greeting = () => utf8('names of files')
    const [left, right] = pair(world, { left: { greeting, stepMs: 0 }, right: { greeting, stepMs: 0 } })
    left.connect(right)
    world.run(199)
    expect(left.count('opened')).toBe(0)
    world.run(2)
    expect(left.count('opened')).toBe(1)
    expect([...earlyOf(left), ...earlyOf(right)]).toEqual([])
  })

  it('repeats the same bytes, and opens once where a flight is lost, changed, doubled, or late', () => {
    const faults: ((bytes: Uint8Array, send: (bytes: Uint8Array) => void, count: number) => void)[] = [
      (bytes, send, count) => count > 0 && send(bytes),
      (bytes, send, count) => {
        const changed = bytes.slice()
        if (count === 0) changed[changed.length - 20]! ^= 1
        send(changed)
      },
      (bytes, send) => [bytes, bytes].forEach(send),
    ]
    for (const type of [DatagramType.hello, DatagramType.cookie, DatagramType.open, DatagramType.accept])
      for (const fault of faults) {
        const world = new World(1, { delayMs: 5 })
        const [left, right] = pair(world)
        const seen: Uint8Array[] = []
        for (const [from, to] of [
          [A, B],
          [B, A],
        ] as const) {
          const link = world.network.link(from, to)
          const send = link.send.bind(link)
          link.send = (bytes) => {
            if (bytes[0] !== type) return send(bytes)
            fault(bytes, send, seen.length)
            seen.push(bytes.slice())
          }
        }
        left.connect(right)
        world.run(5_000)
        expect(new Set(seen.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(1)
        expect([left.count('opened'), right.count('opened')]).toEqual([1, 1])
        expect(talks(world, left)).toBe(true)
      }
  })

  it('settles on one session that works, when both begin at once and the link loses, doubles and reorders', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(300),
        fc.integer({ min: 0, max: 50 }),
        (seed, laterMs, lossPercent) => {
          const faults = {
            delayMs: 20,
            loss: lossPercent / 100,
            duplication: 0.2,
            reordering: 0.3,
            reorderMs: 300,
          }
          const world = new World(seed, faults)
          const [left, right] = pair(world)
          left.connect(right)
          world.run(laterMs)
          right.connect(left)
          world.run(90_000)
          world.network.shape(A, B, { loss: 0, duplication: 0, reordering: 0 })
          world.run(20_000)
          for (const node of [left, right]) expect(node.count('opened') - node.count('closed')).toBe(1)
          expect([talks(world, left), talks(world, right)]).toEqual([true, true])
        },
      ),
      { numRuns: 60 },
    )
  })

  it('never opens a session that the other side cannot follow, at a third of the datagrams lost', () => {
    for (let seed = 0; seed < 30; seed++) {
      const world = new World(seed, {
        delayMs: 10,
        loss: 0.3,
        duplication: 0.3,
        reordering: 0.3,
        reorderMs: 200,
      })
      const [left, right] = pair(world)
      left.connect(right)
      expect(world.runUntil(() => left.session !== undefined && right.session !== undefined, 120_000)).toBe(
        true,
      )
      world.network.shape(A, B, { loss: 0, duplication: 0, reordering: 0 })
      world.run(2_000)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('opens where flight 2 comes as an accept before the cookie, which nobody honest does', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    let forgedCount = 0
    const link = world.network.link(B, A)
    const send = link.send.bind(link)
    link.send = (bytes) => {
      const decoded = decodeControl(bytes, crc32)
      if (decoded.ok && decoded.value.type === 'cookie') {
        const { nonce, flight } = decoded.value
        send(encodeControl({ type: 'accept', nonce, step: 2, flight }, crc32))
        forgedCount++
      }
      send(bytes)
    }
    left.connect(right)
    world.run(5_000)
    expect(forgedCount).toBeGreaterThan(0)
    expect(talks(world, left)).toBe(true)
  })

  it('is begun anew where its RSA steps were lost with the process that was to do them', () => {
    for (const isAsker of [true, false]) {
      const world = new World(1, { delayMs: 5 })
      const [left, right] = pair(world)
      const loser = isAsker ? left : right
      const { signer } = loser
      let lostCount = 0
      loser.signer = {
        ...signer,
        modulus: signer.modulus,
        staticKey: signer.staticKey,
        carryOut: (step) => {
          if (world.nowMs > 1_500) return signer.carryOut(step)
          lostCount++
          return undefined
        },
      }
      left.connect(right)
      world.run(30_000)
      expect(lostCount).toBeGreaterThan(0)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('tells each side what the other knows of it, and what it was told itself', () => {
    const world = new World(1, { delayMs: 5 })
    const counts = new Map<string, number>()
    const author = 'a'.repeat(16)
    const knownOf = (peerId: string) => ({ author, count: counts.get(peerId) ?? 0 })
    const [left, right] = pair(world, { left: { knownOf }, right: { knownOf } })
    counts.set(left.options.peerId, 7).set(right.options.peerId, 2 ** 40 + 1)
    const opened = (node: Node) => node.events.flatMap((event) => (event.type === 'opened' ? [event] : []))
    const told = (node: Node) => opened(node).map(({ theyKnow }) => theyKnow?.count)
    left.connect(right)
    world.run(200)
    // The first time the asker does not know whom it asks.
    expect([told(left), told(right)]).toEqual([[7], [undefined]])
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(1_000)
    expect([told(left), told(right)]).toEqual([
      [7, 7],
      [undefined, 2 ** 40 + 1],
    ])
    for (const [node, other] of [
      [left, right],
      [right, left],
    ] as const)
      expect(opened(node).map(({ weKnow }) => weKnow)).toEqual(opened(other).map(({ theyKnow }) => theyKnow))
    // By its pin, and after a restart without a ticket.
    left.restart()
    left.connect(right)
    world.run(3_000)
    expect(told(right)).toEqual([undefined, 2 ** 40 + 1, 2 ** 40 + 1])
    const [first, second, third] = opened(right).map(({ life }) => life)
    expect(first).toBe(second)
    expect(third).not.toBe(first)
  })

  it('tells two peers of one identity apart, and refuses one that is a copy of the other', () => {
    const signer = new StandInKey(new SeededRandom(9))
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { signer }, right: { signer } })
    left.connect(right)
    world.run(200)
    expect(talks(world, left)).toBe(true)
    const copies = new World(1, { delayMs: 5 })
    const own = { signer, peerId: '00000000000000aa' }
    const [one, other] = pair(copies, { left: own, right: own })
    one.connect(other)
    copies.run(10_000)
    expect(one.events).toMatchObject([{ type: 'refused', reason: 'same-peer' }])
    expect(other.events).toMatchObject([{ type: 'refused', reason: 'same-peer' }])
  })

  it('makes one session of two addresses of one peer', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    const [second, leftOnSecond] = ['10.9.0.2:1', '10.9.0.1:1']
    const bridge = (address: string, node: Node, seenAs: string) =>
      world.network.attach(address, (_from, bytes) => {
        node.endpoint.handleDatagram(seenAs, bytes, world.nowMs)
        node.drain()
      })
    bridge(second, right, leftOnSecond)
    bridge(leftOnSecond, left, second)
    left.connect(B)
    left.connect(second)
    world.run(60_000)
    expect(left.count('opened') - left.count('closed')).toBe(1)
    expect(left.count('opened')).toBeLessThanOrEqual(2)
  })
})
