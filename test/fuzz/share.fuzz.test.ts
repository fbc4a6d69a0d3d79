// Bytes of peers about their shares: messages, entry lines, listings; and of the own disk: the log, the index.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BlockSet } from '../../src/base/blockset.js'
import { concatBytes, hexOf, textOf, utf8 } from '../../src/base/bytes.js'
import { escapeField, unescapeField } from '../../src/base/escape.js'
import { FILE_BYTES_MAX, TREE_ITEM_BYTES_MAX } from '../../src/base/limits.js'
import { pieceCount } from '../../src/base/pieces.js'
import { NOT_HELD_MAX, REASON_SECONDS_MAX } from '../../src/ecp/limits.js'
import { decodeMessage, encodeMessage, type Message } from '../../src/ecp/message.js'
import { crc32, hash } from '../../src/io/hash.js'
import { JOURNAL_PATH, Journal } from '../../src/journal/journal.js'
import { decodeRecord, encodeRecords, type JournalRecord } from '../../src/journal/record.js'
import { decodeRecord as decodeIndexRecord, encodeLine } from '../../src/keeper/index/index-line.js'
import {
  COUNT_MAX,
  type DottedVersion,
  decodeVersion,
  dotOf,
  dotsOf,
  encodeVersion,
  foldSeen,
  nextCount,
  relate,
  uniteSeen,
} from '../../src/share/dots.js'
import type { Access, Content, Entry } from '../../src/share/entry.js'
import {
  decodeEntry,
  decodeEntryInFolder,
  encodeEntry,
  encodeEntryInFolder,
} from '../../src/share/entry-line.js'
import { IgnoreRules } from '../../src/share/ignore-rules.js'
import { MTIME_MS_MAX, TREE_MOVE_THINGS_MAX } from '../../src/share/limits.js'
import { Manifest } from '../../src/share/manifest.js'
import { conflictPath } from '../../src/share/path.js'
import { decodeTreeItem, encodeLines, encodePages, type TreeItem } from '../../src/share/tree-item.js'
import { type Change, decodeChange, encodeChange, type TreeMove } from '../../src/share/tree-move.js'
import { VersionTable } from '../../src/share/version-table.js'
import { TreeWalk } from '../../src/share/walk.js'
import { SimDisk } from '../../src/sim/disk/disk.js'
import { encodeListing } from '../share/entries.js'
import { readVectors } from '../vectors/read.js'
import { accepted, assertForFuzzTime, damaged, FUZZ_MS, fuzz } from './fuzz.js'

/** No half of a surrogate pair stands alone. */
function isWhole(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text)
}

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hexOf)
const name = fc
  .oneof(
    fc.constantFrom('a', 'b.txt', '-rf', '|*|', '100%', 'é', 'line\nend', '.left', '...'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  )
  .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..' && isWhole(text))
const path = fc
  .array(name, { minLength: 1, maxLength: 4 })
  .map((names) => names.join('/'))
  .filter((text) => !text.toLowerCase().startsWith('.left'))
const peer = fc.constantFrom('0'.repeat(16), '0123456789abcdef', 'f'.repeat(16))
const count = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: COUNT_MAX }))
const dot = fc.tuple(peer, count).map(([id, number]) => dotOf(id, number))
const version: fc.Arbitrary<DottedVersion> = fc
  .record({
    seen: fc.uniqueArray(dot, { selector: (text) => text.slice(0, 16), minLength: 1, maxLength: 3 }),
    content: fc.nat(),
    attributes: fc.nat(),
    earlier: fc.boolean(),
  })
  .map(({ seen, content, attributes, earlier }) => ({
    seen: [...seen].sort().join(','),
    content: seen[content % seen.length]!,
    attributes: earlier
      ? dotOf(seen[attributes % seen.length]!.slice(0, 16), 1)
      : seen[attributes % seen.length]!,
  }))
