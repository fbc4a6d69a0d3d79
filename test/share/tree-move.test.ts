// A rename of a folder, told in one line: whoever knew the same before knows the same after it.

import { describe, expect, test } from 'vitest'
import { hash } from '../../src/io/hash.js'
import { decide } from '../../src/share/decide.js'
import type { Entry } from '../../src/share/entry.js'
import { TREE_MOVE_THINGS_MAX } from '../../src/share/limits.js'
import { Manifest } from '../../src/share/manifest.js'
import {
  decodeChange,
  decodeTreeMove,
  encodeTreeMove,
  type MovedTree,
  movedTree,
  stateOfPlaces,
  type TreeMove,
  thingsToMove,
} from '../../src/share/tree-move.js'
import { SeededRandom } from '../../src/sim/random.js'

const AUTHORS = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc']
const MOVER = 'dddddddddddddddd'
const SEEDS = 200
const NAMES = ['a', 'B', 'ñ', '\u{1f600}', '\uffee', 'x y', '%', '|*|']

describe('a folder that is moved', () => {
  test('makes the same of it on every peer that knew the same, and nothing that is decided otherwise', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const entries = drawnEntries(new SeededRandom(seed))
      const [origin, receiver] = [manifestOf(entries), manifestOf([...entries].reverse())]
      const moved = moveOf(origin, 1_000)
      const told = decodeTreeMove(encodeTreeMove(moved.move))
      if (!told.ok) throw new Error(`seed ${seed}: ${told.reason}`)
      expect(stateOfPlaces(receiver, 'from', 'to'), `seed ${seed}`).toBe(told.value.state)
      const followed = movedTree(receiver, told.value)
      expect(followed?.parts, `seed ${seed}`).toEqual(moved.parts)
      for (const { creation, deletion } of moved.parts) {
        const isTaken = decide(receiver.get(creation.path), creation, { folderHasLiveChildren: false })
        expect(isTaken, `seed ${seed}`).toMatchObject({ type: 'take', entry: creation })
        const isRemoved = decide(receiver.get(deletion.path), deletion, { folderHasLiveChildren: false })
        expect(isRemoved, `seed ${seed}`).toMatchObject({ type: 'remove', entry: deletion })
      }
      for (const manifest of [origin, receiver]) record(manifest, moved)
      expect(receiver.root(), `seed ${seed}`).toEqual(origin.root())
      expect(origin.liveCountBelow('from')).toBe(0)
      const dots = moved.parts.flatMap(({ creation, deletion }) => [
        creation.version.content,
        deletion.version.content,
      ])
      expect(new Set(dots).size).toBe(2 * moved.move.things)
    }
  })

  test('stands for another state where anything differs that is known of either place', () => {
    const entries = drawnEntries(new SeededRandom(7))
    const state = stateOfPlaces(manifestOf(entries), 'from', 'to')
    for (const [index, entry] of entries.entries()) {
      if (entry.path === 'aside') continue
      const other = { ...entry, version: { ...entry.version, seen: `${entry.version.seen},${MOVER}:1` } }
      const changed = entries.with(index, other)
      expect(stateOfPlaces(manifestOf(changed), 'from', 'to'), entry.path).not.toBe(state)
    }
    expect(stateOfPlaces(manifestOf(entries.filter(({ path }) => path !== 'aside')), 'from', 'to')).toBe(
      state,
    )
  })

  test('that has seen the move already is left as it is', () => {
    const manifest = manifestOf(drawnEntries(new SeededRandom(3)))
    const { move } = moveOf(manifest, 1_000)
    const known = manifest.get('from/file')!
    const seen = `${known.version.seen},${MOVER}:${move.first + 2 * move.things}`
    manifest.set({ ...known, version: { ...known.version, seen } })
    expect(movedTree(manifest, move)).toBeUndefined()
  })

  test.each([
    ['has something live where it goes', { kind: 'file', path: 'to/file' }],
    ['goes where something stands', { kind: 'folder', path: 'to' }],
    ['has rules in it', { kind: 'file', path: 'from/.leftignore' }],
    ['has content below what is no folder', { kind: 'file', path: 'from/file/below' }],
  ] as const)('and %s is not told in one line', (_, { kind, path }) => {
    const manifest = manifestOf(drawnEntries(new SeededRandom(5)).filter((each) => each.path !== 'to'))
    manifest.set(entryAt(path, kind, `${AUTHORS[0]}:77`))
    const things = thingsToMove(manifest, 'from', 'to') ?? 1
    expect(movedTree(manifest, moveWith(manifest, { things }))).toBeUndefined()
  })

  test('whose paths would be too long at the new place is not told in one line', () => {
    const manifest = manifestOf(drawnEntries(new SeededRandom(5)))
    const long = Array.from({ length: 127 }, () => 'd').join('/')
    expect(thingsToMove(manifest, 'from', long)).toBeDefined()
    expect(movedTree(manifest, moveWith(manifest, { to: long }))).toBeUndefined()
  })
})

