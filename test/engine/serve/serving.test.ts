import { beforeEach, describe, expect, test } from 'vitest'
import { concatBytes, hexOf } from '../../../src/base/bytes.js'
import { blockBytes } from '../../../src/base/item.js'
import { BLOCK_BYTES, FRAME_BLOCK_AT } from '../../../src/base/limits.js'
import { packOf } from '../../../src/base/pack.js'
import { Outbox } from '../../../src/engine/outbox.js'
import {
  LOCATIONS_MAX,
  READS_MAX,
  REQUESTED_BLOCKS_MAX,
  SUMS_SERVED_MAX,
} from '../../../src/engine/serve/limits.js'
import { type ReadOp, type RequestedBlock, type Served, Serving } from '../../../src/engine/serve/serving.js'
import { crc32, hash } from '../../../src/io/hash.js'
import type { ItemName, Location } from '../../../src/pipe/messages.js'
import { FramePool } from '../../../src/rdt/pool.js'
import type { FrameSeal } from '../../../src/rdt/protection.js'
import { openFrame, sealBlock } from '../../../src/seal/frames/frame.js'
import { contentOf, digestOfContent, listOf } from '../../keeper/share-on-disk.js'
import { digestOf } from '../../share/entries.js'

const SESSION = 7
const large = contentOf(2 * BLOCK_BYTES + 10)
const small = contentOf(100)
const fileName: ItemName = { kind: 'file', digest: digestOfContent(large) }
const smallName: ItemName = { kind: 'file', digest: digestOfContent(small) }
const place: Location = {
  type: 'file',
  path: 'f/large',
  sizeBytes: large.length,
  mtimeMs: 5,
  list: listOf(large),
}
const smallPlace: Location = {
  type: 'file',
  path: 'small',
  sizeBytes: 100,
  mtimeMs: 6,
  list: new Uint8Array(0),
}

const requested = ({ kind, digest }: ItemName, blockIndex: number): RequestedBlock => ({
  session: SESSION,
  kind,
  digest,
  blockIndex,
})
const blockOf = (content: Uint8Array, index: number): Uint8Array =>
  content.slice(index * BLOCK_BYTES, index * BLOCK_BYTES + blockBytes(content.length, index))

const frames: FrameSeal & { needsProof: boolean } = {
  needsProof: true,
  seal: (name, block, room, fileLengths) => {
    sealedLengths = fileLengths
    return sealBlock(name, block, crc32, room)
  },
  open: () => ({ ok: false, reason: 'damaged' }),
  sealingOf: () => undefined,
  openingOf: () => undefined,
}
let rooms: FramePool
/** Lengths of the files of the pack that was sealed last. */
let sealedLengths: readonly number[] | undefined

let outbox: Outbox
let serving: Serving
beforeEach(() => {
  frames.needsProof = true
  rooms = new FramePool()
  outbox = new Outbox()
  serving = new Serving({
    hash,
    framesOf: () => frames,
    buildingOf: () => undefined,
    rooms,
    toKeeper: outbox,
  })
})

function locates(): ItemName[] {
  const items: ItemName[] = []
  for (let message = outbox.poll(); message !== undefined; message = outbox.poll())
    if (message.type === 'locate') items.push(...message.items)
  return items
}

/** Messages to the keeper, in order: the type, with the path of a suspect. */
function told(): string[] {
  const messages: string[] = []
  for (let message = outbox.poll(); message !== undefined; message = outbox.poll())
    messages.push(message.type === 'suspect' ? `suspect ${message.path}` : message.type)
  return messages
}

function reads(): ReadOp[] {
  const ops: ReadOp[] = []
  for (let op = serving.pollRead(); op !== undefined; op = serving.pollRead()) ops.push(op)
  return ops
}

function allServed(): Served[] {
  const all: Served[] = []
  for (let one = serving.pollServed(); one !== undefined; one = serving.pollServed()) all.push(one)
  return all
}

function blockIn(served: Served): Uint8Array | undefined {
  if (served.frame === undefined) return undefined
  const opened = openFrame(served.requested, served.frame.bytes, crc32)
  if (!opened.ok) throw new Error(opened.reason)
  return opened.value
}

