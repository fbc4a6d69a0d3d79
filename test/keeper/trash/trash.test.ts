import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { DAY_MS } from '../../../src/base/calendar.js'
import { TRASH_FOLDER } from '../../../src/base/own-folder.js'
import { LOSER_PACE_MS, SLOTS_NEAR } from '../../../src/keeper/trash/limits.js'
import { emptyTrash, finish, list, lookFor, restore } from '../../../src/keeper/trash/restoring.js'
import { Sweeping } from '../../../src/keeper/trash/sweeping.js'
import { Trash } from '../../../src/keeper/trash/trash.js'
import { SAMPLE_MAX } from '../../../src/pipe/limits.js'
import { SimDisk } from '../../../src/sim/disk/disk.js'
import { SeededRandom } from '../../../src/sim/random.js'
import { ShareOnDisk, theirFile, theirFolder } from '../share-on-disk.js'

const HOUR_MS = 3_600_000
const NONE = { count: 0, first: [] }
const NOTHING = { restored: NONE, beside: NONE, refused: NONE }
const START_MS = Date.UTC(2026, 10, 29, 9, 30)

let nowMs: number
let disk: SimDisk
let trash: Trash
const policy = { days: 30, percent: 10 }
const wallMs = () => nowMs

beforeEach(() => {
  nowMs = START_MS
  disk = new SimDisk({ nowMs: wallMs })
  disk.makeFolder('.left')
  disk.makeFolder('.left/tmp')
  trash = new Trash({ disk, wallMs, policy })
})

function put(path: string, text: string): void {
  disk.putFile(path, utf8(text))
}

function textAt(path: string): string | undefined {
  const bytes = disk.contentOf(path)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/** A file that was removed by a peer. */
function thrown(path: string, text: string): string {
  put(path, text)
  return trash.take(path)
}

function places(): string[] {
  return finish(lookFor(disk, { path: '', asOfMs: undefined })).map(({ place }) =>
    place.slice(TRASH_FOLDER.length + 1),
  )
}

describe('a version that is replaced', () => {
  test('is kept under a second name: once for the day, and once for each hour', () => {
    for (const [afterMs, text] of [
      [0, 'one'],
      [1, 'two'],
      [2, 'three'],
      [HOUR_MS, 'four'],
      [HOUR_MS + 1, 'five'],
    ] as const) {
      nowMs = START_MS + afterMs
      disk.unharmed(() => disk.statLink('f/a') !== undefined && disk.removeFile('f/a'))
      put('f/a', text)
      trash.keepVersion('f/a')
      expect(textAt('f/a')).toBe(text)
    }
    expect(places().sort()).toEqual(['2026-11-29.09/f/a', '2026-11-29.10/f/a', '2026-11-29/f/a'])
    expect(textAt(`${TRASH_FOLDER}/2026-11-29/f/a`)).toBe('one')
    expect(textAt(`${TRASH_FOLDER}/2026-11-29.10/f/a`)).toBe('four')
  })

  test('is kept, once an hour, where files that became its folder are in the way', () => {
    for (const text of ['one', 'two']) {
      put('f', text)
      trash.keepVersion('f')
      disk.removeFile('f')
    }
    for (const text of ['three', 'four']) {
      put('f/a', text)
      trash.keepVersion('f/a')
      disk.removeFile('f/a')
    }
    expect(places().sort()).toEqual(['2026-11-29.09-2/f/a', '2026-11-29.09/f', '2026-11-29/f'])
    expect(textAt(`${TRASH_FOLDER}/2026-11-29.09-2/f/a`)).toBe('three')
  })

  test('is kept, once an hour, where folders that became a file are in the way', () => {
    for (const text of ['one', 'two']) {
      put('f/a', text)
      trash.keepVersion('f/a')
      disk.removeFile('f/a')
    }
    disk.removeFolder('f')
    for (const text of ['three', 'four']) {
      put('f', text)
      trash.keepVersion('f')
      disk.removeFile('f')
    }
    expect(places().sort()).toEqual(['2026-11-29.09-2/f', '2026-11-29.09/f/a', '2026-11-29/f/a'])
    expect(textAt(`${TRASH_FOLDER}/2026-11-29.09-2/f`)).toBe('three')
  })

  test('is kept however many such things are in the way', () => {
    for (let count = 0; count < 30; count++) thrown('f', `file ${count}`)
    put('f/a', 'content')
    trash.keepVersion('f/a')
    expect(textAt(`${TRASH_FOLDER}/2026-11-29.09-30/f/a`)).toBe('content')
  })

  test('is copied where the disk makes no hard links', () => {
    put('a', 'content')
    disk.failNext('denied', 'linkFile')
    trash.keepVersion('a')
    expect(textAt(`${TRASH_FOLDER}/2026-11-29/a`)).toBe('content')
    expect(disk.stat(`${TRASH_FOLDER}/2026-11-29/a`)).toMatchObject({
      mode: 0o600,
      mtimeMs: disk.stat('a')!.mtimeMs,
    })
  })

  test('is kept by placing, while its path is never empty', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('ours'))
    share.scan()
    const ours = share.catalogue.get('a')!
    const remote = {
      ...theirFile('a', 'theirs'),
      version: {
        ...ours.version,
        content: 'bbbbbbbbbbbbbbbb:9',
        attributes: 'bbbbbbbbbbbbbbbb:9',
        seen: `${ours.version.seen},bbbbbbbbbbbbbbbb:9`,
      },
    }
    expect(share.placing.place(remote, share.putTemporary(utf8('theirs'))).type).toBe('placed')
    expect([share.textAt('a'), share.textAt(`${TRASH_FOLDER}/2023-11-14/a`)]).toEqual(['theirs', 'ours'])
  })
})