test('a folder of the most things is told in one line, and one of more is not', () => {
  const manifest = new Manifest(hash)
  const dot = `${AUTHORS[0]}:1`
  manifest.set(entryAt('from', 'folder', dot))
  for (let thing = 2; thing < TREE_MOVE_THINGS_MAX; thing++)
    manifest.set(entryAt(`from/${thing}`, 'link', dot))
  expect(thingsToMove(manifest, 'from', 'to')).toBe(TREE_MOVE_THINGS_MAX - 1)
  manifest.set(entryAt('from/last', 'link', dot))
  expect(thingsToMove(manifest, 'from', 'to')).toBe(TREE_MOVE_THINGS_MAX)
  const line = encodeTreeMove(moveWith(manifestOf([]), { things: TREE_MOVE_THINGS_MAX }))
  expect(decodeTreeMove(line).ok).toBe(true)
  manifest.set(entryAt('from/more', 'link', dot))
  expect(thingsToMove(manifest, 'from', 'to')).toBeUndefined()
})

describe('the line of a move', () => {
  const move = moveWith(manifestOf(drawnEntries(new SeededRandom(1))), {})

  test('is read as it was written', () => {
    const odd = { ...move, from: 'a b|*|%\n', to: 'é/\u2028', timeMs: -1, first: 2 ** 53 - 2 * move.things }
    for (const each of [move, odd]) {
      expect(decodeTreeMove(encodeTreeMove(each))).toEqual({ ok: true, value: each })
      expect(decodeChange(encodeTreeMove(each))).toEqual({ ok: true, value: each })
    }
  })

  test.each([
    ['', 'empty'],
    ['x', 'unknown-kind'],
    ['m', 'truncated'],
    [encodeTreeMove(move).replace(/ to$/, ''), 'truncated'],
    [`${encodeTreeMove(move)} more`, 'trailing-bytes'],
    [encodeTreeMove({ ...move, timeMs: 8.64e15 + 1 }), 'bad-field'],
    [encodeTreeMove({ ...move, state: move.state.toUpperCase() }), 'bad-field'],
    [encodeTreeMove({ ...move, first: 0 }), 'bad-field'],
    [encodeTreeMove({ ...move, first: 2 ** 53 - 2 * move.things + 1 }), 'bad-field'],
    [encodeTreeMove({ ...move, things: 0 }), 'bad-field'],
    [encodeTreeMove({ ...move, things: TREE_MOVE_THINGS_MAX + 1 }), 'bad-field'],
    [encodeTreeMove({ ...move, author: 'fffffffffffffffe' }), 'bad-field'],
    [encodeTreeMove({ ...move, author: '00000000aaaaaaaa' }), 'bad-field'],
    [encodeTreeMove({ ...move, to: 'from/below' }), 'bad-field'],
    [encodeTreeMove({ ...move, from: 'to/below' }), 'bad-field'],
    [encodeTreeMove({ ...move, to: 'from' }), 'bad-field'],
    [encodeTreeMove({ ...move, to: '../out' }), 'bad-field'],
    [encodeTreeMove({ ...move, to: '.left/tmp' }), 'bad-field'],
    [encodeTreeMove({ ...move, from: '' }), 'bad-field'],
    [encodeTreeMove(move).replace('m ', 'm 0'), 'bad-field'],
  ])('%j is refused: %s', (line, reason) => {
    expect(decodeTreeMove(line)).toEqual({ ok: false, reason })
  })
})

