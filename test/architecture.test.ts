// The arrows between the folders of src, read from the code and held against the table in src/README.md.

import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

/** Folders that see no clock, no randomness, no timer and nothing of Node; src/tsconfig.core.json compiles them
 *  alone. */
const PURE_FOLDERS = ['base', 'share', 'delta', 'rdt', 'ecp', 'journal', 'sync']

const IMPURE_NAMES = new Set(
  `Date Math.random performance setTimeout setInterval setImmediate queueMicrotask Buffer process console
   crypto globalThis require`.split(/\s+/),
)

interface Row {
  readonly folders: readonly string[]
  readonly outside: readonly string[]
}

interface Source {
  /** From src, joined by '/'. */
  readonly path: string
  readonly folder: string
  readonly parsed: ts.SourceFile
}

interface Import {
  readonly from: Source
  /** As it is written. */
  readonly name: string
  /** The folder of src that it leads into, undefined where it leads out of src. */
  readonly folder: string | undefined
}

const table = readTable()
const sources = readSources()
const imports = sources.flatMap(importsOf)

describe('the import table in src/README.md', () => {
  test('has a row for each folder of src and for nothing else', () => {
    expect([...table.keys()].sort()).toEqual([...new Set(sources.map(({ folder }) => folder))].sort())
  })

  test('names only folders that have a row', () => {
    for (const { folders } of table.values())
      for (const folder of folders) expect([...table.keys()]).toContain(folder)
  })

  test('has no cycle', () => {
    expect(cycleIn(new Map([...table].map(([folder, { folders }]) => [folder, folders])))).toBeUndefined()
  })

  test('has every arrow between two folders that the code has', () => {
    const missing = imports
      .filter(({ from, folder }) => folder !== undefined && folder !== from.folder)
      .filter(({ from, folder }) => !table.get(from.folder)!.folders.includes(folder!))
    expect(missing.map(told)).toEqual([])
  })

  test('has every package that the code needs, and Node only where the world begins', () => {
    const missing = imports
      .filter(({ folder }) => folder === undefined)
      .filter(({ from, name }) => !table.get(from.folder)!.outside.includes(packageOf(name)))
    expect(missing.map(told)).toEqual([])
  })
})

describe('the code', () => {
  test('has no cycle between its folders', () => {
    const arrows = new Map<string, Set<string>>()
    for (const { from, folder } of imports) {
      if (folder === undefined || folder === from.folder) continue
      const targets = arrows.get(from.folder) ?? new Set()
      arrows.set(from.folder, targets.add(folder))
    }
    expect(cycleIn(arrows)).toBeUndefined()
  })

  test('imports from src by path, and in the pure folders nothing else', () => {
    const outward = imports.filter(
      ({ from, folder }) => folder === undefined && PURE_FOLDERS.includes(from.folder),
    )
    expect(outward.map(told)).toEqual([])
  })

  test('of the pure folders names no clock, no randomness, no timer and nothing of Node', () => {
    const named = sources
      .filter(({ folder }) => PURE_FOLDERS.includes(folder))
      .flatMap((source) => impureNamesIn(source).map((name) => `${source.path}: ${name}`))
    expect(named).toEqual([])
  })

  test('of the pure folders is what the core build compiles', () => {
    const core = ts.readConfigFile(join(SRC, 'tsconfig.core.json'), ts.sys.readFile).config as {
      include: string[]
    }
    expect([...core.include].sort()).toEqual([...PURE_FOLDERS].sort())
  })
})

