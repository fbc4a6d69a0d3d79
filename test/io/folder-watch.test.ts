import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { FolderWatch } from '../../src/io/folder-watch.js'
import { temporaryFolder } from './temporary-folder.js'

// A folder named 'beyond…' stands for one more than the system watches.
vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs')>()
  return {
    ...original,
    watch: (place: string, ...rest: unknown[]) => {
      if (/\/beyond\d*$/.test(place)) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
      return (original.watch as (...parameters: unknown[]) => unknown)(place, ...rest)
    },
  }
})

let root: string
let watch: FolderWatch
let hints: string[]
let degraded: string[]

beforeEach(() => {
  root = temporaryFolder()
  hints = []
  degraded = []
  watch = new FolderWatch({
    root,
    onHint: (folder, name) => hints.push(`${folder}: ${name ?? '?'}`),
    onDegraded: (reason) => degraded.push(reason),
  })
  onTestFinished(() => watch.close())
})

async function hinted(hint: string): Promise<void> {
  await expect.poll(() => hints, { interval: 2, timeout: 5_000 }).toContain(hint)
}

const onLinux = process.platform === 'linux'

describe('watching folders', () => {
  it('hints at what is made, changed, renamed and removed, with its folder', async () => {
    mkdirSync(`${root}/folder`)
    expect(watch.add('')).toBe(true)
    expect(watch.add('folder')).toBe(true)
    writeFileSync(`${root}/top`, '')
    await hinted(': top')
    writeFileSync(`${root}/folder/file`, '')
    await hinted('folder: file')
    hints.length = 0
    appendFileSync(`${root}/folder/file`, 'more')
    await hinted('folder: file')
    renameSync(`${root}/folder/file`, `${root}/folder/moved`)
    await hinted('folder: moved')
    hints.length = 0
    rmSync(`${root}/folder/moved`)
    await hinted('folder: moved')
    expect(degraded).toEqual([])
  })

  it('is silent about folders that it was told to leave', async () => {
    mkdirSync(`${root}/left`)
    watch.add('')
    watch.add('left')
    watch.add('left')
    watch.remove('left')
    watch.remove('left')
    writeFileSync(`${root}/left/file`, '')
    writeFileSync(`${root}/end`, '')
    await hinted(': end')
    expect(hints.filter((hint) => hint.startsWith('left:'))).toEqual([])
    expect(watch.size).toBe(1)
  })

  it.runIf(onLinux)('watches on when a folder was replaced by another of its name', async () => {
    mkdirSync(`${root}/folder`)
    watch.add('folder')
    rmSync(`${root}/folder`, { recursive: true })
    mkdirSync(`${root}/folder`)
    await hinted('folder: ?')
    expect(watch.has('folder')).toBe(true)
    writeFileSync(`${root}/folder/file`, '')
    await hinted('folder: file')
  })

  it.runIf(onLinux)('forgets a folder that moved away, and hints at it', async () => {
    mkdirSync(`${root}/folder`)
    watch.add('folder')
    renameSync(`${root}/folder`, `${root}/elsewhere`)
    await hinted('folder: ?')
    expect(watch.has('folder')).toBe(false)
    expect(degraded).toEqual([])
  })

  it('watches on when a thing with the name of its folder came', async () => {
    mkdirSync(`${root}/same`)
    watch.add('same')
    writeFileSync(`${root}/same/same`, '')
    await hinted('same: ?')
    writeFileSync(`${root}/same/other`, '')
    await hinted('same: other')
  })

  it('says no, and nothing else, to a folder that vanished', () => {
    expect(watch.add('missing')).toBe(false)
    expect(degraded).toEqual([])
  })

  it('says once that the system watches no more folders, and goes on with those it has', async () => {
    for (const name of ['beyond1', 'beyond2', 'fine']) mkdirSync(`${root}/${name}`)
    expect(watch.add('beyond1')).toBe(false)
    expect(watch.add('beyond2')).toBe(false)
    expect(watch.add('fine')).toBe(true)
    expect(degraded).toEqual([expect.stringContaining('fs.inotify.max_user_watches')])
    expect(watch.refusedCount).toBe(2)
    watch.remove('beyond1')
    expect(watch.refusedCount).toBe(1)
    writeFileSync(`${root}/fine/file`, '')
    await hinted('fine: file')
  })

  it('hints at nothing after it was closed', async () => {
    watch.add('')
    writeFileSync(`${root}/file`, '')
    watch.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(hints).toEqual([])
    expect(watch.size).toBe(0)
  })
})
