// A request: which segments of which blocks the puller wants, in the order in which it wants them. It says
// all that the server needs, which keeps nothing from one request to the next.
//
//   request 12  session:8 number:u16 group*
//   group       handle:u24 kind:u8 digest:32 members segmentBytes:u16 askCount:u8 ask{askCount}
//   members     of a pack alone: count:u8 digest:32{count}, or count 0: as they were told before
//   ask         block:u32 first:u8 last:u8      segments first … last, 0 ≤ first ≤ last < 64
//             | block:u32 255:u8 set:8          bit i of the set is segment i; the first byte holds 63 … 56

import { bytesOfHex } from '../../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../../base/decoded.js'
import type { Digest, ItemKind } from '../../base/item.js'
import { BLOCK_COUNT_MAX, DIGEST_BYTES, PACK_FILES_MAX } from '../../base/limits.js'
import { bitsBetween, countOf, highestOf, lowestOf } from './bits.js'
import { type ControlFailure, DatagramType, type WireSession, writeSession } from './control.js'
import { FieldReader, FieldWriter } from './fields.js'
import { PATH_BYTES_BASE, PATH_BYTES_WHOLE, REQUEST_BYTES_MAX, SEGMENT_COUNT_MAX } from './limits.js'

/** Segments of one block: 64 bits in two halves, segment 0 is the lowest bit of `low`. */
export interface Ask {
  readonly blockIndex: number
  readonly low: number
  readonly high: number
}

/** Asks for one item at one segment size. `segmentBytes` counts the whole datagram. */
export interface AskGroup {
  readonly handle: number
  readonly kind: ItemKind
  readonly digest: Uint8Array
  /** Only of a pack: the digests of its files, end to end; empty where they were told before. */
  readonly members?: Uint8Array
  readonly segmentBytes: number
  readonly asks: Ask[]
}

/** An item and the segments of it that are asked for. */
export interface AskedItem {
  readonly handle: number
  readonly kind: ItemKind
  readonly digest: Digest
  /** Only of a pack; left out where the other side may be taken to know them. */
  readonly members?: Uint8Array | undefined
}

export interface Request {
  readonly session: WireSession
  readonly number: number
  readonly groups: AskGroup[]
}

const KINDS: readonly ItemKind[] = ['tree', 'list', 'file', 'pack', 'sums']
const GROUP_BYTES = 3 + 1 + DIGEST_BYTES + 2 + 1
const ASK_BYTES_MAX = 13
const AS_SET = 255
const ASKS_PER_GROUP_MAX = 255
const NO_MEMBERS = new Uint8Array(0)

/** Puts asks into one datagram until it is full. One writer is used again for every request. */
export class RequestWriter {
  private readonly writer = new FieldWriter(PATH_BYTES_BASE)
  private handle = -1
  private segmentBytes = 0
  private askCountAt = 0
  private askCount = 0

  start(session: WireSession, number: number): void {
    this.writer.clear()
    this.writer.u8(DatagramType.request)
    writeSession(this.writer, session)
    this.writer.u16(number)
    this.handle = -1
  }

  /** Whether an ask of any kind still fits, of an item with these members. An empty request has room for each. */
  hasRoomFor(members: Uint8Array | undefined): boolean {
    const memberBytes = members === undefined ? 0 : 1 + members.length
    return this.writer.length + GROUP_BYTES + memberBytes + ASK_BYTES_MAX <= REQUEST_BYTES_MAX
  }

  add(item: AskedItem, segmentBytes: number, ask: Ask): void {
    const { writer } = this
    if (
      item.handle !== this.handle ||
      segmentBytes !== this.segmentBytes ||
      this.askCount === ASKS_PER_GROUP_MAX
    ) {
      writer.u24(item.handle).u8(KINDS.indexOf(item.kind) + 1)
      writer.raw(bytesOfHex(item.digest)!)
      if (item.kind === 'pack') writeMembers(writer, item.members ?? NO_MEMBERS)
      writer.u16(segmentBytes)
      this.handle = item.handle
      this.segmentBytes = segmentBytes
      this.askCountAt = writer.length
      this.askCount = 0
      writer.u8(0)
    }
    writer.patchU8(this.askCountAt, ++this.askCount)
    writer.u32(ask.blockIndex)
    const first = lowestOf(ask.low, ask.high)
    const last = highestOf(ask.low, ask.high)
    if (last - first + 1 === countOf(ask.low, ask.high)) writer.u8(first).u8(last)
    else writer.u8(AS_SET).u32(ask.high).u32(ask.low)
  }

  /** The request, to be sealed at once: the next request is written over it. */
  finish(): Uint8Array {
    return this.writer.written()
  }
}

/** Reads what `finish` gave, opened again. Never throws; a request without asks is a bad one. */
export function decodeRequest(bytes: Uint8Array): Decoded<Request, ControlFailure> {
  if (bytes.length === 0) return undecoded('empty')
  if (bytes.length > PATH_BYTES_BASE) return undecoded('too-long')
  const reader = new FieldReader(bytes)
  if (reader.u8() !== DatagramType.request) return undecoded('unknown-kind')
  const session = { high: reader.u32(), low: reader.u32() }
  const number = reader.u16()
  const groups: AskGroup[] = []
  while (reader.left > 0) {
    const group = readGroup(reader)
    if (reader.truncated) return undecoded('truncated')
    if (group === undefined) return undecoded('bad-field')
    groups.push(group)
  }
  if (reader.truncated) return undecoded('truncated')
  if (groups.length === 0) return undecoded('bad-field')
  return decoded({ session, number, groups })
}

function readGroup(reader: FieldReader): AskGroup | undefined {
  const handle = reader.u24()
  const kind = KINDS[reader.u8() - 1]
  const digest = reader.raw(DIGEST_BYTES)
  const members = kind === 'pack' ? readMembers(reader) : undefined
  const segmentBytes = reader.u16()
  const askCount = reader.u8()
  if (kind === undefined || askCount === 0) return undefined
  if (kind === 'pack' && members === undefined) return undefined
  if (segmentBytes < PATH_BYTES_BASE || segmentBytes > PATH_BYTES_WHOLE) return undefined
  const asks: Ask[] = []
  for (let index = 0; index < askCount; index++) {
    const ask = readAsk(reader)
    if (ask === undefined) return undefined
    asks.push(ask)
  }
  if (members === undefined) return { handle, kind, digest, segmentBytes, asks }
  return { handle, kind, digest, members, segmentBytes, asks }
}

function writeMembers(writer: FieldWriter, members: Uint8Array): void {
  writer.u8(members.length / DIGEST_BYTES).raw(members)
}

function readMembers(reader: FieldReader): Uint8Array | undefined {
  const count = reader.u8()
  return count > PACK_FILES_MAX ? undefined : reader.raw(count * DIGEST_BYTES)
}

function readAsk(reader: FieldReader): Ask | undefined {
  const blockIndex = reader.u32()
  const first = reader.u8()
  if (blockIndex >= BLOCK_COUNT_MAX) return undefined
  if (first === AS_SET) {
    const high = reader.u32()
    const low = reader.u32()
    return (high | low) === 0 ? undefined : { blockIndex, low, high }
  }
  const last = reader.u8()
  if (last < first || last >= SEGMENT_COUNT_MAX) return undefined
  const { low, high } = bitsBetween(first, last)
  return { blockIndex, low, high }
}
