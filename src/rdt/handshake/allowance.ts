// How often others may begin handshakes with us. Used by the answerer.

import type { Address } from '../api.js'
import { RateLimit, RateLimits } from '../rate-limit.js'
import { hostOf } from './host.js'
import {
  ANSWERS_PER_S_MAX,
  OPENERS_REMEMBERED_MAX,
  OPENS_PER_ADDRESS_BURST,
  OPENS_PER_ADDRESS_PER_S_MAX,
  OPENS_PER_HOST_BURST,
  OPENS_PER_HOST_PER_S_MAX,
} from './limits.js'

/** Handshakes that may begin: of the addresses that we call each for itself, so that nobody else uses up what they have; of
 *  all others, each host and all together. */
export class OpenAllowances {
  private readonly named = new RateLimits({
    perSecond: OPENS_PER_ADDRESS_PER_S_MAX,
    burst: OPENS_PER_ADDRESS_BURST,
    keysMax: OPENERS_REMEMBERED_MAX,
  })
  private readonly hosts = new RateLimits({
    perSecond: OPENS_PER_HOST_PER_S_MAX,
    burst: OPENS_PER_HOST_BURST,
    keysMax: OPENERS_REMEMBERED_MAX,
  })
  private readonly strangers = new RateLimit(ANSWERS_PER_S_MAX)

  take(from: Address, isExpected: boolean, nowMs: number): boolean {
    if (isExpected) return this.named.take(from, nowMs)
    return this.hosts.take(hostOf(from), nowMs) && this.strangers.take(nowMs)
  }
}
