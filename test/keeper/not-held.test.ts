// What is known and not held, at the scanner and at the placing: absence is no deletion, and what a person makes there is an edit
// that has not seen it.

import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { DAY_MS } from '../../src/base/calendar.js'
import { PLACE_RETRY_MS, PLACE_TRIES_MAX, RETRY_BACKOFF_MS } from '../../src/keeper/intake/limits.js'
import { Knowing } from '../../src/keeper/place/knowing.js'
import { holds, uniteSeen } from '../../src/share/dots.js'
import { removeContent } from '../../src/share/edit.js'
import type { Entry } from '../../src/share/entry.js'
import { FedShare } from './fed-share.js'
import {
  dotted,
  OURS,
  ShareOnDisk,
  START_MS,
  THEIRS,
  theirFile,
  theirFolder,
  theirLink,
} from './share-on-disk.js'

const OTHER = 'cccccccccccccccc'
const theirs = theirFile('a', 'theirs')

function knowing(share: ShareOnDisk): Knowing {
  const { disk, catalogue, scanner } = share
  return new Knowing({ disk, catalogue, scanner })
}

function shareThatKnows(): ShareOnDisk {
  const share = new ShareOnDisk()
  expect(knowing(share).know(theirs)).toBe('news')
  return share
}

describe('a scan', () => {
  test('takes the absence of what is not held for no deletion, after a restart neither', () => {
    const share = shareThatKnows()
    share.catalogue.commit()
    expect(share.scanned()).toEqual([])
    share.restart()
    expect(share.scanned()).toEqual([])
    share.restart({ power: true })
    expect(share.scanned()).toEqual([])
    expect([share.catalogue.get('a'), share.catalogue.isHeld('a')]).toEqual([theirs, false])
  })

  test('finds the very content that was known: it is held, and no edit but of its time', () => {
    const share = shareThatKnows()
    share.disk.putFile('a', utf8('theirs'), { mtimeMs: theirs.mtimeMs })
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.live('a')).toEqual(theirs)
    expect(share.catalogue.signature('a')).toBeDefined()
  })

  test('finds the very content made for its owner alone: an edit of who may read it', () => {
    const share = shareThatKnows()
    share.disk.putFile('a', utf8('theirs'), { mtimeMs: theirs.mtimeMs, mode: 0o600 })
    expect(share.scanned()).toEqual(['file a'])
    const entry = share.catalogue.live('a')!
    expect(entry.access).toBe('owner')
    expect(entry.version.content).toBe(theirs.version.content)
  })

  test('finds another content: an edit that has not seen what was known', () => {
    const share = shareThatKnows()
    share.disk.putFile('a', utf8('ours'))
    expect(share.scanned()).toEqual(['file a'])
    const { version } = share.catalogue.live('a')!
    expect(holds(version.seen, theirs.version.content)).toBe(false)
    expect(share.placing.decide(theirs).type).toMatch(/conflict|keep/)
  })

  test('leaves what is not held in a folder that a person deletes', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('f/ours', utf8('1'))
    share.scan()
    knowing(share).know(theirFile('f/theirs', '2'))
    share.disk.unharmed((disk) => {
      disk.removeFile('f/ours')
      disk.removeFolder('f')
    })
    expect(share.scanned()).toEqual(['tombstone f', 'tombstone f/ours'])
    expect(share.catalogue.get('f/theirs')!.kind).toBe('file')
  })
})

