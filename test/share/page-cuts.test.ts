import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexOf } from '../../src/base/bytes.js'
import { NAME_BYTES_MAX, PATH_BYTES_MAX, TREE_ITEM_BYTES_MAX } from '../../src/base/limits.js'
import { COUNT_MAX, dotOf, SEEN_PEERS_MAX } from '../../src/share/dots.js'
import type { Entry } from '../../src/share/entry.js'
import {
  MTIME_MS_MAX,
  PAGE_LIST_LINES_MAX,
  PAGE_NAMES_MAX,
  ROW_BYTES_MAX,
  TABLE_PEERS_MAX,
} from '../../src/share/limits.js'
import { Manifest } from '../../src/share/manifest.js'
import { cutsOf } from '../../src/share/page-cuts.js'
import { hashName } from '../../src/share/path.js'
import { decodeTreeItem } from '../../src/share/tree-item.js'
import { TreeWalk } from '../../src/share/walk.js'
import { isLong } from '../length.js'
import { namesOfOneHash, namesOfSortedHash } from './crowds.js'
import { digestOf, entryOf, fileEntry, sha256 } from './entries.js'

const ordinary = (count: number) =>
  Array.from({ length: count }, (_, at) => `IMG_${String(at).padStart(6, '0')}.jpg`)

const alike = namesOfOneHash(15)
const CROWDS: readonly (readonly [string, readonly string[]])[] = [
  ['ordinary', ordinary(3_000)],
  ['of one hash', alike.slice(0, 2_000)],
  ['of rising hashes', namesOfSortedHash(1_500, 'rising')],
  ['of falling hashes', namesOfSortedHash(1_500, 'falling')],
]

function manifestOf(entries: Iterable<Entry>): Manifest {
  const manifest = new Manifest(sha256)
  for (const entry of entries) manifest.set(entry)
  return manifest
}

/** Names of each page of a folder, read out of its items; of those whose digest is in `known`, as they were read before. */
function pagesOf(manifest: Manifest, folder: string, known = new Map<string, string[]>()): string[][] {
  manifest.root()
  const pages: string[][] = []
  const pending = [manifest.folderItem(folder)!]
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    let page = known.get(item.digest)
    if (page === undefined) {
      const listing = decodeTreeItem(manifest.item(item.digest)!, folder)
      if (!listing.ok) throw new Error(listing.reason)
      if (listing.value.kind === 'pages') {
        pending.push(...listing.value.pages.toReversed())
        continue
      }
      page = listing.value.entries.map(({ path }) => path.slice(folder.length + 1))
      known.set(item.digest, page)
    }
    pages.push(page)
  }
  return pages
}

/** Digests of all items of a tree. */
function digestsOf(manifest: Manifest): Set<string> {
  const digests = new Set<string>()
  const pending = [{ item: manifest.root(), folder: '' }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { item, folder } = next
    digests.add(item.digest)
    const listing = decodeTreeItem(manifest.item(item.digest)!, folder)
    if (!listing.ok) throw new Error(listing.reason)
    if (listing.value.kind === 'pages')
      pending.push(...listing.value.pages.map((page) => ({ item: page, folder })))
    else
      pending.push(...listing.value.subtrees.map((subtree) => ({ item: subtree.item, folder: subtree.path })))
  }
  return digests
}

/** What a peer that knows nothing reads of it. */
function readWhole(manifest: Manifest): number {
  const walk = new TreeWalk(new Manifest(sha256), manifest.root())
  let count = 0
  while (!walk.done) {
    const item = walk.pollPull()
    if (item !== undefined) expect(walk.handleItem(item.digest, manifest.item(item.digest)!)).toBeUndefined()
    while (walk.isReadable) {
      const read = walk.read()
      if (!read.ok) throw new Error(read.reason)
      count += read.value.length
    }
  }
  return count
}

describe('a name ends its page', () => {
  /** By definition. */
  const endsPage = (names: readonly string[], at: number) => {
    const isSmaller = (left: number, right: number) => {
      const difference = hashName(names[left]!) - hashName(names[right]!)
      return difference < 0 || (difference === 0 && left < right)
    }
    for (let start = Math.max(0, at - PAGE_NAMES_MAX + 1); start <= at; start++) {
      if (start + PAGE_NAMES_MAX > names.length) return false
      let isSmallest = true
      for (let other = start; other < start + PAGE_NAMES_MAX && isSmallest; other++)
        if (other !== at && isSmaller(other, at)) isSmallest = false
      if (isSmallest) return true
    }
    return false
  }

  test.each(CROWDS)('where it has the smallest hash of so many in a row: %s', (_, names) => {
    for (const count of [0, 1, PAGE_NAMES_MAX - 1, PAGE_NAMES_MAX, PAGE_NAMES_MAX + 1, 700]) {
      const some = names.slice(0, count)
      expect(cutsOf(some)).toEqual(some.flatMap((_name, at) => (endsPage(some, at) ? [at] : [])))
    }
  })

  test('as often as PAGE_NAMES_MAX allows: twice in so many names, on average', () => {
    const cuts = cutsOf(ordinary(100_000))
    expect(100_000 / cuts.length).toBeGreaterThan(0.45 * PAGE_NAMES_MAX)
    expect(100_000 / cuts.length).toBeLessThan(0.55 * PAGE_NAMES_MAX)
  })
})

