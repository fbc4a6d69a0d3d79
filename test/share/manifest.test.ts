import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexOf, textOf } from '../../src/base/bytes.js'
import { PATH_DEPTH_MAX } from '../../src/base/limits.js'
import { dotOf, SEEN_PEERS_MAX } from '../../src/share/dots.js'
import type { Entry, EntryKind } from '../../src/share/entry.js'
import { sameEntry } from '../../src/share/entry-line.js'
import { RECENT_ITEM_BYTES_MAX } from '../../src/share/limits.js'
import { Manifest } from '../../src/share/manifest.js'
import { cutsOf } from '../../src/share/page-cuts.js'
import { decodeTreeItem } from '../../src/share/tree-item.js'
import { arbitraryEntry, digestOf, entryOf, fileEntry, sha256, versionOf } from './entries.js'

function manifestOf(entries: Iterable<Entry>): Manifest {
  const manifest = new Manifest(sha256)
  for (const entry of entries) manifest.set(entry)
  return manifest
}

const arbitraryCrowd = fc.record({
  name: fc.nat(2000).map((number) => `n${number}`),
  folder: fc.constantFrom('', 'a/', 'a/b/', 'n1/'),
  seed: fc.nat(3),
})

/** Digests of the listing of a folder and of its pages. */
function listingsOf(manifest: Manifest, folder: string): string[] {
  const whole = manifest.folderItem(folder)
  if (whole === undefined) return []
  const item = decodeTreeItem(manifest.item(whole.digest)!, folder)
  if (!item.ok) throw new Error(item.reason)
  const pages = item.value.kind === 'pages' ? item.value.pages : []
  return [whole, ...pages].map(({ digest }) => digest)
}