describe('the only copy of a content', () => {
  const place = `${TRASH_FOLDER}/2026-11-29/a`

  /** Put at the path, and on the disk like all before it. */
  function putSynced(): void {
    put('a', 'content')
    disk.settle()
  }

  /** Somebody acts while the trash syncs. */
  function meanwhile(act: () => void): void {
    const syncFolder = disk.syncFolder.bind(disk)
    disk.syncFolder = (folder) => {
      disk.unharmed(act)
      syncFolder(folder)
    }
  }

  test.each([
    ['has two names', () => trash.keepLoser('a'), () => {}],
    ['is copied', () => trash.keepLoser('a'), () => disk.failNext('denied', 'linkFile')],
    ['is renamed', () => trash.takeUnseen('a'), () => {}],
  ])('is in the trash after a loss of power too, where it %s', (_, keep, prepare) => {
    for (let seed = 1; seed <= 8; seed++) {
      disk = new SimDisk({ nowMs: wallMs, namesInOrder: false })
      disk.makeFolder('.left')
      disk.makeFolder('.left/tmp')
      trash = new Trash({ disk, wallMs, policy: { ...policy, days: 0 } })
      putSynced()
      prepare()
      keep()
      // Something else takes the name.
      put('b', 'other')
      disk.rename('b', 'a')
      disk.crash({ power: true, random: new SeededRandom(seed) })
      expect(textAt(place)).toBe('content')
    }
  })

  test('is kept where a peer makes a folder in its place, trash or no trash', () => {
    const share = new ShareOnDisk({ direction: 'receive-only' })
    share.trash = { ...policy, days: 0 }
    share.restart()
    share.disk.putFile('a', utf8('ours'))
    share.scan()
    expect(share.placing.place(theirFolder('a'), undefined).type).toBe('placed')
    expect(share.disk.statLink('a')!.kind).toBe('folder')
    expect(share.textAt(`${TRASH_FOLDER}/2023-11-14/a`)).toBe('ours')
  })

  test('stays alone there where somebody renames another over it meanwhile', () => {
    putSynced()
    meanwhile(() => {
      put('b', 'edited')
      disk.rename('b', 'a')
    })
    expect(() => trash.keepLoser('a')).toThrow(expect.objectContaining({ code: 'missing' }))
    expect([textAt('a'), textAt(place)]).toEqual(['edited', 'content'])
  })

  test('stays at its path where somebody writes into it meanwhile', () => {
    putSynced()
    meanwhile(() => {
      nowMs++
      put('a', 'edited')
    })
    expect(() => trash.keepLoser('a')).toThrow(expect.objectContaining({ code: 'missing' }))
    expect([textAt('a'), textAt(place)]).toEqual(['edited', undefined])
  })
})

