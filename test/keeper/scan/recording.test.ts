import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { type Dot, dotOf, holds, uniteSeen } from '../../../src/share/dots.js'
import { mtimeOf, removeContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import {
  dotted,
  OURS,
  ShareOnDisk,
  type ShareOptions,
  START_MS,
  THEIRS,
  theirFile,
} from '../share-on-disk.js'

const HOUR_AGO_MS = START_MS - 3_600_000
const dotOfEdit = (count: number): Dot => dotOf(OURS, count)

/** A share with one file, the first edit, found a minute ago. */
function shareWithFile(): ShareOnDisk {
  const share = new ShareOnDisk()
  share.disk.putFile('a', utf8('first'))
  share.scan()
  share.nowMs += 60_000
  return share
}

/** What a scan makes of it. */
function found(share: ShareOnDisk, ...works: ((share: ShareOnDisk) => void)[]): Entry {
  for (const work of works) work(share)
  expect(share.scanned()).toHaveLength(1)
  // Nothing more is found in it.
  expect(share.scanned()).toEqual([])
  return share.catalogue.get('a')!
}

const write = (share: ShareOnDisk) => share.disk.putFile('a', utf8(`written at ${share.nowMs}`))
const touch = (share: ShareOnDisk) => share.disk.unharmed((disk) => disk.setTimes('a', HOUR_AGO_MS))
const chmod = (share: ShareOnDisk) =>
  share.disk.unharmed((disk) => disk.setMode('a', { access: 'none', executable: true, widens: false }))
const remove = (share: ShareOnDisk) => share.disk.unharmed((disk) => disk.removeFile('a'))
const makeFolder = (share: ShareOnDisk) => share.disk.unharmed((disk) => disk.makeFolder('a'))

const version = (content: number, attributes: number, seen = Math.max(content, attributes)) => ({
  content: dotOfEdit(content),
  attributes: dotOfEdit(attributes),
  seen: dotOfEdit(seen),
})

describe('an edit of the attributes', () => {
  test('by a touch moves their dot only, and leaves the time that the content was written at', () => {
    const entry = found(shareWithFile(), touch)
    expect(entry.version).toEqual(version(1, 2))
    expect(entry.mtimeMs).toBe(START_MS)
    expect(entry.touched).toEqual({ mtimeMs: HOUR_AGO_MS, content: dotOfEdit(1) })
    expect(mtimeOf(entry)).toBe(HOUR_AGO_MS)
  })

  test('by a chmod moves their dot only, and keeps a touch', () => {
    const share = shareWithFile()
    found(share, touch)
    const entry = found(share, chmod)
    expect(entry.version).toEqual(version(1, 3))
    expect(entry.executable).toBe(true)
    expect(entry.touched).toEqual({ mtimeMs: HOUR_AGO_MS, content: dotOfEdit(1) })
  })

  test('by both at once is one edit', () => {
    const entry = found(shareWithFile(), touch, chmod)
    expect(entry.version).toEqual(version(1, 2))
    expect(entry).toMatchObject({ executable: true, touched: { mtimeMs: HOUR_AGO_MS } })
  })

  test('that is undone is another one', () => {
    const share = shareWithFile()
    found(share, chmod)
    const entry = found(share, (there) =>
      there.disk.unharmed((disk) => disk.setMode('a', { access: 'none', executable: false, widens: false })),
    )
    expect(entry.version).toEqual(version(1, 3))
  })

  test("on top of a peer's has seen it", () => {
    const share = new ShareOnDisk()
    share.placing.place(theirFile('a', 'theirs'), share.putTemporary(utf8('theirs')))
    share.nowMs += 60_000
    expect(found(share, chmod).version).toEqual({
      content: `${THEIRS}:1`,
      attributes: dotOfEdit(1),
      seen: `${dotOfEdit(1)},${THEIRS}:1`,
    })
  })
})

describe('an edit of the content', () => {
  test('leaves the attributes their dot, so that a chmod elsewhere at the same time stands', () => {
    const share = shareWithFile()
    expect(found(share, write).version).toEqual(version(2, 1))
    found(share, chmod)
    const entry = found(share, write)
    expect(entry.version).toEqual(version(4, 3))
    expect(entry).toMatchObject({
      executable: true,
      touched: undefined,
      mtimeMs: share.disk.stat('a')!.mtimeMs,
    })
  })

  test('drops a touch, which is an edit of the attributes too', () => {
    const share = shareWithFile()
    found(share, touch)
    const entry = found(share, write)
    expect(entry.touched).toBeUndefined()
    expect(entry.version).toEqual(version(3, 3))
  })

  test('with another mode at once is one edit of both', () => {
    const entry = found(shareWithFile(), write, chmod)
    expect(entry.executable).toBe(true)
    expect(entry.version).toEqual(version(2, 2))
  })

  test('that only goes back to an older content is an edit all the same', () => {
    const share = shareWithFile()
    found(share, write)
    expect(found(share, (there) => there.disk.putFile('a', utf8('first'))).version).toEqual(version(3, 1))
  })

  test('of another kind leaves nothing of the attributes', () => {
    const share = shareWithFile()
    found(share, chmod)
    const entry = found(share, remove, makeFolder)
    expect(entry).toMatchObject({ kind: 'folder', executable: false, touched: undefined })
    expect(entry.version).toEqual(version(3, 3))
  })
})

describe('a deletion', () => {
  test('is an edit of both, and knows what was deleted', () => {
    const share = shareWithFile()
    found(share, chmod)
    const entry = found(share, remove)
    expect(entry).toMatchObject({ kind: 'tombstone', deletedKind: 'file', access: 'none', executable: false })
    expect(entry.version).toEqual(version(3, 3))
  })

  test('is seen by whatever takes the place', () => {
    const share = shareWithFile()
    found(share, remove)
    expect(found(share, write).version).toEqual(dotted(dotOfEdit(3)))
  })
})

test('one count is given for each edit, whatever path it is of', () => {
  const share = new ShareOnDisk()
  for (const path of ['a', 'b', 'c']) share.disk.putFile(path, utf8(path))
  share.scan()
  const dots = ['a', 'b', 'c'].map((path) => share.catalogue.get(path)!.version.content)
  expect(dots.sort()).toEqual([1, 2, 3].map(dotOfEdit))
})

test('a mode that nobody told, as of format 1, is no edit', () => {
  const share = shareWithFile()
  const entry: Entry = { ...share.catalogue.get('a')!, access: 'none' }
  share.catalogue.record(entry, undefined)
  expect(share.scanned()).toEqual([])
  expect(share.catalogue.get('a')).toEqual(entry)
})

describe('a file that is kept as the loser of a conflict, and then removed,', () => {
  const winner = theirFile('a', 'theirs', { version: dotted(`${THEIRS}:1`) })

  function shareWithLoser(maxDelete?: ShareOptions['maxDelete']): ShareOnDisk {
    const share = new ShareOnDisk({ direction: 'send-only', ...(maxDelete && { maxDelete }) })
    share.disk.putFile('a', utf8('ours'))
    for (const name of ['b', 'c', 'd']) share.disk.putFile(name, utf8(name))
    share.scan()
    share.catalogue.keptEntries.keep(winner)
    return share
  }

  test('has been seen by the winner from then on', () => {
    const share = shareWithLoser()
    const loser = share.catalogue.kept('a')!.entry
    remove(share)
    expect(share.scanned()).toEqual([])
    const { version, ...rest } = share.catalogue.get('a')!
    expect({ ...rest, version: winner.version }).toEqual(winner)
    expect(version).toEqual({ ...winner.version, seen: uniteSeen(winner.version.seen, loser.version.seen) })
    expect(share.catalogue.isHeld('a')).toBe(false)
  })

  test('has not where that came with more deletions than are told', () => {
    const share = shareWithLoser({ percent: 25, filesMin: 1, isStrict: false })
    for (const name of ['a', 'b', 'c']) share.disk.unharmed((disk) => disk.removeFile(name))
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.get('a')).toEqual(winner)
    expect(share.catalogue.kept('a')).toBeUndefined()
  })
})

