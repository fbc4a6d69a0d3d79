// A terminal for tests: a stream that says it is one and keeps what a person would see on it. It knows the
// escape sequences that bars are drawn with and throws at any other, because nobody else should write some.
// Made narrower or wider it breaks its lines anew, as tmux, VTE, kitty and iTerm2 do, or cuts them, as xterm does.

import { Writable } from 'node:stream'

export class Screen extends Writable {
  readonly isTTY = true
  columns: number
  rows = 24
  cursorVisible = true
  wraps = true
  raw = ''
  private grid: string[][] = [[]]
  /** Lines that go on in the next one, because they were too long. */
  private continued = new Set<string[]>()
  private row = 0
  private saved = { row: 0, column: 0 }
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

  /** The person changes the size of the window; the program is told, as by SIGWINCH. */
  resize(columns: number, how: 'breaks lines anew' | 'cuts lines' = 'breaks lines anew'): void {
    this.columns = columns
    if (how === 'breaks lines anew') this.breakAnew()
    else {
      for (const cells of this.grid) cells.length = Math.min(cells.length, columns)
      this.column = Math.min(this.column, columns)
    }
    this.emit('resize')
  }

  /** The cursor stays at the character at which it is. */
  private breakAnew(): void {
    const [grid, continued, at] = [this.grid, this.continued, this.row]
    this.grid = []
    this.continued = new Set()
    for (let first = 0; first < grid.length; ) {
      const whole: string[] = []
      let offset: number | undefined
      for (let more = true; more; first++) {
        if (first === at) offset = whole.length + this.column
        for (const cell of Array.from(grid[first]!, (one) => one ?? ' ')) whole.push(cell)
        more = continued.has(grid[first]!) && first + 1 < grid.length
      }
      if (offset !== undefined) {
        const broken = Math.floor(Math.max(0, Math.min(offset, whole.length - 1)) / this.columns)
        this.row = this.grid.length + broken
        this.column = Math.min(this.columns, offset - broken * this.columns)
      }
      do {
        const line = whole.splice(0, this.columns)
        this.grid.push(line)
        if (whole.length > 0) this.continued.add(line)
      } while (whole.length > 0)
    }
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    const text = chunk.toString()
    this.raw += text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this reads
    for (const [token] of text.matchAll(/\x1b\[[?0-9;]*[A-Za-z]|\x1b[78]|\n|./gsu)) this.obey(token)
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
      if (this.wraps) {
        this.continued.add(this.grid[this.row]!)
        this.obey('\n')
      } else this.column = this.columns - 1
    }
    this.grid[this.row]![this.column++] = character
  }

  private escape(sequence: string): void {
    if (sequence === '\x1b7') this.saved = { row: this.row, column: this.column }
    else if (sequence === '\x1b8') Object.assign(this, this.saved)
    else this.control(sequence)
  }

  private control(sequence: string): void {
    const count = Number(/\d+/.exec(sequence)?.[0] ?? 0)
    switch (sequence.replace(/\d+/, '')) {
      case '\x1b[A':
        this.row = Math.max(0, this.row - count)
        break
      case '\x1b[B':
        // The last line is as far as it goes; the grid has as many as were written.
        this.row = Math.min(this.grid.length - 1, this.row + count)
        break
      case '\x1b[G':
        this.column = count - 1
        break
      case '\x1b[K':
        if (count === 2) {
          this.grid[this.row] = []
        } else this.grid[this.row]!.length = Math.min(this.grid[this.row]!.length, this.column)
        break
      case '\x1b[J':
        this.escape('\x1b[0K')
        if (this.column === 0) this.continued.delete(this.grid[this.row]!)
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
