import { describe, expect, test } from 'vitest'
import { copyOf, decide, defendFolder, originalOf } from '../../src/share/decide.js'
import { dotOf, dotsOf, SEEN_PEERS_MAX } from '../../src/share/dots.js'
import {
  changeMode,
  editContent,
  makeFolderOnTheWay,
  mtimeOf,
  NO_MODE,
  relabel,
  removeContent,
  touch,
} from '../../src/share/edit.js'
import type { Access, Content, Entry } from '../../src/share/entry.js'
import { sameEntry } from '../../src/share/entry-line.js'
import { digestOf } from './entries.js'

const [A, B, C] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc'] as const
const EMPTY = { folderHasLiveChildren: false }
const FULL = { folderHasLiveChildren: true }
const DAY_MS = 86_400_000

const BARE = { sizeBytes: 0, digest: '', target: '', deletedKind: undefined, mtimeMs: 0 } as const
const fileContent = (text: string, mtimeMs = 0): Content => ({
  ...BARE,
  kind: 'file',
  sizeBytes: 5,
  digest: digestOf(text),
  mtimeMs,
})
const linkContent = (target: string, mtimeMs = 0): Content => ({ ...BARE, kind: 'link', target, mtimeMs })
const folderContent: Content = { ...BARE, kind: 'folder' }

interface Made {
  readonly base: Entry
  readonly mtimeMs: number
  readonly access: Access
  readonly executable: boolean
  readonly path: string
}

function file(text: string, dot: string, made: Partial<Made> = {}): Entry {
  const { base, mtimeMs = 0, access = 'all', executable = false, path = 'notes.txt' } = made
  const content = fileContent(text, mtimeMs)
  return editContent(base, { path, content, mode: { access, executable }, dot }).entry
}

function link(target: string, dot: string, { base, mtimeMs = 0 }: Partial<Made> = {}): Entry {
  const content = linkContent(target, mtimeMs)
  return editContent(base, { path: 'notes.txt', content, mode: NO_MODE, dot }).entry
}

function folder(dot: string, base?: Entry): Entry {
  const mode = { access: 'all', executable: false } as const
  return editContent(base, { path: 'notes.txt', content: folderContent, mode, dot }).entry
}

const old = file('old', dotOf(A, 1))
const gone = (base: Entry, dot: string) => removeContent(base, dot, DAY_MS).entry

