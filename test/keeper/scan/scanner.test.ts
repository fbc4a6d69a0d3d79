import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { BLOCK_BYTES, PATH_DEPTH_MAX } from '../../../src/base/limits.js'
import { SETTLE_MS, SETTLE_MS_MAX } from '../../../src/keeper/limits.js'
import { READ_AHEAD_MS } from '../../../src/keeper/scan/limits.js'
import { dotOf, holds } from '../../../src/share/dots.js'
import {
  contentOf,
  digestOfContent,
  dotted,
  listOf,
  OURS,
  ShareOnDisk,
  START_MS,
  theirFolder,
} from '../share-on-disk.js'

const HOUR_AGO_MS = START_MS - 3_600_000

describe('a scan', () => {
  test('finds every file and folder with its size, time, executable bit and content', () => {
    const share = new ShareOnDisk()
    const large = contentOf(BLOCK_BYTES + 1)
    share.disk.putFile('a.txt', utf8('hello'), { mtimeMs: HOUR_AGO_MS })
    share.disk.putFile('folder/sub/run', large, { executable: true })
    share.disk.putFile('empty', new Uint8Array(0))
    expect(share.scanned()).toEqual([
      'file a.txt',
      'file empty',
      'file folder/sub/run',
      'folder folder',
      'folder folder/sub',
    ])
    expect(share.catalogue.get('a.txt')).toEqual({
      path: 'a.txt',
      kind: 'file',
      sizeBytes: 5,
      mtimeMs: HOUR_AGO_MS,
      touched: undefined,
      access: 'all',
      executable: false,
      digest: digestOfContent(utf8('hello')),
      target: '',
      deletedKind: undefined,
      confirmed: false,
      version: dotted(`${OURS}:3`),
    })
    expect(share.catalogue.get('folder/sub/run')).toMatchObject({
      executable: true,
      digest: digestOfContent(large),
    })
    expect(share.catalogue.list(digestOfContent(large))).toEqual(listOf(large))
    expect(share.catalogue.get('empty')).toMatchObject({
      sizeBytes: 0,
      digest: digestOfContent(new Uint8Array(0)),
    })
    expect(share.problems).toEqual([])
  })

  test('of what has not changed finds nothing and reads no file', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('1'))
    share.disk.putFile('f/b', utf8('2'))
    share.scan()
    share.disk.failNext('io', 'open')
    expect(share.scanned()).toEqual([])
    expect(share.problems).toEqual([])
  })

  test('finds what was written over at the very time that it had before, since the clock was set back', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('1'))
    share.scan()
    share.pass(60_000)
    share.disk.putFile('a', utf8('2'))
    share.scanner.hint('a')
    share.pass(SETTLE_MS)
    const { ctimeMs, mtimeMs, inode } = share.disk.stat('a')!
    // As long after the first time as this is later.
    share.pass(1_000)
    share.clockErrorMs = ctimeMs - share.nowMs
    share.disk.putFile('a', utf8('3'))
    expect(share.disk.stat('a')).toMatchObject({ ctimeMs, mtimeMs, inode, sizeBytes: 1 })
    share.scanner.hint('a')
    share.pass(SETTLE_MS)
    expect(share.catalogue.get('a')).toMatchObject({ mtimeMs, digest: digestOfContent(utf8('3')) })
  })

  test('after a restart finds nothing either', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('1'))
    share.disk.putFile('f/b', utf8('2'))
    share.scan()
    share.catalogue.commit()
    share.restart()
    share.disk.failNext('io', 'open')
    expect(share.scanned()).toEqual([])
    expect(share.problems).toEqual([])
  })

  test('asks for hints about each folder before it lists it', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('f/g/a', utf8('1'))
    share.scan()
    expect([...share.watched].sort()).toEqual(['', 'f', 'f/g'])
  })

  test('looks at thousands of files in one folder a bounded piece at a time', () => {
    const share = new ShareOnDisk()
    for (let file = 0; file < 2_000; file++) share.disk.putFile(`f/${file}`, utf8(`${file}`))
    share.scan()
    expect(share.catalogue.manifest.fileCount).toBe(2_000)
    expect(share.scanner.idle).toBe(true)
  })
})

