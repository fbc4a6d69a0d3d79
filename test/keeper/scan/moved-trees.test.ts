// A folder that a person renames, and that is found to be moved with all that is in it.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { SETTLE_MS } from '../../../src/keeper/limits.js'
import { ShareOnDisk } from '../share-on-disk.js'

const STAYS = 'stays'

function shareWith(files: Readonly<Record<string, string>>): ShareOnDisk {
  const share = new ShareOnDisk()
  for (const [path, text] of Object.entries({ ...files, [STAYS]: STAYS, 'stays too': STAYS }))
    share.disk.putFile(path, utf8(text))
  share.scan()
  share.changes.length = 0
  return share
}

function rename(share: ShareOnDisk, from: string, to: string): void {
  share.disk.unharmed((disk) => disk.rename(from, to))
}

function hint(share: ShareOnDisk, paths: readonly string[]): void {
  for (const path of paths) share.scanner.hint(path)
}

function movesOf({ moves }: ShareOnDisk): string[] {
  return moves.map(({ from, to, things }) => `${from} > ${to}: ${things}`)
}

function live(share: ShareOnDisk): string[] {
  return [...share.catalogue.manifest.entries()]
    .filter(({ kind }) => kind !== 'tombstone')
    .map(({ path }) => path)
    .sort()
}

const TREE = { 'old/a': 'first', 'old/g/b': 'second', 'old/g/c': '' }

describe('a folder that is renamed', () => {
  test.each([
    ['with hints', (share: ShareOnDisk) => hint(share, ['old', 'new'])],
    ['with hints in the other order', (share: ShareOnDisk) => hint(share, ['new', 'old'])],
    ['with a scan', (share: ShareOnDisk) => share.scanner.scanAll()],
  ])('is one move, %s', (_, tell) => {
    const share = shareWith(TREE)
    share.nowMs += 5_000
    rename(share, 'old', 'new')
    tell(share)
    share.pass(3 * SETTLE_MS)
    expect(movesOf(share)).toEqual(['old > new: 5'])
    expect(live(share)).toEqual(['new', 'new/a', 'new/g', 'new/g/b', 'new/g/c', STAYS, 'stays too'].sort())
    expect(share.scanned()).toEqual([])
    expect(share.scanner.isMoving(share.nowMs)).toBe(false)
  })

  test('is told at once, also where hints named what is in it', () => {
    const share = shareWith(TREE)
    rename(share, 'old', 'new')
    for (const path of ['old/g', 'old/g/b', 'new/g', 'old', 'new', 'new/a']) share.scanner.hint(path)
    share.pass(3 * SETTLE_MS)
    expect(movesOf(share)).toEqual(['old > new: 5'])
    expect(share.scanner.isMoving(share.nowMs)).toBe(false)
    expect(share.scanner.unsettled.count).toBe(0)
  })

  test('is watched at its new path, and not at its old one', () => {
    const share = shareWith(TREE)
    rename(share, 'old', 'new')
    for (const path of ['old', 'new']) share.scanner.hint(path)
    share.pass(3 * SETTLE_MS)
    expect([...share.watched].filter((path) => path !== '').sort()).toEqual(['new', 'new/g'])
  })

  test('and renamed back before that has rested is no move at all', () => {
    const share = shareWith(TREE)
    rename(share, 'old', 'new')
    for (const path of ['old', 'new']) share.scanner.hint(path)
    share.pass(SETTLE_MS / 2)
    rename(share, 'new', 'old')
    for (const path of ['new', 'old']) share.scanner.hint(path)
    share.pass(1_000)
    expect(share.moves).toEqual([])
    expect(share.changes).toEqual([])
    expect(live(share)).toContain('old/g/b')
  })

  test('and back later finds the deletions that it left there', () => {
    const share = shareWith(TREE)
    for (const [from, to] of [
      ['old', 'new'],
      ['new', 'old'],
      ['old', 'new'],
    ] as const) {
      share.nowMs += 5_000
      rename(share, from, to)
      for (const path of [from, to]) share.scanner.hint(path)
      share.pass(3 * SETTLE_MS)
    }
    expect(movesOf(share)).toEqual(['old > new: 5', 'new > old: 5', 'old > new: 5'])
  })

  test.each([
    ['a file was written', (share: ShareOnDisk) => share.disk.putFile('new/a', utf8('other'))],
    ['a file came', (share: ShareOnDisk) => share.disk.putFile('new/g/more', utf8('more'))],
    ['a file went', (share: ShareOnDisk) => share.disk.unharmed((disk) => disk.removeFile('new/g/c'))],
    ['rules came', (share: ShareOnDisk) => share.disk.putFile('new/.leftignore', utf8('x'))],
  ])('in which %s meanwhile is looked at path by path', (_, change) => {
    const share = shareWith(TREE)
    rename(share, 'old', 'new')
    for (const path of ['old', 'new']) share.scanner.hint(path)
    share.pass(SETTLE_MS / 2)
    change(share)
    share.pass(2_000)
    expect(share.moves).toEqual([])
    expect(live(share)).toContain('new/g/b')
    expect(live(share).filter((path) => path.startsWith('old'))).toEqual([])
    expect(share.scanned()).toEqual([])
  })

  test('into a folder that is left out is a deletion', () => {
    const share = shareWith({ ...TREE, '.leftignore': 'out/\n' })
    rename(share, 'old', 'out')
    for (const path of ['old', 'out']) share.scanner.hint(path)
    share.pass(2_000)
    expect(share.moves).toEqual([])
    expect(live(share).filter((path) => path.startsWith('o'))).toEqual([])
  })

  test('takes counts that no other edit has', () => {
    const share = shareWith(TREE)
    rename(share, 'old', 'new')
    share.scanner.scanAll()
    share.pass(1_000)
    share.disk.putFile('later', utf8('later'))
    share.scanner.hint('later')
    share.pass(1_000)
    const dots = share.changes.map(({ version }) => version.content)
    expect(dots).toHaveLength(11)
    expect(new Set(dots).size).toBe(dots.length)
  })
})
