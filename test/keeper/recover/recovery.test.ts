import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Access } from '../../../src/base/access.js'
import { concatBytes, utf8 } from '../../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { DiskError } from '../../../src/base/ports.js'
import { CHECKPOINT_STOP_FILES_MAX } from '../../../src/keeper/place/limits.js'
import { TEMPORARY_AGE_MS_MAX, UNWRITTEN_MS_MAX } from '../../../src/keeper/recover/limits.js'
import { closeShare } from '../../../src/keeper/recover/recovery.js'
import { COUNTS_PER_SECOND, holds } from '../../../src/share/dots.js'
import { mtimeOf, removeContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { isOwnPath } from '../../../src/share/path.js'
import { SimulatedDeath } from '../../../src/sim/disk/disk.js'
import { SeededRandom } from '../../../src/sim/random.js'
import {
  contentOf,
  dotted,
  listOf,
  MOVER,
  OURS,
  ShareOnDisk,
  START_MS,
  THEIRS,
  theirFile,
  theirFolder,
  theirLink,
} from '../share-on-disk.js'

const large = contentOf(2 * BLOCK_BYTES)

const MOMENTS = ['before', 'during', 'after'] as const

function place(share: ShareOnDisk, remote: Entry, content: Uint8Array): void {
  const temporary = share.putTemporary(content, remote.sizeBytes > BLOCK_BYTES ? remote.digest : 'small-1')
  expect(share.placing.place(remote, temporary).type).toBe('placed')
}

/** As the intake does once things are in place. */
function settle(share: ShareOnDisk, ...paths: string[]): void {
  share.catalogue.commit()
  share.journal.append({ kind: 'placed', paths })
}

/** Whether what is known at the path has seen the peer's version. */
function hasSeen(share: ShareOnDisk, { path, version }: Entry): boolean {
  return holds(share.catalogue.get(path)!.version.seen, version.content)
}

describe('opening a share', () => {
  test('for the first time makes its own folders and says nothing', () => {
    const share = new ShareOnDisk()
    expect(share.notes).toEqual([])
    expect(share.disk.stat('.left/tmp')!.kind).toBe('folder')
  })

  test('again finds what was committed', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('1'))
    share.scan()
    share.catalogue.commit()
    const root = share.catalogue.manifest.root()
    share.restart()
    expect(share.catalogue.manifest.root()).toEqual(root)
    expect(share.notes).toEqual([])
  })

  test('whose log a newer left wrote refuses', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('.left/journal', utf8('left-journal 2\nand so on'))
    expect(() => share.restart()).toThrow(expect.objectContaining({ code: 'state-newer' }))
  })

  test('whose log ends in the middle of a record goes on with what it said before', () => {
    const share = new ShareOnDisk()
    const digest = theirFile('f', large).digest
    share.journal.append({ kind: 'fetch', digest, sizeBytes: large.length, path: 'f' })
    share.putTemporary(large, digest)
    share.disk.putFile(
      '.left/journal',
      concatBytes([share.disk.contentOf('.left/journal')!, Uint8Array.of(0, 0, 0, 9, 1)]),
    )
    share.restart()
    expect(share.notes).toEqual([expect.stringContaining('middle of a record')])
    expect([...share.journal.fetches.keys()]).toEqual([digest])
    share.restart()
    expect(share.notes).toEqual([])
  })

  test('whose log is all torn starts a new one', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('.left/journal', new Uint8Array(100))
    share.restart()
    expect(share.notes).toHaveLength(1)
  })
})