describe('an entry of a peer', () => {
  test('is taken where nothing is known, a deletion only recorded', () => {
    expect(decide(undefined, old, EMPTY)).toMatchObject({ type: 'take', entry: old, replaces: undefined })
    const deletion = gone(old, dotOf(B, 1))
    expect(decide(undefined, deletion, EMPTY)).toMatchObject({ type: 'adopt', entry: deletion })
  })

  test('that is ours is kept', () => {
    expect(decide(old, old, EMPTY)).toEqual({ type: 'keep', wins: false })
  })

  test('replaces what it has seen, and nothing the other way round', () => {
    const edit = file('new', dotOf(B, 1), { base: old, mtimeMs: -1 })
    expect(decide(old, edit, EMPTY)).toMatchObject({ type: 'take', entry: edit, replaces: 'file' })
    expect(decide(edit, old, EMPTY)).toEqual({ type: 'keep', wins: false })
  })

  test('deletes what it has seen, a touch in the meantime included', () => {
    const deletion = gone(old, dotOf(B, 1))
    expect(decide(old, deletion, EMPTY)).toMatchObject({ type: 'remove', entry: deletion, replaces: 'file' })
    const touched = touch(old, dotOf(A, 2), DAY_MS).entry
    expect(decide(touched, deletion, EMPTY)).toMatchObject({ type: 'remove' })
  })

  test('of any kind stays deleted where the deletion has seen it, and comes back by an edit of the deletion', () => {
    for (const entry of [old, folder(dotOf(A, 1)), link('elsewhere', dotOf(A, 1))]) {
      const deletion = gone(entry, dotOf(B, 1))
      expect(deletion.deletedKind).toBe(entry.kind)
      expect(decide(deletion, entry, EMPTY)).toEqual({ type: 'keep', wins: false })
      const again = file('again', dotOf(A, 2), { base: deletion })
      expect(decide(deletion, again, EMPTY)).toMatchObject({
        type: 'take',
        entry: again,
        replaces: undefined,
      })
    }
  })

  test('deleted apart becomes one deletion: the later one, on both sides', () => {
    const early = removeContent(old, dotOf(A, 2), 1).entry
    const late = removeContent(old, dotOf(B, 1), 2).entry
    const version = { content: dotOf(B, 1), attributes: dotOf(A, 2), seen: `${A}:2,${B}:1` }
    const both = { ...late, version }
    expect(decide(early, late, EMPTY)).toEqual({ type: 'adopt', entry: both, folded: '' })
    expect(decide(late, early, EMPTY)).toEqual({ type: 'adopt', entry: both, folded: '' })
  })

  test('lives on where a deletion has not seen it', () => {
    const deletion = gone(old, dotOf(B, 1))
    const edit = file('new', dotOf(A, 2), { base: old, mtimeMs: -1 })
    expect(decide(edit, deletion, EMPTY)).toEqual({ type: 'keep', wins: true })
    const decision = decide(deletion, edit, EMPTY)
    expect(decision).toMatchObject({ type: 'take', replaces: undefined, entry: { digest: edit.digest } })
  })

  test('is in conflict where neither has seen the other: the holder of the older one keeps it', () => {
    const early = file('early', dotOf(B, 1), { base: old, mtimeMs: 1 })
    const late = file('late', dotOf(A, 2), { base: old, mtimeMs: 2 })
    expect(decide(late, early, EMPTY)).toEqual({ type: 'keep', wins: true })
    const decision = decide(early, late, EMPTY)
    expect(decision).toMatchObject({ type: 'conflict', entry: { digest: late.digest } })
    if (decision.type !== 'conflict') return
    expect(decision.entry.version).toEqual({ ...late.version, seen: `${A}:2,${B}:1` })
    expect(decision.copy.path).toBe(`notes.conflict-19700101-000000-${digestOf('early').slice(0, 8)}.txt`)
    expect(decision.copy.version).toEqual({
      content: early.version.content,
      attributes: early.version.attributes,
      seen: `${A}:1,${B}:1`,
    })
    expect(decide(late, decision.entry, EMPTY)).toMatchObject({ type: 'adopt', entry: decision.entry })
  })

  test('in conflict is ordered by the time that it was written at, whatever touched it since', () => {
    const early = file('early', dotOf(B, 1), { mtimeMs: 1 })
    const late = file('late', dotOf(A, 1), { mtimeMs: 2 })
    const touched = touch(early, dotOf(B, 2), DAY_MS).entry
    expect(decide(touched, late, EMPTY).type).toBe('conflict')
    expect(decide(late, touched, EMPTY)).toEqual({ type: 'keep', wins: true })
  })

  test.each<[string, Entry, Entry]>([
    ['digest', file('x', dotOf(A, 9)), file('y', dotOf(B, 1))],
    ['target', link('a', dotOf(A, 9)), link('b', dotOf(B, 1))],
  ])('in conflict with one of the same time loses to the larger %s', (field, one, other) => {
    const isLarger = field === 'digest' ? one.digest > other.digest : one.target > other.target
    const [larger, smaller] = isLarger ? [one, other] : [other, one]
    expect(decide(smaller, larger, EMPTY)).toMatchObject({ type: 'conflict', copy: copyOf(smaller) })
    expect(decide(larger, smaller, EMPTY)).toEqual({ type: 'keep', wins: true })
  })

  test('of equal content written apart is the same edit: the one later in the order stays, on both sides', () => {
    const ours = file('same', dotOf(A, 9), { mtimeMs: 1 })
    const theirs = file('same', dotOf(B, 1), { mtimeMs: 2 })
    const seen = `${A}:9,${B}:1`
    for (const [local, remote] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const decision = decide(local, remote, EMPTY)
      expect(decision).toMatchObject({ type: 'adopt', entry: { version: { content: dotOf(B, 1), seen } } })
    }
  })

  test('with the dot of another content, which no honest peer makes, loses neither', () => {
    const one = file('one', dotOf(A, 1), { mtimeMs: 1 })
    const other = file('other', dotOf(A, 1), { mtimeMs: 2 })
    expect(decide(one, other, EMPTY).type).toBe('conflict')
    expect(decide(other, one, EMPTY)).toEqual({ type: 'keep', wins: true })
  })
})

