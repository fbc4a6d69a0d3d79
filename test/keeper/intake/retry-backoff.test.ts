import { describe, expect, test } from 'vitest'
import { causeOf } from '../../../src/base/reason.js'
import {
  NOT_HELD_BACKOFF_MS,
  RETRY_BACKOFF_MS,
  RETRY_BACKOFF_MS_MAX,
} from '../../../src/keeper/intake/limits.js'
import { RetryBackoff } from '../../../src/keeper/intake/retry-backoff.js'
import { REFUSED_PATHS_MAX } from '../../../src/keeper/limits.js'
import { touch } from '../../../src/share/edit.js'
import { THEIRS, theirFile } from '../share-on-disk.js'

const OTHERS = 'c'.repeat(16)
const NO = { reason: 'no', cause: causeOf('no-right-to-write') }

describe('refused paths', () => {
  test('are remembered up to their limit, then the oldest is forgotten', () => {
    const backoff = new RetryBackoff()
    const file = theirFile('', '')
    const refuse = (index: number) =>
      backoff.add({ ...file, path: `p${index}` }, new Set([THEIRS]), NO, index)
    const has = (index: number) => backoff.has({ ...file, path: `p${index}` }, THEIRS)
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
      expect(backoff.add(file, new Set([THEIRS]), NO, nowMs)).toBe(tries === 0)
      expect(backoff.pollTimeout()).toBe(nowMs + waitMs)
      expect(backoff.takeDue(nowMs + waitMs - 1)).toEqual([])
      expect(backoff.has(file, THEIRS)).toBe(true)
      nowMs += waitMs
      expect(backoff.takeDue(nowMs)).toEqual([{ path: 'a', sources: new Set([THEIRS]) }])
      expect(backoff.has(file, THEIRS)).toBe(false)
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
    backoff.add(file, new Set([THEIRS]), NO, 0)
    const order = { path: 'a/b', sources: new Set([THEIRS]) }
    expect(backoff.takeTouched(changed)).toEqual(isTried ? [order] : [])
    expect(backoff.has(file, THEIRS)).toBe(!isTried)
    expect(backoff.pollTimeout() === undefined).toBe(isTried)
  })

  test('of a peer that does not hold it are tried with another at once, and with it after a while or when it holds more', () => {
    const backoff = new RetryBackoff()
    const file = theirFile('a', 'x')
    backoff.addNotHeld(file, THEIRS, 0)
    expect([backoff.has(file, THEIRS), backoff.has(file, OTHERS)]).toEqual([true, false])
    backoff.addNotHeld(file, OTHERS, 0)
    expect([backoff.has(file, THEIRS), backoff.has(file, OTHERS)]).toEqual([true, true])
    expect(backoff.pollTimeout()).toBe(NOT_HELD_BACKOFF_MS)
    expect(backoff.takeNotHeldBy(OTHERS)).toEqual([{ path: 'a', sources: new Set([OTHERS]) }])
    expect([backoff.has(file, THEIRS), backoff.has(file, OTHERS)]).toEqual([false, false])
    expect(backoff.pollTimeout()).toBeUndefined()
  })

  test('wait no longer because two peers of one try do not hold it, nor less because the disk refused before', () => {
    const backoff = new RetryBackoff()
    const file = theirFile('a', 'x')
    const refuse = (nowMs: number) => backoff.add(file, new Set([THEIRS]), NO, nowMs)
    refuse(0)
    for (
      let nowMs = RETRY_BACKOFF_MS, waitMs = RETRY_BACKOFF_MS;
      waitMs < RETRY_BACKOFF_MS_MAX;
      nowMs += waitMs
    ) {
      expect(backoff.takeDue(nowMs)).toHaveLength(1)
      waitMs = Math.min(2 * waitMs, RETRY_BACKOFF_MS_MAX)
      backoff.addNotHeld(file, THEIRS, nowMs)
      backoff.addNotHeld(file, OTHERS, nowMs)
      expect(refuse(nowMs)).toBe(false)
      expect(backoff.pollTimeout()).toBe(nowMs + waitMs)
    }
  })

  test('that the disk refused, and then a peer did not give, are tried with another, and with it when it holds more', () => {
    const backoff = new RetryBackoff()
    const file = theirFile('a', 'x')
    backoff.add(file, new Set([THEIRS, OTHERS]), NO, 0)
    expect(backoff.takeNotHeldBy(THEIRS)).toEqual([])
    backoff.takeDue(RETRY_BACKOFF_MS)
    backoff.addNotHeld(file, THEIRS, RETRY_BACKOFF_MS)
    expect([backoff.has(file, THEIRS), backoff.has(file, OTHERS)]).toEqual([true, false])
    expect(backoff.takeNotHeldBy(OTHERS)).toEqual([])
    expect(backoff.takeNotHeldBy(THEIRS)).toEqual([{ path: 'a', sources: new Set([THEIRS]) }])
    expect(backoff.has(file, THEIRS)).toBe(false)
    // No news to the person, and a longer wait, where the disk still refuses it.
    expect(backoff.add(file, new Set([THEIRS]), NO, RETRY_BACKOFF_MS)).toBe(false)
    expect([backoff.has(file, THEIRS), backoff.has(file, OTHERS)]).toEqual([true, true])
    expect(backoff.pollTimeout()).toBe(RETRY_BACKOFF_MS + 4 * RETRY_BACKOFF_MS)
  })

  test('are tried at once with another content, and not because its time or mode changed', () => {
    const backoff = new RetryBackoff()
    const file = theirFile('a', 'x')
    backoff.add(file, new Set([THEIRS]), NO, 0)
    expect(backoff.has(touch(file, `${THEIRS}:9`, 5).entry, THEIRS)).toBe(true)
    expect(backoff.has({ ...file, version: { ...file.version, content: `${THEIRS}:9` } }, THEIRS)).toBe(false)
  })

  test('are tried again when a content that has not seen them is put in place, and forgotten when one has', () => {
    const file = theirFile('a', 'x')
    const other = `${OTHERS}:1`
    const unseeing = { ...file, version: { content: other, attributes: other, seen: other } }
    for (const [placed, isTried] of [
      [unseeing, true],
      [file, false],
    ] as const) {
      const backoff = new RetryBackoff()
      backoff.add(file, new Set([THEIRS]), NO, 0)
      const order = { path: 'a', sources: new Set([THEIRS]) }
      expect(backoff.takeUnseenBy(placed)).toEqual(isTried ? [order] : [])
      expect([backoff.has(file, THEIRS), backoff.pollTimeout()]).toEqual([false, undefined])
    }
  })
})
