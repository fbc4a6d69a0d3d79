// The answers that `left init` asks for, one line each: from a person at a terminal, who is asked again where one is no use, or
// from whatever is piped in, where that is a refusal.

import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { LeftError } from '../../base/errors.js'

export interface Question<Answer> {
  readonly words: string
  /** Taken where the answer is empty. */
  readonly usual: string
  /** @throws LeftError 'usage' that says what is wrong with it. */
  readonly read: (text: string) => Answer
}

export class Answers {
  private readonly output: Writable
  private readonly isTerminal: boolean
  private readonly lines: Interface
  private readonly waiting: AsyncIterator<string>

  constructor(input: Readable & { readonly isTTY?: boolean }, output: Writable) {
    this.output = output
    this.isTerminal = input.isTTY === true
    this.lines = createInterface({ input, output, terminal: this.isTerminal })
    this.waiting = this.lines[Symbol.asyncIterator]()
  }

  /** @throws LeftError 'usage'. */
  async ask<Answer>({ words, usual, read }: Question<Answer>): Promise<Answer> {
    for (;;) {
      const text = await this.line(`${words} [${usual}]: `)
      if (text === undefined) {
        this.output.write('\n')
        throw new LeftError('usage', `no answer to ‘${words}’; left init --yes takes what stands in brackets`)
      }
      try {
        return read(text.trim() || usual)
      } catch (error) {
        if (!this.isTerminal || !(error instanceof LeftError)) throw error
        this.output.write(`${error.message}\n`)
      }
    }
  }

  close(): void {
    this.lines.close()
  }

  /** Undefined at the end of the input. */
  private async line(prompt: string): Promise<string | undefined> {
    this.lines.setPrompt(prompt)
    this.lines.prompt()
    const next = await this.waiting.next()
    return next.done ? undefined : next.value
  }
}
