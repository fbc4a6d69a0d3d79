import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeField, unescapeField } from '../../src/base/escape.js'
import { FILE_BYTES_MAX } from '../../src/base/limits.js'
import {
  decodeEntry,
  decodeEntryInFolder,
  encodeEntry,
  encodeEntryInFolder,
} from '../../src/share/entry-line.js'
import { parentOf } from '../../src/share/path.js'
import { arbitraryEntry, entryOf, fileEntry, PEERS } from './entries.js'

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

describe('an entry as a line', () => {
  test.each([
    [fileEntry('a/notes.txt', { digest }), `f 5 1700000000000 ${digest} ${PEERS[0]}:1 a/notes.txt`],
    [fileEntry('run me', { digest, executable: true }), `x 5 1700000000000 ${digest} ${PEERS[0]}:1 run%20me`],
    [entryOf('folder', 'a', { version: '' }), 'd 0 0 - - a'],
    [entryOf('link', 'l', { target: '../b c', mtimeMs: -1 }), `l 0 -1 - ${PEERS[0]}:1 l ../b%20c`],
    [entryOf('tombstone', '|*|', { mtimeMs: 7 }), `t 0 7 - ${PEERS[0]}:1 %7C*%7C`],
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
    )
  })

  test('whatever decodes has no other spelling', () => {
    const alphabet = fc.constantFrom(
      'f',
      'x',
      'd',
      'l',
      't',
      ' ',
      '0',
      '-',
      '1',
      'a',
      '/',
      '%0A',
      digest,
      `${PEERS[0]}:1`,
    )
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 16 }), (parts) => {
        const line = parts.join('')
        const entry = decodeEntry(line)
        if (entry.ok) expect(encodeEntry(entry.value)).toBe(line)
      }),
    )
  })

  test('a file may be as large as its limit and no larger', () => {
    expect(decodeEntry(`f ${FILE_BYTES_MAX} 0 ${digest} - a`).ok).toBe(true)
    expect(decodeEntry(`f ${FILE_BYTES_MAX + 1} 0 ${digest} - a`).ok).toBe(false)
  })

  test('a time may be as far as a date reaches and no farther', () => {
    for (const sign of ['', '-']) {
      expect(decodeEntry(`t 0 ${sign}8640000000000000 - - a`).ok).toBe(true)
      expect(decodeEntry(`t 0 ${sign}8640000000000001 - - a`).ok).toBe(false)
    }
  })

  test('a link may point as far as its limit and no farther', () => {
    expect(decodeEntry(`l 0 0 - - a ${'x'.repeat(4095)}`).ok).toBe(true)
    expect(decodeEntry(`l 0 0 - - a ${'x'.repeat(4096)}`).ok).toBe(false)
  })

  test.each([
    ['', 'empty'],
    ['q 0 0 - - a', 'unknown-kind'],
    ['toString 0 0 - - a', 'unknown-kind'],
    ['d 0 0 - -', 'truncated'],
    ['l 0 0 - - a', 'truncated'],
    ['d 0 0 - - a b', 'trailing-bytes'],
    ['d 0 0 - - a\n', 'bad-field'],
    ['d 0 0 - - ', 'bad-field'],
    ['d 1 0 - - a', 'bad-field'],
    ['d 0 1 - - a', 'bad-field'],
    ['d 00 0 - - a', 'bad-field'],
    ['d 0 -0 - - a', 'bad-field'],
    [`d 0 0 ${digest} - a`, 'bad-field'],
    ['f 0 0 - - a', 'bad-field'],
    [`f 0 0 ${digest.toUpperCase()} - a`, 'bad-field'],
    [`f -1 0 ${digest} - a`, 'bad-field'],
    [`f 1.5 0 ${digest} - a`, 'bad-field'],
    ['d 0 0 -  a', 'bad-field'],
    ['d 0 0 - x a', 'bad-field'],
    ['d 0 0 - - ../a', 'bad-field'],
    ['d 0 0 - - /a', 'bad-field'],
    ['d 0 0 - - .left/journal', 'bad-field'],
    ['d 0 0 - - a%2', 'bad-field'],
    ['l 0 0 - - a ', 'bad-field'],
    ['l 0 0 - - a b%00', 'bad-field'],
  ])('refuses %j as %s', (line, reason) => {
    expect(decodeEntry(line)).toEqual({ ok: false, reason })
  })

  test('in a listing only a name is taken', () => {
    for (const folder of ['', 'x']) {
      expect(decodeEntryInFolder('d 0 0 - - a', folder).ok).toBe(true)
      expect(decodeEntryInFolder('d 0 0 - - a/b', folder).ok).toBe(false)
    }
    expect(decodeEntryInFolder('d 0 0 - - .left', '').ok).toBe(false)
    expect(decodeEntryInFolder('d 0 0 - - .left', 'x').ok).toBe(true)
  })
})
