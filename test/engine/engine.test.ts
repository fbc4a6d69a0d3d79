import { beforeEach, describe, expect, test } from 'vitest'
import { concatBytes, hexOf, utf8 } from '../../src/base/bytes.js'
import { BLOCK_BYTES, PACK_FILES_MAX, WEAK_SUM_BYTES } from '../../src/base/limits.js'
import { ANNOUNCED_AHEAD_MAX } from '../../src/engine/limits.js'
import { hash } from '../../src/io/hash.js'
import { TREE_PULLS_MAX } from '../../src/pipe/limits.js'
import type { ItemName, Location } from '../../src/pipe/messages.js'
import { FrameBuffer } from '../../src/rdt/pool.js'
import type { Entry } from '../../src/share/entry.js'
import { encodeEntry } from '../../src/share/entry-line.js'
import { Manifest } from '../../src/share/manifest.js'
import { contentOf, digestOfContent, listOf, OURS, THEIRS, theirFile } from '../keeper/share-on-disk.js'
import { answerClaims, carry, connectPeers, PlayedPeer, runPeers } from './played-peers.js'
import { OWN_COUNTS } from './talk/tell.js'

let nowMs: number
let a: PlayedPeer
let b: PlayedPeer
beforeEach(() => {
  nowMs = 0
  a = new PlayedPeer('10.0.0.1:1', OURS, 1)
  b = new PlayedPeer('10.0.0.2:1', THEIRS, 2)
})

function bytesOrGone(bytes: Uint8Array | undefined): Location {
  return bytes === undefined ? { type: 'gone' } : { type: 'bytes', bytes }
}

function run(ms: number): void {
  nowMs = runPeers(a, b, nowMs, ms)
}

function connect(): void {
  nowMs = connectPeers(a, b, nowMs)
}

const answerAll = (peer: PlayedPeer, answer: 'same' | 'differs'): void => {
  answerClaims(peer, answer, nowMs)
  run(50)
}

const file = theirFile('a', 'content')

describe('two peers', () => {
  test('that hold the same say so once each, in a few hundred bytes', () => {
    connect()
    a.know([file], nowMs)
    b.know([file], nowMs)
    run(50)
    answerAll(b, 'same')
    const root = new Manifest(hash)
    root.set(file)
    // B is not vetted yet: it is told no entry.
    const { digest, sizeBytes } = root.root()
    expect(b.heard).toEqual([`h|*|${digest}:${sizeBytes}|*|${OWN_COUNTS.author}|*|-|*|-|*|0`])
    expect(a.heard).toEqual(['s'])
    expect(a.take('claim')).toMatchObject([{ claim: { peer: THEIRS, root: root.root() } }])
    run(4_000)
    expect(a.heard).toHaveLength(1)
  })

  test('that differ learn of each other in one exchange', () => {
    connect()
    a.know([], nowMs)
    b.know([file], nowMs)
    run(50)
    answerAll(b, 'differs')
    expect(a.heard).toEqual([expect.stringMatching(/^e\|\*\|/)])
    expect(a.take('claim')).toMatchObject([
      { claim: { peer: THEIRS, scope: { type: 'whole' }, changes: [file] } },
    ])
    run(4_000)
    expect(b.heard).toHaveLength(1)
  })

  test('wait while one of them is still reading its share', () => {
    connect()
    a.know([], nowMs)
    run(1_000)
    expect(a.heard.length).toBeGreaterThanOrEqual(3)
    expect(new Set(a.heard)).toEqual(new Set(['w|*|300']))
    b.know([file], nowMs)
    run(400)
    expect(b.take('claim')).toHaveLength(1)
  })
})