describe('a process that died while it put a file in place', () => {
  test('after the rename: the file is taken as received, not as an edit of ours', () => {
    const share = new ShareOnDisk()
    const remote = theirFile('a', 'theirs')
    place(share, remote, utf8('theirs'))
    share.restart()
    expect(share.catalogue.get('a')).toEqual(remote)
    expect(share.notes).toEqual([expect.stringContaining('taken as received')])
    expect(share.scanned()).toEqual([])
    expect(share.journal.placing).toEqual([])
  })

  test('before the rename: the old version stands and is known as it was', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('ours'))
    share.scan()
    share.catalogue.commit()
    share.journal.append({
      kind: 'placing',
      entry: theirFile('a', 'theirs', { version: dotted(`${THEIRS}:1`) }),
      replaces: '',
    })
    share.restart()
    expect(share.catalogue.get('a')).toMatchObject({ version: dotted(`${OURS}:1`) })
    expect(share.notes).toEqual([])
    expect(share.scanned()).toEqual([])
    expect(share.journal.placing).toEqual([])
  })

  test('and whose file was edited before the restart: the edit is one of ours', () => {
    const share = new ShareOnDisk()
    const remote = theirFile('a', 'theirs')
    place(share, remote, utf8('theirs'))
    share.disk.putFile('a', utf8('edited'))
    share.restart()
    expect(share.scanned()).toEqual(['file a'])
    expect(share.textAt('a')).toBe('edited')
    expect(hasSeen(share, remote)).toBe(true)
  })

  test('and whose file was edited in place, with the length and the time that it had: the edit is one of ours', () => {
    const share = new ShareOnDisk()
    const remote = theirFile('a', 'theirs')
    place(share, remote, utf8('theirs'))
    share.disk.putFile('a', utf8('edited'))
    share.disk.setTimes('a', mtimeOf(remote))
    share.restart()
    expect(share.scanned()).toEqual(['file a'])
    expect(hasSeen(share, remote)).toBe(true)
  })

  test('before the rename, and somebody made a file there: that has seen nothing of what was to come', () => {
    const share = new ShareOnDisk()
    const remote = theirFile('a', 'theirs')
    const temporary = share.putTemporary(utf8('theirs'), 'small-1')
    share.journal.append({ kind: 'placing', entry: remote, replaces: '', temporary: temporary.path })
    share.disk.putFile('a', utf8('made here'))
    share.restart()
    expect(share.scanned()).toEqual(['file a'])
    expect(hasSeen(share, remote)).toBe(false)
  })

  test.each([
    ['a folder', theirFolder('x')],
    ['a link', theirLink('x', 'target')],
  ])('%s is taken as received too', (_, remote) => {
    const share = new ShareOnDisk({ links: 'keep' })
    share.placing.place(remote, undefined)
    share.restart()
    expect(share.catalogue.get('x')).toEqual(remote)
    expect(share.scanned()).toEqual([])
  })

  test('of several blocks: it is taken with its digest list', () => {
    const share = new ShareOnDisk()
    const remote = theirFile('a', large)
    share.journal.append({ kind: 'fetch', digest: remote.digest, sizeBytes: large.length, path: 'a' })
    place(share, remote, large)
    share.restart()
    expect(share.catalogue.get('a')).toEqual(remote)
    expect(share.catalogue.list(remote.digest)).toEqual(listOf(large))
    expect([...share.journal.fetches.keys()]).toEqual([])
  })
})

describe('a folder into which nobody may look', () => {
  test.each([false, true])(
    'does not keep a share from being opened after a death, of the machine: %s',
    (power) => {
      const share = new ShareOnDisk()
      share.disk.putFile('f/known', utf8('1'))
      share.scan()
      share.catalogue.commit()
      const remote = theirFile('f/a', 'theirs')
      place(share, remote, utf8('theirs'))
      share.disk.syncFolder('')
      share.disk.syncFolder('f')
      share.disk.deny('f')
      share.restart({ power })
      share.changes.length = 0
      expect(share.scanned()).toEqual([])
      share.disk.deny('f', false)
      share.scan()
      expect(share.textAt('f/known')).toBe('1')
      expect(share.catalogue.live('f/known')?.kind).toBe('file')
      expect(share.catalogue.live('f/a')?.kind ?? 'file').toBe('file')
      expect(share.changes.filter(({ kind }) => kind === 'tombstone')).toEqual([])
    },
  )
})

