// The user's secrets on a real disk: found by what they are, not by the path that leads to them, and found anew after they
// were replaced or moved. What a disk does about them is in disk-conformance.ts.

import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { DiskError } from '../../src/base/ports.js'
import { BlockIo } from '../../src/io/blocks/block-io.js'
import { RealDisk } from '../../src/io/disk.js'
import { PRIVATE_HELD_MAX, PRIVATE_TRUSTED_MS } from '../../src/io/limits.js'
import { PrivateFiles } from '../../src/io/private-files.js'
import { writeBlock } from './blocks/write-block.js'
import { temporaryFolder } from './temporary-folder.js'

let root: string
let outside: string

beforeEach(() => {
  root = temporaryFolder()
  outside = temporaryFolder()
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

const codeOfAsync = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: DiskError) => error.code,
  )

const isPrivate = (files: PrivateFiles, path: string): boolean => files.hasNow(statSync(path))

describe('the private files of a user', () => {
  it('are one file, whichever path or link leads to it', () => {
    writeFileSync(`${outside}/key`, 'key')
    writeFileSync(`${outside}/other`, 'key')
    linkSync(`${outside}/key`, `${root}/hard`)
    symlinkSync(`${outside}/key`, `${root}/soft`)
    const files = new PrivateFiles({ files: [`${outside}/key`], folders: [] })
    expect(isPrivate(files, `${root}/hard`)).toBe(true)
    expect(isPrivate(files, `${root}/soft`)).toBe(true)
    expect(isPrivate(files, `${outside}/other`)).toBe(false)
    files.close()
  })

  it('are found through a link at their place, and the link is one too', () => {
    mkdirSync(`${outside}/vault`)
    writeFileSync(`${outside}/vault/key`, 'key')
    symlinkSync('vault', `${outside}/way`)
    symlinkSync('way/key', `${outside}/key`)
    const files = new PrivateFiles({ files: [`${outside}/key`], folders: [] })
    expect(isPrivate(files, `${outside}/vault/key`)).toBe(true)
    files.look()
    expect(files.claimsName(statSync(`${outside}/vault`), 'key')).toBe(true)
    expect(files.claimsName(statSync(outside), 'key')).toBe(true)
    expect(files.claimsName(statSync(outside), 'other')).toBe(false)
    files.close()
  })

  it('are found when they are made later, and when others take their places', () => {
    const files = new PrivateFiles({ files: [`${outside}/key`], folders: [] })
    expect(files.claimsName(statSync(outside), 'key')).toBe(true)
    writeFileSync(`${root}/one`, '1')
    writeFileSync(`${root}/two`, '2')
    expect(isPrivate(files, `${root}/one`)).toBe(false)
    renameSync(`${root}/one`, `${outside}/key`)
    expect(isPrivate(files, `${outside}/key`)).toBe(true)
    linkSync(`${outside}/key`, `${root}/former`)
    renameSync(`${root}/two`, `${outside}/key`)
    expect(isPrivate(files, `${outside}/key`)).toBe(true)
    expect(isPrivate(files, `${root}/former`)).toBe(true)
    files.close()
  })

  it('stay private when the folder that they are in is renamed, and no longer than they have a name', () => {
    mkdirSync(`${root}/left`)
    writeFileSync(`${root}/left/key`, 'key')
    const files = new PrivateFiles({ files: [`${root}/left/key`], folders: [`${root}/left`] })
    expect(isPrivate(files, `${root}/left`)).toBe(true)
    renameSync(`${root}/left`, `${root}/left.old`)
    expect(isPrivate(files, `${root}/left.old`)).toBe(true)
    expect(isPrivate(files, `${root}/left.old/key`)).toBe(true)
    const key = statSync(`${root}/left.old/key`)
    rmSync(`${root}/left.old`, { recursive: true })
    expect(files.hasNow(key)).toBe(false)
    files.close()
  })

  it('are known for a moment without a look, and looked up where that must not be', async () => {
    const files = new PrivateFiles({ files: [`${outside}/key`], folders: [] })
    writeFileSync(`${root}/one`, '1')
    const one = statSync(`${root}/one`)
    files.look()
    renameSync(`${root}/one`, `${outside}/key`)
    expect(files.hasNow(one)).toBe(true)
    writeFileSync(`${outside}/two`, '2')
    const two = statSync(`${outside}/two`)
    renameSync(`${outside}/two`, `${outside}/key`)
    await new Promise((resolve) => setTimeout(resolve, PRIVATE_TRUSTED_MS + 2))
    expect(files.has(two)).toBe(true)
    files.close()
  })

  it.each([PRIVATE_HELD_MAX, PRIVATE_HELD_MAX + 1])('are held open %i at a time at most', (count) => {
    const files = new PrivateFiles({ files: [`${outside}/key`], folders: [] })
    for (let index = 0; index < count; index++) {
      writeFileSync(`${outside}/new`, 'key')
      renameSync(`${outside}/new`, `${outside}/key`)
      linkSync(`${outside}/key`, `${root}/${index}`)
      files.look()
    }
    expect(isPrivate(files, `${root}/0`)).toBe(count <= PRIVATE_HELD_MAX)
    expect(isPrivate(files, `${root}/${count - 1}`)).toBe(true)
    files.close()
  })
})

