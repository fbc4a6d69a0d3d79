// Golden vectors of what stands inside datagrams and messages: frames, keys, flights, items and their names. Those of the
// datagrams are in test/rdt/wire/codec.test.ts, those of the messages in test/ecp/message.test.ts. A change to any of them is a
// change of the protocol: src/rdt/README.md says what it must raise.

import { describe, expect, test } from 'vitest'
import { bytesOfHex, concatBytes, hexOf, utf8 } from '../../src/base/bytes.js'
import { BLOCK_BYTES, WIRE_VERSION } from '../../src/base/limits.js'
import { packOf } from '../../src/base/pack.js'
import { weakSum } from '../../src/delta/weak-sum.js'
import { crc32, hash } from '../../src/io/hash.js'
import type { BlockName } from '../../src/rdt/protection.js'
import { makeX25519 } from '../../src/seal/exchange.js'
import { webAssemblyCodec } from '../../src/seal/frames/codec.js'
import { openFrame, sealBlock } from '../../src/seal/frames/frame.js'
import { CODEC_LZ4, SealedFrames } from '../../src/seal/frames/sealed-frame.js'
import { writeProof, writeResuming, writeSealedSelf } from '../../src/seal/handshake/flights.js'
import { ticketsOf } from '../../src/seal/handshake/schedule.js'
import { sessionKeys } from '../../src/seal/keys.js'
import { PlainProtection } from '../../src/seal/plain.js'
import { SealedDatagrams } from '../../src/seal/sealed-datagram.js'
import { dotOf } from '../../src/share/dots.js'
import { Manifest } from '../../src/share/manifest.js'
import { cutsOf } from '../../src/share/page-cuts.js'
import { entryOf, fileEntry, PEERS } from '../share/entries.js'
import { handshakeVectors } from './handshake.js'
import { readVectors } from './read.js'

const digest = 'ab'.repeat(32)
const block = utf8('a block of a few bytes')
const names: readonly BlockName[] = (['tree', 'list', 'file', 'pack', 'sums'] as const).map(
  (kind, index) => ({
    kind,
    digest,
    blockIndex: index,
  }),
)
const knows = { author: 'a0a1a2a3a4a5a6a7', count: 0x0102_0304_0506 }
const counting = (length: number, first = 0) => Uint8Array.from({ length }, (_, index) => first + index)
const wire = { high: 0x01020304, low: 0x05060708 }
const opening = {
  address: '10.0.0.1:1',
  nonce: counting(8),
  local: wire,
  datagramBytesMax: 1_472,
  atMs: 0,
  knownOf: () => knows,
}
const self = {
  peer: counting(8),
  life: counting(8, 8),
  session: wire,
  datagramBytesMax: 1_472,
  knows,
}
const keys = sessionKeys(counting(32), counting(32, 0x40))
const frames = (which: 'asker' | 'answerer') => {
  const ours = keys[which]
  const theirs = keys[which === 'asker' ? 'answerer' : 'asker']
  return new SealedFrames({ ours, theirs }, webAssemblyCodec(), undefined)
}

/** By the comment in the file, what is made today. */
const FRAMES = new Map<string, () => Uint8Array>(
  names.flatMap((name) => [
    [`plain frame: block ${name.blockIndex} of a ${name.kind}`, () => sealBlock(name, block, crc32)] as const,
    [
      `sealed frame: block ${name.blockIndex} of a ${name.kind}`,
      () => frames('asker').seal(name, block),
    ] as const,
  ]),
)

const HANDSHAKE = new Map<string, () => Uint8Array>([
  [
    'plain flight: peer, life, session, datagramBytesMax, author, count',
    () => plainProtection().ask(opening).flight!.body,
  ],
  ['plain datagram: a ping of nine bytes', () => plainDatagrams().seal(counting(9, 7))],
  ['sealed datagram: the first', () => new SealedDatagrams(datagramKeys()).seal(counting(13, 7))],
  ['X25519 key of a seed', () => makeX25519(counting(32)).publicKey],
  [
    'flight 3, before it is signed and sealed: modulus, static key, peer, life, session, datagramBytesMax, author, count',
    () => writeProof({ ...self, modulus: counting(384), staticKey: counting(32, 1) }),
  ],
  [
    'flight 4, under RSA-OAEP: secret, static key, peer, life, session, datagramBytesMax, author, count',
    () => writeSealedSelf({ ...self, secret: counting(32, 2), staticKey: counting(32, 1) }),
  ],
  [
    'hello that resumes, before it is sealed: life, session, datagramBytesMax, author, count, early',
    () => writeResuming(self, utf8('early')),
  ],
  ['keys of a session: of the asker', () => concatBytes(Object.values(keys.asker) as Uint8Array[])],
  ['keys of a session: of the answerer', () => concatBytes(Object.values(keys.answerer) as Uint8Array[])],
  ['tickets of a session: of the asker: id, secret', () => ticket('asker')],
  ['tickets of a session: of the answerer: id, secret', () => ticket('answerer')],
  ...handshakeVectors(),
])

const longBlock = () => Uint8Array.from({ length: BLOCK_BYTES }, (_, index) => 7 * index)
const sumOf = (bytes: Uint8Array) => {
  const sum = new Uint8Array(4)
  new DataView(sum.buffer).setUint32(0, weakSum(bytes))
  return sum
}

const tree = () => {
  const manifest = new Manifest(hash)
  manifest.set(fileEntry('notes.txt', { digest }))
  manifest.set(entryOf('folder', 'a folder'))
  manifest.set(fileEntry('a folder/run|me', { digest, executable: true }))
  return { root: manifest.root(), items: manifest }
}

