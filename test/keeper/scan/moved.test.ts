// A file that vanished and one that appeared are a move where they are the same file: the deletion says where the content is now,
// and both are told together.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { SETTLE_MS } from '../../../src/keeper/limits.js'
import { MOVE_MS_MAX, REPLACED_MS_MAX } from '../../../src/keeper/scan/limits.js'
import { contentOf, ShareOnDisk } from '../share-on-disk.js'

function shareWith(files: Readonly<Record<string, string | Uint8Array>>): ShareOnDisk {
  const share = new ShareOnDisk()
  for (const [path, content] of Object.entries(files))
    share.disk.putFile(path, typeof content === 'string' ? utf8(content) : content)
  share.scan()
  share.nowMs += 60_000
  share.changes.length = 0
  return share
}

function rename(share: ShareOnDisk, ...pairs: readonly (readonly [from: string, to: string])[]): void {
  share.disk.unharmed((disk) => {
    for (const [from, to] of pairs) disk.rename(from, to)
  })
}

/** `path > target` of each deletion, in order of path. */
function deletions(share: ShareOnDisk): string[] {
  return share.changes
    .filter(({ kind }) => kind === 'tombstone')
    .map(({ path, target }) => `${path} > ${target}`)
    .sort()
}

describe('a file that is renamed', () => {
  test.each([
    [
      'with hints',
      (share: ShareOnDisk) => {
        for (const path of ['a', 'z']) share.scanner.hint(path)
      },
    ],
    ['with the hint at its new path alone', (share: ShareOnDisk) => share.scanner.hint('z')],
    ['with a scan', (share: ShareOnDisk) => share.scanner.scanAll()],
  ])('%s is a deletion that names its new path', (_, tell) => {
    for (const content of ['content', '', contentOf(3 * BLOCK_BYTES)]) {
      const share = shareWith({ a: content, b: 'stays' })
      rename(share, ['a', 'z'])
      tell(share)
      share.pass(2 * SETTLE_MS + 10)
      expect(share.scanner.isMoving(share.nowMs)).toBe(false)
      expect(share.changes.map(({ path }) => path).sort()).toEqual(['a', 'z'])
      expect(deletions(share)).toEqual(['a > z'])
    }
  })

  test('while LEFT did not run is one too', () => {
    const share = shareWith({ 'f/a': 'content', b: 'stays' })
    share.catalogue.commit()
    share.disk.unharmed((disk) => disk.makeFolder('e'))
    rename(share, ['f/a', 'e/a'])
    share.restart()
    share.scan()
    expect(deletions(share)).toEqual(['f/a > e/a'])
  })

  test('and edited names it too: whoever fetches that has some of it', () => {
    const share = shareWith({ a: 'content', b: 'stays' })
    rename(share, ['a', 'z'])
    share.disk.putFile('z', utf8('edited'))
    share.scan()
    expect(deletions(share)).toEqual(['a > z'])
  })

  test('and copied back is no move', () => {
    const share = shareWith({ a: 'content', b: 'stays' })
    rename(share, ['a', 'z'])
    share.disk.putFile('a', utf8('content'))
    share.scan()
    expect(deletions(share)).toEqual([])
  })

  test('is not told before both halves are recorded', () => {
    const share = shareWith({ a: contentOf(3 * BLOCK_BYTES), b: 'stays' })
    rename(share, ['a', 'z'])
    share.scanner.hint('z')
    for (let ms = 0; ms < 2 * SETTLE_MS; ms++) {
      share.pass(1)
      const count = share.changes.length
      if (count === 1) expect(share.scanner.isMoving(share.nowMs)).toBe(true)
      else expect(count % 2).toBe(0)
    }
    expect(share.changes).toHaveLength(2)
  })

  test('and is written to without end is waited for, but not for ever', () => {
    const share = shareWith({ a: 'content', b: 'stays' })
    rename(share, ['a', 'z'])
    for (let ms = 0; ms < MOVE_MS_MAX + 1_000; ms += 50) {
      share.disk.putFile('z', utf8(`content at ${ms}`))
      for (const path of ['a', 'z']) share.scanner.hint(path)
      share.pass(50)
      if (ms < MOVE_MS_MAX - 1_000) expect(share.changes).toEqual([])
    }
    expect(deletions(share)).toEqual(['a > '])
  })

  test('in whose place something is written without end keeps the others waiting for a moment', () => {
    const share = shareWith({ log: 'content', b: 'stays' })
    rename(share, ['log', 'log.1'])
    share.disk.putFile('log', utf8('anew'))
    for (const path of ['log', 'log.1']) share.scanner.hint(path)
    let text = 'anew'
    for (let ms = 0; ms < 2 * REPLACED_MS_MAX; ms += 50) {
      text += '.'
      share.disk.putFile('log', utf8(text))
      share.scanner.hint('log')
      share.pass(50)
    }
    expect(share.changes.map(({ path }) => path)).toEqual(['log.1'])
    expect(share.scanner.isMoving(share.nowMs)).toBe(false)
  })
})

