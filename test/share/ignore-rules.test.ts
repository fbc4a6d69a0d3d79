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

/** Rules by their folder, and paths that are held against them. */
interface Case {
  readonly files: ReadonlyMap<string, string>
  readonly tried: readonly string[]
}

const SEED = process.env.LEFT_IGNORE_SEED === undefined ? Date.now() : Number(process.env.LEFT_IGNORE_SEED)
const drawn = <T>(arbitrary: fc.Arbitrary<T>, count: number): T[] => {
  console.log(`LEFT_IGNORE_SEED=${SEED} replays these rules`)
  return fc.sample(arbitrary, { numRuns: count, seed: SEED })
}

describe.runIf(hasGit)('rules leave out what git leaves out', () => {
  test('in one file', () => {
    const cases = drawn(fc.tuple(lines, paths), isLong ? 1_000 : 300).map(([text, all]) => ({
      files: new Map([['', text]]),
      tried: asBytes(text, all),
    }))
    expectAsGit(cases)
  })

  test('in several folders: the deeper one decides, but not below a folder that is left out', () => {
    const simple = fc.constantFrom(
      ...['a', '!a', '/a', 'a/', '*', '!*', '!*/', 'b/**', '!a/b', '**/c', '!**/c', '*b', '!ab'],
    )
    const some = fc.array(simple, { maxLength: 3 }).map((all) => all.join('\n'))
    const cases = drawn(fc.tuple(some, some, some, paths), 300).map(([top, a, ab, tried]) => ({
      files: new Map([
        ['', top],
        ['a', a],
        ['a/b', ab],
      ]),
      tried,
    }))
    expectAsGit(cases)
  })
})

/** Each case in a folder of its own, and all of them in one call of git. */
function expectAsGit(cases: readonly Case[]): void {
  const top = temporaryFolder()
  execFileSync('git', ['init', '-q', top])
  const asked: string[] = []
  const ours: string[] = []
  for (const [index, { files, tried }] of cases.entries()) {
    for (const [folder, text] of files) {
      mkdirSync(join(top, `case${index}`, folder), { recursive: true })
      writeFileSync(join(top, `case${index}`, folder, '.gitignore'), text)
    }
    for (const path of tried) {
      asked.push(`case${index}/${path}`)
      if (isLeftOut(files, path)) ours.push(`case${index}/${path}`)
    }
  }
  const words = ['-c', 'core.excludesFile=', 'check-ignore', '--no-index', '-v', '-n', '-z', '--stdin']
  const input = `${asked.join('\0')}\0`
  const { stdout, stderr } = spawnSync('git', ['-C', top, ...words], { input, maxBuffer: 2 ** 30 })
  const fields = stdout.toString().split('\0')
  expect(stderr.toString()).toBe('')
  expect(fields).toHaveLength(4 * asked.length + 1)
  const theirs = asked.filter((_, at) => fields[4 * at + 2] !== '' && !fields[4 * at + 2]!.startsWith('!'))
  const inOurs = new Set(ours)
  const inTheirs = new Set(theirs)
  const differing = asked.filter((path) => inOurs.has(path) !== inTheirs.has(path))
  const told = differing.slice(0, 5).map((path) => {
    const index = Number(/^case(\d+)/.exec(path)![1])
    return { path, rules: [...cases[index]!.files], git: inTheirs.has(path) }
  })
  expect(told).toEqual([])
}

/** As src/keeper/scan/ignoring.ts puts them together, of which keeper/scan/ignoring.test.ts has the rest. The folders of the files
 *  are there, and nothing else is. */
function isLeftOut(files: ReadonlyMap<string, string>, path: string): boolean {
  const parts = path.split('/')
  for (let length = 1; length <= parts.length; length++) {
    const prefix = parts.slice(0, length).join('/')
    if (isNamed(files, prefix, length < parts.length || files.has(prefix))) return true
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
