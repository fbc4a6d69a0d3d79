import { expect, it } from 'vitest'
import { knownOptions, knowsOption, startsWith } from '../../src/app/heap.js'
import { ENGINE_GROWTHS, TRACKER_HEAP, WATCHER_OPTIONS } from '../../src/app/limits.js'
import { LEAN_GROWTH } from '../../src/io/limits.js'
import { WATCHER_GROWTHS } from '../../src/watcher/limits.js'

it('an option is known where this Node starts with it', async () => {
  expect(await startsWith('--max-semi-space-size=4')).toBe(true)
  expect(await startsWith('--no-such-option-of-any-version=1')).toBe(false)
})

it('what is told of this Node without a look is what a look finds', async () => {
  for (const option of [...WATCHER_OPTIONS, ...TRACKER_HEAP])
    expect([option, await knowsOption(option)]).toEqual([option, await startsWith(option)])
})

it('another V8 is looked at, and one without an option of ours is told to be without', async () => {
  const [, , patient] = WATCHER_OPTIONS
  expect(await knowsOption('--max-semi-space-size=4', '99.0.1')).toBe(true)
  expect(await knowsOption('--no-such-option-of-any-version=1', '99.0.1')).toBe(false)
  expect(await knowsOption(patient!, '13.6.233.17-node.63')).toBe(false)
  expect(await knowsOption(patient!, '11.3.244.8-node.38')).toBe(true)
})

it('the options of the watcher process are known to this Node, and another is left out', async () => {
  const options = [...WATCHER_OPTIONS, '--no-such-option-of-any-version=1']
  expect(await knownOptions(options)).toEqual(WATCHER_OPTIONS)
})

it('all growths of a heap are of one option: one look tells of them', () => {
  for (const { small, large } of [ENGINE_GROWTHS, WATCHER_GROWTHS])
    for (const growth of [small, large]) expect(growth.split('=')[0]).toBe(LEAN_GROWTH.split('=')[0])
})
