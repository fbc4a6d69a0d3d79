// How often in a second something may be done that costs us more than whoever makes us do it.

import type { Address } from '../api.js'
import { hostOf } from './host.js'
import {
  ANSWERS_PER_S_MAX,
  OPENERS_REMEMBERED_MAX,
  OPENS_PER_ADDRESS_BURST,
  OPENS_PER_ADDRESS_PER_S_MAX,
  OPENS_PER_HOST_BURST,
  OPENS_PER_HOST_PER_S_MAX,
} from './limits.js'

export class Allowance {
  private left: number
  private sinceMs = Number.NEGATIVE_INFINITY

  constructor(private readonly perSecond: number) {
    this.left = perSecond
  }

  /** Answers whether once more is allowed, and counts it. */
  take(nowMs: number): boolean {
    if (nowMs - this.sinceMs >= 1_000) {
      this.sinceMs = nowMs
      this.left = this.perSecond
    }
    return this.left-- > 0
  }
}

/** The same for each of many, so that one of them uses up nothing of the others'. The longest unheard is forgotten. */
export class Allowances {
  private readonly byKey = new Map<string, { left: number; atMs: number }>()

  constructor(private readonly options: { perSecond: number; burst: number; keysMax: number }) {}

  take(key: string, nowMs: number): boolean {
    const { perSecond, burst, keysMax } = this.options
    const known = this.byKey.get(key)
    const left =
      known === undefined ? burst : Math.min(burst, known.left + ((nowMs - known.atMs) * perSecond) / 1_000)
    this.byKey.delete(key)
    this.byKey.set(key, { left: left >= 1 ? left - 1 : left, atMs: nowMs })
    if (this.byKey.size > keysMax) this.byKey.delete(this.byKey.keys().next().value!)
    return left >= 1
  }
}

/** Handshakes that may begin: of the addresses that we call each for itself, so that nobody else uses up what they have; of
 *  all others, each host and all together. */
export class OpenAllowances {
  private readonly named = new Allowances({
    perSecond: OPENS_PER_ADDRESS_PER_S_MAX,
    burst: OPENS_PER_ADDRESS_BURST,
    keysMax: OPENERS_REMEMBERED_MAX,
  })
  private readonly hosts = new Allowances({
    perSecond: OPENS_PER_HOST_PER_S_MAX,
    burst: OPENS_PER_HOST_BURST,
    keysMax: OPENERS_REMEMBERED_MAX,
  })
  private readonly strangers = new Allowance(ANSWERS_PER_S_MAX)

  take(from: Address, isExpected: boolean, nowMs: number): boolean {
    if (isExpected) return this.named.take(from, nowMs)
    return this.hosts.take(hostOf(from), nowMs) && this.strangers.take(nowMs)
  }
}
