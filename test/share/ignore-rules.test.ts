// Ignore rules against git itself, where it is installed, and by examples where it is not.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IgnoreRules } from '../../src/share/ignore-rules.js'
import { temporaryFolder } from '../io/temporary-folder.js'
import { isLong } from '../length.js'

const hasGit = spawnSync('git', ['--version']).status === 0

/** What git and LEFT make of one pattern; none of them is longer than a few of these. */
const bits = [
  ...[
    'a',
    'b',
    'ab',
    '*',
    '*',
    '**',
    '?',
    '.',
    '/',
    '/',
    '/',
    'a/',
    '**/',
    '/**',
    '!',
    '#',
    '-',
    ']',
    '$',
    '(',
    'é',
  ],
  ...[
    '[ab]',
    '[!a]',
    '[^a]',
    '[a-c]',
    '[]a]',
    '[!]a]',
    '[a-]',
    '[\\]]',
    '[[:alpha:]]',
    '[[:foo:]]',
    '[[:a]',
    '[a-',
    '[',
  ],
  ...['\\*', '\\!', '\\#', '\\ ', '\\', ' ', '\t', '\r'],
]
const names = [
  'a',
  'b',
  'ab',
  'aab',
  'c',
  '.a',
  'a*',
  '!a',
  '#a',
  'a b',
  'a ',
  '[',
  '\\',
  '$',
  '(',
  'a.b',
  ']',
  '-',
  'é',
]

