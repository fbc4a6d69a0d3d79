// When each peer is asked what it holds of a file that is being built here: often while it is building it too, seldom
// while it has nothing of it, never again once it has it all. Used by LargeFiles, one for each file in flight.

import type { SessionId } from '../../../rdt/endpoint.js'
import { BARRED_MS, HOLDING_MS, HOLDING_MS_MAX } from './limits.js'

interface AskedPeer {
  askAtMs: number
  delayMs: number
  barredUntilMs: number
}

export class PeerAvailability {
  private readonly asked = new Map<SessionId, AskedPeer>()

  isDue(session: SessionId, nowMs: number): boolean {
    const peer = this.asked.get(session)
    return peer === undefined || nowMs >= peer.askAtMs
  }

  /** Until it has answered, or for long. */
  handleAsked(session: SessionId): void {
    this.of(session).askAtMs = Number.POSITIVE_INFINITY
  }

  /** The peer said itself that it holds some of the file, or all of it. False where it is not believed for now. */
  handleHolding(session: SessionId, isWhole: boolean, nowMs: number): boolean {
    const peer = this.of(session)
    peer.delayMs = HOLDING_MS
    peer.askAtMs = isWhole ? Number.POSITIVE_INFINITY : nowMs + HOLDING_MS
    return nowMs >= peer.barredUntilMs
  }

  /** The peer has nothing of the file, or cannot tell. */
  handleNothing(session: SessionId, nowMs: number): void {
    const peer = this.of(session)
    peer.askAtMs = nowMs + peer.delayMs
    peer.delayMs = Math.min(2 * peer.delayMs, HOLDING_MS_MAX)
  }

  /** The peer did not have what it had said. */
  bar(session: SessionId, nowMs: number): void {
    const peer = this.of(session)
    peer.barredUntilMs = nowMs + BARRED_MS
    peer.askAtMs = peer.barredUntilMs
  }

  handleClosed(session: SessionId): void {
    this.asked.delete(session)
  }

  private of(session: SessionId): AskedPeer {
    let peer = this.asked.get(session)
    if (peer === undefined) {
      peer = {
        askAtMs: Number.NEGATIVE_INFINITY,
        delayMs: HOLDING_MS,
        barredUntilMs: Number.NEGATIVE_INFINITY,
      }
      this.asked.set(session, peer)
    }
    return peer
  }
}
