// A path that more peers have edited than a vector has room for: the person is told what may come of it, once.

import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { SEEN_PEERS_MAX } from '../../src/share/dots.js'
import { dotted, ShareOnDisk, THEIRS, theirFile } from './share-on-disk.js'

const dotsOf = (count: number) =>
  Array.from({ length: count }, (_, peer) => `${(peer + 1).toString(16).padStart(16, '0')}:1`)

/** How often the person was told, where so many peers had edited the path before it was edited here. */
function toldAfter(peerCount: number): number {
  const share = new ShareOnDisk()
  share.disk.putFile('a', utf8('1'))
  share.scan()
  const { catalogue } = share
  catalogue.record({ ...catalogue.get('a')!, version: dotted(...dotsOf(peerCount)) }, undefined)
  for (const text of ['22', '333']) {
    share.disk.putFile('a', utf8(text))
    share.scan()
  }
  return catalogue.folded.takeNotices().length
}

test('an edit of ours that has no room for one peer more is told once, and one that has is not', () => {
  expect([SEEN_PEERS_MAX - 1, SEEN_PEERS_MAX].map(toldAfter)).toEqual([0, 1])
})

test('so is what two peers have edited apart, once for each path', () => {
  const share = new ShareOnDisk()
  const { catalogue, placing } = share
  const ours = theirFile('a', '1', { version: dotted(...dotsOf(SEEN_PEERS_MAX)) })
  catalogue.record(ours, undefined)
  const theirs = theirFile('a', '1', { version: dotted(`${THEIRS}:1`) })
  for (const remote of [theirs, theirs]) placing.decide(remote)
  const [notice, ...more] = catalogue.folded.takeNotices()
  expect(notice).toMatchObject({ event: 'note' })
  expect(JSON.stringify(notice)).toMatch(
    /^\{"event":"note","message":"a was edited by more than 64 peers.*conflict copy/,
  )
  expect(more).toEqual([])
})