describe('a path at which the disk refuses something', () => {
  const CODES = ['link', 'missing', 'changed-kind', 'denied', 'not-empty', 'exists', 'private', 'io'] as const

  /** Of everything that recovery settles, something was under way. */
  function interrupted(): ShareOnDisk {
    const share = new ShareOnDisk({ links: 'keep' })
    for (const path of ['f/known', 'f/edited', 'gone', 'from/in']) share.disk.putFile(path, utf8(path))
    share.scan()
    place(share, theirFile('f/a', 'placed'), utf8('placed'))
    settle(share, 'f/a')
    place(share, theirFile('f/new', 'theirs'), utf8('theirs'))
    const onTopOf = (path: string) => dotted(share.catalogue.live(path)!.version.content, `${THEIRS}:2`)
    place(share, theirFile('f/edited', 'replaced', { version: onTopOf('f/edited') }), utf8('replaced'))
    share.journal.append([
      { kind: 'placing', entry: theirFolder('made'), replaces: '' },
      { kind: 'placing', entry: theirLink('l', 'f/known'), replaces: '' },
    ])
    share.disk.unharmed((disk) => disk.makeLink('l', 'f/known'))
    const { digest } = share.catalogue.live('gone')!
    const version = onTopOf('gone')
    const deletion = { ...theirFolder('gone'), kind: 'tombstone', deletedKind: 'file', version } as const
    share.journal.append({ kind: 'placing', entry: deletion, replaces: digest })
    share.disk.syncFolder('')
    share.disk.syncFolder('f')
    return share
  }

  test.each(CODES.flatMap((code) => [false, true].map((power) => [code, power] as const)))(
    'by %s does not keep a share from being opened after a death, of the machine: %s',
    (code, power) => {
      let count = 0
      for (let isOver = false; !isOver; ) {
        const share = interrupted()
        share.disk.crash({ power, random: new SeededRandom(1) })
        share.index.crash()
        if (power) share.boot = 'boot-2'
        share.disk.failAt(++count, code, (path) => path !== '' && !isOwnPath(path))
        share.open()
        isOver = share.disk.faults.isFailureLeft
        share.disk.faults.reset()
        share.scan()
        expect(share.textAt('f/known')).toBe('f/known')
        expect(share.catalogue.live('f/known')?.kind).toBe('file')
        expect(share.journal.placing).toEqual([])
      }
      expect(count).toBeGreaterThan(10)
    },
  )

  test('for want of room is tried again, as nothing else can be done', () => {
    const share = interrupted()
    share.disk.crash({ power: false, random: new SeededRandom(1) })
    share.disk.failAt(1, 'no-space', (path) => path !== '' && !isOwnPath(path))
    expect(() => share.open()).toThrow(expect.objectContaining({ code: 'no-space' }))
  })
})

