import { beforeEach, describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import {
  LARGE_FETCHES_MAX,
  MOVED_WANT_PART,
  SMALL_FETCH_BYTES_MAX,
  SMALL_FETCHES_MAX,
  WANT_TEXT_PER_PEER_MAX,
  WANTS_PER_PEER_MAX,
} from '../../../src/keeper/intake/limits.js'
import { type FetchOrder, type Want, Wants } from '../../../src/keeper/intake/wants.js'
import type { Entry } from '../../../src/share/entry.js'
import { digestOf, entryOf, fileEntry, PEERS } from '../../share/entries.js'

const [A, B] = PEERS
const nowhere = (): undefined => undefined

let wants: Wants
beforeEach(() => {
  wants = new Wants()
})

function add(path: string, sizeBytes = 100, attributes: Partial<Entry> = {}): Want {
  return wants.add(fileEntry(path, { sizeBytes, ...attributes }), A)
}

const addLarge = (path: string, attributes: Partial<Entry> = {}): Want =>
  add(path, BLOCK_BYTES + 1, attributes)

function orders(holderOf: (digest: string) => string | undefined = nowhere): FetchOrder[] {
  const all: FetchOrder[] = []
  const here = { holderOf, isComparing: () => false }
  for (let order = wants.pollOrder(here, 5); order !== undefined; order = wants.pollOrder(here, 5))
    all.push(order)
  return all
}

/** `type path` of each order. */
const told = (all: readonly FetchOrder[]): string[] =>
  all.map(({ type, want }) => `${type} ${want.remote.path}`)

describe('what a want needs', () => {
  test('a folder, a link and an empty file need no fetch', () => {
    wants.add(entryOf('folder', 'f'), A)
    wants.add(entryOf('link', 'l'), A)
    add('empty', 0)
    expect(wants.hasInstant).toBe(true)
    expect(told(orders())).toEqual(['place f', 'place l', 'place empty'])
    expect(wants.hasInstant).toBe(false)
  })

  test('a file of one block is fetched whole, a longer one by its list', () => {
    const one = add('one', BLOCK_BYTES)
    const more = add('more', BLOCK_BYTES + 1)
    const all = orders()
    expect(all).toMatchObject([
      {
        type: 'fetch',
        want: one,
        peer: A,
        large: false,
        file: { kind: 'file', digest: one.remote.digest, sizeBytes: BLOCK_BYTES },
      },
      { type: 'fetch', want: more, peer: A, large: true },
    ])
    expect(one).toMatchObject({ fetch: expect.any(Number), source: A, startedMs: 5 })
    expect(wants.byFetchId(one.fetch!)).toBe(one)
    expect(one.fetch).not.toBe(more.fetch)
  })

  test('a small content that is in the share is copied, a large one is fetched with what is here as its source', () => {
    add('one')
    addLarge('more')
    expect(told(orders(() => 'here'))).toEqual(['copy one', 'fetch more'])
  })

  test('a copy that proved false is fetched', () => {
    const want = add('one')
    orders(() => 'here')
    expect(wants.forceFetch(want)).toMatchObject({ type: 'fetch', want, peer: A, large: false })
    expect(want.source).toBe(A)
  })

  test('a copy that proved false and that nobody has is not fetched', () => {
    const want = add('one')
    orders(() => 'here')
    wants.removeSource(want, A)
    expect(wants.forceFetch(want)).toBeUndefined()
  })

  test('is said once', () => {
    add('one')
    expect(orders()).toHaveLength(1)
    expect(orders()).toHaveLength(0)
  })
})

describe('what is in flight at once', () => {
  test('small files up to their number', () => {
    for (let file = 0; file <= SMALL_FETCHES_MAX; file++) add(`${file}`, 1, { digest: digestOf(file) })
    expect(orders()).toHaveLength(SMALL_FETCHES_MAX)
    wants.endFetch(wants.get('0')!)
    expect(told(orders())).toEqual([`fetch ${SMALL_FETCHES_MAX}`])
  })

  test('small files up to their bytes', () => {
    const fitting = Math.ceil(SMALL_FETCH_BYTES_MAX / BLOCK_BYTES)
    for (let file = 0; file < fitting + 5; file++) add(`${file}`, BLOCK_BYTES, { digest: digestOf(file) })
    expect(orders()).toHaveLength(fitting)
    wants.remove(wants.get('0')!, true)
    expect(orders()).toHaveLength(1)
  })

  test('small files by their number alone once they are written, and their bytes are given back once', () => {
    const fitting = Math.ceil(SMALL_FETCH_BYTES_MAX / BLOCK_BYTES)
    for (let file = 0; file < fitting + 5; file++) add(`${file}`, BLOCK_BYTES, { digest: digestOf(file) })
    expect(orders()).toHaveLength(fitting)
    const first = wants.get('0')!
    wants.handleWritten(first)
    wants.handleWritten(first)
    expect(orders()).toHaveLength(1)
    wants.remove(first, true)
    expect(orders()).toEqual([])
    wants.remove(wants.get('1')!, true)
    expect(orders()).toHaveLength(1)
  })

  test('large files up to their number, and small ones beside them', () => {
    for (let file = 0; file <= LARGE_FETCHES_MAX; file++)
      addLarge(`large ${file}`, { digest: digestOf(file) })
    add('small')
    expect(orders()).toHaveLength(LARGE_FETCHES_MAX + 1)
    wants.remove(wants.get('large 0')!, true)
    expect(told(orders())).toEqual([`fetch large ${LARGE_FETCHES_MAX}`])
  })

  test('a large file that is complete and waits to be placed does not count, and gives no place when that is over', () => {
    for (let file = 0; file < LARGE_FETCHES_MAX + 2; file++)
      addLarge(`large ${file}`, { digest: digestOf(file) })
    expect(orders()).toHaveLength(LARGE_FETCHES_MAX)
    wants.handleFetched(wants.get('large 0')!)
    expect(told(orders())).toEqual([`fetch large ${LARGE_FETCHES_MAX}`])
    wants.remove(wants.get('large 0')!, true)
    expect(orders()).toEqual([])
  })
})

describe('equal contents', () => {
  const digest = digestOf('same')

  test('are fetched once, the others wait and then are copies', () => {
    const first = add('first', 100, { digest })
    add('second', 100, { digest })
    add('third', 100, { digest })
    expect(told(orders())).toEqual(['fetch first'])
    wants.remove(first, true)
    expect(told(orders(() => 'first'))).toEqual(['copy second', 'copy third'])
  })

  test('are fetched for the next one where the first came to nothing', () => {
    const first = add('first', 100, { digest })
    add('second', 100, { digest })
    orders()
    wants.remove(first, false)
    expect(told(orders())).toEqual(['fetch second'])
  })

  test('may be copied as soon as the content is here by another way', () => {
    add('first', 100, { digest })
    add('second', 100, { digest })
    orders()
    wants.unpark(digest)
    expect(told(orders())).toEqual([])
    wants.endFetch(wants.get('first')!)
    expect(told(orders(() => 'elsewhere'))).toEqual(['copy second'])
  })

  test('one that waits and is not wanted any more does not come back', () => {
    const first = add('first', 100, { digest })
    const second = add('second', 100, { digest })
    orders()
    wants.remove(second, false)
    wants.remove(first, true)
    expect(orders()).toEqual([])
    expect(wants.size).toBe(0)
  })
})

describe('sources', () => {
  test('a want that is queued again is fetched from who is left', () => {
    const want = add('a')
    wants.addSource(want, B)
    orders()
    wants.endFetch(want)
    wants.removeSource(want, A)
    wants.queue(want)
    expect(orders()).toMatchObject([{ type: 'fetch', want, peer: B }])
  })

  test('a fetch that ended is known by its number no more', () => {
    const want = add('a')
    orders()
    const fetch = want.fetch!
    wants.endFetch(want)
    expect(wants.byFetchId(fetch)).toBeUndefined()
    expect(want.fetch).toBeUndefined()
    wants.queue(want)
    orders()
    expect(want.fetch).not.toBe(fetch)
  })
})

describe('a peer of which much is wanted', () => {
  const fill = (count: number, peer = A) => {
    const all: Want[] = []
    for (let index = 0; index < count; index++) all.push(wants.add(fileEntry(`${peer}/${index}`), peer))
    return all
  }

  test('is sated at a number of paths, and no more when one of them is done', () => {
    fill(WANTS_PER_PEER_MAX - 1)
    expect(wants.counts.isSated(A)).toBe(false)
    const last = add('last')
    expect(wants.counts.isSated(A)).toBe(true)
    expect(wants.counts.isSated(B)).toBe(false)
    wants.remove(last, true)
    expect(wants.counts.isSated(A)).toBe(false)
  })

  test('is sated at fewer paths that are long', () => {
    const path = 'p'.repeat(4_000)
    const { version } = fileEntry('')
    const count = Math.ceil(WANT_TEXT_PER_PEER_MAX / (path.length + 6 + version.seen.length))
    for (let index = 0; index < count - 1; index++) add(`${path}${String(index).padStart(6, '0')}`)
    expect(wants.counts.isSated(A)).toBe(false)
    add(`${path}999999`)
    expect(wants.counts.isSated(A)).toBe(true)
  })

  test('is sated at as many deletions as other paths, and at more that tell of a move', () => {
    const deletion = (index: number, target: string) => {
      const gone = { ...fileEntry(`gone ${index}`), kind: 'tombstone', sizeBytes: 0, digest: '' } as const
      wants.add({ ...gone, target }, A)
    }
    for (const [target, part] of [
      ['', 1],
      ['there', MOVED_WANT_PART],
    ] as const) {
      wants = new Wants()
      const countMax = WANTS_PER_PEER_MAX / part
      for (let index = 0; index < countMax - 1; index++)
        deletion(index, target === '' ? '' : `${target} ${index}`)
      expect(wants.counts.isSated(A)).toBe(false)
      deletion(countMax, target)
      expect([wants.counts.isSated(A), wants.size, wants.removals.size]).toEqual([true, countMax, countMax])
    }
  })

  test('does not sate another that has the same, until it is the only one', () => {
    const all = fill(WANTS_PER_PEER_MAX)
    for (const want of all) wants.addSource(want, B)
    expect([wants.counts.isSated(A), wants.counts.isSated(B)]).toEqual([true, false])
    for (const want of all) wants.removeSource(want, A)
    expect([wants.counts.isSated(A), wants.counts.isSated(B)]).toEqual([false, true])
    for (const want of all) wants.remove(want, false)
    expect([wants.counts.isSated(A), wants.counts.isSated(B)]).toEqual([false, false])
  })

  test('is not counted for a want that is over', () => {
    const all = fill(WANTS_PER_PEER_MAX)
    for (const want of all) wants.remove(want, false)
    for (const want of all) wants.removeSource(want, A)
    for (const want of all) wants.addSource(want, B)
    fill(WANTS_PER_PEER_MAX - 1)
    expect([wants.counts.isSated(A), wants.counts.isSated(B)]).toEqual([false, false])
    add('last')
    expect(wants.counts.isSated(A)).toBe(true)
  })
})

test('content is wanted elsewhere as long as another path wants it', () => {
  const digest = digestOf('shared')
  const one = add('one', 100, { digest })
  expect([wants.isWanted(digest), wants.isWantedElsewhere(one)]).toEqual([true, false])
  const other = add('other', 100, { digest })
  expect([wants.isWanted(digest), wants.isWantedElsewhere(one)]).toEqual([true, true])
  wants.remove(one, true)
  expect([wants.isWantedElsewhere(one), wants.isWantedElsewhere(other)]).toEqual([true, false])
  wants.remove(other, true)
  expect(wants.isWanted(digest)).toBe(false)
})

describe('totals', () => {
  test('count files and bytes, not folders, and what is done', () => {
    const one = add('one', 10)
    add('two', 20)
    wants.add(entryOf('folder', 'f'), A)
    expect(wants.totals).toEqual({ filesWanted: 2, bytesWanted: 30, filesDone: 0, bytesDone: 0 })
    wants.remove(one, true)
    expect(wants.totals).toEqual({ filesWanted: 2, bytesWanted: 30, filesDone: 1, bytesDone: 10 })
  })

  test('lose what is wanted no more', () => {
    add('one', 10)
    wants.remove(add('two', 20), false)
    expect(wants.totals).toEqual({ filesWanted: 1, bytesWanted: 10, filesDone: 0, bytesDone: 0 })
  })

  test('begin anew when something is wanted after everything was done', () => {
    wants.remove(add('one', 10), true)
    expect(wants.totals.filesDone).toBe(1)
    add('two', 20)
    expect(wants.totals).toEqual({ filesWanted: 1, bytesWanted: 20, filesDone: 0, bytesDone: 0 })
  })
})

test('a wanted folder is found by its path, a file there is none', () => {
  const folder = wants.add(entryOf('folder', 'f'), A)
  add('a')
  expect(wants.wantedFolder('f')).toBe(folder)
  expect(wants.wantedFolder('a')).toBeUndefined()
  expect(wants.wantedFolder('missing')).toBeUndefined()
})
