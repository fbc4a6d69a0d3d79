// How many losers of conflicts are kept beside a file, and where those beyond that are.

import { beforeEach, describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { CONFLICT_COPIES_MAX } from '../../../src/keeper/place/limits.js'
import type { Placed } from '../../../src/keeper/place/placing.js'
import { LOSER_PACE_MS, SLOTS_NEAR } from '../../../src/keeper/trash/limits.js'
import { conflictPath } from '../../../src/share/path.js'
import {
  contentOf,
  digestOfContent,
  dotted,
  listOf,
  OURS,
  ShareOnDisk,
  START_MS,
  THEIRS,
  theirFile,
} from '../share-on-disk.js'

const DAY = '2023-11-14'

let share: ShareOnDisk
let count: number

beforeEach(() => {
  share = new ShareOnDisk()
  count = 0
})

/** The person writes, and a newer edit of the peer's comes that has not seen it. */
function loseOnce(text = `ours ${++count}`): Placed {
  share.disk.unharmed((it) => it.statLink('a.txt') !== undefined && it.removeFile('a.txt'))
  share.disk.putFile('a.txt', utf8(text))
  share.scan()
  const theirs = { version: dotted(`${THEIRS}:${1000 + ++count}`), mtimeMs: START_MS + 36_000_000 + count }
  return share.placing.place(
    theirFile('a.txt', `theirs ${count}`, theirs),
    share.putTemporary(utf8(`theirs ${count}`)),
  )
}

function keptAt(placed: Placed): string {
  if (placed.type !== 'placed' || placed.keptAs === undefined) throw new Error(JSON.stringify(placed))
  return placed.keptAs
}

const copies = () => share.paths.filter((path) => path.startsWith('a.conflict-'))

describe('the losers of conflicts at one path', () => {
  test(`are ${CONFLICT_COPIES_MAX} copies beside it, and what loses then is in the trash`, () => {
    for (let nth = 1; nth <= CONFLICT_COPIES_MAX; nth++) expect(keptAt(loseOnce())).toMatch(/^a\.conflict-/)
    expect(copies()).toHaveLength(CONFLICT_COPIES_MAX)
    const place = keptAt(loseOnce('one too many'))
    expect(place).toMatch(new RegExp(`^\\.left/trash/${DAY}[^/]*/a\\.txt$`))
    expect(share.textAt(place)).toBe('one too many')
    expect(share.textAt('a.txt')).toMatch(/^theirs/)
    expect(copies()).toHaveLength(CONFLICT_COPIES_MAX)
    expect(share.scanned()).toEqual([])
  })

  test('are copies again when one of them is gone', () => {
    for (let nth = 1; nth <= CONFLICT_COPIES_MAX; nth++) loseOnce()
    share.disk.unharmed((it) => it.removeFile(copies()[0]!))
    share.scan()
    expect(keptAt(loseOnce())).toMatch(/^a\.conflict-/)
  })

  test('are counted after a restart too, and each path by itself', () => {
    for (let nth = 1; nth <= CONFLICT_COPIES_MAX; nth++) loseOnce()
    for (let nth = 1; nth <= CONFLICT_COPIES_MAX; nth++)
      share.disk.putFile(`f/a.conflict-20231114-221320-0000000${nth % 10}.txt`, utf8(`${nth}`))
    share.scan()
    share.catalogue.commit()
    share.restart()
    expect(keptAt(loseOnce())).toMatch(/^\.left\/trash\//)
    share.disk.putFile('b', utf8('ours'))
    share.scan()
    const placed = share.placing.place(
      theirFile('b', 'theirs', { mtimeMs: START_MS + 3_600_000 }),
      share.putTemporary(utf8('theirs')),
    )
    expect(keptAt(placed)).toMatch(/^b\.conflict-/)
  })

  test('are kept once, however many there are', () => {
    for (let nth = 1; nth < CONFLICT_COPIES_MAX; nth++) loseOnce()
    share.disk.unharmed((it) => it.removeFile('a.txt'))
    share.disk.putFile('a.txt', utf8('kept already'))
    share.scan()
    const ours = share.catalogue.get('a.txt')!
    const copy = conflictPath(ours)
    share.disk.putFile(copy, utf8('kept already'))
    share.scan()
    expect(copies()).toHaveLength(CONFLICT_COPIES_MAX)
    const theirs = { version: dotted(`${THEIRS}:2000`), mtimeMs: START_MS + 37_000_000 }
    const placed = share.placing.place(
      theirFile('a.txt', 'theirs', theirs),
      share.putTemporary(utf8('theirs')),
    )
    expect(keptAt(placed)).toBe(copy)
  })

  test('that are copies themselves count as copies of the original, and make none of themselves', () => {
    for (let nth = 1; nth <= CONFLICT_COPIES_MAX; nth++) loseOnce()
    const [copy] = copies()
    const before = share.textAt(copy!)
    const theirs = { version: dotted(`${THEIRS}:2000`), mtimeMs: START_MS + 37_000_000 }
    const placed = share.placing.place(theirFile(copy!, 'theirs', theirs), share.putTemporary(utf8('theirs')))
    expect(share.textAt(keptAt(placed))).toBe(before)
    expect(keptAt(placed)).toBe(`.left/trash/${DAY}/${copy}`)
    expect(share.textAt(copy!)).toBe('theirs')
    expect(copies()).toHaveLength(CONFLICT_COPIES_MAX)
  })

  test('are kept in the trash where nothing else is', () => {
    share.trash = { days: 0, percent: 10 }
    share.restart()
    for (let nth = 1; nth <= CONFLICT_COPIES_MAX; nth++) loseOnce()
    expect(share.textAt(keptAt(loseOnce('one too many')))).toBe('one too many')
  })

  test('keep their place for a minute each where the trash has taken many within the hour, and it is said why', () => {
    for (let nth = 1; nth <= CONFLICT_COPIES_MAX; nth++) loseOnce()
    for (let nth = 0; nth <= SLOTS_NEAR; nth++) expect(keptAt(loseOnce())).toMatch(/^\.left\/trash\//)
    for (let round = 0; round < 20; round++) {
      expect(loseOnce(`beyond ${round}`)).toMatchObject({
        type: 'failed',
        noSpace: false,
        reason: expect.stringContaining('left conflicts'),
      })
      expect(share.textAt('a.txt')).toBe(`beyond ${round}`)
      share.nowMs += LOSER_PACE_MS
      expect(share.textAt(keptAt(loseOnce(`again ${round}`)))).toBe(`again ${round}`)
    }
  })
})

describe('a loser that is the beginning of the winner', () => {
  const LINE = utf8('one more line\n')
  const NEWER_MS = START_MS + 36_000_000

  /** The person has written `ours`, and the newer `theirs` of a peer, which has not seen it, takes its place. */
  function lose(
    ours: Uint8Array,
    theirs: Uint8Array,
    { isListKnown = true, mtimeMs = NEWER_MS } = {},
  ): Placed {
    share.disk.putFile('a.txt', ours)
    share.scan()
    const remote = theirFile('a.txt', theirs, { mtimeMs, version: dotted(`${THEIRS}:${1000 + ++count}`) })
    if (isListKnown && theirs.length > BLOCK_BYTES)
      share.catalogue.putList(remote.digest, listOf(theirs), undefined)
    return share.placing.place(remote, share.putTemporary(theirs))
  }

  const trashed = () =>
    [...share.disk.snapshot().keys()].filter((path) => /^\.left\/trash\/.*\/a\.txt$/.test(path))

  const digestAt = (path: string) => digestOfContent(share.disk.contentOf(path)!)

  /** The content with another byte there. */
  function changedAt(bytes: Uint8Array, position: number): Uint8Array {
    const changed = bytes.slice()
    changed[position]! ^= 1
    return changed
  }

  test.each([
    ['nothing', 0],
    ['one byte', 1],
    ['a part of a block', 1_000],
    ['a block less one byte', BLOCK_BYTES - 1],
    ['a block', BLOCK_BYTES],
    ['a block and a byte', BLOCK_BYTES + 1],
    ['several blocks', 3 * BLOCK_BYTES],
    ['several blocks and a part', 3 * BLOCK_BYTES + 500],
  ])('is in the trash and makes no copy: %s', (_, sizeBytes) => {
    const ours = sizeBytes === 0 ? new Uint8Array() : contentOf(sizeBytes)
    const placed = lose(ours, concatBytes([ours, LINE]))
    expect(placed).toMatchObject({ type: 'placed', keptAs: undefined })
    expect(share.paths).toEqual(['a.txt'])
    expect(digestAt('a.txt')).toBe(digestOfContent(concatBytes([ours, LINE])))
    expect(trashed().map(digestAt)).toEqual([digestOfContent(ours)])
    // Whoever holds the winner takes over that it has seen the loser.
    expect(share.catalogue.get('a.txt')!.version.seen).toContain(OURS)
    expect(share.scanned()).toEqual([])
  })

  test.each([
    ['the first byte of a part', 1_000, 0],
    ['the last byte of a part', 1_000, 999],
    ['the only byte of the last block', BLOCK_BYTES + 1, BLOCK_BYTES],
    ['the last byte of the only block', BLOCK_BYTES, BLOCK_BYTES - 1],
    ['a byte of a full block', 3 * BLOCK_BYTES + 500, BLOCK_BYTES + 7],
    ['the last byte of a part of a block', 3 * BLOCK_BYTES + 500, 3 * BLOCK_BYTES + 499],
  ])('but for %s gets a copy', (_, sizeBytes, position) => {
    const ours = contentOf(sizeBytes)
    const placed = lose(ours, concatBytes([changedAt(ours, position), LINE]))
    expect(digestAt(keptAt(placed))).toBe(digestOfContent(ours))
    expect(copies()).toHaveLength(1)
    expect(trashed()).toEqual([])
  })

  test.each([
    ['by one byte', 1],
    ['by a block', BLOCK_BYTES],
  ])(
    'and longer than the winner %s gets a copy: an older state that was given a newer time',
    (_, moreBytes) => {
      const ours = contentOf(BLOCK_BYTES + 1_000)
      const placed = lose(ours, ours.subarray(0, ours.length - moreBytes))
      expect(digestAt(keptAt(placed))).toBe(digestOfContent(ours))
    },
  )

  test('gets a copy where the blocks of the winner are not known', () => {
    const ours = contentOf(BLOCK_BYTES + 1_000)
    const placed = lose(ours, concatBytes([ours, LINE]), { isListKnown: false })
    expect(digestAt(keptAt(placed))).toBe(digestOfContent(ours))
  })

  test('gets a copy where what is to be placed is shorter than it', () => {
    share.disk.putFile('a.txt', utf8('ours'))
    share.scan()
    const version = dotted(`${THEIRS}:1000`)
    const remote = theirFile('a.txt', 'ours and more', { mtimeMs: NEWER_MS, version })
    expect(share.textAt(keptAt(share.placing.place(remote, share.putTemporary(utf8('our')))))).toBe('ours')
  })

  test('makes no copy either where ten are kept already', () => {
    for (let nth = 1; nth <= CONFLICT_COPIES_MAX; nth++) loseOnce()
    expect(lose(utf8('log'), utf8('log, longer'), { mtimeMs: NEWER_MS + 1_000 })).toMatchObject({
      keptAs: undefined,
    })
    expect(copies()).toHaveLength(CONFLICT_COPIES_MAX)
  })

  test('is not kept where the trash has taken too many within the hour, and the winner takes its place', () => {
    for (let nth = 0; nth <= 2 * SLOTS_NEAR; nth++) {
      const placed = lose(utf8('log '.repeat(2 * nth + 1)), utf8('log '.repeat(2 * nth + 2)), {
        mtimeMs: NEWER_MS + nth,
      })
      expect(placed).toMatchObject({ type: 'placed', keptAs: undefined })
    }
    expect(share.paths).toEqual(['a.txt'])
    expect(trashed().length).toBe(SLOTS_NEAR + 1)
  })
})
