import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BlockSet } from '../../src/base/blockset.js'
import { hexOf, textOf, utf8 } from '../../src/base/bytes.js'
import type { ItemRef } from '../../src/base/item.js'
import {
  BLOCK_BYTES,
  CONTROL_BYTES_MAX,
  FILE_BYTES_MAX,
  PIECES_MAX,
  TREE_ITEM_BYTES_MAX,
} from '../../src/base/limits.js'
import { pieceBlocks, pieceCount } from '../../src/base/pieces.js'
import {
  DETAIL_BYTES_MAX,
  DETAIL_CHARACTERS_MAX,
  ENTRIES_PER_MESSAGE_MAX,
  NOT_HELD_MAX,
  PROGRAM_CHARACTERS_MAX,
  REASON_SECONDS_MAX,
  WORKING_MS_MAX,
} from '../../src/ecp/limits.js'
import {
  decodeMessage,
  encodeMessage,
  fitLines,
  type HoldingMessage,
  type Message,
  type StateMessage,
} from '../../src/ecp/message.js'
import { hash } from '../../src/io/hash.js'
import { decodeEntry, encodeEntry } from '../../src/share/entry-line.js'
import { Manifest } from '../../src/share/manifest.js'
import { decodeChange } from '../../src/share/tree-move.js'
import { arbitraryEntry } from '../share/entries.js'
import { bareState } from './bare-state.js'
import { readVectors } from './vectors.js'

const root: ItemRef = { kind: 'tree', digest: '0123456789abcdef'.repeat(4), sizeBytes: 130 }
const base: ItemRef = { kind: 'tree', digest: 'fedcba9876543210'.repeat(4), sizeBytes: 18 }
/** The listing of a share that holds nothing, as it is on every machine. */
const emptyShare = new Manifest(hash).root()
const rootText = `${root.digest}:130`

const arbitraryRef: fc.Arbitrary<ItemRef> = fc
  .record({ digest: fc.uint8Array({ minLength: 32, maxLength: 32 }), sizeBytes: fc.nat(TREE_ITEM_BYTES_MAX) })
  .map(({ digest, sizeBytes }) => ({ kind: 'tree', digest: hexOf(digest), sizeBytes }))

const AUTHOR = 'a'.repeat(16)

const BARE = bareState(AUTHOR)

const arbitraryState: fc.Arbitrary<StateMessage> = fc
  .record({
    type: fc.constantFrom('have' as const, 'update' as const, 'excess' as const),
    root: arbitraryRef,
    author: fc.constantFrom(AUTHOR, '0123456789abcdef'),
    knows: fc.option(
      fc.record({ author: fc.constant('b'.repeat(16)), count: fc.nat(Number.MAX_SAFE_INTEGER) }),
      { nil: undefined },
    ),
    scope: fc.oneof(
      fc.constant({ type: 'whole' as const }),
      fc.constant({ type: 'some' as const }),
      fc.record({ type: fc.constant('since' as const), base: arbitraryRef }),
    ),
    notHeldCount: fc.nat(NOT_HELD_MAX),
    lines: fc.array(arbitraryEntry.map(encodeEntry), { maxLength: 6 }),
  })
  .map(fitLines)

