// How near a transfer came to what its links can do: the sum of what was received from nothing being wanted until
// nothing is wanted again, and of what the sessions did meanwhile. The engine keeps one book and tells the receipt.

import type { SessionId, SessionStats } from '../rdt/api.js'
import { RECEIPT_SESSIONS_MAX } from './limits.js'

/** Parts of one are numbers from 0 on; null where there is nothing to take them of. */
export interface Receipt {
  readonly files: number
  /** Bytes of these files, and how much of them crossed; the rest was here already, from old versions and earlier runs. */
  readonly bytes: number
  readonly crossedBytes: number
  readonly reusedBytes: number
  /** Bytes that compression saved. */
  readonly savedBytes: number
  /** From the first request until the last file was in its place. */
  readonly durationMs: number
  /** Bytes that crossed, over the duration. */
  readonly bytesPerS: number
  /** Capacity of the links used, as far as the windows could find out, UDP payload. */
  readonly linkBytesPerS: number | null
  /** Compressed bytes that crossed, over what the links carry in that time; the rest: headers, repetition, start, pauses. */
  readonly efficiency: number | null
  /** Segments that came once more than needed, over those that were needed. */
  readonly redundancy: number | null
  /** Askings that were repetitions, and that nothing came of, over all askings. */
  readonly askedAgain: number | null
  readonly loss: number | null
  /** RTT of the session that brought the most. */
  readonly rttMs: number | null
  readonly minRttMs: number | null
  /** Peers that brought something. */
  readonly peers: number
}

/** Figures of one file that arrived. */
export interface Arrival {
  readonly bytes: number
  readonly crossedBytes: number
  readonly savedBytes: number
  readonly durationMs: number
}

/** Figures of one session in one transfer. */
interface Part {
  readonly received: number
  readonly duplicate: number
  readonly asked: number
  readonly askedAgain: number
  readonly lost: number
  readonly stats: SessionStats
}

export class ReceiptBook {
  private files = 0
  private bytes = 0
  private crossedBytes = 0
  private savedBytes = 0
  private startMs = Number.POSITIVE_INFINITY
  private endMs = 0
  /** As they were when the last transfer ended; a session that is not in it is newer. */
  private before = new Map<SessionId, SessionStats>()
  /** Also of sessions that ended during the transfer. */
  private latest = new Map<SessionId, SessionStats>()

  handleArrival({ bytes, crossedBytes, savedBytes, durationMs }: Arrival, nowMs: number): void {
    this.files++
    this.bytes += bytes
    this.crossedBytes += crossedBytes
    this.savedBytes += savedBytes
    this.startMs = Math.min(this.startMs, nowMs - durationMs)
    this.endMs = nowMs
  }

  /** Called often enough that little is missed of a session that ends. */
  handleSession(session: SessionId, stats: SessionStats): void {
    this.latest.set(session, stats)
    if (this.latest.size <= RECEIPT_SESSIONS_MAX) return
    for (const [oldest] of this.latest) {
      this.latest.delete(oldest)
      return
    }
  }

  /** Nothing is wanted any more. Answers undefined where nothing was received. */
  finish(): Receipt | undefined {
    const receipt = this.files === 0 ? undefined : this.write()
    this.before = this.latest
    this.latest = new Map()
    this.files = this.bytes = this.crossedBytes = this.savedBytes = this.endMs = 0
    this.startMs = Number.POSITIVE_INFINITY
    return receipt
  }

  private write(): Receipt {
    const { files, bytes, crossedBytes, savedBytes } = this
    const parts = this.parts()
    const sum = (take: (part: Part) => number) => parts.reduce((total, part) => total + take(part), 0)
    const durationMs = this.endMs - this.startMs
    const linkBytesPerS = sum(({ stats }) => stats.linkBytesPerS)
    const asked = sum((part) => part.asked)
    const main = parts.reduce<Part | undefined>(
      (most, part) => (most === undefined || part.received > most.received ? part : most),
      undefined,
    )
    return {
      files,
      bytes,
      crossedBytes,
      reusedBytes: Math.max(0, bytes - crossedBytes),
      savedBytes,
      durationMs,
      bytesPerS: ratio(crossedBytes, durationMs / 1_000) ?? 0,
      linkBytesPerS: linkBytesPerS > 0 ? linkBytesPerS : null,
      efficiency: ratio(crossedBytes - savedBytes, (linkBytesPerS * durationMs) / 1_000),
      redundancy: ratio(
        sum((part) => part.duplicate),
        sum((part) => part.received - part.duplicate),
      ),
      askedAgain: ratio(
        sum((part) => part.askedAgain),
        asked,
      ),
      loss: ratio(
        sum((part) => part.lost),
        asked,
      ),
      rttMs: known(main?.stats.srttMs),
      minRttMs: known(main?.stats.minRttMs),
      peers: parts.length,
    }
  }

  /** Sessions that brought something since the last transfer. */
  private parts(): Part[] {
    const parts: Part[] = []
    for (const [session, stats] of this.latest) {
      const before = this.before.get(session)
      const received = stats.segmentsReceived - (before?.segmentsReceived ?? 0)
      if (received <= 0) continue
      parts.push({
        received,
        duplicate: stats.segmentsDuplicate - (before?.segmentsDuplicate ?? 0),
        asked: stats.segmentsAsked - (before?.segmentsAsked ?? 0),
        askedAgain: stats.segmentsAskedAgain - (before?.segmentsAskedAgain ?? 0),
        // Segments that an earlier transfer counted as lost may have come since.
        lost: Math.max(0, stats.segmentsLost - (before?.segmentsLost ?? 0)),
        stats,
      })
    }
    return parts
  }
}

function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null
}

function known(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : null
}
