// Listings are not kept: they are written out again when they are asked for. Here they are asked for at every turn.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexOf } from '../../src/base/bytes.js'
import type { ItemRef } from '../../src/base/item.js'
import { Manifest } from '../../src/share/manifest.js'
import { decodeTreeItem } from '../../src/share/tree-item.js'
import { digestOf, entryOf, fileEntry, sha256 } from './entries.js'

/** Every item of the tree below one, each proved. */
function itemsBelow(manifest: Manifest, item: ItemRef, folder = ''): ItemRef[] {
  const bytes = manifest.item(item.digest)
  expect(bytes, `the listing of ${folder}`).toBeDefined()
  expect(hexOf(sha256(bytes!))).toBe(item.digest)
  expect(bytes!.length).toBe(item.sizeBytes)
  const decoded = decodeTreeItem(bytes!, folder)
  if (!decoded.ok) throw new Error(decoded.reason)
  const below =
    decoded.value.kind === 'pages'
      ? decoded.value.pages.map((page) => itemsBelow(manifest, page, folder))
      : decoded.value.subtrees.map((subtree) => itemsBelow(manifest, subtree.item, subtree.path))
  return [item, ...below.flat()]
}

const arbitraryPath = fc
  .tuple(
    fc.constantFrom('', 'a/', 'a/b/', 'twin/', 'twin/b/'),
    fc.oneof(
      fc.constantFrom('b', 'a'),
      fc.nat(6).map((number) => `n${number}`),
    ),
  )
  .map((parts) => parts.join(''))
const arbitraryChange = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('set'),
      path: arbitraryPath,
      seed: fc.nat(1),
      note: fc.constantFrom('', 'n'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete'), path: arbitraryPath }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('root') }) },
)

describe('a listing that is written out again', () => {
  test('is the one that was told, whatever changes before the next root and after it', () => {
    fc.assert(
      fc.property(fc.array(arbitraryChange, { maxLength: 60, size: 'max' }), (changes) => {
        const manifest = new Manifest(sha256)
        // Far fewer bytes than are kept of replaced listings.
        const told = new Set(itemsBelow(manifest, manifest.root()))
        const paths = new Map<string, { seed: number; note: string }>()
        for (const change of changes as { do: string; path: string; seed: number; note: string }[]) {
          const { path, seed, note } = change
          if (change.do === 'set') {
            manifest.set(fileEntry(path, { digest: digestOf(seed) }), note)
            paths.set(path, { seed, note })
          } else if (change.do === 'delete') {
            manifest.delete(path)
            paths.delete(path)
          } else {
            for (const item of itemsBelow(manifest, manifest.root())) told.add(item)
            const anew = new Manifest(sha256)
            for (const [at, { seed }] of paths) anew.set(fileEntry(at, { digest: digestOf(seed) }))
            expect(manifest.root()).toEqual(anew.root())
          }
          for (const item of told) expect(hexOf(sha256(manifest.item(item.digest)!))).toBe(item.digest)
          for (const [at, { note }] of paths) expect(manifest.note(at)).toBe(note)
        }
      }),
    )
  })

  test('of two folders alike is that of the other where one of them changes', () => {
    const manifest = new Manifest(sha256)
    for (const folder of ['a', 'b', 'c']) manifest.set(fileEntry(`${folder}/x`, { digest: digestOf(1) }))
    manifest.root()
    const shared = manifest.folderItem('a')!
    for (const folder of ['a', 'c', 'b']) {
      manifest.set(fileEntry(`${folder}/x`, { digest: digestOf(folder) }))
      expect(hexOf(sha256(manifest.item(shared.digest)!))).toBe(shared.digest)
      manifest.root()
      expect(hexOf(sha256(manifest.item(shared.digest)!))).toBe(shared.digest)
    }
    manifest.set(fileEntry('a/x', { digest: digestOf(1) }))
    manifest.root()
    expect(manifest.folderItem('a')).toEqual(shared)
    expect(hexOf(sha256(manifest.item(shared.digest)!))).toBe(shared.digest)
  })

  test('is the same where a change was taken back before it was told', () => {
    const manifest = new Manifest(sha256)
    manifest.set(fileEntry('a/x'))
    const before = manifest.root()
    manifest.set(fileEntry('a/x', { sizeBytes: 9 }))
    manifest.set(fileEntry('a/x'))
    expect(manifest.root()).toEqual(before)
    itemsBelow(manifest, before)
  })
})

describe('a note', () => {
  test('changes nothing that peers see, and goes with its entry', () => {
    const manifest = new Manifest(sha256)
    manifest.set(fileEntry('a/x'), 'first')
    const root = manifest.root()
    expect(manifest.note('a/x')).toBe('first')
    manifest.setNote('a/x', 'second')
    expect(manifest.note('a/x')).toBe('second')
    manifest.set(fileEntry('a/x'), 'third')
    expect([...manifest.noted()]).toEqual([{ entry: fileEntry('a/x'), note: 'third' }])
    expect(manifest.root()).toEqual(root)
    manifest.set(entryOf('tombstone', 'a/x'))
    expect(manifest.note('a/x')).toBe('')
    expect([...manifest.noted()]).toEqual([])
    expect(manifest.note('a')).toBe('')
    expect(manifest.note('nowhere/at all')).toBe('')
    expect(() => manifest.setNote('a', 'x')).toThrow('left is broken')
  })
})
