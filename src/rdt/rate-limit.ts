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

  /** Answers whether once more is allowed, and counts it. */
  take(key: string, nowMs: number): boolean {
    const left = this.leftOf(key, nowMs)
    this.set(key, left >= 1 ? left - 1 : left, nowMs)
    return left >= 1
  }

  /** The last `take` is not to count. */
  giveBack(key: string, nowMs: number): void {
    this.set(key, Math.min(this.options.burst, this.leftOf(key, nowMs) + 1), nowMs)
  }

  private set(key: string, left: number, nowMs: number): void {
    const atMs = Math.max(nowMs, this.byKey.get(key)?.atMs ?? nowMs)
    this.byKey.delete(key)
    this.byKey.set(key, { left, atMs })
    if (this.byKey.size > this.options.keysMax) this.byKey.delete(this.byKey.keys().next().value!)
  }

  /** Answers whether once more is allowed. */
  has(key: string, nowMs: number): boolean {
    return this.leftOf(key, nowMs) >= 1
  }

  private leftOf(key: string, nowMs: number): number {
    const { perSecond, burst } = this.options
    const known = this.byKey.get(key)
    if (known === undefined) return burst
    return Math.min(burst, known.left + (Math.max(0, nowMs - known.atMs) * perSecond) / 1_000)
  }
}
