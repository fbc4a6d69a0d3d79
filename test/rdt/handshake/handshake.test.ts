import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeItem, type Node, openPair, World } from '../../../harness/rdt/world.js'
import { WIRE_VERSION } from '../../../src/base/limits.js'
import { UNPROVED_FACTOR_MAX } from '../../../src/rdt/handshake/limits.js'
import { CALLER_MS, SESSIONS_MAX, STRANGERS_MAX } from '../../../src/rdt/limits.js'
import { DEAD_MS } from '../../../src/rdt/session/limits.js'
import { DatagramType, encodeControl } from '../../../src/rdt/wire/control.js'

const A = '10.0.0.1:1'
const B = '10.0.0.2:1'

describe('a handshake', () => {
  it('opens one session on both sides, and tells who began it', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = [world.node(A), world.node(B)]
    left.connect(right)
    world.run(100)
    expect(left.events).toMatchObject([
      { type: 'opened', peerId: right.options.peerId, address: B, initiator: true },
    ])
    expect(right.events).toMatchObject([
      { type: 'answered', peerId: left.options.peerId },
      { type: 'opened', peerId: left.options.peerId, address: A, initiator: false },
    ])
  })

  it('lets the answerer speak with its answer, which waits where it overtakes that', () => {
    for (const overtakes of [false, true]) {
      const world = new World(1, { delayMs: 50 })
      const [left, right] = [world.node(A), world.node(B)]
      right.onEvent = (event) => {
        if (event.type === 'answered')
          right.endpoint.sendRequest(event.session, Uint8Array.of(7), world.nowMs)
      }
      if (overtakes) {
        const link = world.network.link(B, A)
        const send = link.send.bind(link)
        link.send = (bytes) => {
          const lateMs = bytes[0] === DatagramType.accept ? 2 : 0
          world.scheduler.at(world.nowMs + lateMs, () => send(bytes))
        }
      }
      left.connect(right)
      // Hello, cookie, open, accept: two round trips.
      world.run(205)
      expect(left.events).toMatchObject([{ type: 'opened' }, { type: 'request', body: Uint8Array.of(7) }])
      expect(left.endpoint.counters.dropped).toBe(overtakes ? 1 : 0)
    }
  })

  it('reaches a peer that starts later, having said once that it is unreachable', () => {
    const world = new World(1, { delayMs: 5 })
    const left = world.node(A)
    left.connect(B)
    world.run(60_000)
    expect(left.events).toEqual([{ type: 'unreachable', address: B, answers: false }])
    world.node(B)
    world.run(7_000)
    expect(left.session).toBeDefined()
  })

  it('keeps trying with ever longer waits, never longer than about 6 s', () => {
    const world = new World(1)
    const left = world.node(A)
    left.connect(B)
    world.run(5_000)
    expect(left.endpoint.counters.datagramsOut).toBeLessThanOrEqual(7)
    const sent = left.endpoint.counters.datagramsOut
    world.run(65_000)
    expect(left.endpoint.counters.datagramsOut - sent).toBeGreaterThanOrEqual(10)
    expect(left.endpoint.counters.datagramsOut - sent).toBeLessThanOrEqual(18)
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
          const [left, right] = [world.node(A), world.node(B)]
          left.connect(right)
          world.run(laterMs)
          right.connect(left)
          world.run(60_000)
          world.network.shape(A, B, { loss: 0, duplication: 0, reordering: 0 })
          world.run(20_000)
          for (const node of [left, right]) expect(node.count('opened') - node.count('closed')).toBe(1)
          left.request(Uint8Array.of(1))
          right.request(Uint8Array.of(2))
          world.run(1_000)
          expect(replies(left)).toContainEqual(Uint8Array.of(1))
          expect(replies(right)).toContainEqual(Uint8Array.of(2))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('opens once where both begin in the same instant', () => {
    for (let seed = 0; seed < 50; seed++) {
      const world = new World(seed, { delayMs: 5, jitterMs: 3 })
      const { left, right } = openPair(world)
      world.run(30_000)
      expect([left.count('opened'), right.count('opened'), left.count('closed')]).toEqual([1, 1, 0])
    }
  })

  it('falls back on the attempt of the other side where its own does not get through', () => {
    for (const [one, other] of [
      [A, B],
      [B, A],
    ] as const) {
      const world = new World(3, { delayMs: 5 })
      const [left, right] = [world.node(one), world.node(other)]
      // Unasked datagrams of left vanish, as behind a firewall; answers pass, for right's datagrams open the way.
      const link = world.network.link(one, other)
      const send = link.send.bind(link)
      link.send = (bytes) => {
        if (bytes[0] !== DatagramType.hello && bytes[0] !== DatagramType.open) send(bytes)
      }
      left.connect(right)
      right.connect(left)
      world.run(20_000)
      expect(left.session).toBeDefined()
      expect(right.session).toBeDefined()
    }
  })

  it('makes one session of two addresses of one peer, and uses the other when the first dies', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = [world.node(A), world.node(B)]
    // A second network between the same two, on which both have other addresses.
    const second = '10.9.0.2:1'
    const leftOnSecond = '10.9.0.1:1'
    const bridge = (address: string, node: Node, seenAs: string) =>
      world.network.attach(address, (_from, bytes) => {
        node.endpoint.handleDatagram(seenAs, bytes, world.nowMs)
        node.drain()
      })
    bridge(second, right, leftOnSecond)
    bridge(leftOnSecond, left, second)
    left.connect(B)
    left.connect(second)
    world.run(30_000)
    expect(left.count('opened') - left.count('closed')).toBe(1)
    expect(left.count('opened')).toBeLessThanOrEqual(2)
    const opened = left.events.findLast((event) => event.type === 'opened')
    const isFirst = opened?.address === B
    const closedBefore = left.count('closed')
    world.network.shape(A, isFirst ? B : second, { down: true })
    world.network.shape(isFirst ? A : leftOnSecond, B, { down: true })
    world.run(40_000)
    expect(left.count('closed')).toBe(closedBefore + 1)
    expect(left.session).toBeDefined()
    expect(right.session).toBeDefined()
  })
})

