// An entry in as few bytes as hold it: a string of one byte a character, which V8 keeps as such. `Manifest` holds one for each
// entry, and makes the entry again whenever it is asked for it. In memory alone: on the disk and the wire an entry is a line.
//
//     record  = note's length, note, head              a head is of the entry alone: equal entries, equal heads
//     note    = 0..255 characters that the manifest's owner keeps with the entry
//     head    = what, flags, [ size, digest ] of a file, mtime, version, [ touch ], [ target ]
//     what    = kind, executable, access, confirmed, deleted kind, in one byte
//     size    = a number of 7 bits a character, the lowest first
//     mtime   = 7 bytes, the lowest first, its sign in the flags
//     version = one dot, or number of dots *dot, then the dots of the content and the attributes
//     dot     = peer, count in 7 bytes                  flags say where all three are the same dot
//     peer    = its number in the table of peers and 1 more; or 0, and 8 bytes
//     touch   = mtime [ dot ]                           the dot where it is not that of the content
//     target  = its UTF-16 code units, to the end: of two bytes a character only where it has characters beyond U+00FF

import { assert } from '../base/assert.js'
import { copyOfText } from '../base/bytes.js'
import type { Digest } from '../base/item.js'
import { DIGEST_BYTES } from '../base/limits.js'
import {
  COUNT_MAX,
  countOf,
  type Dot,
  type DottedVersion,
  dotOf,
  dotsOf,
  peerOf,
  SEEN_PEERS_MAX,
} from './dots.js'
import type { Access, Entry, EntryKind } from './entry.js'
import { MTIME_MS_MAX, NOTE_LENGTH_MAX, PACKED_PEERS_MAX } from './limits.js'

const KINDS: readonly EntryKind[] = ['file', 'folder', 'link', 'tombstone']
const ACCESSES: readonly Access[] = ['owner', 'group', 'all', 'none']
const DELETED_KINDS: readonly Entry['deletedKind'][] = [undefined, 'file', 'folder', 'link']

const KIND_MASK = 3
const EXECUTABLE = 4
const ACCESS_SHIFT = 3
const CONFIRMED = 32
const DELETED_SHIFT = 6

const IS_NEGATIVE = 1
const IS_ONE_DOT = 2
const IS_TOUCHED = 4
const IS_TOUCH_NEGATIVE = 8
const IS_TOUCH_OF_OTHER = 16

const SEVEN_BYTES_HIGH = 2 ** 28
const HEX_DIGITS = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** The pages of one manifest share it. */
export class EntryPacker {
  /** Peers in the order in which they came. Never more than have been in one listing: those beyond are written out. */
  private readonly peers: string[] = []
  private readonly numbers = new Map<string, number>()
  /** The record that is being read, and where. */
  private record = ''
  private at = 0

  pack(entry: Entry, note: string): string {
    const codes: number[] = [note.length]
    assert(note.length <= NOTE_LENGTH_MAX, 'a note is short')
    for (let index = 0; index < note.length; index++) codes.push(note.charCodeAt(index))
    const { kind, version, touched, target } = entry
    const { content, attributes, seen } = version
    const isOneDot = seen === content && seen === attributes
    const isTouchOfOther = touched !== undefined && touched.content !== content
    codes.push(whatOf(entry))
    codes.push(
      (entry.mtimeMs < 0 ? IS_NEGATIVE : 0) |
        (isOneDot ? IS_ONE_DOT : 0) |
        (touched === undefined ? 0 : IS_TOUCHED) |
        (touched !== undefined && touched.mtimeMs < 0 ? IS_TOUCH_NEGATIVE : 0) |
        (isTouchOfOther ? IS_TOUCH_OF_OTHER : 0),
    )
    if (kind === 'file') {
      putNumber(codes, entry.sizeBytes)
      putDigest(codes, entry.digest)
    } else assert(entry.sizeBytes === 0 && entry.digest === '', 'only a file has a size and a digest')
    putTime(codes, entry.mtimeMs)
    if (isOneDot) this.putDot(codes, seen)
    else this.putVersion(codes, version)
    if (touched !== undefined) putTime(codes, touched.mtimeMs)
    if (isTouchOfOther) this.putDot(codes, touched.content)
    for (let index = 0; index < target.length; index++) codes.push(target.charCodeAt(index))
    return String.fromCharCode.apply(null, codes)
  }

