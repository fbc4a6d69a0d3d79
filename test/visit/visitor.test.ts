// A visitor and the engine of a peer on a link in memory; the keeper of the peer is played by the test.

import { beforeEach, describe, expect, test } from 'vitest'
import { BlockSet } from '../../src/base/blockset.js'
import { concatBytes, equalBytes, hexOf, utf8 } from '../../src/base/bytes.js'
import type { ItemRef } from '../../src/base/item.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { visitorId } from '../../src/base/visitor.js'
import { Engine, type EngineEvent } from '../../src/engine/engine.js'
import { crc32, hash, loadHash } from '../../src/io/hash.js'
import type { EngineToKeeper, ItemName, Location } from '../../src/pipe/messages.js'
import { PlainProtection } from '../../src/seal/plain.js'
import type { Entry } from '../../src/share/entry.js'
import { encodeHeld, type HeldInstead } from '../../src/share/held-item.js'
import { Manifest } from '../../src/share/manifest.js'
import { SeededRandom } from '../../src/sim/random.js'
import { LISTING_RESTARTS_MAX } from '../../src/visit/limits.js'
import { type VisitEvent, Visitor } from '../../src/visit/visitor.js'
import { contentOf, digestOfContent, listOf } from '../keeper/share-on-disk.js'
import { entryOf, fileEntry } from '../share/entries.js'

const PEER = '10.0.0.1:22001'
const GUEST = '10.0.0.2:40000'
const STEP_MS = 5

/** What both ends share but the id. */
function optionsOf(peerId: string, seed: number) {
  const random = new SeededRandom(seed)
  return {
    peerId,
    random,
    protection: new PlainProtection({ peerId, random, crc32 }),
    hash,
    crc32,
    window: 'auto' as const,
    agent: 'left test',
    admit: () => true,
    datagramBytesMax: () => 65_507,
    receiveBufferBytes: 1 << 20,
  }
}

class Visit {
  readonly engine = new Engine(optionsOf('7f3a90c15be2d846', 1), 0)
  readonly visitor = new Visitor(optionsOf(visitorId('00000001'), 2), 0)
  readonly asked: EngineToKeeper[] = []
  readonly told: EngineEvent[] = []
  readonly events: VisitEvent[] = []
  readonly files = new Map<string, Uint8Array>()
  items = new Map<string, Uint8Array>()
  root!: ItemRef
  held: HeldInstead = new Map()
  isReading = false
  private nowMs = 0

  know(entries: readonly Entry[]): void {
    const manifest = new Manifest(hash)
    for (const entry of entries) manifest.set(entry)
    this.root = manifest.root()
    this.items = { get: (digest: string) => manifest.item(digest) } as never
  }

  /** Until nothing happens any more, for `ms` at most. */
  run(ms = 2_000): void {
    const endMs = this.nowMs + ms
    while (this.nowMs < endMs) {
      const moved = this.turn()
      if (!moved) this.nowMs += STEP_MS
    }
  }

  private turn(): boolean {
    const { engine, visitor, nowMs } = this
    let moved = false
    if ((engine.pollTimeout() ?? Number.POSITIVE_INFINITY) <= nowMs) engine.handleTimeout(nowMs)
    if ((visitor.pollTimeout() ?? Number.POSITIVE_INFINITY) <= nowMs) visitor.handleTimeout(nowMs)
    for (let out = visitor.pollDatagram(nowMs); out !== undefined; out = visitor.pollDatagram(nowMs)) {
      engine.handleDatagrams(GUEST, out.bytes, out.segmentBytes, nowMs)
      moved = true
    }
    for (let message = engine.pollKeeper(); message !== undefined; message = engine.pollKeeper()) {
      this.asked.push(message)
      this.answer(message)
    }
    for (let op = engine.pollDisk(); op !== undefined; op = engine.pollDisk())
      if (op.type === 'read') {
        const bytes = this.files.get(op.path)?.subarray(op.position, op.position + op.length)
        engine.handleRead(op.id, bytes, nowMs)
      }
    for (let out = engine.pollDatagram(nowMs); out !== undefined; out = engine.pollDatagram(nowMs)) {
      visitor.handleDatagrams(PEER, out.bytes, out.segmentBytes, nowMs)
      moved = true
    }
    for (let event = engine.pollEvent(); event !== undefined; event = engine.pollEvent())
      this.told.push(event)
    for (let event = visitor.pollEvent(); event !== undefined; event = visitor.pollEvent())
      this.events.push(event)
    return moved
  }