describe.each(CROWDS)('the pages of a folder of names that are %s', (kind, names) => {
  test('are those of its names, within the limit, whatever the order of edits', () => {
    const arbitraryEdit = fc.record({
      from: fc.nat(names.length - 1),
      count: fc.oneof(fc.nat(3), fc.nat(names.length)),
      isRemoval: fc.boolean(),
      isShuffled: fc.boolean(),
      isTold: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(arbitraryEdit, { minLength: 1, maxLength: 6 }), (edits) => {
        const edited = new Manifest(sha256)
        const left = new Set<string>()
        const told = new Set<string>()
        for (const { from, count, isRemoval, isShuffled, isTold } of edits) {
          const some = names.slice(from, from + count)
          if (isShuffled) some.sort((a, b) => (digestOf(a) < digestOf(b) ? -1 : 1))
          for (const name of some) {
            if (isRemoval) edited.delete(`f/${name}`)
            else edited.set(fileEntry(`f/${name}`, { digest: digestOf(0) }))
            if (isRemoval) left.delete(name)
            else left.add(name)
          }
          if (!isTold) continue
          const ascending = names.filter((name) => left.has(name))
          const fresh = manifestOf(ascending.map((name) => fileEntry(`f/${name}`, { digest: digestOf(0) })))
          expect(edited.root()).toEqual(fresh.root())
          for (const digest of digestsOf(edited)) told.add(digest)
          if (left.size === 0) continue
          const pages = pagesOf(edited, 'f')
          expect(pages.flat()).toEqual(ascending)
          for (const page of pages) expect(page.length).toBeLessThanOrEqual(PAGE_NAMES_MAX)
          const cuts = pages.map((_, at) =>
            pages.slice(0, at + 1).reduce((sum, page) => sum + page.length, -1),
          )
          expect(cuts.filter((cut) => cut < ascending.length - 1)).toEqual(
            cutsOf(ascending).filter((cut) => cut < ascending.length - 1),
          )
        }
        for (const digest of told) {
          const bytes = edited.item(digest)
          if (bytes !== undefined) expect(hexOf(sha256(bytes))).toBe(digest)
        }
      }),
      { numRuns: isLong ? 15 : 3 },
    )
  })

  test('change near a name that comes or goes, and nowhere else', () => {
    const manifest = manifestOf(names.map((name) => fileEntry(`f/${name}`)))
    const read = new Map<string, string[]>()
    let before = pagesOf(manifest, 'f', read)
    let most = 0
    for (let at = 7; at < names.length; at += Math.ceil(names.length / 40)) {
      const path = `f/${names[at]!}`
      for (const isThere of [false, true]) {
        if (isThere) manifest.set(fileEntry(path))
        else manifest.delete(path)
        const after = pagesOf(manifest, 'f', read)
        const known = new Set(before)
        const listed = after.filter((page) => !known.has(page))
        most = Math.max(most, listed.flat().length)
        before = after
      }
    }
    // Cuts change up to 239 names away, and each changed cut changes a page on either side of it.
    expect(most).toBeLessThan(4 * PAGE_NAMES_MAX)
    if (kind === 'ordinary') expect(most).toBeLessThanOrEqual(3 * PAGE_NAMES_MAX)
  })

  test('are read by a peer that knows none of them', () => {
    expect(readWhole(manifestOf(names.map((name) => entryOf('tombstone', `f/${name}`))))).toBe(names.length)
  })
})

test('a name that comes into a folder of 20,000 ordinary files or goes from it changes two pages or three', () => {
  const names = ordinary(20_000)
  let hashed = 0
  const manifest = new Manifest((bytes) => {
    hashed++
    return sha256(bytes)
  })
  for (const name of names) manifest.set(fileEntry(name, { digest: digestOf(0) }))
  manifest.root()
  let sum = 0
  const places = Array.from({ length: 100 }, (_, index) => 100 + index * 197)
  for (const place of places) {
    hashed = 0
    manifest.set(fileEntry(`${names[place]!}.new`, { digest: digestOf(0) }))
    manifest.root()
    expect(hashed - 1).toBeLessThanOrEqual(3)
    sum += hashed - 1
    hashed = 0
    manifest.delete(`${names[place]!}.new`)
    manifest.root()
    expect(hashed - 1).toBeLessThanOrEqual(3)
  }
  expect(sum / places.length).toBeLessThan(1.2)
})

