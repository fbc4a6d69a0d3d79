// Reasons for which a path is not the same yet, each brought about on a simulated disk with a peer that tells of entries.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { DAY_MS } from '../../src/base/calendar.js'
import { BLOCK_BYTES, FILE_BYTES_MAX } from '../../src/base/limits.js'
import type { FileStat } from '../../src/base/ports.js'
import { PATH_REASONS, type ReasonCode } from '../../src/base/reason.js'
import { RETRY_BACKOFF_MS } from '../../src/keeper/intake/limits.js'
import { FULL_DISK_RETRY_MS } from '../../src/keeper/limits.js'
import type { SimDisk } from '../../src/sim/disk/disk.js'
import { AskedShare } from './asked-share.js'
import {
  contentOf,
  dotted,
  MOVER,
  START_MS,
  THEIRS,
  theirFile,
  theirFolder,
  theirLink,
} from './share-on-disk.js'

/** What the tests below brought about. */
const seen = new Set<ReasonCode>()

function first(share: AskedShare, path: string) {
  const reason = share.why(path).reasons[0]
  if (reason !== undefined) seen.add(reason.code)
  return reason
}

/** The disk shows what is at a path with these facts, as it would a device or a file that fills it. */
function showAs(disk: SimDisk, path: string, facts: Partial<FileStat>): void {
  const statLink = disk.statLink.bind(disk)
  disk.statLink = (at) => {
    const stat = statLink(at)
    return at === path && stat !== undefined ? { ...stat, ...facts } : stat
  }
}

describe('what stands here and is not told', () => {
  test('settles: since when it has been changing is told', () => {
    const share = new AskedShare(['a'])
    expect(share.codes('a')).toEqual([])
    share.disk.putFile('a', utf8('edited'))
    share.hint('a')
    share.pass(50)
    expect(first(share, 'a')).toMatchObject({ code: 'settling', forMs: 50 })
    share.pass(1_000)
    expect(share.codes('a')).toEqual([])
  })

  test.each([
    ['growing', 'ab'],
    ['restless', 'xy'],
  ] as const)('is %s', (code, part) => {
    const share = new AskedShare(['log'])
    let text = 'log'
    for (let ms = 0; ms < 12_000; ms += 50) {
      text = code === 'growing' ? text + part : `${part}${ms}`
      share.disk.putFile('log', utf8(text))
      share.hint('log')
      share.pass(50)
    }
    expect(first(share, 'log')).toMatchObject({ code })
    expect(share.why('log').reasons[0]!.forMs).toBeGreaterThan(0)
  })

  test('is gone, and waits for what went with it', () => {
    const share = new AskedShare(['a', 'f/b'])
    share.disk.unharmed((disk) => {
      disk.removeFile('f/b')
      disk.removeFolder('f')
    })
    share.hint('f')
    share.pass(50)
    expect(first(share, 'f')).toMatchObject({ code: 'leaving', forMs: 50 })
    expect(share.codes('f/b')).toEqual(['leaving'])
    share.pass(2_000)
    expect(share.codes('f/b')).toEqual([])
  })

  test('was not noticed where no watch tells of it: when all is read again is told', () => {
    const share = new AskedShare(['a'])
    share.disk.putFile('a', utf8('edited'))
    share.disk.putFile('new', utf8('new'))
    const reason = first(share, 'a')!
    expect(reason).toMatchObject({ code: 'unnoticed', againMs: expect.any(Number) })
    expect(share.codes('new')).toEqual(['unnoticed'])
    share.pass(reason.againMs! + 1_000)
    expect([share.codes('a'), share.codes('new')]).toEqual([[], []])
  })

  test('is being read', () => {
    const share = new AskedShare(['a'])
    share.ask({ name: 'rescan', path: '' })
    expect(first(share, 'a')).toMatchObject({ code: 'reading' })
    share.pass(1_000)
    expect(share.codes('a')).toEqual([])
  })

  test('is told in a moment', () => {
    const share = new AskedShare(['a'])
    share.tell(theirFile('b', 'b'))
    share.give({ b: 'b' })
    share.disk.putFile('a', utf8('edited'))
    share.hint('a')
    while (share.codes('a').some((code) => code !== 'not-told')) share.pass(1)
    expect(first(share, 'a')).toMatchObject({ code: 'not-told', againMs: expect.any(Number) })
  })
})