const mtimeMs = fc.integer({ min: -8.64e15, max: 8.64e15 })
const touched = fc.option(fc.record({ mtimeMs, content: dot }), { nil: undefined })
const readers = fc.constantFrom('owner' as const, 'group' as const, 'all' as const)
const bare = {
  sizeBytes: fc.constant(0),
  digest: fc.constant('' as const),
  target: fc.constant(''),
  deletedKind: fc.constant(undefined),
  mtimeMs: fc.constant(0),
  access: fc.constant('none' as const),
  executable: fc.constant(false),
  touched: fc.constant(undefined),
  confirmed: fc.constant(false),
  version,
  path,
}
const deletedKind = fc.constantFrom<Content['deletedKind'] & string>('file', 'folder', 'link')
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    ...bare,
    kind: fc.constant('file' as const),
    sizeBytes: fc.nat(1_000_000),
    digest,
    mtimeMs,
    access: readers,
    executable: fc.boolean(),
    touched,
  }),
  fc.record({ ...bare, kind: fc.constant('folder' as const), access: readers }),
  fc.record({ ...bare, kind: fc.constant('link' as const), mtimeMs, touched, target: name }),
  fc.record({
    ...bare,
    kind: fc.constant('tombstone' as const),
    mtimeMs,
    deletedKind,
    confirmed: fc.boolean(),
    target: fc.oneof(fc.constant(''), path),
  }),
)

/** A decoder of text as one of bytes. */
function ofText<Value>(
  decode: (text: string) => Value | undefined,
): (bytes: Uint8Array) => Value | undefined {
  return (bytes) => {
    const text = textOf(bytes)
    return text === undefined ? undefined : decode(text)
  }
}

fuzz<Entry>({
  name: 'an entry line',
  valid: entry.map((value) => utf8(encodeEntry(value))),
  decode: ofText(accepted<Entry, string>(decodeEntry)),
  encode: (value) => utf8(encodeEntry(value)),
})

const treeMove: fc.Arbitrary<TreeMove> = fc
  .record({
    kind: fc.constant('tree-move' as const),
    from: path,
    to: path,
    author: fc.constantFrom('0123456789abcdef', 'f'.repeat(16)),
    first: fc.integer({ min: 1, max: COUNT_MAX - 2 * TREE_MOVE_THINGS_MAX }),
    timeMs: fc.integer({ min: -MTIME_MS_MAX, max: MTIME_MS_MAX }),
    state: digest,
    things: fc.integer({ min: 1, max: TREE_MOVE_THINGS_MAX }),
  })
  .filter(({ from, to }) => !`${to}/`.startsWith(`${from}/`) && !`${from}/`.startsWith(`${to}/`))

fuzz<Change>({
  name: 'a line of what changed',
  valid: fc.oneof(treeMove, entry).map((value) => utf8(encodeChange(value))),
  decode: ofText(accepted<Change, string>(decodeChange)),
  encode: (value) => utf8(encodeChange(value)),
})

fuzz<Entry>({
  name: 'an entry line of a listing',
  valid: entry.map((value) => utf8(encodeEntryInFolder(value))),
  decode: ofText(accepted<Entry, string>((text) => decodeEntryInFolder(text, 'a/b'))),
  encode: (value) => utf8(encodeEntryInFolder(value)),
})

fuzz<string>({
  name: 'a field of a line',
  valid: fc
    .string({ unit: 'binary', maxLength: 30 })
    .filter((text) => isWhole(text))
    .map((text) => utf8(escapeField(text))),
  decode: ofText(unescapeField),
  encode: (text) => utf8(escapeField(text)),
})

fuzz<DottedVersion>({
  name: 'a version',
  valid: version.map((value) => utf8(encodeVersion(value))),
  decode: ofText(accepted<DottedVersion, string>(decodeVersion)),
  encode: (value) => {
    // Nothing that may be done with it throws.
    const other = uniteSeen(value.seen, '0123456789abcdef:7')
    relate(value.content, value.seen, '0123456789abcdef:7', other)
    foldSeen(other, [value.content, value.attributes], 2)
    for (const seen of dotsOf(value.seen)) nextCount(Number(seen.slice(17)), 0, 0)
    return utf8(encodeVersion(value))
  },
})

