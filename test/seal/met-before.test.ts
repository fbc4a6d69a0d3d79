import { describe, expect, it } from 'vitest'
import { World } from '../../harness/rdt/world.js'
import { utf8 } from '../../src/base/bytes.js'
import { REKEY_GRACE_MS, REKEY_MS } from '../../src/rdt/handshake/limits.js'
import { DatagramType } from '../../src/rdt/wire/control.js'
import { FRAMES_PER_KEY_MAX, TICKET_MS_MAX } from '../../src/seal/limits.js'
import { A, B, earlyOf, pair, talks, tap } from './world.js'

describe('a peer that was met before', () => {
  it('comes back in one round trip, without RSA, with fresh keys', () => {
    const world = new World(1, { delayMs: 50 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(1_000)
    const steps = left.steps.length + right.steps.length
    left.events.length = 0
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(50)
    expect(left.session).toBeUndefined()
    world.run(101)
    expect(left.events.at(-1)).toMatchObject({ type: 'opened', fingerprint: right.fingerprint })
    expect(left.steps.length + right.steps.length).toBe(steps)
    expect(talks(world, left)).toBe(true)
  })

  it('gets fresh keys when the old ones have sealed as much as they may, in one round trip', () => {
    const world = new World(1, { delayMs: 50 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(1_000)
    const session = left.session!
    const frames = left.endpoint.framesOf(session)!
    const digest = 'ab'.repeat(32)
    const seal = (blockIndex: number) => frames.seal({ kind: 'file', digest, blockIndex }, Uint8Array.of(1))
    Object.assign(frames, { sealedCount: FRAMES_PER_KEY_MAX - 2 })
    seal(FRAMES_PER_KEY_MAX - 1)
    world.run(60_000)
    expect(left.session).toBe(session)
    const steps = left.steps.length
    seal(FRAMES_PER_KEY_MAX)
    world.run(60_000)
    expect(left.session).not.toBe(session)
    expect(left.events.filter(({ type }) => type === 'closed')).toMatchObject([{ reason: 'renewed' }])
    expect(left.steps).toHaveLength(steps)
    expect(talks(world, left)).toBe(true)
  })

  it('and has forgotten that, for it was restarted, is met anew at once', () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = new World(seed, { delayMs: 5, loss: 0.1 })
      const [left, right] = pair(world)
      left.connect(right)
      world.run(5_000)
      right.restart()
      left.request(Uint8Array.of(1))
      world.run(12_000)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('is told with the hello what the asker has to say as it begins, in the same bytes each time, and once', () => {
    const world = new World(1, { delayMs: 50 })
    let word = utf8('old')
    const [left, right] = pair(world, { left: { greeting: () => word } })
    left.connect(right)
    world.run(1_000)
    expect(earlyOf(right)).toEqual([])
    const { faults } = world.network.link(A, B)
    const hellos: Uint8Array[] = []
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] === DatagramType.hello && bytes.length > 111) hellos.push(bytes.slice())
      send()
    })
    faults.loss = 1
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(30_000)
    word = utf8('new')
    faults.loss = 0
    world.run(6_000)
    expect(earlyOf(right)).toEqual(['old'])
    expect(hellos.length).toBeGreaterThan(3)
    expect(new Set(hellos.map((hello) => Buffer.from(hello).toString('hex'))).size).toBe(1)
    for (const hello of hellos) right.endpoint.handleDatagram(A, hello, world.nowMs)
    right.drain()
    expect(earlyOf(right)).toEqual(['old'])
    expect(talks(world, left)).toBe(true)
  })

  it('comes back with its ticket after a long outage, for one day', () => {
    for (const [downMs, isAnew] of [
      [TICKET_MS_MAX / 2, false],
      [TICKET_MS_MAX + 60_000, true],
    ] as const) {
      const world = new World(1, { delayMs: 5 })
      const [left, right] = pair(world)
      left.connect(right)
      world.run(1_000)
      left.endpoint.disconnect(B, world.nowMs)
      left.drain()
      world.run(downMs)
      const steps = left.steps.length
      left.connect(right)
      world.run(5_000)
      expect(left.steps.length > steps).toBe(isAnew)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('whose own hello comes back to it does not take that for the other: a ticket serves one side', () => {
    for (const options of [{}, { left: { peerId: 'f'.repeat(16) } }]) {
      for (const lateMs of [0, 320]) {
        const world = new World(1, { delayMs: 5 })
        const [left, right] = pair(world, options)
        left.connect(right)
        world.run(1_000)
        right.kill()
        // Whatever goes to B comes back from there, and the accepts that come of it do as well.
        tap(world, A, B, (bytes) => {
          const reflected = bytes.slice()
          world.scheduler.at(world.nowMs + lateMs, () => {
            left.endpoint.handleDatagram(B, reflected, world.nowMs)
            left.drain()
          })
        })
        world.run(60_000)
        expect([left.count('opened'), left.count('answered'), left.session]).toEqual([1, 0, undefined])
      }
    }
  })

  it('is believed to be where it says only at the address at which its ticket was made', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { greeting: () => utf8('here') } })
    left.connect(right)
    world.run(200)
    let hello: Uint8Array | undefined
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] === DatagramType.hello) hello ??= bytes.slice()
      else send()
    })
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(100)
    const answers: Uint8Array[] = []
    const elsewhere = '10.0.0.9:1'
    right.events.length = 0
    right.endpoint.handleDatagram(elsewhere, hello!, world.nowMs)
    const poll = () => right.endpoint.pollDatagram(world.nowMs)
    for (let out = poll(); out !== undefined; out = poll()) answers.push(out.bytes)
    const bytes = answers.reduce((sum, answer) => sum + answer.length, 0)
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThanOrEqual(hello!.length)
    expect(right.events.filter((event) => event.type === 'answered' && event.early)).toEqual([])
  })

  it('and is not trusted any more does not come back that way', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    right.trust.pinned.clear()
    right.trust.policy = 'pinned'
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(30_000)
    expect(left.session).toBeUndefined()
  })

  it('takes no harm from a replay of its first flight, from wherever it comes', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    const hellos: Uint8Array[] = []
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] === DatagramType.hello) hellos.push(bytes.slice())
      send()
    })
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(200)
    expect(hellos).toHaveLength(1)
    const opened = right.count('opened')
    for (const from of [A, '10.0.0.9:1', '10.0.0.9:2']) {
      for (let count = 0; count < 5; count++) right.endpoint.handleDatagram(from, hellos[0]!, world.nowMs)
      right.drain()
    }
    world.run(60_000)
    expect(right.count('opened')).toBe(opened)
    expect(talks(world, left)).toBe(true)
  })
})

describe('a session whose ticket is gone', () => {
  it('ends when its time is over, and keeps no loop busy until then', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.runUntil(() => left.session !== undefined && right.session !== undefined, 20_000)
    for (const node of [left, right]) node.protection().revoke(() => false, world.nowMs)
    world.run(REKEY_MS + REKEY_GRACE_MS / 2 - world.nowMs)
    for (const node of [left, right]) {
      node.endpoint.handleTimeout(world.nowMs)
      expect(node.endpoint.pollTimeout()).toBeGreaterThan(world.nowMs)
    }
    world.run(REKEY_GRACE_MS)
    // The first of the two says bye.
    const closed = [left, right].flatMap(({ events }) => events.filter(({ type }) => type === 'closed'))
    expect(closed).toContainEqual(expect.objectContaining({ reason: 'worn' }))
    expect(talks(world, left)).toBe(true)
  })
})
