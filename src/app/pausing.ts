// Pauses that a person asks for, by the names that the person has for peers: an address of --ip, one that was found, or a peer id or its
// beginning. They last for this run. Used by Steering.

import type { PauseStatus, Status } from '../control/status.js'
import type { PauseTarget } from '../engine/engine.js'
import { PEER_PREFIX_CHARACTERS_MIN } from './limits.js'

interface PausedPeer extends PauseTarget {
  readonly name: string
}

export class Pausing {
  private allSinceMs: number | undefined
  private readonly paused = new Map<string, PausedPeer>()
  private sinceMs = 0

  get isAll(): boolean {
    return this.allSinceMs !== undefined
  }

  handlePaused(whom: PausedPeer | 'all', wallMs: number): void {
    if (!this.isAll && this.paused.size === 0) this.sinceMs = wallMs
    if (whom === 'all') this.allSinceMs = wallMs
    else this.paused.set(whom.name, whom)
  }

  /** Answers the names of those that go on. */
  handleResumed(name: string | 'all'): void {
    if (name !== 'all') this.paused.delete(name)
    else {
      this.allSinceMs = undefined
      this.paused.clear()
    }
  }

  get(name: string): PausedPeer | undefined {
    return this.paused.get(name)
  }

  status(): PauseStatus | null {
    if (!this.isAll && this.paused.size === 0) return null
    return {
      isAll: this.isAll,
      peers: [...this.paused.keys()],
      since: new Date(this.allSinceMs ?? this.sinceMs).toISOString(),
    }
  }
}

/** The peer that a person means; undefined where there is none, or several. */
export function peerNamed(
  { peers }: Pick<Status, 'peers'>,
  word: string,
): Status['peers'][number] | undefined {
  const isId = /^[0-9a-f]+$/.test(word) && word.length >= PEER_PREFIX_CHARACTERS_MIN
  const found = peers.filter(
    ({ address, peer, state }) =>
      state !== 'self' && (address === word || (isId && peer?.startsWith(word) === true)),
  )
  return found.length === 1 ? found[0] : undefined
}