  private answer(message: EngineToKeeper): void {
    const { engine, nowMs } = this
    if (message.type === 'visit') {
      const { bytes, untoldCount } = encodeHeld(this.held)
      const held = this.held.size === 0 ? undefined : bytes
      const holdings = this.isReading ? 'working' : { root: this.root, held, untoldCount }
      engine.handleKeeper({ type: 'visited', question: message.question, holdings }, nowMs)
    }
    if (message.type === 'locate') {
      const items = message.items.map((name) => ({ name, location: this.locate(name) }))
      engine.handleKeeper({ type: 'located', items }, nowMs)
    }
  }

  private locate({ kind, digest }: ItemName): Location {
    if (kind === 'tree') {
      const bytes = this.items.get(digest)
      return bytes === undefined ? { type: 'gone' } : { type: 'bytes', bytes }
    }
    const found = [...this.files].find(([, content]) => digestOfContent(content) === digest)
    if (found === undefined) return { type: 'gone' }
    const [path, content] = found
    const list = listOf(content)
    if (kind === 'list') return { type: 'bytes', bytes: list }
    if (content.length <= BLOCK_BYTES) return { type: 'content', path, bytes: content }
    return { type: 'file', path, sizeBytes: content.length, mtimeMs: 1, list }
  }

  listed(): VisitEvent & { type: 'listed' } {
    const [event] = this.events
    if (event?.type !== 'listed') throw new Error(`not listed: ${JSON.stringify(event)}`)
    return event
  }
}

const pathsOf = (entries: readonly Entry[]) => entries.map(({ path }) => path)

let visit: Visit

beforeEach(async () => {
  await loadHash()
  visit = new Visit()
})

describe('a visit', () => {
  const many = Array.from({ length: 1_500 }, (_, index) => fileEntry(`docs/file-${index}`))
  const all = [entryOf('folder', 'docs'), ...many, fileEntry('top'), entryOf('tombstone', 'deleted')]

  test('lists all that a peer holds, and the peer sees no peer in it', () => {
    visit.know(all)
    visit.visitor.list(PEER, [''], 0)
    visit.run()
    const { entries, untoldCount, peer } = visit.listed()
    expect(pathsOf(entries)).toEqual(pathsOf(all.filter(({ kind }) => kind !== 'tombstone')).sort())
    expect({ untoldCount, peer }).toEqual({ untoldCount: 0, peer: '7f3a90c15be2d846' })
    expect(new Set(visit.asked.map(({ type }) => type))).toEqual(new Set(['visit', 'locate']))
    visit.visitor.close(2_000)
    visit.run(100)
    expect(visit.told).toEqual([])
    expect([...visit.engine.peers(visit.root.digest)]).toEqual([])
  })

  test('looks into the folders on the way to what is asked for, and no other', () => {
    visit.know(['a/b/c', 'a/b2', 'd/e', 'a/b/x/y'].map((path) => fileEntry(path)))
    visit.visitor.list(PEER, ['a/b', 'd/none'], 0)
    visit.run()
    expect(pathsOf(visit.listed().entries)).toEqual(['a/b/c', 'a/b/x/y'])
    const trees = visit.asked.flatMap((message) => (message.type === 'locate' ? message.items : []))
    expect(trees).toHaveLength(5) // the share, a, a/b, a/b/x, d
  })

  test('lists what the peer holds, where it knows something newer', () => {
    const older = fileEntry('replaced', { sizeBytes: 3 })
    visit.know([fileEntry('here'), fileEntry('not-here'), fileEntry('replaced', { sizeBytes: 9 })])
    visit.held = new Map([
      ['not-here', undefined],
      ['replaced', older],
    ])
    visit.visitor.list(PEER, [''], 0)
    visit.run()
    expect(visit.listed().entries).toEqual([fileEntry('here'), older])
  })

  test('waits for a peer that is still reading its share', () => {
    visit.know([fileEntry('here')])
    visit.isReading = true
    visit.visitor.list(PEER, [''], 0)
    visit.run()
    expect(visit.events).toEqual([])
    visit.isReading = false
    visit.run()
    expect(pathsOf(visit.listed().entries)).toEqual(['here'])
  })

  test.each([
    ['a path that leads upwards', 'left-tree 2 lines\nV aaaaaaaaaaaaaaaa:1\nl - 0 0 - 0:0/0 ../x y\n'],
    ['a folder that leads upwards', `left-tree 2 lines\nV\nD .. ${'0'.repeat(64)} 9\n`],
    ['no listing', 'left-tree 3 lines\n'],
  ])('refuses %s', (_, text) => {
    const bytes = utf8(text)
    const digest = hexOf(hash(bytes))
    visit.root = { kind: 'tree', digest, sizeBytes: bytes.length }
    visit.items = new Map([[digest, bytes]])
    visit.visitor.list(PEER, [''], 0)
    visit.run()
    expect(visit.events).toMatchObject([{ type: 'fault' }])
  })

  test('ends where the tree of the peer moves on all the time', () => {
    visit.know([fileEntry('a/b')])
    visit.items = new Map()
    visit.visitor.list(PEER, [''], 0)
    visit.run(5_000)
    expect(visit.events).toEqual([{ type: 'fault', address: PEER, fault: 'restless' }])
    expect(visit.asked.filter(({ type }) => type === 'visit')).toHaveLength(LISTING_RESTARTS_MAX + 1)
  })
})

