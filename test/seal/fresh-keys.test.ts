import { describe, expect, it } from 'vitest'
import { makeItem, type Node, World } from '../../harness/rdt/world.js'
import { REKEY_GRACE_MS, REKEY_MS } from '../../src/rdt/handshake/limits.js'
import { DatagramType } from '../../src/rdt/wire/control.js'
import { A, B, pair, talks, tap } from './world.js'

describe('fresh keys', () => {
  it('come every ten minutes, in a session that takes the place of the older one without a gap', () => {
    const world = new World(1, { delayMs: 20, loss: 0.2, duplication: 0.1, reordering: 0.2, reorderMs: 100 })
    const rekeying = { afterMs: 2_000, afterBytes: 2 ** 32 }
    const [left, right] = pair(world, { left: { rekeying }, right: { rekeying } })
    left.connect(right)
    expect(world.runUntil(() => left.session !== undefined && right.session !== undefined, 20_000)).toBe(true)
    const openCount = (node: Node) => node.count('opened') - node.count('closed')
    const steps = left.steps.length + right.steps.length
    left.answer = right.answer = (body) => body
    let asked = 0
    for (const endMs = world.nowMs + 60_000; world.nowMs < endMs; ) {
      if (asked === left.count('reply') + right.count('reply')) {
        for (const node of [left, right]) node.request(Uint8Array.of(++asked & 255))
      }
      world.run(10)
      for (const node of [left, right]) expect([1, 2]).toContain(openCount(node))
    }
    // A request that was under way in a session that ends is the caller's to repeat: this one does not.
    const renewals = left.events.filter((event) => event.type === 'opened' && event.isRenewal)
    expect(renewals.length).toBeGreaterThanOrEqual(20)
    const reasons = new Set(
      [...left.events, ...right.events].flatMap((event) => (event.type === 'closed' ? [event.reason] : [])),
    )
    expect(reasons).toEqual(new Set(['renewed']))
    expect(left.steps.length + right.steps.length).toBe(steps)
  })

  it('come after so many bytes, and a transfer goes on over them', () => {
    const world = new World(3, { delayMs: 10, loss: 0.02 })
    const rekeying = { afterMs: 600_000, afterBytes: 1_000_000 }
    const [left, right] = pair(world, { left: { rekeying }, right: { rekeying } })
    const item = makeItem(8_000_000)
    right.hold(item)
    left.connect(right)
    world.runUntil(() => left.session !== undefined && right.session !== undefined, 20_000)
    left.pull(item.ref)
    expect(world.runUntil(() => left.has(item.ref), 120_000)).toBe(true)
    expect(Buffer.from(left.pulled.get(item.ref.digest)!.bytes!).equals(item.bytes)).toBe(true)
    expect(left.events.filter((event) => event.type === 'opened' && event.isRenewal).length).toBeGreaterThan(
      2,
    )
  })

  it('come by the one that answered where the other does not ask, and a session without any ends', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    let isCut = true
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] !== DatagramType.hello || !isCut || world.nowMs < 10_000) send()
    })
    left.connect(right)
    world.run(REKEY_MS + REKEY_GRACE_MS / 2)
    expect(right.events.some((event) => event.type === 'opened' && event.initiator && event.isRenewal)).toBe(
      true,
    )
    isCut = true
    tap(world, B, A, (bytes, send) => {
      if (bytes[0] !== DatagramType.hello) send()
    })
    world.run(REKEY_MS + REKEY_GRACE_MS)
    expect(left.events.findLast(({ type }) => type === 'closed')).toMatchObject({ reason: 'worn' })
    isCut = false
    world.run(10_000)
    expect(talks(world, left)).toBe(true)
  })
})