describe('what is not held', () => {
  test('is fetched when it is considered again', () => {
    expect(shareThatKnows().placing.decide(theirs)).toMatchObject({ type: 'take', entry: theirs })
  })

  test('takes over what a peer knows more of it, and gives way to its next version', () => {
    const share = shareThatKnows()
    const touched = {
      ...theirs,
      version: { ...theirs.version, attributes: `${THEIRS}:2`, seen: `${THEIRS}:2` },
    }
    expect(share.placing.decide(touched)).toMatchObject({ type: 'take', entry: touched })
    const next = theirFile('a', 'next', { version: dotted(`${THEIRS}:1`, `${THEIRS}:2`) })
    expect(share.placing.decide(next)).toMatchObject({ type: 'take', entry: next })
  })

  test('is no loser to keep: what wins against it is taken as it is', () => {
    const winner = theirFile('a', 'winner', {
      mtimeMs: theirs.mtimeMs + 1,
      version: dotted('cccccccccccccccc:1'),
    })
    expect(shareThatKnows().placing.decide(winner)).toMatchObject({ type: 'take', entry: winner })
    const loser = { ...winner, mtimeMs: theirs.mtimeMs - 1 }
    expect(shareThatKnows().placing.decide(loser)).toEqual({ type: 'keep', wins: true })
  })

  test('is not known where something of ours stands, in the catalogue or not', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a', utf8('ours'))
    expect(knowing(share).know(theirs)).toBe('unread')
    share.scan()
    expect(knowing(share).know({ ...theirs, version: dotted(`${OURS}:1`, `${THEIRS}:1`) })).toBe('nothing')
    expect(share.catalogue.notHeldCount).toBe(0)
  })

  test('is not known where something of ours stands below, nor of a deletion', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a/b', utf8('ours'))
    share.scan()
    expect(knowing(share).know(theirs)).toBe('nothing')
    const deletion = {
      ...theirFolder('gone'),
      kind: 'tombstone',
      deletedKind: 'folder',
      access: 'none',
    } as const
    expect(knowing(share).know(deletion)).toBe('nothing')
  })
})

describe('what the disk refuses, of which its peer tells more while a file that nobody has read yet stands there', () => {
  let share: FedShare
  let newer: Entry
  beforeEach(() => {
    share = new FedShare([])
    share.disk.faults.refusePath('a')
    const first = share.theirs('a', 'theirs')
    newer = { ...first, executable: true, version: { ...first.version, ...attributesOf(2) } }
    share.tell([first])
    share.give(share.orders())
    expect(share.opened.catalogue.isHeld('a')).toBe(false)
    share.disk.putFile('a', utf8('ours'))
    share.tell([newer])
    share.disk.unharmed((disk) => disk.removeFile('a'))
  })

  test('is had as the peer told it last', () => {
    share.disk.faults.refusePath('a', false)
    share.pass(RETRY_BACKOFF_MS)
    share.give(share.orders())
    share.pass(1_000)
    expect(share.textAt('a')).toBe('theirs')
    expect(share.opened.catalogue.live('a')).toEqual(newer)
  })

  test('is known as the peer told it last where the disk still refuses it', () => {
    share.pass(RETRY_BACKOFF_MS)
    share.give(share.orders())
    expect(share.opened.catalogue.get('a')).toEqual(newer)
    expect(share.opened.catalogue.isHeld('a')).toBe(false)
  })
})

test('what its peer wrote anew while a file that nobody may read stood there is had as it was told last', () => {
  const share = new FedShare([])
  share.disk.faults.refusePath('a')
  share.tell([share.theirs('a', 'first')])
  share.give(share.orders())
  share.disk.faults.refusePath('a', false)
  share.disk.putFile('a', utf8('unreadable'))
  share.disk.deny('a')
  const second = share.theirs('a', 'second', { version: dotted(`${THEIRS}:1`, `${THEIRS}:2`) })
  share.tell([second])
  share.give(share.orders())
  share.pass(PLACE_TRIES_MAX * PLACE_RETRY_MS)
  share.disk.unharmed((disk) => disk.removeFile('a'))
  share.pass(RETRY_BACKOFF_MS)
  share.give(share.orders())
  share.pass(1_000)
  expect(share.opened.catalogue.live('a')).toEqual(second)
  expect(share.textAt('a')).toBe('second')
})

describe('what the disk refused, and the next try of which ended with the session', () => {
  let share: FedShare
  let theirs: Entry
  beforeEach(() => {
    share = new FedShare([])
    share.disk.faults.refusePath('a')
    theirs = share.theirs('a', 'theirs')
    share.tell([theirs], THEIRS, 1)
    share.give(share.orders())
    share.disk.faults.refusePath('a', false)
    share.pass(RETRY_BACKOFF_MS)
    const [order] = share.orders()
    share.send({ type: 'fetch-failed', fetch: order!.fetch, reason: 'peer-gone' })
    expect(share.orders()).toEqual([])
  })

  test.each(['in another session', 'anew'])('is had when its peer holds more, %s', (how) => {
    if (how === 'anew') share.send({ type: 'peer-gone', peer: THEIRS })
    share.tell([theirs], THEIRS, 0)
    share.give(share.orders())
    share.pass(1_000)
    expect(share.textAt('a')).toBe('theirs')
  })

  test('is had of another peer that comes', () => {
    share.tell([theirs], OTHER)
    const orders = share.orders()
    expect(orders).toMatchObject([{ peer: OTHER, path: 'a' }])
    share.give(orders)
    share.pass(1_000)
    expect(share.textAt('a')).toBe('theirs')
  })
})

