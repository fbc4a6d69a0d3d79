import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { OWN_FOLDER, SHARE_MARK } from '../../../src/base/own-folder.js'
import { withConfigured } from '../../../src/cli/config/configured-share.js'
import { temporaryFolder } from '../../io/temporary-folder.js'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

const write = (text: string) => writeFileSync(join(folder, 'left.toml'), text)

describe('a command about a share, in a folder with left.toml', () => {
  test('is about the share of the file, with its addresses and port', () => {
    write('share = "project"\nip = ["10.0.0.7", "lab3:22002"]\nport = 22005\nlimit = "10M"\n')
    const expected = { share: join(folder, 'project'), ip: '10.0.0.7,lab3:22002', port: '22005' }
    expect(withConfigured({}, folder)).toEqual(expected)
    expect(withConfigured({ port: '1', json: true }, folder)).toEqual({ ...expected, port: '1', json: true })
  })

  test('is about ./share where the file names none', () => {
    write('ip = "10.0.0.7"\nport = "auto"\n')
    expect(withConfigured({}, folder)).toEqual({ ip: '10.0.0.7' })
  })

  test('is refused where the file has several, and told how each is named', () => {
    write('[[share]]\nfolder = "photos"\n[[share]]\nname = "texts"\nfolder = "docs"\nport = 22002\n')
    expect(() => withConfigured({}, folder)).toThrow(
      `--share ${join(folder, 'photos')} ('photos') or --share ${join(folder, 'docs')} ('texts')`,
    )
    expect(withConfigured({ share: 'docs' }, folder)).toEqual({ share: 'docs' })
  })

  test('is refused where the file cannot be read, with the place in it', () => {
    write('share = "project\n')
    expect(() => withConfigured({}, folder)).toThrow(/left\.toml.*line 1/)
  })

  test('is about the share around it, and not about one that a peer could name', () => {
    write('share = "project"\n')
    mkdirSync(join(folder, OWN_FOLDER))
    writeFileSync(join(folder, OWN_FOLDER, SHARE_MARK), '')
    expect(withConfigured({}, folder)).toEqual({})
    mkdirSync(join(folder, 'inner'))
    expect(withConfigured({}, join(folder, 'inner'))).toEqual({})
  })

  test.runIf(process.platform !== 'win32')('is not about that of a file that everybody may write', () => {
    write('share = "project"\n')
    chmodSync(join(folder, 'left.toml'), 0o666)
    expect(withConfigured({}, folder)).toEqual({})
  })
})
