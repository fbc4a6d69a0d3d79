import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexOf } from '../../src/base/bytes.js'
import { BLOCK_COUNT_MAX, FILE_BYTES_MAX } from '../../src/base/limits.js'
import { BOOT_LENGTH_MAX, RECORD_BYTES_MAX } from '../../src/journal/limits.js'
import { decodeRecord, encodeRecords, type JournalRecord, runsOf } from '../../src/journal/record.js'
import { COUNT_MAX, dotOf, peerOf, SEEN_PEERS_MAX } from '../../src/share/dots.js'
import type { Entry } from '../../src/share/entry.js'
import { decodeEntry, encodeEntry } from '../../src/share/entry-line.js'
import { digestOf, entryOf, fileEntry, PEERS } from '../share/entries.js'
import { arbitraryRecord } from './records.js'

const codec = { encodeEntry, decodeEntry }

function decodeAll(bytes: Uint8Array): JournalRecord<Entry>[] {
  const records: JournalRecord<Entry>[] = []
  for (let offset = 0; offset < bytes.length; ) {
    const next = decodeRecord(bytes, offset, codec, crc32)
    if (!next.ok) throw new Error(next.reason)
    records.push(next.value.record)
    offset = next.value.nextOffset
  }
  return records
}

function decodePayload(text: string) {
  const payload = new TextEncoder().encode(text)
  const framed = new Uint8Array(8 + payload.length)
  const view = new DataView(framed.buffer)
  view.setUint32(0, payload.length)
  view.setUint32(4, crc32(payload))
  framed.set(payload, 8)
  return decodeRecord(framed, 0, codec, crc32)
}

describe('records of the log', () => {
  test('every record comes back', () => {
    fc.assert(
      fc.property(fc.array(arbitraryRecord, { maxLength: 8 }), (records) => {
        expect(decodeAll(encodeRecords(records, codec, crc32))).toEqual(records)
      }),
    )
  })

  test('the bytes are those of log format 1', () => {
    const digest = '0123456789abcdef'.repeat(4)
    const records: JournalRecord<Entry>[] = [
      {
        kind: 'blocks',
        digest,
        runs: [
          { first: 0, last: 5 },
          { first: 7, last: 7 },
        ],
      },
      { kind: 'placed', paths: ['a b', 'c'] },
      { kind: 'placing', entry: fileEntry('a', { digest }), replaces: '' },
    ]
    const bytes = encodeRecords(records, codec, crc32)
    expect(hexOf(bytes.subarray(0, 8))).toMatchInlineSnapshot(`"0000004dc8f4757d"`)
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + 77))).toBe(`blocks ${digest} 0-5,7\0`.slice(0, 77))
    expect(new TextDecoder().decode(bytes)).toContain('placed a%20b c')
    expect(new TextDecoder().decode(bytes)).toContain(
      `placing - - f a 5 1700000000000 ${digest} ${PEERS[0]}:1/0 a`,
    )
  })

  test('lists too long for one record become several', () => {
    const runs = Array.from({ length: BLOCK_COUNT_MAX >> 4 }, (_, index) => ({
      first: 2 * index,
      last: 2 * index,
    }))
    const paths = Array.from({ length: 100 }, (_, index) => `${index}/${'\u0001'.repeat(200)}`)
    const digest = digestOf(1)
    const records = decodeAll(
      encodeRecords<Entry>(
        [
          { kind: 'blocks', digest, runs },
          { kind: 'placed', paths },
        ],
        codec,
        crc32,
      ),
    )
    expect(records.length).toBeGreaterThan(2)
    expect(records.flatMap((record) => (record.kind === 'blocks' ? record.runs : []))).toEqual(runs)
    expect(records.flatMap((record) => (record.kind === 'placed' ? record.paths : []))).toEqual(paths)
  })

  test('the longest entry fits one record', () => {
    const dots = Array.from({ length: SEEN_PEERS_MAX }, (_, index) =>
      dotOf(index.toString(16).padStart(16, '0'), COUNT_MAX),
    )
    const [content, attributes] = [dots.at(-1)!, dots.at(-2)!].map((dot) => dotOf(peerOf(dot), COUNT_MAX - 1))
    const deep = Array.from({ length: 16 }, () => '\u0001'.repeat(255)).join('/')
    const entry = entryOf('link', deep.slice(0, 4095), {
      mtimeMs: -8.64e15,
      touched: { mtimeMs: -8.64e15, content: dots[0]! },
      version: { content: content!, attributes: attributes!, seen: dots.join(',') },
      target: '\u0001'.repeat(4095),
    })
    const bytes = encodeRecords([{ kind: 'placing', entry, replaces: digestOf(1) }], codec, crc32)
    expect(bytes.length).toBeLessThan(RECORD_BYTES_MAX)
    expect(decodeAll(bytes)).toEqual([{ kind: 'placing', entry, replaces: digestOf(1) }])
  })

  test('limits hold on both sides', () => {
    const digest = digestOf(1)
    expect(decodePayload(`fetch ${digest} ${FILE_BYTES_MAX} a`).ok).toBe(true)
    expect(decodePayload(`fetch ${digest} ${FILE_BYTES_MAX + 1} a`).ok).toBe(false)
    expect(decodePayload(`blocks ${digest} ${BLOCK_COUNT_MAX - 1}`).ok).toBe(true)
    expect(decodePayload(`blocks ${digest} ${BLOCK_COUNT_MAX}`).ok).toBe(false)
    expect(decodePayload(`opened ${'x'.repeat(BOOT_LENGTH_MAX)}`).ok).toBe(true)
    expect(decodePayload(`opened ${'x'.repeat(BOOT_LENGTH_MAX + 1)}`).ok).toBe(false)
  })

  test.each([
    'fetch',
    `fetch ${digestOf(1)} 5`,
    `fetch ${digestOf(1)} 5 a b`,
    `fetch ${digestOf(1)} 05 a`,
    `fetch ${digestOf(1)} 5 %41`,
    `fetch ${digestOf(1).slice(1)} 5 a`,
    `blocks ${digestOf(1)}`,
    `blocks ${digestOf(1)} `,
    `blocks ${digestOf(1)} 1,`,
    `blocks ${digestOf(1)} 5-3`,
    `blocks ${digestOf(1)} 1-2-3`,
    'placing',
    'placing - ',
    `placing x d a 0 0 - ${PEERS[0]}:1/0 a`,
    `placing x - f a 5 1700000000000 ${digestOf(1)} ${PEERS[0]}:1/0 a`,
    `placing - %41 f a 5 1700000000000 ${digestOf(1)} ${PEERS[0]}:1/0 a`,
    'placed',
    'placed a ',
    'dropped',
    'dropped x',
    'unsynced',
    'unsynced -',
    'unsynced - a b',
    'unsynced x a',
    'unsynced - ',
    'unplaced ',
    'checkpoint now',
    'opened',
    'opened two words',
    'unheard of',
  ])('refuses %j', (text) => {
    expect(decodePayload(text).ok).toBe(false)
  })

  test('no bytes make the decoder throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(70), (bytes, offset) => {
        expect(decodeRecord(bytes, offset, codec, crc32).ok).toBe(false)
      }),
    )
  })

  test('runs are as long as they can be', () => {
    expect(runsOf([0, 1, 2, 5, 7, 8])).toEqual([
      { first: 0, last: 2 },
      { first: 5, last: 5 },
      { first: 7, last: 8 },
    ])
    expect(runsOf([])).toEqual([])
  })
})
