import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { logLines } from '../../../src/cli/ask/log.js'
import { peersLines } from '../../../src/cli/ask/peers.js'
import { whyLines } from '../../../src/cli/ask/why.js'
import { ShareView } from '../../../src/control/share-view.js'
import type { PeerStatus } from '../../../src/control/status.js'
import type { WhyResult } from '../../../src/control/why-results.js'
import { temporaryFolder } from '../../io/temporary-folder.js'

const NOW = new Date('2026-11-30T08:01:00.000Z')
const entry = { kind: 'file', deletedKind: null, bytes: 1_200, mtimeMs: 0, author: 'a'.repeat(16), edit: 'e' }
const reason = {
  code: 'no-right-to-write',
  address: 'lab2',
  detail: '',
  words: 'it cannot be written: permission denied',
  remedy: 'give the user of left the right to write its folder',
  since: '2026-11-30T08:00:00.000Z',
  again: '2026-11-30T08:01:30.000Z',
} as const

const shown = (over: Partial<WhyResult>) => {
  const share = join(temporaryFolder(), 'share')
  mkdirSync(join(share, 'docs'), { recursive: true })
  const result: WhyResult = {
    path: 'docs/a\u001b',
    isKnown: true,
    isSame: false,
    here: { peer: 'me', known: { ...entry, author: 'me' }, isHeld: true, wanted: null },
    peers: [
      {
        address: 'lab2',
        peer: 'b'.repeat(16),
        state: 'in-step',
        isAnswered: true,
        known: { ...entry, author: 'b'.repeat(16) },
        isHeld: false,
      },
      { address: 'lab33', peer: null, state: 'waiting', isAnswered: false, known: null, isHeld: null },
    ],
    reasons: [reason],
    below: { count: 0, first: [] },
    ...over,
  }
  return whyLines(result, new ShareView(share, join(share, 'docs')), NOW)
}

test('left why shows each side, and the reason with its remedy, as a terminal may see it', () => {
  const lines = shown({})
  expect(lines[0]).toBe('a\\x1b')
  expect(lines[1]).toMatch(/^ {2}here {3}file, 1\.2 KB, .*, by this machine$/)
  expect(lines[2]).toMatch(/^ {2}lab2 {3}file, .*, by lab2; not held$/)
  expect(lines.slice(3)).toEqual([
    '  lab33  not met yet',
    '',
    'not the same everywhere:',
    '  lab2: it cannot be written: permission denied (no-right-to-write for 1 min 0 s; again in 30 s)',
    '    give the user of left the right to write its folder',
  ])
})

test.each<[Partial<WhyResult>, string]>([
  [{ isSame: true, reasons: [] }, 'the same here and there'],
  [{ isKnown: false, reasons: [] }, 'nothing is known of it, here or at a peer that answers'],
])('left why says in a line how it stands', (over, line) => {
  expect(shown(over).at(-1)).toBe(line)
})

test('left why of a folder lists what is kept back in it, and says how much more there is', () => {
  const below = {
    count: 25,
    first: Array.from({ length: 25 }, (_, index) => ({ path: `docs/${index}`, reasons: [reason] })),
  }
  const lines = shown({ path: '', reasons: [], below })
  expect(lines).toContain('kept back in it: 25')
  expect(lines).toContain(
    '  0: it cannot be written: permission denied (no-right-to-write for 1 min 0 s; again in 30 s)',
  )
  expect(lines.at(-1)).toBe('  and 5 more')
})

test('left peers shows what is known of each', () => {
  const peer = {
    address: 'lab2',
    peer: 'b'.repeat(16),
    state: 'paused',
    code: 'paused-there',
    reason: '',
    since: '2026-11-30T08:00:00.000Z',
    fingerprint: 'f'.repeat(64),
    wanted: 0,
    notHeldThere: 2,
    receivedBytes: 5_000,
    sentBytes: 0,
    receivedBytesPerS: 100,
    sentBytesPerS: 0,
    rttMs: 20,
    minRttMs: 19,
    loss: 0.012,
    isInStep: false,
  } as PeerStatus
  expect(peersLines({ peers: [peer], trackers: [], pause: null }, NOW)).toEqual([
    'lab2  paused there (1 min 0 s)',
    `    peer ${'b'.repeat(16)}, key ${'f'.repeat(64)}`,
    '    in 100 B/s, 5 KB, RTT 20.0 ms, at least 19.0 ms, loss 1.2%',
    '    2 not held there',
  ])
  expect(peersLines({ peers: [], trackers: [], pause: null }, NOW)).toEqual(['no peer is known yet'])
})

test('left log names peers by their addresses, and an event that it does not know by its name', () => {
  const time = '2026-11-30T08:00:00.000Z'
  const events = [
    { time, event: 'connected', peer: 'b'.repeat(16), address: 'lab2', fingerprint: null },
    { time, event: 'removed', path: 'a', kind: 'file', bytes: 1, peer: 'b'.repeat(16) },
    { time, event: 'brand-new' },
  ] as unknown as Parameters<typeof logLines>[0]['events']
  const lines = logLines({ count: 5, events })
  expect(lines[0]).toBe('2 earlier events; --since shows them')
  expect(lines[2]).toContain('removed a: deleted on lab2')
  expect(lines[3]).toContain('brand-new')
  expect(logLines({ count: 0, events: [] })).toEqual(['nothing is in the log'])
})
