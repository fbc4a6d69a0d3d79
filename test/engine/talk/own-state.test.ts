import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ItemRef } from '../../../src/base/item.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { ROOT_HISTORY_MAX } from '../../../src/engine/talk/limits.js'
import { OwnState } from '../../../src/engine/talk/own-state.js'
import { CHANGES_LISTED_MAX } from '../../../src/pipe/limits.js'
import type { Entry } from '../../../src/share/entry.js'
import { decodeEntry } from '../../../src/share/entry-line.js'
import { digestOf, fileEntry } from '../../share/entries.js'
import { tell } from './tell.js'

/** A share as a map of path to content; its root is a function of what it holds. */
type Share = ReadonlyMap<string, number>

function rootOf(share: Share): ItemRef {
  const text = [...share]
    .map(([path, content]) => `${path}=${content}`)
    .sort()
    .join()
  return { kind: 'tree', digest: digestOf(text), sizeBytes: 1 }
}

const entryOf = (path: string, content: number): Entry => fileEntry(path, { digest: digestOf(content) })

/** Some paths get some content; undefined where the keeper found them too many to list. */
const step = fc.record({
  changes: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(2)), { maxLength: 4 }),
  isListed: fc.boolean(),
})

function apply(share: Share, lines: readonly string[]): Share {
  const after = new Map(share)
  for (const line of lines) {
    const entry = decodeEntry(line)
    if (!entry.ok) throw new Error(entry.reason)
    for (let content = 0; content <= 2; content++) {
      if (entry.value.digest === digestOf(content)) after.set(entry.value.path, content)
    }
  }
  return after
}

describe('what changed since a root', () => {
  test('makes of the share of that root the share as it is', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const own = new OwnState()
        let share: Share = new Map()
        const history = [share]
        tell(own, rootOf(share), [], [])
        for (const { changes, isListed } of steps) {
          share = new Map([...share, ...changes])
          history.push(share)
          tell(
            own,
            rootOf(share),
            isListed ? changes.map(([path, content]) => entryOf(path, content)) : undefined,
            undefined,
          )
        }
        for (const earlier of history) {
          const since = own.changesSince(rootOf(earlier).digest)
          if (since === undefined) continue
          expect(since.base).toEqual(rootOf(earlier))
          expect(rootOf(apply(earlier, since.lines))).toEqual(own.root)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is known of each root before, where all changes were listed', () => {
    const own = new OwnState()
    for (let content = 0; content < 10; content++)
      tell(own, rootOf(new Map([['a', content]])), [entryOf('a', content)], undefined)
    for (let content = 0; content < 9; content++) {
      expect(own.changesSince(rootOf(new Map([['a', content]])).digest)?.lines).toHaveLength(9 - content)
    }
  })

  test('is not known across a change that was too large to list', () => {
    const own = new OwnState()
    const roots = [0, 1, 2].map((content) => rootOf(new Map([['a', content]])))
    tell(own, roots[0]!, [], undefined)
    tell(own, roots[1]!, undefined, undefined)
    tell(own, roots[2]!, [entryOf('a', 2)], undefined)
    expect(own.changesSince(roots[0]!.digest)).toBeUndefined()
    expect(own.changesSince(roots[1]!.digest)?.lines).toHaveLength(1)
  })

  test('is not known of a root that never was ours', () => {
    const own = new OwnState()
    tell(own, rootOf(new Map()), [], [])
    expect(own.changesSince(digestOf('of somebody else'))).toBeUndefined()
  })

  test.each([
    [CHANGES_LISTED_MAX, true],
    [CHANGES_LISTED_MAX + 1, false],
  ])('of %i changes is listed: %s', (count, isListed) => {
    const own = new OwnState()
    const before = rootOf(new Map())
    tell(own, before, [], [])
    tell(
      own,
      rootOf(new Map([['a', 1]])),
      Array.from({ length: count }, () => entryOf('a', 1)),
      undefined,
    )
    expect(own.changesSince(before.digest) !== undefined).toBe(isListed)
  })

  test.each([
    [ROOT_HISTORY_MAX, true],
    [ROOT_HISTORY_MAX + 1, false],
  ])('is remembered over %i roots: %s', (count, isKnown) => {
    const own = new OwnState()
    const before = rootOf(new Map())
    tell(own, before, [], [])
    for (let content = 0; content < count; content++)
      tell(own, rootOf(new Map([['a', content]])), [], undefined)
    expect(own.changesSince(before.digest) !== undefined).toBe(isKnown)
  })

  test('is forgotten with the watcher process', () => {
    const own = new OwnState()
    const before = rootOf(new Map())
    tell(own, before, [], [])
    tell(own, rootOf(new Map([['a', 1]])), [entryOf('a', 1)], undefined)
    own.forget()
    expect(own.root).toBeUndefined()
    tell(own, rootOf(new Map([['a', 1]])), [], undefined)
    expect(own.changesSince(before.digest)).toBeUndefined()
  })
})

test('the same root told twice is no step', () => {
  const own = new OwnState()
  const root = rootOf(new Map())
  tell(own, root, [], [])
  tell(own, root, [entryOf('a', 1)], [entryOf('a', 1)])
  expect(own.changesSince(root.digest)).toBeUndefined()
  expect(own.wholeLines).toHaveLength(1)
})

test('says whether a file of several blocks is among the last changes', () => {
  const own = new OwnState()
  const roots = ['a', 'b', 'c', 'd'].map(
    (name): ItemRef => ({ kind: 'tree', digest: digestOf(name), sizeBytes: 1 }),
  )
  const small = { ...fileEntry('small'), sizeBytes: BLOCK_BYTES }
  const large = { ...fileEntry('large'), sizeBytes: BLOCK_BYTES + 1 }
  const said = [undefined, [small], [small, large], undefined].map((changes, at) => {
    tell(own, roots[at]!, changes, undefined)
    return own.hasLargeNews
  })
  expect(said).toEqual([false, false, true, false])
})
