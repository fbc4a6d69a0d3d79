import { describe, expect, test } from 'vitest'
import { innerTarget } from '../../src/base/link-text.js'

describe('a link leads to a place of the share', () => {
  test.each([
    ['file', 'other', 'other'],
    ['a/link', '../b', 'b'],
    ['a/link', '..', ''],
    ['link', '.', ''],
    ['node_modules/.bin/tsc', '../typescript/bin/tsc', 'node_modules/typescript/bin/tsc'],
    ['a/b/c', './/../x/', 'a/x'],
    ['a/lock', 'user@host.1:2', 'a/user@host.1:2'],
    ['a', '.left/journal', '.left/journal'],
  ])('%s -> %s: %s', (path, text, inner) => expect(innerTarget(path, text)).toBe(inner))
})

describe('a link leads out of the share', () => {
  test.each([
    ['link', '/etc/passwd'],
    ['link', '..'],
    ['a/link', '../../share/a'],
    // Its first name may be a link itself.
    ['link', 'a/../b'],
    ['link', 'a/../../b'],
    ['link', 'C:file'],
    ['link', '..\\file'],
    ['link', ''],
  ])('%s -> %s', (path, text) => expect(innerTarget(path, text)).toBeUndefined())
})

test('behind a followed link it stays below that', () => {
  expect(innerTarget('a/to/b/link', '../x', 2)).toBe('a/to/x')
  expect(innerTarget('a/to/b/link', '../../x', 2)).toBeUndefined()
  expect(innerTarget('a/to/link', 'x', 2)).toBe('a/to/x')
  expect(innerTarget('a/to/link', '../x', 2)).toBeUndefined()
})