describe('a manifest', () => {
  test('holds what was set last at each path', () => {
    fc.assert(
      fc.property(fc.array(arbitraryEntry, { maxLength: 40 }), (entries) => {
        const manifest = manifestOf(entries)
        const expected = new Map(entries.map((entry) => [entry.path, entry]))
        for (const [path, entry] of expected) expect(manifest.get(path)).toEqual(entry)
        expect(manifest.size).toBe(expected.size)
        expect(new Set([...manifest.entries()].map((entry) => entry.path))).toEqual(new Set(expected.keys()))
        const files = [...expected.values()].filter((entry) => entry.kind === 'file')
        expect(manifest.fileCount).toBe(files.length)
        expect(manifest.totalBytes).toBe(files.reduce((sum, file) => sum + file.sizeBytes, 0))
        expect(manifest.folderCount).toBe([...manifest.folders()].length)
      }),
    )
  })

  const KINDS = ['file', 'link', 'folder', 'tombstone'] as const
  test.each(KINDS.flatMap((before) => KINDS.map((after) => [before, after] as const)))(
    'counts a %s that becomes a %s once',
    (before, after) => {
      const manifest = manifestOf([
        entryOf('file', 'f/other'),
        entryOf(before, 'f/it'),
        entryOf(after, 'f/it'),
      ])
      const counts = () => ({
        entries: manifest.size,
        files: manifest.fileCount,
        folders: manifest.folderCount,
        isLive: manifest.liveCountBelow('f') > 0,
      })
      const own = (kind: EntryKind) => (after === kind ? 1 : 0)
      expect(counts()).toEqual({ entries: 2, files: 1 + own('file'), folders: own('folder'), isLive: true })
      manifest.delete('f/other')
      expect(counts()).toEqual({
        entries: 1,
        files: own('file'),
        folders: own('folder'),
        isLive: after !== 'tombstone',
      })
      manifest.delete('f/it')
      expect(counts()).toEqual({ entries: 0, files: 0, folders: 0, isLive: false })
    },
  )

  test('a folder without an entry of its own holds its children', () => {
    const manifest = manifestOf([fileEntry('a/b/c'), entryOf('tombstone', 'a/gone/x')])
    expect(manifest.get('a')).toBeUndefined()
    expect([...manifest.children('a/b')].map((entry) => entry.path)).toEqual(['a/b/c'])
    expect([...manifest.children('a')]).toEqual([])
    expect([...manifest.below('a')].map((entry) => entry.path).sort()).toEqual(['a/b/c', 'a/gone/x'])
    expect(manifest.liveCountBelow('a')).toBe(1)
    expect(manifest.liveCountBelow('')).toBe(1)
    expect(manifest.liveCountBelow('a/gone')).toBe(0)
    manifest.set(entryOf('tombstone', 'a/b/c'))
    expect(manifest.liveCountBelow('a')).toBe(0)
    expect(manifest.size).toBe(2)
    manifest.delete('a/b/c')
    manifest.delete('a/gone/x')
    expect(manifest.size).toBe(0)
    expect(manifest.root()).toEqual(new Manifest(sha256).root())
  })

  test('the same entries have the same root, whatever the order of edits', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryCrowd, { maxLength: 60 }),
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        fc.array(fc.boolean(), { minLength: 120, maxLength: 120 }),
        fc.infiniteStream(fc.nat()),
        (crowd, doomed, asks, order) => {
          const entries = crowd.map(({ folder, name, seed }) =>
            fileEntry(folder + name, { digest: digestOf(seed), mtimeMs: seed }),
          )
          const edited = new Manifest(sha256)
          const left = new Map<string, Entry>()
          entries.forEach((entry, index) => {
            edited.set(entry)
            left.set(entry.path, entry)
            if (asks[index]) edited.root()
          })
          entries.forEach((entry, index) => {
            if (!doomed[index]) return
            edited.delete(entry.path)
            left.delete(entry.path)
            if (asks[60 + index]) edited.root()
          })
          const shuffled = [...left.values()].map((entry) => ({ entry, key: order.next().value }))
          shuffled.sort((a, b) => a.key - b.key)
          const fresh = manifestOf(shuffled.map(({ entry }) => entry))
          expect(edited.root()).toEqual(fresh.root())
          const listed = listAll(edited)
          expect(new Set(listed.keys())).toEqual(new Set(left.keys()))
          for (const [path, entry] of listed) expect(sameEntry(entry, left.get(path)!)).toBe(true)
        },
      ),
    )
  })

  test('a page that is cut in two by a name, and joined again, is as if it had been made so', () => {
    const names = Array.from({ length: 700 }, (_, index) => `n${index}`).sort()
    const ends = cutsOf(names).map((cut) => names[cut]!)
    const entriesOf = (some: readonly string[]) => some.map((name) => fileEntry(`f/${name}`))
    const edited = manifestOf(entriesOf(names))
    const whole = edited.root()
    expect(ends.length).toBeGreaterThan(1)
    for (const end of ends) {
      edited.delete(`f/${end}`)
      expect(edited.root()).toEqual(manifestOf(entriesOf(names.filter((name) => name !== end))).root())
      edited.set(fileEntry(`f/${end}`))
      expect(edited.root()).toEqual(whole)
    }
  })

  test('tells whether a listing is of a folder: the whole of it, or one of its pages, and no other', () => {
    const names = Array.from({ length: 700 }, (_, index) => `f/n${index}`)
    const manifest = manifestOf([...names.map((name) => fileEntry(name)), fileEntry('g/other')])
    manifest.root()
    const whole = manifest.folderItem('f')!
    const item = decodeTreeItem(manifest.item(whole.digest)!, 'f')
    if (!item.ok || item.value.kind !== 'pages') throw new Error('the folder has one page only')
    for (const { digest } of [whole, ...item.value.pages]) {
      expect(manifest.folderHas('f', digest)).toBe(true)
      expect(manifest.folderHas('g', digest)).toBe(false)
      expect(manifest.folderHas('nowhere', digest)).toBe(false)
    }
  })

  test('tells it of folders that have pages in common too, whatever was edited', () => {
    const folders = ['f', 'g', 'h', 'h/n1']
    const arbitraryEdit = fc.record({
      folder: fc.constantFrom(...folders),
      name: fc.constantFrom('k', 'l', 'm', 'n', 'o'),
      seed: fc.nat(1),
      isRemoval: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(fc.array(arbitraryEdit, { maxLength: 12 }), { maxLength: 4 }), (rounds) => {
        const manifest = new Manifest(sha256)
        for (const round of rounds) {
          for (const { folder, name, seed, isRemoval } of round) {
            if (isRemoval) manifest.delete(`${folder}/${name}`)
            else manifest.set(fileEntry(`${folder}/${name}`, { sizeBytes: seed, digest: digestOf(0) }))
          }
          manifest.root()
          const listings = folders.map((folder) => new Set(listingsOf(manifest, folder)))
          for (const digest of new Set(listings.flatMap((each) => [...each])))
            for (const [at, folder] of folders.entries())
              expect(manifest.folderHas(folder, digest)).toBe(listings[at]!.has(digest))
        }
      }),
    )
  })

  test('any difference makes a different root', () => {
    const base = fileEntry('a/b')
    const root = manifestOf([base]).root().digest
    for (const other of [
      { ...base, mtimeMs: 1 },
      { ...base, executable: true },
      { ...base, access: 'group' as const },
      { ...base, touched: { mtimeMs: 1, content: base.version.content } },
      { ...base, version: { ...versionOf(0, 1), attributes: versionOf(0).content } },
      { ...base, version: versionOf(1) },
      { ...base, digest: digestOf(9) },
      { ...base, path: 'a/c' },
      { ...base, path: 'b' },
      entryOf('tombstone', 'a/b'),
      entryOf('tombstone', 'a/b', { deletedKind: 'link' }),
    ]) {
      expect(manifestOf([other]).root().digest).not.toBe(root)
    }
    expect(manifestOf([base, entryOf('folder', 'a')]).root().digest).not.toBe(root)
  })

  test('names are ordered by their UTF-16 code units', () => {
    const manifest = manifestOf(['\u{1f600}', '\uff5e', 'b', 'a'].map((name) => fileEntry(name)))
    const text = textOf(manifest.item(manifest.root().digest)!)!
    const names = text
      .split('\n')
      .slice(2, -1)
      .map((line) => line.split(' ')[6])
    expect(names).toEqual(['a', 'b', '\u{1f600}', '\uff5e'])
  })

  test('the item of a share is what a golden vector says', () => {
    const manifest = manifestOf([
      entryOf('folder', 'photos'),
      fileEntry('photos/a b.jpg', { digest: '0'.repeat(64) }),
      entryOf('tombstone', 'old'),
    ])
    const { digest, sizeBytes } = manifest.root()
    const text = textOf(manifest.item(digest)!)!
    expect(sizeBytes).toBe(text.length)
    expect(text).toMatchInlineSnapshot(`
      "left-tree 2 lines
      V aaaaaaaaaaaaaaaa:1
      t f 0 1700000000000 - 0:0/0 old
      d a 0 0 - 0:0/0 photos
      D photos f742c008fc0fa4601d370d0d18876816280060b7dda40582abcb1566e234c377 140
      "
    `)
  })

  test('one change in a folder of 43,000 files hashes its page, its folder and the folders above', () => {
    let hashed = 0
    let hashedBytes = 0
    const manifest = new Manifest((bytes) => {
      hashed++
      hashedBytes += bytes.length
      return sha256(bytes)
    })
    for (let number = 0; number < 43_000; number++)
      manifest.set(fileEntry(`a/b/file-${number}`, { digest: digestOf(0) }))
    for (let number = 0; number < 1_000; number++) manifest.set(fileEntry(`other/${number}/file`))
    manifest.root()
    expect(hashed).toBeGreaterThan(100)
    hashed = 0
    manifest.root()
    expect(hashed).toBe(0)
    hashedBytes = 0
    manifest.set(fileEntry('a/b/file-21000', { digest: digestOf(1) }))
    manifest.root()
    expect(hashed).toBe(4) // page, page list of a/b, a, share
    expect(hashedBytes).toBeLessThan(400_000)
    hashed = 0
    manifest.set(fileEntry('a/b/file-21000', { digest: digestOf(1) }))
    manifest.root()
    expect(hashed).toBe(0)
  })

  test('a replaced listing is still served for a while, and not for ever', () => {
    const manifest = manifestOf([fileEntry('a')])
    const first = manifest.root()
    manifest.set(fileEntry('b'))
    const second = manifest.root()
    expect(manifest.item(first.digest)).toBeDefined()
    expect(manifest.item(second.digest)).toBeDefined()
    expect(manifest.item(digestOf('never'))).toBeUndefined()
    const dots = Array.from({ length: SEEN_PEERS_MAX }, (_, index) =>
      dotOf(index.toString(16).padStart(16, '0'), 1),
    )
    const version = { content: dots[0]!, attributes: dots[0]!, seen: dots.join(',') }
    for (let number = 0; number < 400; number++) manifest.set(fileEntry(`many/${number}`, { version }))
    const editCount = Math.ceil(RECENT_ITEM_BYTES_MAX / (100 * SEEN_PEERS_MAX * '0:0,'.length))
    for (let edit = 0; edit < editCount; edit++) {
      manifest.set(fileEntry(`many/${edit % 400}`, { version, mtimeMs: edit }))
      manifest.root()
    }
    expect(manifest.item(first.digest)).toBeUndefined()
    const root = manifest.root()
    expect(hexOf(sha256(manifest.item(root.digest)!))).toBe(root.digest)
  })

  test('two folders of equal content share a listing, and one may go', () => {
    const twin = (folder: string) => fileEntry(`${folder}/x`, { digest: digestOf(1) })
    const manifest = manifestOf([twin('a'), twin('b')])
    manifest.root()
    const item = manifest.folderItem('a')!
    expect(manifest.folderItem('b')).toEqual(item)
    manifest.delete('a/x')
    manifest.root()
    expect(manifest.folderItem('a')).toBeUndefined()
    expect(manifest.item(item.digest)).toBeDefined()
    expect(listAll(manifest).size).toBe(1)
  })

  test('a path as deep as can be is listed and forgotten', () => {
    const deepest = `${'x/'.repeat(PATH_DEPTH_MAX - 1)}x`
    const manifest = manifestOf([fileEntry(deepest)])
    expect(listAll(manifest).size).toBe(1)
    manifest.delete(deepest)
    expect(manifest.root()).toEqual(new Manifest(sha256).root())
  })
})

/** Everything that can be reached from the root, through the items alone. */
function listAll(manifest: Manifest): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  const pending = [{ item: manifest.root(), folder: '' }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const bytes = manifest.item(next.item.digest)!
    expect(bytes.length).toBe(next.item.sizeBytes)
    const listing = decodeTreeItem(bytes, next.folder)
    if (!listing.ok) throw new Error(listing.reason)
    if (listing.value.kind === 'pages') {
      for (const item of listing.value.pages) pending.push({ item, folder: next.folder })
    } else {
      for (const entry of listing.value.entries) entries.set(entry.path, entry)
      for (const { item, path } of listing.value.subtrees) pending.push({ item, folder: path })
    }
  }
  return entries
}
