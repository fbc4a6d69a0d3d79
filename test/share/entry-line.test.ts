import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeField, unescapeField } from '../../src/base/escape.js'
import { FILE_BYTES_MAX, PATH_DEPTH_MAX } from '../../src/base/limits.js'
import {
  decodeEntry,
  decodeEntryInFolder,
  encodeEntry,
  encodeEntryInFolder,
  sameEntry,
} from '../../src/share/entry-line.js'
import { parentOf } from '../../src/share/path.js'
import { arbitraryEntry, entryOf, fileEntry, PEERS, versionOf } from './entries.js'

const digest = '0123456789abcdef'.repeat(4)

describe('escaping a field', () => {
  test('what is escaped is what would end the field, the line or the item', () => {
    expect(escapeField('a b|c%d\n\r\t\0\u007f\u0085\u2028\u2029é😀')).toBe(
      'a%20b%7Cc%25d%0A%0D%09%00%7F%C2%85%E2%80%A8%E2%80%A9é😀',
    )
  })

  test('every text comes back, and from one spelling only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(unescapeField(escapeField(text))).toBe(text)
      }),
    )
    for (const field of ['%', '%2', '%41', '%0a', '%C2', '%C2%A9', '%E2%80%AA', 'a b', '%ZZ', 'a\n', '%%']) {
      expect(unescapeField(field)).toBeUndefined()
    }
  })
})

const V = `${PEERS[0]}:1/0`
const DOT = `${PEERS[1]}:7`
const touchedTo = (mtimeMs: number, content = `${PEERS[0]}:1`) => ({ touched: { mtimeMs, content } })