describe('a machine that went down', () => {
  function placedShare(): ShareOnDisk {
    const share = new ShareOnDisk()
    place(share, theirFile('a', 'theirs'), utf8('theirs'))
    settle(share, 'a')
    return share
  }

  test('and kept what was placed: nothing is said', () => {
    const share = placedShare()
    share.disk.settle()
    share.restart({ power: true })
    expect(share.catalogue.get('a')).toEqual(theirFile('a', 'theirs'))
    expect(share.notes).toEqual([])
  })

  test('and tore what was placed: it is removed and disowned, so that it is fetched again', () => {
    const share = placedShare()
    const { mtimeMs } = theirFile('a', '')
    share.disk.putFile('a', new Uint8Array(6), { mtimeMs })
    share.disk.settle()
    share.restart({ power: true })
    expect(share.notes).toEqual([expect.stringContaining('fetched again')])
    expect(share.catalogue.live('a')).toBeUndefined()
    expect(share.paths).toEqual([])
    expect(share.scanned()).toEqual([])
    place(share, theirFile('a', 'theirs'), utf8('theirs'))
  })

  test('and what was placed had been edited before: the edit stays and is announced', () => {
    const share = placedShare()
    share.disk.putFile('a', utf8('edited'))
    share.disk.settle()
    share.restart({ power: true })
    expect(share.textAt('a')).toBe('edited')
    expect(share.scanned()).toEqual(['file a'])
  })

  test('and tore what it was putting in place: that is no file of anybody', () => {
    const share = new ShareOnDisk()
    const remote = theirFile('a', 'theirs')
    share.journal.append({ kind: 'placing', entry: remote, replaces: '' })
    share.disk.putFile('a', new Uint8Array(6), { mtimeMs: remote.mtimeMs })
    share.disk.settle()
    share.restart({ power: true })
    expect(share.paths).toEqual([])
    expect(share.scanned()).toEqual([])
  })

  test.each([
    ['none', 'owner'],
    ['owner', 'all'],
  ] as const)(
    'leaves the mode of a file of the access %s as if it had not, where a peer tells all',
    (told, access) => {
      for (const isKilled of [false, true]) {
        const share = new ShareOnDisk()
        const { disk } = share
        disk.putFile('a', utf8('ours'))
        disk.unharmed(() => disk.setMode('a', { access: 'owner', executable: false, widens: false }))
        share.scan()
        const theirs = (count: number, of: Access) => {
          const version = dotted(share.catalogue.live('a')!.version.content, `${THEIRS}:${count}`)
          return theirFile('a', `theirs ${count}`, { version, access: of })
        }
        place(share, theirs(1, told), utf8('theirs 1'))
        settle(share, 'a')
        const last = theirs(2, 'all')
        const { digest } = share.catalogue.live('a')!
        place(share, last, utf8('theirs 2'))
        share.journal.append({ kind: 'placing', entry: last, replaces: digest })
        if (isKilled) {
          disk.settle()
          share.restart({ power: true })
        }
        expect(share.textAt('a')).toBe('theirs 2')
        expect([isKilled, disk.unharmed(() => disk.statLink('a')!.access)]).toEqual([isKilled, access])
      }
    },
  )

  /** Something of a peer's is put in the place of what was changed here, and the machine goes down in the operation. Answers whether
   *  it did. */
  function goesDownOverLocal(byMs: number, count: number, seed: number): boolean {
    const remote = theirFile('a', 'theirs')
    const share = new ShareOnDisk({ direction: 'receive-only' })
    share.disk.putFile('a', utf8('changed'), { mtimeMs: remote.mtimeMs + byMs })
    share.scan()
    // The name is on the disk, and not all that was written.
    share.disk.syncFolder('')
    const temporary = share.putTemporary(utf8('theirs'))
    share.disk.dieAfterOperations(count)
    let isDown = false
    try {
      share.placing.place(remote, temporary)
    } catch (error) {
      if (!(error instanceof SimulatedDeath)) throw error
      isDown = true
    }
    // Before it syncs anything, what a person has not synced is at risk as ever.
    const isSynced = share.journal.placing.length > 0
    share.restart({ power: true, seed })
    const told = `operation ${count}, seed ${seed}`
    if (!isSynced) return isDown
    const stands = share.textAt('a')
    expect(['changed', 'theirs'], told).toContain(stands)
    if (stands === 'theirs') expect(share.textAt('.left/trash/2023-11-14/a'), told).toBe('changed')
    return isDown
  }

  test.each([
    ['its own time', 60_000],
    ['the time of the one that comes', 0],
  ])(
    'while something takes the place of what was changed on a machine that only receives, with %s: one of both is whole, and nothing is lost',
    (_, byMs) => {
      let count = 1
      for (let isDown = true; isDown; count++)
        for (let seed = 1; seed <= 12; seed++) isDown = goesDownOverLocal(byMs, count, seed)
      expect(count).toBeGreaterThan(5)
    },
  )

  /** A file of ours that was read and told. */
  function ownShare(): { readonly share: ShareOnDisk; readonly mtimeMs: number } {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('ours 1'))
    expect(share.scanned()).toEqual(['file a'])
    return { share, mtimeMs: share.disk.stat('a')!.mtimeMs }
  }

  /** A checkpoint stands in the log, 'a' is gone, and the power fails. */
  function loseAfterCheckpoint(share: ShareOnDisk): void {
    share.disk.putFile('newest', utf8('2'))
    share.scanner.hint('newest')
    share.pass(1_000)
    share.catalogue.commit()
    share.journal.append({ kind: 'checkpoint' })
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.disk.settle()
    share.restart({ power: true })
  }

  test.each([
    ['just after an orderly stop', 1_000, true],
    ['after an orderly stop under a clock that was set back', -2 * UNWRITTEN_MS_MAX, true],
    ['long after a write', 2 * UNWRITTEN_MS_MAX, false],
  ])('%s: what a person had written is read again, where it may be torn', (_, afterMs, isRead) => {
    const { share, mtimeMs } = ownShare()
    share.disk.settle()
    share.pass(afterMs)
    closeShare(share)
    // As a file system that had its length and time on the disk, and not its content, gives it back.
    const { ctimeMs } = share.disk.stat('a')!
    share.disk.putFile('a', new Uint8Array(6), { mtimeMs })
    share.disk.settle()
    const statLink = share.disk.statLink.bind(share.disk)
    share.disk.statLink = (path) => {
      const stat = statLink(path)
      return path === 'a' && stat !== undefined ? { ...stat, ctimeMs } : stat
    }
    share.restart({ power: true })
    expect(share.notes.join()).toBe(
      isRead ? 'a was damaged when the machine stopped; what peers have of it is kept too' : '',
    )
    expect(share.catalogue.live('a') === undefined).toBe(isRead)
  })

  test.each([
    ['just before: it did not reach the disk, and is fetched again', UNWRITTEN_MS_MAX - 1, []],
    ['long before: it was deleted', UNWRITTEN_MS_MAX, ['tombstone a', 'tombstone f', 'tombstone f/moved']],
  ])('misses what was recorded %s', (_, afterMs, changes) => {
    const { share, mtimeMs } = ownShare()
    share.disk.putFile('stays', utf8('1'))
    share.scan()
    // Moved here with its folder, so that its own times are old.
    const count = (mtimeMs / 1_000) * COUNTS_PER_SECOND
    share.catalogue.record({ ...theirFolder('f'), version: dotted(`${OURS}:${Math.ceil(count)}`) }, undefined)
    const moved = {
      sizeBytes: 1,
      mtimeMs: 0,
      ctimeMs: 0,
      inode: 99,
      mode: { access: 'all', executable: false },
    } as const
    share.catalogue.record(theirFile('f/moved', 'x', { version: dotted(`${OURS}:7`) }), moved)
    share.nowMs = mtimeMs + afterMs
    loseAfterCheckpoint(share)
    expect(share.scanned()).toEqual(changes)
  })

  test.each([
    ['just before the machine went down was lost', UNWRITTEN_MS_MAX - 1, false],
    ['long before was removed', UNWRITTEN_MS_MAX, true],
  ])('a missing loser of a conflict that was written %s', (_, afterMs, isSeen) => {
    const { share, mtimeMs } = ownShare()
    share.disk.putFile('stays', utf8('1'))
    share.scan()
    share.catalogue.keptEntries.keep(theirFile('a', 'theirs'))
    const loser = share.catalogue.kept('a')!.entry
    share.nowMs = mtimeMs + afterMs
    loseAfterCheckpoint(share)
    share.scan()
    expect(share.catalogue.kept('a')).toBeUndefined()
    expect(holds(share.catalogue.get('a')!.version.seen, loser.version.content)).toBe(isSeen)
  })

  test.each([
    ['new', undefined],
    ['newer', 'old'],
  ])('a %s link that was put in place just before, and is on the disk, is no edit of ours', (_, target) => {
    for (let seed = 1; seed <= 20; seed++) {
      const share = new ShareOnDisk({ links: 'keep' })
      const old = target === undefined ? undefined : theirLink('a', target)
      if (old !== undefined) expect(share.placing.place(old, undefined).type).toBe('placed')
      settle(share, 'a')
      share.disk.settle()
      const seen = dotted(theirLink('a', '').version.content, `${THEIRS}:2`)
      const remote = { ...theirLink('a', 'theirs'), version: seen }
      expect(share.placing.place(remote, undefined).type).toBe('placed')
      share.disk.syncFolder('')
      share.restart({ power: true, seed })
      expect([seed, share.scanned()]).toEqual([seed, []])
      expect(share.catalogue.get('a')).toEqual(remote)
    }
  })

  test.each([
    ['before it was on the disk was lost', false],
    ['later was removed', true],
  ])(
    'a missing link, made long ago elsewhere and kept beside what it lost against, that went %s',
    (_, isOnDisk) => {
      const share = new ShareOnDisk({ links: 'keep' })
      expect(share.placing.place(theirLink('a', 'nowhere'), undefined).type).toBe('placed')
      settle(share, 'a')
      share.journal.append({ kind: 'checkpoint' })
      const winner = theirFile('a', 'theirs', { version: dotted(`${MOVER}:1`) })
      const placed = share.placing.place(winner, share.putTemporary(utf8('theirs')))
      if (placed.type !== 'placed') throw new Error(placed.type)
      settle(share, 'a')
      if (isOnDisk) share.journal.append({ kind: 'checkpoint' })
      share.disk.unharmed((disk) => disk.removeFile(placed.keptAs!))
      share.disk.settle()
      share.restart({ power: true })
      expect(share.scanned()).toEqual(isOnDisk ? [`tombstone ${placed.keptAs}`] : [])
    },
  )

  test.each([
    ['has an older time', 'before', -60_000, true],
    ['has its time and not its length', '', 0, true],
    ['has a later time', 'edited', 60_000, false],
  ])(
    '%s: a file that was put back from a copy is damage, unless somebody wrote it',
    (_, text, byMs, isDamage) => {
      const { share, mtimeMs } = ownShare()
      share.catalogue.commit()
      share.pass(1_000)
      // Made anew, so its ctime is that of now.
      share.disk.putFile('a', utf8(text), { mtimeMs: mtimeMs + byMs })
      share.disk.settle()
      share.restart({ power: true })
      expect(share.notes.join()).toBe(
        isDamage ? 'a was damaged when the machine stopped; what peers have of it is kept too' : '',
      )
      expect(share.catalogue.live('a') === undefined).toBe(isDamage)
    },
  )

  test('after an orderly stop takes what is missing for deleted', () => {
    const { share } = ownShare()
    share.disk.settle()
    closeShare(share)
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.disk.settle()
    share.restart({ power: true })
    expect(share.notes).toEqual([])
    expect(share.scanned()).toEqual(['tombstone a'])
  })

  /** Received, and the process was stopped before their checkpoint was due. */
  function stoppedAfterPlacing(files: number): ShareOnDisk {
    const share = new ShareOnDisk()
    for (let index = 0; index < files; index++) {
      place(share, theirFile(`${index}`, 'theirs'), utf8('theirs'))
      settle(share, `${index}`)
    }
    closeShare(share)
    return share
  }

  test.each([
    [CHECKPOINT_STOP_FILES_MAX, ['tombstone 0']],
    [CHECKPOINT_STOP_FILES_MAX + 1, []],
  ])(
    'after an orderly stop soon after %i files came, takes what is missing for deleted: %j',
    (files, changes) => {
      const share = stoppedAfterPlacing(files)
      share.disk.unharmed((disk) => {
        disk.removeFile('0')
        disk.syncFolder('')
      })
      share.restart({ power: true })
      expect(share.scanned()).toEqual(changes)
    },
  )

  test('soon after an orderly stop tears nothing of a few files that had just come', () => {
    const share = stoppedAfterPlacing(CHECKPOINT_STOP_FILES_MAX)
    share.restart({ power: true })
    expect(share.notes).toEqual([])
    expect(share.scanned()).toEqual([])
    expect(share.disk.contentOf('0')).toEqual(utf8('theirs'))
  })

  test('after a stop on a disk that could not sync what came, does not take what is missing for deleted', () => {
    const share = new ShareOnDisk()
    place(share, theirFile('a', 'theirs'), utf8('theirs'))
    settle(share, 'a')
    const open = share.disk.open.bind(share.disk)
    share.disk.open = (path) => {
      if (path === 'a') throw new DiskError('io', 'a bad sector')
      return open(path)
    }
    closeShare(share)
    share.disk.open = open
    expect([...share.journal.placedSinceCheckpoint.keys()]).toEqual(['a'])
    share.disk.unharmed((disk) => {
      disk.removeFile('a')
      disk.syncFolder('')
    })
    share.restart({ power: true })
    expect(share.scanned()).toEqual([])
  })

  test('and brought back the folder whose place a file had taken: that is no edit of ours', () => {
    const { share } = ownShare()
    share.catalogue.commit()
    share.disk.unharmed((disk) => {
      disk.removeFile('a')
      disk.makeFolder('a')
    })
    share.disk.settle()
    share.restart({ power: true })
    expect(share.notes).toEqual(['a was damaged when the machine stopped; what peers have of it is kept too'])
    expect(share.catalogue.live('a')).toBeUndefined()
  })

  test('and undid the rename of a person under what was placed after it: the file that we had put there first is not back', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const share = new ShareOnDisk()
      place(share, theirFile('a', large), large)
      settle(share, 'a')
      share.disk.putFile('draft', utf8('written'))
      share.disk.unharmed((disk) => disk.rename('draft', 'a'))
      expect(share.scanned()).toEqual(['file a'])
      share.catalogue.commit()
      const seen = [`${THEIRS}:1`, share.catalogue.get('a')!.version.content, `${THEIRS}:2`] as const
      const newer = { version: dotted(...seen), mtimeMs: START_MS }
      place(share, theirFile('a', 'theirs', newer), utf8('theirs'))
      settle(share, 'a')
      share.restart({ power: true, seed })
      share.scan()
      expect([undefined, 'written', 'theirs'], `seed ${seed}`).toContain(share.textAt('a'))
    }
  })

  test('a process alone that died reads nothing again', () => {
    const share = placedShare()
    const { mtimeMs } = theirFile('a', '')
    share.disk.putFile('a', utf8('edited'), { mtimeMs })
    share.restart()
    expect(share.notes).toEqual([])
    expect(share.textAt('a')).toBe('edited')
  })
})

