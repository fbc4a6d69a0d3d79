// Answers of `status`, for tests that say only what matters to them.

import type { PeerStatus, ShareStatus, Status } from '../../src/control/status.js'

const NONE = { count: 0, first: [] }

/** Lists of the paths of a share that are not as they should be: there are none. */
export const NO_PATHS = {
  waiting: NONE,
  unsettled: NONE,
  skipped: NONE,
  notHeld: NONE,
  local: NONE,
  stopped: NONE,
  away: NONE,
  conflicts: NONE,
} as const

/** Status of a share that was read and is empty. */
export const EMPTY_SHARE: ShareStatus = {
  isRead: true,
  direction: 'both',
  files: 0,
  folders: 0,
  bytes: 0,
  unwatchedFolders: 0,
  ...NO_PATHS,
}

/** A peer with nothing to do and nobody to do it with, but for `over`. */
export function statusOf(over: Partial<Status> = {}): Status {
  return {
    version: '0.1.0',
    pid: 1,
    share: '/s',
    listening: '0.0.0.0:22001',
    peer: 'a'.repeat(16),
    since: '',
    holds: EMPTY_SHARE,
    peers: [],
    trackers: [],
    callers: [],
    isInStep: true,
    receiving: { files: 0, filesWanted: 0, bytes: 0, bytesWanted: 0, bytesPerS: 0, now: [] },
    sending: [],
    pause: null,
    paused: null,
    lastProblem: null,
    ...over,
  }
}

/** Another one, in step, of which nothing was measured, but for `over`. */
export function peerStatusOf(over: Partial<PeerStatus> = {}): PeerStatus {
  return {
    address: '10.0.0.2:22001',
    peer: 'b'.repeat(16),
    state: 'in-step',
    isInStep: true,
    reason: '',
    code: null,
    since: null,
    fingerprint: null,
    wanted: 0,
    notHeldThere: 0,
    receivedBytesPerS: 0,
    sentBytesPerS: 0,
    receivedBytes: 0,
    sentBytes: 0,
    rttMs: null,
    minRttMs: null,
    loss: null,
    ...over,
  }
}
