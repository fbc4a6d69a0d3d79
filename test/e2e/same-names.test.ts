// A real disk that takes names for one which differ in case alone, where this machine can make one: ext4 with casefold, or FAT.

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect } from 'vitest'
import { statusOf } from './left.js'
import { type RecordedPeer, test, type World } from './world.js'

const IMAGE_BYTES = 48 * 1024 * 1024

/** A file system at `folder`; false where this machine cannot make one, or not mount it. */
function mountFolding(world: World, folder: string): boolean {
  mkdirSync(folder, { recursive: true })
  const image = world.path('image')
  const run = (program: string, ...words: string[]) => execFileSync(program, words, { stdio: 'ignore' })
  const makers = [
    () => {
      run('mkfs.ext4', '-q', '-O', 'casefold', '-E', 'encoding=utf8', image)
      run('mount', '-o', 'loop', image, folder)
      rmSync(`${folder}/lost+found`, { recursive: true, force: true })
      run('chattr', '+F', folder)
    },
    () => {
      run('mkfs.vfat', image)
      run('mount', '-o', 'loop,utf8', image, folder)
    },
  ]
  return makers.some((make) => {
    writeFileSync(image, '')
    truncateSync(image, IMAGE_BYTES)
    try {
      make()
    } catch {
      return false
    }
    world.atEnd(() => void execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' }))
    writeFileSync(`${folder}/probe`, '')
    const isOne = existsSync(`${folder}/PROBE`)
    rmSync(`${folder}/probe`)
    return isOne
  })
}

describe('two names that are one on a disk', () => {
  test('are held as far as they fit, and the other one is named', async ({ world, skip }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    if (!mountFolding(world, b.share)) skip('this machine mounts neither ext4 with casefold nor FAT')
    writeFileSync(a.path('notes'), 'first')
    await world.start([a, b])
    writeFileSync(a.path('Notes'), 'later')
    await world.until('B to name it', () => b.of('problem').some(({ path }) => path === 'Notes'))
    expect(readdirSync(b.share).sort()).toEqual(['.left', 'notes'])
    expect(readFileSync(b.path('notes'), 'utf8')).toBe('first')
    expect(JSON.stringify(await statusOf(b))).toContain('Notes')
    rmSync(a.path('Notes'))
    renameSync(a.path('notes'), a.path('NOTES'))
    await world.until('B to have the new name', () => readdirSync(b.share).includes('NOTES'))
    expect(readFileSync(a.path('NOTES'), 'utf8')).toBe('first')
  })
})
