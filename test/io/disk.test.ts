import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { DiskError } from '../../src/base/ports.js'
import { giveAccess, keepPrivate, keepsModes, usualModes } from '../../src/io/access.js'
import { RealDisk } from '../../src/io/disk.js'
import { diskError } from '../../src/io/disk-errors.js'
import { PrivateFiles } from '../../src/io/private-files.js'
import { describeDisk } from './disk-conformance.js'
import { temporaryFolder } from './temporary-folder.js'

describeDisk('RealDisk', (secrets) => {
  const folder = temporaryFolder()
  const files = secrets.map((path) => `${folder}/${path}`)
  const privateFiles = new PrivateFiles({ files, folders: [] })
  const disk = new RealDisk(folder, { privateFiles })
  return {
    disk,
    putFile: (path, text, mode) => {
      writeFileSync(`${folder}/${path}`, text)
      chmodSync(`${folder}/${path}`, mode)
      privateFiles.look()
    },
    usualMode: 0o666 & ~process.umask(),
    dispose: () => {
      disk.dispose()
      privateFiles.close()
    },
  }
})

let root: string
let outside: string
let disk: RealDisk

beforeEach(() => {
  root = temporaryFolder()
  outside = temporaryFolder()
  disk = new RealDisk(root)
})

it('that is gone tells of no room and throws nothing', () => {
  const other = new RealDisk(root)
  other.dispose()
  expect(other.room()).toBeUndefined()
})

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(DiskError)
    return (error as DiskError).code
  }
  return 'done'
}

const EXECUTABLE = { access: 'none', executable: true, widens: false } as const

describe('links', () => {
  beforeEach(() => {
    writeFileSync(`${outside}/secret`, 'untouched')
    mkdirSync(`${outside}/folder`)
    mkdirSync(`${root}/real`)
    symlinkSync(outside, `${root}/way-out`)
    symlinkSync(outside, `${root}/real/way-out`)
    symlinkSync(`${outside}/secret`, `${root}/to-secret`)
    writeFileSync(`${root}/file`, 'mine')
  })

  it('are read through', () => {
    expect(disk.stat('way-out')?.kind).toBe('folder')
    expect(disk.list('real/way-out').names).toContain('secret')
    const handle = disk.open('way-out/secret')
    const target = new Uint8Array(9)
    expect(disk.read(handle, target, 0)).toBe(9)
    disk.close(handle)
    expect(Buffer.from(target).toString()).toBe('untouched')
  })

  it.each(['way-out', 'real/way-out'])('on the way %s stop every writing operation', (way) => {
    expect(codeOf(() => disk.create(`${way}/new`))).toBe('link')
    expect(codeOf(() => disk.create(`${way}/secret`))).toBe('link')
    expect(codeOf(() => disk.rename('file', `${way}/new`))).toBe('link')
    expect(codeOf(() => disk.rename(`${way}/secret`, 'stolen'))).toBe('link')
    expect(codeOf(() => disk.linkFile('file', `${way}/new`))).toBe('link')
    expect(codeOf(() => disk.linkFile(`${way}/secret`, 'stolen'))).toBe('link')
    expect(codeOf(() => disk.makeFolder(`${way}/new`))).toBe('link')
    expect(codeOf(() => disk.makeFolder(`${way}/folder/new`))).toBe('link')
    expect(codeOf(() => disk.makeLink(`${way}/new`, 'anywhere'))).toBe('link')
    expect(codeOf(() => disk.removeFile(`${way}/secret`))).toBe('link')
    expect(codeOf(() => disk.removeFolder(`${way}/folder`))).toBe('link')
    expect(codeOf(() => disk.setTimes(`${way}/secret`, 0))).toBe('link')
    expect(codeOf(() => disk.setMode(`${way}/secret`, EXECUTABLE))).toBe('link')
    expect(new RealDisk(outside).list('')).toEqual({ names: ['folder', 'secret'], unreadable: [] })
    expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('untouched')
    expect(disk.list('').names).not.toContain('stolen')
  })

  it('in the last place are never written through', () => {
    const before = lstatSync(`${outside}/secret`)
    expect(codeOf(() => disk.create('to-secret'))).toBe('link')
    expect(codeOf(() => disk.setMode('to-secret', EXECUTABLE))).toBe('link')
    disk.setTimes('to-secret', 1_000)
    disk.rename('file', 'to-secret')
    expect(lstatSync(`${root}/to-secret`).isFile()).toBe(true)
    const after = lstatSync(`${outside}/secret`)
    expect([after.mode, after.mtimeMs]).toEqual([before.mode, before.mtimeMs])
    expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('untouched')
  })

  it('are removed as links', () => {
    disk.removeFile('way-out')
    expect(disk.statLink('way-out')).toBeUndefined()
    expect(disk.stat('real/way-out')?.kind).toBe('folder')
  })

  it('that dangle or go in circles lead nowhere', () => {
    symlinkSync('nowhere', `${root}/dangling`)
    symlinkSync('circle', `${root}/circle`)
    for (const path of ['dangling', 'circle']) {
      expect(disk.statLink(path)?.kind).toBe('link')
      expect(disk.stat(path)).toBeUndefined()
    }
    expect(disk.readLink('dangling')).toBe('nowhere')
    expect(codeOf(() => disk.open('dangling'))).toBe('missing')
    expect(codeOf(() => disk.open('circle'))).toBe('link')
  })

  it('may lead to the share itself', () => {
    symlinkSync(root, `${outside}/share`)
    const linked = new RealDisk(`${outside}/share`)
    linked.makeFolder('new')
    expect(lstatSync(`${root}/new`).isDirectory()).toBe(true)
  })
})