describe('a refused handshake', () => {
  it('names version and agent to both sides, once, and goes on trying quietly', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = [world.node(A), world.node(B, { agent: 'left 0.1.0' })]
    // Left speaks version 9: its hellos are rewritten on the way.
    const link = world.network.link(A, B)
    const send = link.send.bind(link)
    link.send = (bytes) => send(bytes[0] === DatagramType.hello ? helloOfVersion(9, bytes) : bytes)
    left.connect(right)
    world.run(30_000)
    expect(left.events).toEqual([
      { type: 'refused', address: B, agent: 'left 0.1.0', wireVersion: WIRE_VERSION, reason: 'version' },
    ])
    expect(right.events).toEqual([
      { type: 'refused', address: A, agent: 'left test', wireVersion: 9, reason: 'version' },
    ])
    link.send = send
    world.run(10_000)
    expect(left.session).toBeDefined()
  })

  it('tells of a peer that is ourselves, or a copy of our identity', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = [world.node(A), world.node(B, { peerId: '00000000000000aa' })]
    left.restart({ peerId: '00000000000000aa' })
    left.connect(right)
    world.run(10_000)
    expect(left.events).toMatchObject([{ type: 'refused', reason: 'same-peer' }])
    expect(right.events).toMatchObject([{ type: 'refused', reason: 'same-peer' }])
  })
})

describe('a stranger', () => {
  it('is counted, told of once, and gets nothing', () => {
    const world = new World(1)
    const [left, right] = [world.node(A), world.node(B, { admit: () => false })]
    left.connect(right)
    world.run(20_000)
    expect(right.events).toEqual([{ type: 'stranger', address: A, agent: expect.stringMatching(/./) }])
    expect(right.endpoint.counters.strangers).toBeGreaterThan(3)
    expect(right.endpoint.counters.datagramsOut).toBe(0)
  })

  it('is among those who call for as long as it says hello, whatever it sent before', () => {
    const world = new World(1)
    const [left, right] = [world.node(A), world.node(B, { admit: () => false })]
    right.endpoint.handleDatagram(A, Uint8Array.of(1), 0)
    right.drain()
    expect([...right.endpoint.callers(0)]).toEqual([])
    left.connect(right)
    world.run(20_000)
    expect(right.count('stranger')).toBe(2)
    expect([...right.endpoint.callers(20_000)]).toMatchObject([{ address: A }])
    expect([...right.endpoint.callers(20_000 + CALLER_MS)]).toEqual([])
  })

  it('of which there are too many is not remembered', () => {
    const world = new World(1)
    const right = world.node(B, { admit: () => false })
    for (let port = 0; port < STRANGERS_MAX + 100; port++) {
      right.endpoint.handleDatagram(`10.0.0.9:${port}`, Uint8Array.of(1), 0)
    }
    right.drain()
    expect(right.count('stranger')).toBe(STRANGERS_MAX)
  })
})