describe('a file that is being written', () => {
  test('is not announced before it has been the same for a while', () => {
    const share = new ShareOnDisk()
    share.scan()
    share.disk.putFile('a', utf8('half'))
    share.scanner.hint('a')
    share.pass(SETTLE_MS - 1)
    expect(share.changes).toEqual([])
    expect(share.scanner.idle).toBe(false)
    share.pass(1)
    expect(share.changes).toMatchObject([{ path: 'a', digest: digestOfContent(utf8('half')) }])
  })

  test('is announced once and whole, however often it changed meanwhile', () => {
    const share = new ShareOnDisk()
    share.scan()
    let text = ''
    for (let part = 0; part < 30; part++) {
      text += 'part'
      share.disk.putFile('a', utf8(text))
      share.scanner.hint('a')
      share.pass(SETTLE_MS - 10)
      expect(share.changes).toEqual([])
    }
    share.pass(SETTLE_MS_MAX)
    expect(share.changes).toMatchObject([
      { path: 'a', digest: digestOfContent(utf8(text)), version: dotted(`${OURS}:1`) },
    ])
  })

  test('is waited for twice as long with each change, up to a limit', () => {
    const share = new ShareOnDisk()
    share.scan()
    for (let change = 0; change < 12; change++) {
      share.disk.putFile('a', utf8(`${change}`))
      share.scanner.hint('a')
      share.pass(change === 0 ? SETTLE_MS - 1 : 1)
    }
    share.pass(SETTLE_MS_MAX - 2)
    expect(share.changes).toEqual([])
    share.pass(2)
    expect(share.changes).toHaveLength(1)
  })

  test('is waited for no longer for the writes that follow its making at once', () => {
    const share = new ShareOnDisk()
    share.scan()
    for (const text of ['', 'half', 'half and half']) {
      share.disk.putFile('a', utf8(text))
      share.scanner.hint('a')
      share.pass(1)
    }
    share.pass(SETTLE_MS - 2)
    expect(share.changes).toEqual([])
    share.pass(1)
    expect(share.changes).toMatchObject([{ digest: digestOfContent(utf8('half and half')) }])
  })

  test('is waited for no longer where a write that followed its making is seen late', () => {
    const share = new ShareOnDisk()
    share.scan()
    share.disk.putFile('a', utf8('half'))
    share.scanner.hint('a')
    share.pass(10)
    share.disk.putFile('a', utf8('half and half'))
    share.pass(SETTLE_MS - 1)
    expect(share.changes).toEqual([])
    share.pass(1)
    expect(share.changes).toMatchObject([{ digest: digestOfContent(utf8('half and half')) }])
  })

  test('is announced after a new one of the same tick of the clock', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('reference', utf8('none'))
    share.scan()
    share.disk.putFile('reference', utf8('to the object'))
    share.disk.putFile('object', utf8('object'))
    share.scanner.hint('reference')
    share.scanner.hint('object')
    share.changes.length = 0
    share.pass(SETTLE_MS)
    expect(share.changes.map(({ path }) => path)).toEqual(['object', 'reference'])
  })

  test('is announced after an older one in a folder that is still to be listed', () => {
    const share = new ShareOnDisk()
    share.scan()
    share.disk.putFile('objects/new/object', utf8('object'))
    share.nowMs += 5
    share.disk.putFile('reference', utf8('to the object'))
    share.nowMs += SETTLE_MS
    share.scanner.hint('reference')
    share.scanner.hint('objects')
    share.pass(0)
    expect(share.changes.filter(({ kind }) => kind === 'file').map(({ path }) => path)).toEqual([
      'objects/new/object',
      'reference',
    ])
  })

  test('is read again when it changes while it is hashed, even where its times are too coarse to show it', () => {
    const share = new ShareOnDisk({ timestampStepMs: 60_000 })
    const large = contentOf(80 * BLOCK_BYTES)
    share.disk.putFile('a', large)
    share.scanner.hint('a')
    share.nowMs += 2 * SETTLE_MS
    expect(share.scanner.step(share.nowMs)).toBe(true)
    // The next step finds it shorter, and whoever looks after that as it was.
    const { disk } = share
    const stat = disk.stat.bind(disk)
    disk.unharmed((port) => {
      const handle = port.create('a')
      port.truncate(handle, BLOCK_BYTES)
      port.close(handle)
    })
    disk.stat = (path) => {
      disk.putFile('a', large)
      return stat(path)
    }
    disk.statLink = disk.stat
    while (share.scanner.step(share.nowMs));
    expect(share.scanner.pollTimeout()).toBe(share.nowMs + SETTLE_MS)
    share.pass(SETTLE_MS_MAX)
    expect(share.changes).toMatchObject([{ path: 'a', digest: digestOfContent(large) }])
    expect(share.scanner.idle).toBe(true)
  })

  test('is read again when it changes while it is hashed', () => {
    const share = new ShareOnDisk()
    const large = contentOf(80 * BLOCK_BYTES)
    share.disk.putFile('a', large)
    share.scanner.hint('a')
    share.nowMs += 2 * SETTLE_MS
    // A step reads 64 blocks of it; then it is written anew from its beginning.
    expect(share.scanner.step(share.nowMs)).toBe(true)
    expect(share.changes).toEqual([])
    share.nowMs += 1
    share.disk.putFile('a', contentOf(80 * BLOCK_BYTES, 2))
    share.pass(10_000)
    expect(share.changes).toMatchObject([
      { path: 'a', digest: digestOfContent(contentOf(80 * BLOCK_BYTES, 2)) },
    ])
  })

  test('is announced at once where its own times say that it has been quiet long enough', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('old'))
    share.nowMs += SETTLE_MS
    share.scanner.hint('a')
    share.pass(0)
    expect(share.changes).toHaveLength(1)
  })

  test('is waited for where its times lie in the future of our clock', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('x'), { mtimeMs: START_MS + 3_600_000 })
    share.scanner.hint('a')
    share.pass(SETTLE_MS - 1)
    expect(share.changes).toEqual([])
    share.pass(1)
    expect(share.changes).toHaveLength(1)
  })
})

