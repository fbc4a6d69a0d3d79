import { describe, expect, test } from 'vitest'
import { isPlace, parsePlace } from '../../../src/cli/visit/place.js'

describe('a place', () => {
  test.each([
    ['lab3', 'lab3', 22_001, ''],
    ['lab3:', 'lab3', 22_001, ''],
    ['lab3:docs/a b', 'lab3', 22_001, 'docs/a b'],
    ['lab3:22002', 'lab3', 22_002, ''],
    ['lab3:22002:', 'lab3', 22_002, ''],
    ['lab3:22002:docs/a:b', 'lab3', 22_002, 'docs/a:b'],
    ['lab3:./22002', 'lab3', 22_001, '22002'],
    ['lab3:./12:30.txt', 'lab3', 22_001, '12:30.txt'],
    ['lab3:123456', 'lab3', 22_001, '123456'],
    ['lab3:/docs/', 'lab3', 22_001, 'docs'],
    ['10.0.0.7:x', '10.0.0.7', 22_001, 'x'],
    ['fd00::7', 'fd00::7', 22_001, ''],
    ['[fd00::7]', 'fd00::7', 22_001, ''],
    ['[fd00::7]:docs', 'fd00::7', 22_001, 'docs'],
    ['[fd00::7]:22002:docs', 'fd00::7', 22_002, 'docs'],
  ])('%s', (word, host, port, path) => {
    expect(parsePlace(word)).toMatchObject({ peer: { host, port }, path })
  })

  test.each([
    ':docs',
    'lab3:99999:x',
    'lab3:../x',
    'lab3:a/../../x',
    'lab3:.left/x',
    '[fd00::7',
    'a,b:x',
    'lab3:a\0b',
  ])('%j is refused', (word) => {
    expect(() => parsePlace(word)).toThrow(expect.objectContaining({ code: 'usage' }))
  })

  test('is told from a path of a share by a colon or an IP address', () => {
    for (const word of ['lab3:', 'lab3:x', '10.0.0.7', 'fd00::7', '[fd00::7]:x'])
      expect(isPlace(word)).toBe(true)
    for (const word of ['docs', 'docs/a', './a:b', '/a:b', '../a:b', '.']) expect(isPlace(word)).toBe(false)
  })
})
