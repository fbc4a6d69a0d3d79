// A status with something of everything in it.

import type { PeerStatus, Status } from '../../src/control/status.js'

export const A_PEER: PeerStatus = {
  address: '192.168.56.119:22001',
  peer: '0123456789abcdef',
  state: 'in-step',
  isInStep: true,
  reason: '',
  code: null,
  since: '2026-11-30T08:00:00.000Z',
  fingerprint: 'c0ffee12'.repeat(8),
  wanted: 0,
  notHeldThere: 0,
  receivedBytesPerS: 1_250_000,
  sentBytesPerS: 3_000,
  receivedBytes: 5_000_000,
  sentBytes: 70_000,
  rttMs: 20.4,
  minRttMs: 19.9,
  loss: 0.0125,
}

const NONE = { count: 0, first: [] }

export const A_STATUS: Status = {
  version: '0.1.0',
  pid: 1234,
  share: '/home/lab/share',
  listening: '0.0.0.0:22001',
  peer: 'fedcba9876543210',
  since: '2026-11-30T08:00:00.000Z',
  holds: {
    isRead: true,
    direction: 'both',
    files: 100_000,
    folders: 12,
    bytes: 123_456_789_012,
    unwatchedFolders: 0,
    waiting: NONE,
    unsettled: NONE,
    skipped: NONE,
    notHeld: NONE,
    local: NONE,
    stopped: NONE,
    away: NONE,
    conflicts: NONE,
  },
  peers: [A_PEER],
  trackers: [],
  callers: [],
  isInStep: true,
  receiving: { files: 3, filesWanted: 3, bytes: 9, bytesWanted: 9, bytesPerS: 0, now: [] },
  sending: [],
  pause: null,
  paused: null,
  lastProblem: null,
}
