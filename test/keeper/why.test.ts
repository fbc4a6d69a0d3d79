// Reasons for which a path is not the same yet, each brought about on a simulated disk.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { AskedShare } from './asked-share.js'

describe('what stands here and is not told', () => {
  test('settles: since when it has been changing is told', () => {
    const share = new AskedShare(['a'])
    expect(share.codes('a')).toEqual([])
    share.disk.putFile('a', utf8('edited'))
    share.hint('a')
    share.pass(50)
    expect(share.why('a').reasons).toMatchObject([{ code: 'settling', forMs: 50 }])
    share.pass(1_000)
    expect(share.codes('a')).toEqual([])
  })

  test('is left out by a line of rules, which is named', () => {
    const share = new AskedShare(['f/a.o', 'f/a.c'])
    share.disk.putFile('.leftignore', utf8('# objects\n*.o\n'))
    share.hint('.leftignore')
    share.pass(1_000)
    expect(share.why('f/a.o')).toMatchObject({
      isHeld: false,
      reasons: [{ code: 'ignored', detail: '.leftignore, line 2: *.o' }],
    })
    expect(share.codes('f/a.c')).toEqual([])
    // Of a folder that is left out all is.
    share.disk.putFile('.left/ignore', utf8('/f/\n'))
    share.hint('.left/ignore')
    share.pass(1_000)
    expect(share.why('f/a.c').reasons).toMatchObject([{ detail: '.left/ignore, line 1: /f/' }])
  })
})