describe('what is known and not held, in whose place came what had not seen it', () => {
  let share: FedShare
  let older: Entry
  let newer: Entry
  let deletion: Entry
  beforeEach(() => {
    share = new FedShare([], { links: 'follow' })
    older = share.theirs('a', 'older', { mtimeMs: START_MS - 2 })
    newer = share.theirs('a', 'newer', { mtimeMs: START_MS - 1, version: dotted(`${OTHER}:1`) })
    deletion = removeContent(newer, `${OTHER}:2`, START_MS).entry
  })

  function isKnown(entry: Entry): boolean {
    return share.opened.catalogue.get('a')!.version.content === entry.version.content
  }

  test('is known again when that is deleted, and had when the disk takes it', () => {
    share.disk.faults.refusePath('a')
    share.tell([older], THEIRS)
    share.give(share.orders())
    share.tell([newer], OTHER)
    share.give(share.orders())
    expect([isKnown(newer), share.opened.catalogue.isHeld('a')]).toEqual([true, false])
    share.tell([deletion], OTHER)
    share.give(share.orders())
    expect([isKnown(older), share.opened.catalogue.isHeld('a')]).toEqual([true, false])
    share.disk.faults.refusePath('a', false)
    share.pass(2 * RETRY_BACKOFF_MS)
    share.give(share.orders())
    expect(share.textAt('a')).toBe('older')
  })

  test('is known again where it is a link that is not taken, and that was in place', () => {
    const link = theirLink('a', 'elsewhere')
    share.tell([link], THEIRS)
    expect(isKnown(link)).toBe(true)
    share.tell([newer], OTHER)
    share.give(share.orders())
    expect(share.textAt('a')).toBe('newer')
    share.tell([deletion], OTHER)
    share.pass(1_000)
    expect(share.textAt('a')).toBeUndefined()
    expect([isKnown(link), share.opened.catalogue.isHeld('a')]).toEqual([true, false])
  })

  test('does not come back once its peer has replaced it, where an edit here has not seen it', () => {
    share = new FedShare(['b', 'c'], { maxDelete: { percent: 1, filesMin: 1, isStrict: false } })
    const later = START_MS + 2 * DAY_MS
    older = share.theirs('a', 'older', { mtimeMs: later })
    newer = share.theirs('a', 'newer', { mtimeMs: later + 1, version: dotted(`${OTHER}:1`) })
    share.tell([older], THEIRS)
    share.tell([], OTHER)
    share.give(share.orders())
    share.disk.unharmed((disk) => {
      for (const path of ['a', 'b']) disk.removeFile(path)
    })
    share.pass(DAY_MS)
    expect([...share.opened.catalogue.stoppedPaths.missing].sort()).toEqual(['a', 'b'])
    share.tell([newer], OTHER)
    share.give(share.orders())
    share.disk.putFile('a', utf8('edited here'))
    const seen = uniteSeen(newer.version.seen, older.version.seen)
    share.tell([{ ...newer, version: { ...newer.version, seen } }], THEIRS)
    share.pass(DAY_MS)
    share.give(share.orders())
    expect(share.textAt('a')).toBe('edited here')
  })

  test('is known where a person removes what stood at the path of a link that is not taken', () => {
    share = new FedShare(['a'], { links: 'follow' })
    const link = theirLink('a', 'elsewhere')
    share.tell([link], THEIRS)
    expect(isKnown(link)).toBe(false)
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.pass(DAY_MS)
    expect([isKnown(link), share.opened.catalogue.isHeld('a')]).toEqual([true, false])
  })
})

function attributesOf(count: number) {
  return { attributes: `${THEIRS}:${count}`, seen: `${THEIRS}:${count}` }
}
