// The address cookie: proof that whoever says hello receives at the address it says it from, without keeping
// anything about it. RFC 9000, 8.1 does the same with its Retry tokens.

import { concatBytes, equalBytes, utf8 } from '../base/bytes.js'
import type { Hash } from '../base/item.js'
import type { Random } from '../base/ports.js'
import type { Address } from './api.js'
import { COOKIE_BYTES, COOKIE_PERIOD_MS } from './limits.js'

export class CookieJar {
  private readonly secret: Uint8Array

  constructor(
    random: Random,
    private readonly hash: Hash,
  ) {
    this.secret = random.bytes(32)
  }

  make(address: Address, nonce: Uint8Array, nowMs: number): Uint8Array {
    return this.cookie(address, nonce, periodOf(nowMs))
  }

  /** Whether it was made here, for this address and nonce, in this period or the one before. */
  isValid(cookie: Uint8Array, address: Address, nonce: Uint8Array, nowMs: number): boolean {
    const period = periodOf(nowMs)
    return (
      equalBytes(cookie, this.cookie(address, nonce, period)) ||
      equalBytes(cookie, this.cookie(address, nonce, period - 1))
    )
  }

  private cookie(address: Address, nonce: Uint8Array, period: number): Uint8Array {
    return this.hash(concatBytes([this.secret, nonce, utf8(`${period} ${address}`)])).slice(0, COOKIE_BYTES)
  }
}

function periodOf(nowMs: number): number {
  return Math.floor(nowMs / COOKIE_PERIOD_MS)
}
