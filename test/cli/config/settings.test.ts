import { describe, expect, it } from 'vitest'
import { LeftError } from '../../../src/base/errors.js'
import { nearestWord } from '../../../src/cli/config/nearest-word.js'
import { readSettings } from '../../../src/cli/config/settings.js'
import { parseToml } from '../../../src/cli/config/toml-file.js'
import { CONFIG_SHARES_MAX, SHARE_NAME_CHARACTERS_MAX } from '../../../src/cli/limits.js'

const source = { file: 'left.toml', folder: '/etc/left', home: '/home/lab' }
const read = (text: string) => readSettings(parseToml(text, 'left.toml'), source)

function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof LeftError && error.code === 'usage') return error.message
    throw error
  }
  throw new Error('it was not refused')
}

describe('left.toml', () => {
  it('has every option by its long name, with paths from its own folder', () => {
    const text = `
      ip = ["10.0.0.7", "lab3:22002"]
      share = "~/data"
      port = 22005
      discover = true
      secret-file = ["new", "/old"]
      identity = "id.pem"
      limit = "10M"
      min-free = 0
      receive-only = true
      max-delete = "no"
      timeout = 90
      once = true
    `
    expect(read(text)).toEqual([
      {
        name: undefined,
        raw: {
          ip: ['10.0.0.7', 'lab3:22002'],
          share: '/home/lab/data',
          port: '22005',
          discover: true,
          secretFile: ['/etc/left/new', '/old'],
          identity: '/etc/left/id.pem',
          limit: '10M',
          minFree: '0',
          receiveOnly: true,
          maxDelete: 'no',
          timeout: '90',
          once: true,
        },
      },
    ])
  })

  it('has several shares, whose own options stand over those of all', () => {
    const text = `
      ip = "10.0.0.7"
      links = "keep"
      [[share]]
      folder = "photos"
      port = 22001
      [[share]]
      name = "work"
      folder = "/srv/work"
      port = "auto"
      ip = ["10.0.0.8"]
      send-only = true
    `
    const common = { links: 'keep' }
    expect(read(text)).toEqual([
      { name: 'photos', raw: { ...common, ip: ['10.0.0.7'], share: '/etc/left/photos', port: '22001' } },
      {
        name: 'work',
        raw: { ...common, ip: ['10.0.0.8'], share: '/srv/work', port: 'auto', sendOnly: true },
      },
    ])
  })

  it.each([
    ['prot = 1', "there is no option 'prot'; did you mean port?"],
    ['send_only = true', 'did you mean send-only?'],
    ['config = "x"', "there is no option 'config'"],
    ['zzz = 1', 'there are ip, tracker, port'],
    ['discover = "yes"', "discover takes true or false, and there is the text 'yes'"],
    ['encryption = false', 'encryption takes a text in quotes, and there is false'],
    ['port = 1.5', 'port takes a whole number or a text in quotes, and there is the number 1.5'],
    ['limit = -1', 'there is the number -1'],
    ['ip = [1]', 'ip takes a text in quotes, or a list of such'],
    ['bind = 2026-11-30', 'there is a date'],
    ['share = ""', 'share is empty'],
    ['[share]\nfolder = "a"', 'with two brackets'],
    ['[[share]]\nport = 1', 'share 1: folder is missing'],
    ['[[share]]\nshare = "a"', 'folder = "…"'],
    ['[[share]]\nfolder = "a"\nfoldr = "b"', "share 1: there is no option 'foldr'; did you mean folder?"],
    ['[[share]]\nfolder = "a"\njson = true', 'json is of all shares'],
    ['[[share]]\nfolder = "a"\nname = "x\\ty"', 'is no name'],
    ['[[share]]\nfolder = "a"\n[[share]]\nfolder = "b/a"', "two shares 'a'"],
    ['[[share]]\nfolder = "a"\n[[share]]\nname = "b"\nfolder = "./a/"', 'have the same folder /etc/left/a'],
  ])('refuses %j', (text, words) => {
    const message = refusal(() => read(text))
    expect(message).toMatch(/^left\.toml[,:] /)
    expect(message).toContain(words)
  })

  it('takes as many shares, and characters of a name, as it says', () => {
    const shares = (count: number) =>
      Array.from({ length: count }, (_, index) => `[[share]]\nfolder = "${index}"\n`).join('')
    const named = (characters: number) => `[[share]]\nfolder = "a"\nname = "${'x'.repeat(characters)}"`
    expect(read(shares(CONFIG_SHARES_MAX))).toHaveLength(CONFIG_SHARES_MAX)
    expect(refusal(() => read(shares(CONFIG_SHARES_MAX + 1)))).toContain('more than')
    expect(read(named(SHARE_NAME_CHARACTERS_MAX))).toHaveLength(1)
    expect(refusal(() => read(named(SHARE_NAME_CHARACTERS_MAX + 1)))).toContain('is no name')
  })
})

describe('a left.toml that does not parse', () => {
  it.each([
    ['ip = ', 'line 1, column 6: expected a value'],
    ['share = "a"\nip', 'line 2, column 1: expected key = value'],
    ['ip: "a"', 'line 1, column 3: expected = behind the name'],
    ['ip = ["a" "b"]', 'column 11: expected a comma'],
    ['ip = "a', 'column 6: expected a quote'],
    ['share = "a"\nshare = "b"', 'line 2, column 1: expected each name once'],
    ['[[share]', 'expected ]]'],
    ['port = 1 bind = "x"', 'expected the end of the line'],
    ['__proto__ = 1', 'line 1, column 1'],
  ])('is refused with line, column and what was expected: %j', (text, words) => {
    const message = refusal(() => parseToml(text, 'left.toml'))
    expect(message).toMatch(/^left\.toml, line [0-9]+, column [0-9]+: [^\n]+$/)
    expect(message).toContain(words)
  })
})

describe('the nearest word', () => {
  it.each([
    ['prot', 'port'],
    ['trashsize', 'trash-size'],
    ['Window', 'window'],
    ['po', 'no'],
    ['folder-of-mine', undefined],
    ['', undefined],
  ])('of %j is %j', (word, nearest) => {
    expect(nearestWord(word, ['port', 'trash', 'trash-size', 'window', 'no'])).toBe(nearest)
  })
})
