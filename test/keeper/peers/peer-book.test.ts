import { beforeEach, describe, expect, test } from 'vitest'
import { hexOf } from '../../../src/base/bytes.js'
import type { ItemRef } from '../../../src/base/item.js'
import { TREE_ITEM_BYTES_MAX } from '../../../src/base/limits.js'
import { hash } from '../../../src/io/hash.js'
import { ASK_AGAIN_MS, ASK_AGAIN_MS_MAX } from '../../../src/keeper/peers/limits.js'
import { type Listed, PeerBook, type PeerProblem } from '../../../src/keeper/peers/peer-book.js'
import { TREE_PULL_BYTES_MAX, TREE_PULLS_MAX } from '../../../src/pipe/limits.js'
import type { PeerClaim } from '../../../src/pipe/messages.js'
import type { Entry } from '../../../src/share/entry.js'
import { Manifest } from '../../../src/share/manifest.js'
import { encodeLines, type TreeRow } from '../../../src/share/tree-item.js'
import { isEntry } from '../../../src/share/tree-move.js'
import { digestOf, entryOf, fileEntry, PEERS } from '../../share/entries.js'

const PEER = PEERS[1]

let ours: Manifest
let theirs: Manifest
let considered: string[]
let problems: string[]
let isSated: boolean
let book: PeerBook

beforeEach(() => {
  ours = new Manifest(hash)
  theirs = new Manifest(hash)
  considered = []
  problems = []
  isSated = false
  book = new PeerBook({
    manifest: ours,
    isSated: () => isSated,
  })
})

function claim(
  scope: PeerClaim['scope'],
  entries: readonly Entry[] = [],
  root: ItemRef = theirs.root(),
  notHeldCount = 0,
): void {
  follow(
    book.handleClaim({
      peer: PEER,
      root,
      author: undefined,
      theyKnow: undefined,
      notHeldCount,
      scope,
      changes: entries,
    }),
  )
}

function nameOfFolder(index: number): string {
  return `f${String(index).padStart(4, '0')}`
}

/** Considers everything that the book found. */
function follow(found: Listed | PeerProblem | undefined): void {
  if (found?.type === 'problem') problems.push(found.reason)
  if (found?.type !== 'listed') return
  for (const { path } of found.changes.filter(isEntry)) considered.push(path)
  book.handleConsidered(found, true, 0)
}

/** Hands over a listing, and has it read. */
function handTree(digest: string, bytes: Uint8Array | undefined): void {
  follow(book.handleTree(PEER, digest, bytes, 0))
  while (book.busy) follow(book.step(0))
}

/** Answers every pull from the peer's tree; answers how many there were. */
function pullAll(): number {
  let pulls = 0
  for (let pull = book.pollPull(); pull !== undefined; pull = book.pollPull()) {
    expect(pull.peer).toBe(PEER)
    handTree(pull.item.digest, theirs.item(pull.item.digest))
    pulls++
  }
  return pulls
}

const inStep = (): string[] => [...book.newlyInStep()].map(({ peer }) => peer)

function fill(manifest: Manifest, count: number): void {
  for (let entry = 0; entry < count; entry++) manifest.set(fileEntry(`f/${entry}`))
}

describe('what a peer says of itself', () => {
  test('with our root: it is in step, and nothing is considered or pulled', () => {
    fill(ours, 100)
    fill(theirs, 100)
    claim({ type: 'some' })
    expect(pullAll()).toBe(0)
    expect(considered).toEqual([])
    expect(inStep()).toEqual([PEER])
    expect(inStep()).toEqual([])
  })

  test('with everything listed: each entry is considered, and nothing is pulled', () => {
    theirs.set(fileEntry('a'))
    claim({ type: 'whole' }, [fileEntry('a')])
    expect(considered).toEqual(['a'])
    expect(pullAll()).toBe(0)
    expect(inStep()).toEqual([PEER])
  })

  test('with only its root: its tree is pulled and what differs is considered', () => {
    fill(ours, 1_000)
    fill(theirs, 1_000)
    theirs.set(fileEntry('f/7', { digest: digestOf('new') }))
    theirs.set(entryOf('folder', 'new'))
    claim({ type: 'some' })
    expect(inStep()).toEqual([])
    const pulls = pullAll()
    expect(pulls).toBeGreaterThan(1)
    expect(considered.sort()).toEqual(['f/7', 'new'])
    expect(inStep()).toEqual([PEER])
  })

  test('with changes since a root that was considered: only these are considered', () => {
    fill(theirs, 300)
    claim({ type: 'some' })
    pullAll()
    const base = theirs.root()
    considered.length = 0
    theirs.set(fileEntry('a'))
    claim({ type: 'since', base }, [fileEntry('a')])
    expect(pullAll()).toBe(0)
    expect(considered).toEqual(['a'])
  })

  test('with changes since a root that was not considered: these first, then its tree', () => {
    fill(theirs, 5)
    const base = theirs.root()
    theirs.set(fileEntry('a'))
    claim({ type: 'since', base }, [fileEntry('a')])
    expect(considered).toEqual(['a'])
    expect(pullAll()).toBeGreaterThan(0)
    expect(considered.sort()).toEqual(['a', 'a', 'f/0', 'f/1', 'f/2', 'f/3', 'f/4'])
    expect(inStep()).toEqual([PEER])
  })

  test('with changes since the root that is being walked: the walk goes on, and leads to the new root', () => {
    fill(theirs, 5)
    const base = theirs.root()
    claim({ type: 'some' })
    const pull = book.pollPull()!
    const item = theirs.item(pull.item.digest)!
    theirs.set(fileEntry('a'))
    const root = theirs.root()
    claim({ type: 'since', base }, [fileEntry('a')])
    expect(inStep()).toEqual([])
    handTree(pull.item.digest, item)
    pullAll()
    expect(considered.sort()).toEqual(['a', 'f/0', 'f/1', 'f/2', 'f/3', 'f/4'])
    expect(inStep()).toEqual([PEER])
    considered.length = 0
    claim({ type: 'some' }, [], root)
    expect(pullAll()).toBe(0)
  })
})