describe('temporary files', () => {
  test('that no record names go, those that a fetch goes on from stay', () => {
    const share = new ShareOnDisk()
    const { digest } = theirFile('a', large)
    share.journal.append({ kind: 'fetch', digest, sizeBytes: large.length, path: 'a' })
    share.journal.append({ kind: 'blocks', digest, runs: [{ first: 0, last: 0 }] })
    share.putTemporary(large, digest)
    share.putTemporary(utf8('1'), 'small-7')
    share.putTemporary(large, 'f'.repeat(64))
    share.restart()
    expect(share.disk.list('.left/tmp').names).toEqual([digest])
    expect([...share.journal.fetches.get(digest)!.blocks]).toEqual([0])
  })

  test('that nobody has gone on with for a week go', () => {
    const age = (ageMs: number) => {
      const share = new ShareOnDisk()
      const { digest } = theirFile('a', large)
      share.journal.append({ kind: 'fetch', digest, sizeBytes: large.length, path: 'a' })
      share.putTemporary(large, digest)
      share.nowMs += ageMs
      share.restart()
      return share.journal.fetches.size
    }
    expect(age(TEMPORARY_AGE_MS_MAX - 1)).toBe(1)
    expect(age(TEMPORARY_AGE_MS_MAX)).toBe(0)
  })

  test('that a kill left while a folder was made go, and so does the folder', () => {
    const share = new ShareOnDisk()
    share.disk.unharmed((disk) => disk.makeFolder('.left/tmp/folder'))
    share.restart()
    expect(share.disk.list('.left/tmp').names).toEqual([])
  })

  test('stay where they hold something in the place of a folder, and the share is opened', () => {
    const share = new ShareOnDisk()
    share.disk.unharmed((disk) => disk.makeFolder('.left/tmp/folder'))
    share.disk.putFile('.left/tmp/folder/a', utf8('1'))
    share.restart()
    expect(share.textAt('.left/tmp/folder/a')).toBe('1')
  })

  test('that are gone are not gone on from', () => {
    const share = new ShareOnDisk()
    const { digest } = theirFile('a', large)
    share.journal.append({ kind: 'fetch', digest, sizeBytes: large.length, path: 'a' })
    share.restart()
    expect(share.journal.fetches.size).toBe(0)
    share.restart()
    expect(share.journal.fetches.size).toBe(0)
  })
})