describe('an address that has not proved itself', () => {
  it('never gets more than three times what came from it, whatever that is', () => {
    const datagram = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom(...attackDatagrams()),
      fc
        .tuple(fc.constantFrom(...attackDatagrams()), fc.nat(60))
        .map(([bytes, length]) => bytes.slice(0, length)),
    )
    fc.assert(
      fc.property(fc.array(datagram, { maxLength: 40 }), fc.boolean(), (datagrams, isDialled) => {
        const world = new World(1)
        const node = world.node(A)
        let received = 0
        let sent = 0
        if (isDialled) {
          // Its own hellos are asked for by the person, not by the attacker.
          node.endpoint.connect(B, 0)
          while (node.endpoint.pollDatagram(0) !== undefined);
        }
        for (const bytes of datagrams) {
          node.endpoint.handleDatagram(B, bytes, 0)
          received += bytes.length
          for (;;) {
            const outgoing = node.endpoint.pollDatagram(0)
            if (outgoing === undefined) break
            sent += outgoing.bytes.length
          }
          expect(sent).toBeLessThanOrEqual(UNPROVED_FACTOR_MAX * received)
        }
        expect(node.session).toBeUndefined()
      }),
    )
  })

  it('does not make a session with a cookie that was made for another address, nonce or time', () => {
    const world = new World(1, { delayMs: 1 })
    const [left, right] = [world.node(A), world.node(B)]
    const opens: Uint8Array[] = []
    const link = world.network.link(A, B)
    const send = link.send.bind(link)
    link.send = (bytes) => {
      if (bytes[0] === DatagramType.open) opens.push(bytes)
      send(bytes)
    }
    left.connect(right)
    world.run(100)
    expect(right.count('opened')).toBe(1)
    const open = opens[0]!
    const answersTo = (from: string, bytes: Uint8Array, nowMs: number) => {
      const before = right.endpoint.counters.dropped
      right.endpoint.handleDatagram(from, bytes, nowMs)
      return right.endpoint.counters.dropped === before
    }
    expect(answersTo(A, open, world.nowMs)).toBe(true)
    expect(answersTo('10.0.0.3:1', open, world.nowMs)).toBe(false)
    expect(answersTo(A, open, world.nowMs + 30_000)).toBe(false)
  })
})

