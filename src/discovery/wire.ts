// The datagrams between a peer and a tracker. Client and server share this codec; README.md explains the exchange.
//
//   datagram  = fields crc (4, CRC-32 of the fields)                       as LEFT's handshake datagrams
//   beat      = 64 nonce (8) version (1) group (16) member (8) mark (16) cookie (16)
//   challenge = 65 nonce cookie seen
//   members   = 66 nonce cookie page (1) pages (1) *line
//   joined    = 67 nonce line
//   leave     = 68 nonce version group cookie
//   refused   = 69 nonce reason (1: full, 2: version)
//   line      = member mark address
//   seen      = address                                                    address: address-bytes.ts
//
// The nonce is the peer's, of the heartbeat that is answered. First byte, nonce and version are the same in every version.
// Datagrams of one answer begin alike, by which merged ones are cut apart (rdt/wire/gro-split.ts).

import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import type { Address } from '../rdt/api.js'
import { type Crc32, withCrc, withoutCrc } from '../rdt/wire/control.js'
import { FieldReader, FieldWriter } from '../rdt/wire/fields.js'
import { COOKIE_BYTES, CRC_BYTES, NONCE_BYTES } from '../rdt/wire/limits.js'
import { ADDRESS_BYTES_MAX, readAddress, writeAddress } from './address-bytes.js'
import {
  DISCOVERY_DATAGRAM_BYTES_MAX,
  DISCOVERY_VERSION,
  GROUP_NAME_BYTES,
  MARK_BYTES,
  MEMBER_ID_BYTES,
} from './limits.js'

/** First bytes, none of which begins a datagram of rdt. */
export const DiscoveryType = {
  beat: 64,
  challenge: 65,
  members: 66,
  joined: 67,
  leave: 68,
  refused: 69,
} as const

/** One member, as a tracker knows it. */
export interface MemberLine {
  readonly member: Uint8Array
  /** Made by the member over its id and address with a key of the group. */
  readonly mark: Uint8Array
  readonly address: Address
}

export interface Beat {
  readonly type: 'beat'
  readonly nonce: Uint8Array
  readonly version: number
  readonly group: Uint8Array
  readonly member: Uint8Array
  /** Zeros, as the cookie, before there was a challenge. */
  readonly mark: Uint8Array
  readonly cookie: Uint8Array
}

export interface Leave {
  readonly type: 'leave'
  readonly nonce: Uint8Array
  readonly version: number
  readonly group: Uint8Array
  readonly cookie: Uint8Array
}

export type TrackerRefusal = 'full' | 'version'

export type ToTracker = Beat | Leave

interface Members {
  readonly type: 'members'
  readonly nonce: Uint8Array
  readonly cookie: Uint8Array
  readonly page: number
  readonly pages: number
  readonly lines: readonly MemberLine[]
}

export type FromTracker =
  | {
      readonly type: 'challenge'
      readonly nonce: Uint8Array
      readonly cookie: Uint8Array
      /** The address that the heartbeat came from. */
      readonly seen: Address
    }
  | Members
  | { readonly type: 'joined'; readonly nonce: Uint8Array; readonly line: MemberLine }
  | { readonly type: 'refused'; readonly nonce: Uint8Array; readonly reason: TrackerRefusal }

export type DiscoveryDatagram = ToTracker | FromTracker

export type DiscoveryFailure =
  | 'empty'
  | 'truncated'
  | 'trailing-bytes'
  | 'unknown-kind'
  | 'bad-field'
  | 'damaged'

const REFUSALS: readonly TrackerRefusal[] = ['full', 'version']

/** Bytes of the longest line. */
export const LINE_BYTES_MAX = MEMBER_ID_BYTES + MARK_BYTES + ADDRESS_BYTES_MAX

const MEMBERS_HEADER_BYTES = 1 + NONCE_BYTES + COOKIE_BYTES + 2
const LINES_BYTES_MAX = DISCOVERY_DATAGRAM_BYTES_MAX - MEMBERS_HEADER_BYTES - CRC_BYTES

/** Bytes of the longest datagram without lines, a beat. */
const SMALL_BYTES_MAX = 1 + NONCE_BYTES + 1 + GROUP_NAME_BYTES + MEMBER_ID_BYTES + MARK_BYTES + COOKIE_BYTES

/** Lines in one datagram at most, whatever their family. */
export const LINES_PER_PAGE = Math.floor(LINES_BYTES_MAX / LINE_BYTES_MAX)

export function isDiscovery(type: number | undefined): boolean {
  return type !== undefined && type >= DiscoveryType.beat && type <= DiscoveryType.refused
}

/** A line as it stands in datagrams, for a tracker that repeats it. */
export function encodeLine(line: MemberLine): Uint8Array {
  const writer = new FieldWriter(LINE_BYTES_MAX)
  writeLine(writer, line)
  return writer.written().slice()
}

/** The same as `encodeDiscovery` makes, of lines that are encoded already. */
export function encodeMembers(
  { nonce, cookie, page, pages }: Omit<Members, 'type' | 'lines'>,
  lines: readonly Uint8Array[],
  crc32: Crc32,
): Uint8Array {
  const bytes = lines.reduce((sum, line) => sum + line.length, MEMBERS_HEADER_BYTES)
  const writer = new FieldWriter(Math.min(bytes, DISCOVERY_DATAGRAM_BYTES_MAX - CRC_BYTES))
  writer.u8(DiscoveryType.members).raw(nonce).raw(cookie).u8(page).u8(pages)
  for (const line of lines) writer.raw(line)
  return withCrc(writer.written(), crc32)
}