test('digest lists of contents that no file has any more are forgotten', () => {
  const share = new ShareOnDisk()
  share.disk.putFile('a', large)
  share.scan()
  share.catalogue.putList('0'.repeat(64), listOf(large))
  share.catalogue.commit()
  share.restart()
  expect([...share.index.listDigests()]).toEqual([theirFile('a', large).digest])
})

describe('a process that dies at any moment while it puts something in place', () => {
  const cases: Readonly<Record<string, { before: Record<string, string>; remote: Entry; content?: string }>> =
    {
      'a new file': { before: {}, remote: theirFile('a', 'theirs'), content: 'theirs' },
      'a new file in new folders': { before: {}, remote: theirFile('f/g/a', 'theirs'), content: 'theirs' },
      'a newer file': {
        before: { a: 'ours' },
        remote: theirFile('a', 'theirs', { version: dotted(`${OURS}:1`, `${THEIRS}:1`) }),
        content: 'theirs',
      },
      'a file that wins over ours': {
        before: { a: 'ours' },
        remote: theirFile('a', 'theirs', { mtimeMs: 2_000_000_000_000 }),
        content: 'theirs',
      },
      'a newer link in the place of a file': {
        before: { a: 'ours' },
        remote: { ...theirLink('a', 'theirs'), version: dotted(`${OURS}:1`, `${THEIRS}:1`) },
      },
    }
  const whatStands = (share: ShareOnDisk, path: string) => {
    const stat = share.disk.statLink(path)
    return stat?.kind === 'link' ? share.disk.readLink(path) : share.textAt(path)
  }

  test.each(Object.entries(cases))(
    '%s: old or new stands there, nothing of ours is lost, and it goes on',
    (_, { before, remote, content }) => {
      const moment = fc.constantFrom('before' as const, 'during' as const, 'after' as const)
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 16 }), moment, (count, moment) => {
          const share = new ShareOnDisk({ links: 'keep' })
          for (const [path, text] of Object.entries(before)) share.disk.putFile(path, utf8(text))
          share.scan()
          share.catalogue.commit()
          const temporary = content === undefined ? undefined : share.putTemporary(utf8(content))
          share.disk.dieAfterOperations(count, moment)
          try {
            share.placing.place(remote, temporary)
          } catch (error) {
            if (!(error instanceof SimulatedDeath)) throw error
          }
          share.disk.crash({ power: false, random: { next: () => 0, bytes: () => new Uint8Array(0) } })
          const old = before[remote.path]
          expect([old, 'theirs']).toContain(whatStands(share, remote.path))
          share.restart()
          share.scan()
          const again = content === undefined ? undefined : share.putTemporary(utf8(content))
          share.placing.place(remote, again)
          expect(whatStands(share, remote.path)).toBe('theirs')
          expect(share.catalogue.get(remote.path)!.version.seen).toContain(`${THEIRS}:1`)
          const isConflict = old !== undefined && !remote.version.seen.includes(OURS)
          if (isConflict) expect(share.paths.map((path) => whatStands(share, path))).toContain(old)
          // Folders that were made on the way to a file are found as new, as they are where nobody wanted them.
          expect(share.scanned().filter((change) => !change.startsWith('folder'))).toEqual([])
        }),
        { numRuns: 60 },
      )
    },
  )
})

