// Reading and writing the fields of datagrams: big-endian, bounds checked. Used by the codecs of rdt and discovery.

/** Fills a buffer of a size known beforehand; running over it is a programmer's error and throws. */
export class FieldWriter {
  readonly bytes: Uint8Array
  private readonly view: DataView
  private at = 0

  constructor(capacityBytes: number) {
    this.bytes = new Uint8Array(capacityBytes)
    this.view = new DataView(this.bytes.buffer)
  }

  get length(): number {
    return this.at
  }

  clear(): void {
    this.at = 0
  }

  u8(value: number): this {
    this.view.setUint8(this.at, value)
    this.at += 1
    return this
  }

  u16(value: number): this {
    this.view.setUint16(this.at, value)
    this.at += 2
    return this
  }

  u24(value: number): this {
    this.view.setUint8(this.at, value >>> 16)
    this.view.setUint16(this.at + 1, value & 0xffff)
    this.at += 3
    return this
  }

  u32(value: number): this {
    this.view.setUint32(this.at, value)
    this.at += 4
    return this
  }

  raw(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
    return this
  }

  /** Writes into what was already written. */
  patchU8(at: number, value: number): void {
    this.view.setUint8(at, value)
  }

  /** The bytes written so far, not a copy. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.at)
  }
}

/** Reads a peer's bytes: past the end it answers zeros and `truncated` tells. */
export class FieldReader {
  truncated = false
  private readonly view: DataView
  private at = 0

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  u8(): number {
    const at = this.advance(1)
    return at < 0 ? 0 : this.view.getUint8(at)
  }

  u16(): number {
    const at = this.advance(2)
    return at < 0 ? 0 : this.view.getUint16(at)
  }

  u24(): number {
    const at = this.advance(3)
    return at < 0 ? 0 : this.view.getUint8(at) * 0x1_0000 + this.view.getUint16(at + 1)
  }

  u32(): number {
    const at = this.advance(4)
    return at < 0 ? 0 : this.view.getUint32(at)
  }

  /** A copy; empty where so many are not there. */
  raw(count: number): Uint8Array {
    const at = this.advance(count)
    return at < 0 ? new Uint8Array(0) : this.bytes.slice(at, at + count)
  }

  skip(count: number): void {
    this.advance(count)
  }

  private advance(count: number): number {
    if (this.at + count > this.bytes.length) {
      this.truncated = true
      this.at = this.bytes.length
      return -1
    }
    this.at += count
    return this.at - count
  }
}