describe('a small file that settles', () => {
  /** At a time that is no whole second, as nearly all are. */
  function shareAt(ms: number, options: { timestampStepMs?: number } = {}): ShareOnDisk {
    const share = new ShareOnDisk(options)
    share.pass(ms)
    share.scan()
    return share
  }

  function put(share: ShareOnDisk, text: string): void {
    share.disk.putFile('a', utf8(text))
    share.scanner.hint('a')
  }

  test('is read meanwhile, and only looked at when it has settled', () => {
    const share = shareAt(1)
    put(share, 'small')
    share.pass(READ_AHEAD_MS)
    share.disk.failNext('io', 'open')
    share.pass(SETTLE_MS - READ_AHEAD_MS - 1)
    expect(share.changes).toEqual([])
    share.pass(1)
    expect(share.changes).toMatchObject([{ path: 'a', digest: digestOfContent(utf8('small')) }])
    expect(share.problems).toEqual([])
  })

  test('is not read before a clock of 10 ms has ticked', () => {
    const share = shareAt(1)
    put(share, 'small')
    share.pass(READ_AHEAD_MS - 1)
    share.disk.failNext('io', 'open')
    share.pass(1)
    expect(share.problems).toHaveLength(1)
  })

  test('is read again where its times tell that it changed, though no hint came', () => {
    const share = shareAt(1)
    put(share, 'first')
    share.pass(READ_AHEAD_MS + 1)
    share.disk.putFile('a', utf8('other'))
    share.pass(SETTLE_MS_MAX)
    expect(share.changes).toMatchObject([{ path: 'a', digest: digestOfContent(utf8('other')) }])
  })

  test('is read again where a hint came, though its times do not tell', () => {
    const timestampStepMs = 3 * READ_AHEAD_MS + 1
    const share = shareAt(1, { timestampStepMs })
    share.pass(timestampStepMs - (share.nowMs % timestampStepMs))
    put(share, 'first')
    share.pass(READ_AHEAD_MS + 1)
    const before = share.disk.stat('a')
    put(share, 'other')
    expect(share.disk.stat('a')).toEqual(before)
    share.pass(SETTLE_MS_MAX)
    expect(share.changes).toMatchObject([{ path: 'a', digest: digestOfContent(utf8('other')) }])
  })

  test('is read when it has settled where its times are whole seconds', () => {
    const share = shareAt(1, { timestampStepMs: 1_000 })
    put(share, 'small')
    share.disk.failNext('io', 'open')
    share.pass(READ_AHEAD_MS)
    expect(share.problems).toEqual([])
    share.pass(SETTLE_MS_MAX)
    expect(share.problems).toHaveLength(1)
  })

  test('is read once, when it comes to rest, where it changes again and again', () => {
    const share = shareAt(1)
    for (let change = 0; change < 3; change++) {
      put(share, `${change}`)
      share.pass(SETTLE_MS - 1)
    }
    expect(share.changes).toEqual([])
    put(share, 'last')
    share.disk.failNext('io', 'open')
    share.pass(READ_AHEAD_MS + 1)
    expect(share.problems).toEqual([])
    share.pass(SETTLE_MS_MAX)
    expect(share.problems).toHaveLength(1)
  })
})