describe('a file that peers are told of', () => {
  test('is looked up before it is asked for, once, and then served at once', () => {
    const listName: ItemName = { kind: 'list', digest: fileName.digest }
    serving.handleAnnounced(fileName.digest)
    serving.handleAnnounced(fileName.digest)
    expect(locates()).toEqual([listName, fileName])
    // A peer that asks before the answer has come waits for it.
    serving.handleRequested(requested(fileName, 0))
    expect([reads(), locates()]).toEqual([[], []])
    serving.handleLocated(listName, { type: 'bytes', bytes: listOf(large) })
    serving.handleLocated(fileName, place)
    serving.handleRequested(requested(listName, 0))
    serving.handleRequested(requested(fileName, 1))
    expect(allServed().map(blockIn)).toEqual([listOf(large)])
    expect(reads().map(({ position }) => position)).toEqual([0, BLOCK_BYTES])
    serving.handleAnnounced(fileName.digest)
    expect(locates()).toEqual([])
  })
})

describe('a pack', () => {
  const contents = [contentOf(100, 1), contentOf(50, 2)]
  const members = contents.map(digestOfContent)
  const item = packOf(
    hash,
    contents.map((bytes, index) => ({ kind: 'file', digest: members[index]!, sizeBytes: bytes.length })),
  )
  const name: ItemName = { kind: 'pack', digest: item.digest, members }
  const asked = (told: Uint8Array | undefined): RequestedBlock => ({
    session: SESSION,
    kind: 'pack',
    digest: item.digest,
    blockIndex: 0,
    members: told,
  })
  const located = (...parts: Uint8Array[]): Location => ({
    type: 'pack',
    files: parts.map((bytes, index) => ({ path: `f${index}`, sizeBytes: bytes.length })),
    bytes: concatBytes(parts),
  })

  test('is looked up by its files, proved file by file, and sealed as one block', () => {
    serving.handleRequested(asked(item.members))
    expect(locates()).toEqual([name])
    serving.handleLocated(name, located(...contents))
    expect(allServed().map(blockIn)).toEqual([concatBytes(contents)])
    expect(sealedLengths).toEqual([100, 50])
  })

  test('whose files are not those that its name says is gone, and the keeper is asked nothing', () => {
    for (const told of [item.members.subarray(32), new Uint8Array(64), new Uint8Array(0), undefined]) {
      serving.handleRequested(asked(told))
      expect(locates()).toEqual([])
      expect(allServed().map(blockIn)).toEqual([undefined])
    }
  })

  test('is never served with other content: its paths become suspect, and it is looked for once more', () => {
    const wrong = [
      located(contents[1]!, contents[0]!),
      located(contents[0]!),
      located(...contents, new Uint8Array(0)),
      located(contents[0]!, contentOf(50, 3)),
    ]
    for (const location of wrong) {
      serving.handleRequested(asked(item.members))
      expect(told()).toEqual(['locate'])
      serving.handleLocated(name, location)
      const words = told()
      expect(words.filter((word) => word === 'locate')).toHaveLength(1)
      expect(words).toContain('suspect f0')
      serving.handleLocated(name, location)
      expect(allServed().map(blockIn)).toEqual([undefined])
      told()
    }
  })
})

