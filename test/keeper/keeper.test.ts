import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { hash } from '../../src/io/hash.js'
import { NOT_HELD_BACKOFF_MS } from '../../src/keeper/intake/limits.js'
import { Keeper } from '../../src/keeper/keeper.js'
import { SETTLE_MS } from '../../src/keeper/limits.js'
import { ASK_AGAIN_MS_MAX, NOTICES_NAMED_MAX } from '../../src/keeper/peers/limits.js'
import { OWN_WRITE_REST_MS } from '../../src/keeper/scan/limits.js'
import type { PeerClaim } from '../../src/pipe/messages.js'
import { peerOf } from '../../src/share/dots.js'
import { Manifest } from '../../src/share/manifest.js'
import { deliver, OTHER, RENEWED, RestartingShare } from './restarting-share.js'
import { contentOf, OURS, THEIRS, theirFile, theirFolder } from './share-on-disk.js'

describe('a share that is read for the first time', () => {
  test('is announced when it is known, and a peer is told to wait until then', () => {
    const share = new RestartingShare({ a: '1', 'f/b': '2' })
    const [root, ...more] = share.take('root')
    expect(more).toEqual([])
    expect(root).toMatchObject({ files: 2 })
    expect(root!.whole!.map(({ path }) => path).sort()).toEqual(['a', 'f', 'f/b'])
    expect(share.notices('scanned')).toMatchObject([{ files: 2, folders: 1, bytes: 2 }])
    expect(share.notices('changed')).toEqual([])
  })

  test('answers a claim that comes too early with working', () => {
    const share = new RestartingShare()
    const { disk } = share
    disk.putFile('large', contentOf(100 * BLOCK_BYTES))
    share.keeper = new Keeper(
      { disk, hash, ...share.open(), links: 'follow', wallMs: () => share.nowMs, onFolder: () => {} },
      share.nowMs,
    )
    share.keeper.handle(
      {
        type: 'claim',
        question: 7,
        claim: {
          peer: THEIRS,
          root: new Manifest(hash).root(),
          author: undefined,
          theyKnow: undefined,
          notHeldCount: 0,
          scope: { type: 'whole' },
          changes: [],
        },
      },
      share.nowMs,
    )
    expect(share.keeper.takeMessages()).toContainEqual({ type: 'answer', question: 7, answer: 'working' })
  })
})

