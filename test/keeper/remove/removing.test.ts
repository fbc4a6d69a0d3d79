import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { TRASH_FOLDER } from '../../../src/base/own-folder.js'
import { removeContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { type DeathMoment, SimulatedDeath } from '../../../src/sim/disk/disk.js'
import { ShareOnDisk, type ShareOptions, START_MS, THEIRS, theirFile } from '../share-on-disk.js'

const DAY = '2023-11-14'

function shareWith(files: Readonly<Record<string, string>>, options: ShareOptions = {}): ShareOnDisk {
  const share = new ShareOnDisk(options)
  for (const [path, text] of Object.entries(files)) share.disk.putFile(path, utf8(text))
  share.scan()
  share.catalogue.commit()
  return share
}

/** A deletion by a peer that had seen what is known here. */
function deletionOf(share: ShareOnDisk, path: string, count = 9): Entry {
  return removeContent(share.catalogue.get(path)!, `${THEIRS}:${count}`, START_MS).entry
}

function remove(share: ShareOnDisk, path: string, count?: number) {
  return share.removing.remove(deletionOf(share, path, count))
}

/** Paths of what is in the trash, links and empty folders too. */
function trashOf(share: ShareOnDisk): string[] {
  const prefix = `${TRASH_FOLDER}/`
  return [...share.disk.snapshot()]
    .filter(([path]) => path.startsWith(prefix))
    .map(([path]) => path.slice(prefix.length))
    .filter((path, _, all) => !all.some((other) => other.startsWith(`${path}/`)))
    .sort()
}

describe('a deletion of a peer', () => {
  test('takes a file into the trash, under its path and as it was, and is no edit of ours', () => {
    const share = shareWith({ 'f/a': 'content', b: 'stays' })
    const before = share.disk.stat('f/a')!
    expect(remove(share, 'f/a')).toMatchObject({ type: 'removed', local: { kind: 'file' } })
    expect(share.paths).toEqual(['b', 'f'])
    expect(share.textAt(`${TRASH_FOLDER}/${DAY}/f/a`)).toBe('content')
    expect(share.disk.stat(`${TRASH_FOLDER}/${DAY}/f/a`)).toMatchObject({
      mtimeMs: before.mtimeMs,
      inode: before.inode,
    })
    expect(share.catalogue.get('f/a')).toMatchObject({
      kind: 'tombstone',
      version: { content: `${THEIRS}:9` },
    })
    expect(share.scanned()).toEqual([])
  })

  test('takes a link and never what it points at', () => {
    const share = shareWith({ b: 'stays' }, { links: 'keep' })
    share.disk.unharmed((disk) => disk.makeLink('l', '../outside'))
    share.disk.putOutside('outside', utf8('untouched'))
    share.scan()
    expect(remove(share, 'l')).toMatchObject({ type: 'removed', local: { kind: 'link' } })
    expect(share.paths).toEqual(['b'])
    expect(share.disk.readLink(`${TRASH_FOLDER}/${DAY}/l`)).toBe('../outside')
    expect(share.disk.snapshot('world').get('outside')!.bytes).toEqual(utf8('untouched'))
  })

  test('takes the place of a followed link to a folder, and nothing in it', () => {
    const share = shareWith({ b: 'stays' })
    share.disk.unharmed((disk) => {
      disk.makeFolder('real')
      disk.makeLink('l', 'real')
    })
    share.scan()
    expect(share.catalogue.live('l')).toMatchObject({ kind: 'folder' })
    expect(remove(share, 'l')).toMatchObject({ type: 'removed' })
    expect(share.paths).toEqual(['b', 'real'])
  })

  test('removes nothing behind a link, and not the link that leads there', () => {
    const share = shareWith({ 'real/a': 'stays' })
    share.disk.unharmed((disk) => disk.makeLink('l', 'real'))
    share.scan()
    expect(remove(share, 'l/a')).toMatchObject({
      type: 'failed',
      reason: expect.stringContaining('behind a link'),
    })
    expect(remove(share, 'l')).toMatchObject({
      type: 'failed',
      reason: expect.stringContaining('behind a link'),
    })
    expect(share.paths).toEqual(['l', 'real', 'real/a'])
  })

  test('takes an empty folder, and leaves its name in the trash', () => {
    const share = shareWith({ b: 'stays' })
    share.disk.unharmed((disk) => disk.makeFolder('empty'))
    share.scan()
    expect(remove(share, 'empty')).toMatchObject({ type: 'removed' })
    expect(share.paths).toEqual(['b'])
    expect(trashOf(share)).toEqual([`${DAY}/empty`])
    expect(share.watched.has('empty')).toBe(false)
  })

  test.each([
    ['was written since', (share: ShareOnDisk) => share.disk.putFile('a', utf8('edited!')), 'edited!'],
    [
      'is a folder by now',
      (share: ShareOnDisk) => {
        share.disk.unharmed((disk) => disk.removeFile('a'))
        share.disk.putFile('a/inside', utf8('new'))
      },
      undefined,
    ],
  ])('leaves what %s, to be looked at first', (_, change, text) => {
    const share = shareWith({ a: 'content', b: 'stays' })
    share.pass(5_000)
    change(share)
    expect(remove(share, 'a')).toEqual({ type: 'unsettled' })
    expect(share.textAt('a')).toBe(text)
    expect(trashOf(share)).toEqual([])
    const deletion = deletionOf(share, 'a')
    share.scan()
    expect(share.removing.remove(deletion)).toEqual({ type: 'beaten' })
  })

  test('leaves what was written to in the moment before it is renamed', () => {
    const share = shareWith({ a: 'content', b: 'stays' })
    share.pass(5_000)
    const { rename } = share.disk
    share.disk.rename = (from, to) => {
      share.disk.putFile('a', utf8('edited!'))
      rename.call(share.disk, from, to)
      share.disk.rename = rename
    }
    expect(remove(share, 'a')).toEqual({ type: 'unsettled' })
    expect(share.textAt('a')).toBe('edited!')
    expect(share.journal.placing).toEqual([])
  })

  test('of what is known and not held, or cannot be shared now, is recorded and touches nothing', () => {
    const share = shareWith({ b: 'stays' })
    share.catalogue.recordNotHeld(theirFile('a', 'theirs'))
    expect(remove(share, 'a')).toEqual({ type: 'needless' })
    expect(share.catalogue.get('a')).toMatchObject({ kind: 'tombstone' })
    share.disk.putFile('c', utf8('1'))
    share.scan()
    share.disk.unharmed((disk) => {
      disk.removeFile('c')
      disk.makeLink('c', 'nowhere')
    })
    expect(remove(share, 'c')).toEqual({ type: 'needless' })
    expect(share.paths).toEqual(['b', 'c'])
    expect(share.scanned()).toEqual([])
  })

  test('is carried out however often it comes within the hour, and each time the trash keeps it', () => {
    const share = shareWith({ b: 'stays' })
    for (let round = 0; round < 30; round++) {
      share.disk.putFile('a', utf8(`round ${round}`))
      share.scan()
      expect(remove(share, 'a', 10 + round).type).toBe('removed')
    }
    expect(new Set(trashOf(share)).size).toBe(30)
    expect(share.textAt('a')).toBeUndefined()
  })

  test('is carried out where a file that stood in the place of its folder was taken again and again', () => {
    const share = shareWith({ b: 'stays' })
    for (let round = 0; round < 10; round++) {
      share.disk.putFile('f', utf8(`round ${round}`))
      share.scan()
      expect(remove(share, 'f', 10 + round).type).toBe('removed')
    }
    share.disk.putFile('f/g/a', utf8('below'))
    share.scan()
    for (const path of ['f/g/a', 'f/g', 'f']) expect(remove(share, path, 30).type).toBe('removed')
    expect(share.paths).toEqual(['b'])
  })

  test('keeps nothing where the person wants no trash', () => {
    const share = shareWith({ a: 'content', b: 'stays' })
    share.trash = { days: 0, percent: 0 }
    share.open()
    share.scan()
    expect(remove(share, 'a').type).toBe('removed')
    expect(
      [...share.disk.snapshot()].filter(([, { kind }]) => kind === 'file').map(([path]) => path),
    ).not.toContain('a')
    expect(share.disk.statLink(TRASH_FOLDER)).toBeUndefined()
  })
})

describe('a deletion of a folder that holds what it had not seen', () => {
  function remaining(): ShareOnDisk {
    const share = shareWith({ 'f/a': 'known', 'f/g/b': 'known', stays: '1' })
    share.disk.putFile('f/g/new', utf8('unseen'))
    for (const path of ['f/a', 'f/g/b']) expect(remove(share, path).type).toBe('removed')
    expect(remove(share, 'f/g')).toEqual({ type: 'remains', names: ['new'] })
    expect(remove(share, 'f')).toEqual({ type: 'remains', names: ['g'] })
    return share
  }

  test('stands, and the folders stay as something local', () => {
    const share = remaining()
    expect(share.scanned()).toEqual(['file f/g/new'])
    expect(share.paths).toEqual(['f', 'f/g', 'f/g/new', 'stays'])
    for (const path of ['f', 'f/g']) expect(share.catalogue.get(path)).toMatchObject({ kind: 'tombstone' })
  })

  test('is remembered over a kill', () => {
    const share = remaining()
    share.scan()
    share.catalogue.commit()
    share.restart()
    expect(share.scanned()).toEqual([])
    expect([share.catalogue.isRemaining('f'), share.catalogue.isRemaining('f/g')]).toEqual([true, true])
  })

  test('is carried out when nothing is left in them', () => {
    const share = remaining()
    share.scan()
    expect(remove(share, 'f/g/new').type).toBe('removed')
    expect(share.paths).toEqual(['stays'])
    expect(share.catalogue.isRemaining('f')).toBe(false)
  })

  test('lets a person remove the rest: what is gone with it is an edit', () => {
    const share = remaining()
    share.scan()
    share.disk.unharmed((disk) => {
      disk.removeFile('f/g/new')
      disk.removeFolder('f/g')
      disk.removeFolder('f')
    })
    expect(share.scanned()).toEqual(['tombstone f/g/new'])
    expect(share.catalogue.isRemaining('f')).toBe(false)
    share.disk.unharmed((disk) => disk.makeFolder('f'))
    expect(share.scanned()).toEqual(['folder f'])
  })
})

describe.each(['before', 'during', 'after'] as const)(
  'a process that dies %s any change of a removal',
  (moment: DeathMoment) => {
    test.each([
      ['the process', false, 1],
      ['the machine', true, 8],
    ])('%s: takes the path or leaves it, makes no edit of either, and ends removed', (_, power, seeds) => {
      for (let seed = 1; seed <= seeds; seed++) {
        let steps = 0
        for (let isDead = true; isDead; steps++) isDead = dies(steps + 1, moment, power, seed)
        expect(steps).toBeGreaterThan(8)
      }
    })
  },
)

/** Removes a folder with a file and a link in it, and dies at one of the changes of the disk. Answers whether it did. */
function dies(count: number, moment: DeathMoment, power: boolean, seed: number): boolean {
  const share = shareWith({ 'f/a': 'content', 'f/g/b': 'more', stays: '1' }, { links: 'keep' })
  share.disk.unharmed((disk) => disk.makeLink('f/l', 'target'))
  share.scan()
  share.catalogue.commit()
  share.disk.settle()
  const deletions = ['f/g/b', 'f/l', 'f/a', 'f/g', 'f'].map((path) => deletionOf(share, path))
  share.pass(10 * 60_000)
  share.disk.dieAfterOperations(count, moment)
  let isDead = false
  try {
    for (const deletion of deletions) expect(share.removing.remove(deletion).type).toBe('removed')
    share.removing.syncFolders()
    share.catalogue.commit()
    share.journal.append({ kind: 'placed', paths: deletions.map(({ path }) => path) })
  } catch (error) {
    if (!(error instanceof SimulatedDeath)) throw error
    isDead = true
  }
  const told = `count ${count} ${moment}${power ? `, power, seed ${seed}` : ''}`
  share.restart({ power, seed })
  const ours = share.scanned().filter((change) => !change.startsWith('tombstone'))
  expect(ours, told).toEqual([])
  for (const deletion of deletions) {
    const known = share.catalogue.get(deletion.path)
    if (known === undefined || known.kind !== 'tombstone') share.removing.remove(deletion)
    expect(share.catalogue.get(deletion.path), `${told}: ${deletion.path}`).toMatchObject({
      kind: 'tombstone',
    })
  }
  expect(share.paths, told).toEqual(['stays'])
  expect(
    share.journal.placing.map(({ entry }) => entry.path),
    told,
  ).toEqual(power || isDead ? expect.anything() : [])
  const kept = [...share.disk.snapshot()].filter(
    ([path, { kind }]) => path.startsWith(TRASH_FOLDER) && kind === 'file',
  )
  expect(new Set(kept.map(([, { bytes }]) => new TextDecoder().decode(bytes))), told).toEqual(
    new Set(['content', 'more']),
  )
  return isDead
}
