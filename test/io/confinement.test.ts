// No byte outside the share, also not in the moment in which somebody swaps a folder for a link.

import { type ChildProcess, spawn } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { bundled } from '../../harness/bundled.js'
import { type Disk, DiskError } from '../../src/base/ports.js'
import { BlockIo } from '../../src/io/blocks/block-io.js'
import { RealDisk } from '../../src/io/disk.js'
import { macFault, refuseForeignName, windowsFault } from '../../src/io/foreign-names.js'
import { FOLDER_HELD_MS_MAX, FOLDER_TRUSTED_MS, FOLDERS_HELD_MAX } from '../../src/io/limits.js'
import { isLong } from '../length.js'
import { writeBlock } from './blocks/write-block.js'
import { temporaryFolder } from './temporary-folder.js'

const onLinux = process.platform === 'linux'
const bytes = new Uint8Array(100).fill(7)
const RACE_MS_MAX = 20_000

let root: string
let outside: string

beforeEach(() => {
  root = realpathSync(temporaryFolder())
  outside = realpathSync(temporaryFolder())
})

function diskOf(options?: { following: 'none' | 'outward' }): RealDisk {
  const disk = new RealDisk(root, options)
  onTestFinished(() => disk.dispose())
  return disk
}

/** Answers once it is at it. */
async function swapper(folder: string): Promise<ChildProcess> {
  const file = bundled(fileURLToPath(new URL('folder-swapper.ts', import.meta.url)))
  const child = spawn(process.execPath, [file, folder, outside], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout!.once('data', resolve))
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

/** The rounds of a race: so many, a tenth in `npm test`, and then on until `isOver`, because a busy machine may not let the other one in for
 *  long. */
function* rounds(count: number, isOver: () => boolean): Generator<number> {
  const endMs = performance.now() + RACE_MS_MAX
  const atLeast = isLong ? count : count / 10
  for (let round = 0; round < atLeast || (!isOver() && performance.now() < endMs); round++) yield round
}

/** Runs it; false where the disk refused. */
function does(act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}

function write(disk: Disk, path: string): void {
  const handle = disk.create(path)
  try {
    disk.write(handle, bytes, 0)
  } finally {
    disk.close(handle)
  }
}

function heldIn(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const name = readlinkSync(`/proc/self/fd/${fd}`)
      return name.startsWith(folder) ? [name] : []
    } catch {
      return []
    }
  })
}