describe('a block of a file', () => {
  test('is looked up once, read where the index says, and sealed', () => {
    serving.handleRequested(requested(fileName, 0))
    serving.handleRequested(requested(fileName, 2))
    expect(locates()).toEqual([fileName])
    expect(reads()).toEqual([])
    serving.handleLocated(fileName, place)
    const ops = reads()
    expect(ops).toMatchObject([
      { path: 'f/large', sizeBytes: large.length, mtimeMs: 5, position: 0, length: BLOCK_BYTES },
      { path: 'f/large', sizeBytes: large.length, mtimeMs: 5, position: 2 * BLOCK_BYTES, length: 10 },
    ])
    serving.handleRead(ops[1]!.id, blockOf(large, 2))
    serving.handleRead(ops[0]!.id, blockOf(large, 0))
    const served = allServed()
    expect(served.map(({ requested: { blockIndex } }) => blockIndex)).toEqual([2, 0])
    expect(served.map(blockIn)).toEqual([blockOf(large, 2), blockOf(large, 0)])
    serving.handleRequested(requested(fileName, 1))
    expect(locates()).toEqual([])
    expect(reads()).toHaveLength(1)
  })

  test('of a file of one block is proved by the digest of the file', () => {
    serving.handleRequested(requested(smallName, 0))
    serving.handleLocated(smallName, smallPlace)
    serving.handleRead(reads()[0]!.id, small)
    expect(allServed().map(blockIn)).toEqual([small])
  })

  test('that comes with the answer is proved, sealed, and asked for anew the next time', () => {
    for (let time = 0; time < 2; time++) {
      serving.handleRequested(requested(smallName, 0))
      expect(locates()).toEqual([smallName])
      serving.handleLocated(smallName, { type: 'content', path: 'small', bytes: small })
      expect(reads()).toEqual([])
      expect(allServed().map(blockIn)).toEqual([small])
    }
  })

  test('that comes with the answer and is another one makes its path suspect; it is looked for once more', () => {
    const other: Location = { type: 'content', path: 'small', bytes: contentOf(100, 2) }
    serving.handleRequested(requested(smallName, 0))
    expect(told()).toEqual(['locate'])
    serving.handleLocated(smallName, other)
    expect(told()).toEqual(['suspect small', 'locate'])
    expect(allServed()).toEqual([])
    serving.handleLocated(smallName, other)
    expect(told()).toEqual(['suspect small'])
    expect(allServed()).toMatchObject([{ frame: undefined }])
  })

  test.each([1, 3, 1_000_000])('that is none, block %i beyond the end, is gone', (beyond) => {
    serving.handleRequested(requested(fileName, 2 + beyond))
    serving.handleLocated(fileName, place)
    expect(reads()).toEqual([])
    expect(allServed()).toMatchObject([{ frame: undefined }])
  })

  test('that is on no machine here is gone, and asked for anew the next time', () => {
    serving.handleRequested(requested(fileName, 0))
    serving.handleLocated(fileName, { type: 'gone' })
    expect(allServed()).toMatchObject([{ requested: { session: SESSION, blockIndex: 0 }, frame: undefined }])
    told()
    serving.handleRequested(requested(fileName, 0))
    expect(locates()).toEqual([fileName])
  })
})

describe('without seals', () => {
  const torn = blockOf(large, 0)
  torn[17]! ^= 1
  const serve = (block: Uint8Array): Served[] => {
    serving.handleRequested(requested(fileName, 0))
    const op = reads()[0]!
    const into = op.room.bytes.subarray(FRAME_BLOCK_AT, FRAME_BLOCK_AT + block.length)
    into.set(block)
    serving.handleRead(op.id, into)
    return allServed()
  }
  beforeEach(() => {
    frames.needsProof = false
    serving.handleRequested(requested(fileName, 1))
    serving.handleLocated(fileName, place)
    serving.handleRead(reads()[0]!.id, blockOf(large, 1))
    allServed()
    told()
  })

  test('a block goes out as it was read, in the memory that it was read into, and is proved the next time', () => {
    const [first] = serve(blockOf(large, 0))
    expect(first).toMatchObject({ isProved: false })
    expect(blockIn(first!)).toEqual(blockOf(large, 0))
    expect(first!.frame!.release()).toBe(true)
    const [second] = serve(blockOf(large, 0))
    expect(second).toMatchObject({ isProved: true })
    expect(blockIn(second!)).toEqual(blockOf(large, 0))
  })

  test('so does one of a file that is still being built, which was proved when it came', () => {
    const building = {
      path: '.left/tmp/x',
      target: 'f/large',
      sizeBytes: large.length,
      list: listOf(large),
      holds: () => true,
    }
    serving = new Serving({
      hash,
      framesOf: () => frames,
      buildingOf: () => building,
      rooms,
      toKeeper: outbox,
    })
    expect(serve(blockOf(large, 0))).toMatchObject([{ isProved: false }])
    expect(serve(blockOf(large, 0))).toMatchObject([{ isProved: true }])
    frames.needsProof = true
    expect(serve(torn)).toEqual([])
    expect([...serving.sent.all()]).toMatchObject([{ path: 'f/large' }])
  })

  test('a wrong block that its puller asks for again makes its path suspect, and is gone unless it is found', () => {
    serve(torn)
    expect(told()).toEqual([])
    expect(serve(torn)).toEqual([])
    expect(told()).toEqual(['suspect f/large', 'locate'])
    serving.handleLocated(fileName, place)
    const [op] = reads()
    expect(op).toMatchObject({ reopen: true })
    serving.handleRead(op!.id, torn)
    expect(allServed()).toMatchObject([{ frame: undefined }])
  })

  test('a block of another length is not served', () => {
    serving.handleRequested(requested(fileName, 0))
    serving.handleRead(reads()[0]!.id, torn.subarray(1))
    expect(allServed()).toEqual([])
    expect(told()).toEqual(['suspect f/large', 'locate'])
  })
})

