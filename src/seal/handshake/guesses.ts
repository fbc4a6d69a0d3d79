// How many guesses of a shared secret may go wrong, of all addresses together, and fewer of one host. Used by the two sides of
// a handshake: on the answering one a flight that nothing opens is a guess, on the asking one an answer that does not come.

import { RateLimits } from '../../rdt/rate-limit.js'
import {
  ASKED_GUESSES_BURST,
  ASKED_GUESSES_PER_S_MAX,
  GUESSERS_REMEMBERED_MAX,
  GUESSES_BURST,
  GUESSES_PER_HOST_BURST,
  GUESSES_PER_HOST_PER_S_MAX,
  GUESSES_PER_S_MAX,
} from '../limits.js'

const ALL = 'all'

export class Guesses {
  private readonly answered = new RateLimits({
    perSecond: GUESSES_PER_S_MAX,
    burst: GUESSES_BURST,
    keysMax: 1,
  })
  private readonly hosts = new RateLimits({
    perSecond: GUESSES_PER_HOST_PER_S_MAX,
    burst: GUESSES_PER_HOST_BURST,
    keysMax: GUESSERS_REMEMBERED_MAX,
  })
  private readonly asked = new RateLimits({
    perSecond: ASKED_GUESSES_PER_S_MAX,
    burst: ASKED_GUESSES_BURST,
    keysMax: 1,
  })

  mayAnswer(host: string, atMs: number): boolean {
    return this.answered.has(ALL, atMs) && this.hosts.has(host, atMs)
  }

  handleAnsweredWrong(host: string, atMs: number): void {
    this.answered.take(ALL, atMs)
    this.hosts.take(host, atMs)
  }

  mayAsk(atMs: number): boolean {
    return this.asked.has(ALL, atMs)
  }

  /** Whether flight 3 may be said: it counts until it is answered. */
  takeAsk(atMs: number): boolean {
    return this.asked.take(ALL, atMs)
  }

  handleAskedRight(atMs: number): void {
    this.asked.giveBack(ALL, atMs)
  }
}
