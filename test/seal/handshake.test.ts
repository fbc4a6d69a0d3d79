import { describe, expect, it } from 'vitest'
import { World } from '../rdt/world.js'
import { SealedNode } from './world.js'

const A = '10.0.0.1:1'
const B = '10.0.0.2:1'

describe('a sealed handshake', () => {
  it('opens one session on both sides, which know each other’s keys', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = [SealedNode.make(world, A), SealedNode.make(world, B)]
    left.connect(right)
    world.run(100)
    expect(left.events).toMatchObject([
      { type: 'opened', peerId: right.options.peerId, address: B, fingerprint: right.fingerprint },
    ])
    expect(right.events).toMatchObject([
      { type: 'opened', peerId: left.options.peerId, address: A, fingerprint: left.fingerprint },
    ])
    left.request(Uint8Array.of(1, 2, 3))
    world.run(100)
    expect(left.events.at(-1)).toMatchObject({ type: 'reply', body: Uint8Array.of(1, 2, 3) })
  })
})
