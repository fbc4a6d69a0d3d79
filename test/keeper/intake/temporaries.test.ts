import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { hash } from '../../../src/io/hash.js'
import { Room } from '../../../src/keeper/intake/room.js'
import { Temporaries } from '../../../src/keeper/intake/temporaries.js'
import { type Want, Wants } from '../../../src/keeper/intake/wants.js'
import { largeTemporary } from '../../../src/pipe/layout.js'
import { NO_MIN_FREE } from '../../../src/pipe/settings.js'
import type { Entry } from '../../../src/share/entry.js'
import { contentOf, ShareOnDisk, THEIRS, theirFile } from '../share-on-disk.js'

class SharedWants {
  readonly share = new ShareOnDisk()
  readonly wants = new Wants()
  readonly temporaries: Temporaries

  constructor() {
    const { disk, catalogue, journal } = this.share
    const room = new Room({ disk, minFree: NO_MIN_FREE, wants: this.wants })
    this.temporaries = new Temporaries({ disk, hash, catalogue, journal, wants: this.wants, room })
  }

  want(entry: Entry): Want {
    return this.wants.add(entry, THEIRS)
  }

  /** Leaves the temporary and the record that an interrupted fetch leaves. */
  begin(want: Want): string {
    const { path, digest, sizeBytes } = want.remote
    const temporary = largeTemporary(digest)
    this.share.disk.putFile(temporary, utf8('begun'))
    this.share.journal.append({ kind: 'fetch', digest, sizeBytes, path })
    return temporary
  }

  get left(): string[] {
    return [...this.share.disk.snapshot().keys()].filter((path) => path.startsWith('.left/tmp/'))
  }
}

describe('the content of a small want', () => {
  test('is written whole, each under a name of its own, with its time, for nobody else to read', () => {
    const shared = new SharedWants()
    const { share, temporaries } = shared
    const wants = ['a', 'b', 'c'].map((path) =>
      shared.want(theirFile(path, path, { executable: path === 'b' })),
    )
    share.disk.putFile('a', utf8('known'), { mode: 0o644 })
    for (const each of wants) temporaries.make(each, utf8(each.remote.path))
    const paths = wants.map(({ temporary }) => temporary!.path)
    expect(paths.map((path) => share.textAt(path))).toEqual(['a', 'b', 'c'])
    expect(wants.map(({ temporary }) => temporary!.looks)).toMatchObject(
      wants.map(({ remote }) => ({ mtimeMs: remote.mtimeMs, mode: 0o600 })),
    )
  })

  test('leaves nothing where the disk has no room for it', () => {
    const shared = new SharedWants()
    const want = shared.want(theirFile('a', 'content'))
    shared.share.disk.failNext('no-space', 'write')
    expect(() => shared.temporaries.make(want, utf8('content'))).toThrow(
      expect.objectContaining({ code: 'no-space' }),
    )
    expect(want.temporary).toBeUndefined()
    expect(shared.left).toEqual([])
  })

  test('is taken from another file only where it is there still', () => {
    const shared = new SharedWants()
    const { share, temporaries } = shared
    const wanted = shared.want(theirFile('a', 'content'))
    share.disk.putFile('holder', utf8('content'))
    expect(temporaries.readFrom('holder', wanted)).toEqual(utf8('content'))
    for (const other of ['contenT', 'conten']) {
      share.disk.putFile('holder', utf8(other))
      expect(temporaries.readFrom('holder', wanted)).toBeUndefined()
    }
    expect(temporaries.readFrom('nowhere', wanted)).toBeUndefined()
  })
})

describe('what was built of a file of several blocks', () => {
  const large = contentOf(BLOCK_BYTES + 1)

  test('stays when its want is abandoned, and goes when it is dropped, in the log too', () => {
    const shared = new SharedWants()
    const want = shared.want(theirFile('a', large))
    const temporary = shared.begin(want)
    shared.temporaries.handleAbandoned(want)
    expect(shared.left).toEqual([temporary])
    shared.temporaries.drop(want)
    expect(shared.left).toEqual([])
    expect(shared.share.journal.fetches.size).toBe(0)
  })

  test('stays while the same content is wanted elsewhere, whether dropped or made here', () => {
    const shared = new SharedWants()
    const want = shared.want(theirFile('a', large))
    const other = shared.want(theirFile('b', large))
    const temporary = shared.begin(want)
    shared.temporaries.drop(want)
    shared.temporaries.handleMade(want.remote)
    expect(shared.left).toEqual([temporary])
    shared.wants.remove(want, false)
    shared.wants.remove(other, false)
    shared.temporaries.handleMade(want.remote)
    expect(shared.left).toEqual([])
  })
})
