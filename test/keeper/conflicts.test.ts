import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { Conflicts } from '../../src/keeper/conflicts.js'
import { Trash } from '../../src/keeper/trash/trash.js'
import { TRASH_POLICY } from '../../src/pipe/settings.js'
import { dotted, OURS, ShareOnDisk, START_MS, THEIRS, theirFile } from './share-on-disk.js'

let share: ShareOnDisk
let conflicts: Conflicts

beforeEach(() => {
  share = new ShareOnDisk()
  const { disk, catalogue, scanner } = share
  conflicts = new Conflicts({
    disk,
    catalogue,
    scanner,
    trash: new Trash({ disk, wallMs: () => share.nowMs, policy: TRASH_POLICY }),
  })
})

/** Answers the copy. */
function conflictAt(path: string, count = 1): string {
  share.disk.unharmed((it) => it.statLink(path) !== undefined && it.removeFile(path))
  share.disk.putFile(path, utf8(`ours ${count}`))
  share.scan()
  const theirs = { version: dotted(`${THEIRS}:${100 + count}`), mtimeMs: START_MS + 3_600_000 + count }
  const placed = share.placing.place(theirFile(path, 'theirs', theirs), share.putTemporary(utf8('theirs')))
  if (placed.type !== 'placed') throw new Error(placed.type)
  share.scan()
  share.changes.length = 0
  return placed.keptAs!
}

describe('conflicts', () => {
  test('are listed with both sides: all, those of a folder, and that of a path or of a copy', () => {
    expect(conflicts.list('')).toEqual({ count: 0, first: [] })
    const copy = conflictAt('f/a.txt')
    conflictAt('b')
    const sides = {
      path: 'f/a.txt',
      this: { path: 'f/a.txt', kind: 'file', bytes: 6, mtimeMs: START_MS + 3_600_001, author: THEIRS },
      others: { count: 1, first: [{ path: copy, kind: 'file', bytes: 6, mtimeMs: START_MS, author: OURS }] },
    }
    // By path, whatever came first.
    expect(conflicts.list('').first.map(({ path }) => path)).toEqual(['b', 'f/a.txt'])
    for (const path of ['f', 'f/a.txt', copy])
      expect(conflicts.list(path)).toEqual({ count: 1, first: [sides] })
    share.disk.unharmed((it) => it.removeFile('f/a.txt'))
    share.scan()
    expect(conflicts.list('f').first[0]!.this).toBeNull()
  })

  test('this: the copy goes to the trash, and nothing else changes', () => {
    const copy = conflictAt('a.txt')
    const { settled } = conflicts.settle('a.txt', 'this')
    expect(settled).toEqual([{ path: copy, as: `.left/trash/2023-11-14/${copy}` }])
    expect(share.textAt(settled[0]!.as)).toBe('ours 1')
    expect(share.scanned()).toEqual([`tombstone ${copy}`])
    expect(conflicts.list('').count).toBe(0)
  })

  test('other: the copy takes the path, and what stood there is in the trash', () => {
    const copy = conflictAt('a.txt')
    expect(conflicts.settle(copy, 'other')).toEqual({ settled: [{ path: copy, as: 'a.txt' }], refused: [] })
    expect([share.textAt('a.txt'), share.textAt('.left/trash/2023-11-14/a.txt')]).toEqual([
      'ours 1',
      'theirs',
    ])
    expect(share.scanned()).toEqual(['file a.txt', `tombstone ${copy}`])
    // Everybody replaces what stands there by it.
    expect(share.catalogue.get('a.txt')!.version.seen).toContain(THEIRS)
  })

  test('other, where the file was deleted meanwhile, makes it anew', () => {
    const copy = conflictAt('a.txt')
    share.disk.unharmed((it) => it.removeFile('a.txt'))
    share.scan()
    expect(conflicts.settle('a.txt', 'other').settled).toEqual([{ path: copy, as: 'a.txt' }])
    expect(share.scanned()).toEqual(['file a.txt', `tombstone ${copy}`])
  })

  test('both: the copy becomes a file of its own', () => {
    const copy = conflictAt('a.txt')
    const as = copy.replace('conflict', 'kept')
    expect(conflicts.settle('a.txt', 'both')).toEqual({ settled: [{ path: copy, as }], refused: [] })
    expect([share.textAt('a.txt'), share.textAt(as)]).toEqual(['theirs', 'ours 1'])
    expect(share.scanned()).toEqual([`file ${as}`, `tombstone ${copy}`])
    expect(conflicts.list('').count).toBe(0)
  })

  test('with several copies: this and both take all of them, other asks which', () => {
    const [one, two] = [conflictAt('a.txt', 1), conflictAt('a.txt', 2)]
    expect(conflicts.settle('a.txt', 'other').refused).toEqual([
      { path: 'a.txt', reason: 'there are 2 copies of it: name the one to keep' },
    ])
    expect(conflicts.settle(two, 'other').settled).toEqual([{ path: two, as: 'a.txt' }])
    share.scan()
    expect(conflicts.list('a.txt').first[0]!.others).toMatchObject({ count: 1, first: [{ path: one }] })
    conflictAt('a.txt', 3)
    expect(conflicts.settle('a.txt', 'this').settled).toHaveLength(2)
  })

  test('what has changed since, is no conflict, or has a folder in its place is refused and stays', () => {
    const copy = conflictAt('a.txt')
    expect(conflicts.settle('b', 'this').refused).toHaveLength(1)
    expect(conflicts.settle(copy.replace('a.', 'b.'), 'this').refused).toHaveLength(1)
    share.nowMs += 5
    share.disk.putFile(copy, utf8('written into'))
    for (const choice of ['this', 'other', 'both'] as const)
      expect(conflicts.settle(copy, choice)).toMatchObject({ settled: [], refused: [{ path: copy }] })
    expect(share.textAt(copy)).toBe('written into')
    share.scan()
    share.nowMs += 5
    share.disk.putFile('a.txt', utf8('written into as well'))
    expect(conflicts.settle(copy, 'other').refused[0]!.reason).toContain('look at it again')
    expect(share.textAt('a.txt')).toBe('written into as well')
    share.disk.unharmed((it) => it.removeFile('a.txt'))
    share.scan()
    share.disk.unharmed((it) => it.makeFolder('a.txt'))
    share.scan()
    expect(conflicts.settle(copy, 'other').refused[0]!.reason).toContain('is a folder')
    share.disk.putFile(copy.replace('conflict', 'kept'), utf8('taken'))
    expect(conflicts.settle(copy, 'both').refused).toHaveLength(1)
    expect(share.textAt(copy)).toBe('written into')
  })
})
