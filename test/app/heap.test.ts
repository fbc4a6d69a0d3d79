import { expect, it } from 'vitest'
import { knownOptions, knowsOption } from '../../src/app/heap.js'
import { ENGINE_GROWTHS, WATCHER_OPTIONS } from '../../src/app/limits.js'
import { LEAN_GROWTH } from '../../src/io/limits.js'
import { WATCHER_GROWTHS } from '../../src/watcher/limits.js'

it('an option is known where this Node starts with it', async () => {
  expect(await knowsOption('--max-semi-space-size=4')).toBe(true)
  expect(await knowsOption('--no-such-option-of-any-version=1')).toBe(false)
})

it('the options of the watcher process are known to this Node, and another is left out', async () => {
  const options = [...WATCHER_OPTIONS, '--no-such-option-of-any-version=1']
  expect(await knownOptions(options)).toEqual(WATCHER_OPTIONS)
})

it('all growths of a heap are of one option: one look tells of them', () => {
  for (const { small, large } of [ENGINE_GROWTHS, WATCHER_GROWTHS])
    for (const growth of [small, large]) expect(growth.split('=')[0]).toBe(LEAN_GROWTH.split('=')[0])
})
