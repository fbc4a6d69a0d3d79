// Sealed and unsealed bytes: frames, flights of a handshake, datagrams, LZ4 from somebody who holds the keys.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { crc32 } from '../../src/io/hash.js'
import type { Opening } from '../../src/rdt/protection.js'
import { generatorOf } from '../../src/seal/cpace.js'
import { CPACE_BINDING } from '../../src/seal/curves.js'
import { makeX25519 } from '../../src/seal/exchange.js'
import { readFingerprint, showFingerprint } from '../../src/seal/fingerprint.js'
import type { Codec } from '../../src/seal/frames/codec.js'
import { nativeCodec, webAssemblyCodec } from '../../src/seal/frames/codec.js'
import { Compressor } from '../../src/seal/frames/compression.js'
import { type BlockName, openFrame, sealBlock } from '../../src/seal/frames/frame.js'
import { SealedFrames } from '../../src/seal/frames/sealed-frame.js'
import {
  readAcceptance,
  readFirst,
  readOffer,
  readOpen,
  readProof,
  readResume,
  readResumed,
  readResuming,
  readSealedSelf,
  readSelf,
  writeAcceptance,
  writeFirst,
  writeOffer,
  writeProof,
  writeResume,
  writeResuming,
  writeSealedSelf,
  writeSelf,
} from '../../src/seal/handshake/flights.js'
import { readIdentity } from '../../src/seal/identity.js'
import { sessionKeys } from '../../src/seal/keys.js'
import { formatPin, parsePin } from '../../src/seal/pin-file.js'
import { SealedProtection } from '../../src/seal/sealed.js'
import { SealedDatagrams } from '../../src/seal/sealed-datagram.js'
import type { Trust } from '../../src/seal/trust.js'
import { accepted, assertForFuzzTime, damaged, fuzz } from './fuzz.js'

const name: BlockName = { kind: 'list', digest: 'ab'.repeat(32), blockIndex: 7 }
const block = fc.uint8Array({ maxLength: 300 })

fuzz<Uint8Array>({
  name: 'a frame that is not sealed',
  valid: block.map((bytes) => sealBlock(name, bytes, crc32)),
  decode: accepted((bytes: Uint8Array) => openFrame(name, bytes, crc32)),
  encode: (bytes) => sealBlock(name, bytes, crc32),
  mend: (bytes) => {
    if (bytes.length < 5) return bytes
    const mended = bytes.slice()
    const end = mended.length - 4
    const named = crc32(utf8(`${name.kind} ${name.digest} ${name.blockIndex}`))
    new DataView(mended.buffer).setUint32(end, crc32(mended.subarray(0, end), named))
    return mended
  },
})

const keys = sessionKeys(randomBytes(32), randomBytes(32))
const codecs: Codec[] = [webAssemblyCodec(), ...(nativeCodec() === undefined ? [] : [nativeCodec()!])]
/** Our frames as the other side opens them. */
const ours = { ours: keys.asker, theirs: keys.answerer }
const theirs = { ours: keys.answerer, theirs: keys.asker }

describe.each(codecs.map((codec) => [codec.name, codec] as const))('with %s', (_name, codec) => {
  const compressible = fc.oneof(
    block,
    fc
      .tuple(fc.nat(255), fc.integer({ min: 1, max: BLOCK_BYTES }))
      .map(([byte, length]) => new Uint8Array(length).fill(byte)),
  )
  // A frame that one codec has compressed the other opens: each is sealed with the native library where there is one.
  const sealing = new SealedFrames(ours, codecs.at(-1)!, new Compressor(codecs.at(-1)!))
  const opening = new SealedFrames(theirs, codec, undefined)

  fuzz({
    name: 'a sealed frame',
    // lz4-wasm-nodejs opens a block of the expected length only, so a short one that was compressed stays closed.
    valid: compressible
      .filter(({ length }) => codec.name === 'lz4' || length < 256 || length === BLOCK_BYTES)
      .map((bytes) => sealing.seal(name, bytes)),
    decode: (frame) => {
      const opened = opening.open(name, frame)
      if (!opened.ok) return undefined
      expect(opened.value.block.length).toBeLessThanOrEqual(BLOCK_BYTES)
      return opened.value.savedBytes
    },
  })

  // Somebody who holds the keys seals what is no LZ4.
  const compressed = compressible.map((bytes) => new Uint8Array(codec.compress(bytes, 70_000) ?? []))
  const whole = new Uint8Array(codec.compress(new Uint8Array(BLOCK_BYTES).fill(3), BLOCK_BYTES)!)

  test('LZ4 of any kind opens to a block at most, or not at all', { timeout: 120_000 }, () => {
    const inputs = fc.oneof(fc.uint8Array({ maxLength: 400 }), compressed, damaged(compressed), bombs)
    const property = fc.property(inputs, (bytes) => {
      const before = bytes.slice()
      const opened = codec.decompress(bytes)
      expect(opened?.length ?? 0).toBeLessThanOrEqual(BLOCK_BYTES)
      expect(Buffer.compare(bytes, before)).toBe(0)
      // The next output has nothing of that in it.
      expect(codec.decompress(whole)?.length).toBe(BLOCK_BYTES)
    })
    assertForFuzzTime(property)
  })
})