describe('a session', () => {
  it('ends with a word when the other side closes, and comes back when it does', () => {
    const world = new World(1, { delayMs: 5 })
    const { left, right } = openPair(world)
    right.endpoint.close(world.nowMs)
    right.drain()
    world.run(20)
    expect(left.events.at(-1)).toMatchObject({ type: 'closed', reason: 'bye' })
    expect(right.events.at(-1)).toMatchObject({ type: 'closed', reason: 'local' })
    right.restart()
    world.run(10_000)
    expect(left.session).toBeDefined()
  })

  it('is called dead after a long silence, not before, and opens anew when the link heals', () => {
    const world = new World(1, { delayMs: 5 })
    const { left, right } = openPair(world)
    world.run(60_000)
    world.network.shape(A, B, { down: true })
    world.run(DEAD_MS - 6_000)
    expect(left.count('closed')).toBe(0)
    world.run(7_000)
    expect(left.events.filter(({ type }) => type === 'closed')).toMatchObject([{ reason: 'silent' }])
    world.network.shape(A, B, { down: false })
    world.run(10_000)
    expect(left.session).toBeDefined()
    expect(right.session).toBeDefined()
  })

  it('dies on both sides where only one direction is cut, and heals', () => {
    const world = new World(1, { delayMs: 5 })
    const { left, right } = openPair(world)
    world.network.link(A, B).faults.down = true
    world.run(60_000)
    expect(left.session).toBeUndefined()
    expect(right.session).toBeUndefined()
    world.network.link(A, B).faults.down = false
    world.run(10_000)
    left.request(Uint8Array.of(5))
    world.run(100)
    expect(right.session).toBeDefined()
    expect(replies(left)).toEqual([Uint8Array.of(5)])
  })

  it('stays alive for an hour at half the datagrams lost each way', () => {
    const world = new World(2, { delayMs: 5, loss: 0.5 })
    const { left, right } = openPair(world)
    world.run(3_600_000)
    expect(left.count('closed') + right.count('closed')).toBe(0)
  })

  it('is quiet when there is nothing to do', () => {
    const world = new World(1, { delayMs: 5 })
    const { left } = openPair(world)
    world.run(5_000)
    const before = left.endpoint.counters.datagramsOut
    world.run(60_000)
    expect(left.endpoint.counters.datagramsOut - before).toBeLessThanOrEqual(30)
  })

  it('of a process that was killed and restarted is replaced at once', () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = new World(seed, { delayMs: 5, loss: 0.1 })
      const { left, right } = openPair(world)
      left.events.length = right.events.length = 0
      right.restart()
      right.connect(left)
      left.request(Uint8Array.of(1))
      world.run(5_000)
      expect(left.events.filter(({ type }) => type === 'closed')).toMatchObject([{ reason: 'replaced' }])
      expect(right.count('opened')).toBe(1)
      left.request(Uint8Array.of(2))
      world.run(3_000)
      expect(replies(left)).toContainEqual(Uint8Array.of(2))
    }
  })

  it('is bound to its address: its datagrams from elsewhere are dropped', () => {
    const world = new World(1, { delayMs: 5 })
    const { left, right } = openPair(world)
    const link = world.network.link(B, A)
    const item = makeItem(200_000)
    right.hold(item)
    const seen: Uint8Array[] = []
    const send = link.send.bind(link)
    link.send = (bytes) => {
      seen.push(bytes)
      send(bytes)
    }
    left.pull(item.ref)
    world.run(100)
    const before = left.endpoint.counters.dropped
    for (const bytes of seen) left.endpoint.handleDatagram('10.0.0.7:1', bytes, world.nowMs)
    expect(left.endpoint.counters.dropped - before).toBe(seen.length)
    expect(left.session).toBeDefined()
  })

  it('does not survive disconnect, which says bye and stops trying', () => {
    const world = new World(1, { delayMs: 5 })
    const left = world.node(A)
    const right = world.node(B)
    left.connect(right)
    world.run(100)
    left.endpoint.disconnect(B, world.nowMs)
    left.drain()
    world.run(20)
    expect(right.events.at(-1)).toMatchObject({ type: 'closed', reason: 'bye' })
    const sent = left.endpoint.counters.datagramsOut
    world.run(60_000)
    expect(left.endpoint.counters.datagramsOut).toBe(sent)
  })

  it('is one of a bounded number', () => {
    const world = new World(1, { delayMs: 1 })
    const hub = world.node(B)
    for (let index = 0; index < SESSIONS_MAX + 5; index++) {
      world.node(`10.1.${index >> 8}.${index & 255}:1`).connect(hub)
    }
    world.run(3_000)
    expect(hub.count('opened')).toBe(SESSIONS_MAX)
  })
})

function replies(node: Node): Uint8Array[] {
  return node.events.flatMap((event) => (event.type === 'reply' ? [event.body] : []))
}

function helloOfVersion(version: number, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice()
  new DataView(changed.buffer).setUint16(5, version)
  new DataView(changed.buffer).setUint32(bytes.length - 4, crc32(changed.subarray(0, bytes.length - 4)))
  return changed
}

function attackDatagrams(): Uint8Array[] {
  const session = { high: 1, low: 2 }
  const nonce = new Uint8Array(8)
  const cookie = new Uint8Array(16)
  const hello = { type: 'hello', version: WIRE_VERSION, agent: '', nonce, introduction: cookie } as const
  return [
    encodeControl({ ...hello, suite: 'plain', flight: new Uint8Array(0) }, crc32),
    encodeControl({ ...hello, suite: 'plain', flight: new Uint8Array(90) }, crc32),
    encodeControl({ ...hello, suite: 'sealed', flight: new Uint8Array(90) }, crc32),
    encodeControl({ ...hello, version: 9, suite: 'plain', flight: new Uint8Array(0) }, crc32),
    encodeControl(
      {
        type: 'open',
        agent: '',
        nonce,
        suite: 'plain',
        introduction: cookie,
        cookie,
        flight: new Uint8Array(26),
      },
      crc32,
    ),
    encodeControl({ type: 'accept', nonce, step: 4, flight: new Uint8Array(100) }, crc32),
    encodeControl({ type: 'probe', session, bytes: 65_337 }, crc32),
    encodeControl({ type: 'ping', session, number: 1 }, crc32),
    Uint8Array.from([DatagramType.segment, ...new Uint8Array(30)]),
    Uint8Array.from([DatagramType.request, ...new Uint8Array(8)]),
  ]
}