describe('a folder that is swapped for a link all the time', () => {
  it(
    'lets nothing out that is placed, made, moved or removed in it',
    async () => {
      const disk = diskOf()
      mkdirSync(`${root}/a/b`, { recursive: true })
      mkdirSync(`${root}/.left/tmp`, { recursive: true })
      mkdirSync(`${outside}/b`)
      writeFileSync(`${outside}/precious`, 'untouched')
      writeFileSync(`${outside}/b/precious`, 'untouched')
      const before = readdirSync(outside, { recursive: true }).sort()
      const child = await swapper(`${root}/a`)
      let placed = 0
      let refused = 0
      for (const count of rounds(4_000, () => placed > 0 && refused > 0)) {
        const temporary = `.left/tmp/small-${count}`
        write(disk, temporary)
        const isPlaced = does(() => {
          disk.linkFile(temporary, `a/b/file-${count}`)
          disk.setTimes(`a/b/file-${count}`, 1_000)
          disk.setMode(`a/b/file-${count}`, { access: 'all', executable: true, widens: true })
        })
        if (isPlaced) placed++
        else refused++
        does(() => disk.rename(temporary, `a/moved-${count}`))
        does(() => write(disk, `a/b/made-${count}`))
        does(() => disk.makeFolder(`a/folder-${count}`))
        does(() => disk.makeLink(`a/link-${count}`, 'anywhere'))
        does(() => disk.removeFile('a/precious'))
        does(() => disk.removeFile('a/b/precious'))
        does(() => disk.rename('a/b/precious', 'stolen'))
        does(() => disk.removeFile(`a/moved-${count}`))
        does(() => disk.removeFolder(`a/folder-${count}`))
        does(() => disk.removeFile(`a/link-${count}`))
      }
      await ended(child)
      // Both happened, or there was no race.
      expect({ placed: placed > 0, refused: refused > 0 }).toEqual({ placed: true, refused: true })
      expect(readdirSync(outside, { recursive: true }).sort()).toEqual(before)
      expect(readFileSync(`${outside}/precious`, 'utf8')).toBe('untouched')
      expect(readdirSync(root)).not.toContain('stolen')
    },
    RACE_MS_MAX * 2,
  )

  it(
    'lets no block out that is written, and none in that is read where links are not followed',
    async () => {
      mkdirSync(`${root}/.left/tmp`, { recursive: true })
      writeFileSync(`${root}/.left/tmp/block`, 'ours')
      writeFileSync(`${outside}/block`, 'theirs')
      const child = await swapper(`${root}/.left/tmp`)
      let written = 0
      let read = 0
      let refused = 0
      for (const _ of rounds(1_500, () => written > 0 && read > 0 && refused > 0)) {
        const io = new BlockIo(root, { following: 'none' })
        const attempts: Promise<unknown>[] = [
          writeBlock(io, '.left/tmp/block', 0, Buffer.from('ours')).then(() => written++),
          io
            .readBlock({ path: '.left/tmp/block', mtimeMs: 1, sizeBytes: 4 }, 0, new Uint8Array(9))
            .then((block) => {
              expect(Buffer.from(block).toString()).toBe('ours')
              read++
            }),
        ]
        const failed = (await Promise.allSettled(attempts)).filter(({ status }) => status === 'rejected')
        for (const attempt of failed) {
          expect(attempt).toMatchObject({ reason: expect.any(DiskError) })
          refused++
        }
        await io.close()
      }
      await ended(child)
      expect([written > 0, read > 0, refused > 0]).toEqual([true, true, true])
      expect(readFileSync(`${outside}/block`, 'utf8')).toBe('theirs')
      expect(readdirSync(outside)).toEqual(['block'])
    },
    RACE_MS_MAX * 2,
  )

  it(
    'shows nothing of what is behind it to a disk that does not follow links',
    async () => {
      const disk = diskOf({ following: 'none' })
      mkdirSync(`${root}/a/b`, { recursive: true })
      mkdirSync(`${outside}/b`)
      writeFileSync(`${outside}/secret`, 'secret')
      writeFileSync(`${outside}/b/secret`, 'secret')
      const child = await swapper(`${root}/a`)
      let listed = 0
      for (const _ of rounds(4_000, () => listed > 0)) {
        for (const folder of ['a', 'a/b']) {
          does(() => {
            expect(disk.list(folder).names).not.toContain('secret')
            listed++
          })
          expect(disk.stat(`${folder}/secret`)).toBeUndefined()
          expect(disk.statLink(`${folder}/secret`)).toBeUndefined()
          expect(does(() => disk.close(disk.open(`${folder}/secret`)))).toBe(false)
        }
      }
      await ended(child)
      expect(listed).toBeGreaterThan(0)
    },
    RACE_MS_MAX * 2,
  )

  it(
    'is looked at with DiskErrors and nothing else by a disk that follows links out of the share',
    async () => {
      const disk = diskOf({ following: 'outward' })
      mkdirSync(`${root}/a`)
      writeFileSync(`${root}/a/file`, 'ours')
      writeFileSync(`${outside}/file`, 'theirs')
      const child = await swapper(`${root}/a`)
      const seen = new Set<string>()
      for (const _ of rounds(20_000, () => seen.has('folder') && seen.has('link'))) {
        does(() => seen.add(disk.statLink('a')?.kind ?? 'nothing'))
        does(() => disk.stat('a'))
        does(() => disk.readLink('a'))
        does(() => disk.list('a'))
        does(() => disk.stat('a/file'))
        does(() => disk.close(disk.open('a/file')))
      }
      await ended(child)
      expect([...seen]).toEqual(expect.arrayContaining(['folder', 'link']))
    },
    RACE_MS_MAX * 2,
  )
})

describe('our own folder behind a link', () => {
  it('is not written through, by the disk or by the block writer', async () => {
    mkdirSync(`${root}/.left`)
    writeFileSync(`${outside}/block`, 'theirs')
    symlinkSync(outside, `${root}/.left/tmp`)
    const disk = diskOf()
    expect(() => disk.create('.left/tmp/small-1')).toThrow('.left/tmp is a symbolic link')
    const io = new BlockIo(root)
    onTestFinished(() => io.close())
    await expect(writeBlock(io, '.left/tmp/block', 0, Buffer.from('ours'))).rejects.toMatchObject({
      code: 'link',
    })
    rmSync(`${root}/.left`, { recursive: true })
    mkdirSync(`${outside}/tmp`)
    writeFileSync(`${outside}/tmp/block`, 'theirs')
    symlinkSync(outside, `${root}/.left`)
    await expect(writeBlock(io, '.left/tmp/block', 0, Buffer.from('ours'))).rejects.toMatchObject({
      code: 'link',
    })
    expect(readdirSync(outside).sort()).toEqual(['block', 'tmp'])
    expect(readFileSync(`${outside}/block`, 'utf8')).toBe('theirs')
  })
})