describe('a process that dies at any moment while something takes the place of a folder', () => {
  const version = dotted(`${OURS}:1`, `${THEIRS}:1`)
  const cases = [
    ['a file', { ...theirFile('f', 'theirs'), version }],
    ['a link', { ...theirLink('f', 'theirs'), version }],
  ] as const

  test.each(cases.flatMap(([name, remote]) => [false, true].map((power) => [name, power, remote] as const)))(
    '%s (with a loss of power: %s): nobody deleted the folder, and it goes on',
    (_, power, remote) => {
      for (let count = 1; count <= 12; count++)
        for (const moment of MOMENTS) {
          const share = new ShareOnDisk({ links: 'auto' })
          share.disk.unharmed((disk) => disk.makeFolder('f'))
          share.scan()
          share.catalogue.commit()
          share.disk.settle()
          const place = () =>
            share.placing.place(
              remote,
              remote.kind === 'file' ? share.putTemporary(utf8('theirs')) : undefined,
            )
          share.disk.dieAfterOperations(count, moment)
          try {
            place()
          } catch (error) {
            if (!(error instanceof SimulatedDeath)) throw error
          }
          share.restart({ power, seed: count })
          const when = `${moment} ${count}`
          const changes = share.scanned()
          expect([when, changes.filter((change) => change.startsWith('tombstone'))]).toEqual([when, []])
          if (power && changes.length > 0) continue
          place()
          expect([when, share.disk.statLink('f')?.kind]).toEqual([when, remote.kind])
          expect(share.catalogue.get('f')).toMatchObject({ kind: remote.kind, version: remote.version })
        }
    },
  )
})

