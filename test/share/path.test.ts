import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { NAME_BYTES_MAX, PATH_BYTES_MAX, PATH_DEPTH_MAX } from '../../src/base/limits.js'
import {
  checkPath,
  conflictPath,
  hashName,
  joinPath,
  nameOf,
  parentOf,
  utf8Bytes,
} from '../../src/share/path.js'
import { arbitraryEntry, arbitraryPath, digestOf, entryOf, fileEntry } from './entries.js'

describe('checking a path', () => {
  test.each([
    'a',
    'a/b/c',
    'line\nend',
    '|*|',
    '-rf',
    'back\\slash',
    '...',
    '.hidden',
    'é',
    '😀',
    ' ',
    'a/.left',
    '.left2',
    'C:',
  ])('takes %j', (path) => {
    expect(checkPath(path)).toBeUndefined()
  })

  test.each([
    ['', 'empty'],
    ['/a', 'absolute'],
    ['a//b', 'empty-component'],
    ['a/', 'empty-component'],
    ['.', 'dot-component'],
    ['..', 'dot-component'],
    ['a/../b', 'dot-component'],
    ['a/.', 'dot-component'],
    ['a\0b', 'nul'],
    ['\ud800', 'not-utf8'],
    ['a\udc00b', 'not-utf8'],
    ['.left', 'own-folder'],
    ['.LeFt/journal', 'own-folder'],
  ])('refuses %j as %s', (path, fault) => {
    expect(checkPath(path)).toBe(fault)
  })

  test('names and paths may be as long as their limits in UTF-8 and no longer', () => {
    expect(checkPath('x'.repeat(NAME_BYTES_MAX))).toBeUndefined()
    expect(checkPath('x'.repeat(NAME_BYTES_MAX + 1))).toBe('name-too-long')
    expect(checkPath('€'.repeat(85))).toBeUndefined()
    expect(checkPath(`${'€'.repeat(85)}x`)).toBe('name-too-long')
    const long = Array.from({ length: 16 }, () => 'x'.repeat(NAME_BYTES_MAX)).join('/')
    expect(long.length).toBe(PATH_BYTES_MAX)
    expect(checkPath(long)).toBeUndefined()
    expect(checkPath(`${long}y`)).toBe('path-too-long')
  })

  test('paths may be as deep as their limit and no deeper', () => {
    const deepest = Array.from({ length: PATH_DEPTH_MAX }, () => 'x').join('/')
    expect(checkPath(deepest)).toBeUndefined()
    expect(checkPath(`${deepest}/x`)).toBe('too-deep')
    expect(checkPath(`${'x/'.repeat(PATH_BYTES_MAX >> 1)}x`)).toBe('too-deep')
    expect(checkPath(`${deepest}/`)).toBe('too-deep')
  })

  test('bytes of a text are counted as they are encoded', () => {
    for (const text of ['\x7f', '\x80', '\u07ff', '\u0800', '\ud7ff', '\u{10000}', '\ue000', '\uffff'])
      expect(utf8Bytes(text)).toBe(utf8(text).length)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Bytes(text)).toBe(utf8(text).length)
      }),
    )
  })

  test('a path is its folder and its name', () => {
    fc.assert(
      fc.property(arbitraryPath, (path) => {
        expect(joinPath(parentOf(path), nameOf(path))).toBe(path)
      }),
    )
  })
})

