// Sets of up to 64 segments, as two halves of 32 bits: segment 0 is the lowest bit of `low`. Numbers, not
// objects, because this is done for every segment.

/** The half of segment `index` that is in `low`. */
export function lowBit(index: number): number {
  return index < 32 ? (1 << index) >>> 0 : 0
}

/** The half of segment `index` that is in `high`. */
export function highBit(index: number): number {
  return index < 32 ? 0 : (1 << (index - 32)) >>> 0
}

/** The set first … last. */
export function bitsBetween(first: number, last: number): { low: number; high: number } {
  return {
    low: (belowBits(last + 1) & ~belowBits(first)) >>> 0,
    high: (belowBits(last - 31) & ~belowBits(first - 32)) >>> 0,
  }
}

/** The lowest `count` bits of 32; none for a count below zero, all from 32 on. */
export function belowBits(count: number): number {
  if (count <= 0) return 0
  return count >= 32 ? 0xffff_ffff : ((1 << count) - 1) >>> 0
}

/** The first segment of a set that is not empty. */
export function lowestOf(low: number, high: number): number {
  return low !== 0 ? 31 - Math.clz32(low & -low) : 63 - Math.clz32(high & -high)
}

/** The last segment of a set that is not empty. */
export function highestOf(low: number, high: number): number {
  return high !== 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(low)
}

export function countOf(low: number, high: number): number {
  return countOf32(low) + countOf32(high)
}

function countOf32(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x5555_5555)
  count = (count & 0x3333_3333) + ((count >>> 2) & 0x3333_3333)
  return Math.imul((count + (count >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}