const arbitraryMessage: fc.Arbitrary<Message> = fc.oneof(
  arbitraryState,
  fc.constant<Message>({ type: 'same' }),
  fc.constant<Message>({ type: 'visit' }),
  fc
    .record({
      root: arbitraryRef,
      held: fc.option(arbitraryRef, { nil: undefined }),
      untoldCount: fc.nat(NOT_HELD_MAX),
    })
    .map<Message>((holds) => ({ type: 'holds', ...holds })),
  fc.nat(WORKING_MS_MAX).map<Message>((retryMs) => ({ type: 'working', retryMs })),
  fc
    .constantFrom('paused' as const, 'full' as const, undefined)
    .map<Message>((stop) => ({ type: 'stop', stop })),
  fc.string({ minLength: 1, maxLength: 300 }).map<Message>((path) => ({ type: 'why', path })),
  fc
    .uint8Array({ minLength: 8, maxLength: 8 })
    .map<Message>((token) => ({ type: 'check', knock: hexOf(token) })),
  fc
    .record({
      wallMs: fc.maxSafeInteger(),
      program: fc.string({ minLength: 1, maxLength: PROGRAM_CHARACTERS_MAX }),
    })
    .map<Message>((checked) => ({ type: 'checked', ...checked })),
  fc
    .record({
      stands: fc.option(
        fc.record({
          kind: fc.constantFrom('file' as const, 'folder' as const, 'link' as const),
          isDeleted: fc.boolean(),
          bytes: fc.nat(FILE_BYTES_MAX),
          mtimeMs: fc.maxSafeInteger(),
          edit: fc.nat(Number.MAX_SAFE_INTEGER).map((count) => `${AUTHOR}:${count}`),
        }),
        { nil: undefined },
      ),
      isHeld: fc.boolean(),
      reason: fc.option(
        fc.record({
          code: fc.constantFrom('settling', 'waits-for-folder'),
          detail: fc
            .string({ unit: 'binary', maxLength: DETAIL_BYTES_MAX / 9 })
            .filter((text) => text !== '-' && text.length <= DETAIL_CHARACTERS_MAX),
          seconds: fc.option(fc.nat(REASON_SECONDS_MAX), { nil: undefined }),
        }),
        { nil: undefined },
      ),
    })
    .map<Message>((stands) => ({ type: 'stands', ...stands })),
  fc
    .record({
      sizeBytes: fc.integer({ min: 1, max: FILE_BYTES_MAX }),
      bits: fc.uint8Array({ maxLength: 256 }),
    })
    .map<Message>(({ sizeBytes, bits }) => holdingOf(sizeBytes, bits)),
)

/** A file of so many bytes, of which a peer holds the pieces whose bits are set. */
function holdingOf(sizeBytes: number, bits: Uint8Array): HoldingMessage {
  const pieces = new BlockSet(pieceCount(sizeBytes))
  for (let piece = 0; piece < pieces.blockCount; piece++)
    if (((bits[piece >> 3] ?? 0) & (1 << (piece & 7))) !== 0) pieces.add(piece)
  return { type: 'holding', file: { kind: 'file', digest: root.digest, sizeBytes }, pieces }
}

function reasonOf(text: string): string {
  const message = decodeMessage(utf8(text))
  return message.ok ? 'none' : message.reason
}

describe('a message', () => {
  test('comes back as it was sent and fits one datagram', () => {
    fc.assert(
      fc.property(arbitraryMessage, (message) => {
        const bytes = encodeMessage(message)
        expect(bytes.length).toBeLessThanOrEqual(CONTROL_BYTES_MAX)
        expect(decodeMessage(bytes)).toEqual({ ok: true, value: message })
      }),
    )
  })

  test('carries entries with any legal path through the separators', () => {
    fc.assert(
      fc.property(fc.array(arbitraryEntry, { maxLength: 3 }), (entries) => {
        const message: StateMessage = {
          type: 'update',
          root,
          author: AUTHOR,
          knows: undefined,
          scope: { type: 'whole' },
          notHeldCount: 0,
          lines: entries.map(encodeEntry),
        }
        const bytes = encodeMessage(message)
        fc.pre(bytes.length <= CONTROL_BYTES_MAX)
        const received = decodeMessage(bytes)
        if (!received.ok || received.value.type !== 'update') throw new Error('not what was sent')
        expect(received.value.lines.map(decodeEntry)).toEqual(entries.map((value) => ({ ok: true, value })))
      }),
    )
  })

  test('begins with its letter, so that a capture can be read', () => {
    const letters = (['have', 'update', 'excess'] as const).map(
      (type) =>
        textOf(
          encodeMessage({
            type,
            root,
            ...BARE,
          }),
        )![0],
    )
    expect(letters).toEqual(['h', 'u', 'e'])
    expect(textOf(encodeMessage({ type: 'same' }))).toBe('s')
    expect(textOf(encodeMessage({ type: 'working', retryMs: 299.5 }))).toBe('w|*|300')
  })

  test('begins with the separator where it tells pieces of a file', () => {
    expect(textOf(encodeMessage(holdingOf(1, Uint8Array.of(1))))).toBe(`|*|${root.digest}:1|*|whole`)
  })

  test('tells how much its sender knows and does not hold', () => {
    const message: StateMessage = {
      type: 'update',
      root,
      ...BARE,
      notHeldCount: 3,
    }
    expect(textOf(encodeMessage(message))).toBe(`u|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|3`)
  })
})

