/** A set of block indices of one item, one bit each. */
export class BlockSet {
  readonly blockCount: number
  private readonly bits: Uint8Array
  private members = 0

  constructor(blockCount: number, bits: Uint8Array = new Uint8Array(Math.ceil(blockCount / 8))) {
    this.blockCount = blockCount
    this.bits = bits
    for (let index = 0; index < blockCount; index++) if (this.has(index)) this.members++
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
    return blockIndex < this.blockCount && ((this.bits[blockIndex >> 3] ?? 0) & (1 << (blockIndex & 7))) !== 0
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
    for (let index = fromIndex; index < this.blockCount; index++) {
      if ((index & 7) === 0 && this.bits[index >> 3] === 0) {
        index += 7
        continue
      }
      if (this.has(index)) return index
    }
    return undefined
  }

  *[Symbol.iterator](): Generator<number> {
    for (let index = this.next(); index !== undefined; index = this.next(index + 1)) yield index
  }

  /** The bits themselves, least significant first: what crosses a process boundary. */
  toBytes(): Uint8Array {
    return this.bits.slice()
  }
}
