// Behaviour that every body of the Disk port shares. The simulated and the real disk both run this suite, so that
// what holds in the simulator holds on a machine.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { accessOf, type ModeChange } from '../../src/base/access.js'
import { type Disk, DiskError, type DiskErrorCode, type NewFile } from '../../src/base/ports.js'

/** A disk over an empty share; `dispose` takes it away. */
export interface DiskUnderTest {
  readonly disk: Disk
  /** Makes a file as a person does, whom no disk hinders, and gives it a mode. */
  readonly putFile: (path: string, text: string, mode: number) => void
  /** Mode of files that this user makes. */
  readonly usualMode: number
  readonly dispose?: () => void
}

const USUAL: ModeChange = { access: 'none', executable: false, widens: false }
const bytesOf = (text: string) => new TextEncoder().encode(text)
const NEW_FILE: NewFile = { bytes: new Uint8Array(0), mtimeMs: 0, sync: false }
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Where the user's secrets are, or will be, on a disk that is told so. */
export const SECRET_PATHS = ['keys/own', 'keys/later']

/** `makeDisk` is given the paths of the share that are private. */
export function describeDisk(name: string, makeDisk: (secrets: readonly string[]) => DiskUnderTest): void {
  describe(`${name} as a disk`, () => {
    let under: DiskUnderTest
    let disk: Disk

    beforeEach(() => {
      under = makeDisk(SECRET_PATHS)
      disk = under.disk
    })
    afterEach(() => under.dispose?.())

    const write = (path: string, text: string) => {
      const handle = disk.create(path)
      disk.truncate(handle, 0)
      disk.write(handle, bytesOf(text), 0)
      disk.close(handle)
    }
    const read = (path: string) => {
      const handle = disk.open(path)
      const target = new Uint8Array(100)
      const count = disk.read(handle, target, 0)
      disk.close(handle)
      return textOf(target.subarray(0, count))
    }
    const names = (path: string) => [...disk.list(path).names].sort()
    const codeOf = (act: () => unknown): DiskErrorCode | 'no error' => {
      try {
        act()
      } catch (error) {
        if (error instanceof DiskError) return error.code
        throw error
      }
      return 'no error'
    }

    test('an empty share is an empty folder', () => {
      expect(disk.stat('')).toMatchObject({ kind: 'folder' })
      expect(disk.list('')).toEqual({ names: [], unreadable: [] })
    })

    test('what is written is read', () => {
      write('a', 'hello')
      expect(read('a')).toBe('hello')
      expect(disk.stat('a')).toMatchObject({ kind: 'file', sizeBytes: 5, executable: false })
      expect(names('')).toEqual(['a'])
    })

    test('reading ends at the end of the file', () => {
      write('a', 'hello')
      const handle = disk.open('a')
      const target = new Uint8Array(3)
      expect(disk.read(handle, target, 3)).toBe(2)
      expect(textOf(target.subarray(0, 2))).toBe('lo')
      expect(disk.read(handle, target, 5)).toBe(0)
      expect(disk.read(handle, target, 50)).toBe(0)
      expect(disk.read(handle, new Uint8Array(0), 0)).toBe(0)
      disk.close(handle)
    })

    test('a file that exists is opened as it is', () => {
      write('a', 'hello')
      const handle = disk.create('a')
      disk.write(handle, bytesOf('J'), 0)
      const target = new Uint8Array(5)
      expect(disk.read(handle, target, 0)).toBe(5)
      disk.close(handle)
      expect(textOf(target)).toBe('Jello')
    })

    test('writing beyond the end leaves zeros before', () => {
      const handle = disk.create('a')
      disk.write(handle, bytesOf('x'), 3)
      expect(disk.stateOf(handle).sizeBytes).toBe(4)
      disk.close(handle)
      expect(read('a')).toBe('\0\0\0x')
    })

    test('a file is made shorter and longer', () => {
      write('a', 'hello')
      const handle = disk.create('a')
      disk.truncate(handle, 2)
      expect(disk.stateOf(handle).sizeBytes).toBe(2)
      disk.truncate(handle, 4)
      disk.sync(handle)
      disk.close(handle)
      expect(read('a')).toBe('he\0\0')
    })

    test('an open file stays itself when its name goes to another', () => {
      write('a', 'old')
      write('b', 'new')
      const handle = disk.open('a')
      const { inode } = disk.stateOf(handle)
      disk.rename('b', 'a')
      const target = new Uint8Array(3)
      disk.read(handle, target, 0)
      expect(textOf(target)).toBe('old')
      expect(disk.stateOf(handle).inode).toBe(inode)
      disk.close(handle)
      expect(disk.stat('a')?.inode).not.toBe(inode)
    })

    test('an open file can be read after it is removed', () => {
      write('a', 'hello')
      const handle = disk.open('a')
      disk.removeFile('a')
      expect(disk.read(handle, new Uint8Array(5), 0)).toBe(5)
      disk.close(handle)
      expect(disk.stat('a')).toBeUndefined()
    })

    test('two handles of one file see the same', () => {
      const writing = disk.create('a')
      const reading = disk.open('a')
      disk.write(writing, bytesOf('now'), 0)
      const target = new Uint8Array(3)
      expect(disk.read(reading, target, 0)).toBe(3)
      expect(textOf(target)).toBe('now')
      disk.close(reading)
      disk.close(writing)
    })

    test('a rename keeps the file and takes the place of another', () => {
      write('a', 'new')
      write('b', 'old')
      const before = disk.stat('a')
      disk.rename('a', 'b')
      expect(names('')).toEqual(['b'])
      expect(read('b')).toBe('new')
      expect(disk.stat('b')?.inode).toBe(before?.inode)
      expect(disk.stat('b')?.mtimeMs).toBe(before?.mtimeMs)
      disk.rename('b', 'b')
      expect(read('b')).toBe('new')
    })

    test('a folder is renamed with what is in it', () => {
      disk.makeFolder('a')
      write('a/x', 'hello')
      disk.rename('a', 'b')
      expect(read('b/x')).toBe('hello')
      expect(disk.stat('a')).toBeUndefined()
    })

    test('a rename that cannot be says why', () => {
      write('file', 'x')
      disk.makeFolder('folder')
      disk.makeFolder('full')
      write('full/y', 'y')
      expect(codeOf(() => disk.rename('none', 'a'))).toBe('missing')
      expect(codeOf(() => disk.rename('file', 'none/a'))).toBe('missing')
      expect(codeOf(() => disk.rename('file', 'folder'))).toBe('changed-kind')
      expect(codeOf(() => disk.rename('folder', 'file'))).toBe('changed-kind')
      expect(codeOf(() => disk.rename('folder', 'full'))).toBe('not-empty')
      expect(codeOf(() => disk.rename('file', 'file/a'))).toBe('changed-kind')
      expect(read('file')).toBe('x')
    })

    test('a second name leads to the same file', () => {
      write('a', 'hello')
      disk.linkFile('a', 'b')
      expect(read('b')).toBe('hello')
      expect(disk.stat('b')?.inode).toBe(disk.stat('a')?.inode)
      disk.removeFile('a')
      expect(read('b')).toBe('hello')
      write('c', 'other')
      expect(codeOf(() => disk.linkFile('b', 'c'))).toBe('exists')
      expect(codeOf(() => disk.linkFile('none', 'd'))).toBe('missing')
      expect(read('c')).toBe('other')
    })

    test('a file is made whole, and only where nothing is', () => {
      const file = { bytes: bytesOf('hello'), mtimeMs: 1_500_000_000_123, sync: true }
      const looks = disk.writeNew('a', file)
      expect(read('a')).toBe('hello')
      expect(disk.stat('a')).toEqual(looks)
      expect(looks).toMatchObject({ kind: 'file', sizeBytes: 5, mode: 0o600 })
      // utimes(2) takes a double: a millisecond may be kept a fraction of a microsecond late.
      expect(Math.floor(looks.mtimeMs)).toBe(file.mtimeMs)
      expect(looks.mtimeMs - file.mtimeMs).toBeLessThan(0.001)
      const plain = disk.writeNew('b', { ...file, bytes: new Uint8Array(0), sync: false })
      expect(plain).toMatchObject({ sizeBytes: 0, mode: 0o600 })
      expect(codeOf(() => disk.writeNew('a', { ...file, bytes: bytesOf('other') }))).toBe('exists')
      expect(codeOf(() => disk.writeNew('none/a', file))).toBe('missing')
      expect(read('a')).toBe('hello')
    })

    test('a file moves to a new name, and only where nothing is', () => {
      disk.makeFolder('folder')
      write('a', 'hello')
      const before = disk.stat('a')
      const looks = disk.moveNew('a', 'folder/b')
      expect(disk.stat('folder/b')).toEqual(looks)
      expect(looks.inode).toBe(before?.inode)
      expect(disk.statLink('a')).toBeUndefined()
      write('c', 'other')
      expect(codeOf(() => disk.moveNew('c', 'folder/b'))).toBe('exists')
      expect(codeOf(() => disk.moveNew('none', 'd'))).toBe('missing')
      expect(codeOf(() => disk.moveNew('c', 'none/d'))).toBe('missing')
      expect(read('c')).toBe('other')
      expect(read('folder/b')).toBe('hello')
    })

    test('folders are made, listed and removed', () => {
      disk.makeFolder('a')
      disk.makeFolder('a/b')
      expect(disk.stat('a/b')?.kind).toBe('folder')
      expect(names('a')).toEqual(['b'])
      expect(codeOf(() => disk.makeFolder('a'))).toBe('exists')
      expect(codeOf(() => disk.makeFolder('none/b'))).toBe('missing')
      expect(codeOf(() => disk.removeFolder('a'))).toBe('not-empty')
      disk.removeFolder('a/b')
      disk.removeFolder('a')
      expect(names('')).toEqual([])
      disk.syncFolder('')
    })

    test('a folder is synced by its own name, and not by a link that leads to it', () => {
      disk.makeFolder('folder')
      disk.makeLink('link', 'folder')
      write('file', 'x')
      disk.syncFolder('folder')
      expect(codeOf(() => disk.syncFolder('link'))).toBe('link')
      expect(codeOf(() => disk.syncFolder('link/below'))).toBe('link')
      expect(codeOf(() => disk.syncFolder('file'))).toBe('changed-kind')
    })

    test('files and folders are not taken for each other', () => {
      write('file', 'x')
      disk.makeFolder('folder')
      expect(codeOf(() => disk.makeFolder('file'))).toBe('exists')
      expect(codeOf(() => disk.removeFolder('file'))).toBe('changed-kind')
      expect(codeOf(() => disk.removeFile('folder'))).toBe('changed-kind')
      expect(codeOf(() => disk.open('folder'))).toBe('changed-kind')
      expect(codeOf(() => disk.create('folder'))).toBe('changed-kind')
      expect(codeOf(() => disk.list('file'))).toBe('changed-kind')
      expect(codeOf(() => disk.create('file/x'))).toBe('changed-kind')
      for (const path of ['file', 'folder']) expect(codeOf(() => disk.readLink(path))).toBe('changed-kind')
    })

    test('what is not there is not found', () => {
      write('file', 'x')
      expect(disk.stat('none')).toBeUndefined()
      expect(disk.statLink('none')).toBeUndefined()
      expect(disk.stat('none/below')).toBeUndefined()
      expect(disk.stat('file/below')).toBeUndefined()
      for (const act of [
        () => disk.open('none'),
        () => disk.list('none'),
        () => disk.readLink('none'),
        () => disk.create('none/x'),
        () => disk.removeFile('none'),
        () => disk.removeFolder('none'),
        () => disk.setTimes('none', 0),
        () => disk.setMode('none', { access: 'all', executable: true, widens: true }),
        () => disk.setAccess('none', { ...USUAL, replaces: undefined }),
      ]) {
        expect(codeOf(act)).toBe('missing')
      }
    })

    test.each([0, 1, 999, 1_700_000_000_123, 4_102_444_800_001, -86_400_001])(
      'keeps a time of %d ms',
      (mtimeMs) => {
        write('a', 'x')
        disk.setTimes('a', mtimeMs)
        expect(Math.abs(disk.stat('a')!.mtimeMs - mtimeMs)).toBeLessThan(0.01)
        expect(Math.floor(disk.stat('a')!.mtimeMs)).toBe(mtimeMs)
        disk.makeFolder('b')
        disk.setTimes('b', mtimeMs)
        expect(Math.floor(disk.stat('b')!.mtimeMs)).toBe(mtimeMs)
      },
    )

    test('the executable bit comes and goes', () => {
      write('a', 'x')
      disk.setMode('a', { access: 'none', executable: true, widens: false })
      expect(disk.stat('a')?.executable).toBe(true)
      expect(read('a')).toBe('x')
      disk.setMode('a', { access: 'none', executable: false, widens: false })
      expect(disk.stat('a')?.executable).toBe(false)
    })

    test('what is made is for its user alone, until it is opened to all who may use a new file', () => {
      write('a', 'x')
      expect(disk.stat('a')?.mode).toBe(0o600)
      const looks = disk.setAccess('a', { ...USUAL, replaces: undefined })
      expect(looks).toMatchObject({ mode: under.usualMode, executable: false })
      expect(disk.stat('a')).toEqual(looks)
      disk.setAccess('a', { ...USUAL, executable: true, replaces: 'none' })
      expect(disk.stat('a')?.mode).toBe(under.usualMode | ((under.usualMode & 0o444) >> 2))
    })

    test.each([
      [0o600, false, 0o600],
      [0o640, false, 0o640],
      [0o664, false, 0o664],
      [0o600, true, 0o700],
      [0o640, true, 0o750],
      [0o750, true, 0o750],
      [0o710, true, 0o710],
      [0o755, false, 0o644],
      [0o711, false, 0o600],
    ])('what takes the place of a file of mode %o has mode %o', (before, executable, after) => {
      under.putFile('old', 'old', before)
      disk.makeLink('to-old', 'old')
      for (const replaces of ['old', 'to-old']) {
        write('new', 'new')
        disk.setAccess('new', { ...USUAL, executable, replaces })
        expect(disk.stat('new')?.mode).toBe(after)
        disk.removeFile('new')
      }
    })

    test.each([
      ['owner', 0o600],
      ['group', 0o660],
      ['all', 0o666],
      ['none', 0o666],
    ] as const)('a new file is open within its access: %s', (access, most) => {
      write('a', 'x')
      const change = { access, executable: false, widens: false, replaces: undefined }
      expect(disk.setAccess('a', change).mode).toBe(under.usualMode & most)
      expect(disk.setAccess('a', { ...change, executable: true }).mode & 0o100).toBe(0o100)
    })

    test.each([
      [0o664, 'owner', false, 0o600, 0],
      [0o664, 'owner', true, 0o600, 0],
      [0o664, 'group', true, 0o660, 0],
      [0o755, 'owner', false, 0o700, 0],
      [0o755, 'group', false, 0o750, 0],
      [0o604, 'group', false, 0o600, 0],
      [0o600, 'all', false, 0o600, 0],
      [0o600, 'all', true, 0o600, 0o666],
      [0o600, 'group', true, 0o600, 0o660],
      [0o640, 'none', false, 0o640, 0],
    ] as const)('a mode of %o for %s (widened: %s) becomes %o', (before, access, widens, least, ofUsual) => {
      const after = least | (under.usualMode & ofUsual)
      under.putFile('old', 'old', before)
      const executable = (before & 0o100) !== 0
      write('new', 'new')
      expect(disk.setAccess('new', { access, executable, widens, replaces: 'old' }).mode).toBe(after)
      disk.setMode('old', { access, executable, widens })
      expect(disk.stat('old')?.mode).toBe(after)
    })

    test('a folder is opened and closed', () => {
      disk.makeFolder('a', 'private')
      expect(disk.stat('a')?.access).toBe('owner')
      disk.setMode('a', { access: 'all', executable: false, widens: false })
      expect(disk.stat('a')?.mode).toBe(0o700)
      disk.setMode('a', { access: 'all', executable: false, widens: true })
      expect(disk.stat('a')?.mode).toBe(under.usualMode | ((under.usualMode & 0o444) >> 2) | 0o100)
      disk.setMode('a', { access: 'owner', executable: false, widens: false })
      expect(disk.stat('a')?.mode).toBe(0o700)
    })

    test.each([
      [0o600, 'owner'],
      [0o711, 'owner'],
      [0o640, 'group'],
      [0o750, 'group'],
      [0o604, 'all'],
      [0o644, 'all'],
    ])('a mode of %o is told as %s', (mode, access) => {
      under.putFile('a', 'x', mode)
      expect(disk.stat('a')).toMatchObject({ mode, access })
    })

    test("that keeps modes says so, and who may read this user's new files", () => {
      disk.makeFolder('tmp', 'private')
      disk.probe('tmp')
      expect(disk.list('tmp').names).toEqual([])
      expect(disk.usualAccess()).toBe(accessOf(under.usualMode))
      write('one-name', '')
      expect(disk.statLink('One-Name') !== undefined).toBe(disk.foldsNames())
      write('a', 'x')
      expect(disk.stat('a')?.access).toBe('owner')
    })

    test("a private folder is its user's alone", () => {
      disk.makeFolder('own', 'private')
      disk.makeFolder('usual')
      expect(disk.stat('own')?.mode).toBe(0o700)
      expect(disk.stat('usual')!.mode & 0o700).toBe(0o700)
      expect(disk.stat('usual')!.mode).toBe(under.usualMode | ((under.usualMode & 0o444) >> 2))
    })

    test('the room of its file system is told, where it tells', () => {
      const room = disk.room()
      if (room === undefined) return
      expect(room.freeBytes).toBeGreaterThanOrEqual(0)
      expect(room.totalBytes).toBeGreaterThanOrEqual(room.freeBytes)
    })

    test('any name that Linux takes is taken', () => {
      const odd = [
        '-rf',
        '|*|',
        'line\nend',
        ' ',
        'é',
        'e\u0301',
        '😀',
        'back\\slash',
        '…'.repeat(85),
        'x'.repeat(255),
        '...',
      ]
      for (const name of odd) write(name, name.slice(0, 9))
      expect(names('')).toEqual([...odd].sort())
      for (const name of odd) expect(read(name)).toBe(name.slice(0, 9))
    })

    test("the user's secrets are private, and stay so under another name", () => {
      disk.makeFolder('keys')
      write('plain', 'no secret')
      under.putFile('keys/own', 'secret', 0o600)
      expect(disk.stat('keys')?.kind).toBe('folder')
      expect(disk.stat('keys/own')?.kind).toBe('private')
      expect(disk.statLink('keys/own')?.kind).toBe('private')
      expect(disk.stat('plain')?.kind).toBe('file')
      disk.makeLink('to-own', 'keys/own')
      expect(disk.stat('to-own')?.kind).toBe('private')
      for (const path of ['keys/own', 'to-own']) expect(codeOf(() => disk.open(path))).toBe('private')
      const places = ['keys/own', 'keys/later', 'keys/LATER']
      for (const path of places) {
        expect(codeOf(() => disk.create(path))).toBe('private')
        expect(codeOf(() => disk.writeNew(path, NEW_FILE))).toBe('private')
        expect(codeOf(() => disk.rename('plain', path))).toBe('private')
        expect(codeOf(() => disk.linkFile('plain', path))).toBe('private')
        expect(codeOf(() => disk.moveNew('plain', path))).toBe('private')
        expect(codeOf(() => disk.makeFolder(path))).toBe('private')
        expect(codeOf(() => disk.makeLink(path, 'plain'))).toBe('private')
      }
      expect(codeOf(() => disk.linkFile('keys/own', 'second'))).toBe('private')
      expect(codeOf(() => disk.rename('keys/own', 'away'))).toBe('private')
      expect(codeOf(() => disk.removeFile('keys/own'))).toBe('private')
      expect(codeOf(() => disk.setTimes('keys/own', 0))).toBe('private')
      expect(codeOf(() => disk.setMode('keys/own', { ...USUAL, widens: true }))).toBe('private')
      disk.rename('keys', 'former')
      expect(disk.stat('former/own')?.kind).toBe('private')
      expect(codeOf(() => disk.open('former/own'))).toBe('private')
      disk.rename('plain', 'former/later')
      expect(disk.stat('former/later')?.kind).toBe('file')
    })

    describe('with links', () => {
      beforeEach(() => {
        disk.makeFolder('folder')
        write('folder/file', 'hello')
        disk.makeLink('to-folder', 'folder')
        disk.makeLink('folder/to-file', 'file')
        disk.makeLink('folder/up', '../folder/file')
        disk.makeLink('dangling', 'nowhere')
        disk.makeLink('loop', 'loop')
        disk.makeLink('cycle', 'cycle-back')
        disk.makeLink('cycle-back', 'cycle')
      })

      test('a link is itself and what it points at', () => {
        expect(disk.statLink('to-folder')?.kind).toBe('link')
        expect(disk.stat('to-folder')?.kind).toBe('folder')
        expect(disk.stat('folder/to-file')).toEqual(disk.stat('folder/file'))
        expect(disk.readLink('folder/up')).toBe('../folder/file')
        expect(disk.stat('to-folder')?.inode).toBe(disk.stat('folder')?.inode)
      })

      test('reading follows links on the way and at the end', () => {
        expect(read('to-folder/file')).toBe('hello')
        expect(read('to-folder/up')).toBe('hello')
        expect(names('to-folder')).toEqual(['file', 'to-file', 'up'])
        expect(disk.statLink('to-folder/to-file')?.kind).toBe('link')
        expect(disk.readLink('to-folder/to-file')).toBe('file')
      })

      test('a link that leads nowhere is nothing', () => {
        for (const path of ['dangling', 'loop', 'cycle', 'loop/below', 'dangling/below']) {
          expect(disk.stat(path)).toBeUndefined()
        }
        expect(disk.statLink('loop')?.kind).toBe('link')
        expect(codeOf(() => disk.open('dangling'))).toBe('missing')
      })

      test('nothing is written through a link', () => {
        expect(codeOf(() => disk.create('to-folder/new'))).toBe('link')
        expect(codeOf(() => disk.create('to-folder/file'))).toBe('link')
        expect(codeOf(() => disk.create('folder/to-file'))).toBe('link')
        expect(codeOf(() => disk.create('dangling'))).toBe('link')
        expect(codeOf(() => disk.makeFolder('to-folder/new'))).toBe('link')
        expect(codeOf(() => disk.makeLink('to-folder/new', 'x'))).toBe('link')
        expect(codeOf(() => disk.removeFile('to-folder/file'))).toBe('link')
        expect(codeOf(() => disk.removeFolder('to-folder/new'))).toBe('link')
        expect(codeOf(() => disk.rename('to-folder/file', 'x'))).toBe('link')
        expect(codeOf(() => disk.rename('folder/file', 'to-folder/x'))).toBe('link')
        expect(codeOf(() => disk.linkFile('folder/file', 'to-folder/x'))).toBe('link')
        expect(codeOf(() => disk.moveNew('folder/file', 'to-folder/x'))).toBe('link')
        expect(codeOf(() => disk.moveNew('to-folder/file', 'x'))).toBe('link')
        expect(codeOf(() => disk.writeNew('to-folder/x', NEW_FILE))).toBe('link')
        expect(codeOf(() => disk.writeNew('folder/to-file', NEW_FILE))).toBe('exists')
        expect(codeOf(() => disk.setTimes('to-folder/file', 0))).toBe('link')
        expect(codeOf(() => disk.setMode('to-folder/file', USUAL))).toBe('link')
        expect(codeOf(() => disk.setMode('folder/to-file', USUAL))).toBe('link')
        const access = { ...USUAL, replaces: undefined }
        expect(codeOf(() => disk.setAccess('to-folder/file', access))).toBe('link')
        expect(codeOf(() => disk.setAccess('folder/to-file', access))).toBe('link')
        expect(names('folder')).toEqual(['file', 'to-file', 'up'])
        expect(disk.stat('nowhere')).toBeUndefined()
        expect(disk.stat('folder/file')?.executable).toBe(false)
      })

      test('a link itself is timed, moved, replaced and removed', () => {
        const before = disk.stat('folder/file')
        disk.setTimes('folder/to-file', 5000)
        expect(disk.statLink('folder/to-file')?.mtimeMs).toBe(5000)
        expect(disk.stat('folder/file')?.mtimeMs).toBe(before?.mtimeMs)
        disk.rename('dangling', 'moved')
        expect(disk.readLink('moved')).toBe('nowhere')
        write('plain', 'plain')
        disk.rename('plain', 'folder/to-file')
        expect(disk.statLink('folder/to-file')?.kind).toBe('file')
        expect(read('folder/file')).toBe('hello')
        disk.removeFile('to-folder')
        expect(disk.statLink('to-folder')).toBeUndefined()
        expect(read('folder/file')).toBe('hello')
      })

      test('a link takes no place that is taken', () => {
        expect(codeOf(() => disk.makeLink('folder', 'x'))).toBe('exists')
        expect(codeOf(() => disk.makeLink('dangling', 'x'))).toBe('exists')
        expect(codeOf(() => disk.makeFolder('dangling'))).toBe('exists')
        expect(codeOf(() => disk.makeLink('none/x', 'x'))).toBe('missing')
      })
    })
  })
}