describe('a share that holds the configuration', () => {
  let files: PrivateFiles
  let disk: RealDisk

  beforeEach(() => {
    mkdirSync(`${root}/config/left`, { recursive: true })
    writeFileSync(`${root}/config/left/identity.pem`, 'key')
    linkSync(`${root}/config/left/identity.pem`, `${root}/spare`)
    symlinkSync('config', `${root}/by-link`)
    const folder = `${root}/by-link/left`
    files = new PrivateFiles({ files: [`${folder}/identity.pem`, `${folder}/pins`], folders: [folder] })
    disk = new RealDisk(root, { privateFiles: files })
    return () => {
      disk.dispose()
      files.close()
    }
  })

  it('shows neither the folder nor a second name of what is in it', () => {
    for (const path of ['config/left', 'by-link/left', 'config/left/identity.pem', 'spare'])
      expect(disk.stat(path)?.kind).toBe('private')
    expect(disk.stat('config')?.kind).toBe('folder')
    for (const path of ['config/left/identity.pem', 'by-link/left/identity.pem', 'spare'])
      expect(codeOf(() => disk.open(path))).toBe('private')
  })

  it('takes nothing in its place, beside it or over the link that leads there', () => {
    writeFileSync(`${root}/theirs`, 'no key')
    for (const to of [
      'config/left/pins',
      'config/left/identity.pem',
      'config/left/lock',
      'spare',
      'by-link',
    ]) {
      expect(codeOf(() => disk.rename('theirs', to))).toBe('private')
      expect(codeOf(() => disk.linkFile('theirs', to))).toBe('private')
      expect(codeOf(() => disk.moveNew('theirs', to))).toBe('private')
      expect(codeOf(() => disk.makeLink(to, 'theirs'))).toBe('private')
    }
    expect(readFileSync(`${root}/config/left/identity.pem`, 'utf8')).toBe('key')
    expect(statSync(`${root}/config/left/pins`, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('does not have the folder made anew by a peer once it is gone', () => {
    renameSync(`${root}/config/left`, `${root}/config/away`)
    expect(codeOf(() => disk.makeFolder('config/left'))).toBe('private')
    expect(codeOf(() => disk.makeFolder('config/LEFT'))).toBe('private')
    expect(codeOf(() => disk.writeNew('config/away/x', NEW))).toBe('private')
    expect(codeOf(() => disk.makeFolder('config/other'))).toBe('done')
  })

  it('serves no block of it, by whatever path', async () => {
    const blocks = new BlockIo(root, { privateFiles: files })
    const { mtimeMs, size } = statSync(`${root}/spare`)
    const read = (path: string) =>
      codeOfAsync(blocks.readBlock({ path, mtimeMs, sizeBytes: size }, 0, new Uint8Array(size)))
    for (const path of ['spare', 'config/left/identity.pem', 'by-link/left/identity.pem'])
      expect(await read(path)).toBe('private')
    writeFileSync(`${root}/open`, 'key')
    expect(await read('open')).toBe('done')
    expect(await codeOfAsync(writeBlock(blocks, 'spare', 0, new Uint8Array(1)))).toBe('private')
    // Made private since it was read.
    writeFileSync(`${root}/new`, 'key')
    renameSync(`${root}/new`, `${root}/config/left/identity.pem`)
    linkSync(`${root}/config/left/identity.pem`, `${root}/again`)
    expect(await read('again')).toBe('private')
    await blocks.close()
  })

  it('may be such a folder itself, where a person chose it, and keeps the secrets in it', () => {
    closeSync(openSync(`${root}/config/left/note`, 'w'))
    const own = new RealDisk(`${root}/config/left`, { privateFiles: files })
    expect(own.stat('')?.kind).toBe('folder')
    expect(own.stat('note')?.kind).toBe('file')
    expect(own.stat('identity.pem')?.kind).toBe('private')
    expect(codeOf(() => own.rename('note', 'pins'))).toBe('private')
    own.dispose()
  })
})

const NEW = { bytes: new Uint8Array(1), mtimeMs: 0, executable: false, sync: false }