describe('what is never shared, or left out', () => {
  test('is left out by a line of rules, which is named', () => {
    const share = new AskedShare(['f/a.o', 'f/a.c'])
    share.disk.putFile('.leftignore', utf8('# objects\n*.o\n'))
    share.hint('.leftignore')
    share.pass(1_000)
    expect(first(share, 'f/a.o')).toMatchObject({ code: 'ignored', detail: '.leftignore, line 2: *.o' })
    expect(share.why('f/a.o').isHeld).toBe(false)
    expect(share.codes('f/a.c')).toEqual([])
    // Of a folder that is left out all is.
    share.disk.putFile('.left/ignore', utf8('/f/\n'))
    share.hint('.left/ignore')
    share.pass(1_000)
    expect(share.why('f/a.c').reasons).toMatchObject([{ detail: '.left/ignore, line 1: /f/' }])
    // A peer's edit of it is known, and not wanted.
    share.tell(theirFile('f/new.o', 'new'))
    expect(share.codes('f/new.o')).toEqual(['ignored'])
  })

  test.each<[ReasonCode, string, (share: AskedShare) => void, string?]>([
    [
      'no-right-to-read',
      'a',
      ({ disk }) => {
        disk.putFile('a', utf8('edited'))
        disk.deny('a')
      },
    ],
    ['no-right-to-read', 'f/b', ({ disk }) => disk.deny('f'), 'f'],
    ['link-to-nothing', 'l', ({ disk }) => disk.unharmed((all) => all.makeLink('l', 'nowhere'))],
    ['link-cycle', 'f/l', ({ disk }) => disk.unharmed((all) => all.makeLink('f/l', '../f'))],
    ['too-large', 'a', ({ disk }) => showAs(disk, 'a', { sizeBytes: FILE_BYTES_MAX + 1 })],
    ['not-a-file', 'a', ({ disk }) => showAs(disk, 'a', { kind: 'other' })],
    ['rules-unread', '.leftignore', ({ disk }) => disk.putFile('.leftignore', new Uint8Array([255]))],
  ])('%s: %s', (code, path, act, detail = expect.any(String)) => {
    const share = new AskedShare(['a', 'f/b'], { links: 'follow' })
    act(share)
    share.hint('')
    share.pass(2_000)
    expect(first(share, path)).toMatchObject({ code, detail, forMs: expect.any(Number) })
  })

  test('a link where links are left out', () => {
    const share = new AskedShare(['a'], { links: 'skip' })
    share.disk.unharmed((disk) => disk.makeLink('l', 'a'))
    share.hint('l')
    share.pass(1_000)
    expect(first(share, 'l')).toMatchObject({ code: 'link-left-out' })
  })

  test('a file that the disk fails to read', () => {
    const share = new AskedShare(['a'])
    share.disk.putFile('a', utf8('edited'))
    share.disk.failNext('io', 'open')
    share.hint('a')
    share.pass(1_000)
    expect(first(share, 'a')).toMatchObject({
      code: 'unreadable',
      detail: expect.stringContaining('told to fail'),
    })
  })

  test.each<[ReasonCode, string]>([
    ['own-folder', '.left/index'],
    ['name-not-allowed', 'a//b'],
    ['name-too-long', 'x'.repeat(256)],
    ['too-deep', 'd/'.repeat(200)],
    ['name-not-utf8', '\ud800'],
  ])('%s: whatever is there', (code, path) => {
    expect(first(new AskedShare(), path.replace(/\/$/, ''))).toMatchObject({ code })
  })

  test.each<[ReasonCode, string]>([
    ['private', 'secret'],
    ['other-share', 'inner/.left/replica'],
  ])('%s', (code, path) => {
    const share = new AskedShare([], {}, { privatePaths: ['secret'] })
    share.disk.putFile('secret', utf8('sesame'))
    share.disk.putFile('inner/.left/replica', utf8('left-peer'))
    share.hint('')
    share.pass(2_000)
    expect(first(share, path)).toMatchObject({ code })
  })

  test('a disk that was mounted there is gone: what was on it counts as there', () => {
    const share = new AskedShare(['a', 'b'])
    share.disk.unharmed((disk) => {
      for (const path of ['a', 'b']) disk.removeFile(path)
      disk.rename('.left', '.elsewhere')
    })
    share.hint('')
    share.pass(15_000)
    expect(first(share, 'a')).toMatchObject({ code: 'unseen' })
  })
})