describe('golden vectors of the wire format', () => {
  const vectors = readVectors('ecp.hex')

  test('there is one of every message', () => {
    expect([...new Set(vectors.map(({ bytes }) => textOf(bytes)![0]))].sort()).toEqual([
      'c',
      'e',
      'h',
      'p',
      'q',
      's',
      'u',
      'v',
      'w',
      '|',
    ])
  })

  test.each(vectors)('$comment', ({ bytes }) => {
    const message = decodeMessage(bytes)
    if (!message.ok) throw new Error(message.reason)
    expect(hexOf(encodeMessage(message.value))).toBe(hexOf(bytes))
    if ('lines' in message.value)
      for (const line of message.value.lines) expect(decodeChange(line).ok).toBe(true)
  })

  test('mean what they say', () => {
    const texts = vectors
      .map(({ bytes }) => decodeMessage(bytes))
      .map((message) => message.ok && message.value)
    expect(texts[0]).toEqual({
      type: 'have',
      root: emptyShare,
      author: '0123456789abcdef',
      knows: undefined,
      notHeldCount: 0,
      scope: { type: 'whole' },
      lines: [],
    })
    expect(texts.find((message) => message && message.type === 'working')).toEqual({
      type: 'working',
      retryMs: 300,
    })
    expect(texts.filter((message) => message && message.type === 'same')).toHaveLength(1)
  })
})

