import { describe, expect, test } from 'vitest'
import { BlockSet } from '../../src/base/blockset.js'
import { equalBytes, utf8 } from '../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { crc32, hash } from '../../src/io/hash.js'
import {
  NOT_HELD_BACKOFF_MS,
  PLACE_RETRY_MS,
  PLACE_TRIES_MAX,
  RETRY_BACKOFF_MS,
} from '../../src/keeper/intake/limits.js'
import { Room } from '../../src/keeper/intake/room.js'
import { Wants } from '../../src/keeper/intake/wants.js'
import { Keeper } from '../../src/keeper/keeper.js'
import { FULL_DISK_RETRY_MS, SETTLE_MS } from '../../src/keeper/limits.js'
import { ASK_AGAIN_MS_MAX, NOTICES_NAMED_MAX } from '../../src/keeper/peers/limits.js'
import { openShare } from '../../src/keeper/recover/recovery.js'
import { OWN_WRITE_REST_MS } from '../../src/keeper/scan/limits.js'
import type {
  EngineToKeeper,
  FetchId,
  KeeperNotice,
  KeeperToEngine,
  PeerClaim,
} from '../../src/pipe/messages.js'
import { NO_MIN_FREE } from '../../src/pipe/settings.js'
import { peerOf } from '../../src/share/dots.js'
import { removeContent } from '../../src/share/edit.js'
import type { Entry } from '../../src/share/entry.js'
import { Manifest } from '../../src/share/manifest.js'
import { isEntry } from '../../src/share/tree-move.js'
import { SimDisk } from '../../src/sim/disk/disk.js'
import { SimIndex } from '../../src/sim/peer/index.js'
import { SimWitness } from '../../src/sim/peer/witness.js'
import { SeededRandom } from '../../src/sim/random.js'
import {
  contentOf,
  countedEdits,
  digestOfContent,
  dotted,
  listOf,
  OURS,
  START_MS,
  THEIRS,
  theirFile,
  theirFolder,
  theirLink,
} from './share-on-disk.js'

const OTHER = 'cccccccccccccccc'
const RENEWED = 'dddddddddddddddd'

type Told<T extends KeeperToEngine['type']> = KeeperToEngine & { readonly type: T }

/** A keeper on a simulated disk; the test is its engine and its peers. */
class KeptShare {
  nowMs = START_MS
  readonly disk = new SimDisk({ nowMs: () => this.nowMs })
  readonly index = new SimIndex()
  readonly witness = new SimWitness()
  private readonly counts = new SimIndex()
  keeper!: Keeper
  messages: KeeperToEngine[] = []
  private question = 0

  constructor(
    files: Readonly<Record<string, string>> = {},
    private readonly minFree = NO_MIN_FREE,
  ) {
    for (const [path, text] of Object.entries(files)) this.disk.putFile(path, utf8(text))
    this.start()
  }

  /** Starts the watcher process, or the next one after a kill, and lets it read the share. */
  start(): void {
    const { disk, index } = this
    const wallMs = () => this.nowMs
    const opened = openShare({
      disk,
      peer: OURS,
      hash,
      crc32,
      index,
      boot: 'boot',
      wallMs,
      random: () => 0,
      witness: this.witness,
    })
    const { catalogue, journal } = opened
    const edits = countedEdits(this.counts, opened.edits.author, RENEWED)
    const options = {
      disk,
      hash,
      journal,
      catalogue,
      edits,
      authors: opened.authors,
      links: 'follow',
      wallMs,
      minFree: this.minFree,
      onFolder: () => {},
    } as const
    this.keeper = new Keeper(options, this.nowMs)
    this.pass(2_000)
  }

  kill(): void {
    this.disk.crash({ power: false, random: new SeededRandom(1) })
    this.index.crash()
    this.messages = []
    this.start()
  }

  /** Time passes; the keeper steps as its owner would have it. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      while (this.keeper.step(this.nowMs)) this.collect()
      this.collect()
      const dueMs = this.keeper.pollTimeout()
      if (dueMs === undefined || dueMs > endMs) break
      this.nowMs = Math.max(this.nowMs + 1, dueMs)
    }
    this.nowMs = endMs
  }

  send(message: EngineToKeeper): void {
    this.keeper.handle(message, this.nowMs)
    this.pass(0)
  }

  /** A peer says that it holds these entries, and everything that it holds. */
  claim(
    entries: readonly Entry[],
    peer = THEIRS,
    scope: PeerClaim['scope'] = { type: 'whole' },
    notHeldCount = 0,
    author?: string,
    theyKnow?: PeerClaim['theyKnow'],
  ): void {
    const manifest = new Manifest(hash)
    for (const entry of entries) manifest.set(entry)
    this.send({
      type: 'claim',
      question: ++this.question,
      claim: {
        peer,
        root: manifest.root(),
        author,
        theyKnow,
        notHeldCount,
        scope,
        changes: entries,
      },
    })
  }

