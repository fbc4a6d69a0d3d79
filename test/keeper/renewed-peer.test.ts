// A peer that lost what it told, and is back in another name before its session was seen to end.

import { expect, test } from 'vitest'
import { hash } from '../../src/io/hash.js'
import type { PeerId } from '../../src/share/dots.js'
import type { Entry } from '../../src/share/entry.js'
import { Manifest } from '../../src/share/manifest.js'
import { FedShare } from './fed-share.js'
import { dotted, START_MS, THEIRS } from './share-on-disk.js'

const FORMER = THEIRS
const RENEWED = 'cccccccccccccccc'
const MINUTE_MS = 60_000

class Share extends FedShare {
  constructor() {
    super(['a'], { direction: 'send-only' })
  }

  /** The peer tells in this name that it knows `entry`. */
  tellAs(author: PeerId, entry: Entry): void {
    const manifest = new Manifest(hash)
    manifest.set(entry)
    const claim = { peer: THEIRS, root: manifest.root(), author, theyKnow: undefined, notHeldCount: 0 }
    this.send({ type: 'claim', question: 1, claim: { ...claim, scope: { type: 'whole' }, changes: [entry] } })
    this.pass(1_000)
  }

  remove(): void {
    this.disk.unharmed((disk) => disk.removeFile('a'))
    this.keeper.handleHint('a')
    this.pass(MINUTE_MS)
  }

  get known(): Entry {
    return this.opened.catalogue.get('a')!
  }
}

test('what a peer lost, and what lost against ours before, beats nothing that the peer tells in its new name', () => {
  const share = new Share()
  const first = share.theirs('a', 'first', { mtimeMs: START_MS + MINUTE_MS, version: dotted(`${FORMER}:1`) })
  const edit = share.theirs('a', 'edit', { mtimeMs: START_MS - MINUTE_MS, version: dotted(`${FORMER}:2`) })
  share.tellAs(FORMER, first)
  expect(share.known.digest).toBe(first.digest)
  share.tellAs(FORMER, edit)
  expect(share.known.digest).not.toBe(first.digest)
  // Lost with the machine, which has the first from somebody else again, and closed it.
  const version = { content: `${FORMER}:1`, attributes: `${RENEWED}:1`, seen: `${FORMER}:1,${RENEWED}:1` }
  const back: Entry = { ...first, access: 'owner', version: version as Entry['version'] }
  share.tellAs(RENEWED, back)
  expect(share.known).toMatchObject({ digest: first.digest, access: 'owner' })
  expect(share.textAt('a')).toBe('a')
})

test('what a peer still has in its new name wins once what it lost against is gone', () => {
  const share = new Share()
  const edit = share.theirs('a', 'edit', { mtimeMs: START_MS - MINUTE_MS, version: dotted(`${FORMER}:1`) })
  share.tellAs(FORMER, edit)
  share.tellAs(RENEWED, edit)
  expect(share.known.digest).not.toBe(edit.digest)
  share.remove()
  expect(share.known.digest).toBe(edit.digest)
})
