import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import type { Entry } from '../../src/share/entry.js'
import { decodeHeld, encodeHeld } from '../../src/share/held-item.js'
import { HELD_LINES_MAX } from '../../src/share/limits.js'
import { arbitraryEntry, fileEntry } from './entries.js'

describe('what is held otherwise than the tree says', () => {
  test('comes back as it was told', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(arbitraryEntry, fc.boolean()), { maxLength: 5 }), (drawn) => {
        const held = new Map<string, Entry | undefined>(
          drawn.map(([entry, isHeld]) => [entry.path, isHeld ? entry : undefined]),
        )
        const { bytes, untoldCount } = encodeHeld(held)
        expect(untoldCount).toBe(0)
        const read = decodeHeld(bytes)
        expect(read.ok && new Map(read.value)).toEqual(new Map([...held].sort()))
      }),
    )
  })

  test('is told as far as there is room, and counted beyond', () => {
    const held = new Map(Array.from({ length: HELD_LINES_MAX + 2 }, (_, index) => [`f${index}`, undefined]))
    const { bytes, untoldCount } = encodeHeld(held)
    expect(untoldCount).toBe(2)
    const read = decodeHeld(bytes)
    expect(read.ok && read.value.size).toBe(HELD_LINES_MAX)
    expect(decodeHeld(utf8(`${Buffer.from(bytes)}zz\n`))).toEqual({ ok: false, reason: 'too-long' })
  })

  test.each([
    ['', 'empty'],
    ['left-held 2\n', 'unknown-kind'],
    ['left-held 1\na', 'truncated'],
    ['left-held 1\nb\na\n', 'unsorted'],
    ['left-held 1\na\na\n', 'unsorted'],
    ['left-held 1\n../a\n', 'bad-field'],
    ['left-held 1\n.left/x\n', 'bad-field'],
    ['left-held 1\nf a b\n', 'truncated'],
  ])('%j is refused: %s', (text, reason) => {
    expect(decodeHeld(utf8(text))).toEqual({ ok: false, reason })
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        decodeHeld(new Uint8Array([...utf8('left-held 1\n'), ...tail]))
      }),
    )
    expect(fileEntry('a').path).toBe('a')
  })
})