describe('what is held until a person decides', () => {
  const many = Array.from({ length: 40 }, (_, index) => `f/${index}`)

  test('deletions here', () => {
    const share = new AskedShare(many)
    share.disk.unharmed((disk) => {
      for (const path of many) disk.removeFile(path)
    })
    share.hint('f')
    share.pass(15_000)
    expect(first(share, many[0]!)).toMatchObject({ code: 'held-here' })
    expect(share.why('f').below).toMatchObject({ count: 40, first: expect.any(Array) })
    share.ask({ name: 'confirm' })
    share.pass(1_000)
    expect(share.codes(many[0]!)).toEqual([])
  })

  test('deletions of a peer', () => {
    const share = new AskedShare(many)
    for (const path of many) share.tell(share.deletionOf(path))
    share.pass(15_000)
    const held = many.filter((path) => share.codes(path).includes('held'))
    expect(held.length).toBeGreaterThan(0)
    expect(first(share, held[0]!)).toMatchObject({ code: 'held', detail: `deleted by peer ${THEIRS}` })
    expect(share.why(held[0]!).isHeld).toBe(false)
  })

  test('changes here, where a machine only receives', () => {
    const share = new AskedShare(['a'], { direction: 'receive-only' })
    share.disk.putFile('b', utf8('made here'))
    share.hint('b')
    share.pass(1_000)
    expect(first(share, 'b')).toMatchObject({ code: 'receive-only' })
  })

  test('changes of others, where a machine only sends', () => {
    const share = new AskedShare(['a'], { direction: 'send-only' })
    share.tell(theirFile('b', 'b'), { ...theirFile('a', 'theirs'), version: share.onTopOf('a') })
    expect(first(share, 'b')).toMatchObject({ code: 'send-only' })
    expect(first(share, 'a')).toMatchObject({ code: 'send-only', detail: `replaced by peer ${THEIRS}` })
  })

  test('what no peer knows since this machine was away for long', () => {
    let awayMs = 0
    const share: AskedShare = new AskedShare([], { wallMs: () => START_MS + 100_000 + awayMs })
    share.tell(theirFile('a', 'a'))
    share.give({ a: 'a' })
    share.leave()
    awayMs = 401 * DAY_MS
    share.pass(1_000)
    expect(first(share, 'a')).toMatchObject({ code: 'away' })
  })

  test('both sides of a conflict', () => {
    const share = new AskedShare(['a'])
    share.tell({ ...theirFile('a', 'theirs'), mtimeMs: START_MS + 3_600_000 })
    share.give({ a: 'theirs' })
    share.pass(1_000)
    expect(first(share, 'a')).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('a.conflict-'),
    })
  })
})

