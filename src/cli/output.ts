// Where a view writes: a stream whose reader may be slow, may stop reading, or may go away. The peer must not
// suffer from any of these: nothing here waits, and what is buffered has a limit. Used by every view.

import type { Writable } from 'node:stream'
import { BACKLOG_BYTES_MAX, BACKLOG_BYTES_SOFT, FLUSH_MS_MAX } from './limits.js'

export type OutputStream = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export class Output {
  readonly stream: OutputStream
  private gone = false
  private leftOutCount = 0
  private readonly gathers: boolean
  private isGathering = false

  /** `onGone` is called once, with what made writing impossible: the reader went away (EPIPE), the terminal
   *  did (EIO), the disk that holds the log is full (ENOSPC). With `gathers`, what is said in one turn of the event loop
   *  is written at once: thousands of files a second have a line each. */
  constructor(
    stream: OutputStream,
    onGone: (error: NodeJS.ErrnoException) => void,
    options: { readonly gathers: boolean } = { gathers: false },
  ) {
    this.stream = stream
    this.gathers = options.gathers
    stream.on('error', (error) => {
      if (this.gone) return
      this.gone = true
      onGone(error)
    })
  }

  /** Writes one line, or counts it as left out where too much is waiting to be read. What is `fleeting`,
   *  progress, is left out long before anything else and not counted: the next one replaces it. */
  line(text: string, fleeting = false): void {
    if (this.gone) return
    if (fleeting && this.stream.writableLength > BACKLOG_BYTES_SOFT) return
    if (this.stream.writableLength > BACKLOG_BYTES_MAX) {
      this.leftOutCount++
      return
    }
    this.gather()
    this.stream.write(`${text}\n`)
  }

  private gather(): void {
    if (!this.gathers || this.isGathering) return
    this.isGathering = true
    this.stream.cork()
    process.nextTick(() => this.release())
  }

  /** Writes at once what was gathered: the process may be over before the turn is. */
  release(): void {
    if (!this.isGathering) return
    this.isGathering = false
    this.stream.uncork()
  }

  /** How many lines were left out, told once and only when there is room again to say so. */
  takeLeftOut(): number {
    if (this.leftOutCount === 0 || this.stream.writableLength > BACKLOG_BYTES_SOFT) return 0
    const count = this.leftOutCount
    this.leftOutCount = 0
    return count
  }

  /** Waits until the reader has everything, within FLUSH_MS_MAX: a reader that has stopped cannot hold us. */
  async flush(): Promise<void> {
    if (this.gone || this.stream.writableLength === 0) return
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      new Promise((resolve) => this.stream.write('', resolve)),
      new Promise((resolve) => {
        timer = setTimeout(resolve, FLUSH_MS_MAX)
      }),
    ])
    clearTimeout(timer)
  }
}
