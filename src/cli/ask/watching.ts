// `--watch` of a command that asks a running peer: asked again every second, drawn over itself on a terminal, one after the other elsewhere.
// Ends with Ctrl-C, or when the peer does not answer any more.

import { WATCH_MS } from '../limits.js'
import { shortenMiddle } from '../names.js'

const HOME_AND_CLEAR = '\u001b[H\u001b[J'

export interface WatchOptions {
  /** Lines of one answer. @throws LeftError where there is none. */
  readonly ask: () => Promise<readonly string[]>
  readonly write: (text: string) => void
  /** Undefined where the output is no terminal. */
  readonly screen: () => { readonly columns: number; readonly rows: number } | undefined
  /** Resolves where a person asks to stop. */
  readonly stopped: Promise<void>
}

export async function watch({ ask, write, screen, stopped }: WatchOptions): Promise<void> {
  let isStopped = false
  const stop = stopped.then(() => {
    isStopped = true
  })
  while (!isStopped) {
    const lines = await ask()
    const size = screen()
    write(
      size === undefined
        ? `${lines.join('\n')}\n`
        : `${HOME_AND_CLEAR}${fitScreen(lines, size).join('\n')}\n`,
    )
    await Promise.race([stop, sleep(WATCH_MS)])
  }
}

/** The last row stays free, for the cursor. */
function fitScreen(lines: readonly string[], { columns, rows }: { columns: number; rows: number }): string[] {
  const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => shortenMiddle(line, columns))
  if (shown.length < lines.length) shown[shown.length - 1] = `… ${lines.length - shown.length + 1} more lines`
  return shown
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