describe('a claim', () => {
  test('is told of what came of its peer before the root that waits for the rest', () => {
    const share = new RestartingShare()
    share.pass(5_000)
    const entries = [theirFile('a', 'first'), theirFile('b', 'second')]
    const author = peerOf(entries[0]!.version.content)
    share.claim(entries, THEIRS, { type: 'whole' }, 0, author)
    expect(share.take('knows')).toEqual([{ type: 'knows', known: [{ peer: THEIRS, author, count: 0 }] }])
    share.take('root')
    const orders = share.take('fetch-small')
    const one = orders.find(({ path }) => path === 'a')!
    share.send({
      type: 'contents',
      files: [{ fetch: one.fetch, bytes: utf8('first'), savedBytes: 0 }],
    })
    expect(share.take('knows')).toEqual([{ type: 'knows', known: [{ peer: THEIRS, author, count: 1 }] }])
    expect(share.take('root')).toEqual([])
  })

  test('with our root is answered same, and the peer is in step', () => {
    const share = new RestartingShare({ a: '1' })
    share.claim(share.take('root')[0]!.whole!)
    expect(share.take('answer')).toMatchObject([{ question: 1, answer: 'same' }])
    expect(share.take('in-step')).toEqual([
      { type: 'in-step', peer: THEIRS, equal: true, files: 1, notHeldHere: 0, notHeldThere: 0 },
    ])
  })

  test('with entries that we lack orders what they need, and the peer is in step when all is in place', () => {
    const share = new RestartingShare()
    share.claim([
      theirFolder('f'),
      theirFile('f/a', 'content'),
      theirFile('empty', ''),
      theirFile('b', 'more'),
    ])
    expect(share.take('answer')).toMatchObject([{ answer: 'differs' }])
    expect(share.textAt('empty')).toBe('')
    expect(share.take('in-step')).toEqual([])
    deliver(share, { 'f/a': 'content', b: 'more' })
    expect(share.textAt('f/a')).toBe('content')
    expect(share.textAt('b')).toBe('more')
    expect(share.take('in-step')).toMatchObject([{ peer: THEIRS, files: 3 }])
    expect(share.notices('received').map(({ path, bytes, peer }) => [path, bytes, peer])).toEqual([
      ['empty', 0, THEIRS],
      ['f/a', 7, THEIRS],
      ['b', 4, THEIRS],
    ])
    expect(share.take('work').at(-1)).toMatchObject({
      filesWanted: 3,
      bytesWanted: 11,
      filesDone: 3,
      bytesDone: 11,
    })
  })

  test('what came from a peer is announced with its version, and nothing of it comes back as a change of ours', () => {
    const share = new RestartingShare()
    const remote = theirFile('a', 'content')
    share.claim([remote])
    share.take('root')
    deliver(share, { a: 'content' })
    share.pass(1_000)
    expect(share.take('root')).toMatchObject([{ changes: [remote], files: 1 }])
    share.pass(120_000)
    expect(share.take('root')).toEqual([])
    expect(share.notices('changed')).toEqual([])
    share.claim([remote])
    expect(share.take('answer').at(-1)).toMatchObject({ answer: 'same' })
  })

  describe('of which one file is in place and another is still wanted', () => {
    function sharePlacing(): RestartingShare {
      const share = new RestartingShare()
      share.claim([theirFile('a', 'content'), theirFile('b', 'more')])
      const [a] = share.take('fetch-small')
      share.send({ type: 'contents', files: [{ fetch: a!.fetch, bytes: utf8('content'), savedBytes: 0 }] })
      expect(share.textAt('a')).toBe('content')
      return share
    }

    function hint(share: RestartingShare): void {
      share.keeper.handleHint('a')
      share.pass(0)
    }

    test('an edit of the first is found at its hint, which is the second one there', () => {
      const share = sharePlacing()
      hint(share)
      share.disk.putFile('a', utf8('edited'))
      hint(share)
      share.pass(SETTLE_MS)
      expect(share.notices('changed').map(({ path }) => path)).toEqual(['a'])
    })

    test('an edit of the first is found a second later where no hint came of our own', () => {
      const share = sharePlacing()
      share.disk.putFile('a', utf8('edited'))
      hint(share)
      share.pass(OWN_WRITE_REST_MS - 1)
      expect(share.notices('changed')).toEqual([])
      share.pass(SETTLE_MS + 1)
      expect(share.notices('changed').map(({ path }) => path)).toEqual(['a'])
    })

    test('such an edit is found at once when nothing more is wanted', () => {
      const share = sharePlacing()
      share.disk.putFile('a', utf8('edited'))
      hint(share)
      share.send({ type: 'peer-gone', peer: THEIRS })
      share.pass(SETTLE_MS)
      expect(share.notices('changed').map(({ path }) => path)).toEqual(['a'])
    })
  })

  test('whose entries are not all there is walked from the root', () => {
    const share = new RestartingShare()
    const manifest = new Manifest(hash)
    manifest.set(theirFile('a', '1'))
    manifest.set(theirFile('b', '2'))
    const claim: PeerClaim = {
      peer: THEIRS,
      root: manifest.root(),
      author: undefined,
      theyKnow: undefined,
      notHeldCount: 0,
      scope: { type: 'some' },
      changes: [],
    }
    share.send({ type: 'claim', question: 1, claim })
    const [pull] = share.take('pull-tree')
    expect(pull).toMatchObject({ peer: THEIRS, item: manifest.root() })
    share.send({
      type: 'tree',
      peer: THEIRS,
      digest: pull!.item.digest,
      bytes: manifest.item(pull!.item.digest),
    })
    expect(
      share
        .take('fetch-small')
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['a', 'b'])
  })
})

describe('a peer that knows an edit of ours that we have forgotten', () => {
  const FORGOTTEN = { author: OURS, count: 1_000 }
  const claimOf = (share: RestartingShare, theyKnow: PeerClaim['theyKnow']): void =>
    share.claim([], THEIRS, { type: 'whole' }, 0, THEIRS, theyKnow)
  const told = (share: RestartingShare) =>
    share.messages.flatMap((message) =>
      message.type === 'root'
        ? [message.own.author]
        : message.type === 'vetted' || message.type === 'refused'
          ? [message.type]
          : [],
    )

  /** One half of a move was found: nothing is announced until the other one is. */
  function movingShare(): RestartingShare {
    const share = new RestartingShare({ a: '1' })
    share.take('root')
    share.disk.rename('a', 'b')
    share.keeper.handleHint('b')
    share.pass(100)
    expect(told(share)).toEqual([])
    return share
  }

  test('may be told of entries once they are announced under the new name', () => {
    const share = new RestartingShare({ a: '1' })
    share.take('root')
    claimOf(share, FORGOTTEN)
    expect(told(share)).toEqual([RENEWED, 'vetted'])
  })

  test('waits for that where half of a move puts it off', () => {
    const share = movingShare()
    claimOf(share, FORGOTTEN)
    expect(told(share)).toEqual([])
    share.keeper.handleHint('a')
    share.pass(2_000)
    expect(told(share)).toEqual([RENEWED, 'vetted'])
    claimOf(share, { author: RENEWED, count: 0 })
    expect(told(share)).toEqual([RENEWED, 'vetted', 'vetted'])
  })

  test('is told nothing where it is refused while it waits', () => {
    const share = movingShare()
    claimOf(share, FORGOTTEN)
    claimOf(share, { ...FORGOTTEN, author: RENEWED })
    share.keeper.handleHint('a')
    share.pass(2_000)
    expect(told(share)).toEqual(['refused', RENEWED])
  })
})