describe('an entry as a line', () => {
  test.each([
    [fileEntry('a/notes.txt', { digest }), `f a 5 1700000000000 ${digest} ${V} a/notes.txt`],
    [fileEntry('run me', { digest, executable: true }), `f ax 5 1700000000000 ${digest} ${V} run%20me`],
    [fileEntry('k', { digest, access: 'owner', executable: true }), `f ox 5 1700000000000 ${digest} ${V} k`],
    [fileEntry('k', { digest, access: 'none' }), `f - 5 1700000000000 ${digest} ${V} k`],
    [fileEntry('k', { digest, access: 'none', executable: true }), `f -x 5 1700000000000 ${digest} ${V} k`],
    [fileEntry('k', { digest, access: 'group' }), `f g 5 1700000000000 ${digest} ${V} k`],
    [fileEntry('k', { digest, ...touchedTo(-3) }), `f a 5 1700000000000,-3 ${digest} ${V} k`],
    [fileEntry('k', { digest, ...touchedTo(3, DOT) }), `f a 5 1700000000000,3@${DOT} ${digest} ${V} k`],
    [
      fileEntry('k', { digest, version: { ...versionOf(0, 1), content: `${PEERS[0]}:1` } }),
      `f a 5 1700000000000 ${digest} ${PEERS[0]}:1,${PEERS[1]}:1/0/1 k`,
    ],
    [entryOf('folder', 'a'), `d a 0 0 - ${V} a`],
    [entryOf('folder', 'a', { access: 'owner' }), `d o 0 0 - ${V} a`],
    [entryOf('folder', 'a', { access: 'none' }), `d - 0 0 - ${V} a`],
    [entryOf('link', 'l', { target: '../b c', mtimeMs: -1 }), `l - 0 -1 - ${V} l ../b%20c`],
    [entryOf('tombstone', '|*|', { mtimeMs: 7 }), `t f 0 7 - ${V} %7C*%7C`],
    [entryOf('tombstone', 'a', { mtimeMs: 7, deletedKind: 'folder', confirmed: true }), `t d! 0 7 - ${V} a`],
    [
      entryOf('tombstone', 'a', { mtimeMs: 7, deletedKind: 'link', target: 'b c/d' }),
      `t l 0 7 - ${V} a b%20c/d`,
    ],
  ])('%o', (entry, line) => {
    expect(encodeEntry(entry)).toBe(line)
    expect(decodeEntry(line)).toEqual({ ok: true, value: entry })
  })

  test('every entry comes back, alone and in its folder', () => {
    fc.assert(
      fc.property(arbitraryEntry, (entry) => {
        const line = encodeEntry(entry)
        expect(line).not.toMatch(/[\n\r]|\|/)
        expect(decodeEntry(line)).toEqual({ ok: true, value: entry })
        expect(decodeEntryInFolder(encodeEntryInFolder(entry), parentOf(entry.path))).toEqual({
          ok: true,
          value: entry,
        })
      }),
      { numRuns: 1_000 },
    )
  })

  test('entries that differ have different lines', () => {
    fc.assert(
      fc.property(arbitraryEntry, arbitraryEntry, (one, other) => {
        expect(encodeEntry(one) === encodeEntry(other)).toBe(sameEntry(one, other))
        expect(sameEntry(one, { ...one })).toBe(true)
      }),
    )
  })

  test('whatever decodes has no other spelling', () => {
    const alphabet = fc.constantFrom(
      ...['f', 'd', 'l', 't', 'o', 'g', 'a', 'x', '!', '-', ' ', '0', '1', ',', '@', '/', '%0A'],
      digest,
      DOT,
      V,
    )
    // Free text seldom gets beyond the kind: the fields of a line, each of them any of some.
    const fields = fc.tuple(
      fc.constantFrom('f', 'd', 'l', 't', 'x'),
      fc.constantFrom('a', 'ax', 'o', 'g', '-', 'f', 'd!', 'l', 'xa', 'a!', ''),
      fc.constantFrom('0', '5', '05'),
      fc.constantFrom('0', '7', '-7', '0,0', '7,8', `7,8@${DOT}`, `7,8@${PEERS[0]}:1`, '7,', '7@'),
      fc.constantFrom('-', digest),
      fc.constantFrom(V, `${PEERS[0]}:2/0.1`, `${PEERS[0]}:2/0/0.1`),
      fc.constantFrom('a', 'a/b', '%20', ' '),
      fc.constantFrom('', ' ', ' b', ' ../b', ' %41'),
    )
    const lines = fields.map(([kind, mode, size, times, hash, version, path, target]) =>
      [kind, mode, size, times, hash, version, `${path}${target}`].join(' '),
    )
    let taken = 0
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(alphabet, { maxLength: 20 }).map((parts) => parts.join('')),
          lines,
          lines,
        ),
        (line) => {
          const entry = decodeEntry(line)
          if (!entry.ok) return
          taken++
          expect(encodeEntry(entry.value)).toBe(line)
        },
      ),
      { numRuns: 5_000 },
    )
    expect(taken).toBeGreaterThan(0)
  })

  test('a file may be as large as its limit and no larger', () => {
    expect(decodeEntry(`f a ${FILE_BYTES_MAX} 0 ${digest} ${V} a`).ok).toBe(true)
    expect(decodeEntry(`f a ${FILE_BYTES_MAX + 1} 0 ${digest} ${V} a`).ok).toBe(false)
  })

  test('a time may be as far as a date reaches and no farther', () => {
    for (const sign of ['', '-']) {
      expect(decodeEntry(`t f 0 ${sign}8640000000000000 - ${V} a`).ok).toBe(true)
      expect(decodeEntry(`t f 0 ${sign}8640000000000001 - ${V} a`).ok).toBe(false)
      expect(decodeEntry(`l - 0 0,${sign}8640000000000000 - ${V} a b`).ok).toBe(true)
      expect(decodeEntry(`l - 0 0,${sign}8640000000000001 - ${V} a b`).ok).toBe(false)
    }
  })

  test('a link may point as far as its limit and no farther', () => {
    expect(decodeEntry(`l - 0 0 - ${V} a ${'x'.repeat(4095)}`).ok).toBe(true)
    expect(decodeEntry(`l - 0 0 - ${V} a ${'x'.repeat(4096)}`).ok).toBe(false)
  })

  test('a deletion may name only a path of the share as the place where its content is', () => {
    const deep = Array.from({ length: 16 }, () => 'x'.repeat(255)).join('/')
    expect(decodeEntry(`t f 0 0 - ${V} a ${deep}`).ok).toBe(true)
    expect(decodeEntry(`t f 0 0 - ${V} a ${deep}x`).ok).toBe(false)
    expect(decodeEntry(`t f 0 0 - ${V} a ../b`).ok).toBe(false)
    expect(decodeEntry(`t f 0 0 - ${V} a .left/journal`).ok).toBe(false)
  })

  test('a path, and where a deletion says that its content is, may be so deep and no deeper', () => {
    const deepest = Array.from({ length: PATH_DEPTH_MAX }, () => 'x').join('/')
    expect(decodeEntry(`d a 0 0 - ${V} ${deepest}`).ok).toBe(true)
    expect(decodeEntry(`d a 0 0 - ${V} ${deepest}/x`)).toEqual({ ok: false, reason: 'bad-field' })
    expect(decodeEntryInFolder(`d a 0 0 - ${V} x`, deepest)).toEqual({ ok: false, reason: 'bad-field' })
    expect(decodeEntry(`t f 0 0 - ${V} a ${deepest}`).ok).toBe(true)
    expect(decodeEntry(`t f 0 0 - ${V} a ${deepest}/x`)).toEqual({ ok: false, reason: 'bad-field' })
  })

  test('a version has seen at most 64 peers, and counts to 2^53 - 1', () => {
    const dots = Array.from({ length: 65 }, (_, at) => `${at.toString(16).padStart(16, '0')}:1`)
    expect(decodeEntry(`d a 0 0 - ${dots.slice(1).join(',')}/63 a`).ok).toBe(true)
    expect(decodeEntry(`d a 0 0 - ${dots.join(',')}/63 a`).ok).toBe(false)
    expect(decodeEntry(`d a 0 0 - ${PEERS[0]}:${2 ** 53 - 1}/0 a`).ok).toBe(true)
    expect(decodeEntry(`d a 0 0 - ${PEERS[0]}:${2 ** 53}/0 a`).ok).toBe(false)
  })

  test.each<readonly [string, string]>([
    ['', 'empty'],
    [`q a 0 0 - ${V} a`, 'unknown-kind'],
    [`toString a 0 0 - ${V} a`, 'unknown-kind'],
    [`x 5 0 ${digest} ${V} a`, 'unknown-kind'],
    [`d a 0 0 - ${V}`, 'truncated'],
    [`l - 0 0 - ${V} a`, 'truncated'],
    [`d a 0 0 - ${V} a b`, 'trailing-bytes'],
    [`f a 0 0 ${digest} ${V} a b`, 'trailing-bytes'],
    [`l - 0 0 - ${V} a b c`, 'trailing-bytes'],
    [`t f 0 0 - ${V} a b c`, 'trailing-bytes'],
    ...[
      `d a 0 0 - ${V} a\n`,
      `d a 0 0 - ${V} `,
      `d a 1 0 - ${V} a`,
      `d a 0 1 - ${V} a`,
      `d a 00 0 - ${V} a`,
      `d a 0 -0 - ${V} a`,
      `d a 0 0 ${digest} ${V} a`,
      `f a 0 0 - ${V} a`,
      `f a 0 0 ${digest.toUpperCase()} ${V} a`,
      `f a -1 0 ${digest} ${V} a`,
      `f a 1.5 0 ${digest} ${V} a`,
      'd a 0 0 -  a',
      'd a 0 0 - - a',
      `d a 0 0 - ${PEERS[0]}:1 a`,
      `d a 0 0 - ${V}/0 a`,
      `d a 0 0 - ${V} ../a`,
      `d a 0 0 - ${V} /a`,
      `d a 0 0 - ${V} .left/journal`,
      `d a 0 0 - ${V} a%2`,
      `l - 0 0 - ${V} a `,
      `l - 0 0 - ${V} a b%00`,
      // Modes.
      `f  0 0 ${digest} ${V} a`,
      `f x 0 0 ${digest} ${V} a`,
      `f xa 0 0 ${digest} ${V} a`,
      `f axx 0 0 ${digest} ${V} a`,
      `f a! 0 0 ${digest} ${V} a`,
      `f A 0 0 ${digest} ${V} a`,
      `d ax 0 0 - ${V} a`,
      `l a 0 0 - ${V} a b`,
      `l -x 0 0 - ${V} a b`,
      `t - 0 0 - ${V} a`,
      `t t 0 0 - ${V} a`,
      `t fx 0 0 - ${V} a`,
      `t f!! 0 0 - ${V} a`,
      `t ! 0 0 - ${V} a`,
      `t a 0 0 - ${V} a`,
      // Times.
      `l - 0 0, - ${V} a b`,
      `l - 0 ,0 - ${V} a b`,
      `l - 0 0,01 - ${V} a b`,
      `l - 0 0,1,2 - ${V} a b`,
      `l - 0 0@${DOT} - ${V} a b`,
      `l - 0 0,1@ - ${V} a b`,
      `l - 0 0,1@${PEERS[0]} - ${V} a b`,
      `l - 0 0,1@${PEERS[1]}:0 - ${V} a b`,
      `l - 0 0,1@${DOT}@${DOT} - ${V} a b`,
      // The touched content is the entry's own: that goes without saying.
      `l - 0 0,1@${PEERS[0]}:1 - ${V} a b`,
      `d a 0 0,1 - ${V} a`,
    ].map((line) => [line, 'bad-field'] as const),
  ])('refuses %j as %s', (line, reason) => {
    expect(decodeEntry(line)).toEqual({ ok: false, reason })
  })

  test('in a listing only a name is taken', () => {
    for (const folder of ['', 'x']) {
      expect(decodeEntryInFolder(`d a 0 0 - ${V} a`, folder).ok).toBe(true)
      expect(decodeEntryInFolder(`d a 0 0 - ${V} a/b`, folder).ok).toBe(false)
    }
    expect(decodeEntryInFolder(`d a 0 0 - ${V} .left`, '').ok).toBe(false)
    expect(decodeEntryInFolder(`d a 0 0 - ${V} .left`, 'x').ok).toBe(true)
  })
})