describe('a file that is not what the index says', () => {
  const torn = large.slice()
  torn[17]! ^= 1

  test.each([
    ['holds other bytes', blockOf(torn, 0)],
    ['is shorter', blockOf(large, 0).subarray(1)],
    ['cannot be read', undefined],
  ])('and %s is looked up a second time and served from where it is by then', (_, found) => {
    serving.handleRequested(requested(fileName, 0))
    serving.handleLocated(fileName, place)
    told()
    serving.handleRead(reads()[0]!.id, found)
    expect(allServed()).toEqual([])
    // The keeper looks at the path before it answers where the content is now.
    expect(told()).toEqual(['suspect f/large', 'locate'])
    serving.handleLocated(fileName, { ...place, path: 'renamed' })
    const ops = reads()
    expect(ops).toMatchObject([{ path: 'renamed', position: 0 }])
    serving.handleRead(ops[0]!.id, blockOf(large, 0))
    expect(allServed().map(blockIn)).toEqual([blockOf(large, 0)])
  })

  test('twice is gone, and no torn byte was served', () => {
    serving.handleRequested(requested(fileName, 0))
    serving.handleLocated(fileName, place)
    serving.handleRead(reads()[0]!.id, blockOf(torn, 0))
    serving.handleLocated(fileName, place)
    serving.handleRead(reads()[0]!.id, blockOf(torn, 0))
    expect(allServed()).toMatchObject([{ frame: undefined }])
    expect(told().filter((message) => message.startsWith('suspect'))).toHaveLength(2)
  })

  test('a small one is never served with other bytes either', () => {
    serving.handleRequested(requested(smallName, 0))
    serving.handleLocated(smallName, smallPlace)
    serving.handleRead(reads()[0]!.id, contentOf(100, 2))
    serving.handleLocated(smallName, { type: 'gone' })
    expect(allServed()).toMatchObject([{ frame: undefined }])
  })

  test('a large one without a list proves nothing and is gone', () => {
    const listless: Location = { ...place, list: new Uint8Array(0) }
    serving.handleRequested(requested(fileName, 0))
    for (let look = 0; look < 2; look++) {
      serving.handleLocated(fileName, listless)
      serving.handleRead(reads()[0]!.id, blockOf(large, 0))
    }
    expect(allServed()).toMatchObject([{ frame: undefined }])
  })
})

describe('a list or a tree item', () => {
  test('is served from memory, block by block', () => {
    const bytes = contentOf(BLOCK_BYTES + 5)
    const name: ItemName = { kind: 'list', digest: hexOf(hash(bytes)) }
    for (const index of [1, 0, 2]) serving.handleRequested(requested(name, index))
    serving.handleLocated(name, { type: 'bytes', bytes })
    expect(reads()).toEqual([])
    expect(allServed().map(blockIn)).toEqual([
      bytes.slice(BLOCK_BYTES),
      bytes.slice(0, BLOCK_BYTES),
      undefined,
    ])
  })

  test('that is not what its name says is not served', () => {
    const name: ItemName = { kind: 'tree', digest: digestOf('another') }
    serving.handleRequested(requested(name, 0))
    serving.handleLocated(name, { type: 'bytes', bytes: contentOf(5) })
    expect(allServed()).toMatchObject([{ frame: undefined }])
  })

  test('is another item than a file of the same digest', () => {
    const digest = digestOf('both')
    serving.handleRequested(requested({ kind: 'tree', digest }, 0))
    serving.handleRequested(requested({ kind: 'list', digest }, 0))
    expect(locates()).toHaveLength(2)
  })
})

