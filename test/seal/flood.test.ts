import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type Node, World } from '../../harness/rdt/world.js'
import { WIRE_VERSION } from '../../src/base/limits.js'
import {
  ANSWERS_STRANGERS_MAX,
  HELLOS_PER_ADDRESS_BURST,
  OFFERS_PER_S_MAX,
  UNPROVED_FACTOR_MAX,
} from '../../src/rdt/handshake/limits.js'
import { decodeControl, encodeControl } from '../../src/rdt/wire/control.js'
import { SeededRandom } from '../../src/sim/random.js'
import { A, pair, SealedNode, talks } from './world.js'

describe('a flood', () => {
  const greeting = (seed: number) =>
    ({
      type: 'hello',
      version: WIRE_VERSION,
      agent: '',
      nonce: new SeededRandom(seed).bytes(8),
      suite: 'sealed',
      introduction: new Uint8Array(16),
      flight: new SeededRandom(seed + 1).bytes(64),
    }) as const

  /** What a datagram is answered with. */
  function say(node: Node, from: string, bytes: Uint8Array): Uint8Array[] {
    node.endpoint.handleDatagram(from, bytes, 0)
    const out: Uint8Array[] = []
    for (let next = node.endpoint.pollDatagram(0); next !== undefined; next = node.endpoint.pollDatagram(0))
      out.push(next.bytes)
    const sent = out.reduce((sum, { length }) => sum + length, 0)
    expect(sent).toBeLessThanOrEqual(UNPROVED_FACTOR_MAX * bytes.length)
    return out
  }

  /** An asker that proves its address and says nothing sensible with it. */
  function openFrom(node: Node, from: string, seed: number): Uint8Array[] {
    const hello = greeting(seed)
    const [answer] = say(node, from, encodeControl(hello, crc32))
    const cookie = answer && decodeControl(answer, crc32)
    if (!cookie?.ok || cookie.value.type !== 'cookie') return []
    const { agent, nonce, suite, introduction } = hello
    const flight = new SeededRandom(seed + 2).bytes(64 + 834 + 16)
    flight.set(hello.flight)
    const open = { type: 'open', agent, nonce, suite, introduction, flight } as const
    return say(node, from, encodeControl({ ...open, cookie: cookie.value.cookie }, crc32))
  }

  it('of hellos is answered with less than three times its bytes, and of strangers so often a second', () => {
    const world = new World(1)
    const node = SealedNode.make(world, A, { admit: () => false, secrets: [new Uint8Array(32)] })
    let offers = 0
    for (let index = 0; index < 3 * OFFERS_PER_S_MAX; index++)
      offers += say(node, `10.0.${index & 255}.7:9`, encodeControl(greeting(index), crc32)).length
    expect(offers).toBe(OFFERS_PER_S_MAX)
    expect(node.steps).toEqual([])
  })

  it('of hellos of an address that is called is answered a few times, and others are all the same', () => {
    const world = new World(1)
    const node = SealedNode.make(world, A)
    const answered = (from: string, count: number) =>
      Array.from({ length: count }, (_, seed) => say(node, from, encodeControl(greeting(seed), crc32))).flat()
    expect(answered('10.0.0.9:1', 100)).toHaveLength(HELLOS_PER_ADDRESS_BURST)
    expect(answered('10.0.0.9:2', 1)).toHaveLength(1)
  })

  it('of first packets performs no RSA, keeps nothing, and is not answered', () => {
    const world = new World(1)
    const node = SealedNode.make(world, A)
    for (let index = 0; index < 3 * ANSWERS_STRANGERS_MAX; index++)
      expect(openFrom(node, `10.${index >> 8}.${index & 255}.7:9`, index)).toEqual([])
    expect(node.steps).toEqual([])
    expect(node.session).toBeUndefined()
  })

  it('from elsewhere does not keep out a peer that we call ourselves', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    for (let index = 0; index < 2 * ANSWERS_STRANGERS_MAX; index++)
      openFrom(right, `10.9.${index >> 8}.${index & 255}:9`, index)
    right.connect(left)
    left.connect(right)
    world.run(5_000)
    expect(talks(world, left)).toBe(true)
  })
})
