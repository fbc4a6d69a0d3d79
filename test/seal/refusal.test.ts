import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { World } from '../../harness/rdt/world.js'
import { decodeControl, encodeControl } from '../../src/rdt/wire/control.js'
import { SealedNode } from './world.js'

const A = '10.0.0.1:1'
const B = '10.0.0.2:1'

describe('a refusal that anybody can write', () => {
  it('is told once and ends no attempt', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = [SealedNode.make(world, A), SealedNode.make(world, B)]
    const link = world.network.link(A, B)
    const send = link.send.bind(link)
    link.send = (bytes) => {
      const control = decodeControl(bytes, crc32)
      if (control.ok && control.value.type === 'hello') {
        const { nonce, agent, version } = control.value
        const refuse = encodeControl({ type: 'refuse', version, agent, nonce, reason: 'encryption' }, crc32)
        world.network.send(B, A, refuse)
      }
      send(bytes)
    }
    left.connect(right)
    world.run(200)
    expect(left.session).toBeDefined()
    expect(left.count('refused')).toBe(1)
  })
})
