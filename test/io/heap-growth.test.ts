import { expect, it } from 'vitest'
import { HeapGrowth } from '../../src/io/heap-growth.js'

it('a heap that is small may grow faster than a large one', () => {
  const flags: string[] = []
  const growth = new HeapGrowth({ smallBytesMax: 100, small: 'fast', large: 'slow' }, (flag) =>
    flags.push(flag),
  )
  expect(flags).toEqual(['fast'])
  growth.handleSize(100)
  expect(flags).toHaveLength(1)
  for (const bytes of [101, 200]) growth.handleSize(bytes)
  expect(flags).toEqual(['fast', 'slow'])
  growth.handleSize(100)
  expect(flags.at(-1)).toBe('fast')
})