describe('what changed on the disk', () => {
  function shareWith(...paths: string[]): ShareOnDisk {
    const share = new ShareOnDisk()
    for (const path of paths) share.disk.putFile(path, utf8(path))
    share.scan()
    share.changes.length = 0
    share.nowMs += 60_000
    return share
  }

  const dotOfEdit = (count: number) => dotOf(OURS, count)

  test('content: another content with a dot of its own, and the attributes as they were', () => {
    const share = shareWith('a')
    share.disk.putFile('a', utf8('new'))
    expect(share.scanned()).toEqual(['file a'])
    expect(share.catalogue.get('a')).toMatchObject({
      digest: digestOfContent(utf8('new')),
      version: { content: dotOfEdit(2), attributes: dotOfEdit(1), seen: dotOfEdit(2) },
    })
  })

  test('a touch: the same content with another time is an edit of the attributes', () => {
    const share = shareWith('a')
    const { digest } = share.catalogue.get('a')!
    share.disk.unharmed((disk) => disk.setTimes('a', HOUR_AGO_MS))
    expect(share.scanned()).toEqual(['file a'])
    expect(share.catalogue.get('a')).toMatchObject({
      digest,
      mtimeMs: START_MS,
      touched: { mtimeMs: HOUR_AGO_MS, content: dotOfEdit(1) },
      version: { content: dotOfEdit(1), attributes: dotOfEdit(2), seen: dotOfEdit(2) },
    })
    expect(share.scanned()).toEqual([])
  })

  test('a chmod: the executable bit is an edit of the attributes', () => {
    const share = shareWith('a')
    share.disk.chmod('a', 0o755)
    expect(share.scanned()).toEqual(['file a'])
    expect(share.catalogue.get('a')).toMatchObject({
      executable: true,
      version: { content: dotOfEdit(1), attributes: dotOfEdit(2), seen: dotOfEdit(2) },
    })
    expect(share.scanned()).toEqual([])
  })

  test('a second name of the file: nothing to tell anyone, and it is read once', () => {
    const share = shareWith('a')
    share.disk.unharmed((disk) => disk.linkFile('a', 'b'))
    expect(share.scanned()).toEqual(['file b'])
    share.disk.failNext('io', 'open')
    expect(share.scanned()).toEqual([])
    expect(share.problems).toEqual([])
  })

  test('a disappearance: remembered as a deletion once it has settled', () => {
    const share = shareWith('a', 'b')
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.scanner.hint('a')
    share.pass(SETTLE_MS - 1)
    expect(share.changes).toEqual([])
    share.pass(1)
    expect(share.changes).toMatchObject([
      {
        path: 'a',
        kind: 'tombstone',
        deletedKind: 'file',
        sizeBytes: 0,
        digest: '',
        version: dotted(dotOfEdit(3)),
      },
    ])
    expect(share.catalogue.live('a')).toBeUndefined()
    expect(share.scanned()).toEqual([])
  })

  test('a file that is away for a moment, as editors save: no deletion', () => {
    const share = shareWith('a')
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.scanner.hint('a')
    share.pass(SETTLE_MS / 2)
    share.disk.putFile('a', utf8('saved'))
    share.scanner.hint('a')
    share.pass(SETTLE_MS_MAX)
    expect(share.changes).toMatchObject([{ path: 'a', kind: 'file', version: { content: dotOfEdit(2) } }])
  })

  test('a folder with everything in it: each thing is remembered as deleted and hints end', () => {
    const share = shareWith('f/a', 'f/g/b')
    share.disk.unharmed((disk) => {
      disk.removeFile('f/a')
      disk.removeFile('f/g/b')
      disk.removeFolder('f/g')
      disk.removeFolder('f')
    })
    expect(share.scanned()).toEqual(['tombstone f', 'tombstone f/a', 'tombstone f/g', 'tombstone f/g/b'])
    expect([...share.watched]).toEqual([''])
  })

  test('a folder in the place of a file, and a file in the place of a folder', () => {
    const share = shareWith('a', 'f/b', 'f/g/c')
    const before = new Map(['a', 'f'].map((path) => [path, share.catalogue.get(path)!.version]))
    share.disk.unharmed((disk) => {
      disk.removeFile('a')
      disk.makeFolder('a')
      disk.removeFile('f/b')
      disk.removeFile('f/g/c')
      disk.removeFolder('f/g')
      disk.removeFolder('f')
    })
    share.disk.putFile('a/inside', utf8('1'))
    share.disk.putFile('f', utf8('2'))
    expect(share.scanned()).toEqual([
      'file a/inside',
      'file f',
      'folder a',
      'tombstone f/b',
      'tombstone f/g',
      'tombstone f/g/c',
    ])
    // An edit each: nobody takes the file 'a' and the folder 'a' for one thing.
    for (const path of ['a', 'f']) {
      const { content, attributes, seen } = share.catalogue.get(path)!.version
      expect([attributes, seen]).toEqual([content, content])
      expect(holds(before.get(path)!.seen, content)).toBe(false)
    }
    expect([...share.watched].sort()).toEqual(['', 'a'])
  })

  test('a folder that a peer sent is watched, and what a person put there meanwhile is found, with the hint at it', () => {
    const share = shareWith('a')
    share.placing.place(theirFolder('f'), undefined)
    share.placing.place(theirFolder('f/g'), undefined)
    share.disk.putFile('f/g/new', utf8('1'))
    share.scanner.hint('f')
    share.pass(SETTLE_MS)
    expect(share.changes.map(({ path }) => path)).toEqual(['f/g/new'])
    expect([...share.watched]).toEqual(['', 'f', 'f/g'])
  })

  test('a folder moved into the place of another one, with all that is in it, is found with the hint at it', () => {
    const share = shareWith('f/g/a', 'other/g/b')
    share.disk.unharmed((disk) => {
      disk.rename('f', 'former')
      disk.rename('other', 'f')
    })
    share.scanner.hint('f')
    share.pass(SETTLE_MS)
    expect(share.changes.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
      'file f/g/b',
      'tombstone f/g/a',
      'tombstone other/g/b',
    ])
    // Their watches followed the folders that bore these names before.
    expect(share.unwatched).toEqual(['f', 'f/g'])
    expect([...share.watched].sort()).toEqual(['', 'f', 'f/g', 'other', 'other/g'])
  })

  test('something deleted that comes back continues its version', () => {
    const share = shareWith('a')
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.scan()
    share.disk.putFile('a', utf8('a'))
    expect(share.scanned()).toEqual(['file a'])
    expect(share.catalogue.get('a')!.version).toEqual(dotted(dotOfEdit(3)))
  })

  test('a hint about a path where nothing ever was says nothing', () => {
    const share = shareWith('a')
    share.scanner.hint('nothing')
    share.scanner.hint('no/such/folder')
    share.pass(10_000)
    expect(share.changes).toEqual([])
    expect(share.problems).toEqual([])
  })
})