describe('what is no message of ecp', () => {
  beforeEach(() => {
    connect()
    b.know([], nowMs)
  })

  test.each(['', 'x', 's', 'w|*|1', 'e|*|', 'h|*|nonsense|*|-', '\u0000'])(
    '%j is answered with working',
    (text) => {
      a.engine.endpoint.sendRequest(1, utf8(text), nowMs)
      run(50)
      expect(a.heard).toEqual(['w|*|300'])
      expect(b.take('claim')).toEqual([])
    },
  )

  test('an entry that cannot be read makes a list incomplete, and the rest of it counts', () => {
    const root = `${'0'.repeat(64)}:130`
    a.engine.endpoint.sendRequest(
      1,
      utf8(`h|*|${root}|*|${OWN_COUNTS.author}|*|-|*|whole|*|0|*|nonsense|*|${encodeEntry(file)}`),
      nowMs,
    )
    run(50)
    expect(b.take('claim')).toMatchObject([{ claim: { scope: { type: 'some' }, changes: [file] } }])
  })

  test('an answer that cannot be read makes the asker ask again', () => {
    a.know([], nowMs)
    run(50)
    const [claim] = b.take('claim')
    expect(claim).toBeDefined()
    // Session and number of the only request that is outstanding.
    b.engine.endpoint.sendReply(1, 1, utf8('nonsense'))
    run(400)
    expect(a.heard).toEqual(['nonsense'])
    expect(b.heard.map((text) => text[0])).toEqual(['h', 'h'])
  })
})

