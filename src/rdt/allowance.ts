// How often in a second something may be done that costs us more than whoever makes us do it.

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