  /** The messages of one type since they were last taken. */
  take<T extends KeeperToEngine['type']>(type: T): Told<T>[] {
    const taken = this.messages.filter((message): message is Told<T> => message.type === type)
    this.messages = this.messages.filter((message) => message.type !== type)
    return taken
  }

  notices<E extends KeeperNotice['event']>(event: E): (KeeperNotice & { event: E })[] {
    const notices = this.messages.flatMap((message) => (message.type === 'notice' ? [message.notice] : []))
    return notices.filter((notice): notice is KeeperNotice & { event: E } => notice.event === event)
  }

  textAt(path: string): string | undefined {
    const bytes = this.disk.contentOf(path)
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }

  private collect(): void {
    this.messages.push(...this.keeper.takeMessages())
  }
}

/** Plays the engine for every small fetch that was ordered, from these contents by path. */
function deliver(share: KeptShare, contents: Readonly<Record<string, string>>): void {
  const files = share.take('fetch-small').map(({ fetch, path }) => ({
    fetch,
    bytes: utf8(contents[path]!),
    savedBytes: 0,
  }))
  if (files.length > 0) share.send({ type: 'contents', files })
}

describe('a share that is read for the first time', () => {
  test('is announced when it is known, and a peer is told to wait until then', () => {
    const share = new KeptShare({ a: '1', 'f/b': '2' })
    const [root, ...more] = share.take('root')
    expect(more).toEqual([])
    expect(root).toMatchObject({ files: 2 })
    expect(root!.whole!.map(({ path }) => path).sort()).toEqual(['a', 'f', 'f/b'])
    expect(share.notices('scanned')).toMatchObject([{ files: 2, folders: 1, bytes: 2 }])
    expect(share.notices('changed')).toEqual([])
  })

  test('answers a claim that comes too early with working', () => {
    const share = new KeptShare()
    const { disk, index } = share
    disk.putFile('large', contentOf(100 * BLOCK_BYTES))
    const opened = openShare({
      disk,
      peer: OURS,
      hash,
      crc32,
      index,
      boot: 'boot',
      wallMs: () => share.nowMs,
      random: () => 0,
      witness: share.witness,
    })
    share.keeper = new Keeper(
      { disk, hash, ...opened, links: 'follow', wallMs: () => share.nowMs, onFolder: () => {} },
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
    const share = new KeptShare()
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
    const share = new KeptShare({ a: '1' })
    share.claim(share.take('root')[0]!.whole!)
    expect(share.take('answer')).toMatchObject([{ question: 1, answer: 'same' }])
    expect(share.take('in-step')).toEqual([
      { type: 'in-step', peer: THEIRS, equal: true, files: 1, notHeldHere: 0, notHeldThere: 0 },
    ])
  })

  test('with entries that we lack orders what they need, and the peer is in step when all is in place', () => {
    const share = new KeptShare()
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
    const share = new KeptShare()
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
    function sharePlacing(): KeptShare {
      const share = new KeptShare()
      share.claim([theirFile('a', 'content'), theirFile('b', 'more')])
      const [a] = share.take('fetch-small')
      share.send({ type: 'contents', files: [{ fetch: a!.fetch, bytes: utf8('content'), savedBytes: 0 }] })
      expect(share.textAt('a')).toBe('content')
      return share
    }

    function hint(share: KeptShare): void {
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
    const share = new KeptShare()
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
  const claimOf = (share: KeptShare, theyKnow: PeerClaim['theyKnow']): void =>
    share.claim([], THEIRS, { type: 'whole' }, 0, THEIRS, theyKnow)
  const told = (share: KeptShare) =>
    share.messages.flatMap((message) =>
      message.type === 'root'
        ? [message.own.author]
        : message.type === 'vetted' || message.type === 'refused'
          ? [message.type]
          : [],
    )

  /** One half of a move was found: nothing is announced until the other one is. */
  function movingShare(): KeptShare {
    const share = new KeptShare({ a: '1' })
    share.take('root')
    share.disk.rename('a', 'b')
    share.keeper.handleHint('b')
    share.pass(100)
    expect(told(share)).toEqual([])
    return share
  }

  test('may be told of entries once they are announced under the new name', () => {
    const share = new KeptShare({ a: '1' })
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

describe('a large file', () => {
  const large = contentOf(3 * BLOCK_BYTES)
  const remote = theirFile('large', large)

  /** Plays the engine: the list, then every block that is needed, into the temporary file. */
  function fetchList(share: KeptShare): Told<'fetch-blocks'> {
    const [order] = share.take('fetch-list')
    expect(order).toMatchObject({ peer: THEIRS, path: 'large' })
    share.send({ type: 'list', fetch: order!.fetch, list: listOf(large), sums: undefined })
    return share.take('fetch-blocks')[0]!
  }

  function write(share: KeptShare, order: Told<'fetch-blocks'>, blockIndices: readonly number[]): void {
    share.disk.unharmed((disk) => {
      const handle = disk.create(order.temporary)
      for (const index of blockIndices) {
        const start = index * BLOCK_BYTES
        disk.write(handle, large.subarray(start, start + BLOCK_BYTES), start)
      }
      disk.close(handle)
    })
    share.send({ type: 'blocks', fetch: order.fetch, blockIndices })
  }

  test('is fetched by its list, block by block, and put in place', () => {
    const share = new KeptShare()
    share.claim([remote])
    const order = fetchList(share)
    expect([...new BlockSet(3, order.needed)]).toEqual([0, 1, 2])
    write(share, order, [0, 1, 2])
    share.send({
      type: 'fetched',
      fetch: order.fetch,
      crossedBytes: large.length,
      savedBytes: 7,
      sources: [],
    })
    expect(equalBytes(share.disk.contentOf('large')!, large)).toBe(true)
    expect(share.notices('fetching')).toMatchObject([{ path: 'large', resumedBytes: 0, reusedBytes: 0 }])
    expect(share.notices('received')).toMatchObject([{ path: 'large', crossedBytes: large.length }])
    expect(share.take('in-step')).toHaveLength(1)
  })

  test('goes on after a kill from the blocks that the log names', () => {
    const share = new KeptShare()
    share.claim([remote])
    const order = fetchList(share)
    write(share, order, [0, 2])
    share.kill()
    share.claim([remote])
    const again = fetchList(share)
    expect([...new BlockSet(3, again.needed)]).toEqual([1])
    expect(share.notices('fetching')).toMatchObject([{ resumedBytes: 2 * BLOCK_BYTES }])
  })

  test('goes on from where it was when its peer goes away and another has it', () => {
    const share = new KeptShare()
    share.claim([remote])
    share.claim([remote], OTHER)
    const order = fetchList(share)
    write(share, order, [0])
    share.send({ type: 'peer-gone', peer: THEIRS })
    expect(share.take('cancel')).toMatchObject([{ fetch: order.fetch }])
    const [other] = share.take('fetch-list')
    expect(other).toMatchObject({ peer: OTHER })
    share.send({ type: 'list', fetch: other!.fetch, list: listOf(large), sums: undefined })
    expect([...new BlockSet(3, share.take('fetch-blocks')[0]!.needed)]).toEqual([1, 2])
  })

  test('that changed in one block pulls that block alone', () => {
    const share = new KeptShare()
    const old = large.slice()
    old[BLOCK_BYTES + 5]! ^= 1
    share.disk.putFile('large', old)
    share.keeper.handleHint('large')
    share.pass(1_000)
    share.claim([{ ...remote, version: dotted(`${OURS}:1`, `${THEIRS}:1`) }])
    expect([...new BlockSet(3, fetchList(share).needed)]).toEqual([1])
    expect(share.notices('fetching')).toMatchObject([{ reusedBytes: 2 * BLOCK_BYTES }])
  })

  test('that its source touches meanwhile goes on from its blocks', () => {
    const share = new KeptShare()
    share.claim([remote])
    const order = fetchList(share)
    write(share, order, [0, 2])
    const seen = dotted(`${THEIRS}:1`, `${THEIRS}:2`)
    share.claim([{ ...remote, mtimeMs: START_MS, version: { ...seen, content: `${THEIRS}:1` } }])
    expect(share.take('cancel')).toMatchObject([{ fetch: order.fetch }])
    expect([...new BlockSet(3, fetchList(share).needed)]).toEqual([1])
    expect(share.notices('fetching').at(-1)).toMatchObject({ resumedBytes: 2 * BLOCK_BYTES })
  })

  test('that its source writes anew meanwhile leaves nothing of the content before', () => {
    const share = new KeptShare()
    share.claim([remote])
    const order = fetchList(share)
    write(share, order, [0, 2])
    const anew = contentOf(2 * BLOCK_BYTES)
    share.claim([theirFile('large', anew, { version: dotted(`${THEIRS}:1`, `${THEIRS}:2`) })])
    expect(share.take('cancel')).toMatchObject([{ fetch: order.fetch }])
    expect(share.disk.snapshot().has(order.temporary)).toBe(false)
  })

  test('may be given up, and its pieces stay for the next try', () => {
    const share = new KeptShare()
    share.claim([remote])
    const order = fetchList(share)
    write(share, order, [1])
    share.send({ type: 'peer-gone', peer: THEIRS })
    share.claim([remote])
    expect([...new BlockSet(3, fetchList(share).needed)]).toEqual([0, 2])
  })
})

describe('a fetch that fails', () => {
  test.each([
    ['the peer has it no more', 'gone'],
    ['the session is over, of several with the peer', 'peer-gone'],
  ] as const)('because %s: the peer is asked for its state again', (_, reason) => {
    const share = new KeptShare()
    share.claim([theirFile('a', '1')])
    share.send({ type: 'fetch-failed', fetch: share.take('fetch-small')[0]!.fetch, reason })
    share.pass(1_000)
    expect(share.take('ask')).toEqual([{ type: 'ask', peer: THEIRS }])
    expect(share.take('in-step')).toEqual([])
  })

  test('because the peer is gone asks nobody', () => {
    const share = new KeptShare()
    share.claim([theirFile('a', '1')])
    share.send({ type: 'fetch-failed', fetch: share.take('fetch-small')[0]!.fetch, reason: 'peer-gone' })
    share.send({ type: 'peer-gone', peer: THEIRS })
    share.pass(1_000)
    expect(share.take('ask')).toEqual([])
  })

  test('is taken up with another peer that has it', () => {
    const share = new KeptShare()
    share.claim([theirFile('a', '1')])
    share.claim([theirFile('a', '1')], OTHER)
    share.send({ type: 'fetch-failed', fetch: share.take('fetch-small')[0]!.fetch, reason: 'gone' })
    expect(share.take('fetch-small')).toMatchObject([{ peer: OTHER, path: 'a' }])
  })

  test('because what comes does not match its digest: the person is told', () => {
    const share = new KeptShare()
    share.claim([theirFile('a', '1')])
    share.send({ type: 'fetch-failed', fetch: share.take('fetch-small')[0]!.fetch, reason: 'unservable' })
    expect(share.notices('abandoned')).toMatchObject([
      { path: 'a', reason: expect.stringContaining('digest') },
    ])
  })

  test('of a number that is not known any more changes nothing', () => {
    const share = new KeptShare()
    share.send({ type: 'fetch-failed', fetch: 99, reason: 'gone' })
    share.send({ type: 'fetched', fetch: 99, crossedBytes: 1, savedBytes: 0, sources: [] })
    share.send({ type: 'contents', files: [{ fetch: 99, bytes: utf8('1'), savedBytes: 0 }] })
    share.send({ type: 'list', fetch: 99, list: new Uint8Array(64), sums: undefined })
    expect(share.disk.snapshot().has('a')).toBe(false)
  })
})

describe('a full disk', () => {
  test.each([
    ['a file', theirFile('a', 'content')],
    ['an empty file', theirFile('a', '')],
  ])('pauses %s, says so once, and goes on when there is room', (_, remote) => {
    const share = new KeptShare()
    share.disk.failNext('no-space', 'create')
    share.claim([remote])
    deliver(share, { a: 'content' })
    expect(share.notices('paused')).toHaveLength(1)
    expect(share.notices('problem')).toEqual([])
    expect(share.textAt('a')).toBeUndefined()
    share.pass(FULL_DISK_RETRY_MS)
    deliver(share, { a: 'content' })
    expect(share.textAt('a')).toBe(remote.sizeBytes === 0 ? '' : 'content')
    expect(share.notices('resumed')).toHaveLength(1)
  })

  test('is tried again after the pause, and no later, where the file is complete and only its place was full', () => {
    const share = new KeptShare()
    share.claim([theirFile('a', 'content')])
    share.disk.failNext('no-space', 'linkFile')
    deliver(share, { a: 'content' })
    expect(share.notices('paused')).toHaveLength(1)
    share.pass(FULL_DISK_RETRY_MS - 1)
    expect(share.textAt('a')).toBeUndefined()
    share.pass(1)
    expect(share.textAt('a')).toBe('content')
  })
})

describe('what is to stay free of the disk', () => {
  const KEPT_BYTES = 1_000_000

  /** With so much room above what is kept, once the log is what it is. */
  function shareWithRoom(roomBytes: number): KeptShare {
    const share = new KeptShare({}, { percent: 0, bytes: KEPT_BYTES })
    share.disk.capacityBytes = share.disk.usedBytes + KEPT_BYTES + roomBytes
    return share
  }

  test('is a part of the disk, or so many bytes if that is more', () => {
    const disk = new SimDisk({ nowMs: () => 0, capacityBytes: 2_000 })
    const room = (percent: number, bytes: number) =>
      new Room({ disk, minFree: { percent, bytes }, wants: new Wants() })
    expect([1_800, 1_801].map((bytes) => room(10, 50).has(bytes))).toEqual([true, false])
    expect([1_500, 1_501].map((bytes) => room(10, 500).has(bytes))).toEqual([true, false])
    expect(room(0, 0).has(10_000)).toBe(true)
    expect(() => room(10, 500).claim(1_501)).toThrow(expect.objectContaining({ code: 'no-space' }))
    disk.capacityBytes = undefined
    expect(room(10, 500).has(10_000)).toBe(true)
  })

  test('is not taken by what is on its way already', () => {
    const disk = new SimDisk({ nowMs: () => 0, capacityBytes: 10 * BLOCK_BYTES })
    const wants = new Wants()
    const room = new Room({ disk, minFree: { percent: 0, bytes: BLOCK_BYTES }, wants })
    const [first, second] = [4, 3].map((blocks) => {
      const want = wants.add(theirFile(`${blocks}`, new Uint8Array(blocks * BLOCK_BYTES)), THEIRS)
      wants.pollOrder({ holderOf: () => undefined, isComparing: () => false }, 0)
      room.reserve(want.fetch!, blocks * BLOCK_BYTES)
      return want
    })
    expect([2, 3].map((blocks) => room.has(blocks * BLOCK_BYTES))).toEqual([true, false])
    room.handleWritten(first!.fetch!, 1)
    expect([3, 4].map((blocks) => room.has(blocks * BLOCK_BYTES))).toEqual([true, false])
    wants.endFetch(second!)
    expect([6, 7].map((blocks) => room.has(blocks * BLOCK_BYTES))).toEqual([true, false])
  })

  test.each([
    ['just enough room', 700, true],
    ['not quite enough room', 699, false],
  ])('lets a small file come with %s for it', (_, roomBytes, comes) => {
    const share = shareWithRoom(roomBytes)
    const text = 'x'.repeat(700)
    share.claim([theirFile('a', text)])
    expect(share.notices('paused')).toHaveLength(comes ? 0 : 1)
    expect(share.take('fetch-small')).toHaveLength(comes ? 1 : 0)
  })

  test('holds back a small file that was ordered while there was room, and it comes when there is some again', () => {
    const share = shareWithRoom(700)
    share.claim([theirFile('a', 'x'.repeat(700))])
    const roomy = share.disk.capacityBytes!
    share.disk.capacityBytes = roomy - 1
    deliver(share, { a: 'x'.repeat(700) })
    expect(share.textAt('a')).toBeUndefined()
    expect(share.notices('paused')).toMatchObject([{ reason: expect.stringContaining('--min-free') }])
    share.pass(FULL_DISK_RETRY_MS)
    expect(share.take('fetch-small')).toEqual([])
    share.disk.capacityBytes = roomy + 10_000
    share.pass(FULL_DISK_RETRY_MS)
    deliver(share, { a: 'x'.repeat(700) })
    expect(share.textAt('a')).toBe('x'.repeat(700))
    expect(share.notices('resumed')).toHaveLength(1)
    expect(share.notices('paused')).toHaveLength(1)
  })

  test.each([
    ['no folder and no empty file either where less than that is free', -1, 0],
    ['both where just that is free', 0, 2],
  ])('lets %s come', (_, roomBytes, count) => {
    const share = shareWithRoom(0)
    // Bytes that the log takes of that room are the keeper's own.
    const claimed = [theirFolder('folder'), theirFile('empty', '')]
    share.disk.capacityBytes! += roomBytes === 0 ? 2_000 : roomBytes
    share.claim(claimed)
    expect([...share.disk.snapshot().keys()].filter((path) => !path.startsWith('.left'))).toHaveLength(count)
  })

  const large = contentOf(4 * BLOCK_BYTES)
  large.fill(0, BLOCK_BYTES, 2 * BLOCK_BYTES)

  function orderLarge(share: KeptShare): FetchId | undefined {
    const [order] = share.take('fetch-list')
    if (order !== undefined)
      share.send({ type: 'list', fetch: order.fetch, list: listOf(large), sums: undefined })
    return order?.fetch
  }

  test.each([
    ['just enough room', 4_000, true],
    ['not enough room', -1, false],
  ])('lets a large file be built with %s for its blocks that are not zeros', (_, more, comes) => {
    const share = shareWithRoom(3 * BLOCK_BYTES + more)
    share.claim([theirFile('a', large)])
    orderLarge(share)
    expect(share.take('fetch-blocks')).toHaveLength(comes ? 1 : 0)
    expect(share.notices('paused')).toHaveLength(comes ? 0 : 1)
    // Its list is not asked for in vain again and again.
    share.pass(3 * FULL_DISK_RETRY_MS)
    expect(share.take('fetch-list')).toEqual([])
    if (comes) return
    share.disk.capacityBytes! += 10_000
    share.pass(FULL_DISK_RETRY_MS)
    orderLarge(share)
    expect(share.take('fetch-blocks')).toHaveLength(1)
  })

  test('is not needed twice for what an interrupted fetch has written', () => {
    const share = shareWithRoom(3 * BLOCK_BYTES + 4_000)
    share.claim([theirFile('a', large)])
    const fetch = orderLarge(share)!
    const [order] = share.take('fetch-blocks')
    share.disk.unharmed((disk) => {
      const handle = disk.create(order!.temporary)
      disk.write(handle, large.subarray(0, BLOCK_BYTES), 0)
      disk.close(handle)
    })
    share.send({ type: 'blocks', fetch, blockIndices: [0] })
    share.disk.capacityBytes = share.disk.usedBytes + KEPT_BYTES + 2 * BLOCK_BYTES + 4_000
    share.send({ type: 'fetch-failed', fetch, reason: 'peer-gone' })
    share.claim([theirFile('a', large)])
    orderLarge(share)
    expect(share.take('fetch-blocks')).toHaveLength(1)
    expect(share.notices('paused')).toEqual([])
  })
})

describe('what cannot be placed here', () => {
  test('is reported once, and not fetched again until it changes', () => {
    const share = new KeptShare({ 'folder/x': '1' })
    share.disk.unharmed((disk) => disk.makeLink('link', 'folder'))
    share.pass(60_000)
    const remote = theirFile('link/a', 'theirs')
    share.claim([remote])
    deliver(share, { 'link/a': 'theirs' })
    expect(share.notices('problem')).toMatchObject([{ path: 'link/a' }])
    share.claim([remote])
    expect(share.take('fetch-small')).toEqual([])
    share.claim([{ ...remote, version: dotted(`${THEIRS}:2`) }])
    expect(share.take('fetch-small')).toHaveLength(1)
    expect(share.disk.contentOf('folder/a')).toBeUndefined()
  })

  test('is tried again after a while, more and more rarely, without another word of it', () => {
    const share = new KeptShare({ 'folder/x': '1' })
    share.disk.unharmed((disk) => disk.makeLink('link', 'folder'))
    share.pass(60_000)
    const remote = theirFile('link/a', 'theirs')
    share.claim([remote])
    for (const waitMs of [RETRY_BACKOFF_MS, 2 * RETRY_BACKOFF_MS]) {
      deliver(share, { 'link/a': 'theirs' })
      share.pass(waitMs - 1)
      expect(share.take('root').at(-1)?.notHeldCount ?? 1).toBe(1)
      expect(share.take('fetch-small')).toEqual([])
      share.pass(1)
      expect(share.messages.filter(({ type }) => type === 'fetch-small')).toMatchObject([{ path: 'link/a' }])
    }
    expect(share.notices('problem')).toHaveLength(1)
    // The person's repair is no change that a scan would see.
    share.disk.unharmed((disk) => {
      disk.removeFile('link')
      disk.makeFolder('link')
    })
    deliver(share, { 'link/a': 'theirs' })
    expect(share.textAt('link/a')).toBe('theirs')
  })

  test('waits while something unknown stands in its place, and meets it as a conflict', () => {
    const share = new KeptShare()
    share.claim([theirFile('a', 'theirs', { mtimeMs: START_MS + 3_600_000 })])
    share.disk.putFile('a', utf8('made here meanwhile'))
    deliver(share, { a: 'theirs' })
    share.pass(5_000)
    expect(share.textAt('a')).toBe('theirs')
    const [conflict] = share.notices('conflict')
    expect(share.textAt(conflict!.kept)).toBe('made here meanwhile')
  })

  test('is announced as far as it went: the folder on its way', () => {
    const share = new KeptShare()
    share.disk.faults.refusePath('f/a')
    share.disk.faults.refusePath('f')
    // Known already, so that nothing else is news when it is tried again.
    share.claim([theirFile('f/a', 'theirs')])
    deliver(share, { 'f/a': 'theirs' })
    share.pass(5_000)
    share.disk.faults.refusePath('f', false)
    share.pass(RETRY_BACKOFF_MS - 10_000)
    share.take('root')
    share.pass(10_000)
    deliver(share, { 'f/a': 'theirs' })
    share.pass(5_000)
    expect(share.disk.unharmed((disk) => disk.stat('f')?.kind)).toBe('folder')
    const told = share.take('root').flatMap(({ changes }) => changes?.filter(isEntry) ?? [])
    expect(told.filter(({ path }) => path === 'f').at(-1)).toMatchObject({ kind: 'folder' })
  })
})

describe('serving', () => {
  test('reads the files of a pack end to end, up to the length of a block, and none where one is not here', () => {
    const rest = contentOf(BLOCK_BYTES - 4)
    const share = new KeptShare({ a: 'text', b: 'x' })
    share.disk.putFile('rest', rest)
    share.keeper.handleHint('rest')
    share.pass(1_000)
    const [a, b] = [theirFile('a', 'text').digest, theirFile('b', 'x').digest]
    const whole = digestOfContent(rest)
    const pack = (...members: string[]) => ({ kind: 'pack', digest: '0'.repeat(64), members }) as const
    share.send({
      type: 'locate',
      items: [pack(b, a), pack(a, whole), pack(a, b, whole), pack(a, '1'.repeat(64)), pack()],
    })
    expect(share.take('located')[0]!.items.map(({ location }) => location)).toMatchObject([
      { type: 'pack', files: [{ path: 'b', sizeBytes: 1 }, { path: 'a' }], bytes: utf8('xtext') },
      { type: 'pack', files: [{ path: 'a' }, { path: 'rest', sizeBytes: BLOCK_BYTES - 4 }] },
      { type: 'gone' },
      { type: 'gone' },
      { type: 'pack', files: [] },
    ])
  })

  test('of a pack looks at a file that is shorter than it was', () => {
    const share = new KeptShare({ a: 'text', b: 'x' })
    const members = [theirFile('a', 'text').digest, theirFile('b', 'x').digest]
    share.disk.putFile('a', utf8('t'))
    share.send({ type: 'locate', items: [{ kind: 'pack', digest: '0'.repeat(64), members }] })
    expect(share.take('located')[0]!.items).toMatchObject([{ location: { type: 'gone' } }])
    share.pass(1_000)
    expect(share.notices('changed')).toMatchObject([{ path: 'a' }])
  })

  test('tells where a file, its list and a tree item are', () => {
    const share = new KeptShare({ a: 'text' })
    const large = contentOf(BLOCK_BYTES + 1)
    share.disk.putFile('large', large)
    share.keeper.handleHint('large')
    share.pass(1_000)
    const root = share.take('root').at(-1)!
    const { digest } = theirFile('large', large)
    const small = theirFile('a', 'text').digest
    share.send({
      type: 'locate',
      items: [
        { kind: 'file', digest: small },
        { kind: 'file', digest },
        { kind: 'list', digest },
        { kind: 'tree', digest: root.root.digest },
        { kind: 'file', digest: '0'.repeat(64) },
        { kind: 'tree', digest: '0'.repeat(64) },
        { kind: 'list', digest: small },
      ],
    })
    expect(share.take('located')[0]!.items.map(({ location }) => location)).toMatchObject([
      { type: 'content', path: 'a', bytes: utf8('text') },
      { type: 'file', path: 'large', sizeBytes: large.length, list: listOf(large) },
      { type: 'bytes', bytes: listOf(large) },
      { type: 'bytes' },
      { type: 'gone' },
      { type: 'gone' },
      { type: 'gone' },
    ])
  })

  test('a file that proved to be something else is read again', () => {
    const share = new KeptShare({ a: 'text' })
    share.disk.putFile('a', utf8('edited without a hint'))
    share.send({ type: 'suspect', path: 'a' })
    share.pass(1_000)
    expect(share.notices('changed')).toMatchObject([{ path: 'a' }])
  })
})

describe('what is held because it is so much', () => {
  const files = Object.fromEntries(Array.from({ length: 100 }, (_, each) => [`f/${each}`, `${each}`]))
  const ofHeld = (share: KeptShare) =>
    share.notices('note').filter(({ message }) => message.includes('left status'))

  test.each([60, 61])('is said again at the next start, with its number: %s', (count) => {
    const share = new KeptShare(files)
    for (let each = 0; each < count; each++) share.disk.unharmed((disk) => disk.removeFile(`f/${each}`))
    share.pass(60_000)
    expect(ofHeld(share)).toHaveLength(1)
    share.kill()
    expect(ofHeld(share).map(({ message }) => message)).toEqual([
      `${count} changes are held, as before, because so much was deleted or replaced at once: left status shows which, and what can be done`,
    ])
  })

  test('is not spoken of where nothing is held', () => {
    const share = new KeptShare(files)
    share.kill()
    expect(share.notices('note')).toEqual([])
  })
})

describe('links of a peer, a thousand of them', () => {
  test('are refused in a few lines and a number, and not again with its next root', () => {
    const share = new KeptShare()
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
  function refused(notHeldCount: number): KeptShare {
    const share = new KeptShare()
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

describe('a link of a peer where links are followed', () => {
  test('is known and not held, and a restart keeps that', () => {
    const share = new KeptShare()
    const link = theirLink('to', 'elsewhere')
    share.claim([link])
    share.pass(100)
    expect(share.take('root').at(-1)).toMatchObject({ whole: [link], notHeldCount: 1 })
    share.kill()
    expect(share.take('root').at(-1)).toMatchObject({ whole: [link], notHeldCount: 1 })
    share.claim([link])
    expect(share.take('in-step')).toMatchObject([{ equal: true, notHeldHere: 1, notHeldThere: 0 }])
    expect(share.disk.unharmed((disk) => disk.statLink('to'))).toBeUndefined()
  })
})

describe('a folder that became a link', () => {
  test('refuses what belongs into it by that name, and nothing that came with it', () => {
    const share = new KeptShare()
    const first = { 'f/a': 'old a', b: 'old b' }
    const folder = theirFolder('f')
    share.claim([folder, ...Object.entries(first).map(([path, text]) => theirFile(path, text))])
    deliver(share, first)
    expect(share.textAt('f/a')).toBe('old a')
    share.disk.unharmed((disk) => {
      disk.rename('f', 'g')
      disk.makeLink('f', 'g')
    })
    share.pass(5_000)
    share.messages = []
    const second = { 'f/a': 'new a', b: 'new b' }
    const entries = Object.entries(second).map(([path, text]) =>
      theirFile(path, text, {
        version: dotted(theirFile(path, '').version.content, `${THEIRS}:900`),
        mtimeMs: START_MS + 3_600_000,
      }),
    )
    share.claim([folder, ...entries])
    deliver(share, second)
    share.pass(100)
    expect(share.textAt('b')).toBe('new b')
    expect(share.textAt('g/a')).toBe('old a')
    expect(share.notices('problem')).toMatchObject([
      { path: 'f/a', reason: expect.stringContaining('behind a link') },
    ])
  })
})

describe('a file in the place of a folder', () => {
  test('is placed once what was in the folder is gone, also where another file waits for its content', () => {
    const share = new KeptShare({ 'd/x': 'old' })
    const ours = new Map(share.take('root')[0]!.whole!.map(({ path, version }) => [path, version.content]))
    const dotOf = (path: string) => ours.get(path)!
    const gone = removeContent(
      theirFile('d/x', 'old', { version: dotted(dotOf('d/x')) }),
      `${THEIRS}:1`,
      START_MS,
    ).entry
    const file = theirFile('d', 'same', { version: dotted(dotOf('d'), `${THEIRS}:2`) })
    share.claim([file, gone, theirFile('e', 'same', { version: dotted(`${THEIRS}:3`) })])
    deliver(share, { d: 'same', e: 'same' })
    share.pass(2 * PLACE_RETRY_MS)
    expect([share.textAt('d'), share.textAt('e')]).toEqual(['same', 'same'])
  })
})

describe('a file whose place is taken by something that cannot be read', () => {
  const reason = 'what stands in its place cannot be read or does not come to rest'

  /** A share just before the last try: only that one is left. */
  function untilLastTry(): KeptShare {
    const share = new KeptShare()
    share.claim([theirFile('a', 'content')])
    share.disk.putFile('a', utf8('unreadable'))
    share.disk.deny('a')
    deliver(share, { a: 'content' })
    share.pass((PLACE_TRIES_MAX - 1) * PLACE_RETRY_MS - 1)
    return share
  }

  test(`is given up with try ${PLACE_TRIES_MAX}, and not sooner`, () => {
    const share = untilLastTry()
    expect(share.notices('problem').filter((problem) => problem.reason === reason)).toEqual([])
    expect(share.take('in-step')).toEqual([])
    share.pass(1)
    expect(share.notices('problem')).toContainEqual({ event: 'problem', path: 'a', reason })
    expect(share.take('in-step')).toMatchObject([{ equal: false }])
    expect(share.textAt('a')).toBe('unreadable')
  })

  test(`is put in place with try ${PLACE_TRIES_MAX} where its place is free by then`, () => {
    const share = untilLastTry()
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.pass(1)
    expect(share.textAt('a')).toBe('content')
    expect(share.notices('received')).toMatchObject([{ path: 'a' }])
  })
})
