// What a peer hears that asks about a path: nothing of what is in no tree, and no look at the disk.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { AskedShare } from './asked-share.js'
import { START_MS, theirFile } from './share-on-disk.js'

const NOTHING = { stands: undefined, isHeld: false, reason: undefined }

describe('a peer that asks about a path', () => {
  test('hears how it stands, and why it is not the same yet', () => {
    const share = new AskedShare(['a'])
    expect(share.told('a')).toMatchObject({
      stands: { kind: 'file', bytes: 1 },
      isHeld: true,
      reason: undefined,
    })
    share.disk.putFile('a', utf8('edited'))
    share.hint('a')
    share.pass(50)
    expect(share.told('a').reason).toEqual({ code: 'settling', detail: '', seconds: 0 })
  })

  test('hears nothing of what stands there and is in no tree', () => {
    const share = new AskedShare(['.leftignore'], {}, { privatePaths: ['secret'] })
    share.disk.putFile('.leftignore', utf8('*.o\n'))
    for (const path of ['secret', 'a.o', 'inner/.left/replica', 'just-made'])
      share.disk.putFile(path, utf8(path))
    share.hint('')
    share.pass(10)
    for (const path of ['secret', 'a.o', 'inner/.left/replica', 'just-made', '.left/index', '..', '', 'none'])
      expect([path, share.told(path)]).toEqual([path, NOTHING])
  })

  test('hears no line of rules, and not that something private or unreadable stands there', () => {
    const share = new AskedShare(['f/a.o', 'b'], { links: 'skip' }, { privatePaths: ['secret'] })
    share.disk.putFile('.left/ignore', utf8('*.o\n'))
    share.disk.putFile('secret', utf8('sesame'))
    share.disk.unharmed((disk) => disk.makeLink('l', 'b'))
    share.disk.putFile('b', utf8('edited'))
    share.disk.deny('b')
    share.hint('.left/ignore')
    share.hint('')
    share.pass(20_000)
    share.tell(theirFile('secret', 'theirs'), theirFile('l', 'theirs'))
    share.give({ secret: 'theirs', l: 'theirs' })
    share.pass(20_000)
    expect(share.told('f/a.o').reason).toEqual({ code: 'ignored', detail: '', seconds: undefined })
    expect(share.codes('secret')).toContain('private')
    expect(share.codes('l')).toContain('link-left-out')
    expect(share.codes('b')).toContain('no-right-to-read')
    for (const path of ['secret', 'b']) expect([path, share.told(path).reason]).toEqual([path, undefined])
    // As of anything that stands in the way.
    expect(share.told('l').reason?.code).toBe('place-restless')
  })

  test.each<[string, string, string]>([
    ['in case', 'Readme', 'README'],
    ['in its encoding', 'caf\u00e9', 'cafe\u0301'],
  ])('hears of a name that differs %s where that is in the tree', (_how, theirs, ours) => {
    const share = new AskedShare([ours], {}, { foldsNames: true })
    share.tell(theirFile(theirs, 'theirs'))
    share.give({ [theirs]: 'theirs' })
    share.pass(1_000)
    expect(share.told(theirs).reason).toMatchObject({ detail: ours })
    const unshared = new AskedShare(['.leftignore'], {}, { foldsNames: true })
    unshared.disk.putFile('.leftignore', utf8(`${ours}\n`))
    unshared.disk.putFile(ours, utf8('left out'))
    unshared.hint('')
    unshared.pass(20_000)
    unshared.tell(theirFile(theirs, 'theirs'))
    unshared.give({ [theirs]: 'theirs' })
    unshared.pass(1_000)
    expect(unshared.told(theirs).reason?.detail ?? '').toBe('')
  })

  test('hears since when, of a clock that was put back too', () => {
    const share = new AskedShare()
    share.tell(theirFile('a', 'a'))
    share.refuse('gone')
    share.nowMs = START_MS - 100_000
    expect(share.told('a').reason?.seconds ?? 0).toBeGreaterThanOrEqual(0)
  })
})

describe('a peer is asked', () => {
  test('about what is in a tree, and about what is nowhere', () => {
    const share = new AskedShare(['a', 'f/b.o'])
    share.disk.putFile('.left/ignore', utf8('*.o\n'))
    share.hint('.left/ignore')
    share.pass(1_000)
    share.tell(theirFile('theirs', 'theirs'))
    for (const path of ['a', 'f', 'f/b.o', 'theirs', 'none'])
      expect([path, share.why(path).isAskable]).toEqual([path, true])
  })

  test('no name of what is left out here, private, unreadable, or not told', () => {
    const share = new AskedShare(['a'], { direction: 'receive-only' }, { privatePaths: ['secret'] })
    share.disk.putFile('.left/ignore', utf8('*.o\n/out/\n'))
    for (const path of ['x.o', 'out/x', 'secret', 'inner/.left/replica', 'mine', 'closed'])
      share.disk.putFile(path, utf8(path))
    share.disk.deny('closed')
    share.hint('.left/ignore')
    share.hint('')
    share.pass(20_000)
    share.disk.putFile('just-made', utf8('new'))
    for (const path of [
      '',
      'x.o',
      'out',
      'out/x',
      'secret',
      'inner/.left/replica',
      '.left/index',
      '../a',
      'mine',
    ])
      expect([path, share.why(path).isAskable]).toEqual([path, false])
    for (const path of ['closed', 'just-made'])
      expect([path, share.why(path).isAskable]).toEqual([path, false])
  })
})