describe('a disk that does not follow links', () => {
  it('sees a link as itself, and nothing behind one', () => {
    const disk = diskOf({ following: 'none' })
    writeFileSync(`${outside}/secret`, 'secret')
    symlinkSync(outside, `${root}/way-out`)
    symlinkSync(`${outside}/secret`, `${root}/to-secret`)
    mkdirSync(`${root}/folder`)
    writeFileSync(`${root}/folder/file`, 'mine')
    expect(disk.stat('way-out')?.kind).toBe('link')
    expect(disk.stat('way-out/secret')).toBeUndefined()
    expect(disk.statLink('way-out/secret')).toBeUndefined()
    expect(disk.stat('none/below')).toBeUndefined()
    expect(disk.stat('folder/file/below')).toBeUndefined()
    expect(disk.readLink('way-out')).toBe(outside)
    for (const act of [
      () => disk.list('way-out'),
      () => disk.open('way-out/secret'),
      () => disk.open('to-secret'),
      () => disk.readLink('way-out/secret'),
    ]) {
      expect(act).toThrow(expect.objectContaining({ code: 'link' }))
    }
    expect(disk.list('').names).toHaveLength(3)
    expect(disk.list('folder').names).toEqual(['file'])
    expect(() => disk.list('folder/file')).toThrow(expect.objectContaining({ code: 'changed-kind' }))
    disk.close(disk.open('folder/file'))
  })
})

describe('a disk that follows links that lead out', () => {
  beforeEach(() => {
    mkdirSync(`${outside}/deep`)
    writeFileSync(`${outside}/deep/file`, 'elsewhere')
    symlinkSync('file', `${outside}/deep/twin`)
    symlinkSync('../deep', `${outside}/deep/up`)
    symlinkSync('../..', `${outside}/deep/above`)
    mkdirSync(`${root}/folder`)
    writeFileSync(`${root}/folder/file`, 'mine')
    symlinkSync('folder', `${root}/inner`)
    symlinkSync('folder/file', `${root}/inner-file`)
    symlinkSync(outside, `${root}/outer`)
    symlinkSync(`${outside}/deep/file`, `${root}/folder/outer-file`)
  })

  it('reads through these alone, and sees any other as itself', () => {
    const disk = diskOf({ following: 'outward' })
    // Twice: the second time it knows which links were followed.
    for (const _ of [1, 2]) {
      expect(disk.stat('inner')?.kind).toBe('link')
      expect(disk.stat('inner/file')).toBeUndefined()
      expect(disk.statLink('inner/file')).toBeUndefined()
      expect(disk.stat('outer')?.kind).toBe('folder')
      expect([...disk.list('outer/deep').names].sort()).toEqual(['above', 'file', 'twin', 'up'])
      expect(disk.stat('outer/deep/twin')?.kind).toBe('link')
      expect(disk.stat('outer/deep/up')?.kind).toBe('link')
      // It leads above what the followed link points at, which is no place of the share.
      expect(disk.stat('outer/deep/above')?.kind).toBe('folder')
      expect(disk.stat('folder/outer-file')?.kind).toBe('file')
    }
    for (const path of ['folder/file', 'folder/outer-file', 'outer/deep/file']) disk.close(disk.open(path))
    for (const path of ['inner-file', 'inner/file', 'outer/deep/twin', 'outer/deep/up/file'])
      expect(() => disk.open(path)).toThrow(expect.objectContaining({ code: 'link' }))
    expect(() => disk.list('inner')).toThrow(expect.objectContaining({ code: 'link' }))
    expect(() => disk.create('outer/deep/new')).toThrow(expect.objectContaining({ code: 'link' }))
  })

  it('reads blocks in the same way', async () => {
    const io = new BlockIo(root, { following: 'outward' })
    onTestFinished(() => io.close())
    const textAt = async (path: string) => {
      try {
        const block = await io.readBlock({ path, mtimeMs: 1, sizeBytes: 9 }, 0, new Uint8Array(9))
        return Buffer.from(block).toString()
      } catch (error) {
        return (error as DiskError).code
      }
    }
    expect(await textAt('folder/file')).toBe('mine')
    expect(await textAt('folder/outer-file')).toBe('elsewhere')
    expect(await textAt('outer/deep/file')).toBe('elsewhere')
    for (const path of ['inner-file', 'inner/file', 'outer/deep/twin'])
      expect(await textAt(path)).toBe('link')
  })
})

