// The records of the log and how they are framed. The journal writes and replays them; nobody else does.
//
//     record  = length crc payload
//     length  = u32 big endian, bytes of the payload, 1..RECORD_BYTES_MAX
//     crc     = u32 big endian, CRC-32 (zlib's) of the payload
//     payload = UTF-8 text, fields separated by one space:
//
//       opened <boot>                     a process has begun to use the log, in this run of the machine
//       fetch <digest> <size> <path>      .left/tmp/<digest> is being built
//       blocks <digest> <runs>            these blocks are in it, verified: `0-5,7,9-12`
//       placing <replaces> <temporary> <entry line>
//                                         about to be renamed into place: what is there now, or '-', and the
//                                         temporary file that is renamed, or '-'
//       placed <path> …                   in place and in the index
//       unplaced <path>                   it could not be put in place after all
//       unsynced <digest> <path>          as `placed`, where no entry line is needed: in a log that was compacted, and of a
//                                         link that is about to be kept beside what it lost against
//       dropped <digest>                  given up; the temporary file may go
//       checkpoint                        everything placed so far is on stable storage
//
// Paths are escaped (base/escape.ts); the entry line is whatever the injected codec makes of an entry.

import { assert, unreachable } from '../base/assert.js'
import { concatBytes, textOf, utf8 } from '../base/bytes.js'
import { type Decoded, type DecodeFailure, decoded, undecoded } from '../base/decoded.js'
import { escapeField, unescapeField } from '../base/escape.js'
import type { Digest } from '../base/item.js'
import { BLOCK_COUNT_MAX, FILE_BYTES_MAX } from '../base/limits.js'
import { BOOT_LENGTH_MAX, RECORD_BYTES_MAX } from './limits.js'

/** Blocks `first` to `last`, both included. */
export interface BlockRun {
  readonly first: number
  readonly last: number
}

/** The part of an entry that the log needs; share's `Entry` has it. */
export interface Placeable {
  readonly path: string
  readonly digest: Digest | ''
}

export type JournalRecord<E extends Placeable> =
  | { readonly kind: 'opened'; readonly boot: string }
  | { readonly kind: 'fetch'; readonly digest: Digest; readonly sizeBytes: number; readonly path: string }
  | { readonly kind: 'blocks'; readonly digest: Digest; readonly runs: readonly BlockRun[] }
  | {
      readonly kind: 'placing'
      readonly entry: E
      readonly replaces: Digest | ''
      /** The file that is renamed: if it is gone, the rename happened. */
      readonly temporary?: string
    }
  /** A folder is about to be renamed with all that is in it. `line`: of share's tree-move.ts. */
  | { readonly kind: 'moving'; readonly from: string; readonly path: string; readonly line: string }
  | { readonly kind: 'placed'; readonly paths: readonly string[] }
  | { readonly kind: 'unplaced'; readonly path: string }
  | { readonly kind: 'unsynced'; readonly digest: Digest | ''; readonly path: string }
  | { readonly kind: 'dropped'; readonly digest: Digest }
  | { readonly kind: 'checkpoint' }

/** How entries are written; share's encodeEntry and decodeEntry, injected since folders of the core do not
 *  import each other. */
export interface EntryCodec<E extends Placeable> {
  encodeEntry(entry: E): string
  decodeEntry(text: string): Decoded<E>
}

/** CRC-32 as zlib computes it, an unsigned 32-bit number. Injected: the platform has a fast one. */
export type Crc32 = (bytes: Uint8Array) => number

export const RECORD_HEADER_BYTES = 8

export type RecordFault = DecodeFailure | 'bad-crc'

/** The records' bytes, ready to append. Lists too long for one record become several. */
export function encodeRecords<E extends Placeable>(
  records: readonly JournalRecord<E>[],
  codec: EntryCodec<E>,
  crc32: Crc32,
): Uint8Array {
  const parts: Uint8Array[] = []
  for (const record of records) {
    for (const text of payloadsOf(record, codec)) {
      const payload = utf8(text)
      assert(payload.length <= RECORD_BYTES_MAX, 'a record must fit its limit')
      const header = new Uint8Array(RECORD_HEADER_BYTES)
      const view = new DataView(header.buffer)
      view.setUint32(0, payload.length)
      view.setUint32(4, crc32(payload))
      parts.push(header, payload)
    }
  }
  return concatBytes(parts)
}