describe('the trash', () => {
  test('takes a file where a folder of that name is already, and a folder where a file is', () => {
    thrown('x', 'file')
    thrown('x/inside', 'below')
    disk.removeFolder('x')
    thrown('x', 'again')
    expect(places().sort()).toEqual(['2026-11-29.09-2/x', '2026-11-29.09/x/inside', '2026-11-29/x'])
  })

  test('takes what was below a folder, however often a file in place of that folder was taken within the hour', () => {
    for (let round = 0; round < 40; round++) thrown('x', `${round}`)
    put('x/f/a', 'version')
    trash.keepVersion('x/f/a')
    put('x/f/b', 'loser')
    trash.keepLoser('x/f/b')
    thrown('x/f/c', 'deleted')
    disk.removeFile('x/f/a')
    disk.removeFile('x/f/b')
    expect(trash.take('x')).toMatch(/^\.left\/trash\/2026-11-29\.09-/)
    const texts = places().flatMap((place) => textAt(`${TRASH_FOLDER}/${place}`) ?? [])
    expect(new Set(texts)).toEqual(new Set([...Array(40).keys(), 'version', 'loser', 'deleted'].map(String)))
  })

  test('keeps one version within the hour of what is replaced again and again, in whatever slot there is room', () => {
    for (let round = 0; round < 40; round++) thrown('x', `${round}`)
    put('x/a', 'first')
    trash.keepVersion('x/a')
    disk.removeFile('x/a')
    put('x/a', 'second')
    trash.keepVersion('x/a')
    expect(places().filter((place) => place.endsWith('/x/a'))).toHaveLength(1)
  })

  test('makes no folder in slots that it only looks at', () => {
    for (let round = 0; round < 100; round++) thrown('x', `${round}`)
    thrown('y', '')
    expect(disk.list(TRASH_FOLDER).names).toHaveLength(100)
  })

  test('takes one loser a minute beyond those that it takes at once', () => {
    const lose = () => {
      put('a', `${nowMs}`)
      disk.settle()
      trash.keepLoser('a')
      disk.removeFile('a')
    }
    for (let round = 0; round <= SLOTS_NEAR; round++) lose()
    for (let round = 0; round < 12; round++) {
      nowMs += LOSER_PACE_MS - 1
      expect(lose).toThrow(expect.objectContaining({ code: 'exists' }))
      nowMs += 1
      disk.removeFile('a')
      lose()
    }
    expect(places()).toHaveLength(SLOTS_NEAR + 1 + 12)
  })

  test('keeps what loses and still stands at its path once, however often that is tried', () => {
    put('a', 'content')
    disk.settle()
    const place = trash.keepLoser('a')
    expect([trash.keepLoser('a'), trash.keepLoser('a')]).toEqual([place, place])
    expect(places()).toEqual(['2026-11-29/a'])
  })

  test('is for its user alone', () => {
    thrown('f/a', 'content')
    for (const folder of ['', '/2026-11-29']) expect(disk.stat(`${TRASH_FOLDER}${folder}`)!.mode).toBe(0o700)
  })

  test('is refused where it is no folder', () => {
    const share = new ShareOnDisk()
    share.disk.unharmed((it) => it.makeLink(TRASH_FOLDER, '/elsewhere'))
    expect(() => share.restart()).toThrow(expect.objectContaining({ code: 'share-unusable' }))
  })

  test('is refused on another disk than the share', () => {
    const share = new ShareOnDisk()
    share.disk.makeFolder(TRASH_FOLDER)
    const statLink = share.disk.statLink.bind(share.disk)
    share.disk.statLink = (path) => {
      const stat = statLink(path)
      return path === TRASH_FOLDER && stat !== undefined ? { ...stat, device: 7 } : stat
    }
    expect(() => share.restart()).toThrow(expect.objectContaining({ code: 'share-unusable' }))
  })
})

