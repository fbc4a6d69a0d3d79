import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSamePeerAt, markText, parseMark, writeMark } from '../../src/io/share-mark.js'
import { temporaryFolder } from './temporary-folder.js'

const hex16 = fc.stringMatching(/^[0-9a-f]{16}$/)

describe('the mark of a share', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(hex16, fc.option(hex16, { nil: undefined }), (peer, key) => {
        expect(parseMark(markText({ peer, key }))).toEqual({ peer, key })
      }),
    )
  })

  test('is read from nothing else', () => {
    const pieces = fc.array(
      fc.oneof(fc.constantFrom('left-peer', ' ', '\n', 'a'.repeat(16), 'A'.repeat(16)), fc.string()),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('')
        const mark = parseMark(text)
        if (mark !== undefined) expect(markText(mark).trimEnd()).toBe(text.replace(/\n$/, ''))
      }),
    )
  })

  test('takes the place of the one before', () => {
    const share = shareOf('a')
    writeMark(share, { peer: 'b'.repeat(16), key: 'c'.repeat(16) })
    expect(readFileSync(join(share, '.left', 'replica'), 'utf8')).toBe(
      `left-peer ${'b'.repeat(16)} ${'c'.repeat(16)}\n`,
    )
  })
})

describe('another folder is a share of the same peer id', () => {
  test('whichever key its mark names', () => {
    const share = shareOf('a')
    expect(isSamePeerAt(shareOf('a'), share)).toBe(true)
    expect(isSamePeerAt(shareOf('a', 'c'), share)).toBe(true)
    expect(isSamePeerAt(shareOf('b'), share)).toBe(false)
  })

  test('but not where it is no share, is gone, or is this folder by another path', () => {
    const share = shareOf('a')
    const link = join(temporaryFolder(), 'link')
    symlinkSync(share, link)
    for (const place of [share, link, temporaryFolder(), '/nowhere'])
      expect(isSamePeerAt(place, share)).toBe(false)
    expect(isSamePeerAt(share, temporaryFolder())).toBe(false)
  })
})

/** A share whose mark has this digit sixteen times, and such a key. */
function shareOf(peer: string, key?: string): string {
  const share = temporaryFolder()
  mkdirSync(join(share, '.left'))
  const mark = markText({ peer: peer.repeat(16), key: key?.repeat(16) })
  writeFileSync(join(share, '.left', 'replica'), mark)
  return share
}
