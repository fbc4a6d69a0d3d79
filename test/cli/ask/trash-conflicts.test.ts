// `left trash` and `left conflicts`: what their words mean, and how their results read.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AskCommand, RawAskArguments } from '../../../src/cli/ask/ask-command.js'
import { conflictsCommand, conflictsKeepCommand } from '../../../src/cli/ask/conflicts.js'
import { trashEmptyCommand, trashListCommand, trashRestoreCommand } from '../../../src/cli/ask/trash.js'
import type { ConflictsListed, ConflictsSettled } from '../../../src/control/conflict-results.js'
import { ShareView } from '../../../src/control/share-view.js'
import type { TrashRestored } from '../../../src/control/trash-results.js'
import { temporaryFolder } from '../../io/temporary-folder.js'

const NONE = { count: 0, first: [] }

let view: ShareView

beforeEach(() => {
  const share = temporaryFolder()
  mkdirSync(join(share, 'docs'))
  view = new ShareView(share, join(share, 'docs'))
})

describe('words', () => {
  test.each<[AskCommand, string[], RawAskArguments, object]>([
    [trashListCommand, [], {}, { path: 'docs' }],
    [trashListCommand, ['..'], {}, { path: '' }],
    [trashRestoreCommand, ['a'], {}, { path: 'docs/a' }],
    [
      trashRestoreCommand,
      ['a'],
      { at: '2026-11-29T14:30:00Z' },
      { path: 'docs/a', at: Date.UTC(2026, 10, 29, 14, 30) },
    ],
    [trashEmptyCommand, [], {}, {}],
    [trashEmptyCommand, [], { before: '1970-01-02T00:00Z' }, { before: 86_400_000 }],
    [conflictsCommand, ['../x'], {}, { path: 'x' }],
    [conflictsKeepCommand, ['a', 'both'], {}, { path: 'docs/a', choice: 'both' }],
  ])('%# are taken from the current folder', ({ given }, words, raw, expected) => {
    expect(given(words, view, raw)).toEqual(expected)
  })

  test.each<[AskCommand, string[], RawAskArguments]>([
    [trashListCommand, ['a', 'b'], {}],
    [trashRestoreCommand, [], {}],
    [trashRestoreCommand, ['a', 'b'], {}],
    [trashRestoreCommand, ['../../a'], {}],
    [trashRestoreCommand, ['a'], { at: 'noon' }],
    [trashEmptyCommand, [], { before: '' }],
    [conflictsCommand, ['a', 'b'], {}],
    [conflictsCommand, ['../..'], {}],
    [conflictsKeepCommand, ['a'], {}],
    [conflictsKeepCommand, ['a', 'mine'], {}],
    [conflictsKeepCommand, ['a', 'this', 'b'], {}],
  ])('%# are refused', ({ given }, words, raw) => {
    expect(() => given(words, view, raw)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

describe('what is restored', () => {
  const result: TrashRestored = {
    restored: { count: 102, first: ['docs/a', 'b\u001b'] },
    beside: { count: 1, first: [{ path: 'docs/c', as: 'docs/c.restored-20261129-093000' }] },
    refused: { count: 1, first: [{ path: 'docs/d', reason: 'something stands there by now' }] },
  }

  test('is named from the current folder, and so is what was not', () => {
    expect(trashRestoreCommand.lines(result, view)).toEqual([
      'restored a',
      'restored ../b\\x1b',
      '  and 100 more',
      'restored c as c.restored-20261129-093000: something stands there by now',
      'left in the trash: d: something stands there by now',
    ])
  })

  test('is all of it, or the exit code says that it is not', () => {
    const isDone = (over: Partial<TrashRestored>) =>
      trashRestoreCommand.isDone!({ restored: NONE, beside: NONE, refused: NONE, ...over })
    expect(isDone({ restored: result.restored })).toBe(true)
    expect(isDone({ beside: result.beside })).toBe(true)
    expect(isDone({ restored: result.restored, refused: result.refused })).toBe(false)
    expect(isDone({})).toBe(false)
  })
})

describe('conflicts', () => {
  const side = (path: string) => ({ path, kind: 'file', bytes: 1_000, mtimeMs: 0, author: 'a'.repeat(16) })

  test('show both sides, and how many there are beside those shown', () => {
    const listed: ConflictsListed = {
      count: 3,
      first: [
        { path: 'docs/a', this: side('docs/a'), others: { count: 12, first: [side('docs/a.conflict-x')] } },
        { path: 'b', this: null, others: { count: 1, first: [side('b.conflict-x')] } },
      ],
    }
    const lines = conflictsCommand.lines(listed, view)
    expect(lines.map((line) => line.replace(/[0-9-]{10} [0-9:]{8}/, 'TIME'))).toEqual([
      'a',
      `  this   TIME       1 KB  a  (by peer ${'a'.repeat(16)})`,
      `  other  TIME       1 KB  a.conflict-x  (by peer ${'a'.repeat(16)})`,
      '  and 11 more',
      '../b',
      '  this   deleted',
      `  other  TIME       1 KB  ../b.conflict-x  (by peer ${'a'.repeat(16)})`,
      'and 1 more; left conflicts <path> shows those of a folder',
      '',
      'left conflicts keep <path> this|other|both settles one',
    ])
    expect(conflictsCommand.lines(NONE, view)).toEqual(['no conflict copies are kept'])
  })

  test('that are settled are told with where the copy is now', () => {
    const settled: ConflictsSettled = {
      settled: [
        { path: 'docs/a.conflict-x', as: '.left/trash/2026-11-29/docs/a.conflict-x' },
        { path: 'docs/b.conflict-x', as: 'docs/b' },
      ],
      refused: [{ path: 'docs/c', reason: 'no conflict copy of it is here' }],
    }
    expect(conflictsKeepCommand.lines(settled, view)).toEqual([
      'a.conflict-x is in the trash',
      'b.conflict-x is b now',
      'not settled: c: no conflict copy of it is here',
    ])
    expect(conflictsKeepCommand.isDone!(settled)).toBe(false)
    expect(conflictsKeepCommand.isDone!({ ...settled, refused: [] })).toBe(true)
  })
})
