// Entries and hashes for the tests of the share.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { utf8 } from '../../src/base/bytes.js'
import type { Entry, EntryKind } from '../../src/share/entry.js'
import { checkPath } from '../../src/share/path.js'
import { bumpVersion, type Version } from '../../src/share/dots.js'

/** Any 32-byte hash does where two sides of one test use the same. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

/** A digest that tells its number. */
export function digestOf(seed: number | string): string {
  return createHash('sha256').update(String(seed)).digest('hex')
}

export const PEERS = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc', 'dddddddddddddddd'] as const

export function versionOf(...edits: readonly number[]): Version {
  return edits.reduce((version, peerIndex) => bumpVersion(version, PEERS[peerIndex]!), '')
}

export function fileEntry(path: string, attributes: Partial<Entry> = {}): Entry {
  return {
    path,
    kind: 'file',
    sizeBytes: 5,
    mtimeMs: 1_700_000_000_000,
    executable: false,
    digest: digestOf(path),
    target: '',
    version: versionOf(0),
    ...attributes,
  }
}

export function entryOf(kind: EntryKind, path: string, attributes: Partial<Entry> = {}): Entry {
  if (kind === 'file') return fileEntry(path, attributes)
  const bare = { sizeBytes: 0, digest: '', executable: false }
  if (kind === 'folder') return fileEntry(path, { kind, ...bare, mtimeMs: 0, ...attributes })
  if (kind === 'link') return fileEntry(path, { kind, ...bare, target: 'elsewhere', ...attributes })
  return fileEntry(path, { kind, ...bare, ...attributes })
}

export const arbitraryVersion: fc.Arbitrary<Version> = fc
  .array(fc.nat(PEERS.length - 1), { maxLength: 6 })
  .map((edits) => versionOf(...edits))

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

export const arbitraryEntry: fc.Arbitrary<Entry> = fc
  .record({
    path: arbitraryPath,
    kind: fc.constantFrom<EntryKind>('file', 'folder', 'link', 'tombstone'),
    sizeBytes: fc.nat(),
    mtimeMs: fc.integer({ min: -8.64e15, max: 8.64e15 }),
    executable: fc.boolean(),
    seed: fc.nat(5),
    version: arbitraryVersion,
  })
  .map(({ path, kind, sizeBytes, mtimeMs, executable, seed, version }) =>
    kind === 'file'
      ? fileEntry(path, { sizeBytes, mtimeMs, executable, digest: digestOf(seed), version })
      : kind === 'folder'
        ? entryOf(kind, path, { version })
        : kind === 'link'
          ? entryOf(kind, path, { version, mtimeMs, target: `to ${seed}\n|` })
          : entryOf(kind, path, { version, mtimeMs }),
  )

export function bytesOf(text: string): Uint8Array {
  return utf8(text)
}
