// Which file is read, and which of two options counts: with real files.

import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Plan, planRun } from '../../../src/cli/config/config.js'
import { temporaryFolder } from '../../io/temporary-folder.js'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

function put(text: string, ...path: string[]): string {
  const file = join(folder, ...path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

function makeShare(...path: string[]): string {
  put('left-peer 0123456789abcdef\n', ...path, '.left', 'replica')
  return join(folder, ...path)
}

function one(plan: Plan): Plan & { run: 'one' } {
  if (plan.run !== 'one') throw new Error('several shares')
  return plan
}

describe('where no file is named', () => {
  it('left.toml in the current folder is read, and the person is told', () => {
    const file = put('ip = "10.0.0.7"\nshare = "data"\n', 'left.toml')
    const { options, notes } = one(planRun({}, folder))
    expect(options).toMatchObject({ share: join(folder, 'data'), peers: [{ text: '10.0.0.7' }] })
    expect(notes).toEqual([`options are those of ${file}`])
  })

  it('the command line wins, option by option', () => {
    put('ip = "10.0.0.7"\nport = 1\nlimit = "10M"\njson = true\n', 'left.toml')
    const { options, json } = one(planRun({ ip: ['10.0.0.8'], port: '2', share: 'x' }, folder))
    expect(options.peers.map(({ text }) => text)).toEqual(['10.0.0.8'])
    expect(options).toMatchObject({ port: 2, limitBytesPerS: 10_000_000, share: join(folder, 'x') })
    expect(json).toBe(true)
  })

  it('none in a folder above is read, and none with --config no', () => {
    put('ip = "10.0.0.7"\n', 'left.toml')
    mkdirSync(join(folder, 'below'))
    expect(() => planRun({}, join(folder, 'below'))).toThrow('--ip is missing')
    expect(() => planRun({ config: 'no' }, folder)).toThrow('--ip is missing')
  })
})

describe('a left.toml that a peer may have written', () => {
  const text = 'ip = "10.6.6.6"\nshare = "/"\nyes = true\n'

  it('is not read in a share', () => {
    const share = makeShare('share')
    const file = put(text, 'share', 'left.toml')
    const { options, notes } = one(planRun({ ip: ['10.0.0.7'], share: '.' }, share))
    expect(options).toMatchObject({ share, yes: false, peers: [{ text: '10.0.0.7' }] })
    expect(notes).toEqual([expect.stringContaining(`${file} is not read: it is in the share ${share}`)])
    expect(() => planRun({}, share)).toThrow(/--ip is missing.*left\.toml is not read/)
  })

  it('is not read anywhere below a share', () => {
    makeShare('share')
    put(text, 'share', 'a', 'b', 'left.toml')
    expect(() => planRun({}, join(folder, 'share', 'a', 'b'))).toThrow('is not read')
  })

  it('is not read through a link into a share, of the file or of the folder', () => {
    makeShare('share')
    put(text, 'share', 'sub', 'left.toml')
    mkdirSync(join(folder, 'outside'))
    symlinkSync(join(folder, 'share', 'sub', 'left.toml'), join(folder, 'outside', 'left.toml'))
    symlinkSync(join(folder, 'share', 'sub'), join(folder, 'linked'))
    for (const name of ['outside', 'linked'])
      expect(() => planRun({}, join(folder, name)), name).toThrow('is not read')
  })

  it('is not read where a link in a share leads to it from outside', () => {
    makeShare('share')
    const file = put('ip = "10.0.0.7"\n', 'mine.toml')
    symlinkSync(file, join(folder, 'share', 'left.toml'))
    expect(() => planRun({}, join(folder, 'share'))).toThrow('is not read')
  })

  it('is refused in the folder that it shares, before that is a share', () => {
    put('ip = "10.0.0.7"\nshare = "."\n', 'left.toml')
    expect(() => planRun({}, folder)).toThrow(`is in the share ${folder}`)
  })

  it('is read where --config names it, with a note', () => {
    const share = makeShare('share')
    const file = put('ip = "10.0.0.7"\nshare = "../data"\n', 'share', 'left.toml')
    const { options, notes } = one(planRun({ config: 'left.toml' }, share))
    expect(options.share).toBe(join(folder, 'data'))
    expect(notes).toEqual([expect.stringContaining(`${file} is in the share ${share}`)])
  })

  it.runIf(process.platform !== 'win32')('is not read where everybody may write it', () => {
    const file = put('ip = "10.0.0.7"\n', 'left.toml')
    chmodSync(file, 0o666)
    expect(() => planRun({}, folder)).toThrow('everybody may write it')
  })

  it.runIf(process.getuid?.() === 0)("is not read where it is another user's", () => {
    const file = put('ip = "10.0.0.7"\n', 'left.toml')
    chownSync(file, 65_534, 65_534)
    expect(() => planRun({}, folder)).toThrow("it is another user's")
  })
})

describe('a file that is named', () => {
  it('has to be there, and says where an option of it is wrong', () => {
    expect(() => planRun({ config: 'x.toml' }, folder)).toThrow('cannot read x.toml (ENOENT)')
    put('ip = "10.0.0.7"\nwindow = 9999\n', 'x.toml')
    expect(() => planRun({ config: 'x.toml' }, folder)).toThrow(/^x\.toml: --window '9999'/)
    expect(() => planRun({ config: 'x.toml', window: '0' }, folder)).toThrow(/^--window '0'/)
    put(`ip = "10.0.0.7"\n#${'x'.repeat(1_100_000)}`, 'x.toml')
    expect(() => planRun({ config: 'x.toml' }, folder)).toThrow('is no file of options')
    writeFileSync(join(folder, 'x.toml'), Uint8Array.of(0xff))
    expect(() => planRun({ config: 'x.toml' }, folder)).toThrow('x.toml is not UTF-8')
  })
})

describe('several shares', () => {
  const text =
    'ip = "10.0.0.7"\n[[share]]\nfolder = "photos"\n[[share]]\nfolder = "work"\nport = 22002\nwindow = 4\n'

  it('are run side by side, or the one that is named', () => {
    const file = put(text, 'left.toml')
    expect(planRun({}, folder)).toMatchObject({
      run: 'several',
      file,
      names: ['photos', 'work'],
      json: false,
    })
    const { options } = one(planRun({ only: 'work', share: 'other' }, folder))
    expect(options).toMatchObject({ share: join(folder, 'other'), port: 22002, window: 4 })
  })

  it('need a port each, and options of one share do not go with them', () => {
    put(text.replace('22002', '22001'), 'left.toml')
    expect(() => planRun({}, folder)).toThrow("'photos' and 'work' both listen on port 22001")
    expect(planRun({ port: 'auto' }, folder).run).toBe('several')
    put(text, 'left.toml')
    expect(() => planRun({ share: 'x' }, folder)).toThrow('--share is of one share')
    expect(() => planRun({ port: '5' }, folder)).toThrow('--port is of one share')
    expect(() => planRun({ only: 'phtos' }, folder)).toThrow("did you mean 'photos'?")
    put(text.replace('= 4', '= 0'), 'left.toml')
    expect(() => planRun({}, folder)).toThrow("left.toml, share 'work': --window '0'")
  })

  it('--only needs a file with shares', () => {
    expect(() => planRun({ only: 'x', ip: ['10.0.0.7'] }, folder)).toThrow('--only names a share of a file')
    put('ip = "10.0.0.7"\n', 'left.toml')
    expect(() => planRun({ only: 'x' }, folder)).toThrow('has no [[share]]')
  })
})
