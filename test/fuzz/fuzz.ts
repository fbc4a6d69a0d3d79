// Throws bytes at a decoder for as long as there is time: raw ones, and valid ones that were damaged the way a hostile
// peer would damage them. LEFT_FUZZ_MS says how long all of it takes; a failure prints its seed and the shrunk bytes, which
// then become a vector in test/vectors.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Decoded } from '../../src/base/decoded.js'
import { isLong } from '../length.js'

/** Properties that are fuzzed, about: they share the time. */
const SHARES = 32

/** Milliseconds for each of them: two seconds in all, sixty in `npm run test:long`, unless LEFT_FUZZ_MS says how many.
 *  `npm run fuzz` takes five minutes. */
export const FUZZ_MS = Number(process.env.LEFT_FUZZ_MS ?? (isLong ? 60_000 : 2_000)) / SHARES
const SEED = process.env.LEFT_FUZZ_SEED === undefined ? undefined : Number(process.env.LEFT_FUZZ_SEED)

/** Limit on the result of an accepted input, in elements, characters and bytes together, for each of its bytes: no
 *  decoder allocates what is claimed. A byte of a listing makes a good deal less than this. */
const MADE_PER_BYTE_MAX = 64
const MADE_MAX_OF_NOTHING = 4_096

export interface FuzzedDecoder<Value> {
  readonly name: string
  /** Encoded inputs that are valid. */
  readonly valid: fc.Arbitrary<Uint8Array>
  /** Undefined where the bytes are refused. Never throws. */
  readonly decode: (bytes: Uint8Array) => Value | undefined
  /** Encodes an accepted value again; undefined where nobody would write that. */
  readonly encode?: (value: Value) => Uint8Array | undefined
  /** Whether what was accepted has one spelling only: `encode` gives the very same bytes. Where not, it gives bytes
   *  that decode to the same. */
  readonly isCanonical?: (value: Value) => boolean
  /** Puts a check that fits behind damaged bytes, so that the decoder looks at them at all. */
  readonly mend?: (bytes: Uint8Array) => Uint8Array
  /** How long raw inputs are at most, bytes. */
  readonly rawBytesMax?: number
}

export function fuzz<Value>(decoder: FuzzedDecoder<Value>): void {
  const { name, valid, decode, encode, isCanonical, mend = (bytes) => bytes, rawBytesMax = 300 } = decoder
  const inputs = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: rawBytesMax }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: rawBytesMax }).map(mend) },
    { weight: 1, arbitrary: valid },
    { weight: 5, arbitrary: damaged(valid).map(mend) },
  )
  test(`${name} never throws, makes no more than there is, and reads what it wrote`, {
    timeout: FUZZ_MS * 3 + 30_000,
  }, () => {
    const property = fc.property(inputs, (bytes) => {
      const before = bytes.slice()
      const value = decode(bytes)
      expect(Buffer.compare(bytes, before), 'the input is left as it is').toBe(0)
      if (value === undefined) return
      expect(madeBy(value)).toBeLessThanOrEqual(MADE_MAX_OF_NOTHING + MADE_PER_BYTE_MAX * bytes.length)
      if (encode === undefined) return
      const again = encode(value)
      if (again === undefined) return
      if (isCanonical?.(value) ?? true)
        expect(Buffer.from(again).toString('hex')).toBe(Buffer.from(bytes).toString('hex'))
      else expect(decode(again)).toEqual(value)
    })
    assertForFuzzTime(property)
  })

  test(`${name} takes what is valid`, () => {
    fc.assert(fc.property(valid, (bytes) => decode(bytes) !== undefined))
  })
}

/** Once at least, and on until FUZZ_MS are over. */
export function assertForFuzzTime<Values>(property: fc.IRawProperty<Values>): void {
  const seed = SEED === undefined ? {} : { seed: SEED }
  fc.assert(property, { numRuns: 1, ...seed })
  fc.assert(property, {
    numRuns: 100_000_000,
    interruptAfterTimeLimit: FUZZ_MS,
    markInterruptAsFailure: false,
    // A busy machine may not come to the first run in that time, which fast-check takes for a failure.
    reporter: (details) => {
      const hasRun = !details.interrupted || details.counterexample !== null
      if (details.failed && hasRun) throw new Error(fc.defaultReportMessage(details))
    },
    ...seed,
  })
}

