import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Node, openPair, World } from '../../../harness/rdt/world.js'
import { CONTROL_BYTES_MAX } from '../../../src/base/limits.js'
import { MESSAGES_QUEUED_MAX } from '../../../src/rdt/session/limits.js'

describe('control messages', () => {
  it('are each handed up once and in order, and answered, whatever the link does', () => {
    const probability = fc.double({ min: 0, max: 0.4, noNaN: true })
    fc.assert(
      fc.property(
        fc.integer(),
        probability,
        probability,
        probability,
        (seed, loss, duplication, reordering) => {
          const world = new World(seed, {
            delayMs: 10,
            loss,
            duplication,
            reordering,
            reorderMs: 100,
            bitFlips: 0.05,
          })
          const { left, right } = openPair(world)
          // Until both have settled on one session.
          world.run(5_000)
          left.answer = right.answer = (body) => Uint8Array.from([...body, 0xff])
          for (let number = 0; number < 10; number++) {
            left.request(Uint8Array.of(number))
            right.request(Uint8Array.of(100 + number))
          }
          const isDone = world.runUntil(
            () => replies(left).length === 10 && replies(right).length === 10,
            300_000,
          )
          expect(isDone).toBe(true)
          world.run(5_000)
          const numbers = Array.from({ length: 10 }, (_, number) => number)
          expect(requests(right)).toEqual(numbers.map((number) => [number]))
          expect(requests(left)).toEqual(numbers.map((number) => [100 + number]))
          expect(replies(left)).toEqual(numbers.map((number) => [number, 0xff]))
          expect(replies(right)).toEqual(numbers.map((number) => [100 + number, 0xff]))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('wait one at a time for an answer that takes long', () => {
    const world = new World(1, { delayMs: 5 })
    const { left, right } = openPair(world)
    right.answer = () => undefined
    left.request(Uint8Array.of(1))
    left.request(Uint8Array.of(2))
    world.run(10_000)
    const asked = right.events.flatMap((event) => (event.type === 'request' ? [event] : []))
    expect(asked.map(({ body }) => [...body])).toEqual([[1]])
    right.endpoint.sendReply(right.session!, asked[0]!.number, Uint8Array.of(9))
    right.drain()
    world.run(3_000)
    expect(replies(left)).toEqual([[9]])
    expect(requests(right)).toEqual([[1], [2]])
  })

  it('carry CONTROL_BYTES_MAX bytes and no more, over the thinnest path', () => {
    const world = new World(1, { delayMs: 5, mtuBytes: 1_280 })
    const { left, right } = openPair(world)
    left.request(new Uint8Array(CONTROL_BYTES_MAX).fill(1))
    world.run(100)
    expect(requests(right)[0]!.length).toBe(CONTROL_BYTES_MAX)
    expect(() => left.request(new Uint8Array(CONTROL_BYTES_MAX + 1))).toThrow()
  })

  it('queue up to a number, and throw beyond', () => {
    const world = new World(1, { delayMs: 5 })
    const { left } = openPair(world)
    for (let number = 0; number < MESSAGES_QUEUED_MAX + 1; number++) left.request(Uint8Array.of(number))
    expect(() => left.request(Uint8Array.of(0))).toThrow()
  })

  it('are answered once by the caller', () => {
    const world = new World(1, { delayMs: 5 })
    const { left, right } = openPair(world)
    left.request(Uint8Array.of(1))
    world.run(100)
    expect(() => right.endpoint.sendReply(right.session!, 1, Uint8Array.of(1))).toThrow()
    right.endpoint.sendReply(right.session!, 7, Uint8Array.of(1))
    world.run(1_000)
    expect(replies(left).length).toBe(1)
  })

  it('find out in one round trip when nothing is lost', () => {
    const world = new World(1, { delayMs: 20 })
    const { left } = openPair(world)
    world.run(1_000)
    const askedAtMs = world.nowMs
    left.request(Uint8Array.of(1))
    world.runUntil(() => replies(left).length > 0, 1_000)
    expect(world.nowMs - askedAtMs).toBe(40)
  })
})

function requests(node: Node): number[][] {
  return node.events.flatMap((event) => (event.type === 'request' ? [[...event.body]] : []))
}

function replies(node: Node): number[][] {
  return node.events.flatMap((event) => (event.type === 'reply' ? [[...event.body]] : []))
}