describe('attributes', () => {
  test('go by themselves: an edit there and a chmod here both stand', () => {
    const edit = file('new', dotOf(A, 2), { base: old, mtimeMs: 5 })
    const closed = changeMode(old, dotOf(B, 1), { access: 'owner', executable: false }).entry
    const decision = decide(closed, edit, EMPTY)
    expect(decision).toMatchObject({
      type: 'take',
      entry: { digest: edit.digest, access: 'owner' },
    })
    expect(decide(edit, closed, EMPTY)).toMatchObject({
      type: 'adopt',
      entry: decision.type === 'take' ? decision.entry : undefined,
    })
  })

  test.each<[Access, Access]>([
    ['owner', 'group'],
    ['group', 'all'],
    ['owner', 'all'],
  ])('set apart end as the more private of the two: %s before %s', (narrow, wide) => {
    const base = file('old', dotOf(A, 1), { access: narrow === 'group' ? 'owner' : 'group' })
    const left = changeMode(base, dotOf(A, 2), { access: wide, executable: false }).entry
    const right = changeMode(base, dotOf(B, 1), { access: narrow, executable: false }).entry
    expect(decide(left, right, EMPTY)).toMatchObject({ entry: { access: narrow } })
    expect(decide(right, left, EMPTY)).toMatchObject({ entry: { access: narrow } })
  })

  test('keep a touch for the content it was made on', () => {
    const touched = touch(old, dotOf(A, 2), DAY_MS).entry
    expect(mtimeOf(touched)).toBe(DAY_MS)
    const edit = file('new', dotOf(B, 1), { base: old, mtimeMs: 5 })
    const decision = decide(touched, edit, EMPTY)
    expect(decision.type === 'take' && mtimeOf(decision.entry)).toBe(5)
  })

  test('keep their dot through an edit of the content that changes no mode, and not through others', () => {
    expect(file('new', dotOf(B, 1), { base: old }).version.attributes).toBe(dotOf(A, 1))
    expect(file('new', dotOf(B, 1), { base: old, access: 'owner' }).version.attributes).toBe(dotOf(B, 1))
    const touched = touch(old, dotOf(A, 2), DAY_MS).entry
    expect(file('new', dotOf(B, 1), { base: touched }).version.attributes).toBe(dotOf(B, 1))
  })
})

describe('attributes of another kind', () => {
  const closed = file('old', dotOf(A, 1), { access: 'owner', executable: true })
  const edit = file('new', dotOf(A, 2), { base: closed, access: 'owner', executable: true, mtimeMs: 9 })

  test.each<[string, Entry]>([
    ['a deletion', gone(closed, dotOf(B, 1))],
    ['a link', link('elsewhere', dotOf(B, 1), { base: closed })],
  ])('that %s has are not those of a file that lives on beside it', (_, other) => {
    expect(decide(edit, other, EMPTY)).toEqual({ type: 'keep', wins: true })
    expect(decide(other, edit, EMPTY)).toMatchObject({
      entry: { kind: 'file', access: 'owner', executable: true },
    })
  })

  test('that a deletion left behind do not open a file again that somebody closed', () => {
    const shut = changeMode(old, dotOf(C, 1), { access: 'owner', executable: false }).entry
    const edited = file('new', dotOf(A, 2), { base: old })
    const taken = (local: Entry, remote: Entry) => {
      const decision = decide(local, remote, EMPTY)
      if (decision.type === 'keep') return local
      return decision.type === 'defend' ? decision.folder : decision.entry
    }
    // One peer hears of the chmod while it holds the deletion, another while it holds the edit.
    const here = taken(taken(gone(old, dotOf(B, 1)), shut), edited)
    const there = taken(edited, shut)
    expect([here.access, there.access]).toEqual(['all', 'owner'])
    expect(taken(there, here)).toEqual(taken(here, there))
    expect(taken(there, here).access).toBe('owner')
  })

  test('that replaced those of the winner of a conflict by way of a deletion open the winner to nobody', () => {
    const inGroup = file('old', dotOf(A, 1), { access: 'group' })
    const edited = file('new', dotOf(C, 1), { base: inGroup, access: 'group', mtimeMs: 9 })
    const taken = (local: Entry, remote: Entry) => {
      const decision = decide(local, remote, EMPTY)
      if (decision.type === 'keep') return local
      return decision.type === 'defend' ? decision.folder : decision.entry
    }
    // Made with no knowledge of the old file, and open to all.
    const made = taken(gone(inGroup, dotOf(A, 2)), file('another', dotOf(B, 1), { mtimeMs: 5 }))
    expect(decide(made, edited, EMPTY)).toMatchObject({ type: 'conflict', entry: { access: 'group' } })
    const winner = taken(made, edited)
    for (const other of [made, edited]) {
      expect(taken(other, winner)).toEqual(winner)
      expect(taken(winner, other)).toEqual(winner)
    }
    // The mode stays with the file when its author goes on with it.
    const goneOn = file('and more', dotOf(B, 2), { base: made, mtimeMs: 6 })
    expect(goneOn.version.attributes).toBe(dotOf(B, 1))
    expect(decide(goneOn, edited, EMPTY)).toMatchObject({ type: 'conflict', entry: { access: 'group' } })
    // A chmod opens it.
    const opened = changeMode({ ...made, access: 'group' }, dotOf(B, 2), { access: 'all', executable: false })
    expect(decide(opened.entry, edited, EMPTY)).toMatchObject({ type: 'conflict', entry: { access: 'all' } })
    // Where the file that is open to all wins, it stays so.
    const newer = taken(gone(inGroup, dotOf(A, 2)), file('another', dotOf(B, 1), { mtimeMs: 10 }))
    expect(decide(edited, newer, EMPTY)).toMatchObject({ type: 'conflict', entry: { access: 'all' } })
  })

  test('do not make a folder executable', () => {
    const made = folder(dotOf(B, 1), closed)
    const opened = changeMode(closed, dotOf(A, 2), { access: 'owner', executable: true }).entry
    expect(decide(opened, made, EMPTY)).toMatchObject({ type: 'take', entry: { executable: false } })
    expect(decide(made, opened, EMPTY)).toMatchObject({ type: 'adopt', entry: { executable: false } })
  })

  test('do not make a link of a confirmed deletion confirmed', () => {
    const deletion = { ...gone(link('a', dotOf(A, 1)), dotOf(A, 2)), confirmed: true }
    expect(link('b', dotOf(A, 3), { base: deletion })).toMatchObject({ access: 'none', confirmed: false })
    const ours = link('b', dotOf(B, 1))
    expect(decide(deletion, ours, EMPTY)).toMatchObject({ type: 'take', entry: { confirmed: false } })
  })
})