describe.runIf(onLinux)('folders that are held open', () => {
  it('are few, and none once nothing is done', async () => {
    const disk = diskOf()
    for (let count = 0; count < FOLDERS_HELD_MAX * 3; count++) {
      disk.makeFolder(`f${count}`)
      write(disk, `f${count}/file`)
    }
    expect(heldIn(`${root}/`)).toHaveLength(FOLDERS_HELD_MAX)
    await expect.poll(() => heldIn(`${root}/`), { timeout: FOLDER_HELD_MS_MAX * 10 }).toEqual([])
  })

  it('are found anew when they were moved, replaced or removed', () => {
    const disk = diskOf()
    disk.makeFolder('a')
    disk.makeFolder('a/b')
    write(disk, 'a/b/first')
    renameSync(`${root}/a`, `${root}/c`)
    expect(() => write(disk, 'a/b/second')).toThrow(expect.objectContaining({ code: 'missing' }))
    mkdirSync(`${root}/a/b`, { recursive: true })
    write(disk, 'a/b/third')
    expect(readdirSync(`${root}/a/b`)).toEqual(['third'])
    expect(readdirSync(`${root}/c/b`)).toEqual(['first'])
    rmSync(`${root}/a`, { recursive: true })
    expect(() => write(disk, 'a/b/fourth')).toThrow(expect.objectContaining({ code: 'missing' }))
  })

  it('are asked where they are before each look, or now and then where they are trusted', async () => {
    const disk = diskOf()
    disk.makeFolder('a')
    write(disk, 'a/file')
    disk.list('a')
    expect(disk.statLink('a/file', 'trusted')?.kind).toBe('file')
    renameSync(`${root}/a`, `${root}/b`)
    expect(disk.statLink('a/file')).toBeUndefined()
    disk.list('b')
    renameSync(`${root}/b`, `${root}/c`)
    await sleep(2 * FOLDER_TRUSTED_MS)
    expect(disk.statLink('b/file', 'trusted')).toBeUndefined()
    expect(disk.stat('b/file', 'trusted')).toBeUndefined()
    expect(() => disk.open('b/file', 'trusted')).toThrow(expect.objectContaining({ code: 'missing' }))
    expect(disk.statLink('c/file', 'trusted')?.kind).toBe('file')
    disk.close(disk.open('c/file', 'trusted'))
  })

  it('are not followed out of the share', () => {
    const disk = diskOf()
    disk.makeFolder('a')
    disk.makeFolder('a/b')
    write(disk, 'a/b/first')
    renameSync(`${root}/a`, `${outside}/a`)
    symlinkSync(`${outside}/a`, `${root}/a`)
    // The path leads to the very folder that is held, by a link.
    expect(() => write(disk, 'a/b/second')).toThrow(expect.objectContaining({ code: 'link' }))
    expect(readdirSync(`${outside}/a/b`)).toEqual(['first'])
  })

  it('may lie deeper than a path can be long', () => {
    const disk = diskOf()
    let path = ''
    for (let depth = 0; depth < 15; depth++) {
      path += `${depth === 0 ? '' : '/'}${'d'.repeat(255)}`
      disk.makeFolder(path)
    }
    write(disk, `${path}/file`)
    expect(disk.statLink(`${path}/file`)?.sizeBytes).toBe(100)
  })
})

describe('names of other systems', () => {
  it.each([
    'con',
    'CON',
    'folder/nul',
    'Aux.txt',
    'COM1',
    'com¹.log',
    'lpt9.tar.gz',
    'CONIN$',
    'nul .txt',
    'trailing.',
    'trailing ',
    'folder./file',
    'C:',
    'C:/windows',
    'file:stream',
    '.left::$INDEX_ALLOCATION/tmp',
    '..\\outside',
    'a\\b',
    'what?',
    'a*',
    'a|b',
    '"',
    'line\nend',
    'left~1/tmp/x',
    'LEFT~12',
  ])('%s is refused on Windows', (path) => {
    expect(windowsFault(path)).toBeDefined()
  })

  it.each([
    'console',
    'com',
    'com10',
    'nully.txt',
    'a.con',
    '.hidden',
    'é',
    'left~',
    '.left/tmp/0123',
    'aux1',
  ])('%s is taken on Windows', (path) => {
    expect(windowsFault(path)).toBeUndefined()
  })

  it('that HFS+ takes for our own folder are refused on macOS', () => {
    for (const name of ['.le\u200cft', '\ufeff.left', '.LE\u200eFT/tmp']) expect(macFault(name)).toBeDefined()
    for (const name of ['.left/tmp', 'a/.le\u200cft', '.lefty', 'e\u0301'])
      expect(macFault(name)).toBeUndefined()
  })

  it.runIf(onLinux)('are as good as any on Linux', () => {
    for (const name of ['CON', 'C:', 'a\\b', '.le\u200cft'])
      expect(() => refuseForeignName(name)).not.toThrow()
  })
})
