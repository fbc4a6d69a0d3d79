import { describe, expect, test } from 'vitest'
import { ORDER_WAIT_MS, ORDERED_WANTS_MAX } from '../../../src/keeper/intake/limits.js'
import { PlacingOrder } from '../../../src/keeper/intake/placing-order.js'
import { type Want, Wants } from '../../../src/keeper/intake/wants.js'
import { fileEntry, PEERS } from '../../share/entries.js'
import { dotted, OURS, THEIRS } from '../share-on-disk.js'

const NOW_MS = 1_000
const NOWHERE = { holderOf: () => undefined, isComparing: () => false }

/** Wants of one file each for these counts, and what is to be placed of them. */
function orderOf(counts: readonly number[], author = THEIRS) {
  const wants = new Wants()
  const all = new Map<number, Want>()
  for (const count of counts)
    all.set(count, wants.add(fileEntry(`f${count}`, { version: dotted(`${author}:${count}`) }), PEERS[0]!))
  const behind = new Set<Want>()
  /** The comparison that is under way. */
  let comparison: object | undefined
  const order = new PlacingOrder({ wants, links: behind, comparisonWith: () => comparison })
  const ready = new Set<Want>()
  return {
    wants,
    behind,
    order,
    compare: (other: object | undefined) => {
      comparison = other
    },
    want: (count: number) => all.get(count)!,
    take: (nowMs: number, ...complete: readonly number[]) => {
      for (const count of complete) ready.add(all.get(count)!)
      return order.take(ready, nowMs).map(({ remote }) => remote.path)
    },
  }
}

describe('files that came together', () => {
  test('are placed in the order in which their author recorded them', () => {
    const { take, wants, want } = orderOf([3, 1, 2])
    expect(take(NOW_MS, 3, 2)).toEqual([])
    expect(take(NOW_MS, 1)).toEqual(['f1', 'f2', 'f3'])
    for (const count of [1, 2, 3]) wants.remove(want(count), true)
  })

  test('do not wait for what is given up', () => {
    const { take, wants, want } = orderOf([1, 2])
    expect(take(NOW_MS, 2)).toEqual([])
    wants.remove(want(1), false)
    expect(take(NOW_MS)).toEqual(['f2'])
  })

  test('do not wait for long', () => {
    const { take, order } = orderOf([1, 2])
    expect(take(NOW_MS, 2)).toEqual([])
    expect(order.heldCount).toBe(1)
    expect(order.pollTimeout()).toBe(NOW_MS + ORDER_WAIT_MS)
    expect(take(NOW_MS + ORDER_WAIT_MS - 1)).toEqual([])
    expect(take(NOW_MS + ORDER_WAIT_MS)).toEqual(['f2'])
    expect(order.heldCount).toBe(0)
  })

  test('wait for the comparison in which they were found: the rest of it may come before them', () => {
    const { take, order, compare, wants } = orderOf([2])
    const comparison = {}
    compare(comparison)
    expect(take(NOW_MS, 2)).toEqual([])
    expect(order.hasDue).toBe(false)
    wants.add(fileEntry('f1', { version: dotted(`${THEIRS}:1`) }), PEERS[0]!)
    compare(undefined)
    expect(order.hasDue).toBe(true)
    expect(take(NOW_MS)).toEqual([])
    wants.remove(wants.get('f1')!, true)
    expect(take(NOW_MS)).toEqual(['f2'])
  })

  test('do not wait for the next comparison, and not for long', () => {
    const { take, order, compare } = orderOf([1, 2])
    const first = {}
    compare(first)
    expect(take(NOW_MS, 1)).toEqual([])
    compare({})
    expect(order.hasDue).toBe(true)
    expect(take(NOW_MS + 1, 2)).toEqual(['f1'])
    expect(order.pollTimeout()).toBe(NOW_MS + 1 + ORDER_WAIT_MS)
    expect(take(NOW_MS + 1 + ORDER_WAIT_MS)).toEqual(['f2'])
  })

  test('do not wait for those that wait for them', () => {
    const { take, behind, want } = orderOf([1, 2])
    behind.add(want(1))
    expect(take(NOW_MS, 2)).toEqual(['f2'])
  })

  test('do not wait for those that are copies of them', () => {
    const { take, wants, want } = orderOf([2])
    const { digest } = want(2).remote
    // Recorded before it, and fetched by it.
    wants.add(fileEntry('f1', { digest, version: dotted(`${THEIRS}:1`) }), PEERS[0]!)
    expect(wants.pollOrder(NOWHERE, NOW_MS)).toMatchObject({
      type: 'fetch',
      want: { remote: { path: 'f2' } },
    })
    expect(wants.pollOrder(NOWHERE, NOW_MS)).toBeUndefined()
    expect(take(NOW_MS, 2)).toEqual(['f2'])
  })

  test('do not wait for what another author recorded', () => {
    const { take, wants } = orderOf([2])
    wants.add(fileEntry('other', { version: dotted(`${OURS}:1`) }), PEERS[0]!)
    expect(take(NOW_MS, 2)).toEqual(['f2'])
  })

  test.each([
    [0, []],
    [1, ['f9000']],
  ] as const)('do not wait where they are %i too many', (more, placed) => {
    const counts = Array.from({ length: ORDERED_WANTS_MAX - 1 + more }, (_, index) => index + 1)
    expect(orderOf([...counts, 9_000]).take(NOW_MS, 9_000)).toEqual(placed)
  })
})
