// The result of `peers`: whom this peer exchanges with. README.md documents the fields.

import type { PauseStatus, PeerStatus, TrackerStatus } from './status.js'

export interface PeersResult {
  readonly peers: readonly PeerStatus[]
  readonly trackers: readonly TrackerStatus[]
  readonly pause: PauseStatus | null
}