/** Freshly allocated. Throws where a field is out of its limits. */
export function encodeDiscovery(datagram: DiscoveryDatagram, crc32: Crc32): Uint8Array {
  if (datagram.type === 'members') return encodeMembers(datagram, datagram.lines.map(encodeLine), crc32)
  const writer = new FieldWriter(SMALL_BYTES_MAX)
  writer.u8(DiscoveryType[datagram.type]).raw(datagram.nonce)
  writeFields(writer, datagram)
  return withCrc(writer.written(), crc32)
}

function writeFields(writer: FieldWriter, datagram: Exclude<DiscoveryDatagram, Members>): void {
  switch (datagram.type) {
    case 'beat':
      writer.u8(datagram.version).raw(datagram.group)
      writer.raw(datagram.member).raw(datagram.mark).raw(datagram.cookie)
      return
    case 'leave':
      writer.u8(datagram.version).raw(datagram.group).raw(datagram.cookie)
      return
    case 'challenge':
      writer.raw(datagram.cookie)
      writeAddress(writer, datagram.seen)
      return
    case 'joined':
      writeLine(writer, datagram.line)
      return
    case 'refused':
      writer.u8(REFUSALS.indexOf(datagram.reason) + 1)
      return
  }
}

function writeLine(writer: FieldWriter, { member, mark, address }: MemberLine): void {
  writer.raw(member).raw(mark)
  writeAddress(writer, address)
}

/** Checks the CRC first. Never throws. A beat or leave of another version has zeros for what follows it. */
export function decodeDiscovery(
  bytes: Uint8Array,
  crc32: Crc32,
): Decoded<DiscoveryDatagram, DiscoveryFailure> {
  if (bytes.length === 0) return undecoded('empty')
  if (!isDiscovery(bytes[0])) return undecoded('unknown-kind')
  if (bytes.length > DISCOVERY_DATAGRAM_BYTES_MAX) return undecoded('trailing-bytes')
  const fields = withoutCrc(bytes, crc32)
  if (fields === undefined) return undecoded(bytes.length <= CRC_BYTES ? 'truncated' : 'damaged')
  const reader = new FieldReader(fields)
  const datagram = readFields(reader)
  if (reader.truncated) return undecoded('truncated')
  if (typeof datagram === 'string') return undecoded(datagram)
  if (reader.left > 0) return undecoded('trailing-bytes')
  return decoded(datagram)
}

function readFields(reader: FieldReader): DiscoveryDatagram | DiscoveryFailure {
  const type = reader.u8()
  const nonce = reader.raw(NONCE_BYTES)
  switch (type) {
    case DiscoveryType.beat:
      return readBeat(reader, nonce)
    case DiscoveryType.leave: {
      const version = reader.u8()
      const group = reader.raw(GROUP_NAME_BYTES)
      return version !== DISCOVERY_VERSION
        ? 'bad-field'
        : { type: 'leave', nonce, version, group, cookie: reader.raw(COOKIE_BYTES) }
    }
    case DiscoveryType.challenge: {
      const cookie = reader.raw(COOKIE_BYTES)
      const seen = readAddress(reader)
      return seen === undefined ? 'bad-field' : { type: 'challenge', nonce, cookie, seen }
    }
    case DiscoveryType.members:
      return readMembers(reader, nonce)
    case DiscoveryType.joined: {
      const line = readLine(reader)
      return line === undefined ? 'bad-field' : { type: 'joined', nonce, line }
    }
    case DiscoveryType.refused: {
      const reason = REFUSALS[reader.u8() - 1]
      return reason === undefined ? 'bad-field' : { type: 'refused', nonce, reason }
    }
    default:
      return 'unknown-kind'
  }
}

function readBeat(reader: FieldReader, nonce: Uint8Array): Beat {
  const version = reader.u8()
  // Another version may say anything after it.
  if (version !== DISCOVERY_VERSION) {
    reader.skip(reader.left)
    const group = new Uint8Array(GROUP_NAME_BYTES)
    const member = new Uint8Array(MEMBER_ID_BYTES)
    const [mark, cookie] = [new Uint8Array(MARK_BYTES), new Uint8Array(COOKIE_BYTES)]
    return { type: 'beat', nonce, version, group, member, mark, cookie }
  }
  return {
    type: 'beat',
    nonce,
    version,
    group: reader.raw(GROUP_NAME_BYTES),
    member: reader.raw(MEMBER_ID_BYTES),
    mark: reader.raw(MARK_BYTES),
    cookie: reader.raw(COOKIE_BYTES),
  }
}

function readMembers(reader: FieldReader, nonce: Uint8Array): FromTracker | DiscoveryFailure {
  const cookie = reader.raw(COOKIE_BYTES)
  const page = reader.u8()
  const pages = reader.u8()
  if (reader.truncated) return 'truncated'
  if (page >= pages) return 'bad-field'
  const lines: MemberLine[] = []
  while (reader.left > 0 && !reader.truncated) {
    const line = readLine(reader)
    if (line === undefined) return reader.truncated ? 'truncated' : 'bad-field'
    lines.push(line)
  }
  return { type: 'members', nonce, cookie, page, pages, lines }
}

function readLine(reader: FieldReader): MemberLine | undefined {
  const member = reader.raw(MEMBER_ID_BYTES)
  const mark = reader.raw(MARK_BYTES)
  const address = readAddress(reader)
  return address === undefined ? undefined : { member, mark, address }
}
