// A terminal for tests: a stream that says it is one and keeps what a person would see on it. It knows the
// escape sequences that bars are drawn with and throws at any other, because nobody else should write some.

import { Writable } from 'node:stream'

export class Screen extends Writable {
  readonly isTTY = true
  columns: number
  rows = 24
  cursorVisible = true
  wraps = true
  raw = ''
  private readonly grid: string[][] = [[]]
  private row = 0
  private column = 0

  constructor(columns: number) {
    super({ decodeStrings: false })
    this.columns = columns
  }

  /** Lines from the top, without blanks at their ends and without empty lines below. */
  get lines(): string[] {
    const lines = this.grid.map((cells) =>
      Array.from(cells, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    )
    while (lines.at(-1) === '') lines.pop()
    return lines
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    const text = chunk.toString()
    this.raw += text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this reads
    for (const [token] of text.matchAll(/\x1b\[[?0-9;]*[A-Za-z]|\n|./gsu)) this.obey(token)
    done()
  }

  private obey(token: string): void {
    if (token === '\n') {
      this.row++
      this.column = 0 // the driver's ONLCR
      while (this.grid.length <= this.row) this.grid.push([])
    } else if (token.startsWith('\x1b')) {
      this.escape(token)
    } else if (token < ' ') {
      throw new Error(`a raw control character reached the terminal: ${JSON.stringify(token)}`)
    } else {
      this.put(token)
    }
  }

  private put(character: string): void {
    if (this.column >= this.columns) {
      if (this.wraps) this.obey('\n')
      else this.column = this.columns - 1
    }
    this.grid[this.row]![this.column++] = character
  }

  private escape(sequence: string): void {
    const count = Number(/\d+/.exec(sequence)?.[0] ?? 0)
    switch (sequence.replace(/\d+/, '')) {
      case '\x1b[A':
        this.row = Math.max(0, this.row - count)
        break
      case '\x1b[G':
        this.column = count - 1
        break
      case '\x1b[K':
        if (count === 2) this.grid[this.row] = []
        else this.grid[this.row]!.length = Math.min(this.grid[this.row]!.length, this.column)
        break
      case '\x1b[J':
        this.escape('\x1b[0K')
        this.grid.length = this.row + 1
        break
      case '\x1b[?h':
      case '\x1b[?l':
        if (count === 25) this.cursorVisible = sequence.endsWith('h')
        else if (count === 7) this.wraps = sequence.endsWith('h')
        else throw new Error(`unknown mode ${JSON.stringify(sequence)}`)
        break
      default:
        throw new Error(`unknown escape sequence ${JSON.stringify(sequence)}`)
    }
  }
}
