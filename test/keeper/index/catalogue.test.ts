import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { hash } from '../../../src/io/hash.js'
import { Catalogue } from '../../../src/keeper/index/catalogue.js'
import { COMMIT_CHANGES_MAX } from '../../../src/keeper/index/limits.js'
import { isKeptTime, type Signature, sameSignature } from '../../../src/keeper/index/signature.js'
import { CHANGES_LISTED_MAX } from '../../../src/pipe/limits.js'
import type { Entry } from '../../../src/share/entry.js'
import { type MovedTree, movedTree, stateOfPlaces } from '../../../src/share/tree-move.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { arbitraryEntry, digestOf, entryOf, fileEntry, versionOf } from '../../share/entries.js'

const seen: Signature = {
  sizeBytes: 5,
  mtimeMs: 1_700_000_000_000.125,
  ctimeMs: 1_700_000_000_001.5,
  inode: 2 ** 52,
  mode: { access: 'all', executable: true },
}
const list = new Uint8Array(64).fill(7)
const large = (path: string, digest: string): Entry => fileEntry(path, { digest, sizeBytes: BLOCK_BYTES + 1 })

let index: SimIndex
let catalogue: Catalogue
beforeEach(() => {
  index = new SimIndex()
  catalogue = new Catalogue(hash, index)
})

/** The catalogue of the next process: what was committed. */
function restarted(): Catalogue {
  index.crash()
  return new Catalogue(hash, index)
}

describe('a file that is doubted', () => {
  test('has no signature, also for the next process', () => {
    catalogue.record(fileEntry('a'), seen)
    catalogue.commit()
    catalogue.doubt('a')
    expect(catalogue.signature('a')).toBeUndefined()
    catalogue.commit()
    const next = restarted()
    expect(next.get('a')).toEqual(fileEntry('a'))
    expect(next.signature('a')).toBeUndefined()
  })

  test('costs no commit where nothing was sure of it', () => {
    catalogue.record(fileEntry('a'), undefined)
    catalogue.commit()
    let commits = 0
    catalogue.commitAfter(() => commits++)
    catalogue.doubt('a')
    catalogue.doubt('nothing')
    catalogue.commit()
    expect(commits).toBe(0)
  })
})

describe('a restart', () => {
  test('finds every entry, and what its file looked like, as it was committed', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(arbitraryEntry, { selector: ({ path }) => path, maxLength: 8 }),
        (entries) => {
          index = new SimIndex()
          catalogue = new Catalogue(hash, index)
          entries.forEach((entry, number) => {
            catalogue.record(entry, number % 2 === 0 ? { ...seen, inode: number } : undefined)
          })
          catalogue.commit()
          const next = restarted()
          expect(next.manifest.root()).toEqual(catalogue.manifest.root())
          entries.forEach((entry, number) => {
            expect(next.get(entry.path)).toEqual(entry)
            expect(next.signature(entry.path)).toEqual(
              number % 2 === 0 ? { ...seen, inode: number } : undefined,
            )
            if (entry.kind === 'file') expect(next.holderOf(entry.digest)).toBeDefined()
          })
        },
      ),
    )
  })

  test('finds nothing of what was not committed', () => {
    catalogue.record(fileEntry('a'), seen)
    catalogue.commit()
    catalogue.record(fileEntry('a', { digest: digestOf('new') }), undefined)
    catalogue.record(fileEntry('b'), seen)
    const next = restarted()
    expect(next.get('a')).toEqual(fileEntry('a'))
    expect(next.signature('a')).toEqual(seen)
    expect(next.get('b')).toBeUndefined()
  })

  test('finds what was looked at again', () => {
    catalogue.record(fileEntry('a'), seen)
    catalogue.refreshSignature('a', { ...seen, inode: 3 })
    catalogue.refreshSignature('unknown', seen)
    catalogue.commit()
    expect(restarted().signature('a')).toEqual({ ...seen, inode: 3 })
  })

  test('leaves out what it cannot read, which is then found as new', () => {
    catalogue.record(fileEntry('a'), seen)
    index.put('b', 'nonsense')
    index.put('c', '')
    index.put('d', '- f nonsense')
    catalogue.commit()
    expect([...restarted().manifest.entries()]).toEqual([fileEntry('a')])
  })

  test('has nothing to tell anyone yet', () => {
    catalogue.record(fileEntry('a'), seen)
    catalogue.commit()
    expect(restarted().takeChanges()).toEqual([])
  })

  test.each([
    [COMMIT_CHANGES_MAX - 1, 0],
    [COMMIT_CHANGES_MAX, COMMIT_CHANGES_MAX],
  ])('after %i changes without a commit finds %i: they do not pile up in memory', (changes, found) => {
    for (let change = 0; change < changes; change++) catalogue.record(fileEntry(`${change}`), seen)
    expect(restarted().manifest.size).toBe(found)
  })
})