describe('a fetch', () => {
  const content = contentOf(3 * BLOCK_BYTES + 10, 7)
  const file: ItemRef = { kind: 'file', digest: digestOfContent(content), sizeBytes: content.length }
  const blocks = () =>
    visit.events.flatMap((event) =>
      event.type === 'block' ? [{ ...event, bytes: event.bytes.slice() }] : [],
    )

  beforeEach(() => {
    visit.files.set('large', content)
    visit.know([fileEntry('large', { digest: file.digest, sizeBytes: file.sizeBytes })])
    visit.visitor.list(PEER, ['large'], 0)
    visit.run()
    visit.events.length = 0
  })

  test('brings the list, then the blocks that are lacking', () => {
    const id = visit.visitor.fetch(PEER, file)
    visit.run()
    expect(visit.events).toEqual([{ type: 'list', fetch: id, list: listOf(content) }])
    const lacking = BlockSet.full(4)
    lacking.delete(1)
    visit.visitor.wantBlocks(id, lacking)
    visit.run()
    const came = blocks().sort((left, right) => left.blockIndex - right.blockIndex)
    expect(came.map(({ blockIndex }) => blockIndex)).toEqual([0, 2, 3])
    const crossed = concatBytes(came.map(({ bytes }) => bytes))
    const sent = concatBytes([content.subarray(0, BLOCK_BYTES), content.subarray(2 * BLOCK_BYTES)])
    expect(equalBytes(crossed, sent)).toBe(true)
    expect(blocks().filter(({ isLast }) => isLast)).toHaveLength(1)
  })

  test('hands on no block that the list does not prove', () => {
    const id = visit.visitor.fetch(PEER, file)
    visit.run()
    const changed = content.slice()
    changed[BLOCK_BYTES + 5]! ^= 1
    visit.files.set('large', changed)
    visit.visitor.wantBlocks(id, BlockSet.full(4))
    visit.run(5_000)
    expect(blocks().map(({ blockIndex }) => blockIndex)).not.toContain(1)
    expect(visit.events.at(-1)).toMatchObject({ type: 'lost', fetch: id })
  })

  test('is lost where the peer has the file no more', () => {
    visit.files.clear()
    const id = visit.visitor.fetch(PEER, file)
    visit.run()
    expect(visit.events).toEqual([{ type: 'lost', fetch: id, reason: 'gone' }])
  })
})