describe('a process that dies while a path changes twice before the index is committed', () => {
  const first = { ...theirFile('a', 'theirs'), version: dotted(`${OURS}:1`, `${THEIRS}:1`) }
  const second = {
    ...theirFile('a', 'their next'),
    version: dotted(`${OURS}:1`, `${THEIRS}:1`, `${THEIRS}:2`),
  }
  const { entry: deletion } = removeContent(first, `${THEIRS}:2`, START_MS)
  const folder = { ...theirFolder('a'), version: second.version }

  const changes: Record<string, (share: ShareOnDisk) => unknown> = {
    replaced: (share) => share.placing.place(second, share.putTemporary(utf8('their next'))),
    removed: (share) => share.removing.remove(deletion),
    'replaced by a folder': (share) => share.placing.place(folder, undefined),
  }

  test.each(Object.entries(changes))('%s: neither is an edit of ours', (_, change) => {
    for (let count = 1; count <= 12; count++)
      for (const moment of MOMENTS) {
        const share = new ShareOnDisk()
        share.disk.putFile('a', utf8('ours'))
        share.scan()
        share.catalogue.commit()
        place(share, first, utf8('theirs'))
        share.disk.dieAfterOperations(count, moment)
        try {
          change(share)
        } catch (error) {
          if (!(error instanceof SimulatedDeath)) throw error
        }
        share.restart()
        const when = `${moment} ${count}`
        expect([when, share.scanned()]).toEqual([when, []])
        expect([when, hasSeen(share, first)]).toEqual([when, true])
      }
  })
})
