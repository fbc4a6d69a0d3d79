// Cuts what comes on a connection into lines of bounded length. Used by both ends of the control socket.

const LINE_END = 0x0a

export class LineReader {
  private readonly bytesMax: number
  private readonly pieces: Uint8Array[] = []
  private heldBytes = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Answers the lines that end in `bytes`, without their ends; undefined where one is too long, or is not UTF-8: from then on
   *  nothing on the connection can be understood. */
  read(bytes: Uint8Array): readonly string[] | undefined {
    const lines: string[] = []
    let start = 0
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
      const line = this.hold(bytes.subarray(start, end)) ? this.take() : undefined
      if (line === undefined) return undefined
      lines.push(line)
      start = end + 1
    }
    return this.hold(bytes.subarray(start)) ? lines : undefined
  }

  private hold(piece: Uint8Array): boolean {
    this.heldBytes += piece.length
    if (this.heldBytes > this.bytesMax) return false
    if (piece.length > 0) this.pieces.push(piece)
    return true
  }

  private take(): string | undefined {
    const line = Buffer.concat(this.pieces.splice(0))
    this.heldBytes = 0
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(line)
    } catch {
      return undefined
    }
  }
}
