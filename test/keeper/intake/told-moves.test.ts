// A peer tells in one line that it renamed a folder: it is renamed here too only where nothing else is to become of what is at both
// places. Each reason against it has a test, and the nearest case that is none.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { Breaker, type Origin, OWN, PEERS } from '../../../src/keeper/breaker/breaker.js'
import { ToldMoves } from '../../../src/keeper/intake/told-moves.js'
import { Wants } from '../../../src/keeper/intake/wants.js'
import { TreeMoving } from '../../../src/keeper/place/tree-moving.js'
import { type Direction, type MaxDelete, NO_MAX_DELETE } from '../../../src/pipe/settings.js'
import type { Entry } from '../../../src/share/entry.js'
import { movedTree, stateOfPlaces, type TreeMove } from '../../../src/share/tree-move.js'
import type { SimDisk } from '../../../src/sim/disk/disk.js'
import {
  dotted,
  MOVER,
  OURS,
  ShareOnDisk,
  type ShareOptions,
  START_MS,
  THEIRS,
  theirFile,
  theirFolder,
} from '../share-on-disk.js'

const PARTS = ['old', 'old/a', 'old/empty', 'old/g', 'old/g/b', 'old/link']
const BESIDE = ['in', 'in/stays', 'stays']
const CAREFUL: MaxDelete = { percent: 25, filesMin: 1, isStrict: false }

interface Setting extends ShareOptions {
  readonly rules?: string
  readonly tripped?: readonly Origin[]
}

/** Moves what is at the path out of the way, and makes a link there. */
function swapped(path: string, aside: string, target: string): (disk: SimDisk) => void {
  return (disk) =>
    disk.unharmed(() => {
      disk.rename(path, aside)
      disk.makeLink(path, target)
    })
}

/** A share at rest with the folder `old`, and what carries out moves there. */
class Receiver {
  readonly share: ShareOnDisk
  readonly wants = new Wants()
  /** Whether the disk has room for the index. */
  isRoom = true
  private readonly toldMoves: ToldMoves

  constructor({ rules, tripped = [], ...options }: Setting = {}) {
    const { direction = 'both', maxDelete = CAREFUL, ...others } = options
    const share = new ShareOnDisk({ links: 'keep', ...others })
    share.disk.putFile('old/a', utf8('first'))
    share.disk.putFile('old/g/b', utf8('second'))
    share.disk.putFile('in/stays', utf8('stays'))
    share.disk.putFile('stays', utf8('stays'))
    if (rules !== undefined) share.disk.putFile('.leftignore', utf8(rules))
    share.disk.unharmed((disk) => {
      disk.makeFolder('old/empty')
      disk.makeLink('old/link', 'a')
    })
    share.scan()
    share.catalogue.commit()
    share.pass(10 * 60_000)
    const { disk, catalogue, scanner, journal, index } = share
    const breaker = new Breaker({ index, wallMs: () => share.nowMs, maxDelete, files: () => 100 })
    for (const origin of tripped) breaker.trip(origin)
    this.share = share
    this.toldMoves = new ToldMoves({
      disk,
      catalogue,
      scanner,
      breaker,
      direction,
      wants: this.wants,
      treeMoving: new TreeMoving({ disk, catalogue, journal, scanner }),
      commit: () => this.isRoom,
    })
  }

  /** As a peer tells it that knows the same. */
  move(part: Partial<TreeMove> = {}): TreeMove {
    const { manifest } = this.share.catalogue
    const [from, to] = [part.from ?? 'old', part.to ?? 'new']
    const state = stateOfPlaces(manifest, from, to)
    const things = manifest.liveCountBelow(from) + 1
    return {
      kind: 'tree-move',
      from,
      to,
      author: MOVER,
      first: 1_000,
      timeMs: START_MS,
      state,
      things,
      ...part,
    }
  }

  carryOut(move: TreeMove, refuses: (entry: Entry) => boolean = () => false): boolean {
    return this.toldMoves.carryOut(move, THEIRS, refuses, this.share.nowMs) !== undefined
  }

  inodes(folder: string) {
    return PARTS.map((path) => this.share.disk.statLink(path.replace('old', folder))?.inode)
  }
}

function expectMoved(receiver: Receiver, move = receiver.move()): void {
  const { share } = receiver
  const inodes = receiver.inodes('old')
  const expected = movedTree(share.catalogue.manifest, move)
  expect(receiver.carryOut(move)).toBe(true)
  expect(receiver.inodes(move.to)).toEqual(inodes)
  for (const { creation, deletion } of expected?.parts ?? []) {
    expect(share.catalogue.get(creation.path)).toEqual(creation)
    expect(share.catalogue.get(deletion.path)).toEqual(deletion)
  }
  expect(share.scanned()).toEqual([])
  expect(share.problems).toEqual([])
}

