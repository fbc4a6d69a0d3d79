// Folders that nobody means to share: refused before anything is made in them, with the reason and the way out.

import { existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runLeft } from '../../harness/processes.js'
import { INNER_SHARE_DEPTH_MAX } from '../../src/app/limits.js'
import { dangerOf, homesOf, refuseDangerousShare } from '../../src/app/share-danger.js'
import { temporaryFolder } from '../io/temporary-folder.js'

const HOMES = ['/home/lab', '/root']

function makeShare(folder: string): void {
  mkdirSync(join(folder, '.left'), { recursive: true })
  writeFileSync(join(folder, '.left', 'replica'), 'left-peer 0123456789abcdef\n')
}

const messageOf = (share: string, isMeant = false): string => {
  try {
    refuseDangerousShare(share, { isMeant })
    return 'accepted'
  } catch (error) {
    return (error as Error).message
  }
}

describe.runIf(process.platform === 'linux')('a dangerous share', () => {
  it.each([
    ['/', 'the whole system'],
    ['/etc', 'system'],
    ['/etc/ssl', '/etc belongs to the system'],
    ['/usr/share/doc', '/usr belongs to the system'],
    ['/proc/self', '/proc belongs to the system'],
    ['/sys', 'system'],
    ['/dev/disk', '/dev belongs to the system'],
    ['/var', 'system'],
    ['/tmp', 'system'],
    ['/home/lab', 'a whole home folder'],
    ['/home', 'holds the home folder /home/lab'],
    ['/root', 'a whole home folder'],
  ])('is %s: %s', (folder, reason) => {
    expect(dangerOf(folder, HOMES)).toContain(reason)
  })

  it.each([
    '/home/lab/share',
    '/srv',
    '/srv/data',
    '/mnt/disk',
    '/var/lib/data',
    '/dev/shm/x',
    '/etcetera',
    '/home2',
  ])('is not %s', (folder) => {
    expect(dangerOf(folder, HOMES)).toBeUndefined()
  })

  it('is the home of whoever runs it, whichever variable or link names it', () => {
    const folder = temporaryFolder()
    mkdirSync(`${folder}/home`)
    symlinkSync('home', `${folder}/link`)
    const homes = homesOf({ HOME: `${folder}/link` })
    expect(homes).toContain(`${folder}/home`)
    expect(homes).toContain(realpathSync(homedir()))
    expect(dangerOf(folder, homes)).toContain('holds the home folder')
  })

  it('lies in another share, at whatever depth, or holds one', () => {
    const folder = temporaryFolder()
    makeShare(`${folder}/outer`)
    mkdirSync(`${folder}/outer/a/b`, { recursive: true })
    expect(messageOf(`${folder}/outer/a/b/new`)).toContain(`it lies in another share, ${folder}/outer`)
    expect(messageOf(`${folder}/outer`)).toBe('accepted')
    expect(messageOf(folder)).toContain(`it holds another share, ${folder}/outer`)
    expect(messageOf(folder)).toContain('add --yes')
    expect(messageOf(folder, true)).toBe('accepted')
    mkdirSync(`${folder}/beside/.left`, { recursive: true })
    expect(messageOf(`${folder}/beside/new`)).toBe('accepted')
    symlinkSync(`${folder}/outer/a`, `${folder}/way-in`)
    expect(messageOf(`${folder}/way-in/new`)).toContain('it lies in another share')
  })

  it.each([
    [INNER_SHARE_DEPTH_MAX, 'it holds another share'],
    [INNER_SHARE_DEPTH_MAX + 1, 'accepted'],
  ])('holds a share %i folders down: %s', (depth, message) => {
    const folder = temporaryFolder()
    makeShare(join(folder, ...Array.from({ length: depth }, () => 'x')))
    expect(messageOf(folder)).toContain(message)
  })

  it('is not looked for below what is no folder', () => {
    const folder = temporaryFolder()
    writeFileSync(`${folder}/file`, 'x')
    expect(messageOf(`${folder}/file/share`)).toBe('accepted')
    expect(messageOf(`${folder}/file`)).toBe('accepted')
  })

  it('is the folder of the identity, also where it is meant', () => {
    const config = temporaryFolder()
    const before = process.env.XDG_CONFIG_HOME
    process.env.XDG_CONFIG_HOME = config
    try {
      expect(messageOf(join(config, 'left'), true)).toContain('your identity')
      expect(messageOf(join(config, 'left', 'share'))).toBe('accepted')
    } finally {
      if (before === undefined) delete process.env.XDG_CONFIG_HOME
      else process.env.XDG_CONFIG_HOME = before
    }
  })

  it('ends the program with 2 and one line, before anything is made in it', async () => {
    const folder = temporaryFolder()
    makeShare(`${folder}/inner`)
    for (const share of [folder, '/proc/self', dirname(homedir())]) {
      const { exitCode, stdout, stderr } = await runLeft(['--ip', '127.0.0.1:9', '--share', share])
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
      expect(stderr).toMatch(/^left: [^\n]+ is not shared: [^\n]+--yes[^\n]*\n$/)
    }
    expect(readdirSync(folder)).toEqual(['inner'])
    expect(existsSync(`${homedir()}/.left`)).toBe(false)
  })
})
