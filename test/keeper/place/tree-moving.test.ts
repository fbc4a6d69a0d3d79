// A folder that a peer moved with all that is in it takes its new path by one rename, if nothing else goes with it.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { TreeMoving } from '../../../src/keeper/place/tree-moving.js'
import { removeContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { type DeathMoment, SimulatedDeath } from '../../../src/sim/disk/disk.js'
import { dotted, ShareOnDisk, START_MS, THEIRS } from '../share-on-disk.js'

const PARTS = ['old', 'old/a', 'old/empty', 'old/g', 'old/g/b']

function shareWithTree(): ShareOnDisk {
  const share = new ShareOnDisk()
  share.disk.putFile('old/a', utf8('first'))
  share.disk.putFile('old/g/b', utf8('second'))
  share.disk.putFile('stays', utf8('stays'))
  share.disk.unharmed((disk) => disk.makeFolder('old/empty'))
  share.scan()
  share.catalogue.commit()
  share.disk.settle()
  share.pass(10 * 60_000)
  return share
}

/** What a peer tells that renamed `old` to `new`, by path. */
function told(share: ShareOnDisk): Map<string, Entry> {
  const entries = PARTS.flatMap((from, at) => {
    const known = share.catalogue.get(from)!
    const to = from.replace('old', 'new')
    const creation = { ...known, path: to, version: dotted(`${THEIRS}:${at + 1}`) }
    return [creation, removeContent(known, `${THEIRS}:${at + 11}`, START_MS, to).entry]
  })
  return new Map(entries.map((entry) => [entry.path, entry]))
}

function treeMoving(share: ShareOnDisk): TreeMoving {
  const { disk, catalogue, journal, scanner } = share
  return new TreeMoving({ disk, catalogue, journal, scanner })
}

function move(share: ShareOnDisk, wanted = told(share)): number | undefined {
  const moving = treeMoving(share)
  const parts = moving.plan('old', 'new', (path) => wanted.get(path))
  if (parts === undefined) return undefined
  moving.carryOut(parts)
  share.removing.handleTreeMoved('old', 'new')
  return parts.length
}

const inodesOf = (share: ShareOnDisk, folder: string) =>
  PARTS.map((path) => share.disk.statLink(path.replace('old', folder))?.inode)

describe('a folder that a peer moved', () => {
  test('takes its new path with all that is in it, and that is no edit of ours', () => {
    const share = shareWithTree()
    const wanted = told(share)
    const before = inodesOf(share, 'old')
    expect(move(share, wanted)).toBe(PARTS.length)
    expect(inodesOf(share, 'new')).toEqual(before)
    for (const [path, entry] of wanted) expect(share.catalogue.get(path)).toEqual(entry)
    expect(share.paths).toEqual([...PARTS.map((path) => path.replace('old', 'new')), 'stays'])
    expect(share.scanned()).toEqual([])
    expect(share.problems).toEqual([])
  })

  test.each<[string, (share: ShareOnDisk, wanted: Map<string, Entry>) => void]>([
    ['something is in it that nobody has told of', (share) => share.disk.putFile('old/g/new', utf8('1'))],
    ['something in it was edited', (share) => share.disk.putFile('old/a', utf8('edited'))],
    ['something in it is gone', (share) => share.disk.unharmed((disk) => disk.removeFile('old/a'))],
    ['something in it is not wanted at the new path', (_, wanted) => wanted.delete('new/g/b')],
    ['something in it is not deleted', (_, wanted) => wanted.delete('old/g')],
    [
      'something in it has another content there',
      (_, wanted) => wanted.set('new/a', { ...wanted.get('new/a')!, digest: '0'.repeat(64) }),
    ],
    [
      'something in it has another mode there',
      (_, wanted) => wanted.set('new/g', { ...wanted.get('new/g')!, access: 'owner' }),
    ],
    ['something stands at the new path', (share) => share.disk.unharmed((disk) => disk.makeFolder('new'))],
    [
      'a link stands at the old path',
      (share) => {
        share.disk.unharmed((disk) => {
          disk.rename('old', 'elsewhere')
          disk.makeLink('old', 'elsewhere')
        })
      },
    ],
  ])('stays where it is where %s', (_, change) => {
    const share = shareWithTree()
    const wanted = told(share)
    change(share, wanted)
    const before = share.paths
    expect(move(share, wanted)).toBeUndefined()
    expect(share.paths).toEqual(before)
    expect(share.journal.placing).toEqual([])
  })

  test('leaves nothing listed that was made at its new path and removed, where that is told to nobody', () => {
    const share = shareWithTree()
    for (const path of ['new', 'new/a'])
      share.scanner.locals.set(path, share.catalogue.get('old/a')!, undefined)
    expect(move(share)).toBe(PARTS.length)
    expect([...share.scanner.locals.paths()]).toEqual([])
  })

  test('is not moved into itself', () => {
    const share = shareWithTree()
    expect(treeMoving(share).plan('old', 'old/g/new', () => undefined)).toBeUndefined()
  })

  test.each<[string, DeathMoment, boolean, number]>([
    ['before a change of the disk', 'before', false, 1],
    ['after a change of the disk', 'after', false, 1],
    ['with the machine', 'after', true, 20],
  ])('and a process that dies on the way, %s: it is at one of the two paths', (_, moment, power, seeds) => {
    for (let seed = 1; seed <= seeds; seed++) {
      let steps = 0
      for (let isDead = true; isDead; steps++) isDead = dies(steps + 1, moment, power, seed)
      expect(steps).toBeGreaterThan(2)
    }
  })
})

function dies(count: number, moment: DeathMoment, power: boolean, seed: number): boolean {
  const share = shareWithTree()
  const wanted = told(share)
  share.disk.dieAfterOperations(count, moment)
  let isDead = false
  try {
    expect(move(share, wanted)).toBe(PARTS.length)
    share.removing.syncFolders()
    share.catalogue.commit()
    share.journal.append({ kind: 'placed', paths: [...wanted.keys()] })
  } catch (error) {
    if (!(error instanceof SimulatedDeath)) throw error
    isDead = true
  }
  const because = `count ${count} ${moment}${power ? `, power, seed ${seed}` : ''}`
  share.restart({ power, seed })
  expect(share.scanned(), because).toEqual([])
  const isMoved = share.textAt('old/a') === undefined
  const folder = isMoved ? 'new' : 'old'
  expect(share.paths, because).toEqual([...PARTS.map((path) => path.replace('old', folder)), 'stays'].sort())
  if (!isMoved) expect(move(share, wanted), because).toBe(PARTS.length)
  for (const [path, entry] of wanted) expect(share.catalogue.get(path), because).toEqual(entry)
  return isDead
}
