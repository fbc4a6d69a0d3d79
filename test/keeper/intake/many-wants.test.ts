// Listings that stand for more than is wanted at once: of shares larger than that, which must arrive all the same, and of
// peers that would have us keep hundreds of thousands of wants.

import { beforeEach, describe, expect, test } from 'vitest'
import { hexOf } from '../../../src/base/bytes.js'
import type { Digest, ItemRef } from '../../../src/base/item.js'
import { crc32, hash } from '../../../src/io/hash.js'
import { WANTS_PER_PEER_MAX } from '../../../src/keeper/intake/limits.js'
import { Keeper } from '../../../src/keeper/keeper.js'
import { STEP_FILES } from '../../../src/keeper/limits.js'
import { openShare } from '../../../src/keeper/recover/recovery.js'
import type { KeeperToEngine } from '../../../src/pipe/messages.js'
import { WALK_STEP_LINES } from '../../../src/share/limits.js'
import { Manifest } from '../../../src/share/manifest.js'
import { encodeLines, type TreeRow } from '../../../src/share/tree-item.js'
import { SimDisk } from '../../../src/sim/disk/disk.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { SimWitness } from '../../../src/sim/peer/witness.js'
import { digestOf, entryOf, fileEntry } from '../../share/entries.js'
import { OURS, START_MS, THEIRS } from '../share-on-disk.js'

const OTHER = 'cccccccccccccccc'

let keeper: Keeper
let disk: SimDisk
let nowMs: number
let messages: KeeperToEngine[]
let served: Map<Digest, Uint8Array>
let filesWanted: number
let filesPlaced: number

beforeEach(() => {
  nowMs = START_MS
  disk = new SimDisk({ nowMs: () => nowMs })
  served = new Map()
  messages = []
  filesWanted = filesPlaced = 0
  const opened = openShare({
    disk,
    peer: OURS,
    hash,
    crc32,
    index: new SimIndex(),
    boot: 'boot',
    wallMs: () => nowMs,
    random: () => 0,
    witness: new SimWitness(),
  })
  const options = {
    disk,
    hash,
    links: 'follow',
    wallMs: () => nowMs,
    onFolder: () => {},
  } as const
  keeper = new Keeper({ ...opened, ...options }, nowMs)
  while (step());
  nowMs += 1_000
  while (step());
})

/** One step, and the listings that are pulled meanwhile are handed over. Answers whether there is more to do. */
function step(): boolean {
  const more = keeper.step(nowMs)
  let isServed = false
  for (const message of keeper.takeMessages()) {
    messages.push(message)
    if (message.type === 'work') filesWanted = Math.max(filesWanted, message.filesWanted - message.filesDone)
    if (message.type === 'notice' && message.notice.event === 'received') filesPlaced++
    if (message.type !== 'pull-tree') continue
    isServed = true
    const { peer, item } = message
    keeper.handle({ type: 'tree', peer, digest: item.digest, bytes: served.get(item.digest) }, nowMs)
  }
  return more || isServed
}

function runUntilIdle(stepsMax: number): number {
  let steps = 1
  while (step() && steps < stepsMax) steps++
  return steps
}

function claim(root: ItemRef, peer = THEIRS): void {
  keeper.handle(
    {
      type: 'claim',
      question: 1,
      claim: {
        peer,
        root,
        author: undefined,
        theyKnow: undefined,
        notHeldCount: 0,
        scope: { type: 'some' },
        changes: [],
      },
    },
    nowMs,
  )
}

function listing(rows: readonly TreeRow[]): ItemRef {
  const bytes = encodeLines(rows)
  const digest = hexOf(hash(bytes))
  served.set(digest, bytes)
  return { kind: 'tree', digest, sizeBytes: bytes.length }
}

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `n${String(index).padStart(5, '0')}`)
const inFolders = (count: number, subtree: ItemRef) =>
  listing(names(count).map((name) => ({ name, entry: undefined, subtree })))
const filesOf = (count: number) =>
  listing(
    names(count).map((name) => ({
      name,
      entry: fileEntry(name, { sizeBytes: 7, digest: digestOf(name) }),
      subtree: undefined,
    })),
  )

const pathsIn = (folder: RegExp) => [...disk.snapshot().keys()].filter((path) => folder.test(path))

