// A change of who may read something is an edit of its mode and of nothing else; what the umask or the disk takes is none.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { uniteSeen } from '../../../src/share/dots.js'
import type { Mode } from '../../../src/share/entry.js'
import { encodeEntryInFolder } from '../../../src/share/entry-line.js'
import {
  dotted,
  OURS,
  ShareOnDisk,
  type ShareOptions,
  THEIRS,
  theirFile,
  theirFolder,
} from '../share-on-disk.js'

const UMASK_077: ShareOptions = { umask: 0o077 }
const NO_MODES: ShareOptions = { keepsModes: false }

function shareWith(modes: Readonly<Record<string, number>>, options: ShareOptions = {}): ShareOnDisk {
  const share = new ShareOnDisk(options)
  for (const [path, mode] of Object.entries(modes)) share.disk.putFile(path, utf8(path), { mode })
  share.scan()
  share.nowMs += 60_000
  share.changes.length = 0
  return share
}

function place(share: ShareOnDisk, entry: ReturnType<typeof theirFile>, text: string): void {
  const temporary = entry.kind === 'file' ? share.putTemporary(utf8(text)) : undefined
  expect(share.placing.place(entry, temporary)).toMatchObject({ type: 'placed' })
}

/** A link to a file of the mode, of which a peer says that it has another one: that file's mode is not LEFT's to set. */
function shareWithLink(mode: number, told: Partial<Mode>): ShareOnDisk {
  const share = new ShareOnDisk()
  share.disk.putOutside('outside', utf8('1'))
  share.disk.unharmed((disk) => disk.makeLink('a', '/outside'))
  share.disk.chmod('a', mode)
  share.scan()
  const entry = share.catalogue.get('a')!
  const { content, seen } = entry.version
  const version = { content, attributes: `${THEIRS}:9`, seen: uniteSeen(seen, `${THEIRS}:9`) }
  expect(share.placing.adopt({ ...entry, ...told, version })).toBe(true)
  expect(share.catalogue.get('a')).toMatchObject(told)
  expect(share.disk.stat('a')?.mode).toBe(mode)
  expect(share.scanned()).toEqual([])
  return share
}

const accessAt = (share: ShareOnDisk, path: string) => share.catalogue.get(path)?.access