describe('what cannot be shared', () => {
  test('a file that may not be read is reported once, skipped, and shared when it may', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('secret', utf8('1'))
    share.disk.putFile('open', utf8('2'))
    share.disk.deny('secret')
    expect(share.scanned()).toEqual(['file open'])
    share.scan()
    expect(share.problems).toEqual([{ path: 'secret', reason: 'it cannot be read (permission denied)' }])
    share.disk.deny('secret', false)
    expect(share.scanned()).toEqual(['file secret'])
  })

  test('a folder that may not be listed keeps what is known of it', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('f/a', utf8('1'))
    share.scan()
    share.disk.deny('f')
    expect(share.scanned()).toEqual([])
    expect(share.problems).toEqual([{ path: 'f', reason: 'it cannot be read (permission denied)' }])
    expect(share.catalogue.live('f/a')).toBeDefined()
  })

  test('a read error is reported and the file is tried again later', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('1'))
    share.disk.failNext('io', 'read')
    expect(share.scanned()).toEqual([])
    expect(share.problems).toMatchObject([{ path: 'a' }])
    expect(share.scanned()).toEqual(['file a'])
  })

  test('what lies deeper than a path may is skipped, with a reason, and what is above it is shared', () => {
    const share = new ShareOnDisk()
    const deepest = Array.from({ length: PATH_DEPTH_MAX }, () => 'd').join('/')
    share.disk.putFile(`${deepest}/file`, utf8('1'))
    share.disk.putFile(`${deepest}/e/file`, utf8('1'))
    expect(share.scanned()).toHaveLength(PATH_DEPTH_MAX)
    expect(share.catalogue.live(deepest)?.kind).toBe('folder')
    expect(share.scanned()).toEqual([])
    const reason = 'it is skipped: it lies too deep, a path may have 128 names at most'
    expect([...share.problems].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: `${deepest}/e`, reason },
      { path: `${deepest}/file`, reason },
    ])
  })

  test('a name that is not UTF-8 is reported once', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('f/a', utf8('1'))
    share.disk.putIllegibleName('f', 'caf\\xe9')
    share.scan()
    share.scan()
    expect(share.problems).toEqual([{ path: 'f/caf\\xe9', reason: 'its name is not UTF-8' }])
  })

  test.each([
    ['255 bytes of one-byte characters', 'x'.repeat(255), true],
    ['256 of them', 'x'.repeat(256), false],
    ['255 bytes of three-byte characters', '漢'.repeat(85), true],
    ['258 of them', '漢'.repeat(86), false],
  ])('a name of %s: shared %s', (_, name, shared) => {
    const share = new ShareOnDisk()
    share.disk.putFile(name, utf8('1'))
    expect(share.scanned()).toEqual(shared ? [`file ${name}`] : [])
    expect(share.problems).toHaveLength(shared ? 0 : 1)
  })

  test.each([
    '-rf',
    '|*|',
    'line\nend',
    ' ',
    '...',
    '%2F',
    '\u2028',
    'é',
    'e\u0301',
    'a\\b',
    '.left2',
    'x.left',
  ])('the name %j is shared like any other', (name) => {
    const share = new ShareOnDisk()
    share.disk.putFile(name, utf8('1'))
    expect(share.scanned()).toEqual([`file ${name}`])
    share.catalogue.commit()
    share.restart()
    expect(share.scanned()).toEqual([])
  })

  test("LEFT's own folder is not shared, neither found nor hinted at", () => {
    const share = new ShareOnDisk()
    share.disk.putFile('.left/tmp/x', utf8('1'))
    share.disk.putFile('.left/notes', utf8('1'))
    share.scanner.hint('.left')
    share.scanner.hint('.left/notes')
    expect(share.scanned()).toEqual([])
    expect(share.problems).toEqual([])
    expect([...share.watched]).toEqual([''])
  })

  test('in a folder further down, .left is a name like any other', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('f/.left/a', utf8('1'))
    expect(share.scanned()).toEqual(['file f/.left/a', 'folder f', 'folder f/.left'])
  })
})

describe('whether a path is as the catalogue says', () => {
  test.each([
    ['nothing, and nothing known', () => {}, 'missing', true],
    [
      'something that nobody has looked at',
      (s: ShareOnDisk) => s.disk.putFile('new', utf8('1')),
      'new',
      false,
    ],
    ['the file as it was read', () => {}, 'f/a', true],
    [
      'an edit that nobody has looked at',
      (s: ShareOnDisk) => s.disk.putFile('f/a', utf8('edited')),
      'f/a',
      false,
    ],
    ['a file that is gone', (s: ShareOnDisk) => s.disk.unharmed((d) => d.removeFile('f/a')), 'f/a', false],
    ['the folder', () => {}, 'f', true],
    [
      'a dangling link where nothing is known',
      (s: ShareOnDisk) => s.disk.unharmed((d) => d.makeLink('l', 'x')),
      'l',
      false,
    ],
  ])('%s', (_, change, path, matches) => {
    const share = new ShareOnDisk()
    share.disk.putFile('f/a', utf8('1'))
    share.scan()
    change(share)
    expect(share.scanner.matches(path)).toBe(matches)
  })
})