describe('whatever the entries of a folder are', () => {
  const peerAt = (at: number) => at.toString(16).padStart(16, '0')
  const vectorOf = (first: number) =>
    Array.from({ length: SEEN_PEERS_MAX }, (_, at) => dotOf(peerAt(first + at), COUNT_MAX))

  test('as many invented peers as its versions have room for fit its pages', () => {
    const entries = Array.from({ length: 257 }, (_, at) => {
      const dots = vectorOf(at * SEEN_PEERS_MAX)
      const version = { content: dots[0]!, attributes: dots[0]!, seen: dots.join(',') }
      return entryOf('tombstone', `f/${at}`, { version })
    })
    expect(readWhole(manifestOf(entries))).toBe(257)
    expect(TABLE_PEERS_MAX).toBe(PAGE_NAMES_MAX * SEEN_PEERS_MAX)
  })

  test('every listing fits an item and is read, drawn from the extremes of each field', () => {
    const pool = CROWDS.flatMap(([, names]) => names.slice(0, 400))
    const arbitraryRow = fc.record({
      name: fc.constantFrom(
        ...pool,
        ...pool.map((name) => name + '\u0001'.repeat(NAME_BYTES_MAX - name.length)),
      ),
      peers: fc.constantFrom(1, SEEN_PEERS_MAX),
      first: fc.nat(1 << 20),
      isMoved: fc.boolean(),
      hasContent: fc.boolean(),
    })
    const long = Array.from({ length: 16 }, () => '\u0001'.repeat(NAME_BYTES_MAX)).join('/')
    fc.assert(
      fc.property(fc.array(arbitraryRow, { minLength: 200, maxLength: 700, size: 'max' }), (rows) => {
        const manifest = new Manifest(sha256)
        for (const { name, peers, first, isMoved, hasContent } of rows) {
          const dots = vectorOf(first).slice(0, peers)
          const version = { content: dots[0]!, attributes: dots[0]!, seen: dots.join(',') }
          manifest.set(entryOf('tombstone', `f/${name}`, { version, target: isMoved ? long : '' }))
          if (hasContent) manifest.set(entryOf('tombstone', `f/${name}/x`))
        }
        expect(readWhole(manifest)).toBe(manifest.size)
      }),
      { numRuns: isLong ? 8 : 2 },
    )
  })

  test('the longest rows fit one page, and are no longer than they are taken for', () => {
    const nameAt = (at: number) => `${String(at).padStart(3, '0')}${'\u0001'.repeat(NAME_BYTES_MAX - 3)}`
    const rows = Array.from({ length: PAGE_NAMES_MAX - 1 }, (_, at) => {
      const dots = vectorOf(at * SEEN_PEERS_MAX)
      const version = {
        content: dotOf(peerAt(at * SEEN_PEERS_MAX + 63), COUNT_MAX - 1),
        attributes: dotOf(peerAt(at * SEEN_PEERS_MAX + 63), COUNT_MAX - 2),
        seen: dots.join(','),
      }
      const target = Array.from({ length: 16 }, () => '\u0001'.repeat(NAME_BYTES_MAX)).join('/')
      expect(target.length).toBe(PATH_BYTES_MAX)
      const touched = { mtimeMs: -MTIME_MS_MAX, content: dotOf('f'.repeat(16), COUNT_MAX) }
      const fields = { version, target, touched, mtimeMs: -MTIME_MS_MAX, confirmed: true }
      return [entryOf('tombstone', `f/${nameAt(at)}`, fields), fileEntry(`f/${nameAt(at)}/x`)]
    })
    const manifest = manifestOf(rows.flat())
    manifest.root()
    const { sizeBytes } = manifest.folderItem('f')!
    expect(sizeBytes).toBeLessThan(TREE_ITEM_BYTES_MAX)
    expect(sizeBytes).toBeLessThan(PAGE_NAMES_MAX * ROW_BYTES_MAX)
    expect(readWhole(manifest)).toBe(2 * rows.length)
  })

  test('a page for each name makes lists of lists, which end', () => {
    const names = alike.slice(0, PAGE_LIST_LINES_MAX + 2 * PAGE_NAMES_MAX)
    const manifest = manifestOf(names.map((name) => entryOf('tombstone', `f/${name}`)))
    expect(pagesOf(manifest, 'f').length).toBe(names.length - PAGE_NAMES_MAX + 2)
    expect(readWhole(manifest)).toBe(names.length)
    for (const name of names) manifest.delete(`f/${name}`)
    expect(manifest.root()).toEqual(new Manifest(sha256).root())
  })
})