describe('who holds a content', () => {
  const digest = digestOf('content')

  test('is one of the paths that have it, as long as one has', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(2)), { maxLength: 20 }),
        (steps) => {
          catalogue = new Catalogue(hash, new SimIndex())
          const contents = new Map<string, number>()
          for (const [path, content] of steps) {
            contents.set(path, content)
            catalogue.record(fileEntry(path, { digest: digestOf(content) }), seen)
            for (let other = 0; other <= 2; other++) {
              const holders = [...contents].filter(([, held]) => held === other).map(([holder]) => holder)
              const holder = catalogue.holderOf(digestOf(other))
              if (holders.length === 0) expect(holder).toBeUndefined()
              else expect(holders).toContain(holder)
            }
          }
        },
      ),
    )
  })

  test('nobody does when the file is deleted, became a folder or was forgotten', () => {
    for (const end of [
      () => catalogue.record(entryOf('tombstone', 'a'), undefined),
      () => catalogue.record(entryOf('folder', 'a'), undefined),
      () => catalogue.forget('a'),
    ]) {
      catalogue.record(fileEntry('a', { digest }), seen)
      expect(catalogue.holderOf(digest)).toBe('a')
      end()
      expect(catalogue.holderOf(digest)).toBeUndefined()
    }
  })

  test('the digest list stays while anybody holds the content, and goes with the last', () => {
    catalogue.putList(digest, list)
    catalogue.record(large('a', digest), seen)
    catalogue.record(large('b', digest), seen)
    catalogue.record(large('a', digestOf('other')), seen)
    expect(catalogue.list(digest)).toEqual(list)
    catalogue.record(entryOf('tombstone', 'b'), undefined)
    expect(catalogue.list(digest)).toBeUndefined()
  })

  test('the list stays when only the time of its file changes', () => {
    catalogue.putList(digest, list)
    catalogue.record(large('a', digest), seen)
    catalogue.record({ ...large('a', digest), mtimeMs: 1 }, seen)
    expect(catalogue.list(digest)).toEqual(list)
  })
})

describe('what is live', () => {
  test('is everything but the memory of a deletion', () => {
    catalogue.record(entryOf('folder', 'f'), undefined)
    catalogue.record(entryOf('tombstone', 't'), undefined)
    expect(catalogue.live('f')).toBeDefined()
    expect(catalogue.live('t')).toBeUndefined()
    expect(catalogue.get('t')).toBeDefined()
    expect(catalogue.live('nothing')).toBeUndefined()
  })
})

describe('what is forgotten', () => {
  test('is gone as if nobody had deleted it: every version of others is newer', () => {
    catalogue.record(fileEntry('a', { version: versionOf(1, 2) }), seen)
    catalogue.forget('a')
    expect(catalogue.live('a')).toBeUndefined()
    expect(catalogue.signature('a')).toBeUndefined()
    expect(catalogue.get('a')).toBeUndefined()
  })

  test('may be something that was not known', () => {
    catalogue.forget('nothing')
    expect(catalogue.get('nothing')).toBeUndefined()
  })
})

