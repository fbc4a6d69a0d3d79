import { describe, expect, test } from 'vitest'
import type { Entry } from '../../src/share/entry.js'
import { mergeHoldings } from '../../src/visit/merge.js'
import { entryOf, fileEntry, versionOf } from '../share/entries.js'

const merged = (...holdings: (readonly Entry[])[]) =>
  mergeHoldings(holdings.map((entries, index) => ({ holder: 'ABC'[index]!, entries }))).map(
    ({ path, versions }) => [
      path,
      ...versions.map(({ entry, holders }) => `${entry.sizeBytes} ${holders.join('')}`),
    ],
  )

describe('what several peers hold', () => {
  test('is one list by path, with who has it', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((path) => fileEntry(path)) as [Entry, Entry, Entry]
    expect(merged([a, c], [b, c], [])).toEqual([
      ['a', '5 A'],
      ['b', '5 B'],
      ['c', '5 AB'],
    ])
  })

  test('has the later of two unrelated versions first', () => {
    const older = fileEntry('x', {
      sizeBytes: 1,
      digest: '1'.repeat(64),
      mtimeMs: 1_000,
      version: versionOf(0),
    })
    const newer = fileEntry('x', {
      sizeBytes: 2,
      digest: '2'.repeat(64),
      mtimeMs: 2_000,
      version: versionOf(1),
    })
    expect(merged([older], [newer], [older])).toEqual([['x', '2 B', '1 AC']])
    expect(merged([newer], [older])).toEqual([['x', '2 A', '1 B']])
  })

  test('has the version first whose edit has seen the other, whatever its clock says', () => {
    const before = fileEntry('x', {
      sizeBytes: 1,
      digest: '1'.repeat(64),
      mtimeMs: 9_000,
      version: versionOf(0),
    })
    const after = fileEntry('x', {
      sizeBytes: 2,
      digest: '2'.repeat(64),
      mtimeMs: 2_000,
      version: versionOf(0, 1),
    })
    expect(merged([before], [after])).toEqual([['x', '2 B', '1 A']])
    expect(merged([after], [before])).toEqual([['x', '2 A', '1 B']])
  })

  test('is one version where only who may read it differs, and two where only the time does', () => {
    const file = fileEntry('x')
    expect(merged([file], [{ ...file, access: 'owner' }])).toEqual([['x', '5 AB']])
    expect(merged([file], [{ ...file, mtimeMs: file.mtimeMs + 1 }])).toEqual([['x', '5 B', '5 A']])
    const folder = entryOf('folder', 'f')
    expect(merged([folder], [{ ...folder, version: versionOf(2) }])).toEqual([['f', '0 AB']])
  })
})