/** Decodes the record at `offset`; `nextOffset` is where the one after it begins. */
export function decodeRecord<E extends Placeable>(
  bytes: Uint8Array,
  offset: number,
  codec: EntryCodec<E>,
  crc32: Crc32,
): Decoded<{ record: JournalRecord<E>; nextOffset: number }, RecordFault> {
  if (bytes.length - offset < RECORD_HEADER_BYTES) return undecoded('truncated')
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, RECORD_HEADER_BYTES)
  const length = view.getUint32(0)
  if (length === 0) return undecoded('empty')
  if (length > RECORD_BYTES_MAX) return undecoded('too-long')
  const start = offset + RECORD_HEADER_BYTES
  if (bytes.length - start < length) return undecoded('truncated')
  const payload = bytes.subarray(start, start + length)
  if (crc32(payload) !== view.getUint32(4)) return undecoded('bad-crc')
  const text = textOf(payload)
  if (text === undefined) return undecoded('not-utf8')
  const record = recordOf(text, codec)
  return record.ok ? decoded({ record: record.value, nextOffset: start + length }) : record
}

/** The members of a set of blocks as runs. */
export function runsOf(blocks: Iterable<number>): BlockRun[] {
  const runs: Array<{ first: number; last: number }> = []
  for (const block of blocks) {
    const run = runs.at(-1)
    if (run !== undefined && run.last + 1 === block) run.last = block
    else runs.push({ first: block, last: block })
  }
  return runs
}

/** Characters of a list in one record: leaves room for the word, the digest and the longest single path. */
const LIST_LENGTH_MAX = RECORD_BYTES_MAX / 2

function payloadsOf<E extends Placeable>(record: JournalRecord<E>, codec: EntryCodec<E>): string[] {
  switch (record.kind) {
    case 'opened':
      assert(checkBoot(record.boot), 'the name of a run of the machine is a short word')
      return [`opened ${record.boot}`]
    case 'fetch':
      return [`fetch ${record.digest} ${record.sizeBytes} ${escapeField(record.path)}`]
    case 'blocks':
      return grouped(record.runs.map(textOfRun), ',').map((runs) => `blocks ${record.digest} ${runs}`)
    case 'placing':
      return [
        `placing ${orDash(record.replaces)} ${orDash(escapeField(record.temporary ?? ''))} ${codec.encodeEntry(record.entry)}`,
      ]
    case 'moving':
      return [`moving ${escapeField(record.from)} ${escapeField(record.path)} ${record.line}`]
    case 'placed':
      return grouped(record.paths.map(escapeField), ' ').map((paths) => `placed ${paths}`)
    case 'unplaced':
      return [`unplaced ${escapeField(record.path)}`]
    case 'unsynced':
      return [`unsynced ${orDash(record.digest)} ${escapeField(record.path)}`]
    case 'dropped':
      return [`dropped ${record.digest}`]
    case 'checkpoint':
      return ['checkpoint']
    default:
      return unreachable(record)
  }
}

/** The pieces joined, in as many groups as their length needs; none where there are no pieces. A single
 *  piece is 12 kB at most: a path of 4,095 bytes, all escaped. */
function grouped(pieces: readonly string[], separator: string): string[] {
  const groups: string[] = []
  let group: string[] = []
  let length = 0
  for (const piece of pieces) {
    const pieceLength = utf8(piece).length + 1
    if (length + pieceLength > LIST_LENGTH_MAX && group.length > 0) {
      groups.push(group.join(separator))
      group = []
      length = 0
    }
    group.push(piece)
    length += pieceLength
  }
  if (group.length > 0) groups.push(group.join(separator))
  return groups
}

function recordOf<E extends Placeable>(text: string, codec: EntryCodec<E>): Decoded<JournalRecord<E>> {
  const space = text.indexOf(' ')
  const word = space < 0 ? text : text.slice(0, space)
  const rest = space < 0 ? '' : text.slice(space + 1)
  switch (word) {
    case 'opened':
      return checkBoot(rest) ? decoded({ kind: 'opened', boot: rest }) : undecoded('bad-field')
    case 'fetch':
      return fetchOf(rest)
    case 'blocks':
      return blocksOf(rest)
    case 'placing':
      return placingOf(rest, codec)
    case 'moving':
      return movingOf(rest)
    case 'placed':
      return placedOf(rest)
    case 'unplaced': {
      const path = unescapeField(rest)
      return path === undefined || path === '' ? undecoded('bad-field') : decoded({ kind: 'unplaced', path })
    }
    case 'unsynced':
      return unsyncedOf(rest)
    case 'dropped':
      return DIGEST.test(rest) ? decoded({ kind: 'dropped', digest: rest }) : undecoded('bad-field')
    case 'checkpoint':
      return space < 0 ? decoded({ kind: 'checkpoint' }) : undecoded('trailing-bytes')
    default:
      return undecoded('unknown-kind')
  }
}

