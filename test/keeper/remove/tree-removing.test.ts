import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { TRASH_FOLDER } from '../../../src/base/own-folder.js'
import { TreeRemoving } from '../../../src/keeper/remove/tree-removing.js'
import { Trash } from '../../../src/keeper/trash/trash.js'
import { removeContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { type DeathMoment, SimulatedDeath } from '../../../src/sim/disk/disk.js'
import { ShareOnDisk, type ShareOptions, START_MS, THEIRS, theirFile } from '../share-on-disk.js'

const PLACE = `${TRASH_FOLDER}/2023-11-14/f`

/** A share with a folder `f`, and some more. */
function shareWith(files: Readonly<Record<string, string>> = {}, options: ShareOptions = {}): ShareOnDisk {
  const share = new ShareOnDisk({ links: 'keep', ...options })
  const all = { 'f/a': 'content', 'f/g/b': 'more', stays: '1', ...files }
  for (const [path, text] of Object.entries(all)) share.disk.putFile(path, utf8(text))
  share.disk.unharmed((disk) => {
    disk.makeLink('f/l', 'target')
    disk.makeFolder('f/empty')
  })
  share.scan()
  share.catalogue.commit()
  share.disk.settle()
  return share
}

const ALL = ['f', 'f/a', 'f/empty', 'f/g', 'f/g/b', 'f/l']

function deletionsOf(share: ShareOnDisk, paths: readonly string[] = ALL): Map<string, Entry> {
  const deletionOf = (path: string, index: number) =>
    removeContent(share.catalogue.get(path)!, `${THEIRS}:${9 + index}`, START_MS).entry
  return new Map(paths.map((path, index) => [path, deletionOf(path, index)]))
}

function treeRemoving(share: ShareOnDisk): TreeRemoving {
  const { disk, catalogue, journal, scanner } = share
  const trash = new Trash({ disk, wallMs: () => share.nowMs, policy: share.trash })
  return new TreeRemoving({ disk, catalogue, journal, scanner, trash })
}

function plan(share: ShareOnDisk, deletions = deletionsOf(share), folder = 'f') {
  return treeRemoving(share).plan(folder, (path) => deletions.get(path))
}

function carryOut(share: ShareOnDisk, deletions = deletionsOf(share)): boolean {
  const removing = treeRemoving(share)
  const planned = removing.plan('f', (path) => deletions.get(path))
  if (planned.type !== 'whole') throw new Error(`${planned.path} does not go`)
  return removing.carryOut(planned.parts)
}

describe('a folder that a peer deleted with all that is in it', () => {
  test('goes into the trash by one rename, and is no edit of ours', () => {
    const share = shareWith()
    const inode = share.disk.stat('f/g/b')!.inode
    const renames: string[] = []
    const { rename } = share.disk
    share.disk.rename = (from, to) => {
      renames.push(`${from} to ${to}`)
      rename.call(share.disk, from, to)
    }
    expect(carryOut(share)).toBe(true)
    expect(renames).toEqual([`f to ${PLACE}`])
    expect(share.paths).toEqual(['stays'])
    expect([share.textAt(`${PLACE}/a`), share.textAt(`${PLACE}/g/b`)]).toEqual(['content', 'more'])
    expect(share.disk.stat(`${PLACE}/g/b`)!.inode).toBe(inode)
    expect(share.disk.readLink(`${PLACE}/l`)).toBe('target')
    for (const path of ALL) expect(share.catalogue.get(path)).toMatchObject({ kind: 'tombstone' })
    expect([...share.watched].filter((path) => path.startsWith('f'))).toEqual([])
    expect(share.scanned()).toEqual([])
  })

  test('is planned with folders before what is in them', () => {
    const planned = plan(shareWith())
    expect(planned.type).toBe('whole')
    const paths = planned.type === 'whole' ? planned.parts.map(({ deletion }) => deletion.path) : []
    expect([...paths].sort()).toEqual(ALL)
    for (const path of ['f/g', 'f']) expect(paths.indexOf(path)).toBeLessThan(paths.indexOf('f/g/b'))
  })

  test('goes to another place where the trash has a folder of that name', () => {
    const share = shareWith({ [`${PLACE}/old`]: 'before' })
    expect(carryOut(share)).toBe(true)
    expect(share.textAt(`${PLACE}/old`)).toBe('before')
    expect(share.paths).toEqual(['stays'])
  })
})

describe('a folder does not go as a whole', () => {
  test('where it is not deleted, or something in it is not', () => {
    const share = shareWith()
    for (const path of ALL) {
      const deletions = deletionsOf(share)
      deletions.delete(path)
      expect(plan(share, deletions)).toEqual({ type: 'partial', path })
    }
  })

  test.each<[string, (share: ShareOnDisk) => void, string]>([
    ['was edited', (share) => share.disk.putFile('f/a', utf8('edited!')), 'f/a'],
    ['is new and was not seen', (share) => share.disk.putFile('f/g/new', utf8('new')), 'f/g/new'],
    ['is gone', (share) => share.disk.unharmed((disk) => disk.removeFile('f/g/b')), 'f/g/b'],
    [
      'is another link',
      (share) =>
        share.disk.unharmed((disk) => {
          disk.removeFile('f/l')
          disk.makeLink('f/l', 'elsewhere')
        }),
      'f/l',
    ],
    ['cannot be seen', (share) => void share.catalogue.setHidden('f/a', true), 'f/a'],
    ['is own to another share', (share) => share.disk.putFile('f/.left/format', utf8('2')), 'f/.left'],
  ])('where something in it %s', (_, change, path) => {
    const share = shareWith()
    share.pass(5_000)
    change(share)
    const before = share.paths
    expect(plan(share)).toEqual({ type: 'partial', path })
    expect(share.paths).toEqual(before)
    expect(share.journal.placing).toEqual([])
  })

  test('where rules leave something in it out', () => {
    const share = shareWith({ 'f/.leftignore': 'x\n', 'f/x': 'left out' })
    const deletions = deletionsOf(share, [...ALL, 'f/.leftignore'])
    expect(plan(share, deletions)).toEqual({ type: 'partial', path: 'f/x' })
  })

  test('where an entry in it is known and not held, so that its deletion is only recorded', () => {
    const share = shareWith()
    share.catalogue.recordNotHeld(theirFile('f/z', 'theirs'))
    expect(plan(share, deletionsOf(share, [...ALL, 'f/z']))).toEqual({ type: 'partial', path: 'f/z' })
  })

  test('where it is seen through a link, or is one, or one is in it', () => {
    const share = new ShareOnDisk({ links: 'follow' })
    share.disk.putFile('real/f/a', utf8('stays'))
    share.disk.unharmed((disk) => {
      disk.makeLink('l', 'real')
      disk.makeFolder('top')
      disk.makeLink('top/l', '../real/f')
    })
    share.scan()
    const deletions = deletionsOf(share, ['l', 'l/f', 'l/f/a', 'top', 'top/l', 'top/l/a'])
    expect(plan(share, deletions, 'l/f')).toEqual({ type: 'partial', path: 'l/f' })
    expect(plan(share, deletions, 'l')).toEqual({ type: 'partial', path: 'l' })
    expect(plan(share, deletions, 'top')).toEqual({ type: 'partial', path: 'top/l' })
  })

  test('where the person wants no trash', () => {
    const share = shareWith()
    share.trash = { days: 0, percent: 0 }
    expect(plan(share)).toEqual({ type: 'partial', path: 'f' })
  })
})

describe('in the moment before a folder is renamed into the trash', () => {
  test.each<[string, (share: ShareOnDisk) => void, string]>([
    ['a file is written to', (share) => share.disk.putFile('f/g/b', utf8('edited!')), 'f/g/b'],
    ['a file comes', (share) => share.disk.putFile('f/g/new', utf8('edited!')), 'f/g/new'],
  ])('%s: all of it comes back', (_, change, path) => {
    const share = shareWith()
    share.pass(5_000)
    const deletions = deletionsOf(share)
    const { rename } = share.disk
    share.disk.rename = (from, to) => {
      share.disk.rename = rename
      change(share)
      rename.call(share.disk, from, to)
    }
    expect(carryOut(share, deletions)).toBe(false)
    expect(share.textAt(path)).toBe('edited!')
    expect(share.paths).toEqual([...new Set([...ALL, path, 'stays'])].sort())
    expect(share.journal.placing).toEqual([])
    expect(share.catalogue.live('f/a')).toBeDefined()
    expect(share.scanned()).toEqual([`file ${path}`])
  })

  test('something new takes its place meanwhile: what was changed stays in the trash', () => {
    const share = shareWith()
    share.pass(5_000)
    const { rename } = share.disk
    share.disk.rename = (from, to) => {
      share.disk.rename = rename
      share.disk.putFile('f/a', utf8('edited!'))
      rename.call(share.disk, from, to)
      share.disk.putFile('f/other', utf8('other'))
    }
    expect(carryOut(share)).toBe(false)
    expect(share.paths).toEqual(['f', 'f/other', 'stays'])
    expect(share.textAt(`${PLACE}/a`)).toBe('edited!')
  })

  test('the disk refuses: nothing was removed', () => {
    const share = shareWith()
    share.pass(5_000)
    const { rename } = share.disk
    share.disk.rename = (from, to) => {
      share.disk.rename = rename
      share.disk.unharmed((disk) => disk.rename('f', 'elsewhere'))
      rename.call(share.disk, from, to)
    }
    expect(() => carryOut(share)).toThrow()
    expect(share.journal.placing).toEqual([])
    expect(share.catalogue.live('f/a')).toBeDefined()
  })
})

describe.each(['before', 'during', 'after'] as const)(
  'a process that dies %s any change of the removal of a folder',
  (moment: DeathMoment) => {
    test.each([
      ['the process', false, 1],
      ['the machine', true, 8],
    ])('%s: takes all or leaves all, makes no edit of either, and ends removed', (_, power, seeds) => {
      for (let seed = 1; seed <= seeds; seed++) {
        let steps = 0
        for (let isDead = true; isDead; steps++) isDead = dies(steps + 1, moment, power, seed)
        expect(steps).toBeGreaterThan(5)
      }
    })
  },
)

/** Removes the folder, and dies at one of the changes of the disk. Answers whether it did. */
function dies(count: number, moment: DeathMoment, power: boolean, seed: number): boolean {
  const share = shareWith()
  const deletions = deletionsOf(share)
  share.pass(10 * 60_000)
  share.disk.dieAfterOperations(count, moment)
  let isDead = false
  try {
    expect(carryOut(share, deletions)).toBe(true)
    share.removing.handleTreeRemoved('f')
    share.removing.syncFolders()
    share.catalogue.commit()
    share.journal.append({ kind: 'placed', paths: [...deletions.keys()] })
  } catch (error) {
    if (!(error instanceof SimulatedDeath)) throw error
    isDead = true
  }
  const told = `count ${count} ${moment}${power ? `, power, seed ${seed}` : ''}`
  share.restart({ power, seed })
  expect(
    share.scanned().filter((change) => !change.startsWith('tombstone')),
    told,
  ).toEqual([])
  for (const path of ['f/g/b', 'f/l', 'f/empty', 'f/a', 'f/g', 'f']) {
    if (share.catalogue.get(path)?.kind !== 'tombstone') share.removing.remove(deletions.get(path)!)
    expect(share.catalogue.get(path), `${told}: ${path}`).toMatchObject({ kind: 'tombstone' })
  }
  expect(share.paths, told).toEqual(['stays'])
  const kept = [...share.disk.snapshot()].filter(
    ([path, { kind }]) => path.startsWith(TRASH_FOLDER) && kind === 'file',
  )
  expect(new Set(kept.map(([, { bytes }]) => new TextDecoder().decode(bytes))), told).toEqual(
    new Set(['content', 'more']),
  )
  return isDead
}
