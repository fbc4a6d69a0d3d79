// Bytes that paths held when a session over them ended, so that the next one to the same address need not begin as over
// an unknown path. A small part of RFC 9040 (TCP control block sharing): it only widens the first window, up to what a
// few blocks take, and never narrows it. One per endpoint.

import type { Address } from '../api.js'
import { PATHS_REMEMBERED_MAX, PATHS_REMEMBERED_MS } from './limits.js'

export class PathMemory {
  /** The one that ended last is the last one. */
  private readonly ended = new Map<Address, { readonly heldBytes: number; readonly atMs: number }>()

  /** `heldBytes`: rate × RTT as it was measured, 0 where it was not. */
  handleEnded(address: Address, heldBytes: number, nowMs: number): void {
    if (heldBytes <= 0) return
    this.ended.delete(address)
    this.ended.set(address, { heldBytes, atMs: nowMs })
    if (this.ended.size <= PATHS_REMEMBERED_MAX) return
    for (const oldest of this.ended.keys()) {
      this.ended.delete(oldest)
      return
    }
  }

  /** 0 where nothing is known, or only what was long ago. */
  heldBytes(address: Address, nowMs: number): number {
    const known = this.ended.get(address)
    return known === undefined || nowMs - known.atMs > PATHS_REMEMBERED_MS ? 0 : known.heldBytes
  }
}
