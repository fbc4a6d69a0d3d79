// How many losers of conflicts are kept beside a file, and where those beyond that are.

import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { CONFLICT_COPIES_MAX } from '../../../src/keeper/place/limits.js'
import type { Placed } from '../../../src/keeper/place/placing.js'
import { TRASHED_PER_HOUR_MAX } from '../../../src/keeper/trash/limits.js'
import { conflictPath } from '../../../src/share/path.js'
import { dotted, ShareOnDisk, START_MS, THEIRS, theirFile } from '../share-on-disk.js'

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

  test('keep their place where the trash has taken too many, and it is said why', () => {
    for (let nth = 1; nth <= CONFLICT_COPIES_MAX; nth++) loseOnce()
    let placed: Placed
    for (let nth = 0; ; nth++) {
      placed = loseOnce(`beyond ${nth}`)
      if (placed.type === 'placed') continue
      // At least as many as one path may leave there within one hour.
      expect(nth).toBeGreaterThanOrEqual(TRASHED_PER_HOUR_MAX)
      expect(share.textAt('a.txt')).toBe(`beyond ${nth}`)
      break
    }
    expect(placed).toMatchObject({
      type: 'failed',
      noSpace: false,
      reason: expect.stringContaining('left conflicts'),
    })
    expect(share.journal.placing).toEqual([])
    share.nowMs += 3_600_000
    expect(loseOnce()).toMatchObject({ type: 'placed' })
  })
})