describe('where the loser of a conflict is kept', () => {
  const mtimeMs = Date.UTC(2026, 10, 21, 10, 30, 0, 999)
  const digest = `0123abcd${'0'.repeat(56)}`

  test.each([
    ['notes.txt', 'notes.conflict-20261121-103000-0123abcd.txt'],
    ['folder.d/notes', 'folder.d/notes.conflict-20261121-103000-0123abcd'],
    ['.bashrc', '.bashrc.conflict-20261121-103000-0123abcd'],
    ['a.tar.gz', 'a.tar.conflict-20261121-103000-0123abcd.gz'],
  ])('%s becomes %s', (path, kept) => {
    expect(conflictPath(fileEntry(path, { mtimeMs, digest }))).toBe(kept)
  })

  test('the time in the name is the calendar of UTC', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
        (date) => {
          const stamp = date.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
          expect(conflictPath(fileEntry('a', { mtimeMs: date.getTime(), digest }))).toBe(
            `a.conflict-${stamp}-0123abcd`,
          )
        },
      ),
    )
    for (const beyond of [-8.64e15, -1, 8.64e15]) {
      expect(checkPath(conflictPath(fileEntry('a', { mtimeMs: beyond })))).toBeUndefined()
    }
  })

  test('the name is a legal one whatever the loser was called', () => {
    fc.assert(
      fc.property(arbitraryEntry, (entry) => {
        const kept = conflictPath(entry)
        expect(checkPath(kept)).toBeUndefined()
        expect(kept).not.toBe(entry.path)
      }),
    )
  })

  test('a long name is cut at a whole character, its extension kept', () => {
    const kept = conflictPath(fileEntry(`${'😀'.repeat(62)}.jpeg`, { mtimeMs, digest }))
    expect(kept).toMatch(/^(?:😀)+\.conflict-20261121-103000-0123abcd\.jpeg$/u)
    expect(utf8Bytes(kept)).toBeGreaterThan(NAME_BYTES_MAX - 4)
    expect(utf8Bytes(kept)).toBeLessThanOrEqual(NAME_BYTES_MAX)
  })

  test('an ending of 32 bytes is an extension, and a longer one is part of the name', () => {
    const mark = '.conflict-20261121-103000-0123abcd'
    const ending = (bytes: number) => `.${'e'.repeat(bytes - 1)}`
    const keptAs = (path: string) => conflictPath(fileEntry(path, { mtimeMs, digest }))
    expect(keptAs(`a${ending(32)}`)).toBe(`a${mark}${ending(32)}`)
    expect(keptAs(`a${ending(33)}`)).toBe(`a${ending(33)}${mark}`)
  })

  test('the copy is kept beside the loser where the longest name fits there, and further up where it does not', () => {
    const room = PATH_BYTES_MAX - NAME_BYTES_MAX - 1
    const folderOf = (bytes: number) => `up/${'x'.repeat(200)}${'/x'.repeat((bytes - 203) >> 1)}`
    const folder = `${folderOf(room)}${'y'.repeat(room - folderOf(room).length)}`
    expect(parentOf(conflictPath(fileEntry(`${folder}/a`)))).toBe(folder)
    expect(parentOf(conflictPath(fileEntry(`${folder}z/a`)))).toBe(parentOf(folder))
  })

  test.each([
    ['1970-01-01T00:00:00', '19700101-000000'],
    ['1999-12-31T23:59:59', '19991231-235959'],
    ['2000-02-29T12:00:00', '20000229-120000'],
    ['2000-03-01T00:00:00', '20000301-000000'],
    ['2024-12-31T00:00:00', '20241231-000000'],
    ['2100-02-28T00:00:00', '21000228-000000'],
    ['2100-03-01T00:00:00', '21000301-000000'],
    ['2199-12-31T00:00:00', '21991231-000000'],
    ['2399-06-15T00:00:00', '23990615-000000'],
    ['0000-01-01T00:00:00', '00000101-000000'],
  ])('a loser of %s is named %s', (date, stamp) => {
    const loser = fileEntry('a', { mtimeMs: Date.parse(`${date}Z`), digest })
    expect(conflictPath(loser)).toBe(`a.conflict-${stamp}-0123abcd`)
  })

  test('in the deepest folder the copy is kept further up', () => {
    const deep = Array.from({ length: PATH_DEPTH_MAX }, () => 'x'.repeat(31)).join('/')
    expect(deep.length).toBe(PATH_BYTES_MAX)
    expect(checkPath(deep)).toBeUndefined()
    expect(checkPath(conflictPath(fileEntry(deep)))).toBeUndefined()
  })

  test('losers of different content get different names, links too', () => {
    const names = [
      conflictPath(fileEntry('a', { digest: digestOf(1) })),
      conflictPath(fileEntry('a', { digest: digestOf(2) })),
      conflictPath(entryOf('link', 'a', { target: 'one' })),
      conflictPath(entryOf('link', 'a', { target: 'two' })),
    ]
    expect(new Set(names).size).toBe(4)
  })
})

test('the hash that cuts pages is the one of wire format 1', () => {
  expect(['', 'a', 'notes.txt', '😀'].map(hashName)).toMatchInlineSnapshot(`
    [
      2872998923,
      444641715,
      3372586504,
      1787143206,
    ]
  `)
})