fuzz<VersionTable>({
  name: 'the table of versions of a listing',
  valid: fc.array(version, { maxLength: 4 }).map((versions) => utf8(VersionTable.of(versions).text)),
  decode: ofText(accepted<VersionTable, string>(VersionTable.parse)),
  encode: (table) => utf8(table.text),
})

const fixedTable = VersionTable.of([
  {
    content: dotOf('0'.repeat(16), 1),
    attributes: dotOf('0'.repeat(16), 1),
    seen: ['0'.repeat(16), '0123456789abcdef', 'f'.repeat(16)].map((id) => dotOf(id, 1)).join(','),
  },
])

fuzz<DottedVersion>({
  name: 'a short version',
  valid: version.map((value) => utf8(fixedTable.encode(value))),
  decode: ofText(accepted<DottedVersion, string>((text) => fixedTable.decode(text))),
  encode: (value) => utf8(fixedTable.encode(value)),
})

const reference = fc.record({
  kind: fc.constant('tree' as const),
  digest,
  sizeBytes: fc.integer({ min: 1, max: TREE_ITEM_BYTES_MAX }),
})
/** Characters that are written as up to nine bytes. */
const detailOfEscapes = fc
  .array(fc.constantFrom('\u2028', '\u0085', '\n', '\u202e', '😀', '%', '|'), { maxLength: 300 })
  .map((characters) => characters.join(''))
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.constant({ type: 'same' as const }),
  fc.record({ type: fc.constant('working' as const), retryMs: fc.nat(60_000) }),
  fc.record({
    type: fc.constantFrom('have' as const, 'update' as const, 'excess' as const),
    root: reference,
    author: fc.constant('a'.repeat(16)),
    knows: fc.option(
      fc.record({ author: fc.constant('b'.repeat(16)), count: fc.nat(Number.MAX_SAFE_INTEGER) }),
      {
        nil: undefined,
      },
    ),
    scope: fc.oneof(
      fc.constantFrom({ type: 'whole' as const }, { type: 'some' as const }),
      reference.map((base) => ({ type: 'since' as const, base })),
    ),
    notHeldCount: fc.nat(NOT_HELD_MAX),
    lines: fc.array(entry.map(encodeEntry), { maxLength: 3 }),
  }),
  fc
    .record({
      sizeBytes: fc.integer({ min: 1, max: FILE_BYTES_MAX }),
      bits: fc.uint8Array({ maxLength: 256 }),
    })
    .map(({ sizeBytes, bits }) => {
      const pieces = new BlockSet(pieceCount(sizeBytes))
      for (let at = 0; at < Math.min(bits.length * 8, pieces.blockCount); at++)
        if (((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0) pieces.add(at)
      const file = { kind: 'file' as const, digest: 'ab'.repeat(32), sizeBytes }
      return { type: 'holding' as const, file, pieces }
    }),
  fc.record({
    type: fc.constant('stop' as const),
    stop: fc.constantFrom('paused' as const, 'full' as const, undefined),
  }),
  fc.record({ type: fc.constant('why' as const), path }),
  fc.record({
    type: fc.constant('stands' as const),
    stands: fc.option(
      fc.record({
        kind: fc.constantFrom('file' as const, 'folder' as const, 'link' as const),
        isDeleted: fc.boolean(),
        bytes: fc.nat(FILE_BYTES_MAX),
        mtimeMs: fc.maxSafeInteger(),
        edit: fc.nat(Number.MAX_SAFE_INTEGER).map((count) => `${'a'.repeat(16)}:${count}`),
      }),
      { nil: undefined },
    ),
    isHeld: fc.boolean(),
    reason: fc.option(
      fc.record({
        code: fc.constantFrom('waits-for-folder', 'ignored', 'key-changed', 'later'),
        detail: fc.oneof(
          fc.constant(''),
          path,
          path.map((text) => text.repeat(40)),
          detailOfEscapes,
        ),
        seconds: fc.option(fc.nat(REASON_SECONDS_MAX), { nil: undefined }),
      }),
      { nil: undefined },
    ),
  }),
)

fuzz({
  name: 'a message of ecp',
  valid: message.map(encodeMessage).filter((bytes) => bytes.length <= 1_200),
  decode: accepted(decodeMessage),
  encode: encodeMessage,
})

const treeItem = fc.oneof(
  fc
    .uniqueArray(fc.tuple(name, entry, fc.option(reference, { nil: undefined })), {
      selector: ([text]) => text,
      maxLength: 5,
    })
    .map((rows) =>
      rows
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([text, value, subtree]) => ({ name: text, entry: { ...value, path: text }, subtree })),
    )
    .map(encodeLines),
  fc.array(reference, { minLength: 2, maxLength: 4 }).map(encodePages),
)

