import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { planRun } from '../../src/cli/config/config.js'
import { parseToml } from '../../src/cli/config/toml-file.js'
import { runInit } from '../../src/cli/init/init.js'
import { tomlText } from '../../src/cli/init/written.js'
import { IgnoreRules } from '../../src/share/ignore-rules.js'
import { temporaryFolder } from '../io/temporary-folder.js'
import { Capture } from './capture.js'

let folder: string
let lines: string[]
beforeEach(() => {
  folder = temporaryFolder()
  lines = []
})

function init(answers: string, options: { yes?: boolean; isTTY?: boolean } = {}): Promise<number> {
  const input = Object.assign(Readable.from([answers]), { isTTY: options.isTTY ?? false })
  const output = new Capture()
  return runInit(options, { folder, input, output, print: (line) => lines.push(line) })
}

function planned() {
  const plan = planRun({}, folder)
  if (plan.run !== 'one') throw new Error('several shares')
  return plan.options
}

describe('left init', () => {
  it('writes what is asked, so that left needs no options', async () => {
    expect(await init('data\n10.0.0.7, lab3:22002\n\n')).toBe(0)
    expect(planned()).toMatchObject({
      share: join(folder, 'data'),
      peers: [{ text: '10.0.0.7' }, { text: 'lab3:22002' }],
      secretFiles: [],
      discover: false,
    })
    expect(lines).toContain(`wrote ${join(folder, 'left.toml')}`)
  })

  it.each<[string, object]>([
    ['\n\n\n', { discover: true, peers: [] }],
    ['\ntracker 10.0.0.7\n\n', { discover: false, trackers: [{ text: '10.0.0.7' }] }],
    ['\n10.0.0.7\nleft-secret\n', { discover: false, peers: [{ text: '10.0.0.7' }] }],
  ])('makes a secret where one is meant: %j', async (answers, options) => {
    expect(await init(answers)).toBe(0)
    const secret = join(folder, 'left-secret')
    expect(planned()).toMatchObject({ ...options, secretFiles: [secret] })
    expect(readFileSync(secret, 'utf8')).toMatch(/^left-/)
  })

  it('--yes asks nothing, and takes a secret that is there', async () => {
    writeFileSync(join(folder, 'left-secret'), 'theirs\n')
    expect(await init('', { yes: true })).toBe(0)
    expect(planned()).toMatchObject({ share: join(folder, 'share'), discover: true })
    expect(readFileSync(join(folder, 'left-secret'), 'utf8')).toBe('theirs\n')
  })

  it('writes rules against what systems and editors leave behind, and leaves rules that are there', async () => {
    await init('', { yes: true })
    const rules = new IgnoreRules(readFileSync(join(folder, 'share', '.leftignore'), 'utf8'))
    const verdict = (path: string) => rules.verdict(path, false, { steps: 100_000 })
    for (const path of ['a/.DS_Store', 'Thumbs.db', 'a/.plan.swp', '~$plan.docx', 'film.mkv.part'])
      expect(verdict(path), path).toBe('ignored')
    for (const path of ['node_modules/a.js', 'plan.docx', 'a.tmp', 'part', '.leftignore'])
      expect(verdict(path), path).toBeUndefined()
    const other = temporaryFolder()
    mkdirSync(join(other, 'share'))
    writeFileSync(join(other, 'share', '.leftignore'), 'mine\n')
    folder = other
    await init('', { yes: true })
    expect(readFileSync(join(other, 'share', '.leftignore'), 'utf8')).toBe('mine\n')
    expect(lines.at(-2)).toContain('is there already')
  })

  it('writes over no left.toml, and asks nothing then', async () => {
    writeFileSync(join(folder, 'left.toml'), 'mine\n')
    await expect(init('\n\n\n')).rejects.toMatchObject({ code: 'usage' })
    await expect(init('', { yes: true })).rejects.toMatchObject({ code: 'usage' })
    expect(readFileSync(join(folder, 'left.toml'), 'utf8')).toBe('mine\n')
    expect(existsSync(join(folder, 'share'))).toBe(false)
  })

  it.each([
    ['', 'no answer to'],
    ['data\n', 'no answer to'],
    ['.\n\n\n', 'in the folder that is shared'],
    ['..\n\n\n', 'in the folder that is shared'],
    ['data\n10.0.0.999\n\n', '10.0.0.999'],
    ['data\n\nnone\n', 'need a secret|by a secret'],
  ])('refuses piped answers that are no use, and writes nothing: %j', async (answers, words) => {
    await expect(init(answers)).rejects.toThrow(new RegExp(words))
    expect(existsSync(join(folder, 'left.toml'))).toBe(false)
    expect(existsSync(join(folder, 'data'))).toBe(false)
  })

  it('asks a person again', async () => {
    expect(await init('.\ndata\n10.0.0.999\n10.0.0.7\n\n', { isTTY: true })).toBe(0)
    expect(planned()).toMatchObject({ share: join(folder, 'data'), peers: [{ text: '10.0.0.7' }] })
  })

  it('is refused in a share, where its file would not be read', async () => {
    mkdirSync(join(folder, '.left'))
    writeFileSync(join(folder, '.left', 'replica'), 'left-peer 0123456789abcdef\n')
    await expect(init('', { yes: true })).rejects.toThrow('is in the share')
  })

  it.each(['plain', 'a "b" \\ c', 'tab\tline\nDEL\x7f', 'ümläut 🦊'])(
    'writes %j so that TOML reads it',
    (text) => {
      expect(parseToml(`share = ${tomlText(text)}`, 'x').share).toBe(text)
    },
  )
})