/** As the origin tells it. */
function moveOf(manifest: Manifest, first: number): MovedTree {
  const things = thingsToMove(manifest, 'from', 'to')
  const moved = movedTree(manifest, moveWith(manifest, { first, things: things ?? 0 }))
  if (moved === undefined) throw new Error('what was drawn can be moved')
  return moved
}

function moveWith(manifest: Manifest, part: Partial<TreeMove>): TreeMove {
  const [from, to] = [part.from ?? 'from', part.to ?? 'to']
  const state = stateOfPlaces(manifest, from, to)
  const things = manifest.liveCountBelow(from) + 1
  return { kind: 'tree-move', from, to, author: MOVER, first: 1_000, timeMs: 5, state, things, ...part }
}

function record(manifest: Manifest, { parts }: MovedTree): void {
  for (const { creation, deletion } of parts) {
    manifest.set(creation)
    manifest.set(deletion)
  }
}

function manifestOf(entries: readonly Entry[]): Manifest {
  const manifest = new Manifest(hash)
  for (const entry of entries) manifest.set(entry)
  return manifest
}

/** What is known of `from`, of deletions in it and at the new path, and of something aside. */
function drawnEntries(random: SeededRandom): Entry[] {
  const entries = new Map<string, Entry>()
  const put = (path: string, kind: Entry['kind']) => entries.set(path, entryAt(path, kind, drawnSeen(random)))
  put('from', 'folder')
  put('from/file', 'file')
  put('aside', 'file')
  const folders = ['from']
  for (let count = random.below(40); count > 0; count--) {
    const path = `${folders[random.below(folders.length)]}/${NAMES[random.below(NAMES.length)]}`
    if (entries.has(path)) continue
    const kind = (['file', 'file', 'folder', 'link', 'tombstone'] as const)[random.below(5)]!
    put(path, kind)
    if (kind === 'folder') folders.push(path)
  }
  const isBack = random.chance(0.5)
  for (const path of isBack ? [...entries.keys()] : [])
    if (path.startsWith('from') && random.chance(0.5)) put(`to${path.slice('from'.length)}`, 'tombstone')
  return [...entries.values()]
}

function drawnSeen(random: SeededRandom): string {
  const dots = AUTHORS.filter(() => random.chance(0.6)).map((author) => `${author}:${1 + random.below(99)}`)
  if (random.chance(0.2)) dots.push(`${MOVER}:${1 + random.below(99)}`)
  return dots.length === 0 ? `${AUTHORS[0]}:1` : dots.join(',')
}

/** By the first edit that it has seen. */
function entryAt(path: string, kind: Entry['kind'], seen: string): Entry {
  const content = seen.split(',')[0]!
  const isFile = kind === 'file'
  return {
    path,
    kind,
    sizeBytes: isFile ? 5 : 0,
    digest: isFile ? 'ab'.repeat(32) : '',
    target: kind === 'link' ? 'file' : '',
    deletedKind: kind === 'tombstone' ? 'file' : undefined,
    mtimeMs: kind === 'folder' ? 0 : 1_700_000_000_000,
    access: kind === 'link' || kind === 'tombstone' ? 'none' : 'all',
    executable: false,
    touched: isFile && seen.length > 40 ? { mtimeMs: 1_700_000_001_000, content } : undefined,
    confirmed: false,
    version: { content, attributes: content, seen },
  }
}
