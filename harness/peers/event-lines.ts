// Reads the `--json` output of one process of a peer, line by line. A process that is killed while it writes leaves its last line
// unfinished. Used by Peer and by the chaos run.

import type { PeerEvent } from '../../src/app/events.js'

export class EventLines {
  private torn: string | undefined

  /** Undefined for an unfinished line. Throws an Error where another line follows one: then it was no end. */
  read(line: string): PeerEvent | undefined {
    if (this.torn !== undefined) throw new Error(`a peer wrote a line that is no JSON: ${this.torn}`)
    try {
      return JSON.parse(line) as PeerEvent
    } catch {
      this.torn = line
      return undefined
    }
  }
}
