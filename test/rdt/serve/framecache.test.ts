import { expect, test } from 'vitest'
import { FRAME_BYTES_MAX } from '../../../src/base/limits.js'
import { FramePool } from '../../../src/rdt/pool.js'
import { FrameCache } from '../../../src/rdt/serve/framecache.js'

const KEPT = { isKept: true }
const ONCE = { isKept: false }

function cacheOf(framesMax: number) {
  const pool = new FramePool()
  const cache = new FrameCache(framesMax)
  const add = (key: string, options: { isKept: boolean }) => {
    const room = pool.take(FRAME_BYTES_MAX)!
    const { buffer } = room.bytes
    cache.add(key, room, options)
    return buffer
  }
  /** Whether the memory has come back: then the next frame has it. */
  const isBack = (buffer: ArrayBufferLike) => {
    const next = pool.take(FRAME_BYTES_MAX)!
    const isSame = next.bytes.buffer === buffer
    next.release()
    return isSame
  }
  return { cache, pool, add, isBack }
}

test('what was used least lately goes first, and its memory comes back', () => {
  const { cache, add, isBack } = cacheOf(2)
  const first = add('a', KEPT)
  const second = add('b', KEPT)
  cache.hold('a')
  cache.letGo('a')
  add('c', KEPT)
  expect(cache.hold('b')).toBeUndefined()
  expect(isBack(second)).toBe(true)
  expect(cache.hold('a')?.buffer).toBe(first)
})

test('what is held stays, however many come after it, until it was let go of as often', () => {
  const { cache, add, isBack } = cacheOf(1)
  const first = add('a', KEPT)
  cache.hold('a')
  cache.hold('a')
  for (const key of ['b', 'c', 'd']) add(key, KEPT)
  cache.letGo('a')
  expect(cache.hold('a')?.buffer).toBe(first)
  cache.letGo('a')
  cache.letGo('a')
  add('e', KEPT)
  expect(cache.size).toBe(1)
  expect(cache.hold('a')).toBeUndefined()
  expect(isBack(first)).toBe(true)
})

test('what is not to be kept goes with its last holder', () => {
  const { cache, add, isBack } = cacheOf(8)
  const once = add('a', ONCE)
  cache.hold('a')
  cache.hold('a')
  cache.letGo('a')
  expect(cache.size).toBe(1)
  cache.letGo('a')
  expect(cache.size).toBe(0)
  expect(isBack(once)).toBe(true)
})

test('a frame that is held is not replaced: the memory of the other comes back', () => {
  const { cache, add, isBack } = cacheOf(8)
  const held = add('a', KEPT)
  cache.hold('a')
  const other = add('a', KEPT)
  expect(cache.hold('a')?.buffer).toBe(held)
  expect(isBack(other)).toBe(true)
})

test('what is held from the first has its place, though all others are held too', () => {
  const { cache, pool } = cacheOf(2)
  const frames = ['a', 'b', 'c', 'd'].map((key) =>
    cache.add(key, pool.take(FRAME_BYTES_MAX)!, { isKept: true, isHeld: true }),
  )
  expect(new Set(frames.map((frame) => frame!.buffer)).size).toBe(4)
  expect(cache.size).toBe(4)
  for (const key of ['a', 'b', 'c', 'd']) cache.letGo(key)
  expect(cache.size).toBe(2)
})

test('all of an item is forgotten at once', () => {
  const { cache, add } = cacheOf(8)
  for (const key of ['1/x:0', '1/x:1', '2/x:0']) add(key, KEPT)
  cache.dropPrefix('1/')
  expect(cache.size).toBe(1)
  expect(cache.hold('2/x:0')).toBeDefined()
})