/** Serves the tree of a share. */
function serve(manifest: Manifest): ItemRef {
  const root = manifest.root()
  const pending = [root.digest]
  for (let digest = pending.pop(); digest !== undefined; digest = pending.pop()) {
    const bytes = manifest.item(digest)!
    served.set(digest, bytes)
    for (const [, inner] of new TextDecoder().decode(bytes).matchAll(/^(?:D [^ ]+|P) ([0-9a-f]{64}) /gm))
      pending.push(inner!)
  }
  return root
}

describe('a listing of 1,000 files in 400 folders in 400 folders', () => {
  const bomb = () => inFolders(400, inFolders(400, filesOf(1_000)))

  test('makes no more wants than a peer may have, and then waits', () => {
    claim(bomb())
    const steps = runUntilIdle(10_000)
    expect(steps).toBeLessThan(10_000)
    expect(filesWanted).toBeGreaterThanOrEqual(WANTS_PER_PEER_MAX)
    expect(filesWanted).toBeLessThan(WANTS_PER_PEER_MAX + WALK_STEP_LINES + 64)
  })

  test('is read a bounded number of lines at a time', () => {
    claim(bomb())
    let before = 0
    for (let steps = 0; step() && steps < 1_000; steps++) {
      expect(filesWanted - before).toBeLessThan(WALK_STEP_LINES + 64)
      before = filesWanted
    }
    expect(before).toBeGreaterThan(0)
  })

  test('holds up no other peer', () => {
    claim(bomb())
    runUntilIdle(10_000)
    const share = new Manifest(hash)
    for (let index = 0; index < 500; index++) share.set(entryOf('folder', `folders/${index}`))
    claim(serve(share), OTHER)
    runUntilIdle(10_000)
    expect(pathsIn(/^folders\/\d/)).toHaveLength(500)
  })

  test('goes on when the peer is gone and others have the same', () => {
    const root = bomb()
    claim(root)
    claim(root, OTHER)
    runUntilIdle(10_000)
    keeper.handle({ type: 'peer-gone', peer: THEIRS }, nowMs)
    runUntilIdle(10_000)
    const most = 2 * (WANTS_PER_PEER_MAX + WALK_STEP_LINES + 64)
    expect(filesWanted).toBeLessThan(most)
  })
})

test('claims that list what is new are not listened to where enough is wanted, and nothing is lost by that', () => {
  const files = filesOf(1_000)
  claim(inFolders(100, files))
  runUntilIdle(10_000)
  const before = filesWanted
  expect(before).toBeGreaterThanOrEqual(WANTS_PER_PEER_MAX)
  const root = inFolders(101, files)
  const entries = Array.from({ length: 1_000 }, (_, index) => fileEntry(`claimed/${index}`))
  const base = inFolders(100, files)
  keeper.handle(
    {
      type: 'claim',
      question: 2,
      claim: {
        peer: THEIRS,
        root,
        author: undefined,
        theyKnow: undefined,
        notHeldCount: 0,
        scope: { type: 'since', base },
        changes: entries,
      },
    },
    nowMs,
  )
  runUntilIdle(10_000)
  expect(filesWanted).toBe(before)
})

describe('a share of more paths than are wanted at once', () => {
  test('arrives whole', () => {
    const share = new Manifest(hash)
    const count = WANTS_PER_PEER_MAX + 2 * WALK_STEP_LINES
    for (let index = 0; index < count; index++) share.set(entryOf('folder', `f${index % 20}/${index}`))
    claim(serve(share))
    runUntilIdle(10_000)
    expect(pathsIn(/^f\d+\/\d+$/)).toHaveLength(count)
    expect(messages.filter(({ type }) => type === 'in-step')).toHaveLength(1)
  })

  test('of empty files is placed a bounded number at a time', () => {
    const share = new Manifest(hash)
    for (let index = 0; index < 2_000; index++)
      share.set(fileEntry(`f/${index}`, { digest: emptyDigest, sizeBytes: 0 }))
    claim(serve(share))
    let before = 0
    for (let steps = 0; step() && steps < 1_000; steps++) {
      expect(filesPlaced - before).toBeLessThanOrEqual(2 * STEP_FILES)
      before = filesPlaced
    }
    expect(filesPlaced).toBe(2_000)
  })
})

const emptyDigest = hexOf(hash(new Uint8Array(0)))