describe('what is no message', () => {
  test('is never thrown at the caller, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const message = decodeMessage(bytes)
        if (message.ok) expect(encodeMessage(message.value)).toEqual(bytes)
      }),
      { numRuns: 1_000 },
    )
  })

  test('is refused or has one meaning, when a real message is damaged', () => {
    const damage = fc.record({ at: fc.nat(1_199), value: fc.nat(255), cut: fc.option(fc.nat(1_199)) })
    fc.assert(
      fc.property(arbitraryMessage, fc.array(damage, { minLength: 1, maxLength: 4 }), (message, damages) => {
        let bytes = encodeMessage(message)
        for (const { at, value, cut } of damages) {
          bytes[at % bytes.length] = value
          if (cut !== null) bytes = bytes.slice(0, Math.max(1, cut % bytes.length))
        }
        const received = decodeMessage(bytes)
        // Only one spelling of each message is taken, so whatever is understood is spelled the same again.
        if (received.ok) expect(encodeMessage(received.value)).toEqual(bytes)
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['', 'empty'],
    ['x', 'unknown-kind'],
    ['H', 'unknown-kind'],
    ['hello', 'unknown-kind'],
    [' s', 'unknown-kind'],
    ['s|*|', 'trailing-bytes'],
    ['s|*|s', 'trailing-bytes'],
    ['w', 'bad-field'],
    ['w|*|', 'bad-field'],
    ['w|*|-1', 'bad-field'],
    ['w|*|1.5', 'bad-field'],
    ['w|*|007', 'bad-field'],
    ['w|*|1e3', 'bad-field'],
    ['w|*|1|*|2', 'trailing-bytes'],
    [`w|*|${root.digest}:130|*|-`, 'trailing-bytes'],
    ['p', 'truncated'],
    ['p|*|', 'bad-field'],
    ['p|*|stopped', 'bad-field'],
    ['p|*|-|*|-', 'trailing-bytes'],
    ['q', 'truncated'],
    ['q|*|', 'bad-field'],
    ['q|*|a b', 'bad-field'],
    ['q|*|a|*|+', 'truncated'],
    ['q|*|-|*|+|*|-|*|-|*|-', 'none'],
    ['q|*|-|*|+|*|-|*|-|*|-|*|-', 'trailing-bytes'],
    ['q|*|-|*|0|*|-|*|-|*|-', 'bad-field'],
    ['q|*|-|*|+|*|-|*|a|*|-', 'bad-field'],
    ['q|*|-|*|+|*|Held|*|-|*|-', 'bad-field'],
    ['q|*|-|*|+|*|held|*||*|-', 'bad-field'],
    ['q|*|-|*|+|*|held|*|-|*|1.5', 'bad-field'],
    [`q|*|x:1:1:${AUTHOR}:1|*|+|*|-|*|-|*|-`, 'bad-field'],
    [`q|*|f:01:1:${AUTHOR}:1|*|+|*|-|*|-|*|-`, 'bad-field'],
    [`q|*|f:${FILE_BYTES_MAX + 1}:1:${AUTHOR}:1|*|+|*|-|*|-|*|-`, 'bad-field'],
    [`q|*|f:1:1:${AUTHOR}:${2 ** 53}|*|+|*|-|*|-|*|-`, 'bad-field'],
    ['|', 'unknown-kind'],
    ['|*|', 'truncated'],
    [`|*|${root.digest}:130`, 'truncated'],
    ['h', 'truncated'],
    [`h|*|${rootText}`, 'truncated'],
    ['h|*||*||*||*||*|', 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}`, 'truncated'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-`, 'truncated'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-|*|-`, 'truncated'],
    [`h|*|${rootText}|*||*|-|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|-|*|-|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR.slice(1)}|*|-|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR.toUpperCase()}|*|-|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*||*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|${AUTHOR}|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|${AUTHOR}:|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|${AUTHOR}:01|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|${AUTHOR}:-1|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|${AUTHOR}:${2 ** 53 - 1}|*|-|*|0`, 'none'],
    [`h|*|${rootText}|*|${AUTHOR}|*|${AUTHOR}:${2 ** 53}|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-|*||*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|-1`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|01`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|1.0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|x`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-|*|all|*|0`, 'bad-field'],
    [`h|*|${rootText.toUpperCase()}|*|${AUTHOR}|*|-|*|-|*|0`, 'bad-field'],
    [`h|*|${root.digest}|*|${AUTHOR}|*|-|*|-|*|0`, 'bad-field'],
    [`h|*|${root.digest.slice(1)}:130|*|${AUTHOR}|*|-|*|-|*|0`, 'bad-field'],
    [`h|*|${root.digest}:0130|*|${AUTHOR}|*|-|*|-|*|0`, 'bad-field'],
    [`h|*|${root.digest}:-1|*|${AUTHOR}|*|-|*|-|*|0`, 'bad-field'],
    [`h|*|${rootText}|*|${AUTHOR}|*|-|*|${base.digest}|*|0`, 'bad-field'],
  ])('%j is refused as %s', (text, reason) => {
    expect(reasonOf(text)).toBe(reason)
  })

  test('is refused when its bytes are not UTF-8', () => {
    expect(decodeMessage(Uint8Array.of(0x73, 0xff))).toEqual({ ok: false, reason: 'not-utf8' })
  })
})

