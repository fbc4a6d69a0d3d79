import { expect, it } from 'vitest'
import { HeapGrowth, knowsOption } from '../../src/app/heap.js'
import {
  ENGINE_HEAP_SMALL_BYTES,
  LEAN_GROWTH,
  ROOMY_GROWTH,
  SMALL_HEAP_GROWTH,
} from '../../src/app/limits.js'

it('an option is known where this Node starts with it', async () => {
  expect(await knowsOption('--max-semi-space-size=4')).toBe(true)
  expect(await knowsOption('--no-such-option-of-any-version=1')).toBe(false)
})

it('all growths of a heap are of one option: one look tells of them', () => {
  for (const growth of [ROOMY_GROWTH, SMALL_HEAP_GROWTH])
    expect(growth.split('=')[0]).toBe(LEAN_GROWTH.split('=')[0])
})

it('a heap that is small may grow faster than a large one', () => {
  const flags: string[] = []
  const growth = new HeapGrowth((flag) => flags.push(flag))
  expect(flags).toEqual([SMALL_HEAP_GROWTH])
  growth.handleSize(ENGINE_HEAP_SMALL_BYTES)
  expect(flags).toHaveLength(1)
  for (const bytes of [ENGINE_HEAP_SMALL_BYTES + 1, 2 * ENGINE_HEAP_SMALL_BYTES]) growth.handleSize(bytes)
  expect(flags).toEqual([SMALL_HEAP_GROWTH, ROOMY_GROWTH])
  growth.handleSize(ENGINE_HEAP_SMALL_BYTES)
  expect(flags.at(-1)).toBe(SMALL_HEAP_GROWTH)
})
