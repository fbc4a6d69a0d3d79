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

/** The same, while it grows. */
type Growing<T> = { -readonly [Key in keyof T]: T[Key] }

export class SentFiles {
  /** By session and digest; the ones that were read last stand at the end. */
  private readonly files = new Map<string, Growing<SentFile>>()
  private readonly sessions = new Map<number, Growing<SentToSession>>()
  /** The file of the last block, which most often is that of the next. */
  private lastSession: number | undefined
  private current:
    | { readonly session: number; readonly digest: Digest; readonly file: Growing<SentFile> }
    | undefined

  handleRead(
    { session, digest }: { readonly session: number; readonly digest: Digest },
    place: Pick<FilePlace, 'path' | 'target' | 'sizeBytes'>,
    bytes: number,
  ): void {
    const { current } = this
    const isCurrent = current?.session === session && current.digest === digest
    const file = isCurrent ? current.file : this.begin(session, digest, place)
    const { sizeBytes } = place
    const sentBytes = Math.min(sizeBytes, file.sentBytes + bytes)
    const newBytes = sentBytes - file.sentBytes
    // A person knows nothing of a temporary file.
    file.path = place.target ?? place.path
    file.sizeBytes = sizeBytes
    file.sentBytes = sentBytes
    const sent = this.sentTo(session)
    sent.bytes += newBytes
    sent.last = file
  }

  /** Files of a single block, of these lengths. */
  handleSmall(session: number, lengths: readonly number[]): void {
    const sent = this.sentTo(session)
    sent.files += lengths.length
    for (const length of lengths) sent.bytes += length
  }

  /** As they are now: what is answered does not grow. */
  *all(): Iterable<SentFile> {
    for (const file of this.files.values()) yield { ...file }
  }

  /** The same. */
  *bySession(): Iterable<SentToSession> {
    for (const sent of this.sessions.values()) yield { ...sent, last: sent.last && { ...sent.last } }
  }

  /** Makes the file the current one. The one that was read last is the last to be forgotten. */
  private begin(
    session: number,
    digest: Digest,
    { path, sizeBytes }: Pick<FilePlace, 'path' | 'sizeBytes'>,
  ): Growing<SentFile> {
    const key = `${session} ${digest}`
    const before = this.files.get(key)
    const file = before ?? { session, path, sizeBytes, sentBytes: 0 }
    this.files.delete(key)
    this.files.set(key, file)
    if (this.files.size > SENT_FILES_MAX) this.files.delete(this.files.keys().next().value!)
    if (before === undefined) this.sentTo(session).files++
    this.current = { session, digest, file }
    return file
  }

  private sentTo(session: number): Growing<SentToSession> {
    const before = this.sessions.get(session)
    if (before !== undefined && this.lastSession === session) return before
    this.lastSession = session
    const sent = before ?? { session, files: 0, bytes: 0, last: undefined }
    this.sessions.delete(session)
    this.sessions.set(session, sent)
    if (this.sessions.size > SENT_SESSIONS_MAX) this.sessions.delete(this.sessions.keys().next().value!)
    return sent
  }
}
