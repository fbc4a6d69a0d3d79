// The address cookie: proof that whoever says hello receives at the address it says it from, without keeping
// anything about it. RFC 9000, 8.1 does the same with its Retry tokens. And the seed of what a hello is offered, so that
// the offer can be made again when the address is proved, and never after that.

import { concatBytes, equalSecrets, hexOf, utf8 } from '../../base/bytes.js'
import type { Hash } from '../../base/item.js'
import type { Random } from '../../base/ports.js'
import type { Address } from '../api.js'
import { COOKIE_BYTES } from '../wire/limits.js'
import { COOKIE_PERIOD_MS, SEED_BYTES, SEEDS_TAKEN_MAX } from './limits.js'

/** One for seeds in each period: when it is forgotten, nobody makes them again from whatever is left here. */
interface Period {
  readonly number: number
  readonly secret: Uint8Array
}

export class CookieJar {
  private readonly secret: Uint8Array
  /** The last two in which something was offered. */
  private periods: Period[] = []
  /** Seeds that a handshake was begun with, oldest first, with the period in which it was. */
  private readonly taken = new Map<string, number>()

  constructor(
    private readonly random: Random,
    private readonly hash: Hash,
    /** A cookie holds for one to two of these, milliseconds. */
    private readonly periodMs = COOKIE_PERIOD_MS,
  ) {
    this.secret = random.bytes(32)
  }

  make(address: Address, nonce: Uint8Array, nowMs: number): Uint8Array {
    return this.cookie(address, nonce, this.periodOf(nowMs))
  }

  /** The seed of the offer to this address and nonce. */
  seed(address: Address, nonce: Uint8Array, nowMs: number): Uint8Array {
    this.forgetOld(nowMs)
    const number = this.periodOf(nowMs)
    let period = this.periods.find((known) => known.number === number)
    if (period === undefined) {
      period = { number, secret: this.random.bytes(32) }
      this.periods.push(period)
    }
    return this.seedIn(period, address, nonce)
  }

  /** Whether it was made here, for this address and nonce, in this period or the one before. */
  isValid(cookie: Uint8Array, address: Address, nonce: Uint8Array, nowMs: number): boolean {
    return this.madeIn(cookie, address, nonce, nowMs) !== undefined
  }

  /** The seed of what was offered with a valid cookie; undefined where a handshake was begun with it already. */
  seedOf(cookie: Uint8Array, address: Address, nonce: Uint8Array, nowMs: number): Uint8Array | undefined {
    this.forgetOld(nowMs)
    const number = this.madeIn(cookie, address, nonce, nowMs)
    const period = this.periods.find((known) => known.number === number)
    const seed = period && this.seedIn(period, address, nonce)
    return seed === undefined || this.taken.has(hexOf(seed)) || this.taken.size >= SEEDS_TAKEN_MAX
      ? undefined
      : seed
  }

  /** A handshake was begun with it. Two with the same keys could seal two texts in the same way. */
  handleTaken(seed: Uint8Array, nowMs: number): void {
    this.taken.set(hexOf(seed), this.periodOf(nowMs))
  }

  /** Forgets secrets and seeds that no valid cookie can refer to. */
  forgetOld(nowMs: number): void {
    const oldest = this.periodOf(nowMs) - 1
    if (this.periods.some(({ number }) => number < oldest))
      this.periods = this.periods.filter(({ number }) => number >= oldest)
    for (const [key, number] of this.taken) {
      if (number >= oldest) return
      this.taken.delete(key)
    }
  }

  private madeIn(cookie: Uint8Array, address: Address, nonce: Uint8Array, nowMs: number): number | undefined {
    const now = this.periodOf(nowMs)
    return [now, now - 1].find((number) => equalSecrets(cookie, this.cookie(address, nonce, number)))
  }

  private cookie(address: Address, nonce: Uint8Array, period: number): Uint8Array {
    return this.hash(concatBytes([this.secret, nonce, utf8(`${period} ${address}`)])).slice(0, COOKIE_BYTES)
  }

  private seedIn({ secret }: Period, address: Address, nonce: Uint8Array): Uint8Array {
    return this.hash(concatBytes([secret, nonce, utf8(address)])).slice(0, SEED_BYTES)
  }

  private periodOf(nowMs: number): number {
    return Math.floor(nowMs / this.periodMs)
  }
}