describe('limits of a message', () => {
  test('a detail is cut to its longest, and a longer one is refused', () => {
    const detail = 'd'.repeat(DETAIL_CHARACTERS_MAX + 1)
    const reason = { code: 'held', detail, seconds: REASON_SECONDS_MAX + 1 }
    const text = textOf(encodeMessage({ type: 'stands', stands: undefined, isHeld: false, reason }))!
    const cut = `${detail.slice(2)}…`
    expect(text).toBe(`q|*|-|*|-|*|held|*|${cut}|*|${REASON_SECONDS_MAX}`)
    expect(reasonOf(text)).toBe('none')
    expect(reasonOf(text.replace(cut, detail.slice(1)))).toBe('none')
    expect(reasonOf(text.replace(cut, detail))).toBe('bad-field')
  })

  test('a detail has its largest length in bytes too', () => {
    const bytes = (count: number) =>
      `q|*|-|*|-|*|held|*|${'%E2%80%A8'.repeat(88)}${'d'.repeat(count - 792)}|*|-`
    expect(reasonOf(bytes(DETAIL_BYTES_MAX))).toBe('none')
    expect(reasonOf(bytes(DETAIL_BYTES_MAX + 1))).toBe('bad-field')
  })

  test.each([
    ['line separators', '\u2028'],
    ['control characters', '\u0085'],
    ['pictures', '😀'],
    ['halves of pictures', '\ud83d'],
    ['letters', 'ñ'],
  ])('a detail of %s fits a message with all its other fields at their longest', (_what, character) => {
    const stands = {
      kind: 'folder',
      isDeleted: true,
      bytes: FILE_BYTES_MAX,
      mtimeMs: -Number.MAX_SAFE_INTEGER,
      edit: `${AUTHOR}:${Number.MAX_SAFE_INTEGER}`,
    } as const
    for (const count of [90, 133, 199, 200, 400]) {
      const detail = character.repeat(count)
      const reason = { code: `c${'-'.repeat(31)}`, detail, seconds: REASON_SECONDS_MAX }
      const bytes = encodeMessage({ type: 'stands', stands, isHeld: false, reason })
      expect(bytes.length).toBeLessThanOrEqual(CONTROL_BYTES_MAX)
      expect(decodeMessage(bytes)).toMatchObject({
        ok: true,
        value: { reason: { seconds: REASON_SECONDS_MAX } },
      })
    }
  })

  test('a peer may be asked to wait for a minute and no longer', () => {
    expect(reasonOf('w|*|0')).toBe('none')
    expect(reasonOf(`w|*|${WORKING_MS_MAX}`)).toBe('none')
    expect(reasonOf(`w|*|${WORKING_MS_MAX + 1}`)).toBe('bad-field')
    expect(reasonOf('w|*|99999999999999999999')).toBe('bad-field')
  })

  test('a tree item has its largest size', () => {
    expect(reasonOf(`h|*|${root.digest}:${TREE_ITEM_BYTES_MAX}|*|${AUTHOR}|*|-|*|-|*|0`)).toBe('none')
    expect(reasonOf(`h|*|${root.digest}:${TREE_ITEM_BYTES_MAX + 1}|*|${AUTHOR}|*|-|*|-|*|0`)).toBe(
      'bad-field',
    )
    expect(reasonOf(`h|*|${root.digest}:9999999999|*|${AUTHOR}|*|-|*|-|*|0`)).toBe('bad-field')
  })

  test('a count of what is not held has its largest', () => {
    expect(reasonOf(`u|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|${NOT_HELD_MAX}`)).toBe('none')
    expect(reasonOf(`u|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|${NOT_HELD_MAX + 1}`)).toBe('bad-field')
    const most = { ...BARE, type: 'have', root } as const
    const said = decodeMessage(encodeMessage({ ...most, notHeldCount: NOT_HELD_MAX + 1 }))
    expect(said).toEqual({ ok: true, value: { ...most, notHeldCount: NOT_HELD_MAX } })
  })

  test('a message has a largest length', () => {
    const longest = (bytes: number) => {
      const head = `h|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|0|*|`
      return head + 'x'.repeat(bytes - head.length)
    }
    expect(reasonOf(longest(CONTROL_BYTES_MAX))).toBe('none')
    expect(reasonOf(longest(CONTROL_BYTES_MAX + 1))).toBe('too-long')
  })

  test('a message has a largest number of entries', () => {
    const withLines = (count: number) => `h|*|${rootText}|*|${AUTHOR}|*|-|*|-|*|0${'|*|'.repeat(count)}`
    expect(reasonOf(withLines(ENTRIES_PER_MESSAGE_MAX))).toBe('none')
    expect(reasonOf(withLines(ENTRIES_PER_MESSAGE_MAX + 1))).toBe('too-long')
  })

  test('lines that fit are all there, and of lines that do not fit none', () => {
    const message = (count: number, length: number): StateMessage => ({
      type: 'have',
      root,
      author: AUTHOR,
      knows: undefined,
      scope: { type: 'whole' },
      notHeldCount: 0,
      lines: Array.from({ length: count }, () => 'x'.repeat(length)),
    })
    const room = CONTROL_BYTES_MAX - encodeMessage(message(0, 0)).length
    const fitting = message(1, room - 3)
    expect(encodeMessage(fitting).length).toBe(CONTROL_BYTES_MAX)
    expect(fitLines(fitting)).toEqual(fitting)
    const nothing = {
      type: 'have',
      root,
      ...BARE,
    }
    expect(fitLines(message(1, room - 2))).toEqual(nothing)
    expect(fitLines(message(ENTRIES_PER_MESSAGE_MAX, 1)).lines).toHaveLength(ENTRIES_PER_MESSAGE_MAX)
    expect(fitLines(message(ENTRIES_PER_MESSAGE_MAX + 1, 1))).toEqual(nothing)
  })

  test('bytes are counted, not characters', () => {
    const message: StateMessage = {
      type: 'have',
      root,
      author: AUTHOR,
      knows: undefined,
      notHeldCount: 0,
      scope: { type: 'whole' },
      lines: ['é'.repeat(600)],
    }
    expect(fitLines(message).lines).toEqual([])
  })
})

