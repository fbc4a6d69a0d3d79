// Entries and hashes for the tests of the share.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { utf8 } from '../../src/base/bytes.js'
import { type Dot, type DottedVersion, dotOf, uniteSeen } from '../../src/share/dots.js'
import type { Access, Entry, EntryKind } from '../../src/share/entry.js'
import { checkPath, nameOf } from '../../src/share/path.js'
import { encodeLines, type TreeItem, type TreeRow } from '../../src/share/tree-item.js'

/** Any 32-byte hash does where two sides of one test use the same. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

/** A digest that tells its number. */
export function digestOf(seed: number | string): string {
  return createHash('sha256').update(String(seed)).digest('hex')
}

export const PEERS = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc', 'dddddddddddddddd'] as const

/** The version after these edits of content, each by the peer of this number: a peer's first edit has count 1. */
export function versionOf(first: number, ...later: readonly number[]): DottedVersion {
  const counts = PEERS.map(() => 0)
  const dots = [first, ...later].map((peer) => {
    counts[peer]!++
    return dotOf(PEERS[peer]!, counts[peer]!)
  })
  const last = dots.at(-1)!
  return { content: last, attributes: last, seen: dots.reduce(uniteSeen, '') }
}

export function fileEntry(path: string, fields: Partial<Entry> = {}): Entry {
  return {
    path,
    kind: 'file',
    sizeBytes: 5,
    digest: digestOf(path),
    target: '',
    deletedKind: undefined,
    mtimeMs: 1_700_000_000_000,
    access: 'all',
    executable: false,
    touched: undefined,
    confirmed: false,
    version: versionOf(0),
    ...fields,
  }
}

export function entryOf(kind: EntryKind, path: string, fields: Partial<Entry> = {}): Entry {
  if (kind === 'file') return fileEntry(path, fields)
  const bare = { kind, sizeBytes: 0, digest: '' } as const
  if (kind === 'folder') return fileEntry(path, { ...bare, mtimeMs: 0, ...fields })
  if (kind === 'link') return fileEntry(path, { ...bare, target: 'elsewhere', access: 'none', ...fields })
  return fileEntry(path, { ...bare, access: 'none', deletedKind: 'file', ...fields })
}

/** One to six edits, one of which made the content and one the attributes. */
export const arbitraryVersion: fc.Arbitrary<DottedVersion> = fc
  .tuple(fc.array(fc.nat(PEERS.length - 1), { minLength: 1, maxLength: 6 }), fc.nat(5), fc.nat(5))
  .map(([edits, contentBy, attributesBy]) => {
    const [first, ...later] = edits as [number, ...number[]]
    const dotAt = (at: number) => versionOf(first, ...later.slice(0, at % edits.length)).content
    return { ...versionOf(first, ...later), content: dotAt(contentBy), attributes: dotAt(attributesBy) }
  })

const arbitraryName = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'notes.txt',
    '-rf',
    '|*|',
    'line\nend',
    'a b',
    '100%',
    '%25',
    'é',
    '😀',
    '\u2028',
    '\u0085',
    '.hidden',
    'x'.repeat(255),
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((name) => !name.includes('/')),
)

export const arbitraryPath: fc.Arbitrary<string> = fc
  .array(arbitraryName, { minLength: 1, maxLength: 4 })
  .map((names) => names.join('/'))
  .filter((path) => checkPath(path) === undefined)

const arbitraryMtimeMs = fc.integer({ min: -8.64e15, max: 8.64e15 })
/** A peer beyond those of a version, too. */
const arbitraryDot: fc.Arbitrary<Dot> = fc
  .tuple(fc.constantFrom(...PEERS, 'ffffffffffffffff'), fc.integer({ min: 1, max: 3 }))
  .map(([peer, count]) => dotOf(peer, count))

/** Every field of every kind within its limits. */
export const arbitraryEntry: fc.Arbitrary<Entry> = fc
  .record({
    path: arbitraryPath,
    kind: fc.constantFrom<EntryKind>('file', 'folder', 'link', 'tombstone'),
    sizeBytes: fc.nat(),
    mtimeMs: arbitraryMtimeMs,
    access: fc.constantFrom<Access>('owner', 'group', 'all', 'none'),
    executable: fc.boolean(),
    touch: fc.option(
      fc.record({ mtimeMs: arbitraryMtimeMs, content: fc.option(arbitraryDot, { nil: undefined }) }),
      { nil: undefined },
    ),
    confirmed: fc.boolean(),
    deletedKind: fc.constantFrom<Entry['deletedKind'] & string>('file', 'folder', 'link'),
    movedTo: fc.option(arbitraryPath, { nil: '' }),
    seed: fc.nat(5),
    version: arbitraryVersion,
  })
  .map(({ path, kind, sizeBytes, mtimeMs, access, executable, seed, version, ...drawn }) => {
    const { touch, confirmed, deletedKind, movedTo } = drawn
    const touched = touch === undefined ? undefined : { ...touch, content: touch.content ?? version.content }
    if (kind === 'file') {
      const digest = digestOf(seed)
      return fileEntry(path, { sizeBytes, mtimeMs, access, executable, touched, digest, version })
    }
    if (kind === 'folder') return entryOf(kind, path, { access, version })
    if (kind === 'link') return entryOf(kind, path, { mtimeMs, touched, target: `to ${seed}\n|`, version })
    return entryOf(kind, path, { mtimeMs, confirmed, deletedKind, target: movedTo, version })
  })

/** The listing with these entries and subtrees, in order. */
export function encodeListing(item: TreeItem & { kind: 'lines' }): Uint8Array {
  const rows = new Map<string, TreeRow>()
  for (const entry of item.entries)
    rows.set(nameOf(entry.path), { name: nameOf(entry.path), entry, subtree: undefined })
  for (const { path, item: subtree } of item.subtrees) {
    const name = nameOf(path)
    rows.set(name, { name, entry: rows.get(name)?.entry, subtree })
  }
  return encodeLines([...rows.values()].sort((left, right) => (left.name < right.name ? -1 : 1)))
}

export function bytesOf(text: string): Uint8Array {
  return utf8(text)
}
