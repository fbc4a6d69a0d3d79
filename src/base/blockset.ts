/** How many bits a byte has. */
const MEMBERS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0
  for (let left = byte; left > 0; left &= left - 1) count++
  return count
})

/** A set of block indices of one item, one bit each. */
export class BlockSet {
  readonly blockCount: number
  private readonly bits: Uint8Array
  private members = 0

  constructor(blockCount: number, bits: Uint8Array = new Uint8Array(Math.ceil(blockCount / 8))) {
    this.blockCount = blockCount
    this.bits = bits
    const byteCount = Math.min(bits.length, Math.ceil(blockCount / 8))
    for (let at = 0; at < byteCount; at++) this.members += MEMBERS_OF_BYTE[bits[at]!]!
    for (let index = blockCount; index < 8 * byteCount; index++) if (this.hasBit(index)) this.members--
  }

  static full(blockCount: number): BlockSet {
    const set = new BlockSet(blockCount)
    for (let index = 0; index < blockCount; index++) set.add(index)
    return set
  }

  get size(): number {
    return this.members
  }

  has(blockIndex: number): boolean {
    // The last byte may have bits beyond the item: bits that came from elsewhere are not trusted to be clear.
    return blockIndex < this.blockCount && this.hasBit(blockIndex)
  }

  private hasBit(index: number): boolean {
    return ((this.bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
  }

  /** Answers whether the set grew. Indices outside the item are ignored. */
  add(blockIndex: number): boolean {
    if (blockIndex < 0 || blockIndex >= this.blockCount || this.has(blockIndex)) return false
    this.bits[blockIndex >> 3]! |= 1 << (blockIndex & 7)
    this.members++
    return true
  }

  /** Answers whether the set shrank. */
  delete(blockIndex: number): boolean {
    if (!this.has(blockIndex)) return false
    this.bits[blockIndex >> 3]! &= ~(1 << (blockIndex & 7))
    this.members--
    return true
  }

  /** The first member at or after `fromIndex`, or undefined. */
  next(fromIndex = 0): number | undefined {
    const { bits, blockCount } = this
    if (fromIndex >= blockCount) return undefined
    let at = fromIndex >> 3
    let byte = (bits[at] ?? 0) & (0xff << (fromIndex & 7))
    while (byte === 0) {
      if (++at >= bits.length) return undefined
      byte = bits[at]!
    }
    const index = 8 * at + 31 - Math.clz32(byte & -byte)
    return index < blockCount ? index : undefined
  }

  *[Symbol.iterator](): Generator<number> {
    for (let index = this.next(); index !== undefined; index = this.next(index + 1)) yield index
  }

  /** The bits themselves, least significant first: what crosses a process boundary. */
  toBytes(): Uint8Array {
    return this.bits.slice()
  }
}
