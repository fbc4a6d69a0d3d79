// The end of a fetch while blocks of it are on their way to a slow disk, between two engines.

import { beforeEach, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import type { DiskOp } from '../../../src/engine/engine.js'
import type { Location } from '../../../src/pipe/messages.js'
import { contentOf, digestOfContent, listOf, OURS, THEIRS } from '../../keeper/share-on-disk.js'
import { connectPeers, PlayedPeer, runPeers } from '../played-peers.js'

const content = contentOf(3 * BLOCK_BYTES)
const list = listOf(content)
const file = { kind: 'file', digest: digestOfContent(content), sizeBytes: content.length } as const

let nowMs: number
let a: PlayedPeer
let b: PlayedPeer
/** Writes of A that its disk has not done yet. */
let writes: (DiskOp & { type: 'write' })[]

function run(ms: number): void {
  nowMs = runPeers(a, b, nowMs, ms)
}

/** B's keeper says where all is that was asked for. */
function locate(location: Location): void {
  const names = b.take('locate').flatMap(({ items }) => items)
  const located = names.map((name) => ({
    name,
    location: name.kind === 'list' ? ({ type: 'bytes', bytes: list } as const) : location,
  }))
  if (located.length > 0) b.tell({ type: 'located', items: located }, nowMs)
  run(50)
}

function finishWrites(failure?: 'disk'): void {
  for (const { id } of writes.splice(0)) a.engine.handleWritten(id, failure, nowMs)
  run(0)
}

/** Messages that A's keeper gets about its fetch. */
function told() {
  return a.asked.filter(({ type }) => type === 'blocks' || type === 'fetch-failed')
}

beforeEach(() => {
  nowMs = 0
  a = new PlayedPeer('10.0.0.1:1', OURS, 1)
  b = new PlayedPeer('10.0.0.2:1', THEIRS, 2)
  writes = []
  const { engine } = a
  const poll = engine.pollDisk.bind(engine)
  engine.pollDisk = () => {
    for (let op = poll(); ; op = poll()) {
      if (op?.type !== 'write') return op
      writes.push(op)
    }
  }
  nowMs = connectPeers(a, b, nowMs)
  // Its last block is another one by now.
  const changed = content.slice()
  changed[2 * BLOCK_BYTES]! ^= 1
  b.files.set('large', changed)
  a.tell({ type: 'fetch-list', fetch: 1, peer: THEIRS, file, path: 'large', isNew: false }, nowMs)
  run(50)
  const location = { type: 'file', path: 'large', sizeBytes: content.length, mtimeMs: 0, list } as const
  locate(location)
  a.tell({ type: 'fetch-blocks', fetch: 1, temporary: 'tmp', needed: Uint8Array.of(0b111) }, nowMs)
  run(5)
  locate(location)
  // A block that failed is asked for once more, and proved at its source.
  const [wrong] = writes.splice(
    writes.findIndex(({ position }) => position === 2 * BLOCK_BYTES),
    1,
  )
  a.engine.handleWritten(wrong!.id, 'wrong', nowMs)
  a.asked.length = 0
  run(50)
  locate({ type: 'gone' })
  expect(writes).toHaveLength(2)
})

test('a file that is gone at its peer is told of when its blocks are written, which are told before', () => {
  expect(told()).toEqual([])
  finishWrites()
  expect(told()).toEqual([
    { type: 'blocks', fetch: 1, blockIndices: expect.arrayContaining([0, 1]) },
    { type: 'fetch-failed', fetch: 1, reason: 'gone' },
  ])
})

test('the same where the disk then refuses them, and nothing of them is told', () => {
  finishWrites('disk')
  expect(told()).toEqual([{ type: 'fetch-failed', fetch: 1, reason: 'gone' }])
})

test('nothing more is told of it where the keeper gave it up', () => {
  a.tell({ type: 'cancel', fetch: 1 }, nowMs)
  finishWrites()
  expect(told()).toEqual([])
})

test('nothing more is told of it to another keeper', () => {
  a.engine.handleKeeperLost(nowMs)
  finishWrites()
  expect(told()).toEqual([])
})