describe('what is held because it is so much', () => {
  const files = Object.fromEntries(Array.from({ length: 100 }, (_, each) => [`f/${each}`, `${each}`]))
  const ofHeld = (share: RestartingShare) =>
    share.notices('note').filter(({ message }) => message.includes('left status'))

  test.each([60, 61])('is said again at the next start, with its number: %s', (count) => {
    const share = new RestartingShare(files)
    for (let each = 0; each < count; each++) share.disk.unharmed((disk) => disk.removeFile(`f/${each}`))
    share.pass(60_000)
    expect(ofHeld(share)).toHaveLength(1)
    share.kill()
    expect(ofHeld(share).map(({ message }) => message)).toEqual([
      `${count} changes are held, as before, because so much was deleted or replaced at once: left status shows which, and what can be done`,
    ])
  })

  test('is not spoken of where nothing is held', () => {
    const share = new RestartingShare(files)
    share.kill()
    expect(share.notices('note')).toEqual([])
  })
})

describe('links of a peer, a thousand of them', () => {
  test('are refused in a few lines and a number, and not again with its next root', () => {
    const share = new RestartingShare()
    const links = Array.from({ length: 1_000 }, (_, index) => ({
      ...theirFile(`link-${index}`, ''),
      kind: 'link' as const,
      digest: '',
      target: '/etc/passwd',
    }))
    share.claim(links)
    share.pass(60_000)
    expect(share.notices('problem')).toHaveLength(NOTICES_NAMED_MAX)
    expect(share.notices('note').map(({ message }) => message)).toEqual([
      `${1_000 - NOTICES_NAMED_MAX} more paths were refused of peer ${THEIRS}`,
    ])
    share.messages = []
    share.claim([...links, theirFile('new', 'n')])
    share.pass(60_000)
    expect([...share.notices('problem'), ...share.notices('note')]).toEqual([])
  })
})

describe('a peer that does not hold all that it knows', () => {
  const remote = theirFile('a', 'content')

  /** Its file was asked for once, and the peer answered that it is gone. */
  function refused(notHeldCount: number): RestartingShare {
    const share = new RestartingShare()
    share.claim([remote], THEIRS, { type: 'whole' }, notHeldCount)
    const [order] = share.take('fetch-small')
    share.send({ type: 'fetch-failed', fetch: order!.fetch, reason: 'gone' })
    return share
  }

  test('gives what it does not hold to nobody: that is known, tried again more and more rarely, and asked of no tree', () => {
    const share = refused(1)
    share.pass(100)
    expect(share.take('root').at(-1)).toMatchObject({ whole: [remote], notHeldCount: 1 })
    expect(share.take('ask')).toEqual([])
    for (let waitMs = NOT_HELD_BACKOFF_MS; waitMs < 60_000; waitMs *= 2) {
      share.pass(waitMs)
      const orders = share.take('fetch-small')
      expect(orders).toHaveLength(1)
      share.send({ type: 'fetch-failed', fetch: orders[0]!.fetch, reason: 'gone' })
    }
    expect(share.notices('problem')).toEqual([])
  })

  test('is asked at once when it holds more, or when another comes', () => {
    for (const [peer, notHeldCount] of [
      [THEIRS, 0],
      [OTHER, 0],
    ] as const) {
      const share = refused(1)
      share.claim([remote], peer, { type: 'whole' }, notHeldCount)
      share.pass(1)
      deliver(share, { a: 'content' })
      expect(share.textAt('a')).toBe('content')
      share.pass(100)
      expect(share.take('root').at(-1)).toMatchObject({ notHeldCount: 0 })
    }
  })

  test('that holds all is asked for its state anew, as what it said is over', () => {
    const share = refused(0)
    share.pass(ASK_AGAIN_MS_MAX)
    expect(share.take('ask')).toMatchObject([{ peer: THEIRS }])
    expect(share.take('root').at(-1)).toMatchObject({ whole: [], notHeldCount: 0 })
  })

  test('nor do we give what we do not hold', () => {
    const share = refused(1)
    share.take('located')
    share.send({ type: 'locate', items: [{ kind: 'file', digest: remote.digest }] })
    expect(share.take('located')).toMatchObject([{ items: [{ location: { type: 'gone' } }] }])
  })
})