describe('who may read', () => {
  test.each([
    [0o600, 'owner', false],
    [0o700, 'owner', true],
    [0o640, 'group', false],
    [0o644, 'all', false],
    [0o604, 'all', false],
    [0o755, 'all', true],
  ] as const)('is told of a new file of mode %o: %s, executable %s', (mode, access, executable) => {
    const share = shareWith({ a: mode })
    expect(share.catalogue.get('a')).toMatchObject({ access, executable })
    expect(share.scanned()).toEqual([])
  })

  test.each([
    [0o700, 'owner'],
    [0o750, 'group'],
    [0o755, 'all'],
  ] as const)('is told of a folder of mode %o: %s', (mode, access) => {
    const share = shareWith({})
    share.disk.unharmed((disk) => disk.makeFolder('f'))
    share.disk.chmod('f', mode)
    expect(share.scanned()).toEqual(['folder f'])
    expect(share.catalogue.get('f')).toMatchObject({ access, executable: false })
    expect(share.scanned()).toEqual([])
  })

  test('is an edit of the attributes alone when it changes', () => {
    const share = shareWith({ a: 0o644 })
    const { version, digest } = share.catalogue.get('a')!
    share.disk.chmod('a', 0o600)
    expect(share.scanned()).toEqual(['file a'])
    const entry = share.catalogue.get('a')!
    expect(entry).toMatchObject({ digest, access: 'owner', touched: undefined })
    expect(entry.version.content).toBe(version.content)
    expect(entry.version.attributes).not.toBe(version.attributes)
    expect(share.scanned()).toEqual([])
  })

  test.each([0o644, 0o640])('is told of a file of mode %o that takes the place of a link', (mode) => {
    const share = shareWithLink(0o644, { access: 'owner' })
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.disk.putFile('a', utf8('2'), { mode })
    expect(share.scanned()).toEqual(['file a'])
    expect(accessAt(share, 'a')).toBe(mode === 0o644 ? 'all' : 'group')
    expect(share.scanned()).toEqual([])
  })

  test.each([
    [true, 0o644],
    [false, 0o755],
  ])('and whether it is executable, where the link was told to be: %s, %o', (executable, mode) => {
    const share = shareWithLink(mode, { executable })
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.disk.putFile('a', utf8('2'), { mode })
    expect(share.scanned()).toEqual(['file a'])
    expect(share.catalogue.get('a')).toMatchObject({ access: 'all', executable: !executable })
    expect(share.scanned()).toEqual([])
  })

  test('is not told of what is written into the file of a link', () => {
    const share = shareWithLink(0o644, { access: 'owner' })
    share.disk.putOutside('outside', utf8('22'))
    expect(share.scanned()).toEqual(['file a'])
    expect(accessAt(share, 'a')).toBe('owner')
  })

  test('is not told either of an executable bit that the file of a link never had', () => {
    const share = shareWithLink(0o644, { executable: true })
    share.disk.putOutside('outside', utf8('22'))
    expect(share.scanned()).toEqual(['file a'])
    expect(share.catalogue.get('a')).toMatchObject({ access: 'all', executable: true })
  })

  test('is not told of a file that takes the place of one from which the umask took more', () => {
    const share = new ShareOnDisk(UMASK_077)
    place(share, theirFile('a', '1'), '1')
    share.scan()
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.disk.putFile('a', utf8('2'), { mode: 0o600 })
    expect(share.scanned()).toEqual(['file a'])
    expect(accessAt(share, 'a')).toBe('all')
  })

  test('is an edit of a folder that is looked at, after a restart too', () => {
    const share = shareWith({ 'f/a': 0o644 })
    share.catalogue.commit()
    share.restart()
    expect(share.scanned()).toEqual([])
    share.disk.chmod('f', 0o700)
    share.scanner.hint('f')
    share.pass(0)
    expect(share.changes).toMatchObject([{ path: 'f', access: 'owner' }])
    expect(share.scanned()).toEqual([])
  })

  test('stays where the content changes', () => {
    const share = shareWith({ a: 0o600 })
    const { version } = share.catalogue.get('a')!
    share.disk.putFile('a', utf8('new'))
    expect(share.scanned()).toEqual(['file a'])
    expect(accessAt(share, 'a')).toBe('owner')
    expect(share.catalogue.get('a')?.version.attributes).toBe(version.attributes)
  })

  test('does not change where a group or others may write', () => {
    const share = shareWith({ a: 0o644 })
    share.disk.chmod('a', 0o664)
    expect(share.scanned()).toEqual([])
  })
})

describe('a umask that takes more than the peer does', () => {
  test('is no edit, of a file, of a folder, nor after a restart', () => {
    const share = shareWith({}, UMASK_077)
    place(share, theirFolder('f'), '')
    place(share, theirFile('f/a', '1'), '1')
    expect(share.disk.stat('f')?.mode).toBe(0o700)
    expect(share.disk.stat('f/a')?.mode).toBe(0o600)
    expect(share.scanned()).toEqual([])
    share.restart()
    expect(share.scanned()).toEqual([])
    expect([accessAt(share, 'f'), accessAt(share, 'f/a')]).toEqual(['all', 'all'])
  })

  test('is none with another content or another executable bit either', () => {
    const share = shareWith({}, UMASK_077)
    place(share, theirFile('a', '1'), '1')
    share.disk.putFile('a', utf8('edited here'))
    expect(share.scanned()).toEqual(['file a'])
    expect(accessAt(share, 'a')).toBe('all')
    share.disk.chmod('a', 0o700)
    expect(share.scanned()).toEqual(['file a'])
    expect(share.catalogue.get('a')).toMatchObject({ access: 'all', executable: true })
  })

  test('makes new files private, and that is told', () => {
    const share = shareWith({}, UMASK_077)
    share.disk.putFile('a', utf8('1'))
    expect(share.scanned()).toEqual(['file a'])
    expect(accessAt(share, 'a')).toBe('owner')
  })

  test('leaves a chmod of a person an edit', () => {
    const share = shareWith({}, UMASK_077)
    place(share, theirFile('a', '1', { access: 'group' }), '1')
    share.disk.chmod('a', 0o644)
    expect(share.scanned()).toEqual(['file a'])
    expect(accessAt(share, 'a')).toBe('all')
  })
})