describe('what is done at once', () => {
  test('no more reads are under way than the limit', () => {
    const many = contentOf(40 * BLOCK_BYTES)
    const name: ItemName = { kind: 'file', digest: digestOfContent(many) }
    for (let index = 0; index < 40; index++) serving.handleRequested(requested(name, index))
    serving.handleLocated(name, {
      type: 'file',
      path: 'many',
      sizeBytes: many.length,
      mtimeMs: 0,
      list: listOf(many),
    })
    const begun = reads()
    expect(begun.map(({ position }) => position / BLOCK_BYTES)).toEqual([...Array(READS_MAX).keys()])
    serving.handleRead(begun[3]!.id, blockOf(many, 3))
    expect(reads()).toMatchObject([{ position: READS_MAX * BLOCK_BYTES }])
  })

  test('blocks requested beyond the limit are dropped, and have room again later', () => {
    for (let index = 0; index < REQUESTED_BLOCKS_MAX + 3; index++)
      serving.handleRequested(requested(fileName, index))
    serving.handleLocated(fileName, { type: 'gone' })
    expect(allServed()).toHaveLength(REQUESTED_BLOCKS_MAX)
    serving.handleRequested(requested(fileName, 0))
    serving.handleLocated(fileName, { type: 'gone' })
    expect(allServed()).toHaveLength(1)
  })

  test('places are remembered up to the limit, the oldest forgotten first', () => {
    const bytesOf = (item: number) => Uint8Array.of(item >> 8, item)
    const nameOf = (item: number): ItemName => ({ kind: 'tree', digest: hexOf(hash(bytesOf(item))) })
    const ask = (item: number): void => serving.handleRequested(requested(nameOf(item), 0))
    for (let item = 0; item <= LOCATIONS_MAX; item++) {
      ask(item)
      serving.handleLocated(nameOf(item), { type: 'bytes', bytes: bytesOf(item) })
    }
    expect(allServed()).toHaveLength(LOCATIONS_MAX + 1)
    told()
    ask(LOCATIONS_MAX)
    ask(1)
    expect(locates()).toEqual([])
    ask(0)
    expect(locates()).toEqual([nameOf(0)])
  })

  test('the answer to a read that nobody asked for changes nothing', () => {
    serving.handleRead(99, small)
    expect(allServed()).toEqual([])
    expect(told()).toEqual([])
  })
})

test('when the watcher process dies, what it was asked is gone, and what was read is served', () => {
  serving.handleRequested(requested(fileName, 0))
  serving.handleLocated(fileName, place)
  const [op] = reads()
  serving.handleRequested(requested(smallName, 0))
  serving.handleKeeperLost()
  expect(allServed()).toMatchObject([{ requested: { digest: smallName.digest }, frame: undefined }])
  serving.handleRead(op!.id, blockOf(large, 0))
  expect(allServed().map(blockIn)).toEqual([blockOf(large, 0)])
})

describe('weak sums', () => {
  const served = (digest: string, byte: number) => {
    const name = { kind: 'sums', digest } as const
    // As when its place was forgotten meanwhile.
    serving.handleRequested(requested(name, 0))
    locates()
    serving.handleLocated(name, { type: 'bytes', bytes: new Uint8Array(12).fill(byte) })
    return serving.pollServed()?.frame !== undefined
  }
  const digestNumbered = (number: number) => number.toString(16).padStart(64, '0')
  /** More places than are remembered. */
  const forgetPlaces = () => {
    for (let number = 1; number <= LOCATIONS_MAX; number++) {
      const content = contentOf(100 + number)
      const name: ItemName = { kind: 'list', digest: hexOf(hash(content)) }
      serving.handleRequested(requested(name, 0))
      serving.handleLocated(name, { type: 'bytes', bytes: content })
      serving.pollServed()
    }
    locates()
  }

  test('of a file are the same in the life of a process, or are gone: what is sealed has one text', () => {
    expect(served(digestNumbered(1), 7)).toBe(true)
    forgetPlaces()
    expect(served(digestNumbered(1), 8)).toBe(false)
    expect(served(digestNumbered(1), 7)).toBe(true)
  })

  test('are served of so many files and no more', () => {
    for (let number = 1; number < SUMS_SERVED_MAX; number++) served(digestNumbered(number), 7)
    expect(served(digestNumbered(SUMS_SERVED_MAX), 7)).toBe(true)
    expect(served(digestNumbered(SUMS_SERVED_MAX + 1), 7)).toBe(false)
    expect(served(digestNumbered(SUMS_SERVED_MAX), 7)).toBe(true)
  })
})