describe('a peer that announces while its tree is walked', () => {
  test('is walked to the end, and then from its newest root', () => {
    fill(theirs, 3)
    const first = theirs.root()
    claim({ type: 'some' }, [], first)
    theirs.set(fileEntry('f/later'))
    claim({ type: 'some' })
    theirs.set(fileEntry('f/last'))
    claim({ type: 'some' })
    const pulled = book.pollPull()!
    expect(pulled.item.digest).toBe(first.digest)
    expect(book.pollPull()).toBeUndefined()
    handTree(pulled.item.digest, theirs.item(pulled.item.digest))
    pullAll()
    expect(new Set(considered)).toEqual(new Set(['f/0', 'f/1', 'f/2', 'f/later', 'f/last']))
    expect(inStep()).toEqual([PEER])
  })

  test('is not called in step before the newest root was walked', () => {
    fill(theirs, 3)
    claim({ type: 'some' })
    const first = book.pollPull()!
    const listing = theirs.item(first.item.digest)
    theirs.set(fileEntry('g/other'))
    claim({ type: 'some' })
    handTree(first.item.digest, listing)
    const second = book.pollPull()!
    handTree(second.item.digest, theirs.item(second.item.digest))
    expect(inStep()).toEqual([])
    pullAll()
    expect(inStep()).toEqual([PEER])
  })

  test('continuing from a root that is still to be walked is not taken for known', () => {
    fill(theirs, 3)
    claim({ type: 'some' })
    theirs.set(fileEntry('g/unlisted'))
    const unlisted = theirs.root()
    claim({ type: 'some' }, [], unlisted)
    theirs.set(fileEntry('listed'))
    claim({ type: 'since', base: unlisted }, [fileEntry('listed')])
    pullAll()
    expect(considered).toContain('g/unlisted')
    expect(inStep()).toEqual([PEER])
  })
})