  unpack(record: string, path: string): Entry {
    this.record = record
    this.at = 1 + record.charCodeAt(0)
    const what = this.byte()
    const flags = this.byte()
    const kind = KINDS[what & KIND_MASK]!
    const sizeBytes = kind === 'file' ? this.number() : 0
    const digest = kind === 'file' ? this.digest() : ''
    const mtimeMs = this.time(flags & IS_NEGATIVE)
    const version = flags & IS_ONE_DOT ? oneDot(this.dot()) : this.version()
    let touched: Entry['touched']
    if (flags & IS_TOUCHED) {
      const touchedMs = this.time(flags & IS_TOUCH_NEGATIVE)
      touched = { mtimeMs: touchedMs, content: flags & IS_TOUCH_OF_OTHER ? this.dot() : version.content }
    }
    const target = record.slice(this.at)
    this.record = ''
    return {
      path,
      kind,
      sizeBytes,
      digest,
      target,
      deletedKind: DELETED_KINDS[what >> DELETED_SHIFT],
      mtimeMs,
      access: ACCESSES[(what >> ACCESS_SHIFT) & 3]!,
      executable: (what & EXECUTABLE) !== 0,
      touched,
      confirmed: (what & CONFIRMED) !== 0,
      version,
    }
  }

  private putVersion(codes: number[], { content, attributes, seen }: DottedVersion): void {
    const dots = dotsOf(seen)
    assert(
      dots.length > 0 && dots.length <= SEEN_PEERS_MAX,
      'a version has seen some peers, and not too many',
    )
    codes.push(dots.length)
    for (const dot of dots) this.putDot(codes, dot)
    this.putDot(codes, content)
    this.putDot(codes, attributes)
  }

  private version(): DottedVersion {
    const dotCount = this.byte()
    let seen = this.dot()
    for (let index = 1; index < dotCount; index++) seen += `,${this.dot()}`
    const content = this.dot()
    return { content, attributes: this.dot(), seen }
  }

  private putDot(codes: number[], dot: Dot): void {
    const peer = peerOf(dot)
    const number = this.numberOf(peer)
    putNumber(codes, number + 1)
    if (number < 0) putHex(codes, peer, PEER_BYTES)
    const count = countOf(dot)
    assert(count > 0 && count <= COUNT_MAX, 'a dot has a count')
    putSevenBytes(codes, count)
  }

  private dot(): Dot {
    const number = this.number() - 1
    const peer = number < 0 ? this.hexInto(peerCodes) : this.peers[number]
    assert(peer !== undefined, 'a record is read by the packer that wrote it')
    return dotOf(peer, this.sevenBytes())
  }

  /** -1 for a peer that the table has no room for: then and ever after, so that equal entries have equal heads. */
  private numberOf(peer: string): number {
    const known = this.numbers.get(peer)
    if (known !== undefined) return known
    if (this.peers.length >= PACKED_PEERS_MAX) return -1
    const number = this.peers.push(copyOfText(peer)) - 1
    this.numbers.set(this.peers[number]!, number)
    return number
  }

  private byte(): number {
    return this.record.charCodeAt(this.at++)
  }

  private number(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }

  private sevenBytes(): number {
    const { record, at } = this
    this.at += 7
    const low =
      record.charCodeAt(at) |
      (record.charCodeAt(at + 1) << 8) |
      (record.charCodeAt(at + 2) << 16) |
      ((record.charCodeAt(at + 3) & 15) << 24)
    const high =
      (record.charCodeAt(at + 3) >> 4) |
      (record.charCodeAt(at + 4) << 4) |
      (record.charCodeAt(at + 5) << 12) |
      (record.charCodeAt(at + 6) << 20)
    return high * SEVEN_BYTES_HIGH + low
  }

  private time(isNegative: number): number {
    const ms = this.sevenBytes()
    return isNegative ? -ms : ms
  }

