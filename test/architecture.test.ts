// The arrows between the rooms of src, read from the code and held against the table in src/README.md. A room is a folder
// without its sub-folders: 'rdt/pull', 'engine/receive/swarm'.

import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

/** Folders that see no clock, no randomness, no timer and nothing of Node; src/tsconfig.core.json compiles them
 *  alone. */
const PURE_FOLDERS = [
  'base',
  'share',
  'judge',
  'delta',
  'rdt',
  'ecp',
  'journal',
  'engine',
  'visit',
  'keeper',
  'peering',
  'pipe',
  'beacons',
  'discovery',
]

const IMPURE_NAMES = new Set(
  `Date Math.random performance setTimeout setInterval setImmediate queueMicrotask Buffer process console
   crypto globalThis require`.split(/\s+/),
)

interface Row {
  readonly rooms: readonly string[]
  readonly outside: readonly string[]
}

interface Source {
  /** From src, joined by '/'. */
  readonly path: string
  readonly room: string
  readonly parsed: ts.SourceFile
}

interface Import {
  readonly from: Source
  /** As it is written. */
  readonly name: string
  /** The file of src that it leads to, from src; undefined where it leads out of src. */
  readonly target: string | undefined
}

const table = readTable()
const sources = readSources()
const imports = sources.flatMap(importsOf)
const outward = imports.filter(({ target }) => target === undefined)
const roomArrows = imports
  .filter(({ target }) => target !== undefined)
  .map(({ from, name, target }) => ({ from, name, to: roomOf(target!) }))
  .filter(({ from, to }) => to !== from.room)

describe('the import table in src/README.md', () => {
  test('has a row for each room of src and for nothing else', () => {
    expect([...table.keys()].sort()).toEqual([...new Set(sources.map(({ room }) => room))].sort())
  })

  test('names only rooms that have a row', () => {
    for (const { rooms } of table.values())
      for (const room of rooms) expect([...table.keys()]).toContain(room)
  })

  test('has no circle, apart from a room and one that encloses it', () => {
    const arrows = [...table].map(
      ([room, { rooms }]) =>
        [room, rooms.filter((other) => !encloses(room, other) && !encloses(other, room))] as const,
    )
    expect(cycleIn(new Map(arrows))).toBeUndefined()
  })

  test('has every arrow between two rooms that the code has', () => {
    const missing = roomArrows.filter(({ from, to }) => !table.get(from.room)!.rooms.includes(to))
    expect(missing.map(told)).toEqual([])
  })

  test('has every package that the code needs, and Node only where the world begins', () => {
    const missing = outward.filter(
      ({ from, name }) => !table.get(from.room)!.outside.includes(packageOf(name)),
    )
    expect(missing.map(told)).toEqual([])
  })

  test('permits nothing that the code does not use', () => {
    const unused = [...table].flatMap(([room, { rooms, outside }]) =>
      [
        ...rooms.filter((other) => !roomArrows.some(({ from, to }) => from.room === room && to === other)),
        ...outside.filter(
          (name) => !outward.some(({ from, name: used }) => from.room === room && packageOf(used) === name),
        ),
      ].map((other) => `${room} → ${other}`),
    )
    expect(unused).toEqual([])
  })
})

describe('the code', () => {
  test('has no circle between its files', () => {
    const arrows = new Map(sources.map(({ path }) => [path, new Set<string>()]))
    for (const { from, target } of imports) if (target !== undefined) arrows.get(from.path)!.add(target)
    expect(cycleIn(arrows)).toBeUndefined()
  })

  test('of the engine and of the keeper never meets: they are two processes', () => {
    const met = imports.filter(({ from, target }) => {
      const [one, other] = [from.path, target ?? ''].map((path) => path.split('/')[0]!)
      return (one === 'engine' && other === 'keeper') || (one === 'keeper' && other === 'engine')
    })
    expect(met.map(told)).toEqual([])
  })

  test('imports from src by path, and in the pure folders nothing else', () => {
    expect(outward.filter(({ from }) => isPure(from)).map(told)).toEqual([])
  })

  test('of the pure folders names no clock, no randomness, no timer and nothing of Node', () => {
    const named = sources
      .filter(isPure)
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
    room: 'rdt',
    parsed: ts.createSourceFile('sample.ts', text, ts.ScriptTarget.ES2022, true),
  })

  test.each([
    ["import { a } from '../share/a.js'", 'share/a.ts'],
    ["import type { A } from '../share/a.js'", 'share/a.ts'],
    ["import '../share/a.js'", 'share/a.ts'],
    ["export * from '../share/a.js'", 'share/a.ts'],
    ["const a = await import('../share/a.js')", 'share/a.ts'],
    ["let a: import('../share/a.js').A", 'share/a.ts'],
    ["import { a } from './pull/a.js'", 'rdt/pull/a.ts'],
    ["import { a } from './a.js'", 'rdt/a.ts'],
    ["import { a } from 'node:fs'", undefined],
    ["import { a } from 'lmdb'", undefined],
  ])('%s is an import', (text, target) => {
    expect(importsOf(sample(text)).map((found) => found.target)).toEqual([target])
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

/** The rows `| room | may import | from outside |`; a dash stands for nothing. */
function readTable(): Map<string, Row> {
  const rows = new Map<string, Row>()
  for (const line of readFileSync(join(SRC, 'README.md'), 'utf8').split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim())
    const room = /^`([a-z/]+)`$/.exec(cells[1] ?? '')?.[1]
    if (room === undefined || cells.length !== 5) continue
    const namesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
    rows.set(room, { rooms: namesIn(cells[2]!), outside: namesIn(cells[3]!) })
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
      return { path, room: roomOf(path), parsed }
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
  return names.map((name) => ({ from: source, name, target: targetOf(source, name) }))
}

function targetOf(source: Source, name: string): string | undefined {
  if (!name.startsWith('.')) return undefined
  const target = relative(SRC, join(SRC, dirname(source.path), name)).split(sep)
  return target[0] === '..' ? undefined : target.join('/').replace(/\.js$/, '.ts')
}

function roomOf(path: string): string {
  return dirname(path).split(sep).join('/')
}

function encloses(outer: string, inner: string): boolean {
  return inner.startsWith(`${outer}/`)
}

function isPure({ path }: Source): boolean {
  return PURE_FOLDERS.includes(path.split('/')[0]!)
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

function told({ from, name }: Pick<Import, 'from' | 'name'>): string {
  return `${from.path} imports ${name}`
}