describe('what is wanted of a peer', () => {
  test('is fetched, prepared, or waits: for its turn, for the same content, for a comparison', () => {
    const share = new AskedShare()
    const contents = Object.fromEntries(
      Array.from({ length: 6 }, (_, index) => [`large${index}`, contentOf(3 * BLOCK_BYTES, index + 1)]),
    )
    const others = Object.entries(contents).map(([path, content]) => theirFile(path, content))
    share.tell(theirFile('a', 'a'), theirFile('same', 'a'), ...others)
    expect(first(share, 'a')).toMatchObject({ code: 'fetching', detail: THEIRS })
    expect(first(share, 'same')).toMatchObject({ code: 'same-content', detail: 'a' })
    expect(first(share, 'large5')).toMatchObject({ code: 'queued' })
    expect(share.why('a')).toMatchObject({
      known: null,
      isHeld: false,
      wanted: { bytes: 1 },
      wantedOf: [THEIRS],
    })
    share.giveLists(contents)
    expect(first(share, 'large0')).toMatchObject({ code: 'preparing' })
    share.pass(3_000)
    expect(share.why('large0').reasons).toMatchObject([{ code: 'fetching', forMs: 3_000 }])
  })

  test('waits for room, since when and until when it is tried again', () => {
    const share = new AskedShare()
    share.tell(theirFile('a', 'a'))
    share.disk.failNext('no-space')
    share.give({ a: 'a' })
    share.pass(1_000)
    expect(first(share, 'a')).toMatchObject({
      code: 'disk-full',
      forMs: 1_000,
      againMs: FULL_DISK_RETRY_MS - 1_000,
    })
    share.pass(FULL_DISK_RETRY_MS)
    share.give({ a: 'a' })
    share.pass(1_000)
    expect(share.codes('a')).toEqual([])
  })

  test('waits for room that is to stay free', () => {
    const share = new AskedShare([], { minFree: { percent: 100, bytes: 0 } }, { capacityBytes: 1_000_000 })
    share.tell(theirFile('a', 'a'))
    expect(first(share, 'a')).toMatchObject({
      code: 'min-free',
      detail: expect.stringContaining('--min-free'),
    })
  })

  test('comes after what its author made before it', () => {
    const share = new AskedShare()
    const [before, after] = [theirFile('a', 'a'), { ...theirFile('b', 'b'), version: dotted(`${THEIRS}:2`) }]
    share.tell(before, after)
    share.give({ b: 'b' })
    share.pass(1_000)
    expect(first(share, 'b')).toMatchObject({ code: 'waits-for-order', forMs: 1_000 })
    share.give({ a: 'a' })
    share.pass(1_000)
    expect([share.codes('a'), share.codes('b')]).toEqual([[], []])
  })

  test('is put in place in a moment', () => {
    const share = new AskedShare()
    share.tell(theirFile('a', 'a'))
    share.hand({ a: 'a' })
    expect(first(share, 'a')).toMatchObject({ code: 'placing' })
  })

  test('may have been moved, which a comparison will tell', () => {
    const share = new AskedShare(['a'])
    share.tellSome(theirFile('b', 'a'))
    share.pass(1_000)
    expect(first(share, 'b')).toMatchObject({ code: 'waits-for-comparison', againMs: expect.any(Number) })
  })

  test('waits for its folder, in whose place a file stands that does not rest', () => {
    const share = new AskedShare(['f'])
    share.disk.putFile('f', utf8('edited meanwhile'))
    share.tell({ ...theirFolder('f'), version: share.onTopOf('f') }, theirFile('f/a', 'a'))
    share.give({ 'f/a': 'a' })
    share.pass(10)
    expect(first(share, 'f/a')).toMatchObject({ code: 'waits-for-folder', detail: 'f' })
  })

  test('a deletion waits for the content that came with it', () => {
    const share = new AskedShare(['old'])
    share.tell(theirFile('a', 'a'), share.deletionOf('old'))
    expect(first(share, 'old')).toMatchObject({ code: 'waits-for-content', detail: '1 to come' })
    share.give({ a: 'a' })
    share.pass(1_000)
    expect(share.codes('old')).toEqual([])
  })

  test('waits until what is in its place is removed, and rests', () => {
    const share = new AskedShare(['f/a', 'b'])
    share.disk.putFile('b', utf8('edited meanwhile'))
    share.tell({ ...theirFile('b', 'theirs'), version: share.onTopOf('b') })
    share.give({ b: 'theirs' })
    share.pass(0)
    expect(share.why('b').reasons.map(({ code }) => code)).toContain('place-restless')
    seen.add('place-restless')
    const other = { ...theirFile('c', 'c'), version: dotted(`${MOVER}:1`) }
    share.tell(other, share.deletionOf('f/a'), {
      ...theirFile('f', 'file'),
      version: share.onTopOf('f'),
    })
    share.give({ f: 'file' })
    share.pass(200)
    expect(first(share, 'f')).toMatchObject({ code: 'waits-for-removals' })
  })
})

