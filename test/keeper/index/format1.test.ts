// The first start on an index of format 1: its lines are translated, and nothing of the share is read.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PATH_DEPTH_MAX } from '../../../src/base/limits.js'
import { DiskError } from '../../../src/base/ports.js'
import { hash } from '../../../src/io/hash.js'
import { Catalogue } from '../../../src/keeper/index/catalogue.js'
import { decodeFormat1Record, decodeRecord } from '../../../src/keeper/index/index-line.js'
import { COMMIT_CHANGES_MAX } from '../../../src/keeper/index/limits.js'
import { SimulatedDeath } from '../../../src/sim/disk/disk.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { digestOf, fileEntry } from '../../share/entries.js'
import { entryLineOfFormat1 } from './format1.js'

const [A, B] = ['a'.repeat(16), 'b'.repeat(16)]
const DIGEST = '0f'.repeat(32)
const LOOKS = '5,1700000000000.125,1700000000001.5,4503599627370496,x'

/** As the program of format 1 wrote them, by path. */
const LINES = {
  f: '- d 0 0 - - f',
  'f/a.txt': `${LOOKS} f 5 1700000000000 ${DIGEST} ${A}:1 a.txt`,
  'f/line\nend': `- l 0 0 - ${B}:7 line%0Aend a%20b`,
  'f/run me': `${LOOKS} x 5 -1 ${DIGEST} ${A}:12,${B}:3 run%20me`,
  gone: `- t 0 1700000000001 - ${A}:2 gone`,
}

function indexOf(lines: Readonly<Record<string, string>>): SimIndex {
  const index = new SimIndex()
  for (const [path, line] of Object.entries(lines)) index.put(path, line)
  index.commit()
  return index
}

function manyLines(count: number, looks = LOOKS): Record<string, string> {
  const lines: Record<string, string> = {}
  for (let at = 0; at < count; at++) {
    const entry = fileEntry(`f${at % 7}/${at}`, { digest: digestOf(at % 50), executable: at % 3 === 0 })
    lines[entry.path] = `${looks} ${entryLineOfFormat1(entry, `${A}:${1 + (at % 4)}`)}`
  }
  return lines
}

/** How many lines are still of format 1. */
function untranslated(index: SimIndex): number {
  let count = 0
  for (const { path, value } of index.load()) if (decodeRecord(path, value) === undefined) count++
  return count
}

/** The process dies at its commit of this number, counted from 0, with nothing of that on the disk. */
function dyingAt(index: SimIndex, commits: number, error: Error = new SimulatedDeath()): void {
  const commit = index.commit.bind(index)
  let left = commits
  index.commit = () => {
    if (left-- === 0) {
      index.commit = commit
      throw error
    }
    commit()
  }
}

describe('an index of format 1', () => {
  test('tells a peer of the counts of its authors, and of no dot that was made for it', () => {
    const catalogue = new Catalogue(hash, indexOf(LINES))
    expect([catalogue.authorCounts.of(A), catalogue.authorCounts.of(B)]).toEqual([12, 7])
    expect([...catalogue.authorCounts.takeCounted()].sort()).toEqual([A, B].sort())
  })

  test('says what it said, with dots', () => {
    const catalogue = new Catalogue(hash, indexOf(LINES))
    expect([...catalogue.manifest.entries()].map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'folder f',
      'tombstone gone',
      'file f/a.txt',
      'link f/line\nend',
      'file f/run me',
    ])
    expect(catalogue.get('f/a.txt')).toMatchObject({
      sizeBytes: 5,
      mtimeMs: 1_700_000_000_000,
      digest: DIGEST,
      access: 'none',
      executable: false,
      touched: undefined,
    })
    expect(catalogue.get('f/run me')).toMatchObject({ mtimeMs: -1, access: 'none', executable: true })
    expect(catalogue.get('f/line\nend')).toMatchObject({ target: 'a b' })
    expect(catalogue.live('gone')).toBeUndefined()
    expect(catalogue.holderOf(DIGEST)).toBe('f/a.txt')
    expect(catalogue.takeChanges()).toEqual([])
  })

  test('keeps what each file looked like, so that none is read again', () => {
    const catalogue = new Catalogue(hash, indexOf(LINES))
    for (const path of ['f/a.txt', 'f/run me'])
      expect(catalogue.signature(path)).toEqual({
        sizeBytes: 5,
        mtimeMs: 1_700_000_000_000.125,
        ctimeMs: 1_700_000_000_001.5,
        inode: 4_503_599_627_370_496,
        mode: { access: 'none', executable: true },
      })
    expect(catalogue.signature('f')).toBeUndefined()
  })

  test('is translated on the disk before anything else happens, and never again', () => {
    const index = indexOf(LINES)
    const root = new Catalogue(hash, index).manifest.root()
    index.crash()
    expect(untranslated(index)).toBe(0)
    index.put('later', LINES['f/a.txt'])
    index.commit()
    const next = new Catalogue(hash, index)
    expect(next.get('later')).toBeUndefined()
    next.forget('later')
    expect(next.manifest.root()).toEqual(root)
  })

  test('that holds something else beside is read without that', () => {
    const index = indexOf({
      ...LINES,
      b: 'nonsense',
      c: '',
      d: '- f nonsense',
      e: `- f 5 x ${DIGEST} ${A}:1 e`,
    })
    expect(new Catalogue(hash, index).manifest.root()).toEqual(
      new Catalogue(hash, indexOf(LINES)).manifest.root(),
    )
  })

  test('that holds paths deeper than they may be is read without those', () => {
    const deep = Array.from({ length: PATH_DEPTH_MAX + 1 }, () => 'd').join('/')
    const line = LINES['f/a.txt'].replace('a.txt', 'd')
    const index = indexOf({ ...LINES, [deep]: line, [deep.slice(2)]: line })
    const catalogue = new Catalogue(hash, index)
    expect(catalogue.get(deep)).toBeUndefined()
    expect(catalogue.get(deep.slice(2))).toMatchObject({ digest: DIGEST })
    index.crash()
    expect(new Catalogue(hash, index).manifest.root()).toEqual(catalogue.manifest.root())
  })

  test('says the same on every peer that was in step', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...Object.keys(LINES)), { maxLength: 5 }), (paths) => {
        const lines = Object.fromEntries(paths.map((path) => [path, LINES[path as keyof typeof LINES]]))
        const elsewhere = Object.fromEntries(
          paths.map((path) => [path, lines[path]!.replace(/^[^ ]+/, '5,1,2,3,')] as const).reverse(),
        )
        const roots = [lines, elsewhere].map((said) => new Catalogue(hash, indexOf(said)).manifest.root())
        expect(roots[1]).toEqual(roots[0])
      }),
    )
  })
})

