import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DueQueue } from '../../src/keeper/due-queue.js'

type Step =
  | { readonly type: 'set'; readonly key: string; readonly dueMs: number }
  | { readonly type: 'delete'; readonly key: string }
  | { readonly type: 'take'; readonly nowMs: number }

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('set' as const), key, dueMs: fc.nat(20) }),
  fc.record({ type: fc.constant('delete' as const), key }),
  fc.record({ type: fc.constant('take' as const), nowMs: fc.nat(20) }),
)

describe('a queue of keys that are due', () => {
  test('keeps few former times of keys that are put off, or forgotten, again and again', () => {
    const queue = new DueQueue()
    for (let time = 0; time < 10_000; time++) {
      queue.set('put off', 1_000_000 - time)
      queue.set('put off twice', 1_000_000 + time)
      queue.set(`forgotten ${time}`, 500_000)
      queue.delete(`forgotten ${time}`)
      expect(queue.timeCount).toBeLessThanOrEqual(2 * queue.size + 64 + 2)
    }
    expect([queue.take(990_000), queue.take(990_000), queue.take(990_001)]).toEqual([
      undefined,
      undefined,
      'put off',
    ])
    expect(queue.take(1_009_999)).toBe('put off twice')
  })

  test('does what a map of key to time does that is searched for the earliest', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new DueQueue()
        const model = new Map<string, number>()
        for (const next of steps) {
          if (next.type === 'set') {
            queue.set(next.key, next.dueMs)
            model.set(next.key, next.dueMs)
          } else if (next.type === 'delete') {
            queue.delete(next.key)
            model.delete(next.key)
          } else {
            const earliestMs = Math.min(...model.values())
            const taken = queue.take(next.nowMs)
            if (earliestMs > next.nowMs) expect(taken).toBeUndefined()
            else {
              // Among keys that are due at the same time any may come first.
              expect(model.get(taken!)).toBe(earliestMs)
              model.delete(taken!)
            }
          }
          expect(queue.size).toBe(model.size)
          expect(queue.nextDueMs()).toBe(model.size === 0 ? undefined : Math.min(...model.values()))
        }
      }),
    )
  })

  test('gives many keys in the order of their times, however they were put in', () => {
    const count = 101
    const queue = new DueQueue()
    // 37 has no divisor in common with 101: each time from 0 to 100 once.
    for (let index = 0; index < count; index++) queue.set(`${index}`, (index * 37) % count)
    const times = Array.from({ length: count }, () => (Number(queue.take(count)) * 37) % count)
    expect(times).toEqual(Array.from({ length: count }, (_, index) => index))
  })

  test('gives a key once, at the last time that was set for it', () => {
    const queue = new DueQueue()
    queue.set('a', 5)
    queue.set('a', 3)
    queue.set('a', 9)
    expect(queue.take(8)).toBeUndefined()
    expect(queue.nextDueMs()).toBe(9)
    expect(queue.take(9)).toBe('a')
    expect(queue.take(100)).toBeUndefined()
  })

  test('gives a key once that was set, deleted and set to the same time again', () => {
    const queue = new DueQueue()
    queue.set('a', 5)
    queue.delete('a')
    queue.set('a', 5)
    expect(queue.take(5)).toBe('a')
    expect(queue.take(5)).toBeUndefined()
    expect(queue.size).toBe(0)
  })
})
