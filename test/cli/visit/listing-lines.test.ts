import { expect, test } from 'vitest'
import { listingJson, listingLines, sortPaths } from '../../../src/cli/visit/listing-lines.js'
import { mergeHoldings } from '../../../src/visit/merge.js'
import { entryOf, fileEntry, versionOf } from '../../share/entries.js'

const mtimeMs = new Date(2026, 10, 29, 14, 30, 5, 7).getTime()
const style = { isLong: false, inBytes: false, holders: ['lab2', 'lab3'], nameOf: (path: string) => path }
const older = fileEntry('b', { sizeBytes: 1_500, digest: '1'.repeat(64), mtimeMs: mtimeMs - 60_000 })
const newer = fileEntry('b', { sizeBytes: 20, digest: '2'.repeat(64), mtimeMs, version: versionOf(1) })
const both = [entryOf('folder', 'a'), fileEntry('odd\n\u202ename', { mtimeMs })]

const merged = () =>
  mergeHoldings([
    { holder: 'lab2', entries: [both[0]!, older, both[1]!] },
    { holder: 'lab3', entries: [both[0]!, newer, entryOf('link', 'l', { target: 'b' }), both[1]!] },
  ])

test('a line for each version of each path, the newest marked', () => {
  expect([...listingLines(merged(), style)]).toEqual([
    '                                  all   a/',
    '*  20 bytes  2026-11-29 14:30:05  lab3  b',
    '     1.5 KB  2026-11-29 14:29:05  lab2  b',
    expect.stringMatching(/ {2}lab3 {2}l -> b$/),
    '    5 bytes  2026-11-29 14:30:05  all   odd\\n\\u202ename',
  ])
})

test('who has it is left out where one peer was listed', () => {
  const alone = { ...style, holders: ['lab2'], inBytes: true, isLong: true }
  const lines = [...listingLines(mergeHoldings([{ holder: 'lab2', entries: [older] }]), alone)]
  expect(lines).toEqual([`  -rw-r--r--            1500  2026-11-29 14:29:05.007  ${'1'.repeat(16)}  b`])
})

test('sorted by size or by date, of the newest version', () => {
  const order = (by: 'name' | 'size' | 'date') => {
    const paths = merged()
    sortPaths(paths, by)
    return paths.map(({ path }) => path[0]).join('')
  }
  expect([order('name'), order('size')]).toEqual(['ablo', 'boal'])
  expect(order('date').slice(0, 2)).toBe('bo')
})

test('JSON: one object for each path, with nothing in it that a terminal obeys', () => {
  const lines = [...listingJson(merged())]
  expect(lines.join('')).not.toContain('\u202e')
  expect(JSON.parse(lines[1]!)).toMatchObject({
    path: 'b',
    versions: [
      { bytes: 20, mtimeMs, holders: ['lab3'], newest: true },
      { bytes: 1_500, mtimeMs: mtimeMs - 60_000, holders: ['lab2'], newest: false },
    ],
  })
})