const DIGEST = /^[0-9a-f]{64}$/
const INTEGER = /^(?:0|[1-9][0-9]{0,15})$/
const BOOT = /^[0-9A-Za-z.-]+$/

function checkBoot(boot: string): boolean {
  return boot.length <= BOOT_LENGTH_MAX && BOOT.test(boot)
}

function fetchOf(rest: string): Decoded<{ kind: 'fetch'; digest: Digest; sizeBytes: number; path: string }> {
  const [digest, size, field, ...more] = rest.split(' ')
  if (digest === undefined || size === undefined || field === undefined) return undecoded('truncated')
  if (more.length > 0) return undecoded('trailing-bytes')
  const path = unescapeField(field)
  if (!DIGEST.test(digest) || !INTEGER.test(size) || path === undefined || path === '')
    return undecoded('bad-field')
  if (Number(size) > FILE_BYTES_MAX) return undecoded('too-long')
  return decoded({ kind: 'fetch', digest, sizeBytes: Number(size), path })
}

function blocksOf(rest: string): Decoded<{ kind: 'blocks'; digest: Digest; runs: BlockRun[] }> {
  const [digest, list, ...more] = rest.split(' ')
  if (digest === undefined || list === undefined) return undecoded('truncated')
  if (more.length > 0) return undecoded('trailing-bytes')
  if (!DIGEST.test(digest)) return undecoded('bad-field')
  const runs: BlockRun[] = []
  for (const text of list.split(',')) {
    const run = runOf(text)
    if (run === undefined) return undecoded('bad-field')
    runs.push(run)
  }
  return decoded({ kind: 'blocks', digest, runs })
}

function textOfRun(run: BlockRun): string {
  return run.first === run.last ? `${run.first}` : `${run.first}-${run.last}`
}

function runOf(text: string): BlockRun | undefined {
  const dash = text.indexOf('-')
  const first = dash < 0 ? text : text.slice(0, dash)
  const last = dash < 0 ? text : text.slice(dash + 1)
  if (!INTEGER.test(first) || !INTEGER.test(last)) return undefined
  if (Number(last) >= BLOCK_COUNT_MAX || Number(last) < Number(first)) return undefined
  return { first: Number(first), last: Number(last) }
}

function placingOf<E extends Placeable>(rest: string, codec: EntryCodec<E>): Decoded<JournalRecord<E>> {
  const first = rest.indexOf(' ')
  const second = rest.indexOf(' ', first + 1)
  if (first < 0 || second < 0) return undecoded('truncated')
  const replaces = rest.slice(0, first)
  const field = rest.slice(first + 1, second)
  const temporary = field === '-' ? '' : unescapeField(field)
  if ((replaces !== '-' && !DIGEST.test(replaces)) || temporary === undefined) return undecoded('bad-field')
  const entry = codec.decodeEntry(rest.slice(second + 1))
  if (!entry.ok) return entry
  return decoded({
    kind: 'placing',
    entry: entry.value,
    replaces: replaces === '-' ? '' : replaces,
    ...(temporary === '' ? {} : { temporary }),
  })
}

/** The line is read by whoever knows what it says. */
function movingOf(rest: string): Decoded<{ kind: 'moving'; from: string; path: string; line: string }> {
  const [fromField, pathField, ...words] = rest.split(' ')
  if (fromField === undefined || pathField === undefined || words.length === 0) return undecoded('truncated')
  const [from, path] = [unescapeField(fromField), unescapeField(pathField)]
  if (from === undefined || from === '' || path === undefined || path === '') return undecoded('bad-field')
  return decoded({ kind: 'moving', from, path, line: words.join(' ') })
}

function orDash(field: string): string {
  return field === '' ? '-' : field
}

function placedOf(rest: string): Decoded<{ kind: 'placed'; paths: string[] }> {
  const paths: string[] = []
  for (const field of rest.split(' ')) {
    const path = unescapeField(field)
    if (path === undefined || path === '') return undecoded('bad-field')
    paths.push(path)
  }
  return decoded({ kind: 'placed', paths })
}

function unsyncedOf(rest: string): Decoded<{ kind: 'unsynced'; digest: Digest | ''; path: string }> {
  const [digest, field, ...more] = rest.split(' ')
  if (digest === undefined || field === undefined) return undecoded('truncated')
  if (more.length > 0) return undecoded('trailing-bytes')
  const path = unescapeField(field)
  if ((digest !== '-' && !DIGEST.test(digest)) || path === undefined || path === '')
    return undecoded('bad-field')
  return decoded({ kind: 'unsynced', digest: digest === '-' ? '' : digest, path })
}
