import { describe, expect, test } from 'vitest'
import { RETRY_BACKOFF_MS, RETRY_BACKOFF_MS_MAX } from '../../../src/keeper/intake/limits.js'
import { RetryBackoff } from '../../../src/keeper/intake/retry-backoff.js'
import { REFUSED_PATHS_MAX } from '../../../src/keeper/limits.js'
import { THEIRS, theirFile } from '../share-on-disk.js'

describe('refused paths', () => {
  test('are remembered up to their limit, then the oldest is forgotten', () => {
    const backoff = new RetryBackoff()
    const file = theirFile('', '')
    const refuse = (index: number) =>
      backoff.add({ ...file, path: `p${index}` }, new Set([THEIRS]), 'no', index)
    const has = (index: number) => backoff.has({ ...file, path: `p${index}` })
    for (let index = 0; index < REFUSED_PATHS_MAX; index++) refuse(index)
    expect([has(0), has(REFUSED_PATHS_MAX - 1)]).toEqual([true, true])
    refuse(REFUSED_PATHS_MAX)
    expect([has(0), has(1), has(REFUSED_PATHS_MAX)]).toEqual([false, true, true])
    expect(refuse(1)).toBe(false)
    refuse(REFUSED_PATHS_MAX + 1)
    expect([has(1), has(2)]).toEqual([true, false])
  })

  test('may be tried again when their time is over, after twice as long each time up to the longest wait', () => {
    const backoff = new RetryBackoff()
    const file = theirFile('a', 'x')
    let nowMs = 1_000
    let waitMs = RETRY_BACKOFF_MS
    for (let tries = 0; tries < 8; tries++) {
      expect(backoff.add(file, new Set([THEIRS]), 'no', nowMs)).toBe(tries === 0)
      expect(backoff.pollTimeout()).toBe(nowMs + waitMs)
      expect([...backoff.takeDue(nowMs + waitMs - 1)]).toEqual([])
      expect(backoff.has(file)).toBe(true)
      nowMs += waitMs
      expect([...backoff.takeDue(nowMs)]).toEqual([THEIRS])
      expect(backoff.has(file)).toBe(false)
      waitMs = Math.min(2 * waitMs, RETRY_BACKOFF_MS_MAX)
    }
    expect(waitMs).toBe(RETRY_BACKOFF_MS_MAX)
  })

  test.each([
    ['a/b', true],
    ['a', true],
    ['a/b/c', true],
    ['a/bc', false],
    ['a/c', false],
  ])('at a/b are tried again when %s changes: %s', (changed, isTried) => {
    const backoff = new RetryBackoff()
    const file = theirFile('a/b', 'x')
    backoff.add(file, new Set([THEIRS]), 'no', 0)
    expect([...backoff.takeTouched(changed)]).toEqual(isTried ? [THEIRS] : [])
    expect(backoff.has(file)).toBe(!isTried)
    expect(backoff.pollTimeout() === undefined).toBe(isTried)
  })
})