describe('a disk that keeps no modes', () => {
  test('tells none', () => {
    const share = shareWith({ 'f/a': 0o600 }, NO_MODES)
    expect(share.catalogue.get('f/a')).toMatchObject({ access: 'none', executable: false })
    expect(share.catalogue.get('f')).toMatchObject({ access: 'none', executable: false })
    share.catalogue.commit()
    share.restart()
    expect(share.scanned()).toEqual([])
  })

  test('records what it receives, and an edit there leaves it', () => {
    const share = shareWith({}, NO_MODES)
    place(share, { ...theirFolder('f'), access: 'owner' }, '')
    place(share, theirFile('f/a', '1', { access: 'owner', executable: true }), '1')
    expect(share.scanned()).toEqual([])
    share.disk.putFile('f/a', utf8('edited here'))
    expect(share.scanned()).toEqual(['file f/a'])
    expect(share.catalogue.get('f/a')).toMatchObject({ access: 'owner', executable: true })
    expect(accessAt(share, 'f')).toBe('owner')
  })

  test('takes a later mode of a peer as it took the first', () => {
    const share = shareWith({}, NO_MODES)
    const file = theirFile('a', '1')
    place(share, file, '1')
    const version = { ...file.version, attributes: `${THEIRS}:2`, seen: `${THEIRS}:2` }
    expect(share.placing.adopt({ ...file, access: 'owner', version })).toBe(true)
    expect(share.scanned()).toEqual([])
    expect(accessAt(share, 'a')).toBe('owner')
  })
})

/** A share of which format 1 left its index: signatures without access, entries that tell none. */
function shareOfFormat1(modes: Readonly<Record<string, number>>): ShareOnDisk {
  const share = shareWith(modes)
  for (const entry of share.catalogue.manifest.entries()) {
    const { path, kind } = entry
    const { sizeBytes, mtimeMs, ctimeMs, inode } = share.disk.stat(path)!
    const looks = kind === 'file' ? `${sizeBytes},${mtimeMs},${ctimeMs},${inode},` : '-'
    share.index.put(path, `${looks} ${encodeEntryInFolder({ ...entry, access: 'none' })}`)
  }
  share.index.commit()
  share.restart()
  return share
}

describe('a share of format 1', () => {
  test('is scanned without an edit, and without reading a file', () => {
    const share = shareOfFormat1({ private: 0o600, public: 0o644, 'f/a': 0o640 })
    share.disk.chmod('f', 0o700)
    for (const path of ['private', 'public', 'f/a']) share.disk.deny(path)
    expect(share.scanned()).toEqual([])
    expect(share.problems).toEqual([])
  })

  test('tells a chmod after the first scan', () => {
    const share = shareOfFormat1({ a: 0o644, 'f/a': 0o644 })
    share.scan()
    share.catalogue.commit()
    share.restart()
    expect(share.scanned()).toEqual([])
    share.disk.chmod('a', 0o600)
    share.disk.chmod('f', 0o700)
    expect(share.scanned()).toEqual(['file a', 'folder f'])
    expect([accessAt(share, 'a'), accessAt(share, 'f')]).toEqual(['owner', 'owner'])
  })

  test('tells the mode of a file with its next content', () => {
    for (const isScanned of [true, false]) {
      const share = shareOfFormat1({ a: 0o600 })
      if (isScanned) share.scan()
      share.disk.putFile('a', utf8('new'))
      expect(share.scanned()).toEqual(['file a'])
      expect(accessAt(share, 'a')).toBe('owner')
    }
  })

  test('keeps a file as private as it is, though a peer tells more', () => {
    const share = shareOfFormat1({ a: 0o600 })
    share.scan()
    const version = dotted(`${OURS}:1`, `${THEIRS}:1`)
    place(share, theirFile('a', 'theirs', { version }), 'theirs')
    expect(share.disk.stat('a')?.mode).toBe(0o600)
    const again = theirFile('a', 'theirs', { version: dotted(`${OURS}:1`, `${THEIRS}:1`, `${THEIRS}:2`) })
    expect(share.placing.adopt(again)).toBe(true)
    expect(share.disk.stat('a')?.mode).toBe(0o600)
    expect(share.scanned()).toEqual([])
  })
})
