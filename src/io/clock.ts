// The real clocks.

import type { WallClock } from '../base/ports.js'

/** Milliseconds on a clock that never steps, with a fraction: what every machine gets as `nowMs`. */
export function nowMs(): number {
  return performance.now()
}

export const systemWallClock: WallClock = { wallMs: () => Date.now() }
