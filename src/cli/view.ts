// The port of a view: what shows the events of a running peer. open-view.ts chooses one of its three bodies.

import type { PeerEvent } from '../app/events.js'

export interface View {
  show(event: PeerEvent): void
  /** Called by `Ticks`: draws, and prints what was held back. */
  tick(): void
  /** Puts the terminal back as it was; nothing is drawn after it. May be called twice, and from anywhere. */
  close(): void
}

/** The clocks of a view; tests bring their own. */
export interface ViewClock {
  /** Milliseconds that never step back. */
  monotonicMs(): number
  /** The time of day. */
  wall(): Date
}
