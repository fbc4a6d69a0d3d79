// I16: nothing crosses while a person has paused the exchange: a peer sends no request and no segment to whom it has paused, and hands its
// keeper no claim of theirs. The world tells it of each pause and of each end of a process, with which a pause ends too.

export type Whom = number | 'all'

/** The pauses of one peer. */
export class PauseCheck {
  private readonly sinceMs = new Map<Whom, number>()

  handlePaused(whom: Whom, nowMs: number): void {
    if (!this.sinceMs.has(whom)) this.sinceMs.set(whom, nowMs)
  }

  handleResumed(whom: Whom): void {
    if (whom === 'all') this.sinceMs.clear()
    else this.sinceMs.delete(whom)
  }

  handleDeath(): void {
    this.sinceMs.clear()
  }

  /** Whether something that goes to this peer, or was taken of it, now crosses a pause. */
  isCrossed(other: number, nowMs: number): boolean {
    return ([other, 'all'] as const).some((whom) => {
      const sinceMs = this.sinceMs.get(whom)
      return sinceMs !== undefined && nowMs > sinceMs
    })
  }
}