fuzz<TreeItem>({
  name: 'a listing',
  valid: treeItem,
  decode: accepted((bytes: Uint8Array) => decodeTreeItem(bytes, 'folder')),
  encode: (item) => (item.kind === 'pages' ? encodePages(item.pages) : encodeListing(item)),
  rawBytesMax: 2_000,
})

const codec = { encodeEntry, decodeEntry }
const blockRun = fc
  .tuple(fc.nat((1 << 20) - 1), fc.nat(100))
  .map(([first, length]) => ({ first, last: Math.min((1 << 20) - 1, first + length) }))
const record: fc.Arbitrary<JournalRecord<Entry>> = fc.oneof(
  fc.record({ kind: fc.constant('opened' as const), boot: fc.constantFrom('minute-1', 'a-b') }),
  fc.record({ kind: fc.constant('fetch' as const), digest, sizeBytes: fc.nat(1_000_000), path }),
  fc.record({
    kind: fc.constant('blocks' as const),
    digest,
    runs: fc.array(blockRun, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('placing' as const), entry, replaces: fc.constant('' as const) }),
  fc.record({ kind: fc.constant('placed' as const), paths: fc.array(path, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('unsynced' as const),
    digest: fc.oneof(digest, fc.constant('' as const)),
    path,
  }),
  fc.record({ kind: fc.constant('moving' as const), from: path, path, line: treeMove.map(encodeChange) }),
  fc.record({ kind: fc.constant('dropped' as const), digest }),
  fc.constant({ kind: 'checkpoint' as const }),
)

fuzz({
  name: 'a record of the log',
  valid: record.map((value) => encodeRecords([value], codec, crc32)),
  decode: (bytes) => {
    const decoded = decodeRecord(bytes, 0, codec, crc32)
    // Bytes after the record belong to the next one.
    return decoded.ok && decoded.value.nextOffset === bytes.length ? decoded.value.record : undefined
  },
  encode: (value) => encodeRecords([value], codec, crc32),
  mend: (bytes) => {
    if (bytes.length < 8) return bytes
    const mended = bytes.slice()
    const view = new DataView(mended.buffer)
    view.setUint32(0, mended.length - 8)
    view.setUint32(4, crc32(mended.subarray(8)))
    return mended
  },
})

fuzz({
  name: 'a line of the index',
  valid: fc
    .record({
      value: entry,
      times: fc.tuple(fc.nat(), fc.integer(), fc.integer(), fc.nat()),
      mode: fc.record({
        access: fc.constantFrom<Access>('owner', 'group', 'all', 'none'),
        executable: fc.boolean(),
      }),
      isHeld: fc.boolean(),
      isMissing: fc.boolean(),
    })
    .filter(({ value, isHeld }) => isHeld || value.kind !== 'tombstone')
    .map(({ value, times: [sizeBytes, mtimeMs, ctimeMs, inode], mode, isHeld, isMissing }) => {
      const signature = isHeld ? { sizeBytes, mtimeMs, ctimeMs, inode, mode } : undefined
      const isStopped = isMissing && isHeld && value.kind !== 'tombstone'
      const facts = { signature, mode, isHeld, isRemaining: false, isMissing: isStopped, kept: undefined }
      return utf8(encodeLine({ ...value, path: 'a/b' }, facts))
    }),
  decode: (bytes) => {
    const text = textOf(bytes)
    return text === undefined ? undefined : decodeIndexRecord('a/b', text)
  },
  encode: ({ entry, isMissing = false, kept, ...facts }) =>
    utf8(encodeLine(entry, { ...facts, isMissing, kept })),
  // Numbers of the disk are read in any spelling, for nobody compares the lines.
  isCanonical: () => false,
})

test('ignore rules never throw, whatever stands in their file and whatever path they are asked of', {
  timeout: FUZZ_MS * 3 + 30_000,
}, () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '*',
      '**',
      '/',
      '**/',
      '/**',
      '?',
      '[',
      ']',
      '[!',
      '[^',
      '-',
      '\\',
      '!',
      '#',
      ' ',
      '\n',
      '[:alpha:]',
      'a',
      'b',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))
  const within = fc.array(fc.oneof(name, fc.constantFrom('a', 'b', 'aaaaaaaa')), {
    minLength: 1,
    maxLength: 8,
  })
  const property = fc.property(text, within, fc.boolean(), (rules, names, isFolder) => {
    expect([undefined, 'ignored', 'shared']).toContain(
      new IgnoreRules(rules).verdict(names.join('/'), isFolder),
    )
  })
  assertForFuzzTime(property)
})

