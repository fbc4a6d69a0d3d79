import { describe, expect, test } from 'vitest'
import { PROGRAM_VERSION } from '../../../src/app/version.js'
import { statusLines } from '../../../src/cli/ask/status.js'
import type { PeerStatus, Status } from '../../../src/control/status.js'
import { EMPTY_SHARE, peerStatusOf, statusOf } from '../../control/statuses.js'

const peer = (address: string, over: Partial<PeerStatus> = {}) => peerStatusOf({ address, ...over })

const status = (over: Partial<Status> = {}) =>
  statusOf({
    version: PROGRAM_VERSION,
    pid: 42,
    share: '/home/lab/share',
    since: '2026-01-01T00:00:00.000Z',
    holds: { ...EMPTY_SHARE, files: 3, folders: 1, bytes: 1_250 },
    peers: [peer('lab2')],
    ...over,
  })

const shown = (over: Partial<Status> = {}) =>
  statusLines(status(over), new Date('2026-01-01T00:01:05.000Z')).join('\n')

describe('left status', () => {
  test('of a peer in step is four lines', () => {
    expect(shown()).toBe(
      [
        '/home/lab/share  3 files in 1 folder, 1.25 KB',
        `left 0.1.0 on 0.0.0.0:22001 for 1 min 5 s (pid 42, peer ${'a'.repeat(16)})`,
        '',
        '  lab2  in step',
      ].join('\n'),
    )
  })

  test('shows what is under way, and what is missing', () => {
    const text = shown({
      isInStep: false,
      peers: [
        peer('lab2', {
          state: 'receiving',
          isInStep: false,
          wanted: 3,
          receivedBytesPerS: 12_100_000,
          rttMs: 20.04,
        }),
        peer('lab33', { state: 'waiting', isInStep: false, peer: null, reason: 'no answer yet' }),
      ],
      receiving: {
        files: 1,
        filesWanted: 4,
        bytes: 2e6,
        bytesWanted: 8e6,
        bytesPerS: 12_100_000,
        now: [
          {
            path: 'a\n.iso',
            address: null,
            bytes: 6e6,
            doneBytes: 3e6,
            bytesPerS: 1e6,
            etaMs: 3_000,
            map: '',
            sources: [],
          },
        ],
      },
      sending: [{ path: 'b', address: 'lab2', bytes: 100, doneBytes: 10, bytesPerS: 0, etaMs: null }],
    })
    for (const line of [
      '  lab2   receiving from it, 3 to come, in 12.1 MB/s, RTT 20.0 ms',
      '  lab33  not met yet, no answer yet',
      '  1 of 4 files, 2 MB of 8 MB, 12.1 MB/s',
      '  a\\n.iso: 50% of 6 MB, 1 MB/s, 0:03 to go',
      '  b to lab2: 10% of 100 bytes, 0 B/s',
      '  lab2: 3 entries of it lacking here',
    ])
      expect(text.split('\n')).toContain(line)
  })

  test('names the first few of what is skipped, not held, kept or being written, and what went wrong last', () => {
    const paths = ['a', 'b', 'c', 'd', 'e', 'f']
    const text = shown({
      holds: {
        ...status().holds!,
        isRead: false,
        skipped: { count: 106, first: paths.map((path) => ({ path, reason: 'it is odd' })) },
        notHeld: { count: 1, first: [{ path: 'n', reason: '' }] },
        conflicts: { count: 1, first: ['x.conflict'] },
        unsettled: { count: 1, first: ['log'] },
      },
      paused: 'the disk is full: free some space',
      lastProblem: {
        event: 'problem',
        time: '2026-01-01T00:01:00.000Z',
        path: 'p',
        reason: 'no',
      } as Status['lastProblem'],
    })
    for (const line of [
      'skipped here: 106',
      '  e: it is odd',
      '  and 101 more',
      'known, not held here: 1',
      '  n',
      'conflict copies kept: 1',
      'being written here: 1',
      'paused: the disk is full: free some space',
      'last problem, 5.0 s ago: skipped p: no',
    ])
      expect(text.split('\n')).toContain(line)
    expect(text).not.toContain('f: it is odd')
    expect(text).toContain('being read: 3 files')
  })

  test('counts what is not held and named in another list', () => {
    const text = shown({ holds: { ...status().holds!, notHeld: { count: 60, first: [] } } })
    expect(text.split('\n')).toContain('known, not held here: 60')
    expect(text).not.toContain('more')
  })

  test('names what no peer knows since the machine was away, and the ways out', () => {
    const text = shown({ holds: { ...status().holds!, away: { count: 2, first: ['a', 'b'] } } })
    for (const line of [
      'held, because no peer knows it since this machine was away for long: 2',
      '  a',
      '  b',
    ])
      expect(text.split('\n')).toContain(line)
    for (const word of ['left confirm', 'left undo']) expect(text).toContain(word)
    expect(shown()).not.toContain('away for long')
  })

  test('shows a problem of a later version by its name, and a share that is not open', () => {
    const lastProblem = { event: 'novel', time: '2026-01-01T00:01:00.000Z' }
    expect(shown({ lastProblem })).toContain('ago: novel')
    expect(shown({ holds: null })).toContain('not open yet')
  })
})
