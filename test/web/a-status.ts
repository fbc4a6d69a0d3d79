// A status with something of everything in it.

import { EMPTY_SHARE, peerStatusOf, statusOf } from '../control/statuses.js'

export const A_PEER = peerStatusOf({
  address: '192.168.56.119:22001',
  peer: '0123456789abcdef',
  since: '2026-11-30T08:00:00.000Z',
  fingerprint: 'c0ffee12'.repeat(8),
  receivedBytesPerS: 1_250_000,
  sentBytesPerS: 3_000,
  receivedBytes: 5_000_000,
  sentBytes: 70_000,
  rttMs: 20.4,
  minRttMs: 19.9,
  loss: 0.0125,
})

export const A_STATUS = statusOf({
  pid: 1234,
  share: '/home/lab/share',
  peer: 'fedcba9876543210',
  since: '2026-11-30T08:00:00.000Z',
  holds: { ...EMPTY_SHARE, files: 100_000, folders: 12, bytes: 123_456_789_012 },
  peers: [A_PEER],
  receiving: { files: 3, filesWanted: 3, bytes: 9, bytesWanted: 9, bytesPerS: 0, now: [] },
})