/** Nothing is touched, and the log does not say that anything is under way. */
function expectRefused(receiver: Receiver, move: TreeMove, refuses?: (entry: Entry) => boolean): void {
  const { share } = receiver
  const before = [share.paths, receiver.inodes('old'), share.catalogue.manifest.root()]
  expect(receiver.carryOut(move, refuses)).toBe(false)
  expect([share.paths, receiver.inodes('old'), share.catalogue.manifest.root()]).toEqual(before)
  expect(share.journal.moving).toEqual([])
}

test('a folder that is at rest is renamed with all that is in it', () => {
  const receiver = new Receiver()
  expectMoved(receiver)
  const { share } = receiver
  expect(share.paths).toEqual([...BESIDE, ...PARTS.map((path) => path.replace('old', 'new'))].sort())
})

test('a folder is renamed into another one that is here', () => {
  const receiver = new Receiver()
  expectMoved(receiver, receiver.move({ to: 'in/new' }))
})

test('a folder that is renamed leaves nothing listed that was made at its new path and removed', () => {
  const receiver = new Receiver({ direction: 'receive-only' })
  const { scanner, catalogue } = receiver.share
  for (const path of ['new', 'new/a']) scanner.locals.set(path, catalogue.get('old/a')!, undefined)
  expectMoved(receiver)
  expect([...scanner.locals.paths()]).toEqual([])
})

describe('a machine', () => {
  test.each<[Direction, boolean]>([
    ['send-only', false],
    ['receive-only', true],
    ['both', true],
  ])('that shares %s: its folder is renamed: %s', (direction, isMoved) => {
    const receiver = new Receiver({ direction })
    if (isMoved) expectMoved(receiver)
    else expectRefused(receiver, receiver.move())
  })

  test.each<[string, boolean, Setting]>([
    ['the peer', false, { tripped: [THEIRS] }],
    ['the author', false, { tripped: [MOVER] }],
    ['all peers together', false, { tripped: [PEERS] }],
    ['another peer', true, { tripped: ['eeeeeeeeeeeeeeee'] }],
    ['its own person', true, { tripped: [OWN] }],
    ['the peer, and never asks', true, { tripped: [THEIRS], maxDelete: NO_MAX_DELETE }],
  ])('that holds changes of %s: its folder is renamed: %s', (_, isMoved, setting) => {
    const receiver = new Receiver(setting)
    if (isMoved) expectMoved(receiver)
    else expectRefused(receiver, receiver.move())
  })

  test.each([
    ['old', false],
    ['old/g/b', false],
    ['new', false],
    ['new/more', false],
    ['older', true],
    ['newer/file', true],
    ['in/stays', true],
  ])('that wants something at %s: its folder is renamed: %s', (path, isMoved) => {
    const receiver = new Receiver()
    receiver.wants.add(theirFile(path, 'wanted'), THEIRS)
    if (isMoved) expectMoved(receiver)
    else expectRefused(receiver, receiver.move())
  })

  test('whose disk is too full for its index renames nothing', () => {
    const receiver = new Receiver()
    receiver.isRoom = false
    expectRefused(receiver, receiver.move())
    receiver.isRoom = true
    expectMoved(receiver)
  })

  test.each<[string, (disk: SimDisk) => void]>([
    ['refuses the rename', (disk) => disk.failNext('denied', 'rename')],
    ['lists nothing', (disk) => disk.failNext('io', 'list')],
    ['shows nothing', (disk) => disk.failNext('io', 'statLink')],
    ['shows no text of a link', (disk) => disk.failNext('io', 'readLink')],
    ['may not list a folder', (disk) => disk.deny('old/g')],
  ])('whose disk %s leaves the folder where it is', (_, fail) => {
    const receiver = new Receiver()
    const { share } = receiver
    const move = receiver.move()
    fail(share.disk)
    expect(receiver.carryOut(move)).toBe(false)
    share.disk.deny('old/g', false)
    expect(share.paths).toEqual([...BESIDE, ...PARTS].sort())
    expect(share.journal.moving).toEqual([])
    expectMoved(receiver)
  })
})