  private digest(): Digest {
    return this.hexInto(digestCodes)
  }

  private hexInto(codes: number[]): string {
    const { record, at } = this
    this.at += codes.length >> 1
    for (let index = 0; index < codes.length; index += 2) {
      const byte = record.charCodeAt(at + (index >> 1))
      codes[index] = HEX_DIGITS[byte >> 4]!
      codes[index + 1] = HEX_DIGITS[byte & 15]!
    }
    return String.fromCharCode.apply(null, codes)
  }
}

const PEER_BYTES = 8
/** Filled anew for each digest and each peer that is read. */
const digestCodes: number[] = Array.from({ length: 2 * DIGEST_BYTES }, () => 0)
const peerCodes: number[] = Array.from({ length: 2 * PEER_BYTES }, () => 0)

/** Of a record, without the rest of it. */
export function kindOf(record: string): EntryKind {
  return KINDS[record.charCodeAt(1 + record.charCodeAt(0)) & KIND_MASK]!
}

export function noteOf(record: string): string {
  return record.slice(1, 1 + record.charCodeAt(0))
}

/** Whether two records are of equal entries, whatever their notes. */
export function sameHead(left: string, right: string): boolean {
  return left.slice(1 + left.charCodeAt(0)) === right.slice(1 + right.charCodeAt(0))
}

/** The record with another note. */
export function withNote(record: string, note: string): string {
  assert(note.length <= NOTE_LENGTH_MAX, 'a note is short')
  return copyOfText(String.fromCharCode(note.length) + note + record.slice(1 + record.charCodeAt(0)))
}

/** Bytes of a file, 0 of anything else. */
export function fileBytesOf(record: string): number {
  if (kindOf(record) !== 'file') return 0
  let value = 0
  let at = 3 + record.charCodeAt(0)
  for (let factor = 1; ; factor *= 128) {
    const byte = record.charCodeAt(at++)
    value += (byte & 127) * factor
    if (byte < 128) return value
  }
}

function whatOf({ kind, executable, access, confirmed, deletedKind }: Entry): number {
  return (
    KINDS.indexOf(kind) |
    (executable ? EXECUTABLE : 0) |
    (ACCESSES.indexOf(access) << ACCESS_SHIFT) |
    (confirmed ? CONFIRMED : 0) |
    (DELETED_KINDS.indexOf(deletedKind) << DELETED_SHIFT)
  )
}

function oneDot(dot: Dot): DottedVersion {
  return { content: dot, attributes: dot, seen: dot }
}

function putNumber(codes: number[], value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'a size is a whole number')
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) codes.push(128 + (rest % 128))
  codes.push(rest)
}

function putTime(codes: number[], ms: number): void {
  assert(Number.isInteger(ms) && Math.abs(ms) <= MTIME_MS_MAX, 'a time is in whole milliseconds')
  putSevenBytes(codes, Math.abs(ms))
}

function putSevenBytes(codes: number[], value: number): void {
  const high = Math.floor(value / SEVEN_BYTES_HIGH)
  const low = value - high * SEVEN_BYTES_HIGH
  codes.push(
    low & 255,
    (low >> 8) & 255,
    (low >> 16) & 255,
    ((low >> 24) & 15) | ((high & 15) << 4),
    (high >> 4) & 255,
    (high >> 12) & 255,
    (high >> 20) & 255,
  )
}

function putDigest(codes: number[], digest: string): void {
  putHex(codes, digest, DIGEST_BYTES)
}

function putHex(codes: number[], hex: string, byteCount: number): void {
  assert(hex.length === 2 * byteCount, 'a digest or a peer has its length')
  for (let index = 0; index < hex.length; index += 2)
    codes.push((digitOf(hex.charCodeAt(index)) << 4) | digitOf(hex.charCodeAt(index + 1)))
}

function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  assert(code >= 97 && code <= 102, 'digests and peers are lowercase hexadecimal')
  return code - 87
}

assert(MTIME_MS_MAX < 2 ** 56 && COUNT_MAX < 2 ** 56, 'times and counts fit seven bytes')
assert(SEEN_PEERS_MAX <= 255, 'the number of dots fits a byte')