describe('a commit', () => {
  test('comes after the log that it relies on, and only where there is something to commit', () => {
    const order: string[] = []
    const commit = index.commit.bind(index)
    index.commit = () => {
      order.push('index')
      commit()
    }
    catalogue.commitAfter(() => order.push('log'))
    catalogue.commit()
    expect(order).toEqual([])
    catalogue.record(fileEntry('a'), seen)
    catalogue.commit()
    catalogue.commit()
    expect(order).toEqual(['log', 'index'])
  })
})

describe('changes', () => {
  test('are told once, in the order in which they were made', () => {
    const entries = [fileEntry('b'), fileEntry('a'), entryOf('tombstone', 'b')]
    for (const entry of entries) catalogue.record(entry, undefined)
    expect(catalogue.takeChanges()).toEqual(entries)
    expect(catalogue.takeChanges()).toEqual([])
  })

  test.each([
    [CHANGES_LISTED_MAX, true],
    [CHANGES_LISTED_MAX + 1, false],
  ])('%i at once are listed: %s', (count, isListed) => {
    for (let change = 0; change < count; change++) catalogue.record(fileEntry(`${change}`), undefined)
    expect(catalogue.takeChanges()?.length).toBe(isListed ? count : undefined)
    catalogue.record(fileEntry('next'), undefined)
    expect(catalogue.takeChanges()).toEqual([fileEntry('next')])
  })

  test('do not hold what was only looked at again', () => {
    catalogue.record(fileEntry('a'), seen)
    catalogue.takeChanges()
    catalogue.refreshSignature('a', { ...seen, inode: 4 })
    expect(catalogue.takeChanges()).toEqual([])
  })
})

test('two looks at a file are the same where every field is', () => {
  expect(sameSignature(seen, { ...seen })).toBe(true)
  expect(sameSignature(undefined, undefined)).toBe(true)
  expect(sameSignature(seen, undefined)).toBe(false)
  for (const field of ['sizeBytes', 'mtimeMs', 'ctimeMs', 'inode'] as const)
    expect(sameSignature(seen, { ...seen, [field]: seen[field] + 1 })).toBe(false)
})

describe('an entry that is known and not held', () => {
  const file = large('f/a', digestOf('a'))

  test('counts for the tree like one that is held, and is no content of this share, after a restart too', () => {
    expect(catalogue.recordNotHeld(file)).toBe(true)
    const held = new Catalogue(hash, new SimIndex())
    held.record(file, seen)
    catalogue.commit()
    for (const one of [catalogue, restarted()]) {
      expect(one.manifest.root()).toEqual(held.manifest.root())
      expect([one.get('f/a'), one.live('f/a'), one.holderOf(file.digest)]).toEqual([
        file,
        undefined,
        undefined,
      ])
      expect([one.isHeld('f/a'), one.notHeldCount, [...one.notHeldPaths()]]).toEqual([false, 1, ['f/a']])
      expect(one.heldTotals()).toEqual({ files: 0, folders: 0, bytes: 0 })
    }
  })

  test('is news once, and again with another version', () => {
    catalogue.recordNotHeld(file)
    expect(catalogue.recordNotHeld({ ...file })).toBe(false)
    expect(catalogue.takeChanges()).toEqual([file])
    expect(catalogue.recordNotHeld({ ...file, mtimeMs: file.mtimeMs + 1 })).toBe(true)
  })

  test('becomes held with its content, and is forgotten with its path', () => {
    catalogue.recordNotHeld(file)
    catalogue.record(file, seen)
    expect([catalogue.live('f/a'), catalogue.notHeldCount, catalogue.holderOf(file.digest)]).toEqual([
      file,
      0,
      'f/a',
    ])
    catalogue.recordNotHeld({ ...file, path: 'f/b' })
    catalogue.forget('f/b')
    expect([catalogue.notHeldCount, catalogue.holderOf(file.digest)]).toEqual([0, 'f/a'])
    catalogue.commit()
    expect(restarted().notHeldCount).toBe(0)
  })

  test('is nothing that stands below a folder', () => {
    catalogue.recordNotHeld(file)
    expect([catalogue.hasHeldBelow('f'), catalogue.manifest.liveCountBelow('f')]).toEqual([false, 1])
    catalogue.record(fileEntry('f/c'), undefined)
    expect(catalogue.hasHeldBelow('f')).toBe(true)
  })

  test('never takes the place of what is held', () => {
    catalogue.record(file, seen)
    expect(() => catalogue.recordNotHeld(file)).toThrow()
    expect(() => catalogue.recordNotHeld(entryOf('tombstone', 't'))).toThrow()
  })
})

