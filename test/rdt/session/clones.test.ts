import { describe, expect, it } from 'vitest'
import { type Node, World } from '../../../harness/rdt/world.js'
import { Clones } from '../../../src/rdt/session/clones.js'
import { CLONED_MS } from '../../../src/rdt/session/limits.js'

const peerId = '00000000000000aa'

describe('two machines with one peer id', () => {
  const refusals = (node: Node) =>
    node.events.flatMap((event) => (event.type === 'refused' ? [event.reason] : []))
  const isOpen = (node: Node) => node.session !== undefined

  it('are named on a third, and told by it, and neither has a session until one is left', () => {
    const world = new World(1, { delayMs: 5 })
    const third = world.node('10.0.0.3:1')
    const one = world.node('10.0.0.1:1', { peerId })
    const other = world.node('10.0.0.2:1', { peerId })
    one.connect(third)
    world.run(2_000)
    expect(isOpen(one)).toBe(true)
    other.connect(third)
    world.run(60_000)
    expect(third.events).toContainEqual({
      type: 'cloned',
      peerId,
      addresses: expect.arrayContaining([one.address, other.address]) as string[],
    })
    expect(third.count('cloned')).toBe(1)
    expect([refusals(one), refusals(other)]).toEqual([['cloned'], ['cloned']])
    expect([one, other].map(isOpen)).toEqual([false, false])
    other.kill()
    world.run(CLONED_MS + 20_000)
    expect(isOpen(one)).toBe(true)
    expect(third.count('cloned')).toBe(1)
  })

  it('tell each other', () => {
    const world = new World(1, { delayMs: 5 })
    const one = world.node('10.0.0.1:1', { peerId })
    const other = world.node('10.0.0.2:1', { peerId })
    one.connect(other)
    world.run(5_000)
    expect([refusals(one), refusals(other)]).toEqual([['same-peer'], ['same-peer']])
  })
})

describe('a process that is started again and again', () => {
  it('is no clone, however often, and wherever it is then', () => {
    for (let seed = 0; seed < 20; seed++) {
      const faults = { delayMs: 20, loss: 0.2, duplication: 0.2, reordering: 0.3, reorderMs: 400 }
      const world = new World(seed, faults)
      const hub = world.node('10.0.0.3:1')
      const roaming = world.node('10.0.0.1:1', { peerId })
      roaming.connect(hub)
      for (let start = 0; start < 12; start++) {
        world.run(100 + 200 * start)
        roaming.restart()
        roaming.connect(hub)
      }
      world.run(20_000)
      expect(hub.count('cloned')).toBe(0)
      expect(isUp(roaming)).toBe(true)
    }
  })

  it('is told apart from a clone by sessions that were agreed on after the other was heard', () => {
    const clones = new Clones()
    expect(clones.handleHeard('p', 'one', 0, 10)).toBe(false)
    expect(clones.handleHeard('p', 'two', 20, 30)).toBe(false)
    expect(clones.handleHeard('p', 'one', 30, 40)).toBe(false)
    expect(clones.isCloned('p', 'one', 40)).toBe(false)
    expect(clones.handleHeard('p', 'one', 31, 50)).toBe(true)
    expect(clones.isCloned('p', 'two', 49 + CLONED_MS)).toBe(true)
    expect(clones.isCloned('p', 'two', 50 + CLONED_MS)).toBe(false)
    expect(clones.isCloned('q', 'two', 60)).toBe(false)
  })
})

const isUp = (node: Node) => node.session !== undefined