describe('names', () => {
  it.runIf(process.platform === 'linux')('that are not UTF-8 are told apart and made printable', () => {
    execFileSync('sh', ['-c', 'touch "$(printf \'bad\\377name\')" "$(printf \'\\303\')" plain'], {
      cwd: root,
    })
    writeFileSync(`${root}/legal-\ufffd`, '')
    const { names, unreadable } = disk.list('')
    expect(new Set(names)).toEqual(new Set(['plain', 'legal-\ufffd']))
    expect(new Set(unreadable)).toEqual(new Set(['bad\\xffname', '\\xc3']))
  })

  it('of any other kind survive: newlines, separators, dashes, 255 bytes, any Unicode', () => {
    const names = ['a\nb', '|*|', '-rf', ' ', 'x'.repeat(255), 'é', 'e\u0301', '\ufeffbom', '𝄞', '...', '\\']
    for (const name of names) disk.close(disk.create(name))
    expect(new Set(disk.list('').names)).toEqual(new Set(names))
  })

  it.each(['/etc', 'a/../../b', '..', './a', 'a//b', 'a/', 'a\0b'])(
    'that leave the share are a bug: "%s"',
    (path) => {
      expect(() => disk.stat(path)).toThrow('left is broken')
      expect(() => disk.create(path)).toThrow('left is broken')
    },
  )
})

describe('what is not a file', () => {
  it.runIf(process.platform === 'linux')('is not opened, and a pipe without a writer does not block', () => {
    execFileSync('mkfifo', [`${root}/pipe`])
    mkdirSync(`${root}/folder`)
    expect(disk.stat('pipe')?.kind).toBe('other')
    expect(codeOf(() => disk.open('pipe'))).toBe('changed-kind')
    expect(codeOf(() => disk.create('pipe'))).toBe('changed-kind')
    expect(codeOf(() => disk.open('folder'))).toBe('changed-kind')
    expect(codeOf(() => disk.create('folder'))).toBe('changed-kind')
    expect(codeOf(() => disk.removeFile('folder'))).toBe('changed-kind')
  })

  it('has nothing below it', () => {
    writeFileSync(`${root}/file`, '')
    expect(disk.stat('file/below')).toBeUndefined()
    expect(disk.statLink('file/below')).toBeUndefined()
    expect(codeOf(() => disk.create('file/below'))).toBe('changed-kind')
    expect(codeOf(() => disk.list('file'))).toBe('changed-kind')
  })
})

describe('times and bits', () => {
  it('keeps whole milliseconds whole, before 1970 and after', () => {
    writeFileSync(`${root}/file`, '')
    fc.assert(
      fc.property(fc.integer({ min: -2e12, max: 4e12 }), (mtimeMs) => {
        disk.setTimes('file', mtimeMs)
        expect(Math.floor(disk.stat('file')!.mtimeMs)).toBe(mtimeMs)
        expect(Math.round(disk.stat('file')!.mtimeMs)).toBe(mtimeMs)
      }),
    )
  })

  it.runIf(process.platform !== 'win32')('makes executable for whoever may read, and nobody after', () => {
    writeFileSync(`${root}/file`, '')
    chmodSync(`${root}/file`, 0o640)
    disk.setMode('file', EXECUTABLE)
    expect(lstatSync(`${root}/file`).mode & 0o7777).toBe(0o750)
    expect(disk.stat('file')!.executable).toBe(true)
    disk.setMode('file', { ...EXECUTABLE, executable: false })
    expect(lstatSync(`${root}/file`).mode & 0o7777).toBe(0o640)
    expect(disk.stat('file')!.executable).toBe(false)
  })
})

