import { describe, expect, test } from 'vitest'
import { DAY_MS } from '../../../src/base/calendar.js'
import { Expiry } from '../../../src/keeper/index/expiry.js'
import { EXPIRY_STEP_PATHS, TOMBSTONE_DAYS, TOMBSTONE_LATE_DAYS } from '../../../src/keeper/index/limits.js'
import { removeContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { FedShare } from '../fed-share.js'
import { ShareOnDisk, START_MS, THEIRS, theirFile } from '../share-on-disk.js'

const OTHER = 'cccccccccccccccc'
/** When the day of START_MS began. */
const DAY_BEGAN_MS = Math.floor(START_MS / DAY_MS) * DAY_MS
const BORDER_MS = DAY_BEGAN_MS + (TOMBSTONE_DAYS + 1) * DAY_MS

function deletion(path: string, mtimeMs = START_MS): Entry {
  return removeContent(theirFile(path, 'x'), `${THEIRS}:9`, mtimeMs).entry
}

/** A share that knows these deletions and holds a file. */
function shareWith(...deletions: Entry[]): ShareOnDisk {
  const share = new ShareOnDisk()
  for (const entry of deletions) share.catalogue.record(entry, undefined)
  share.catalogue.record(theirFile('held', 'x'), undefined)
  share.catalogue.commit()
  return share
}

function expiryOf(share: ShareOnDisk, wallMs: () => number): Expiry {
  return new Expiry({ catalogue: share.catalogue, wallMs }, 0)
}

describe('a deletion', () => {
  test('is remembered to the border of a day and not beyond, and counts for the tree so long', () => {
    const share = shareWith(deletion('a'), deletion('f/b', DAY_BEGAN_MS + DAY_MS))
    const without = shareWith(deletion('f/b', DAY_BEGAN_MS + DAY_MS)).catalogue.manifest.root()
    let wallMs = BORDER_MS - 1
    const expiry = expiryOf(share, () => wallMs)
    expect(share.catalogue.get('a')).toBeDefined()
    expect(expiry.pollTimeout()).toBe(1)
    wallMs = BORDER_MS
    expect(expiry.step(1)).toBe(true)
    expect(share.catalogue.get('a')).toBeUndefined()
    expect(share.catalogue.get('f/b')).toBeDefined()
    expect(share.catalogue.manifest.root()).toEqual(without)
    expect(expiry.pollTimeout()).toBe(1 + DAY_MS)
    share.catalogue.commit()
    share.restart()
    expect(share.catalogue.get('a')).toBeUndefined()
  })

  test('that expired while LEFT was not there is forgotten before anybody is told of it', () => {
    const share = shareWith(
      ...Array.from({ length: 2 * EXPIRY_STEP_PATHS }, (_, count) => deletion(`f/${count}`)),
    )
    const expiry = expiryOf(share, () => BORDER_MS)
    expect(share.catalogue.manifest.size).toBe(1)
    expect(expiry.busy).toBe(false)
  })

  test('is forgotten a bounded number at a time, and not where something was made meanwhile', () => {
    const paths = Array.from({ length: EXPIRY_STEP_PATHS + 10 }, (_, count) => `f/${count}`)
    const share = shareWith(...paths.map((path) => deletion(path)))
    let wallMs = BORDER_MS - 1
    const expiry = expiryOf(share, () => wallMs)
    wallMs = BORDER_MS
    expiry.step(1)
    expect(share.catalogue.manifest.size).toBe(11)
    share.catalogue.record(theirFile('f/0', 'anew'), undefined)
    while (expiry.busy) expiry.step(1)
    expect(share.catalogue.get('f/0')).toMatchObject({ kind: 'file' })
    expect(share.catalogue.manifest.size).toBe(2)
  })

  test('is remembered as long as what it deleted still stands here: stopped by the breaker, or a folder with something in it', () => {
    const share = shareWith(theirFile('stopped', 'x'), deletion('folder'))
    share.catalogue.keptEntries.keep(deletion('stopped'))
    share.catalogue.setRemaining('folder', true)
    let wallMs = BORDER_MS
    const expiry = expiryOf(share, () => wallMs)
    for (const path of ['stopped', 'folder']) expect(share.catalogue.get(path)?.kind).toBe('tombstone')
    // Undone or confirmed, and empty by now.
    share.catalogue.keptEntries.drop('stopped')
    share.catalogue.setRemaining('folder', false)
    wallMs += DAY_MS
    expiry.step(DAY_MS)
    for (const path of ['stopped', 'folder']) expect(share.catalogue.get(path)).toBeUndefined()
  })

  test('that a peer still tells of is past for as long as clocks may differ', () => {
    const share = shareWith()
    let wallMs = BORDER_MS - 1
    const expiry = expiryOf(share, () => wallMs)
    expect(expiry.isPast(deletion('a'))).toBe(false)
    wallMs = BORDER_MS
    expect(expiry.isPast(deletion('a'))).toBe(true)
    wallMs = BORDER_MS + TOMBSTONE_LATE_DAYS * DAY_MS - 1
    expect(expiry.isPast(deletion('a'))).toBe(true)
    wallMs++
    expect(expiry.isPast(deletion('a'))).toBe(false)
  })
  test('that only just expired ends what was wanted of peers and it deletes', () => {
    const share = new FedShare([], { wallMs: () => BORDER_MS })
    const deleted = share.theirs('a', 'x')
    share.tell([deleted])
    share.tell([deleted], OTHER)
    const orders = share.orders()
    share.tell([deletion('a')])
    share.give(orders)
    share.give(share.orders())
    share.pass(1_000)
    expect(share.paths).toEqual([])
    expect(share.opened.catalogue.get('a')).toEqual(deletion('a'))
  })
})