describe('a file', () => {
  const large = contentOf(2 * BLOCK_BYTES + 5)
  const digest = digestOfContent(large)
  const ref = { kind: 'file', digest, sizeBytes: large.length } as const

  beforeEach(() => {
    connect()
    b.files.set('large', large)
  })

  /** Plays B's keeper, which knows where everything is. */
  function locateAll(): void {
    locate(b.take('locate').flatMap(({ items }) => items))
  }

  function locate(names: readonly ItemName[], sums?: Uint8Array): void {
    if (names.length > 0) {
      const located = names.map((name) => ({
        name,
        location:
          name.kind === 'list' || name.kind === 'sums'
            ? bytesOrGone(name.kind === 'list' ? listOf(large) : sums)
            : ({
                type: 'file',
                path: 'large',
                sizeBytes: large.length,
                mtimeMs: 0,
                list: listOf(large),
              } as const),
      }))
      b.tell({ type: 'located', items: located }, nowMs)
    }
    run(50)
  }

  test('of several blocks is received list first, then the blocks that are needed, and reported', () => {
    a.tell({ type: 'fetch-list', fetch: 1, peer: THEIRS, file: ref, path: 'large', isNew: false }, nowMs)
    run(50)
    locateAll()
    expect(a.take('list')).toEqual([{ type: 'list', fetch: 1, list: listOf(large) }])
    a.tell({ type: 'fetch-blocks', fetch: 1, temporary: 'tmp', needed: Uint8Array.of(0b101) }, nowMs)
    run(50)
    locateAll()
    run(100)
    expect(
      a
        .take('blocks')
        .flatMap(({ blockIndices }) => blockIndices)
        .sort(),
    ).toEqual([0, 2])
    expect(a.take('fetched')).toEqual([
      {
        type: 'fetched',
        fetch: 1,
        crossedBytes: BLOCK_BYTES + 5,
        savedBytes: 0,
        sources: [{ peer: THEIRS, bytes: BLOCK_BYTES + 5 }],
      },
    ])
    const written = a.files.get('tmp')!
    expect(hash(written.subarray(0, BLOCK_BYTES))).toEqual(hash(large.subarray(0, BLOCK_BYTES)))
    expect(hash(written.subarray(BLOCK_BYTES, 2 * BLOCK_BYTES))).toEqual(hash(new Uint8Array(BLOCK_BYTES)))
  })

  test.each([
    [undefined, undefined],
    [3 * WEAK_SUM_BYTES, 3 * WEAK_SUM_BYTES],
    [3 * WEAK_SUM_BYTES - 1, undefined],
    [3 * WEAK_SUM_BYTES + 1, undefined],
    [0, undefined],
  ])('has the weak sums of its blocks told with its list: of %s bytes, %s are taken', (length, taken) => {
    const sums = length === undefined ? undefined : new Uint8Array(length).fill(7)
    a.tell({ type: 'fetch-list', fetch: 1, peer: THEIRS, file: ref, path: 'large', isNew: false }, nowMs)
    run(50)
    locate(
      b.take('locate').flatMap(({ items }) => items),
      sums,
    )
    run(500)
    expect(a.take('list')).toEqual([
      { type: 'list', fetch: 1, list: listOf(large), sums: taken && new Uint8Array(taken).fill(7) },
    ])
  })

  test('that was read wrong once is asked for again, and counted once', () => {
    a.tell({ type: 'fetch-list', fetch: 1, peer: THEIRS, file: ref, path: 'large', isNew: false }, nowMs)
    run(50)
    locateAll()
    const torn = large.slice()
    torn[2 * BLOCK_BYTES]! ^= 1
    b.files.set('large', torn)
    a.tell({ type: 'fetch-blocks', fetch: 1, temporary: 'tmp', needed: Uint8Array.of(0b101) }, nowMs)
    run(5)
    locateAll()
    // A block that is asked for again is proved at its source, which looks for the file anew.
    expect(b.take('suspect')).toEqual([{ type: 'suspect', path: 'large' }])
    expect(a.take('fetched')).toEqual([])
    b.files.set('large', large)
    locateAll()
    run(100)
    expect(a.take('fetched')).toMatchObject([
      { crossedBytes: BLOCK_BYTES + 5, sources: [{ peer: THEIRS, bytes: BLOCK_BYTES + 5 }] },
    ])
    expect(a.files.get('tmp')!.subarray(2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 5)).toEqual(
      large.subarray(2 * BLOCK_BYTES),
    )
  })

  test('of which nothing is here is asked for with its list, and nothing of it counts before that has come', () => {
    a.tell({ type: 'fetch-list', fetch: 1, peer: THEIRS, file: ref, path: 'large', isNew: true }, nowMs)
    run(50)
    locateAll()
    expect(a.take('list')).toHaveLength(1)
    expect(a.engine.endpoint.stats(1)!.blocksReceived).toBe(1 + 3)
    expect(a.engine.receivedBytes).toBe(0)
    expect(a.files.has('tmp')).toBe(false)
    // The log turned out to hold the block in the middle.
    a.tell({ type: 'fetch-blocks', fetch: 1, temporary: 'tmp', needed: Uint8Array.of(0b101) }, nowMs)
    run(100)
    expect(b.take('locate')).toEqual([])
    expect(a.engine.receivedBytes).toBe(BLOCK_BYTES + 5)
    expect(a.take('fetched')).toMatchObject([{ fetch: 1, crossedBytes: BLOCK_BYTES + 5 }])
    const written = a.files.get('tmp')!
    expect(hash(written.subarray(0, BLOCK_BYTES))).toEqual(hash(large.subarray(0, BLOCK_BYTES)))
    expect(hash(written.subarray(BLOCK_BYTES, 2 * BLOCK_BYTES))).toEqual(hash(new Uint8Array(BLOCK_BYTES)))
  })

  test('whose first blocks came wrong is asked for again once its list is here, and given up where they stay so', () => {
    const other = new Uint8Array(3 * BLOCK_BYTES).fill(0x5a)
    a.tell({ type: 'fetch-list', fetch: 1, peer: THEIRS, file: ref, path: 'large', isNew: true }, nowMs)
    run(50)
    const names = b.take('locate').flatMap(({ items }) => items)
    locate(names.filter(({ kind }) => kind === 'list'))
    // A peer that serves may be malicious; our own engine would look at the digests first.
    const frames = Array.from({ length: 3 }, (_, blockIndex) =>
      other.slice(blockIndex * BLOCK_BYTES, blockIndex * BLOCK_BYTES + (blockIndex === 2 ? 5 : BLOCK_BYTES)),
    )
    const seal = b.engine.endpoint.framesOf(1)!
    frames.forEach((block, blockIndex) => {
      const name = { kind: 'file', digest, blockIndex } as const
      b.engine.endpoint.serveBlock(1, name, new FrameBuffer(seal.seal(name, block)), { isKept: true })
    })
    run(50)
    a.tell({ type: 'fetch-blocks', fetch: 1, temporary: 'tmp', needed: Uint8Array.of(0b111) }, nowMs)
    // Its frames are served as they were.
    run(2_000)
    expect(a.engine.endpoint.stats(1)!.blocksReceived).toBeGreaterThan(1 + 3)
    expect(a.engine.receivedBytes).toBe(0)
    expect(a.take('blocks')).toEqual([])
    expect(a.take('fetch-failed')).toEqual([{ type: 'fetch-failed', fetch: 1, reason: 'unservable' }])
  })

  test('that is gone at the peer fails with that word', () => {
    a.tell({ type: 'fetch-small', fetch: 1, peer: THEIRS, file: { ...ref, sizeBytes: 10 }, path: 'x' }, nowMs)
    run(50)
    for (const { items } of b.take('locate'))
      b.tell(
        { type: 'located', items: items.map((name) => ({ name, location: { type: 'gone' } as const })) },
        nowMs,
      )
    run(50)
    expect(a.take('fetch-failed')).toEqual([{ type: 'fetch-failed', fetch: 1, reason: 'gone' }])
  })

  test('of a peer that is not connected fails with that word', () => {
    a.tell({ type: 'fetch-small', fetch: 1, peer: 'cccccccccccccccc', file: ref, path: 'x' }, nowMs)
    run(1)
    expect(a.take('fetch-failed')).toEqual([{ type: 'fetch-failed', fetch: 1, reason: 'peer-gone' }])
  })

  test('in flight fails when the session ends, and the keeper hears that the peer is gone', () => {
    a.tell({ type: 'fetch-list', fetch: 1, peer: THEIRS, file: ref, path: 'large', isNew: false }, nowMs)
    run(50)
    b.engine.close(nowMs)
    run(50)
    expect(a.take('fetch-failed')).toEqual([{ type: 'fetch-failed', fetch: 1, reason: 'peer-gone' }])
    expect(a.take('peer-gone')).toEqual([{ type: 'peer-gone', peer: THEIRS }])
  })
})