/** Each kind of entry, with edits of three peers whose counts run with the clock. */
const everyKind = () => {
  const at = (peer: number, count: number) => dotOf(PEERS[peer]!, 117_964_800_000_000 + count)
  const [first, second, third] = [at(0, 0), at(1, 65_536), at(2, 7)]
  const seen = `${first},${second},${third}`
  const manifest = new Manifest(hash)
  const once = { content: first, attributes: first, seen: first }
  manifest.set(entryOf('folder', 'f', { access: 'owner', version: once }))
  manifest.set(
    fileEntry('edited.txt', {
      digest,
      version: { content: second, attributes: at(0, 0), seen: `${at(0, 35)},${second}` },
    }),
  )
  const touched = { mtimeMs: 1_600_000_000_000, content: first }
  manifest.set(
    fileEntry('touched', {
      digest,
      access: 'group',
      touched,
      version: { content: first, attributes: third, seen },
    }),
  )
  manifest.set(entryOf('link', 'link', { target: '../a b', version: once }))
  const gone = { deletedKind: 'folder', confirmed: true, target: 'moved here' } as const
  manifest.set(
    entryOf('tombstone', 'gone', { ...gone, version: { content: third, attributes: third, seen } }),
  )
  return manifest.item(manifest.root().digest)!
}

const ITEMS = new Map<string, () => Uint8Array>([
  ['digest of a block: BLAKE3', () => hash(block)],
  ['digest of a file of two blocks: BLAKE3 of its list', () => hash(listOfTwo())],
  [
    'digest of a pack of two files: BLAKE3 of their digests',
    () => {
      const files = [digest, 'cd'.repeat(32)].map(
        (of) => ({ kind: 'file', digest: of, sizeBytes: 5 }) as const,
      )
      return bytesOfHex(packOf(hash, files).digest)!
    },
  ],
  ['weak sum of a block', () => sumOf(block)],
  ['weak sum of a block of 65,300 bytes, each 7 more than the one before', () => sumOf(longBlock())],
  ['weak sum of zeros', () => sumOf(new Uint8Array(BLOCK_BYTES))],
  ['tree: a file, and a folder with a program in it', () => tree().items.item(tree().root.digest)!],
  ['digest of that tree', () => bytesOfHex(tree().root.digest)!],
  ['tree: every kind of entry, edits of three peers', everyKind],
  [
    'names that end a page, of n00000 to n09999',
    () => {
      const names = Array.from({ length: 10_000 }, (_, number) => `n${String(number).padStart(5, '0')}`)
      return utf8(
        cutsOf(names)
          .slice(0, 12)
          .map((cut) => names[cut])
          .join(' '),
      )
    },
  ],
])

function listOfTwo(): Uint8Array {
  const content = new Uint8Array(BLOCK_BYTES + 1).fill(7)
  return concatBytes([hash(content.subarray(0, BLOCK_BYTES)), hash(content.subarray(BLOCK_BYTES))])
}

function ticket(side: 'asker' | 'answerer'): Uint8Array {
  const party = (first: number) => ({
    fingerprint: counting(32, first),
    peer: counting(8, first),
    life: counting(8, first + 8),
  })
  const { id, secret } = ticketsOf(counting(32), counting(32, 0x40), party(0x50), party(0x60))[side]
  return concatBytes([id, secret])
}

function datagramKeys() {
  return { ours: keys.asker.datagrams, theirs: keys.answerer.datagrams }
}

function plainProtection() {
  const random = { bytes: (length: number) => counting(length, 0x10), next: () => 0 }
  return new PlainProtection({ peerId: '0011223344556677', random, crc32 })
}

function plainDatagrams() {
  const attempt = plainProtection().ask(opening)
  attempt.handleFlight({ step: 4, body: attempt.flight!.body })
  return attempt.agreement!.protection.datagrams
}

describe.each([
  ['frames.hex', FRAMES],
  ['handshake.hex', HANDSHAKE],
  ['items.hex', ITEMS],
])('golden vectors: %s', (file, made) => {
  const vectors = new Map(readVectors(file))

  test.each([...made.keys()])('%s', (name) => {
    expect(hexOf(made.get(name)!())).toBe(hexOf(vectors.get(name) ?? new Uint8Array(0)))
  })

  test('has these and no others', () => {
    const opened = [...vectors.keys()].filter((name) => !name.startsWith('to be opened'))
    expect(opened).toEqual([...made.keys()])
  })
})

describe('golden vectors that are only opened: an encoder may write them in another way', () => {
  const vectors = new Map(readVectors('frames.hex'))

  test('a compressed frame', () => {
    const frame = vectors.get(
      'to be opened: sealed frame of 5,000 times the letter a, compressed, block 3 of a file',
    )!
    const opened = frames('answerer').open({ kind: 'file', digest, blockIndex: 3 }, frame)
    expect(frame[0]).toBe(CODEC_LZ4)
    expect(opened.ok && hexOf(opened.value.block)).toBe(hexOf(utf8('a'.repeat(5_000))))
  })

  test('every frame, by its name alone', () => {
    for (const name of names) {
      const plain = vectors.get(`plain frame: block ${name.blockIndex} of a ${name.kind}`)!
      const openedPlain = openFrame(name, plain, crc32)
      expect(openedPlain.ok && hexOf(openedPlain.value)).toBe(hexOf(block))
      const sealed = vectors.get(`sealed frame: block ${name.blockIndex} of a ${name.kind}`)!
      const opened = frames('answerer').open(name, sealed)
      expect(opened.ok && hexOf(opened.value.block)).toBe(hexOf(block))
    }
  })
})

test('all of them are of this version of the wire', () => {
  expect(WIRE_VERSION).toBe(2)
})