describe('restoring', () => {
  const back = (path: string, asOfMs?: number) => finish(restore(disk, { path, asOfMs }))

  test('gives back the newest of a path, or the one that stood there at a time', () => {
    thrown('a', 'first')
    nowMs += HOUR_MS
    thrown('a', 'second')
    nowMs += HOUR_MS
    expect(back('a', START_MS - 1)).toEqual({ ...NOTHING, restored: { count: 1, first: ['a'] } })
    expect(textAt('a')).toBe('first')
    disk.unharmed((it) => it.removeFile('a'))
    expect(back('a').restored.first).toEqual(['a'])
    expect(textAt('a')).toBe('second')
    expect(disk.list(TRASH_FOLDER).names).toEqual([])
  })

  test('puts what was named beside what stands there by now, and leaves the rest of a folder in the trash', () => {
    thrown('f/a.txt', 'old')
    thrown('f/b', 'old')
    put('f/a.txt', 'new')
    expect(back('f')).toEqual({
      restored: { count: 1, first: ['f/b'] },
      beside: { count: 0, first: [] },
      refused: { count: 1, first: [{ path: 'f/a.txt', reason: expect.stringContaining('stands there') }] },
    })
    const as = 'f/a.restored-20261129-093000.txt'
    expect(back('f/a.txt')).toEqual({ ...NOTHING, beside: { count: 1, first: [{ path: 'f/a.txt', as }] } })
    expect([textAt('f/a.txt'), textAt(as)]).toEqual(['new', 'old'])
    expect(back('f/a.txt')).toEqual(NOTHING)
  })

  test('never overwrites, whatever stands in the place of a path or of its folder', () => {
    thrown('f/a', 'old')
    disk.makeFolder('empty')
    disk.removeFolder('empty')
    trash.takeFolder('empty', 'all')
    disk.unharmed((it) => it.removeFolder('f'))
    put('f', 'a file')
    put('empty', 'a file')
    expect(back('').refused).toMatchObject({ count: 2 })
    disk.unharmed((it) => it.removeFile('f'))
    disk.unharmed((it) => it.makeLink('f', '/elsewhere'))
    expect(back('').refused).toMatchObject({ count: 2 })
    expect([disk.readLink('f'), textAt('empty')]).toEqual(['/elsewhere', 'a file'])
    expect(places().sort()).toEqual(['2026-11-29/empty', '2026-11-29/f/a'])
  })

  test('gives back a folder with what was in it, links and empty folders too', () => {
    thrown('f/a', 'one')
    thrown('f/g/b', 'two')
    disk.makeLink('f/l', 'target')
    trash.take('f/l')
    disk.makeFolder('f/empty')
    for (const folder of ['f/empty', 'f/g', 'f']) {
      disk.removeFolder(folder)
      trash.takeFolder(folder, 'all')
    }
    thrown('other', 'three')
    expect(back('f').restored.first.toSorted()).toEqual(['f/a', 'f/empty', 'f/g/b', 'f/l'])
    expect([textAt('f/a'), textAt('f/g/b'), disk.readLink('f/l'), disk.stat('f/empty')!.kind]).toEqual([
      'one',
      'two',
      'target',
      'folder',
    ])
    expect(places()).toEqual(['2026-11-29/other'])
  })

  test('makes a folder for whoever could look into it, and one of which that is not known for its user alone', () => {
    disk.makeFolder('private', 'private')
    thrown('private/a', 'one')
    thrown('open/a', 'two')
    disk.unharmed((it) => it.makeFolder(`${TRASH_FOLDER}/2026-11-29/unknown`, 'private'))
    disk.unharmed((it) => it.rename('.left/trash/2026-11-29/open/a', '.left/trash/2026-11-29/unknown/a'))
    const folders = ['private', 'open', 'unknown', 'empty']
    disk.makeFolder('empty')
    for (const folder of ['private', 'open', 'empty']) disk.removeFolder(folder)
    for (const folder of ['open', 'empty']) trash.takeFolder(folder, 'all')
    expect(back('').restored.count).toBe(4)
    const modes = Object.fromEntries(folders.map((folder) => [folder, disk.stat(folder)!.mode]))
    expect(modes).toEqual({ private: 0o700, open: 0o755, unknown: 0o700, empty: 0o755 })
  })

  test('makes an edit that everybody gets', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('content'))
    share.disk.putFile('b', utf8('stays'))
    share.scan()
    new Trash({ disk: share.disk, wallMs: () => share.nowMs, policy }).take('a')
    expect(share.scanned()).toEqual(['tombstone a'])
    finish(restore(share.disk, { path: 'a', asOfMs: undefined }))
    expect(share.scanned()).toEqual(['file a'])
  })

  test('works in bounded pieces, and names the first of many', () => {
    for (let count = 0; count < 300; count++) thrown(`f/${count}`, 'x')
    const work = restore(disk, { path: 'f', asOfMs: undefined })
    let pieces = 0
    for (let next = work.next(); ; next = work.next()) {
      if (next.done !== true) pieces++
      else {
        expect(next.value.restored).toMatchObject({ count: 300, first: { length: SAMPLE_MAX } })
        break
      }
    }
    expect(pieces).toBeGreaterThanOrEqual(8)
  })
})

