// A temporary folder and the processes that work in it; both are gone when the program is, whichever way it ends.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Peer } from './peer.js'

const SIGNALS = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const

export class Workshop {
  readonly folder: string
  private readonly peers: Peer[] = []
  private readonly keep: boolean
  private isClosed = false

  constructor({ keep }: { keep: boolean }) {
    this.keep = keep
    this.folder = mkdtempSync(join(tmpdir(), 'left-'))
    process.once('exit', () => this.close())
    for (const [signal, number] of SIGNALS) {
      process.once(signal, () => {
        process.stderr.write('\nstopping\n')
        process.exit(128 + number) // As a shell expects it; 'exit' then cleans up.
      })
    }
  }

  /** The peer is killed when the program ends. */
  adopt<P extends Peer>(peer: P): P {
    this.peers.push(peer)
    return peer
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  /** Synchronous, so that it also works while the process exits. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const peer of this.peers) peer.killNow()
    if (this.keep) process.stderr.write(`kept: ${this.folder}\n`)
    // A killed peer's watcher process may write for one moment more.
    else rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}