test('the codec in WebAssembly opens a block that is shorter than a whole one', () => {
  const codec = webAssemblyCodec()
  const compressed = new Uint8Array(codec.compress(new Uint8Array(500).fill(3), 500)!)
  expect(codec.decompress(compressed)?.length).toBe(500)
})

/** One literal, then a match that goes on for ever; with a claimed length in front, and cut anywhere. */
const bombs = fc
  .tuple(fc.nat(65_300), fc.nat(0xffff), fc.boolean(), fc.nat(255))
  .map(([length, offset, isClaiming, token]) => {
    const bomb = new Uint8Array(length + 8).fill(255)
    bomb.set([token, 0x41, offset & 255, offset >> 8], isClaiming ? 4 : 0)
    return bomb
  })

fuzz({
  name: 'a sealed datagram',
  valid: fc
    .uint8Array({ minLength: 9, maxLength: 200 })
    .map((bytes) => new SealedDatagrams(datagramKeys('ours')).seal(bytes)),
  decode: (bytes) => new SealedDatagrams(datagramKeys('theirs')).open(bytes),
})

function datagramKeys(side: 'ours' | 'theirs') {
  const { asker, answerer } = keys
  return side === 'ours'
    ? { ours: asker.datagrams, theirs: answerer.datagrams }
    : { ours: answerer.datagrams, theirs: asker.datagrams }
}

const exact = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const run = fc.record({
  life: exact(8),
  session: fc.record({ high: fc.nat(0xffff_ffff), low: fc.nat(0xffff_ffff) }),
  datagramBytesMax: fc.nat(0xffff),
  knows: fc.option(
    fc.record({
      author: fc.constantFrom('1'.repeat(16), '0123456789abcdef'),
      count: fc.nat(Number.MAX_SAFE_INTEGER),
    }),
    { nil: undefined },
  ),
})
const self = fc.tuple(run, exact(8)).map(([rest, peer]) => ({ ...rest, peer }))

fuzz({
  name: 'flight 1',
  valid: fc.record({ exchange: exact(32), share: exact(32) }).map(writeFirst),
  decode: readFirst,
  encode: writeFirst,
})
fuzz({
  name: 'flight 2',
  valid: fc.record({ exchange: exact(32), shares: fc.tuple(exact(32), exact(32)) }).map(writeOffer),
  decode: readOffer,
  encode: writeOffer,
})
fuzz({
  name: 'flights 1 and 3',
  valid: exact(64 + 842 + 16),
  decode: readOpen,
  encode: ({ exchange, share, sealed }) => concatBytes([exchange, share, sealed]),
})
fuzz({
  name: 'what flight 3 seals',
  valid: fc
    .tuple(self, exact(384), exact(32), exact(384))
    .map(([own, modulus, staticKey, signature]) =>
      concatBytes([writeProof({ ...own, modulus, staticKey }), signature]),
    ),
  decode: readProof,
  encode: ({ fields, signature }) => concatBytes([writeProof(fields), signature]),
})
fuzz({
  name: 'what flight 4 seals',
  valid: fc.record({ modulus: exact(384), secret: exact(384), signature: exact(384) }).map(writeAcceptance),
  decode: readAcceptance,
  encode: writeAcceptance,
})
fuzz({
  name: 'what RSA-OAEP carries in it',
  valid: fc
    .tuple(self, exact(32), exact(32))
    .map(([own, secret, staticKey]) => writeSealedSelf({ ...own, secret, staticKey })),
  decode: readSealedSelf,
  encode: writeSealedSelf,
})
fuzz({ name: 'what a plain peer says', valid: self.map(writeSelf), decode: readSelf, encode: writeSelf })
fuzz({
  name: 'what resumes',
  valid: fc
    .record({ exchange: exact(32), sealed: fc.uint8Array({ minLength: 50, maxLength: 1_074 }) })
    .map(writeResume),
  decode: readResume,
  encode: writeResume,
})
fuzz({ name: 'what answers that', valid: exact(32 + 50), decode: readResumed, encode: writeResume })
fuzz({
  name: 'what is sealed in both',
  valid: fc.tuple(run, fc.uint8Array({ maxLength: 1_024 })).map(([own, early]) => writeResuming(own, early)),
  decode: readResuming,
  encode: ({ early, ...own }) => writeResuming(own, early),
})