test('the newest files of several blocks are looked up as the peers are told of them', () => {
  const entries = Array.from({ length: ANNOUNCED_AHEAD_MAX + 2 }, (_, index) => {
    const entry = theirFile(`f${index}`, 'x')
    const sizeBytes = BLOCK_BYTES + 1
    const digest = digestOfContent(contentOf(sizeBytes, index + 1))
    return index === ANNOUNCED_AHEAD_MAX + 1 ? entry : { ...entry, sizeBytes, digest }
  })
  const manifest = new Manifest(hash)
  for (const entry of entries) manifest.set(entry)
  const root = {
    type: 'root',
    root: manifest.root(),
    own: OWN_COUNTS,
    notHeldCount: 0,
    whole: entries,
    files: entries.length,
  } as const
  a.tell({ ...root, changes: entries }, nowMs)
  run(1)
  const items = a.take('locate').flatMap((message) => message.items)
  const newest = entries.slice(2, ANNOUNCED_AHEAD_MAX + 1)
  expect(items).toEqual(
    newest.flatMap(({ digest }) => [
      { kind: 'list', digest },
      { kind: 'file', digest },
    ]),
  )
})

describe('small files that are ordered together', () => {
  const contents = Array.from({ length: PACK_FILES_MAX + 1 }, (_, index) => contentOf(100 + index, index))
  const digests = contents.map(digestOfContent)
  const lengths = (count = contents.length): number[] => contents.slice(0, count).map(({ length }) => length)

  beforeEach(() => {
    connect()
    for (const [index, { length: sizeBytes }] of contents.entries()) {
      const file = { kind: 'file', digest: digests[index]!, sizeBytes } as const
      a.tell({ type: 'fetch-small', fetch: index + 1, peer: THEIRS, file, path: `f${index}` }, nowMs)
    }
    run(50)
  })

  /** Plays B's keeper, which holds what `contentAt` gives. Answers what it was asked for. */
  function serve(contentAt: (index: number) => Uint8Array | undefined): string[] {
    const kinds: string[] = []
    for (let asked = b.take('locate'); asked.length > 0; asked = b.take('locate')) {
      for (const { items } of asked) {
        kinds.push(...items.map(({ kind }) => kind))
        b.tell({ type: 'located', items: items.map((name) => ({ name, location: place(name) })) }, nowMs)
      }
      run(200)
    }
    return kinds

    function place(name: ItemName): Location {
      const parts = (name.members ?? [name.digest]).map((digest) => contentAt(digests.indexOf(digest)))
      if (parts.includes(undefined)) return { type: 'gone' }
      const bytes = concatBytes(parts as Uint8Array[])
      if (name.members === undefined) return { type: 'content', path: 'f', bytes }
      return { type: 'pack', files: parts.map((part) => ({ path: 'f', sizeBytes: part!.length })), bytes }
    }
  }

  /** Bytes of what reached A's keeper, by their fetch. */
  function came(): number[] {
    const files = a.take('contents').flatMap((message) => message.files)
    for (const { fetch, bytes } of files) expect(bytes).toEqual(contents[fetch - 1])
    return files.sort((one, other) => one.fetch - other.fetch).map(({ bytes }) => bytes.length)
  }

  test('come in packs, and one that no pack has room for comes alone', () => {
    expect(serve((index) => contents[index])).toEqual(['pack', 'file'])
    expect(came()).toEqual(lengths())
    expect(a.take('fetch-failed')).toEqual([])
  })

  test('come one by one where the peer has not all of a pack, and only what is lacking fails', () => {
    const kinds = serve((index) => (index === 3 ? undefined : contents[index]))
    expect(kinds.filter((kind) => kind === 'file').length).toBeGreaterThanOrEqual(PACK_FILES_MAX)
    expect(came()).toEqual(lengths().filter((_, index) => index !== 3))
    expect(a.take('fetch-failed')).toEqual([{ type: 'fetch-failed', fetch: 4, reason: 'gone' }])
  })

  test('are not lost with those that are cancelled', () => {
    for (const fetch of [2, 5]) a.tell({ type: 'cancel', fetch }, nowMs)
    serve((index) => contents[index])
    expect(came()).toEqual(lengths().filter((_, index) => index !== 1 && index !== 4))
  })

  test('all fail when the session ends', () => {
    b.engine.close(nowMs)
    run(50)
    const failed = a.take('fetch-failed')
    expect(failed.map(({ fetch }) => fetch)).toEqual(contents.map((_, index) => index + 1))
    expect(new Set(failed.map(({ reason }) => reason))).toEqual(new Set(['peer-gone']))
  })
})