describe('what is known and not had', () => {
  test.each<[ReasonCode, string, (share: AskedShare) => void]>([
    ['no-right-to-write', 'a', ({ disk }) => disk.faults.refusePath('a')],
    ['behind-link', 'l/a', ({ disk }) => disk.unharmed((all) => all.makeLink('l', 'elsewhere'))],
    ['disk-failed', 'a', ({ disk }) => disk.failNext('io', 'linkFile')],
    ['name-too-long', 'a', ({ disk }) => disk.failNext('name-too-long', 'linkFile')],
    ['name-not-allowed', 'a', ({ disk }) => disk.failNext('bad-name', 'linkFile')],
    ['private', 'secret', () => {}],
  ])('%s, and when it is tried again', (code, path, act) => {
    const share = new AskedShare([], { links: 'keep' }, { privatePaths: ['secret'] })
    share.disk.putFile('secret', utf8('sesame'))
    share.pass(40_000)
    share.tell(theirFile(path, 'theirs'))
    act(share)
    share.give({ [path]: 'theirs' })
    share.pass(1_000)
    const { known, isHeld } = share.why(path)
    const reason = first(share, path)!
    expect(reason).toMatchObject({ code })
    if (code === 'private') return
    expect(reason.againMs).toBe(RETRY_BACKOFF_MS - reason.forMs!)
    expect([known?.kind, isHeld]).toEqual(['file', false])
  })

  test('a link of a peer that is not taken', () => {
    const share = new AskedShare([], { links: 'follow' })
    share.tell(theirLink('l', 'a'))
    expect(first(share, 'l')).toMatchObject({
      code: 'link-refused',
      detail: expect.stringContaining('--links'),
    })
  })

  test('no peer that was asked holds it, and then none is there', () => {
    const share = new AskedShare()
    share.notHeldThere = 1
    share.tell(theirFile('a', 'a'))
    share.refuse('gone')
    expect(first(share, 'a')).toMatchObject({ code: 'not-held-there', againMs: expect.any(Number) })
    share.leave()
    expect(first(share, 'a')).toMatchObject({ code: 'no-source' })
  })

  test('its folder is not here', () => {
    const share = new AskedShare()
    share.disk.faults.refusePath('f')
    share.tell(theirFolder('f'), theirFile('f/a', 'a'))
    share.give({ 'f/a': 'a' })
    share.pass(1_000)
    expect(first(share, 'f')).toMatchObject({ code: 'no-right-to-write' })
    expect(share.codes('f/a')).not.toEqual([])
  })

  test.each<[ReasonCode, string, string]>([
    ['same-name', 'Readme', 'README'],
    ['other-encoding', 'caf\u00e9', 'cafe\u0301'],
  ])('%s: the other name is told', (code, theirs, ours) => {
    const share = new AskedShare([ours], {}, { foldsNames: true })
    share.tell(theirFile(theirs, 'theirs'))
    share.give({ [theirs]: 'theirs' })
    share.pass(1_000)
    expect(first(share, theirs)).toMatchObject({ code, detail: ours })
  })

  test('a folder that was deleted elsewhere stays for what is in it', () => {
    const share = new AskedShare(['f/a'])
    share.disk.putFile('f/pipe', utf8('pipe'))
    showAs(share.disk, 'f/pipe', { kind: 'other' })
    share.tell(share.deletionOf('f/a'), share.deletionOf('f'))
    share.pass(15_000)
    expect(first(share, 'f')).toMatchObject({ code: 'folder-remains' })
  })

  test('a folder that is not empty stands in its place', () => {
    const share = new AskedShare(['f/a'])
    share.disk.putFile('f/pipe', utf8('pipe'))
    showAs(share.disk, 'f/pipe', { kind: 'other' })
    share.tell(share.deletionOf('f/a'), { ...theirFile('f', 'file'), version: share.onTopOf('f') })
    share.give({ f: 'file' })
    share.pass(15_000)
    expect(first(share, 'f')).toMatchObject({ code: 'place-taken' })
  })
})

test('each reason was brought about', () => {
  expect(PATH_REASONS.filter((code) => !seen.has(code))).toEqual([])
})