describe('a folder that is renamed', () => {
  test('names its new path, and so does all that is in it; no file is read', () => {
    const share = shareWith({ 'old/a': 'first', 'old/g/b': 'second', 'old/g/c': '', stays: 'stays' })
    share.disk.unharmed((disk) => disk.makeFolder('into'))
    rename(share, ['old', 'into/new'])
    share.disk.failNext('io', 'open')
    for (const path of ['into', 'old']) share.scanner.hint(path)
    share.pass(2 * SETTLE_MS)
    expect(deletions(share)).toEqual([
      'old > into/new',
      'old/a > into/new/a',
      'old/g > into/new/g',
      'old/g/b > into/new/g/b',
      'old/g/c > into/new/g/c',
    ])
    expect(share.problems).toEqual([])
  })

  test('is not told before it is known where it is', () => {
    const share = shareWith({ 'old/a': 'first', stays: 'stays' })
    rename(share, ['old', 'new'])
    for (const path of ['new', 'old']) share.scanner.hint(path)
    share.pass(1)
    expect(share.changes).toEqual([])
    expect(share.scanner.isMoving(share.nowMs)).toBe(true)
    share.pass(2 * SETTLE_MS)
    expect(share.scanner.isMoving(share.nowMs)).toBe(false)
  })
})

describe('a folder whose deletion is held, because it is so much', () => {
  const FILES = { 'old/a': 'of a', 'old/in/b': contentOf(3 * BLOCK_BYTES), 'old/in/empty': '', y: 'of y' }

  /** The folder left the share. */
  function held(): ShareOnDisk {
    const share = new ShareOnDisk({ maxDelete: { percent: 25, filesMin: 1, isStrict: false } })
    for (const [path, content] of Object.entries(FILES))
      share.disk.putFile(path, typeof content === 'string' ? utf8(content) : content)
    share.scan()
    rename(share, ['old', '.left/aside'])
    share.changes.length = 0
    share.scan()
    expect(share.changes).toEqual([])
    expect(share.catalogue.stoppedPaths.missing.size).toBe(5)
    return share
  }

  test.each([
    ['at once', () => {}],
    ['after a restart', (share: ShareOnDisk) => share.restart()],
  ])('and turns up elsewhere was moved, %s', (_, meanwhile) => {
    const share = held()
    share.catalogue.commit()
    meanwhile(share)
    rename(share, ['.left/aside', 'new'])
    share.scan()
    expect(share.catalogue.stoppedPaths.isEmpty).toBe(true)
    const gone = [
      'old > ',
      'old/a > new/a',
      'old/in > ',
      'old/in/b > new/in/b',
      'old/in/empty > new/in/empty',
    ]
    expect(deletions(share)).toEqual(gone)
  })

  test('and turns up in part was moved in part: the rest is held, with its folders', () => {
    const share = held()
    rename(share, ['.left/aside/a', 'a'])
    share.scan()
    expect(deletions(share)).toEqual(['old/a > a'])
    expect([...share.catalogue.stoppedPaths.missing].sort()).toEqual([
      'old',
      'old/in',
      'old/in/b',
      'old/in/empty',
    ])
  })

  test('is not released by another file that is empty, or alike but for a byte', () => {
    const share = held()
    share.disk.putFile('a', utf8('of A'))
    share.disk.putFile('b', new Uint8Array(0))
    share.scan()
    expect(deletions(share)).toEqual([])
    expect(share.catalogue.stoppedPaths.missing.size).toBe(5)
  })
})

test('a folder of which most was moved and more is deleted than may be is told of what was moved', () => {
  const share = new ShareOnDisk({ maxDelete: { percent: 25, filesMin: 1, isStrict: false } })
  for (const path of ['old/1', 'old/2', 'old/3', 'old/4', 'old/all/4', 'old/all/5', 'y'])
    share.disk.putFile(path, utf8(`of ${path}`))
  share.scan()
  share.changes.length = 0
  share.disk.unharmed((disk) => disk.makeFolder('new'))
  rename(share, ['old/1', 'new/1'], ['old/all', 'new/all'], ['old', '.left/aside'])
  share.scan()
  expect(deletions(share)).toEqual([
    'old/1 > new/1',
    'old/all > new/all',
    'old/all/4 > new/all/4',
    'old/all/5 > new/all/5',
  ])
  expect([...share.catalogue.stoppedPaths.missing].sort()).toEqual(['old', 'old/2', 'old/3', 'old/4'])
})
