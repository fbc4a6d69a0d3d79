import { expect, it } from 'vitest'
import { knowsOption } from '../../src/app/heap.js'
import { LEAN_GROWTH, ROOMY_GROWTH } from '../../src/app/limits.js'

it('an option is known where this Node starts with it', async () => {
  expect(await knowsOption('--max-semi-space-size=4')).toBe(true)
  expect(await knowsOption('--no-such-option-of-any-version=1')).toBe(false)
})

it('both growths of a heap are of one option: one look tells of both', () => {
  expect(LEAN_GROWTH.split('=')[0]).toBe(ROOMY_GROWTH.split('=')[0])
})
