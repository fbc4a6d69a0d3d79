// A file of the share that takes another path because a deletion says so, and what is left where the process dies on the way.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { TRASH_FOLDER } from '../../../src/base/own-folder.js'
import type { Placed } from '../../../src/keeper/place/placing.js'
import { removeContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { type DeathMoment, SimulatedDeath } from '../../../src/sim/disk/disk.js'
import { dotted, OURS, ShareOnDisk, START_MS, THEIRS, theirFile } from '../share-on-disk.js'

function shareWith(files: Readonly<Record<string, string>>): ShareOnDisk {
  const share = new ShareOnDisk()
  for (const [path, text] of Object.entries(files)) share.disk.putFile(path, utf8(text))
  share.scan()
  share.catalogue.commit()
  share.disk.settle()
  share.pass(10 * 60_000)
  return share
}

/** The two halves of a move by a peer that had seen what is known here. */
function moveOf(share: ShareOnDisk, from: string, to: string): { deletion: Entry; creation: Entry } {
  const known = share.catalogue.get(from)!
  const replaced = share.catalogue.get(to)
  const before = replaced === undefined ? [] : [`${OURS}:9` as const]
  return {
    deletion: removeContent(known, `${THEIRS}:8`, START_MS, to).entry,
    creation: { ...known, path: to, version: dotted(...before, `${THEIRS}:7`) },
  }
}

function move(share: ShareOnDisk, { deletion, creation }: { deletion: Entry; creation: Entry }): Placed {
  const standing = share.placing.moving.standingFor(creation, deletion)
  if (standing === undefined) return { type: 'unmoved' }
  const placed = share.placing.place(creation, standing)
  if (placed.type === 'placed') share.removing.handleMoved(placed.vacated!, creation.path)
  return placed
}

function inodeAt(share: ShareOnDisk, path: string): number | undefined {
  return share.disk.statLink(path)?.inode
}

describe('a file that a peer moved', () => {
  test('takes the other path as the file that it is, and is no edit of ours', () => {
    const share = shareWith({ 'f/a': 'content', b: 'stays' })
    const inode = inodeAt(share, 'f/a')
    share.disk.unharmed((disk) => disk.makeFolder('g'))
    share.scan()
    const halves = moveOf(share, 'f/a', 'g/a')
    expect(move(share, halves)).toMatchObject({ type: 'placed', vacated: halves.deletion })
    expect(share.paths).toEqual(['b', 'f', 'g', 'g/a'])
    expect(inodeAt(share, 'g/a')).toBe(inode)
    expect(share.catalogue.get('g/a')).toEqual(halves.creation)
    expect(share.catalogue.get('f/a')).toEqual(halves.deletion)
    expect(share.scanned()).toEqual([])
    expect(share.disk.statLink(TRASH_FOLDER)).toBeUndefined()
  })

  test('over another one leaves that in the trash', () => {
    const share = shareWith({ a: 'content', b: 'replaced' })
    const inode = inodeAt(share, 'a')
    expect(move(share, moveOf(share, 'a', 'b'))).toMatchObject({ type: 'placed' })
    expect(share.paths).toEqual(['b'])
    expect(inodeAt(share, 'b')).toBe(inode)
    expect(share.scanned()).toEqual([])
    expect([...share.disk.snapshot()].filter(([path]) => /trash.*\/b$/.test(path))).toHaveLength(1)
  })

  test('and that was edited here since is not moved: the edit stays where it is', () => {
    const share = shareWith({ a: 'content', b: 'stays' })
    const halves = moveOf(share, 'a', 'c')
    share.disk.putFile('a', utf8('edited'))
    expect(move(share, halves)).toEqual({ type: 'unmoved' })
    expect(share.scanned()).toEqual(['file a'])
    expect(move(share, halves)).toEqual({ type: 'unmoved' })
    expect(share.textAt('a')).toBe('edited')
  })

  test.each([
    ['a mode', { access: 'owner' }],
    ['a time', { mtimeMs: START_MS - 86_400_000 }],
    ['a later time of the second', { mtimeMs: START_MS + 176 }],
    ['a content', { digest: '0'.repeat(64) }],
  ] as const)('with %s that it has not here is not moved', (_, other) => {
    const share = shareWith({ a: 'content', b: 'stays' })
    const { deletion, creation } = moveOf(share, 'a', 'c')
    expect(move(share, { deletion, creation: { ...creation, ...other } })).toEqual({ type: 'unmoved' })
    expect(share.paths).toEqual(['a', 'b'])
    expect(share.scanned()).toEqual([])
  })

  test.each([
    ['the time that a peer told', 1_176],
    ['the time that this disk keeps of it', 0],
  ])('with %s is moved on a disk that keeps two seconds', (_, laterMs) => {
    const share = new ShareOnDisk({ timestampStepMs: 2_000 })
    const told = theirFile('a', 'content', { mtimeMs: START_MS + 1_176 })
    share.placing.place(told, share.putTemporary(utf8('content')))
    const halves = moveOf(share, 'a', 'c')
    const creation = { ...halves.creation, mtimeMs: START_MS + laterMs }
    expect(move(share, { ...halves, creation })).toMatchObject({ type: 'placed' })
    expect(share.disk.statLink('c')?.mtimeMs).toBe(START_MS)
    expect(share.scanned()).toEqual([])
  })

  test('to where somebody has just made something is not moved over that', () => {
    const share = shareWith({ a: 'content', b: 'stays' })
    const halves = moveOf(share, 'a', 'c')
    share.disk.putFile('c', utf8('ours'))
    expect(move(share, halves)).toEqual({ type: 'unsettled' })
    expect([share.textAt('a'), share.textAt('c')]).toEqual(['content', 'ours'])
    expect(share.journal.placing).toEqual([])
  })

  test('from behind a link, or the link itself, is not moved', () => {
    const share = shareWith({ 'real/a': 'content', b: 'stays' })
    share.disk.unharmed((disk) => {
      disk.makeLink('l', 'real')
      disk.makeLink('m', 'real/a')
    })
    share.scan()
    for (const path of ['l/a', 'm'])
      expect(move(share, moveOf(share, path, `moved-${path.at(-1)}`)).type).not.toBe('placed')
    expect(share.paths).toEqual(['b', 'l', 'm', 'real', 'real/a'])
  })

  test('that is about to be replaced gets its second name, and its path is never empty', () => {
    const share = shareWith({ log: 'first', b: 'stays' })
    const inode = inodeAt(share, 'log')
    const { creation } = moveOf(share, 'log', 'log.1')
    const link = share.placing.moving.linkFor(creation, 'log', '.left/tmp/small-9')!
    expect(share.placing.place(creation, link)).toMatchObject({ type: 'placed', vacated: undefined })
    expect([inodeAt(share, 'log'), inodeAt(share, 'log.1')]).toEqual([inode, inode])
    expect(share.scanned()).toEqual([])
    expect(share.disk.list('.left/tmp').names).toEqual([])
  })
})

describe.each<[string, string | undefined]>([
  ['to a free path', undefined],
  ['over another file', 'replaced'],
])('a process that dies while it moves a file %s', (_, replaced) => {
  test.each<[string, DeathMoment, boolean, number]>([
    ['before a change of the disk', 'before', false, 1],
    ['after a change of the disk', 'after', false, 1],
    ['with the machine', 'after', true, 20],
  ])('%s: it is at one of the two paths, whole, and no edit of ours', (__, moment, power, seeds) => {
    for (let seed = 1; seed <= seeds; seed++) {
      let steps = 0
      for (let isDead = true; isDead; steps++) isDead = dies(replaced, steps + 1, moment, power, seed)
      expect(steps).toBeGreaterThan(2)
    }
  })
})

test('what was to be moved and was removed by somebody meanwhile is no deletion of its new path', () => {
  const share = shareWith({ old: 'content', stays: '1' })
  const { deletion, creation } = moveOf(share, 'old', 'new')
  share.journal.append([
    { kind: 'placing', entry: creation, replaces: '', temporary: 'old' },
    { kind: 'placing', entry: deletion, replaces: creation.digest },
  ])
  share.disk.unharmed((disk) => disk.removeFile('old'))
  share.restart()
  expect(share.scanned()).toEqual([])
  expect(share.catalogue.get('new')).toBeUndefined()
  expect(share.catalogue.get('old')).toEqual(deletion)
})

/** Moves `old` to `new` and dies at one of the changes of the disk. Answers whether it did. */
function dies(
  replaced: string | undefined,
  count: number,
  moment: DeathMoment,
  power: boolean,
  seed: number,
): boolean {
  const share = shareWith({
    'f/old': 'content',
    stays: '1',
    'g/stays': '2',
    ...(replaced === undefined ? {} : { 'g/new': replaced }),
  })
  const halves = moveOf(share, 'f/old', 'g/new')
  share.disk.dieAfterOperations(count, moment)
  let isDead = false
  try {
    expect(move(share, halves).type).toBe('placed')
    share.removing.syncFolders()
    share.journal.sync()
    share.catalogue.commit()
    share.journal.append({ kind: 'placed', paths: ['g/new', 'f/old'] })
  } catch (error) {
    if (!(error instanceof SimulatedDeath)) throw error
    isDead = true
  }
  const told = `count ${count} ${moment}${power ? `, power, seed ${seed}` : ''}`
  share.restart({ power, seed })
  expect(share.scanned(), told).toEqual([])
  const texts = [share.textAt('f/old'), share.textAt('g/new')]
  const isMoved = texts[0] === undefined
  expect(texts, told).toEqual(isMoved ? [undefined, 'content'] : ['content', replaced])
  expect(share.catalogue.get('f/old')?.kind, told).toBe(isMoved ? 'tombstone' : 'file')
  expect(share.catalogue.get('g/new'), told).toEqual(isMoved ? halves.creation : share.catalogue.get('g/new'))
  if (!isMoved) expect(move(share, halves), told).toMatchObject({ type: 'placed' })
  expect(share.textAt('g/new'), told).toBe('content')
  expect(share.journal.placing.length, told).toBe(isMoved ? 0 : 2)
  return isDead
}
