// The first start on a whole share of format 1: what stands on the disk is known, and nothing of it is read or told.

import { describe, expect, test } from 'vitest'
import { bytesOfHex, concatBytes, utf8 } from '../../../src/base/bytes.js'
import { SETTLE_MS } from '../../../src/keeper/limits.js'
import { indexLineOfFormat1 } from '../index/format1.js'
import { OURS, ShareOnDisk, type ShareOptions, START_MS, THEIRS } from '../share-on-disk.js'

const HOUR_AGO_MS = START_MS - 3_600_000

/** A share as the program of format 1 left it: every entry in the version that its scan and its peers had given it. */
function shareOfFormat1(options: ShareOptions = {}): ShareOnDisk {
  const share = new ShareOnDisk({ links: 'keep', ...options })
  share.disk.putFile('a', utf8('1'))
  share.disk.putFile('f/private', utf8('2'), { mode: 0o600 })
  share.disk.putFile('f/run', utf8('3'), { executable: true, mtimeMs: HOUR_AGO_MS })
  share.disk.putFile('gone', utf8('4'))
  share.disk.unharmed((disk) => disk.makeLink('f/link', '../a'))
  share.scan()
  share.disk.unharmed((disk) => disk.removeFile('gone'))
  share.scan()
  share.catalogue.commit()
  for (const [at, { path, value }] of [...share.index.load()].entries())
    share.index.put(
      path,
      indexLineOfFormat1(path, value, at % 2 === 0 ? `${OURS}:3` : `${OURS}:1,${THEIRS}:2`),
    )
  share.index.putMeta('format', '1')
  share.index.commit()
  share.changes.length = 0
  share.nowMs += 3_600_000
  return share
}

describe('a share of format 1', () => {
  test.each([
    ['a kill', {}],
    ['a loss of power', { power: true }],
  ])('has no edits after %s, and no file of it is read', (_, how) => {
    const share = shareOfFormat1()
    share.disk.settle()
    share.restart(how)
    share.disk.failNext('io', 'open')
    expect(share.notes).toEqual([])
    expect(share.scanned()).toEqual([])
    expect(share.problems).toEqual([])
    // The next file that is read would have failed.
    share.disk.putFile('a', utf8('edited'))
    share.scan()
    expect(share.problems).toHaveLength(1)
  })

  test('finds the edits that were made while it was being renewed, and those only', () => {
    const share = shareOfFormat1()
    share.disk.putFile('a', utf8('edited'))
    share.disk.unharmed((disk) =>
      disk.setMode('f/private', { access: 'none', executable: true, widens: false }),
    )
    share.disk.unharmed((disk) => disk.setTimes('f/run', START_MS))
    share.restart()
    expect(share.scanned()).toEqual(['file a', 'file f/private', 'file f/run'])
  })

  test('takes up a placing that a kill of the old program left, in the words of its log', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('f/run me', utf8('hello'), { executable: true, mtimeMs: -1 })
    share.disk.putFile('.left/journal', concatBytes([utf8('left-journal 1\n'), bytesOfHex(LOG_OF_FORMAT_1)!]))
    share.index.putMeta('format', '1')
    share.restart()
    expect(share.notes).toEqual([expect.stringContaining('taken as received')])
    expect(share.catalogue.get('f/run me')).toMatchObject({
      executable: true,
      mtimeMs: -1,
      sizeBytes: 5,
      version: { seen: expect.stringContaining(`${OURS}:12,${THEIRS}:3`) },
    })
    share.pass(SETTLE_MS)
    expect(share.scanned()).toEqual(['folder f'])
  })
})

/** By the program of format 1: `opened boot-1`, then `placing - .left/tmp/small-1 x 5 -1 <digest> a…:12,b…:3 f/run%20me`. */
const LOG_OF_FORMAT_1 =
  '0000000d7eefa6536f70656e656420626f6f742d3100000095a98c0baf706c6163696e67202d202e6c6566742f746d702f736d616c6c2d3120782035202d31203066373962663766343165313062383733653066323462373031313539623439353130333739363735323964313864636163633933393261386662663531363320616161616161616161616161616161613a31322c626262626262626262626262626262623a3320662f72756e2532306d65'