test('a file that is kept as the loser of a conflict, and sent with undo, has seen what it had seen before', () => {
  const share = new ShareOnDisk({ direction: 'send-only' })
  share.disk.putFile('a', utf8('ours'))
  share.scan()
  const undo = (change: Entry) => {
    share.catalogue.keptEntries.keep(change)
    share.scanner.recording.restoreKept('a')
    return share.catalogue.get('a')!
  }
  const change = dotted(dotOfEdit(1), `${'c'.repeat(16)}:1`)
  undo(theirFile('a', 'third', { version: change }))
  const winner = dotted(`${THEIRS}:1`)
  const { version } = undo(theirFile('a', 'theirs', { version: winner }))
  expect(version.seen).toBe([change.seen, winner.seen, version.content].reduce(uniteSeen))
})

describe('a file that is kept in a folder which is known and not held goes', () => {
  const winner = theirFile('d/e/a', 'theirs', { version: dotted(`${THEIRS}:1`) })
  let share: ShareOnDisk
  beforeEach(() => {
    share = new ShareOnDisk({ direction: 'send-only' })
    share.disk.putFile('d/e/a', utf8('ours'))
    share.scan()
    share.catalogue.keptEntries.keep(winner)
    for (const folder of ['d/e', 'd']) share.catalogue.release(folder)
    share.disk.unharmed((disk) => {
      disk.removeFile('d/e/a')
      for (const folder of ['d/e', 'd']) disk.removeFolder(folder)
    })
  })

  test.each([
    ['removes the folder', () => {}, []],
    ['makes a file of the folder', () => share.disk.putFile('d', utf8('file')), ['file d']],
  ])('where a person %s', (_, change, changes) => {
    change()
    expect(share.scanned()).toEqual(changes)
    expect([...share.catalogue.stoppedPaths.keptPaths.keys()]).toEqual([])
  })
})