describe('what this test looks at', () => {
  const sample = (text: string): Source => ({
    path: 'rdt/sample.ts',
    folder: 'rdt',
    parsed: ts.createSourceFile('sample.ts', text, ts.ScriptTarget.ES2022, true),
  })

  test.each([
    ["import { a } from '../share/a.js'", 'share'],
    ["import type { A } from '../share/a.js'", 'share'],
    ["import '../share/a.js'", 'share'],
    ["export * from '../share/a.js'", 'share'],
    ["const a = await import('../share/a.js')", 'share'],
    ["let a: import('../share/a.js').A", 'share'],
    ["import { a } from './a.js'", 'rdt'],
    ["import { a } from 'node:fs'", undefined],
    ["import { a } from 'lmdb'", undefined],
  ])('%s is an import', (text, folder) => {
    expect(importsOf(sample(text)).map((found) => found.folder)).toEqual([folder])
  })

  test.each([
    'new Date()',
    'const { now } = Date',
    'f(Math.random)',
    'setTimeout(f, 1)',
    'process.exit()',
    'Buffer.from(a)',
  ])('%s is impure', (text) => {
    expect(impureNamesIn(sample(text))).toHaveLength(1)
  })

  test.each([
    '// new Date()',
    "const a = 'process'",
    'link.process()',
    'const a = { process: 1 }',
    'Math.max(1, 2)',
  ])('%s is pure', (text) => {
    expect(impureNamesIn(sample(text))).toEqual([])
  })

  test('finds a cycle', () => {
    expect(
      cycleIn(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b', 'c', 'b'])
    expect(
      cycleIn(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['c']],
        ]),
      ),
    ).toBeUndefined()
  })
})

/** The rows `| folder | may import | from outside |`; a dash stands for nothing. */
function readTable(): Map<string, Row> {
  const rows = new Map<string, Row>()
  for (const line of readFileSync(join(SRC, 'README.md'), 'utf8').split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim())
    const folder = /^`([a-z]+)`$/.exec(cells[1] ?? '')?.[1]
    if (folder === undefined || cells.length !== 5) continue
    const namesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
    rows.set(folder, { folders: namesIn(cells[2]!), outside: namesIn(cells[3]!) })
  }
  return rows
}

function readSources(): Source[] {
  return readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[mc]?tsx?$/.test(entry.name))
    .map((entry) => relative(SRC, join(entry.parentPath, entry.name)))
    .sort()
    .map((file) => {
      const path = file.split(sep).join('/')
      const text = readFileSync(join(SRC, file), 'utf8')
      const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
      return { path, folder: path.split('/')[0]!, parsed }
    })
}

/** Imports and exports from a module, of values and of types, `import()` with a literal, and import types. */
function importsOf(source: Source): Import[] {
  const names: string[] = []
  const visit = (node: ts.Node): void => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) names.push(specifier.text)
    ts.forEachChild(node, visit)
  }
  visit(source.parsed)
  return names.map((name) => ({ from: source, name, folder: folderOf(source, name) }))
}

function folderOf(source: Source, name: string): string | undefined {
  if (!name.startsWith('.')) return undefined
  const target = relative(SRC, join(SRC, dirname(source.path), name)).split(sep)
  return target[0] === '..' ? undefined : target[0]
}

/** `node` for Node's own modules, else the package's name. */
function packageOf(name: string): string {
  if (isBuiltin(name)) return 'node'
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/')
}

function impureNamesIn({ parsed }: Source): string[] {
  const names: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isMemberName(node)) {
      const { parent } = node
      const whole = ts.isPropertyAccessExpression(parent) ? parent.getText(parsed) : node.text
      for (const name of [node.text, whole]) {
        if (!IMPURE_NAMES.has(name)) continue
        names.push(name)
        break
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(parsed)
  return names
}

/** Whether the identifier names a member of something else, not the thing itself. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent))
    return (ts.isPropertyAccessExpression(parent) ? parent.name : parent.right) === node
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent)) &&
    parent.name === node
  )
}

/** The first cycle that a walk along the arrows meets, its beginning repeated at its end. */
function cycleIn(arrows: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
  const finished = new Set<string>()
  const walk = (folder: string, path: readonly string[]): string[] | undefined => {
    const start = path.indexOf(folder)
    if (start >= 0) return [...path.slice(start), folder]
    if (finished.has(folder)) return undefined
    for (const next of arrows.get(folder) ?? []) {
      const cycle = walk(next, [...path, folder])
      if (cycle !== undefined) return cycle
    }
    finished.add(folder)
    return undefined
  }
  for (const folder of arrows.keys()) {
    const cycle = walk(folder, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function told({ from, name }: Import): string {
  return `${from.path} imports ${name}`
}