describe('whether a folder holds anything of ours', () => {
  const folders = ['', 'a', 'a/b', 'a/b/c', 'd']
  const arbitraryDoing = fc.record({
    what: fc.constantFrom('record', 'recordNotHeld', 'forget', 'restart'),
    path: fc
      .tuple(fc.constantFrom(...folders), fc.constantFrom('a', 'b', 'c', 'x'))
      .map(([folder, name]) => (folder === '' ? name : `${folder}/${name}`)),
    kind: fc.constantFrom('file', 'folder', 'link', 'tombstone'),
    seed: fc.nat(2),
  } as const)

  test('is told as if all in it were looked at', () => {
    fc.assert(
      fc.property(fc.array(arbitraryDoing, { maxLength: 50, size: 'max' }), (doings) => {
        index = new SimIndex()
        catalogue = new Catalogue(hash, index)
        for (const { what, path, kind, seed } of doings) {
          const entry = entryOf(kind, path, kind === 'file' ? { digest: digestOf(seed) } : {})
          if (what === 'record') catalogue.record(entry, undefined)
          else if (what === 'forget') catalogue.forget(path)
          else if (what === 'restart') {
            catalogue.commits.commitAll()
            catalogue = restarted()
          } else if (kind !== 'tombstone' && catalogue.live(path) === undefined)
            catalogue.recordNotHeld(entry)
          for (const folder of [...folders, 'x', 'nowhere/at all']) {
            const live = [...catalogue.manifest.below(folder)].filter((below) => below.kind !== 'tombstone')
            expect(catalogue.hasHeldBelow(folder)).toBe(live.some((below) => catalogue.isHeld(below.path)))
          }
        }
      }),
    )
  })
})

describe('a vector that had no room for all peers', () => {
  test('is told once for each path', () => {
    const { folded } = catalogue
    folded.add('a', '')
    expect(folded.takeNotices()).toEqual([])
    folded.add('a', 'x:1')
    folded.add('b', 'x:1')
    folded.add('a', 'y:1')
    const paths = folded
      .takeNotices()
      .map((notice) => notice.event === 'note' && notice.message.split(' ')[0])
    expect(paths).toEqual(['a', 'b'])
    folded.add('a', 'z:1')
    expect(folded.takeNotices()).toEqual([])
  })
})

test.each([
  ['nanoseconds', 1_700_000_001_234, 1_700_000_001_234, true],
  ['10 ms', 1_700_000_001_230, 1_700_000_001_239, true],
  ['a second', 1_700_000_001_000, 1_700_000_001_999, true],
  ['two seconds', 1_700_000_002_000, 1_700_000_003_999, true],
  ['nothing of these: one later', 1_700_000_001_235, 1_700_000_001_234, false],
  ['nothing of these: 3 s', 1_700_000_001_000, 1_700_000_003_999, false],
])('a disk that keeps %s may say %i for %i: %s', (_, seenMs, mtimeMs, isKept) => {
  expect(isKeptTime(seenMs, mtimeMs)).toBe(isKept)
})