/** Elements, characters and bytes in a value, views of the input too. */
export function madeBy(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (ArrayBuffer.isView(value)) return value.byteLength
  if (Array.isArray(value)) return value.reduce<number>((sum, inner) => sum + 1 + madeBy(inner), 0)
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, inner) => sum + 1 + madeBy(inner), 0)
}

/** Numbers that are one too many somewhere, or look negative. */
const EDGES = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0xf_ffff, 0x10_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
]
/** Characters that mean something in a line of text. */
const MARKS = [
  ' ',
  '\n',
  '|',
  '|*|',
  '%',
  '%00',
  '%2F',
  '/',
  '../',
  '.',
  '\0',
  '-',
  '0',
  '9'.repeat(17),
  ':',
  ',',
  '\ufeff',
  '\ud7ff',
  'é',
]

/** Valid bytes with one to four things done to them. */
export function damaged(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
  const damage = fc.oneof(
    fc.record({ do: fc.constant('flip' as const), at, bit: fc.nat(7) }),
    fc.record({ do: fc.constant('set' as const), at, byte: fc.nat(255) }),
    fc.record({
      do: fc.constant('edge' as const),
      at,
      value: fc.constantFrom(...EDGES),
      width: fc.constantFrom(1, 2, 4),
    }),
    fc.record({ do: fc.constant('cut' as const), at }),
    fc.record({ do: fc.constant('remove' as const), at, to: at }),
    fc.record({ do: fc.constant('repeat' as const), at, to: at, times: fc.integer({ min: 2, max: 20 }) }),
    fc.record({ do: fc.constant('insert' as const), at, bytes: fc.uint8Array({ maxLength: 12 }) }),
    fc.record({ do: fc.constant('mark' as const), at, text: fc.constantFrom(...MARKS) }),
    fc.record({ do: fc.constant('splice' as const), at, to: at, other: valid }),
  )
  return fc.tuple(valid, fc.array(damage, { minLength: 1, maxLength: 4 })).map(([bytes, damages]) => {
    let result: Uint8Array = bytes.slice()
    for (const one of damages) {
      const from = Math.floor(one.at * (result.length + 1))
      const to = 'to' in one ? Math.floor(one.to * (result.length + 1)) : from
      const [start, end] = from <= to ? [from, to] : [to, from]
      switch (one.do) {
        case 'flip':
          if (from < result.length) result[from]! ^= 1 << one.bit
          break
        case 'set':
          if (from < result.length) result[from] = one.byte
          break
        case 'edge':
          for (let index = 0; index < one.width; index++) {
            const shift = 8 * (one.width - 1 - index)
            if (from + index < result.length) result[from + index] = Math.floor(one.value / 2 ** shift)
          }
          break
        case 'cut':
          result = result.slice(0, from)
          break
        case 'remove':
          result = join(result.subarray(0, start), result.subarray(end))
          break
        case 'repeat': {
          const part = result.subarray(start, Math.min(end, start + 2_000))
          result = join(
            result.subarray(0, end),
            ...Array.from({ length: one.times }, () => part),
            result.subarray(end),
          )
          break
        }
        case 'insert':
          result = join(result.subarray(0, from), one.bytes, result.subarray(from))
          break
        case 'mark':
          result = join(result.subarray(0, from), new TextEncoder().encode(one.text), result.subarray(from))
          break
        case 'splice':
          result = join(result.subarray(0, from), one.other.subarray(Math.floor(one.to * one.other.length)))
          break
      }
    }
    return result
  })
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** A decoder of the code as one for here. */
export function accepted<Value, Input = Uint8Array>(
  decode: (input: Input) => Decoded<Value, string>,
): (input: Input) => Value | undefined {
  return (input) => {
    const result = decode(input)
    return result.ok ? result.value : undefined
  }
}
