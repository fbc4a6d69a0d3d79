// How often others may begin handshakes with us. Used by the answerer.

import type { Address } from '../api.js'
import { hostOf } from '../host.js'
import { RateLimit, RateLimits } from '../rate-limit.js'
import {
  ANSWERS_PER_S_MAX,
  CHECKS_PER_HOST_BURST,
  CHECKS_PER_HOST_PER_S_MAX,
  CHECKS_PER_S_MAX,
  HELLOS_PER_ADDRESS_BURST,
  HELLOS_PER_ADDRESS_PER_S_MAX,
  OFFERS_PER_S_MAX,
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

/** Hellos that are answered, and those of strangers that are looked at: each costs key agreements, and its address may be
 *  forged. Addresses that the person named have theirs each for itself. */
export class HelloAllowances {
  private readonly named = new RateLimits({
    perSecond: HELLOS_PER_ADDRESS_PER_S_MAX,
    burst: HELLOS_PER_ADDRESS_BURST,
    keysMax: OPENERS_REMEMBERED_MAX,
  })
  private readonly strangers = new RateLimit(OFFERS_PER_S_MAX)
  private readonly hosts = new RateLimits({
    perSecond: CHECKS_PER_HOST_PER_S_MAX,
    burst: CHECKS_PER_HOST_BURST,
    keysMax: OPENERS_REMEMBERED_MAX,
  })
  private readonly checks = new RateLimit(CHECKS_PER_S_MAX)

  take(from: Address, isNamed: boolean, nowMs: number): boolean {
    return isNamed ? this.named.take(from, nowMs) : this.strangers.take(nowMs)
  }

  /** Whether the introduction of a stranger may be checked. */
  takeCheck(from: Address, nowMs: number): boolean {
    return this.hosts.take(hostOf(from), nowMs) && this.checks.take(nowMs)
  }
}
