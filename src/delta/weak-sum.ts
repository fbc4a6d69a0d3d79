// The weak sum of a block: a Rabin-Karp polynomial hash modulo 2^32 (Karp and Rabin, 1987), which a window takes along as it moves
// byte by byte. Used by the hashing of changed files and by the search for shifted blocks.
//
//     sum(b₀ … bₙ₋₁) = b₀·Kⁿ⁻¹ + b₁·Kⁿ⁻² + … + bₙ₋₁   (mod 2^32),   and 1 where that is 0
//
// librsync left rsync's Adler-like sum for this kind in 2019 (its pull request 163): sums of ASCII text cluster in Adler's halves, and
// a cyclic polynomial (buzhash) collides on text too. It costs a multiplication a byte and the same in the roll. Low bits of
// the sum depend on low bits of the bytes alone, so tables go by the high bits. No sum of 32 bits withstands an adversary:
// a match counts for nothing until the digest of the block proves it, and work for false ones is bounded.

import { BLOCK_BYTES } from '../base/limits.js'

/** Stands in a list of sums for a block of which none was taken. */
export const NO_SUM = 0

/** Multiplier of the rolling sum, that of librsync: 5 modulo 8, so that its powers have the longest period, 2^30. */
const K = 0x08104225
const K2 = Math.imul(K, K)
const K3 = Math.imul(K2, K)
const K4 = Math.imul(K3, K)

/** Factor of the first byte of a window of one block, in its sum, after the next byte has come in. */
const K_BLOCK = powerOfK(BLOCK_BYTES)

/** The sum of `length` bytes from `start` as a window takes it along: signed, 0 not replaced. */
export function rawSum(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length
  let sum = 0
  let at = start
  // Four at a time: one at a time, each multiplication waits for the one before.
  for (const end4 = end - 3; at < end4; at += 4) {
    const three = Math.imul(bytes[at]!, K3) + Math.imul(bytes[at + 1]!, K2) + Math.imul(bytes[at + 2]!, K)
    sum = (Math.imul(sum, K4) + three + bytes[at + 3]!) | 0
  }
  for (; at < end; at++) sum = (Math.imul(sum, K) + bytes[at]!) | 0
  return sum
}

/** The sum of a block as it is told: unsigned, never NO_SUM. */
export function weakSum(block: Uint8Array): number {
  return toldSum(rawSum(block, 0, block.length))
}

export function toldSum(rawSum: number): number {
  return rawSum === NO_SUM ? 1 : rawSum >>> 0
}

/** The sums that are looked for. */
export interface SumTable {
  readonly filter: SumFilter
  hasSum(rawSum: number): boolean
}

/** Passes every sum that was added, and of the others one in 64 at most: by the high bits. */
export class SumFilter {
  readonly words: Int32Array
  readonly shift: number

  constructor(sumsMax: number) {
    const bits = Math.min(24, Math.max(10, Math.ceil(Math.log2(sumsMax * 64))))
    this.words = new Int32Array(2 ** (bits - 5))
    this.shift = 32 - bits
  }

  add(sum: number): void {
    const bit = sum >>> this.shift
    this.words[bit >>> 5]! |= 1 << (bit & 31)
  }
}

/** A window of one block within `bytes`, and its sum there. */
export interface Window {
  readonly at: number
  readonly sum: number
}

/** Moves a window byte by byte to the first place whose sum is in the table, or to `end`, which is not looked at. */
export function roll(bytes: Uint8Array, from: Window, end: number, table: SumTable): Window {
  const { words, shift } = table.filter
  let { at, sum } = from
  for (; at < end; at++) {
    const bit = sum >>> shift
    if ((words[bit >>> 5]! & (1 << (bit & 31))) !== 0 && table.hasSum(sum)) break
    sum = (Math.imul(sum, K) + bytes[at + BLOCK_BYTES]! - Math.imul(K_BLOCK, bytes[at]!)) | 0
  }
  return { at, sum }
}

/** The window one byte further on. */
export function moved(bytes: Uint8Array, { at, sum }: Window): Window {
  const next = (Math.imul(sum, K) + bytes[at + BLOCK_BYTES]! - Math.imul(K_BLOCK, bytes[at]!)) | 0
  return { at: at + 1, sum: next }
}

function powerOfK(exponent: number): number {
  let power = 1
  for (let count = 0; count < exponent; count++) power = Math.imul(power, K)
  return power
}