/** Keys that one attempt ever had, so that a flight 3 of any bytes meets all cases. */
describe('a handshake in which anything may stand', () => {
  test('opens nothing that nobody sealed, keeps nothing, and does not throw', { timeout: 120_000 }, () => {
    const generators = [generatorOf(utf8('a secret'), CPACE_BINDING)]
    const trust: Trust = {
      judge: () => 'secret',
      keyAt: () => undefined,
      staticOf: () => undefined,
      idsOf: () => [],
      mayShow: () => true,
      handleProved: () => {},
      handleRefused: () => {},
      handleWrongGuess: () => {},
    }
    const make = () =>
      new SealedProtection({
        peerId: '00112233445566aa',
        modulus: randomBytes(384),
        staticKey: makeX25519(),
        trust,
        random: { bytes: (count) => new Uint8Array(randomBytes(count)), next: () => 0.5 },
        generators,
        codec: codecs[0]!,
        compresses: false,
      })
    const opening = (atMs: number): Opening => ({
      address: '10.0.0.1:1',
      nonce: new Uint8Array(8),
      local: { high: 1, low: 2 },
      datagramBytesMax: 1_472,
      atMs,
      knownOf: () => undefined,
    })
    const any = fc.oneof(
      exact(64),
      exact(96),
      exact(64 + 842 + 16),
      exact(74),
      exact(106),
      fc.uint8Array({ maxLength: 1_200 }),
    )
    let atMs = 0
    const property = fc.property(any, exact(16), exact(32), (body, introduction, seed) => {
      // So late that guesses are allowed again.
      atMs += 1e9
      const protection = make()
      const first = { introduction, body }
      expect(protection.answer(opening(atMs), first, seed)).toBeUndefined()
      expect(protection.answerResumed(opening(atMs), first)).toBeUndefined()
      protection.offer(opening(atMs), first, seed)
      const attempt = protection.ask(opening(atMs))!
      attempt.handleFlight({ step: 2, body })
      expect(attempt.handleFlight({ step: 4, body })).toBe(false)
      expect(attempt.agreement).toBeUndefined()
    })
    assertForFuzzTime(property)
  })
})

const fingerprint = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'))

fuzz({
  name: 'a line of trusted peers',
  valid: fc
    .record({
      fingerprint,
      firstSeen: fc.constant('2026-11-21T01:02:03.000Z'),
      addresses: fc.array(fc.constantFrom('10.0.0.1:22001', '[fd00::8]:22001'), { maxLength: 2 }),
      name: fc.constantFrom('', 'lab 3', 'é'),
    })
    .map((pin) => utf8(formatPin(pin))),
  decode: (bytes) => parsePin(Buffer.from(bytes).toString('utf8')),
  // A person may have written it: what does not belong in a line is dropped.
  encode: (pin) => (/[^ -~é]|^ | $| {2}/.test(pin.name) ? undefined : utf8(formatPin(pin))),
  isCanonical: () => false,
})

fuzz({
  name: 'a fingerprint that a person typed',
  valid: fingerprint.map((text) => utf8(showFingerprint(text))),
  decode: (bytes) => readFingerprint(Buffer.from(bytes).toString('utf8')),
  encode: (text) => utf8(showFingerprint(text)),
  isCanonical: () => false,
})

describe('an identity in which anything may stand', () => {
  test('is refused with a word, or is the one that it was', { timeout: 60_000 }, () => {
    const whole = readFileSync(process.env.LEFT_TEST_IDENTITY!)
    const { fingerprint } = readIdentity({ file: process.env.LEFT_TEST_IDENTITY! })!
    const folder = mkdtempSync(join(tmpdir(), 'left-fuzz-'))
    const file = join(folder, 'identity.pem')
    const property = fc.property(damaged(fc.constant(new Uint8Array(whole))), (bytes) => {
      writeFileSync(file, bytes, { mode: 0o600 })
      try {
        expect(readIdentity({ file })!.fingerprint).toBe(fingerprint)
      } catch (error) {
        expect(error).toMatchObject({ code: 'identity-unusable' })
      }
    })
    try {
      assertForFuzzTime(property)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