describe('listings', () => {
  const listings = Array.from({ length: TREE_PULLS_MAX + 1 }, (_, index) => utf8(`listing ${index}\n`))
  const digests = listings.map((bytes) => hexOf(hash(bytes)))
  const pull = (index: number): void => {
    const item = { kind: 'tree', digest: digests[index]!, sizeBytes: listings[index]!.length } as const
    a.tell({ type: 'pull-tree', peer: THEIRS, item }, nowMs)
  }

  beforeEach(() => {
    connect()
    b.tell({ type: 'vetted', peer: OURS }, nowMs)
  })

  /** B serves all that it was asked for; answers which of them reach A's keeper. */
  function arriving(): number[] {
    run(50)
    for (let asked = b.take('locate'); asked.length > 0; asked = b.take('locate')) {
      for (const { items } of asked) {
        const located = items.map((name) => {
          const bytes = listings[digests.indexOf(name.digest)]!
          return { name, location: { type: 'bytes', bytes } as const }
        })
        b.tell({ type: 'located', items: located }, nowMs)
      }
      run(200)
    }
    const arrived = a.take('tree').map(({ digest }) => digests.indexOf(digest))
    return arrived.sort((left, right) => left - right)
  }

  test('are awaited as many as a walk may have on its way; more are of walks that have ended, the oldest first', () => {
    for (let index = 0; index <= TREE_PULLS_MAX; index++) pull(index)
    expect(arriving()).toEqual(digests.map((_, index) => index).slice(1))
  })

  test('that are asked for again are of the walk of now', () => {
    for (let index = 0; index < TREE_PULLS_MAX; index++) pull(index)
    pull(0)
    pull(TREE_PULLS_MAX)
    expect(arriving()).toEqual(digests.map((_, index) => index).filter((index) => index !== 1))
  })

  test('that were on their way when the peer started again are told to be had no more', () => {
    connect()
    pull(0)
    pull(1)
    run(50)
    b = new PlayedPeer('10.0.0.2:1', THEIRS, 3)
    b.engine.connect(a.address, nowMs)
    run(1_000)
    expect(a.events).toContainEqual(expect.objectContaining({ event: 'disconnected', peer: THEIRS }))
    expect(a.take('peer-gone')).toEqual([])
    expect(a.take('tree')).toEqual(
      digests.slice(0, 2).map((digest) => ({ type: 'tree', peer: THEIRS, digest, bytes: undefined })),
    )
  })
})