describe('a folder', () => {
  test('takes the place of a file that it has seen, and is taken where its children came first', () => {
    const made = folder(dotOf(B, 1), old)
    expect(decide(old, made, EMPTY)).toMatchObject({ type: 'take', entry: made, replaces: 'file' })
    expect(decide(undefined, made, FULL)).toMatchObject({ type: 'take', entry: made, replaces: undefined })
  })

  test('wins against a file that has not seen it', () => {
    expect(decide(folder(dotOf(A, 1)), file('new', dotOf(B, 1), { mtimeMs: 9 }), EMPTY)).toEqual({
      type: 'keep',
      wins: true,
    })
  })

  test('with live children is defended against a file that replaces it, which then loses and is kept', () => {
    const ours = folder(dotOf(A, 1))
    const theirs = file('new', dotOf(B, 1), { base: ours })
    expect(decide(ours, theirs, EMPTY)).toMatchObject({ type: 'take', replaces: 'folder' })
    expect(decide(ours, theirs, FULL)).toEqual({ type: 'defend', folder: ours })
    const defended = defendFolder(ours, dotOf(A, 2))
    expect(decide(defended, theirs, FULL)).toEqual({ type: 'keep', wins: true })
    // Nor may what comes in the folder's place be taken for something that has seen the file.
    const next = file('next', dotOf(A, 3), { base: defended, mtimeMs: 1 })
    expect(decide(theirs, next, EMPTY).type).toBe('conflict')
    const there = decide(theirs, defended, EMPTY)
    expect(there).toMatchObject({ type: 'conflict', entry: { kind: 'folder' } })
    expect(there.type === 'conflict' && decide(defended, there.entry, FULL).type).toBe('adopt')
  })

  test('that was deleted while children stay holds its place against a file', () => {
    const ours = gone(folder(dotOf(A, 1)), dotOf(A, 2))
    const theirs = file('new', dotOf(B, 1), { base: ours })
    expect(decide(ours, theirs, FULL)).toEqual({ type: 'hold', entry: theirs })
    expect(decide(undefined, theirs, FULL)).toEqual({ type: 'hold', entry: theirs })
  })
})

describe('a folder on the way of a file', () => {
  const onTheWay = (peer: string) => makeFolderOnTheWay('notes.txt', dotOf(peer, 9))

  test.each(['owner', 'group', 'all'] as const)(
    'has the mode that somebody chose, %s, in whatever order peers hear of it',
    (access) => {
      const chosen = changeMode(folder(dotOf(A, 1)), dotOf(A, 2), { access, executable: false }).entry
      const all = [chosen, onTheWay(B), onTheWay(C)]
      const orders = [0, 1, 2].flatMap((one) =>
        [0, 1, 2].filter((two) => two !== one).map((two) => [one, two, 3 - one - two]),
      )
      const ends = orders.map((order) =>
        order
          .map((at) => all[at]!)
          .reduce((local, remote) => {
            const decision = decide(local, remote, FULL)
            return decision.type === 'adopt' ? decision.entry : local
          }),
      )
      for (const end of ends) expect(end).toEqual(ends[0])
      expect(ends[0]).toMatchObject({ access, version: { attributes: chosen.version.attributes } })
    },
  )

  test('is for its owner alone where nobody chose, and stays against a deletion that it has not seen', () => {
    expect(onTheWay(B)).toMatchObject({ kind: 'folder', access: 'owner' })
    const deleted = gone(folder(dotOf(A, 1)), dotOf(A, 2))
    expect(decide(onTheWay(B), deleted, FULL)).toEqual({ type: 'keep', wins: true })
    expect(decide(deleted, onTheWay(B), EMPTY).type).toBe('take')
  })
})