describe('a folder stays where it is where the line', () => {
  test.each<[string, Partial<TreeMove>]>([
    ['counts one thing less', { things: PARTS.length - 1 }],
    ['counts one thing more', { things: PARTS.length + 1 }],
    ['names another state', { state: '0'.repeat(64) }],
    ['names a file', { from: 'stays' }],
    ['names what nobody knows', { from: 'nothing' }],
    ['names a place that is taken', { to: 'stays' }],
    ['names a folder that is there already', { to: 'in' }],
    ['names a place in a folder that is not there', { to: 'nowhere/new' }],
    ['names a place in a file', { to: 'stays/new' }],
  ])('%s', (_, part) => {
    const receiver = new Receiver()
    expectRefused(receiver, receiver.move(part))
  })

  test('names a place that is too long for what is in it', () => {
    const receiver = new Receiver()
    const { share } = receiver
    let folder = ''
    for (let depth = 1; depth < 127; depth++) {
      folder += `${depth === 1 ? '' : '/'}d`
      share.disk.unharmed((disk) => disk.makeFolder(folder))
    }
    share.scan()
    expectRefused(receiver, receiver.move({ to: `${folder}/d` }))
    expectMoved(receiver, receiver.move({ to: `${folder.slice(0, -2)}/e` }))
  })

  test('names a place in a folder that nobody has told of yet', () => {
    const receiver = new Receiver()
    const { share } = receiver
    share.disk.unharmed((disk) => disk.makeFolder('made'))
    expectRefused(receiver, receiver.move({ to: 'made/new' }))
    share.scan()
    expectMoved(receiver, receiver.move({ to: 'made/new' }))
  })

  test('names another spelling of the folder, on a disk that takes the two for one', () => {
    const receiver = new Receiver({ foldsNames: true })
    expectRefused(receiver, receiver.move({ to: 'OLD' }))
    expectMoved(receiver, receiver.move({ to: 'older' }))
  })

  test('is of a move that something in the folder has seen', () => {
    const receiver = new Receiver()
    const { catalogue } = receiver.share
    const known = catalogue.get('old/g/b')!
    const move = receiver.move()
    const seen = `${known.version.seen},${MOVER}:${move.first + 2 * move.things}`
    catalogue.record({ ...known, version: { ...known.version, seen } }, catalogue.signature('old/g/b'))
    expectRefused(receiver, receiver.move())
  })
})

describe('a folder stays where it is where what is known here', () => {
  test.each<[string, (share: ShareOnDisk) => void]>([
    [
      'was edited in it',
      ({ catalogue }) => {
        const known = catalogue.get('old/a')!
        const version = dotted(`${OURS}:1`, `${OURS}:999`)
        catalogue.record({ ...known, version }, catalogue.signature('old/a'))
      },
    ],
    [
      'was deleted in it',
      ({ catalogue }) =>
        catalogue.record(
          {
            ...theirFile('old/gone', ''),
            kind: 'tombstone',
            access: 'none',
            sizeBytes: 0,
            digest: '',
            deletedKind: 'file',
          },
          undefined,
        ),
    ],
    [
      'was deleted at its new path',
      ({ catalogue }) =>
        catalogue.record(
          {
            ...theirFile('new/gone', ''),
            kind: 'tombstone',
            access: 'none',
            sizeBytes: 0,
            digest: '',
            deletedKind: 'file',
          },
          undefined,
        ),
    ],
  ])('%s, unlike there', (_, change) => {
    const receiver = new Receiver()
    const move = receiver.move()
    change(receiver.share)
    expectRefused(receiver, move)
    // Who knows of that tells another line.
    expectMoved(receiver)
  })

  test.each<[string, (share: ShareOnDisk) => void]>([
    ['is not held', ({ catalogue }) => void catalogue.recordNotHeld(theirFile('old/more', 'more'))],
    [
      'is not held, an empty folder',
      ({ catalogue }) => void catalogue.recordNotHeld(theirFolder('old/more')),
    ],
    ['cannot be seen now', ({ catalogue }) => void catalogue.setHidden('old/g/b', true)],
    ['cannot be seen now, a folder', ({ catalogue }) => void catalogue.setHidden('old/g', true)],
    ['is in doubt', ({ catalogue }) => catalogue.doubt('old/a')],
  ])('%s, as there', (_, change) => {
    const receiver = new Receiver()
    change(receiver.share)
    expectRefused(receiver, receiver.move())
  })

  test('are rules in it', () => {
    const receiver = new Receiver()
    receiver.share.disk.putFile('old/g/.leftignore', utf8('x'))
    receiver.share.scan()
    expectRefused(receiver, receiver.move())
  })
})