describe('emptying', () => {
  test('removes all that LEFT has put there and nothing else', () => {
    thrown('f/a', 'four')
    disk.unharmed((it) => it.makeFolder(`${TRASH_FOLDER}/mine`))
    expect(finish(emptyTrash(disk))).toEqual({ things: 1, bytes: 4 })
    expect(disk.list(TRASH_FOLDER).names).toEqual(['mine'])
  })

  test('before a time leaves what came later', () => {
    thrown('f/a', 'four')
    nowMs += 1
    thrown('f/b', 'later')
    expect(finish(emptyTrash(disk, nowMs))).toEqual({ things: 1, bytes: 4 })
    expect(places()).toEqual(['2026-11-29/f/b'])
  })
})

describe('the trash is swept', () => {
  function sweep(sweeping: Sweeping): void {
    sweeping.step(nowMs - START_MS)
    while (sweeping.busy) sweeping.step(nowMs - START_MS)
  }

  test('of what is older than its days, and once an hour', () => {
    thrown('old', 'old')
    const sweeping = new Sweeping({ disk, wallMs, policy }, 0)
    nowMs += 30 * DAY_MS
    thrown('new', 'new')
    sweep(sweeping)
    expect(places()).toHaveLength(2)
    nowMs += DAY_MS
    sweep(sweeping)
    expect(places()).toEqual(['2026-12-29/new'])
    expect(sweeping.pollTimeout()).toBe(nowMs - START_MS + HOUR_MS)
  })

  test('of the oldest where it is too large, and never of the last seven days', () => {
    disk.capacityBytes = 10_000
    for (let day = 0; day < 20; day++) {
      thrown(`a${day}`, 'x'.repeat(300))
      nowMs += DAY_MS
    }
    sweep(new Sweeping({ disk, wallMs, policy }, 0))
    // Eight days are within the last seven and today.
    expect(places().map((place) => place.slice(0, 10))).toEqual([
      '2026-12-12',
      '2026-12-13',
      '2026-12-14',
      '2026-12-15',
      '2026-12-16',
      '2026-12-17',
      '2026-12-18',
    ])
  })

  test('of all that may go where the disk is full', () => {
    for (let day = 0; day < 20; day++) {
      thrown(`a${day}`, 'x')
      nowMs += DAY_MS
    }
    const sweeping = new Sweeping({ disk, wallMs, policy }, Number.POSITIVE_INFINITY)
    sweeping.handleFull(0)
    while (sweeping.busy) sweeping.step(0)
    expect(places()).toHaveLength(7)
    sweeping.handleFull(HOUR_MS - 1)
    expect(sweeping.busy).toBe(false)
  })

  test('a bounded number of names at a time', () => {
    for (let count = 0; count < 200; count++) thrown(`f/${count}`, 'x')
    nowMs += 40 * DAY_MS
    const sweeping = new Sweeping({ disk, wallMs, policy }, 0)
    const before = disk.operationCount
    sweeping.step(0)
    expect(disk.operationCount - before).toBeLessThanOrEqual(64)
    expect(sweeping.busy).toBe(true)
  })
})

describe('listing', () => {
  test('has what was taken in last at the front, cut to as many as an answer holds, and the bytes of all', () => {
    for (let count = 0; count < SAMPLE_MAX + 2; count++) {
      nowMs += 1_000
      thrown(`f/${count}`, 'text')
    }
    const listed = finish(list(disk, { path: '', asOfMs: undefined }))
    expect(listed).toMatchObject({ count: SAMPLE_MAX + 2, bytes: 4 * (SAMPLE_MAX + 2) })
    expect(listed.first).toHaveLength(SAMPLE_MAX)
    expect(listed.first[0]).toMatchObject({ path: `f/${SAMPLE_MAX + 1}`, kind: 'file', bytes: 4 })
    expect(finish(list(disk, { path: 'f/3', asOfMs: undefined }))).toMatchObject({ count: 1, bytes: 4 })
  })
})