describe('what is set aside', () => {
  test('is in no tree and held by nobody, and stays so for the next process', () => {
    catalogue.record(fileEntry('a'), seen)
    catalogue.record(fileEntry('b'), seen)
    catalogue.setAside('a')
    catalogue.commit()
    for (const each of [catalogue, restarted()]) {
      expect([...each.aside.paths()]).toEqual(['a'])
      expect(each.get('a')).toBeUndefined()
      expect(each.holderOf(fileEntry('a').digest as string)).not.toBe('a')
      expect([...each.manifest.entries()].map(({ path }) => path)).toEqual(['b'])
    }
  })

  test('counts again as it did, with its list and its signature', () => {
    const entry = large('a', digestOf('large'))
    catalogue.putList(entry.digest as string, list)
    catalogue.record(entry, seen)
    const { digest } = catalogue.manifest.root()
    catalogue.setAside('a')
    catalogue.commit()
    const next = restarted()
    expect(next.manifest.root().digest).not.toBe(digest)
    expect(next.takeUp('a')).toBe(true)
    expect(next.takeUp('a')).toBe(false)
    expect(next.manifest.root().digest).toBe(digest)
    expect(next.signature('a')).toEqual(seen)
    expect(next.list(entry.digest as string)).toEqual(list)
    expect(next.aside.size).toBe(0)
  })

  test('is read again where its list was lost', () => {
    const entry = large('a', digestOf('large'))
    catalogue.record(entry, seen)
    catalogue.setAside('a')
    catalogue.takeUp('a')
    expect(catalogue.signature('a')).toBeUndefined()
  })

  test('is forgotten where it is dropped, also for the next process', () => {
    catalogue.record(fileEntry('a'), seen)
    catalogue.setAside('a')
    catalogue.aside.drop('a')
    catalogue.commit()
    expect(restarted().aside.size).toBe(0)
  })
})

describe('a folder that is moved', () => {
  const author = 'c'.repeat(16)

  function moved(catalogueOf = catalogue): MovedTree {
    const { manifest } = catalogueOf
    const [from, to] = ['old', 'new']
    const things = manifest.liveCountBelow(from) + 1
    const state = stateOfPlaces(manifest, from, to)
    const tree = movedTree(manifest, {
      kind: 'tree-move',
      from,
      to,
      author,
      first: 1,
      timeMs: 5,
      state,
      things,
    })
    if (tree === undefined) throw new Error('it can be moved')
    return tree
  }

  function fill(files: number): void {
    catalogue.record(entryOf('folder', 'old'), undefined)
    for (let file = 0; file < files; file++) catalogue.record(fileEntry(`old/${file}`), seen)
    catalogue.commit()
  }

  test('is held at its new path as it looked, also for the next process', () => {
    fill(3)
    const tree = moved()
    catalogue.recordMove(tree)
    expect(catalogue.takeChanges()?.at(-1)).toEqual(tree.move)
    catalogue.commit()
    for (const each of [catalogue, restarted()]) {
      for (const { creation, deletion } of tree.parts) {
        expect(each.get(creation.path)).toEqual(creation)
        expect(each.isHeld(creation.path)).toBe(true)
        expect(each.get(deletion.path)).toEqual(deletion)
      }
      expect(each.signature('new/2')).toEqual(seen)
      expect(each.signature('old/2')).toBeUndefined()
      expect(each.holderOf(fileEntry('old/2').digest)).toMatch(/^new\//)
      expect(each.heldTotals()).toMatchObject({ files: 3, folders: 1 })
    }
  })

  test('is moved as a whole or not at all, however much is in it', () => {
    fill(COMMIT_CHANGES_MAX)
    const before = catalogue.manifest.root()
    let commits = 0
    catalogue.commitAfter(() => commits++)
    catalogue.recordMove(moved())
    expect(commits).toBe(0)
    expect(restarted().manifest.root()).toEqual(before)
  })

  test('takes the place of what was set aside there, which is gone by then', () => {
    fill(3)
    const aside = fileEntry('new/1', { digest: 'd'.repeat(64) })
    catalogue.record(aside, seen)
    catalogue.setAside('new/1')
    const tree = moved()
    catalogue.recordMove(tree)
    expect(catalogue.aside.has('new/1')).toBe(false)
    catalogue.aside.drop('new/1')
    catalogue.commit()
    const creation = tree.parts.find((part) => part.creation.path === 'new/1')!.creation
    expect(restarted().get('new/1')).toEqual(creation)
  })
})
