import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printableJson } from '../../src/base/printable.js'
import { columnsOf, fitted, printable, printableName, shortenMiddle } from '../../src/cli/names.js'

const anyText = fc.string({ unit: 'binary' })

describe('names from other machines', () => {
  it.each([
    ['a\nb', 'a\\nb'],
    ['a\r\tb', 'a\\r\\tb'],
    ['\x1b[31mred', '\\x1b[31mred'],
    ['\x7f\x9b', '\\x7f\\x9b'],
    ['gpj.\u202etxt', 'gpj.\\u202etxt'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['a\u200bb', 'a\\u200bb'],
    ['\u2028', '\\u2028'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800', '\\ud800'],
    ['C:\\x', 'C:\\\\x'],
    ['übung 日本語 👩‍👩‍👧', 'übung 日本語 👩‍👩‍👧'],
    ['|*|', '|*|'],
    ['-rf', '-rf'],
  ])('%j is printed as %s', (name, text) => {
    expect(printableName(name)).toBe(text)
  })

  it('never bring a control or a direction mark to the terminal', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const safe of [printable(text), printableName(text)]) {
          expect(safe).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/u)
        }
      }),
    )
  })

  it('look different where they are different', () => {
    const tricky = fc.string({ unit: fc.constantFrom('\\', 'n', '\n', 'x', '1', 'b', '\x1b', 'u', '{', '}') })
    fc.assert(
      fc.property(tricky, tricky, (one, other) => {
        expect(printableName(one) === printableName(other)).toBe(one === other)
      }),
      { numRuns: 2000 },
    )
  })

  it('survive JSON unchanged, and are safe to print there too', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        const line = printableJson(JSON.stringify({ name }))
        expect(JSON.parse(line)).toEqual({ name })
        expect(line).toBe(printable(line))
      }),
    )
  })
})

describe('the width of a name', () => {
  it.each([
    ['abc', 3],
    ['日本語', 6],
    ['ｶﾅ', 2],
    ['한글', 4],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['❤\ufe0f', 2],
    ['Ａ', 2],
    ['', 0],
  ])('of %s is %d columns', (text, columns) => {
    expect(columnsOf(text)).toBe(columns)
  })

  it.each([
    ['abcdefghij', 10, 'abcdefghij'],
    ['abcdefghij', 9, 'abcd…ghij'],
    ['abcdefghij', 4, 'ab…j'],
    ['abcdefghij', 1, '…'],
    ['abcdefghij', 0, ''],
    ['日本語のファイル', 9, '日本…イル'],
  ])('%s in %d columns is %s', (text, columns, short) => {
    expect(shortenMiddle(text, columns)).toBe(short)
  })

  it('is what it was asked to be', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(60), (raw, columns) => {
        const text = printableName(raw)
        expect(columnsOf(shortenMiddle(text, columns))).toBeLessThanOrEqual(columns)
        expect(columnsOf(fitted(text, columns))).toBe(columns)
        if (columnsOf(text) <= columns) expect(shortenMiddle(text, columns)).toBe(text)
      }),
    )
  })
})
