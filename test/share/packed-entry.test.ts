import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FILE_BYTES_MAX } from '../../src/base/limits.js'
import { COUNT_MAX, type DottedVersion, dotOf, SEEN_PEERS_MAX } from '../../src/share/dots.js'
import type { Entry } from '../../src/share/entry.js'
import { sameEntry } from '../../src/share/entry-line.js'
import { MTIME_MS_MAX, NOTE_LENGTH_MAX, PACKED_PEERS_MAX } from '../../src/share/limits.js'
import { EntryPacker, fileBytesOf, kindOf, noteOf, sameHead, withNote } from '../../src/share/packed-entry.js'
import { arbitraryEntry, entryOf, fileEntry } from './entries.js'

const arbitraryNote = fc
  .array(fc.nat(255), { maxLength: NOTE_LENGTH_MAX })
  .map((codes) => String.fromCharCode(...codes))
const peerOf = (number: number) => number.toString(16).padStart(16, '0')
const versionBy = (peer: string, count = 1): DottedVersion => {
  const dot = dotOf(peer, count)
  return { content: dot, attributes: dot, seen: dot }
}
const versionOfPeers = (peerCount: number, count = 1): DottedVersion => {
  const dots = Array.from({ length: peerCount }, (_, number) => dotOf(peerOf(number), count))
  return { content: dots[0]!, attributes: dots.at(-1)!, seen: dots.join(',') }
}

function expectKept(entry: Entry, packer = new EntryPacker()): void {
  expect(packer.unpack(packer.pack(entry, ''), entry.path)).toEqual(entry)
}

describe('a packed entry', () => {
  test('is the entry, with its note', () => {
    const packer = new EntryPacker()
    fc.assert(
      fc.property(arbitraryEntry, arbitraryNote, (entry, note) => {
        const record = packer.pack(entry, note)
        expect(packer.unpack(record, entry.path)).toEqual(entry)
        expect(noteOf(record)).toBe(note)
        expect(kindOf(record)).toBe(entry.kind)
        expect(fileBytesOf(record)).toBe(entry.sizeBytes)
      }),
    )
  })

  test('has the head of another where they are the same entry, and nowhere else', () => {
    const packer = new EntryPacker()
    fc.assert(
      fc.property(arbitraryEntry, arbitraryEntry, arbitraryNote, (left, right, note) => {
        const record = packer.pack(left, '')
        expect(sameHead(record, packer.pack({ ...left }, note))).toBe(true)
        const isSame = sameEntry(left, { ...right, path: left.path })
        expect(sameHead(record, packer.pack(right, note))).toBe(isSame)
      }),
    )
  })

  test('takes another note and stays the entry', () => {
    const packer = new EntryPacker()
    fc.assert(
      fc.property(arbitraryEntry, arbitraryNote, arbitraryNote, (entry, before, after) => {
        expect(withNote(packer.pack(entry, before), after)).toBe(packer.pack(entry, after))
      }),
    )
  })

  test.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, FILE_BYTES_MAX])(
    'keeps a size of %d bytes',
    (sizeBytes) => {
      expectKept(fileEntry('a', { sizeBytes }))
      expect(fileBytesOf(new EntryPacker().pack(fileEntry('a', { sizeBytes }), 'note'))).toBe(sizeBytes)
    },
  )

  test.each([0, 1, -1, 2 ** 28 - 1, 2 ** 28, -(2 ** 28), 2 ** 32, MTIME_MS_MAX, -MTIME_MS_MAX])(
    'keeps a time of %d ms, and refuses what is beyond a date',
    (mtimeMs) => {
      const touched = { mtimeMs: -mtimeMs + 0, content: dotOf(peerOf(9), 2) }
      expectKept(fileEntry('a', { mtimeMs, touched }))
      for (const wrong of [MTIME_MS_MAX + 1, -MTIME_MS_MAX - 1, 0.5, Number.NaN])
        expect(() => new EntryPacker().pack(fileEntry('a', { mtimeMs: wrong }), '')).toThrow('milliseconds')
    },
  )

  test.each([1, 2 ** 28 - 1, 2 ** 28, 2 ** 32 - 1, 2 ** 32, COUNT_MAX - 1, COUNT_MAX])(
    'keeps a count of %d',
    (count) => {
      expectKept(fileEntry('a', { version: versionBy(peerOf(1), count) }))
      expectKept(fileEntry('a', { version: versionOfPeers(2, count) }))
    },
  )

  test('refuses a count of nothing, and one that is not exact', () => {
    for (const count of [0, COUNT_MAX + 1, Number.NaN])
      expect(() =>
        new EntryPacker().pack(fileEntry('a', { version: versionBy(peerOf(1), count) }), ''),
      ).toThrow('count')
  })

  test('has seen as many peers as a vector may have, and no more', () => {
    expectKept(fileEntry('a', { version: versionOfPeers(SEEN_PEERS_MAX, COUNT_MAX) }))
    expect(() =>
      new EntryPacker().pack(fileEntry('a', { version: versionOfPeers(SEEN_PEERS_MAX + 1) }), ''),
    ).toThrow('not too many')
  })

  test('has a note of so many characters at most', () => {
    const packer = new EntryPacker()
    const note = '\xff'.repeat(NOTE_LENGTH_MAX)
    expect(noteOf(packer.pack(fileEntry('a'), note))).toBe(note)
    expect(() => packer.pack(fileEntry('a'), `${note}x`)).toThrow('short')
    expect(() => withNote(packer.pack(fileEntry('a'), ''), `${note}x`)).toThrow('short')
  })

  test('keeps a target of any characters, as long as one may be', () => {
    for (const target of ['a', '\0\xff', 'é\u0100😀', '\ud800', 'x'.repeat(4_095)])
      expectKept(entryOf('link', 'l', { target }))
  })

  test('names peers beyond those that have a number, and a table that is full stays as it is', () => {
    const packer = new EntryPacker()
    const entries = Array.from({ length: PACKED_PEERS_MAX + 2 }, (_, number) =>
      fileEntry('a', { version: versionBy(peerOf(number)) }),
    )
    const records = entries.map((entry) => packer.pack(entry, ''))
    for (const number of [0, 126, 127, PACKED_PEERS_MAX - 1, PACKED_PEERS_MAX, PACKED_PEERS_MAX + 1]) {
      expect(packer.unpack(records[number]!, 'a')).toEqual(entries[number])
      expect(packer.pack(entries[number]!, '')).toBe(records[number])
    }
    expect(records[PACKED_PEERS_MAX]!.length - records[PACKED_PEERS_MAX - 1]!.length).toBe(1 + 8 - 3)
  })

  test.each([
    ['a digest that is short', { digest: 'ab' }],
    ['a digest in capitals', { digest: 'AB'.repeat(32) }],
    ['half a byte', { sizeBytes: 0.5 }],
    ['a negative size', { sizeBytes: -1 }],
  ])('is never made of %s', (_, fields) => {
    expect(() => new EntryPacker().pack(fileEntry('a', fields), '')).toThrow('left is broken')
  })

  test('of a file made by one edit takes 51 characters, most of them its digest', () => {
    const version = versionBy(peerOf(1), 117_000_000_000_000)
    expect(new EntryPacker().pack(fileEntry('a', { sizeBytes: 100, version }), '')).toHaveLength(
      1 + 2 + 1 + 32 + 7 + 8,
    )
  })
})
