// Tells to whom is being sent, and how far: serving has no transfers, only blocks that peers pull. What one pulls without a pause of
// SENDING_MS is told as one. Used by Peer.
//
//             it pulls                it pulled nothing for SENDING_MS, or is gone
//   silent ─────────────▶ sending: `sending` with each look ──────▶ silent: `sent`

import type { EnginePeer } from '../engine/engine.js'
import type { SentToSession } from '../engine/serve/sent-files.js'
import type { PeerEvent } from './events.js'
import { SENDING_MS } from './limits.js'
import { advance, type Rate } from './rate.js'

export interface SendingFacts {
  readonly peers: Iterable<Pick<EnginePeer, 'peer' | 'address' | 'session'>>
  readonly sent: Iterable<SentToSession>
  readonly nameOf: (address: string) => string
}

interface Burst {
  readonly peer: string
  readonly address: string
  readonly startMs: number
  /** What the session had pulled before. */
  readonly before: { readonly files: number; readonly bytes: number }
  readonly now: { readonly files: number; readonly bytes: number }
  /** When it pulled last. */
  readonly pulledMs: number
  readonly rate: Rate
}

export class Sending {
  /** What sessions had pulled at the last look. */
  private counted = new Map<number, SentToSession>()
  private readonly bursts = new Map<number, Burst>()
  private lookedMs: number | undefined

  /** To be called a few times a second. */
  look({ peers, sent, nameOf }: SendingFacts, nowMs: number): PeerEvent[] {
    const bySession = new Map([...peers].map((peer) => [peer.session, peer]))
    const events: PeerEvent[] = []
    const beforeMs = this.lookedMs ?? nowMs
    const counted = new Map<number, SentToSession>()
    for (const total of sent) {
      const { session, files, bytes } = total
      counted.set(session, total)
      const before = this.counted.get(session) ?? { files: 0, bytes: 0 }
      const peer = bySession.get(session)
      if (peer === undefined || (files === before.files && bytes === before.bytes)) continue
      const burst = this.bursts.get(session) ?? {
        peer: peer.peer,
        address: nameOf(peer.address),
        startMs: beforeMs,
        before,
        rate: { bytesPerS: 0, doneBytes: 0, atMs: beforeMs },
      }
      const now = { files: files - burst.before.files, bytes: bytes - burst.before.bytes }
      const rate = advance(burst.rate, now.bytes, nowMs)
      const grown = { ...burst, now, rate, pulledMs: nowMs }
      this.bursts.set(session, grown)
      events.push(sendingEvent(grown, total))
    }
    for (const [session, burst] of this.bursts) {
      if (bySession.has(session) && nowMs - burst.pulledMs < SENDING_MS) continue
      this.bursts.delete(session)
      events.push(sentEvent(burst))
    }
    this.counted = counted
    this.lookedMs = nowMs
    return events
  }
}

function sendingEvent({ peer, address, now, rate }: Burst, { last }: SentToSession): PeerEvent {
  const isUnderWay = last !== undefined && last.sentBytes < last.sizeBytes
  return {
    event: 'sending',
    peer,
    address,
    ...now,
    bytesPerS: Math.round(rate.bytesPerS),
    file: isUnderWay ? { path: last.path, bytes: last.sizeBytes, doneBytes: last.sentBytes } : null,
  }
}

function sentEvent({ peer, address, now, startMs, pulledMs }: Burst): PeerEvent {
  return { event: 'sent', peer, address, ...now, durationMs: Math.round(pulledMs - startMs) }
}