describe('a copy of a conflict', () => {
  test('is the same entry wherever it is made, and does not come back once somebody deleted it', () => {
    const loser = file('early', dotOf(B, 1), { base: old })
    const relayed = decide(old, loser, EMPTY)
    expect(relayed.type === 'take' && sameEntry(copyOf(relayed.entry), copyOf(loser))).toBe(true)
    const deleted = gone(copyOf(loser), dotOf(C, 1))
    expect(decide(deleted, copyOf(loser), EMPTY)).toEqual({ type: 'keep', wins: false })
  })

  test('that loses itself becomes a further copy of the original, not a copy of the copy', () => {
    const copy = copyOf(file('early', dotOf(B, 1)))
    const edited = copyOf({ ...file('edited', dotOf(C, 1), { path: copy.path }), path: copy.path })
    expect(edited.path).toBe(`notes.conflict-19700101-000000-${digestOf('edited').slice(0, 8)}.txt`)
    expect(originalOf(edited.path)).toBe('notes.txt')
  })

  test.each([
    ['notes.conflict-20261121-103000-0123abcd.txt', 'notes.txt'],
    ['notes.conflict-20261121-103000-0123abcd-2.txt', 'notes.txt'],
    ['a/notes.conflict-20261121-103000-0123abcd', 'a/notes'],
    ['a.conflict-x/notes.txt', 'a.conflict-x/notes.txt'],
    ['notes.conflict-of-interest.txt', 'notes.conflict-of-interest.txt'],
  ])('%s is one of %s', (path, original) => {
    expect(originalOf(path)).toBe(original)
  })
})

describe('a peer with a new id', () => {
  test('turns its later edits into edits of that id that claim to have seen none it does not remember', () => {
    const later = file('later', dotOf(A, 5), { base: file('new', dotOf(B, 1), { base: old }) })
    const known = file('known', dotOf(A, 3), { base: old, mtimeMs: 9 })
    const renamed = relabel(later, { peer: A, kept: 1 }, () => dotOf(C, 6))!.entry
    expect(decide(known, later, EMPTY).type).toBe('take')
    expect(renamed.version).toEqual({
      content: dotOf(C, 6),
      attributes: dotOf(A, 1),
      seen: `${A}:1,${B}:1,${C}:6`,
    })
    expect(decide(known, renamed, EMPTY)).toEqual({ type: 'keep', wins: true })
    expect(relabel(old, { peer: A, kept: 1 }, () => dotOf(C, 6))).toBeUndefined()
  })
})

test('seventy peers that each create the path end equal, with a copy of every other content', () => {
  const peerCount = SEEN_PEERS_MAX + 6
  const held = Array.from({ length: peerCount }, (_, at) =>
    file(`by ${at}`, dotOf(at.toString(16).padStart(16, '0'), at + 1), { mtimeMs: (at * 37) % 50 }),
  )
  const contents = new Set(held.map(({ digest }) => digest))
  const kept = new Set<string>()
  let folded = 0
  let changes = 1
  for (let round = 0; changes > 0; round++) {
    expect(round).toBeLessThan(peerCount)
    changes = 0
    for (let at = 0; at < peerCount; at++) {
      for (const step of [1, 7, 31]) {
        const decision = decide(held[at], held[(at + step) % peerCount]!, EMPTY)
        if (decision.type === 'keep') continue
        if (decision.type === 'conflict') kept.add(decision.copy.digest)
        if (decision.type !== 'conflict' && decision.type !== 'take' && decision.type !== 'adopt')
          throw new Error(decision.type)
        folded += dotsOf(decision.folded).length
        held[at] = decision.entry
        changes++
      }
    }
  }
  expect(held.every((entry) => sameEntry(entry, held[0]!))).toBe(true)
  expect(folded).toBeGreaterThan(0)
  expect(new Set([...kept, held[0]!.digest])).toEqual(contents)
})
