// When each peer is asked what it holds of a file that is being built here: often while it is building it too, seldom
// while it has nothing of it, never again once it has it all. Used by LargeFiles, one for each file in flight.

import type { SessionId } from '../../../rdt/endpoint.js'
import { BARRED_MS, HOLDING_MS, HOLDING_MS_MAX } from './limits.js'

interface Partner {
  askAtMs: number
  delayMs: number
  barredUntilMs: number
}

export class Partners {
  private readonly partners = new Map<SessionId, Partner>()

  isDue(session: SessionId, nowMs: number): boolean {
    const partner = this.partners.get(session)
    return partner === undefined || nowMs >= partner.askAtMs
  }

  /** Until it has answered, or for long. */
  handleAsked(session: SessionId): void {
    this.of(session).askAtMs = Number.POSITIVE_INFINITY
  }

  /** It holds some of the file, or all of it, and said so itself. False where it is not believed for now. */
  handleHolding(session: SessionId, isWhole: boolean, nowMs: number): boolean {
    const partner = this.of(session)
    partner.delayMs = HOLDING_MS
    partner.askAtMs = isWhole ? Number.POSITIVE_INFINITY : nowMs + HOLDING_MS
    return nowMs >= partner.barredUntilMs
  }

  /** It has nothing of it, or cannot tell. */
  handleNothing(session: SessionId, nowMs: number): void {
    const partner = this.of(session)
    partner.askAtMs = nowMs + partner.delayMs
    partner.delayMs = Math.min(2 * partner.delayMs, HOLDING_MS_MAX)
  }

  /** It did not have what it had said. */
  bar(session: SessionId, nowMs: number): void {
    const partner = this.of(session)
    partner.barredUntilMs = nowMs + BARRED_MS
    partner.askAtMs = partner.barredUntilMs
  }

  handleClosed(session: SessionId): void {
    this.partners.delete(session)
  }

  private of(session: SessionId): Partner {
    let partner = this.partners.get(session)
    if (partner === undefined) {
      partner = {
        askAtMs: Number.NEGATIVE_INFINITY,
        delayMs: HOLDING_MS,
        barredUntilMs: Number.NEGATIVE_INFINITY,
      }
      this.partners.set(session, partner)
    }
    return partner
  }
}
