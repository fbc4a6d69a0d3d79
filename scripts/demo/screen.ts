// The output of the demo: lines that stay, each with its moment, and below them one line that lives, drawn anew while
// something is waited for. Without a terminal the living line is printed once a second instead.

const DRAW_MS = 100
const DRAW_PLAIN_MS = 1_000

export interface ScreenStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export class Screen {
  private readonly stream: ScreenStream
  private readonly startedMs = performance.now()
  private live: (() => string) | undefined
  private timer: NodeJS.Timeout | undefined
  private drawn = ''

  constructor(stream: ScreenStream) {
    this.stream = stream
  }

  /** A line that stays, after the seconds since the start. */
  say(text: string): void {
    this.line(`${this.stamp()}  ${text}`)
  }

  /** Lines that stay, as they are. */
  line(text: string): void {
    this.wipe()
    this.stream.write(`${text}\n`)
    this.draw()
  }

  /** Shows what `text` answers until the work is done, then nothing of it. */
  async during<T>(text: () => string, work: Promise<T>): Promise<T> {
    this.live = text
    const isTerminal = this.stream.isTTY === true
    this.timer = setInterval(() => this.tick(isTerminal), isTerminal ? DRAW_MS : DRAW_PLAIN_MS)
    try {
      return await work
    } finally {
      this.close()
    }
  }

  close(): void {
    clearInterval(this.timer)
    this.live = undefined
    this.wipe()
  }

  private tick(isTerminal: boolean): void {
    const text = this.live?.() ?? ''
    if (isTerminal) this.draw()
    else if (text !== '' && text !== this.drawn) {
      this.drawn = text
      this.stream.write(`${this.stamp()}    ${text}\n`)
    }
  }

  private draw(): void {
    if (this.stream.isTTY !== true || this.live === undefined) return
    const text = `${this.stamp()}    ${this.live()}`.slice(0, (this.stream.columns || 80) - 1)
    this.stream.write(`\r\x1b[K${text}`)
    this.drawn = text
  }

  private wipe(): void {
    if (this.stream.isTTY === true && this.drawn !== '') this.stream.write('\r\x1b[K')
    this.drawn = ''
  }

  private stamp(): string {
    return `${((performance.now() - this.startedMs) / 1_000).toFixed(2).padStart(6)} s`
  }
}
