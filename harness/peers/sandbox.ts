// A temporary folder and the processes that work in it; both are gone when the program is, whichever way it ends.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SIGNALS = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const

/** Anything that ends with the program: a peer, another process, a network namespace. */
export interface Tool {
  killNow(): void
}

export class Sandbox {
  readonly folder: string
  private readonly tools: Tool[] = []
  private readonly keep: boolean
  private isClosed = false

  constructor({ keep, under = tmpdir() }: { keep: boolean; under?: string }) {
    this.keep = keep
    this.folder = mkdtempSync(join(under, 'left-'))
    process.once('exit', () => this.close())
    for (const [signal, number] of SIGNALS) {
      // Not once: a terminal's Ctrl-C comes twice where npm passes it on, and the second must not cut the cleaning short.
      process.on(signal, () => {
        process.stderr.write('\nstopping\n')
        process.exit(128 + number) // As a shell expects it; 'exit' then cleans up.
      })
    }
  }

  /** Kills the tool when the program ends, the last one first. */
  adopt<T extends Tool>(tool: T): T {
    this.tools.push(tool)
    return tool
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  /** Synchronous, so that it also works while the process exits. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const tool of this.tools.reverse()) tool.killNow()
    if (this.keep) process.stderr.write(`kept: ${this.folder}\n`)
    // A killed peer's watcher process may write for one moment more.
    else rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}