test('what stands in a folder whose deletion is held is missing where a file takes its place on a machine that only receives', () => {
  const share = new ShareOnDisk({ direction: 'receive-only' })
  for (const name of ['a', 'b']) {
    const remote = theirFile(`d/${name}`, name)
    expect(share.placing.place(remote, share.putTemporary(utf8(name))).type).toBe('placed')
  }
  for (const path of ['d/a', 'd']) {
    const standing = share.catalogue.get(path)!
    share.catalogue.keptEntries.keep(removeContent(standing, `${THEIRS}:9`, START_MS).entry)
  }
  share.disk.unharmed((disk) => {
    for (const name of ['a', 'b']) disk.removeFile(`d/${name}`)
    disk.removeFolder('d')
  })
  share.disk.putFile('d', utf8('made here'))
  share.scan()
  expect([...share.catalogue.stoppedPaths.keptPaths.keys()]).toEqual([])
  expect([...share.catalogue.stoppedPaths.missing]).toEqual(['d/b'])
  expect([...share.scanner.locals.paths()]).toEqual(['d'])
})

describe('what is made where a deletion was held until a peer edited the file', () => {
  const former = theirFile('a', 'former', { version: dotted(`${THEIRS}:1`) })
  const newer = theirFile('a', 'newer', { version: dotted(`${THEIRS}:2`) })
  let share: ShareOnDisk

  beforeEach(() => {
    share = new ShareOnDisk()
    share.catalogue.record(former, undefined)
    share.catalogue.stopDeletion('a')
    share.catalogue.releaseMissing('a')
  })

  test.each([
    ['at once', () => {}],
    [
      'after a restart',
      () => {
        share.catalogue.commit()
        share.restart()
      },
    ],
    ['once the edit is known and not held', () => expect(share.catalogue.recordNotHeld(newer)).toBe(true)],
  ])('replaces what was deleted, and not the edit: %s', (_, happens) => {
    happens()
    share.disk.putFile('a', utf8('anew'))
    share.scan()
    const { seen } = share.catalogue.live('a')!.version
    expect(holds(seen, former.version.content)).toBe(true)
    expect(holds(seen, newer.version.content)).toBe(false)
    expect(share.catalogue.givenUp('a')).toBeUndefined()
  })

  test('replaces nothing of it once a person has taken the deletion back', () => {
    share.catalogue.record(former, undefined)
    share.catalogue.stopDeletion('a')
    share.catalogue.release('a')
    share.disk.putFile('a', utf8('anew'))
    share.scan()
    expect(holds(share.catalogue.live('a')!.version.seen, former.version.content)).toBe(false)
  })
})
