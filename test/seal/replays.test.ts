import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeItem, World } from '../../harness/rdt/world.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { DatagramType, encodeControl } from '../../src/rdt/wire/control.js'
import { A, B, pair, talks, tap } from './world.js'

describe('datagrams that were recorded or made up', () => {
  it('of a whole handshake and session, played again, open nothing and change nothing', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    const recorded: Uint8Array[] = []
    tap(world, A, B, (bytes, send) => {
      recorded.push(bytes.slice())
      send()
    })
    left.connect(right)
    world.run(200)
    left.request(Uint8Array.of(1))
    world.run(200)
    const events = right.events.length
    for (let round = 0; round < 3; round++)
      for (const bytes of recorded) right.endpoint.handleDatagram(A, bytes, world.nowMs)
    right.drain()
    world.run(100)
    expect(right.events.length).toBe(events)
    expect(talks(world, left)).toBe(true)
    // And against the process that comes after it.
    right.restart()
    right.events.length = 0
    for (const bytes of recorded) right.endpoint.handleDatagram(A, bytes, world.nowMs)
    right.drain()
    expect(right.count('opened') + right.count('request')).toBe(0)
  })

  it('of a handshake whose session is over are not answered: a seed serves one handshake', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    const [asked, answered]: [Uint8Array[], Uint8Array[]] = [[], []]
    tap(world, A, B, (bytes, send) => {
      asked.push(bytes.slice())
      send()
    })
    tap(world, B, A, (bytes, send) => {
      answered.push(bytes.slice())
      send()
    })
    left.connect(right)
    world.run(100)
    left.endpoint.disconnect(B, world.nowMs)
    left.drain()
    world.run(100)
    expect(right.session).toBeUndefined()
    const ofType = (datagrams: readonly Uint8Array[], type: number) =>
      datagrams.filter(([first]) => first === type)
    const steps = right.steps.length
    answered.length = 0
    for (const bytes of ofType(asked, DatagramType.open)) right.endpoint.handleDatagram(A, bytes, world.nowMs)
    right.drain()
    world.run(100)
    expect(ofType(answered, DatagramType.accept)).toEqual([])
    expect(right.steps.length).toBe(steps)
    expect(right.count('opened')).toBe(1)
  })

  it('with one bit turned are dropped: what they said is repaired, and nothing else ever arrives', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.integer({ min: 3, max: 40 }), (seed, draw, everyWhich) => {
        const world = new World(seed, { delayMs: 5 })
        // A frame is one datagram, or a third of its segments turned would be more than any repair bears.
        const wide = { datagramBytesMax: () => 65_507 }
        const [left, right] = pair(world, { left: wide, right: wide })
        let count = 0
        for (const [from, to] of [
          [A, B],
          [B, A],
        ] as const) {
          tap(world, from, to, (bytes, send) => {
            if (count++ % everyWhich === 0) {
              const bit = (draw + count * 7_919) % (8 * bytes.length)
              bytes[bit >> 3]! ^= 1 << (bit & 7)
            }
            send()
          })
        }
        const item = makeItem(200_000, seed)
        right.hold(item)
        left.connect(right)
        const isWide = () => (left.endpoint.stats(left.session ?? -1)?.pathBytes ?? 0) > BLOCK_BYTES
        expect(world.runUntil(isWide, 600_000)).toBe(true)
        left.pull(item.ref)
        expect(world.runUntil(() => left.has(item.ref), 600_000)).toBe(true)
        expect(Buffer.from(left.pulled.get(item.ref.digest)!.bytes!).equals(item.bytes)).toBe(true)
        const bodies = [...left.events, ...right.events].filter(({ type }) => type === 'request')
        expect(bodies).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  it('that say “I know no such session” do not end one that is alive', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    let seen: Uint8Array | undefined
    tap(world, A, B, (bytes, send) => {
      if (bytes[0]! >= DatagramType.ping) seen = bytes.slice()
      send()
    })
    left.request(Uint8Array.of(1))
    world.run(100)
    const view = new DataView(seen!.buffer)
    const session = { high: view.getUint32(1), low: view.getUint32(5) }
    for (let count = 0; count < 20; count++) {
      left.endpoint.handleDatagram(B, encodeControl({ type: 'reset', session }, crc32), world.nowMs)
      left.drain()
      world.run(1_000)
    }
    expect(left.count('closed')).toBe(0)
    expect(talks(world, left)).toBe(true)
  })
})