describe('a peer that is asked again', () => {
  test('later each time it did not help, and at once when it got in step', () => {
    theirs.set(fileEntry('a'))
    claim({ type: 'some' })
    let nowMs = 0
    for (let delayMs = ASK_AGAIN_MS; delayMs < 4 * ASK_AGAIN_MS_MAX; delayMs *= 2) {
      book.askAgain(PEER, nowMs)
      const dueMs = book.pollTimeout()!
      expect(dueMs - nowMs).toBe(Math.min(delayMs, ASK_AGAIN_MS_MAX))
      book.handleTimeout(dueMs - 1)
      expect(book.pollAsk()).toBeUndefined()
      book.handleTimeout(dueMs)
      expect(book.pollAsk()).toBe(PEER)
      nowMs = dueMs
    }
    claim({ type: 'whole' }, [])
    expect(inStep()).toEqual([PEER])
    book.askAgain(PEER, nowMs)
    expect(book.pollTimeout()).toBe(nowMs + ASK_AGAIN_MS)
  })

  test('is compared from the top, even where its root was considered before', () => {
    theirs.set(fileEntry('a'))
    claim({ type: 'some' })
    pullAll()
    book.askAgain(PEER, 0)
    considered.length = 0
    claim({ type: 'some' })
    pullAll()
    expect(considered).toEqual(['a'])
  })

  test('is not, where it said something by itself before the time', () => {
    theirs.set(fileEntry('a'))
    claim({ type: 'some' })
    book.askAgain(PEER, 0)
    claim({ type: 'some' })
    expect(book.pollTimeout()).toBeUndefined()
  })

  test.each<[string, PeerClaim['scope']]>([
    ['everything', { type: 'whole' }],
    ['the newest', { type: 'some' }],
  ])('because one entry of a list of %s could not be considered yet: nothing is settled', (_, scope) => {
    theirs.set(fileEntry('a'))
    const found = book.handleClaim({
      peer: PEER,
      root: theirs.root(),
      author: undefined,
      theyKnow: undefined,
      notHeldCount: 0,
      scope,
      changes: [fileEntry('a')],
    })
    if (found === undefined) throw new Error('nothing was listed')
    book.handleConsidered(found, false, 0)
    expect(book.pollTimeout()).toBe(ASK_AGAIN_MS)
    expect(book.pollPull()).toBeUndefined()
    expect(inStep()).toEqual([])
  })

  test('because one entry of its tree could not be considered yet: the walk ends', () => {
    fill(theirs, 5)
    claim({ type: 'some' })
    const { item } = book.pollPull()!
    book.handleTree(PEER, item.digest, theirs.item(item.digest), 0)
    const found = book.step(0)
    if (found?.type !== 'listed') throw new Error('nothing was listed')
    book.handleConsidered(found, false, 0)
    expect(book.busy).toBe(false)
    expect(book.pollTimeout()).toBe(ASK_AGAIN_MS)
    expect(inStep()).toEqual([])
  })

  test('because its tree moved on under the walk', () => {
    fill(theirs, 5)
    claim({ type: 'some' })
    handTree(book.pollPull()!.item.digest, undefined)
    expect(book.pollTimeout()).toBe(ASK_AGAIN_MS)
    expect(inStep()).toEqual([])
  })
})

describe('a listing that cannot be read', () => {
  const sendDamaged = () => {
    claim({ type: 'some' })
    handTree(book.pollPull()!.item.digest, new Uint8Array(9))
  }

  test('is reported once, and the walk ends without calling it in step', () => {
    theirs.set(fileEntry('a'))
    sendDamaged()
    sendDamaged()
    expect(problems).toHaveLength(1)
    expect(pullAll()).toBe(0)
    expect(inStep()).toEqual([])
  })

  test('is asked for again, and found whole then', () => {
    theirs.set(fileEntry('a'))
    sendDamaged()
    book.handleTimeout(book.pollTimeout()!)
    expect(book.pollAsk()).toBe(PEER)
    claim({ type: 'some' })
    pullAll()
    expect(considered).toEqual(['a'])
    expect(inStep()).toEqual([PEER])
  })
})

test('a peer that is gone is forgotten, and what comes late of it is nothing', () => {
  fill(theirs, 5)
  claim({ type: 'some' })
  const { item } = book.pollPull()!
  book.handleGone(PEER)
  handTree(item.digest, theirs.item(item.digest))
  book.askAgain(PEER, 0)
  expect(considered).toEqual([])
  expect(book.pollTimeout()).toBeUndefined()
})

describe('listings on their way', () => {
  /** Claims a root that lists folders whose listings are said to have these sizes; answers the pulls of these. */
  function claimFolders(sizes: readonly number[], salt = ''): ItemRef[] {
    // A walk that is on the way ends only so: a newer root waits for it.
    book.askAgain(PEER, 0)
    const bytes = encodeLines(
      sizes.map((sizeBytes, index) => ({
        name: nameOfFolder(index),
        entry: undefined,
        subtree: { kind: 'tree', digest: digestOf(salt + index), sizeBytes },
      })),
    )
    const digest = hexOf(hash(bytes))
    claim({ type: 'some' }, [], { kind: 'tree', digest, sizeBytes: bytes.length })
    expect(book.pollPull()?.item.digest).toBe(digest)
    handTree(digest, bytes)
    return polled()
  }

  function polled(): ItemRef[] {
    const items: ItemRef[] = []
    for (let pull = book.pollPull(); pull !== undefined; pull = book.pollPull()) items.push(pull.item)
    return items
  }

  const empty = encodeLines([])

  test('are so many at once at most', () => {
    expect(claimFolders(Array(TREE_PULLS_MAX).fill(100))).toHaveLength(TREE_PULLS_MAX)
    expect(claimFolders(Array(TREE_PULLS_MAX + 1).fill(100), 'more')).toHaveLength(TREE_PULLS_MAX)
  })

  test('have so many bytes at most, as the peer claims, and go on as they come', () => {
    expect(claimFolders([TREE_ITEM_BYTES_MAX, TREE_ITEM_BYTES_MAX])).toHaveLength(2)
    expect(claimFolders([TREE_ITEM_BYTES_MAX, TREE_ITEM_BYTES_MAX, 1], 'more')).toHaveLength(2)
    expect(2 * TREE_ITEM_BYTES_MAX).toBe(TREE_PULL_BYTES_MAX)
    handTree(digestOf('nothing of this walk'), empty)
    expect(polled()).toHaveLength(0)
  })

  test('of an earlier walk are not taken for those of this one', () => {
    const [early] = claimFolders([100])
    const [late] = claimFolders([100], 'later')
    handTree(early!.digest, undefined)
    expect(book.pollTimeout()).toBeUndefined()
    handTree(late!.digest, undefined)
    expect(book.pollTimeout()).toBeDefined()
  })

  test('that wait are asked for when there is room', () => {
    const folders = Array.from({ length: TREE_PULLS_MAX + 2 }, (_, index) => `f${index}/inner`)
    for (const folder of folders) theirs.set(fileEntry(`${folder}/file`))
    claim({ type: 'some' })
    expect(pullAll()).toBeGreaterThan(2 * TREE_PULLS_MAX)
    expect(considered).toHaveLength(TREE_PULLS_MAX + 2)
  })
})