describe('a log in which anything may stand', () => {
  test('is read as far as it goes, and goes on from there', { timeout: 60_000 }, () => {
    const log = fc.array(record, { maxLength: 6 }).map((records) => encodeRecords(records, codec, crc32))
    const property = fc.property(damaged(log), (bytes) => {
      const disk = new SimDisk({ nowMs: () => 0 })
      const open = () => new Journal<Entry>({ disk, crc32, ...codec })
      disk.makeFolder('.left')
      disk.putFile(JOURNAL_PATH, concatBytes([utf8('left-journal 1\n'), bytes]))
      const journal = open()
      journal.append({ kind: 'opened', boot: 'again' })
      const { recordCount } = journal.replay
      expect(open().replay).toMatchObject({ recordCount: recordCount + 1, boot: 'again', cut: undefined })
    })
    assertForFuzzTime(property)
  })
})

fuzz<Entry>({
  name: 'the place of a conflict copy',
  valid: entry.map((value) => utf8(encodeEntry(value))),
  decode: ofText(accepted<Entry, string>(decodeEntry)),
  encode: (value) => {
    // The conflict copy has a path of the share again, whatever the entry is.
    const kept = encodeEntry({ ...value, path: conflictPath(value) })
    if (!decodeEntry(kept).ok) throw new Error(`${JSON.stringify(conflictPath(value))} is no path`)
    return utf8(encodeEntry(value))
  },
})

describe('a walk through a tree', () => {
  fuzz({
    name: 'the root of a tree',
    // With nothing in it, it is what we hold; and its own folder stands at the top of a share only.
    valid: treeItem.filter((bytes) => bytes.length > 20 && !/ \.left[ \n]/i.test(textOf(bytes)!)),
    decode: (bytes) => {
      const walk = new TreeWalk(new Manifest(hash), {
        kind: 'tree',
        digest: hexOf(hash(bytes)),
        sizeBytes: bytes.length,
      })
      const pull = walk.pollPull()
      if (pull === undefined) return undefined
      walk.handleItem(pull.digest, bytes)
      const found = walk.read()
      // Whatever it is told to pull next, some of it comes again under that name.
      for (
        let next = walk.pollPull(), count = 0;
        next !== undefined && count < 20;
        next = walk.pollPull(), count++
      ) {
        walk.handleItem(next.digest, bytes)
        walk.read()
      }
      return found.ok ? found.value : undefined
    },
  })
})

test('what was found before does no harm', () => {
  for (const [, bytes] of readVectors('fuzz-share.hex')) {
    decodeMessage(bytes)
    decodeTreeItem(bytes, '')
    decodeRecord(bytes, 0, codec, crc32)
    ofText(accepted<Entry, string>(decodeEntry))(bytes)
  }
})
