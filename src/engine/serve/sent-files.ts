// How much of which file peers have pulled of late, for a person who wants to know what is being sent: serving has no transfers,
// only blocks. Used by Serving.

import type { Digest } from '../../base/item.js'
import { SENT_FILES_MAX } from './limits.js'

/** Bytes of one file that were read for one session. A block that is asked for again counts again. */
export interface SentFile {
  readonly session: number
  readonly path: string
  readonly sizeBytes: number
  readonly sentBytes: number
}

export class SentFiles {
  private readonly files = new Map<string, SentFile>()

  handleRead(
    { session, digest }: { readonly session: number; readonly digest: Digest },
    { path, sizeBytes }: { readonly path: string; readonly sizeBytes: number },
    bytes: number,
  ): void {
    const key = `${session} ${digest}`
    const sentBytes = Math.min(sizeBytes, (this.files.get(key)?.sentBytes ?? 0) + bytes)
    // The one that was read last is the last to be forgotten.
    this.files.delete(key)
    this.files.set(key, { session, path, sizeBytes, sentBytes })
    if (this.files.size > SENT_FILES_MAX) this.files.delete(this.files.keys().next().value!)
  }

  all(): Iterable<SentFile> {
    return this.files.values()
  }
}
