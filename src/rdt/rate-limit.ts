// Rate limits for things that cost us more than whoever makes us do them: resets, offers and handshakes that begin.

/** A number per second, which begins when the first is done. */
export class RateLimit {
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

/** A rate for each of many keys, so that one key uses up nothing of the others'. The key that was unheard for longest is
 *  forgotten. */
export class RateLimits {
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