describe('a failure', () => {
  it.each([
    ['ENOSPC', 'no-space'],
    ['EDQUOT', 'no-space'],
    ['EACCES', 'denied'],
    ['EPERM', 'denied'],
    ['EROFS', 'denied'],
    ['ENOENT', 'missing'],
    ['ELOOP', 'link'],
    ['ENOTDIR', 'changed-kind'],
    ['EISDIR', 'changed-kind'],
    ['EEXIST', 'exists'],
    ['ENOTEMPTY', 'not-empty'],
    ['EIO', 'io'],
    ['ENAMETOOLONG', 'name-too-long'],
    ['EILSEQ', 'bad-name'],
    ['EINVAL', 'io'],
  ])('of errno %s is "%s"', (errno, code) => {
    const cause = Object.assign(new Error(`${errno}: something is wrong, open 'x'`), { code: errno })
    const error = diskError(cause, 'open', 'photos/x')
    expect(error.code).toBe(code)
    expect(error.message).toBe('open photos/x: something is wrong')
    expect(error.cause).toBe(cause)
  })

  it('that an argument is invalid blames the name where one is given', () => {
    const cause = Object.assign(new Error('EINVAL: invalid argument'), { code: 'EINVAL' })
    for (const operation of ['create', 'rename', 'make the folder'])
      expect(diskError(cause, operation, 'a').code).toBe('bad-name')
  })

  it('names what was done to what', () => {
    expect(() => disk.open('photos/x')).toThrow('open photos/x: no such file or directory')
  })
})

describe('the access to a file that takes the place of another', () => {
  const isRoot = process.getuid?.() === 0
  const OTHERS = 12_345

  it.runIf(isRoot)('has its owner and its group, where this user may give them', () => {
    writeFileSync(`${root}/old`, 'old')
    chownSync(`${root}/old`, OTHERS, OTHERS)
    chmodSync(`${root}/old`, 0o660)
    disk.close(disk.create('new'))
    disk.setAccess('new', { ...EXECUTABLE, executable: false, replaces: 'old' })
    expect(disk.stat('new')?.mode).toBe(0o660)
    expect(statSync(`${root}/new`)).toMatchObject({ uid: OTHERS, gid: OTHERS })
  })

  it.runIf(isRoot)('is not given to another group than before', () => {
    writeFileSync(`${root}/old`, 'old')
    chownSync(`${root}/old`, 0, OTHERS)
    chmodSync(`${root}/old`, 0o664)
    const fd = openSync(`${root}/new`, 'w+', 0o600)
    chownSync(root, OTHERS + 1, OTHERS + 1)
    fchownSync(fd, OTHERS + 1, OTHERS + 1)
    const replaced = statSync(`${root}/old`)
    // A user who is not in that group: of what its members could do, what everybody can is left.
    process.setegid!(OTHERS + 1)
    process.seteuid!(OTHERS + 1)
    try {
      giveAccess(fd, { change: { ...EXECUTABLE, executable: false }, replaced, usual: usualModes(0o022) })
    } finally {
      process.seteuid!(0)
      process.setegid!(0)
    }
    expect(fstatSync(fd).mode & 0o777).toBe(0o644)
    closeSync(fd)
  })

  it.runIf(isRoot)('cannot be changed on a disk that keeps no modes, and that is found out', () => {
    const fd = openSync(`${root}/probe`, 'w+', 0o600)
    expect(keepsModes(fd)).toBe(true)
    expect(fstatSync(fd).mode & 0o777).toBe(0o600)
    // To another user chmod answers EPERM, as vfat does to everybody.
    process.seteuid!(OTHERS)
    try {
      expect(keepsModes(fd)).toBe(false)
    } finally {
      process.seteuid!(0)
    }
    closeSync(fd)
  })

  it('brings no bit that makes a program run as its owner', () => {
    writeFileSync(`${root}/old`, 'old')
    chmodSync(`${root}/old`, 0o4755)
    disk.close(disk.create('new'))
    disk.setAccess('new', { ...EXECUTABLE, replaces: 'old' })
    expect(statSync(`${root}/new`).mode & 0o7777).toBe(0o755)
  })
})

describe("LEFT's own folder", () => {
  it("is made its user's alone, with what earlier versions left open in it, and links are not followed", () => {
    mkdirSync(`${root}/.left/index`, { recursive: true })
    for (const name of ['journal', 'index/data.mdb']) writeFileSync(`${root}/.left/${name}`, 'x')
    for (const name of ['journal', 'index/data.mdb']) chmodSync(`${root}/.left/${name}`, 0o644)
    for (const name of ['', '/index']) chmodSync(`${root}/.left${name}`, 0o755)
    writeFileSync(`${outside}/other`, 'x')
    chmodSync(`${outside}/other`, 0o644)
    symlinkSync(`${outside}/other`, `${root}/.left/way-out`)
    keepPrivate(`${root}/.left`)
    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
    expect(modeOf(`${root}/.left`)).toBe('700')
    expect(modeOf(`${root}/.left/index`)).toBe('700')
    expect(modeOf(`${root}/.left/journal`)).toBe('600')
    expect(modeOf(`${root}/.left/index/data.mdb`)).toBe('600')
    expect(modeOf(`${outside}/other`)).toBe('644')
  })
})