describe('a translation that ends in the middle', () => {
  const COUNT = 3 * COMMIT_CHANGES_MAX + 7
  const whole = new Catalogue(hash, indexOf(manyLines(COUNT)))

  test.each([0, 1, 2, 3])(
    'at commit %i, by a kill, goes on at the next start and says the same',
    (commits) => {
      const index = indexOf(manyLines(COUNT))
      dyingAt(index, commits)
      expect(() => new Catalogue(hash, index)).toThrow(SimulatedDeath)
      index.crash()
      expect(untranslated(index)).toBe(COUNT - commits * COMMIT_CHANGES_MAX)
      const next = new Catalogue(hash, index)
      expect(next.manifest.root()).toEqual(whole.manifest.root())
      expect([...next.signedFiles()]).toHaveLength(COUNT)
      index.crash()
      expect(untranslated(index)).toBe(0)
    },
  )

  test('by a kill each time, ends as the others do', () => {
    const index = indexOf(manyLines(COUNT))
    for (let start = 0; start < 3; start++) {
      dyingAt(index, 1)
      expect(() => new Catalogue(hash, index)).toThrow(SimulatedDeath)
      index.crash()
    }
    expect(new Catalogue(hash, index).manifest.root()).toEqual(whole.manifest.root())
  })

  test('by a full disk, says so and goes on at the next start', () => {
    const index = indexOf(manyLines(COUNT))
    dyingAt(index, 2, new DiskError('no-space', 'write the index'))
    expect(() => new Catalogue(hash, index)).toThrow(DiskError)
    index.crash()
    expect(new Catalogue(hash, index).manifest.root()).toEqual(whole.manifest.root())
  })

  test('is in step with a peer whose translation did not', () => {
    const [index, other] = [indexOf(manyLines(COUNT)), indexOf(manyLines(COUNT, '5,1,2,3,'))]
    dyingAt(index, 1)
    expect(() => new Catalogue(hash, index)).toThrow(SimulatedDeath)
    index.crash()
    expect(new Catalogue(hash, index).manifest.root()).toEqual(new Catalogue(hash, other).manifest.root())
  })
})

test('a line of either format is none of the other', () => {
  for (const [path, line] of Object.entries(LINES)) {
    expect(decodeRecord(path, line)).toBeUndefined()
    expect(decodeFormat1Record(path, line)).toBeDefined()
    const today = [...indexAfterTranslation({ [path]: line }).load()][0]!
    expect(decodeRecord(path, today.value)).toBeDefined()
    expect(decodeFormat1Record(path, today.value)).toBeUndefined()
  }
})

function indexAfterTranslation(lines: Readonly<Record<string, string>>): SimIndex {
  const index = indexOf(lines)
  new Catalogue(hash, index)
  return index
}