describe('a peer of which enough is wanted', () => {
  test('is not read on until there is room, and then to its end', () => {
    fill(theirs, 3_000)
    claim({ type: 'some' })
    isSated = true
    pullAll()
    expect(considered).toEqual([])
    expect(book.busy).toBe(false)
    expect(inStep()).toEqual([])
    isSated = false
    expect(book.busy).toBe(true)
    while (book.busy) {
      follow(book.step(0))
      pullAll()
    }
    expect(considered).toHaveLength(3_000)
    expect(inStep()).toEqual([PEER])
  })

  test('has so many listings at most that wait to be read', () => {
    const served = new Map<string, Uint8Array>()
    const forge = (rows: readonly TreeRow[]): ItemRef => {
      const bytes = encodeLines(rows)
      const digest = hexOf(hash(bytes))
      served.set(digest, bytes)
      return { kind: 'tree', digest, sizeBytes: bytes.length }
    }
    const folders = Array.from({ length: 3 * TREE_PULLS_MAX }, (_, index) => {
      const name = nameOfFolder(index)
      const entry = fileEntry(name, { sizeBytes: 1, digest: digestOf(index) })
      return { name, entry: undefined, subtree: forge([{ name, entry, subtree: undefined }]) }
    })
    const serveAll = () => {
      let count = 0
      for (let pull = book.pollPull(); pull !== undefined; pull = book.pollPull(), count++)
        handTree(pull.item.digest, served.get(pull.item.digest))
      return count
    }
    const root = forge(folders)
    claim({ type: 'some' }, [], root)
    const pull = book.pollPull()!
    handTree(pull.item.digest, served.get(pull.item.digest))
    isSated = true
    expect(serveAll()).toBe(TREE_PULLS_MAX)
    isSated = false
    while (book.busy) {
      follow(book.step(0))
      serveAll()
    }
    expect(considered).toHaveLength(3 * TREE_PULLS_MAX)
  })

  test('is not listened to when it lists what is new, and its tree is compared later', () => {
    isSated = true
    theirs.set(fileEntry('a'))
    claim({ type: 'whole' }, [fileEntry('a')])
    expect(considered).toEqual([])
    theirs.set(fileEntry('b'))
    claim({ type: 'some' }, [fileEntry('b')])
    isSated = false
    pullAll()
    expect(new Set(considered)).toEqual(new Set(['a', 'b']))
    expect(inStep()).toEqual([PEER])
  })
})

test('peers are read one after the other', () => {
  fill(theirs, 20_000)
  const other = PEERS[2]
  const turns: string[] = []
  book = new PeerBook({
    manifest: ours,
    isSated: () => false,
  })
  for (const peer of [PEER, other])
    follow(
      book.handleClaim({
        peer,
        root: theirs.root(),
        author: undefined,
        theyKnow: undefined,
        notHeldCount: 0,
        scope: { type: 'some' },
        changes: [],
      }),
    )
  const serve = () => {
    for (let pull = book.pollPull(); pull !== undefined; pull = book.pollPull())
      book.handleTree(pull.peer, pull.item.digest, theirs.item(pull.item.digest), 0)
  }
  serve()
  while (book.busy) {
    const found = book.step(0)
    if (found !== undefined && turns.at(-1) !== found.peer) turns.push(found.peer)
    follow(found)
    serve()
  }
  expect(turns.length).toBeGreaterThan(6)
})