describe('a folder stays where it is where on the disk', () => {
  test.each<[string, (disk: SimDisk) => void]>([
    ['something is in it that nobody has told of', (disk) => disk.putFile('old/g/new', utf8('1'))],
    [
      'an empty folder is in it that nobody has told of',
      (disk) => disk.unharmed(() => disk.makeFolder('old/new')),
    ],
    ['a name is in it that cannot be read', (disk) => disk.putIllegibleName('old/g', '?')],
    ['a file in it was written', (disk) => disk.putFile('old/a', utf8('other'))],
    ['a file in it was touched', (disk) => disk.unharmed(() => disk.setTimes('old/a', START_MS - 1_000))],
    [
      'a file in it was replaced',
      (disk) =>
        disk.unharmed(() => {
          disk.removeFile('old/a')
          disk.putFile('old/a', utf8('first'))
        }),
    ],
    ['a file in it is gone', (disk) => disk.unharmed(() => disk.removeFile('old/a'))],
    [
      'a file in it is a folder',
      (disk) =>
        disk.unharmed(() => {
          disk.removeFile('old/a')
          disk.makeFolder('old/a')
        }),
    ],
    ['a file in it was opened to fewer', (disk) => disk.chmod('old/a', 0o600)],
    ['a folder in it was opened to fewer', (disk) => disk.chmod('old/g', 0o700)],
    [
      'a link in it leads elsewhere',
      (disk) =>
        disk.unharmed(() => {
          disk.removeFile('old/link')
          disk.makeLink('old/link', 'g')
        }),
    ],
    ['a link is in the place of a folder in it', swapped('old/g', 'g', '../g')],
    ['a link is in its place', swapped('old', 'elsewhere', 'elsewhere')],
    ['it is gone', (disk) => disk.unharmed(() => disk.rename('old', 'elsewhere'))],
    ['a file is at its new path', (disk) => disk.putFile('new', utf8('new'))],
    ['an empty folder is at its new path', (disk) => disk.unharmed(() => disk.makeFolder('new'))],
    ['a link is at its new path', (disk) => disk.unharmed(() => disk.makeLink('new', 'in'))],
  ])('%s', (_, change) => {
    const receiver = new Receiver()
    const move = receiver.move()
    change(receiver.share.disk)
    expectRefused(receiver, move)
  })

  test.each<[string, (disk: SimDisk) => void]>([
    ['is gone', (disk) => disk.unharmed(() => disk.rename('in', 'elsewhere'))],
    ['is a link', swapped('in', 'elsewhere', 'elsewhere')],
    [
      'is a link out of the share',
      (disk) => {
        disk.putOutside('secret', utf8('1'))
        swapped('in', 'elsewhere', '..')(disk)
      },
    ],
  ])('the folder to which it goes %s', (_, change) => {
    const receiver = new Receiver()
    const move = receiver.move({ to: 'in/new' })
    change(receiver.share.disk)
    expectRefused(receiver, move)
  })

  test.each(['follow', 'auto'] as const)(
    'it, or the folder to which it goes, is behind a link that --links %s follows',
    (links) => {
      const receiver = new Receiver({ links, following: links === 'auto' ? 'outward' : 'all' })
      const { share } = receiver
      share.disk.unharmed((disk) => {
        disk.removeFile('old/link')
        disk.makeLink('behind', '..')
      })
      share.disk.putOutside('precious', utf8('precious'))
      share.scan()
      share.pass(10 * 60_000)
      const world = () => [...share.disk.snapshot('world').keys()].filter((path) => !path.includes('.left'))
      const before = world()
      for (const part of [
        { to: 'behind/new' },
        { from: 'behind', to: 'new' },
        { from: 'behind/share', to: 'new' },
      ])
        expectRefused(receiver, receiver.move(part))
      expect(world()).toEqual(before)
    },
  )
})

describe('a folder stays where it is where rules', () => {
  test.each([
    ['leave out its new path', '/new', false],
    ['leave out a file at its new path', '/new/g/b', false],
    ['leave out an empty folder at its new path', '/new/empty/', false],
    ['leave out something else', '/new/c', true],
  ])('%s', (_, rules, isMoved) => {
    const receiver = new Receiver({ rules })
    if (isMoved) expectMoved(receiver)
    else expectRefused(receiver, receiver.move())
  })

  test('leave out the folder to which it goes', () => {
    const receiver = new Receiver({ rules: '/in' })
    expectRefused(receiver, receiver.move({ to: 'in/new' }))
  })

  test('of links refuse one that is in it', () => {
    const receiver = new Receiver()
    expectRefused(receiver, receiver.move(), ({ kind, path }) => kind === 'link' && path === 'new/link')
  })
})
