// How much of which file peers have pulled of late, for a person who wants to know what is being sent: serving has no transfers,
// only blocks. Used by Serving.

import type { Digest } from '../../base/item.js'
import { SENT_FILES_MAX, SENT_SESSIONS_MAX } from './limits.js'
import type { FilePlace } from './places.js'

/** Bytes of one file that were read for one session. A block that is asked for again counts again. */
export interface SentFile {
  readonly session: number
  readonly path: string
  readonly sizeBytes: number
  readonly sentBytes: number
}

/** All that was read for one session since it began. */
export interface SentToSession {
  readonly session: number
  /** That were begun. */
  readonly files: number
  /** Of their content. */
  readonly bytes: number
  /** The one of several blocks that was read last. */
  readonly last: SentFile | undefined
}

export class SentFiles {
  private readonly files = new Map<string, SentFile>()
  private readonly sessions = new Map<number, SentToSession>()

  handleRead(
    { session, digest }: { readonly session: number; readonly digest: Digest },
    { path: readPath, target, sizeBytes }: Pick<FilePlace, 'path' | 'target' | 'sizeBytes'>,
    bytes: number,
  ): void {
    const key = `${session} ${digest}`
    const before = this.files.get(key)
    const sentBytes = Math.min(sizeBytes, (before?.sentBytes ?? 0) + bytes)
    // A person knows nothing of a temporary file.
    const path = target ?? readPath
    // The one that was read last is the last to be forgotten.
    this.files.delete(key)
    const file = { session, path, sizeBytes, sentBytes }
    this.files.set(key, file)
    if (this.files.size > SENT_FILES_MAX) this.files.delete(this.files.keys().next().value!)
    this.count(session, before === undefined ? 1 : 0, sentBytes - (before?.sentBytes ?? 0), file)
  }

  /** Files of a single block, of these lengths. */
  handleSmall(session: number, lengths: readonly number[]): void {
    const bytes = lengths.reduce((sum, length) => sum + length, 0)
    this.count(session, lengths.length, bytes, this.sessions.get(session)?.last)
  }

  private count(session: number, files: number, bytes: number, last: SentFile | undefined): void {
    const before = this.sessions.get(session)
    this.sessions.delete(session)
    this.sessions.set(session, {
      session,
      files: (before?.files ?? 0) + files,
      bytes: (before?.bytes ?? 0) + bytes,
      last,
    })
    if (this.sessions.size > SENT_SESSIONS_MAX) this.sessions.delete(this.sessions.keys().next().value!)
  }

  all(): Iterable<SentFile> {
    return this.files.values()
  }

  bySession(): Iterable<SentToSession> {
    return this.sessions.values()
  }
}