describe('the keeper', () => {
  test('is told of things in the order in which they happened, whichever part of the engine noticed them', () => {
    connect()
    a.know([], nowMs)
    run(50)
    a.asked.length = 0
    const ref = { kind: 'file', digest: '0'.repeat(64), sizeBytes: 10 } as const
    const fetchOf = (fetch: number, peer: string): void =>
      a.tell({ type: 'fetch-small', fetch, peer, file: ref, path: 'x' }, nowMs)
    fetchOf(1, 'f'.repeat(32))
    const large = theirFile('large', contentOf(2 * BLOCK_BYTES))
    const { digest } = large as Entry & { kind: 'file' }
    const root = { kind: 'tree', digest: '1'.repeat(64), sizeBytes: 100 } as const
    a.tell(
      { type: 'root', root, own: OWN_COUNTS, notHeldCount: 0, changes: [large], whole: undefined, files: 1 },
      nowMs,
    )
    fetchOf(2, THEIRS)
    b.engine.close(nowMs)
    carry(b, a, nowMs)
    run(0)
    expect(a.asked).toEqual([
      { type: 'fetch-failed', fetch: 1, reason: 'peer-gone' },
      {
        type: 'locate',
        items: [
          { kind: 'list', digest },
          { kind: 'file', digest },
        ],
      },
      { type: 'fetch-failed', fetch: 2, reason: 'peer-gone' },
      { type: 'peer-gone', peer: THEIRS },
    ])
  })
})

describe('a watcher process that dies', () => {
  test('leaves the peers waiting, and they are greeted anew when the next one knows the share', () => {
    connect()
    a.know([], nowMs)
    b.know([], nowMs)
    run(50)
    expect(b.take('claim')).toHaveLength(1)
    b.engine.handleKeeperLost(nowMs)
    run(50)
    // The open question is answered, and what is asked from now on too.
    expect(a.heard).toEqual(['w|*|300'])
    run(400)
    expect(a.heard).toEqual(['w|*|300', 'w|*|300'])
    b.know([file], nowMs)
    run(50)
    expect(a.heard.at(-1)).toMatch(/^h\|\*\|/)
  })

  test('ends what was being received, and asks nothing of it any more', () => {
    connect()
    const ref = { kind: 'file', digest: '0'.repeat(64), sizeBytes: 10 } as const
    a.tell({ type: 'fetch-small', fetch: 1, peer: THEIRS, file: ref, path: 'x' }, nowMs)
    a.engine.handleKeeperLost(nowMs)
    b.engine.close(nowMs)
    run(50)
    expect(a.asked).toEqual([])
  })
})
