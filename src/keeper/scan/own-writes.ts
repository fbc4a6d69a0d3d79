// Hints about what the keeper itself has just put in place. They come while more is being placed, and each look at such a
// path takes as long as a tenth of placing it; so they wait until nothing is wanted. None is dropped: a hint may also be
// about what somebody did to the file a moment later. A folder that was placed is watched and listed with its look: what
// came into it until then is found. The keeper owns this.

import { OWN_WRITE_REST_MS, OWN_WRITES_MAX } from './limits.js'

export class OwnWrites {
  /** Put in place, and not hinted at since. */
  private readonly placed = new Set<string>()
  /** Hinted at once since. */
  private readonly heard = new Set<string>()
  private dueMs: number | undefined

  handlePlaced(path: string, nowMs: number): void {
    if (this.placed.size >= OWN_WRITES_MAX) return
    this.placed.add(path)
    this.dueMs ??= nowMs + OWN_WRITE_REST_MS
  }

  /** Whether this hint may wait: the first one since the path was placed. The second is somebody else's. */
  keeps(path: string): boolean {
    if (!this.placed.delete(path)) return false
    this.heard.add(path)
    return true
  }

  pollTimeout(): number | undefined {
    return this.dueMs
  }

  /** Takes the paths that have waited long enough; with `isQuiet` all that there are. */
  take(isQuiet: boolean, nowMs: number): readonly string[] {
    if (this.dueMs === undefined || (!isQuiet && nowMs < this.dueMs)) return []
    const paths = [...this.heard]
    this.heard.clear()
    this.placed.clear()
    this.dueMs = undefined
    return paths
  }
}