describe('what is held of a file', () => {
  const PIECE_BYTES = 4 * BLOCK_BYTES
  const held = (sizeBytes: number, ...bits: number[]): string =>
    textOf(encodeMessage(holdingOf(sizeBytes, Uint8Array.from(bits))))!.split('|*|')[2]!

  test('is a digit for every four pieces, the lowest bit for the first', () => {
    expect(held(5 * PIECE_BYTES, 0b0000_0001)).toBe('10')
    expect(held(5 * PIECE_BYTES, 0b0001_0010)).toBe('21')
    expect(held(9 * PIECE_BYTES, 0b1110_0000, 1)).toBe('0e1')
  })

  test('is named where it is nothing or all', () => {
    expect(held(5 * PIECE_BYTES)).toBe('-')
    expect(held(5 * PIECE_BYTES, 0b0001_1111)).toBe('whole')
  })

  test('fits one datagram of the largest file', () => {
    const bits = new Uint8Array(PIECES_MAX / 8).fill(0xaa)
    const message = holdingOf(FILE_BYTES_MAX, bits)
    expect(pieceBlocks(FILE_BYTES_MAX)).toBeGreaterThan(4)
    expect(encodeMessage(message).length).toBeLessThanOrEqual(CONTROL_BYTES_MAX)
    expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, value: message })
  })

  const file = `${root.digest}:${5 * PIECE_BYTES}`
  test.each([
    ['a digit too few', `|*|${file}|*|1`, 'bad-field'],
    ['a digit too many', `|*|${file}|*|100`, 'bad-field'],
    ['a piece beyond the last', `|*|${file}|*|12`, 'bad-field'],
    ['nothing, written out', `|*|${file}|*|00`, 'bad-field'],
    ['all, written out', `|*|${file}|*|f1`, 'bad-field'],
    ['uppercase digits', `|*|${file}|*|A0`, 'bad-field'],
    ['no digits at all', `|*|${file}|*|`, 'bad-field'],
    ['pieces of an empty file', `|*|${root.digest}:0|*|whole`, 'bad-field'],
    ['a file longer than any', `|*|${root.digest}:${FILE_BYTES_MAX + 1}|*|-`, 'bad-field'],
    ['a short digest', `|*|${root.digest.slice(1)}:5|*|-`, 'bad-field'],
    ['something more', `|*|${file}|*|10|*|10`, 'trailing-bytes'],
  ])('is refused with %s', (_, text, reason) => {
    expect(reasonOf(text)).toBe(reason)
  })

  test('is taken of the longest file', () => {
    expect(reasonOf(`|*|${root.digest}:${FILE_BYTES_MAX}|*|-`)).toBe('none')
  })
})