const line = fc.array(fc.constantFrom(...bits), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
const lines = fc.array(line, { minLength: 1, maxLength: 4 }).map((all) => all.join('\n'))
const path = fc
  .array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
const paths = fc.uniqueArray(path, { minLength: 4, maxLength: 16 })

/** To git a `?` and a set are one byte, and stand for a part of such a letter. */
const asBytes = (rules: string, tried: readonly string[]) =>
  /[?[]/.test(rules) ? tried.filter((each) => !each.includes('é')) : tried

describe.runIf(hasGit)('one file of rules', () => {
  test('leaves out what git leaves out', { timeout: 120_000 }, () => {
    const folder = temporaryFolder()
    execFileSync('git', ['init', '-q', folder])
    const property = fc.property(lines, paths, (text, all) => {
      const tried = asBytes(text, all)
      writeFileSync(join(folder, '.gitignore'), text)
      const mine = tried.filter((each) => isLeftOut(new Map([['', text]]), each))
      expect(mine.sort()).toEqual(ignoredByGit(folder, tried).sort())
    })
    fc.assert(property, { numRuns: isLong ? 20_000 : 500 })
  })
})

describe.runIf(hasGit)('files of rules in several folders', () => {
  test('leave out what git leaves out: the deeper one decides, but not below a folder that is left out', {
    timeout: 120_000,
  }, () => {
    const simple = fc.constantFrom(
      'a',
      '!a',
      '/a',
      'a/',
      '*',
      '!*',
      '!*/',
      'b/**',
      '!a/b',
      '**/c',
      '!**/c',
      '*b',
      '!ab',
    )
    const some = fc.array(simple, { maxLength: 3 }).map((all) => all.join('\n'))
    const property = fc.property(some, some, some, paths, (top, a, ab, tried) => {
      const folder = temporaryFolder()
      execFileSync('git', ['init', '-q', folder])
      const files = new Map([
        ['', top],
        ['a', a],
        ['a/b', ab],
      ])
      for (const [within, text] of files) {
        mkdirSync(join(folder, within), { recursive: true })
        writeFileSync(join(folder, within, '.gitignore'), text)
      }
      const mine = tried.filter((each) => isLeftOut(files, each))
      expect(mine.sort()).toEqual(ignoredByGit(folder, tried).sort())
    })
    fc.assert(property, { numRuns: isLong ? 2_000 : 60 })
  })
})

/** As src/keeper/scan/ignoring.ts puts them together, of which keeper/scan/ignoring.test.ts has the rest. */
function isLeftOut(files: ReadonlyMap<string, string>, path: string): boolean {
  const parts = path.split('/')
  for (let length = 1; length <= parts.length; length++) {
    const prefix = parts.slice(0, length).join('/')
    if (isNamed(files, prefix, length < parts.length)) return true
  }
  return false
}

function isNamed(files: ReadonlyMap<string, string>, path: string, isFolder: boolean): boolean {
  for (let folder = parentOf(path); ; folder = parentOf(folder)) {
    const within = folder === '' ? path : path.slice(folder.length + 1)
    const verdict = new IgnoreRules(files.get(folder) ?? '').verdict(within, isFolder)
    if (verdict !== undefined) return verdict === 'ignored'
    if (folder === '') return false
  }
}

function parentOf(path: string): string {
  const parent = dirname(path)
  return parent === '.' ? '' : parent
}

/** Paths that are not there count as files. */
function ignoredByGit(folder: string, tried: readonly string[]): string[] {
  const words = [
    '-C',
    folder,
    '-c',
    'core.excludesFile=',
    'check-ignore',
    '--no-index',
    '-v',
    '-n',
    '-z',
    '--stdin',
  ]
  const fields = spawnSync('git', words, { input: `${tried.join('\0')}\0` })
    .stdout.toString()
    .split('\0')
  const ignored: string[] = []
  for (let at = 0; at + 3 < fields.length; at += 4)
    if (fields[at + 2] !== '' && !fields[at + 2]!.startsWith('!')) ignored.push(fields[at + 3]!)
  return ignored
}

describe('a rule', () => {
  const verdict = (text: string, path: string, isFolder = false) =>
    new IgnoreRules(text).verdict(path, isFolder)

  test.each<[string, string, boolean, 'ignored' | 'shared' | undefined]>([
    ['*.log', 'deep/x.log', false, 'ignored'],
    ['*.log', 'x.log.1', false, undefined],
    ['build/', 'build', true, 'ignored'],
    ['build/', 'build', false, undefined],
    ['/build', 'a/build', false, undefined],
    ['a/b', 'a/b', false, 'ignored'],
    ['a/b', 'x/a/b', false, undefined],
    ['**/a/b', 'x/a/b', false, 'ignored'],
    ['a/**/b', 'a/b', false, 'ignored'],
    ['a/**/b', 'a/x/y/b', false, 'ignored'],
    ['a/**', 'a', true, undefined],
    ['*.log\n!keep.log', 'keep.log', false, 'shared'],
    ['!keep.log\n*.log', 'keep.log', false, 'ignored'],
    ['# a', '# a', false, undefined],
    ['\\# a', '# a', false, 'ignored'],
    ['a  ', 'a', false, 'ignored'],
    ['a\\ ', 'a ', false, 'ignored'],
    ['\ufeffa', 'a', false, 'ignored'],
    ['a\r\nb\r\n', 'b', false, 'ignored'],
    ['A', 'a', false, undefined],
    ['', 'a', false, undefined],
    ['/', 'a', true, undefined],
    // One character is one, however many bytes it takes: here git sees two and three.
    ['?', 'é', false, 'ignored'],
    ['?', '🙂', false, 'ignored'],
    ['[à-ï]', 'é', false, 'ignored'],
  ])('%j says of %j (a folder: %s): %s', (text, path, isFolder, expected) => {
    expect(verdict(text, path, isFolder)).toBe(expected)
  })

  test('with wildcards matches no more when the steps for a path are used up, and one without them does', () => {
    const rules = new IgnoreRules('plain\n*a*b')
    const budget = { steps: 1_000 }
    expect(rules.verdict('xaxb', false, budget)).toBe('ignored')
    expect(budget.steps).toBeLessThan(1_000)
    expect(rules.verdict('xaxb', false, { steps: 3 })).toBeUndefined()
    expect(rules.verdict('plain', false, { steps: 0 })).toBe('ignored')
    const most = new IgnoreRules(`${'**/'.repeat(2_000)}x\n`)
    const used = { steps: 1_000_000 }
    expect(most.verdict(`${'a/'.repeat(2_000)}x`, false, used)).toBeUndefined()
    expect(used.steps).toBeLessThan(0)
    expect(used.steps).toBeGreaterThan(-20_000)
  })

  test('takes no longer for being hostile', () => {
    const deep = `${'a/'.repeat(2_000)}c`
    const long = `${'a'.repeat(250)}c`
    for (const part of ['**/a/', 'a/**/', '*a', '*?', '*[ab]', '**/*a/', '*', '?*'])
      for (const path of [deep, long]) {
        const pattern = `${part.repeat(20)}x`
        expect(verdict(pattern, path), pattern).toBeUndefined()
      }
  })
})
