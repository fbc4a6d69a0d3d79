import { expect, test } from 'vitest'
import { CLOCK_OFF_MS_MAX } from '../../../src/app/doctor/limits.js'
import { type PeerFacts, runningChecks } from '../../../src/app/doctor/peer-checks.js'
import { type Check, doctorResult } from '../../../src/control/doctor-results.js'
import type { PeerStatus, Status } from '../../../src/control/status.js'
import { peerStatusOf, statusOf } from '../../control/statuses.js'

const ID = 'b'.repeat(16)
const NOW = Date.parse('2026-01-02T03:04:05.000Z')

const peer = (over: Partial<PeerStatus> = {}) =>
  peerStatusOf({ since: new Date(NOW - 60_000).toISOString(), rttMs: 1.25, minRttMs: 1, ...over })

const status = (peers: readonly PeerStatus[], over: Partial<Status> = {}) =>
  statusOf({ holds: null, peers, ...over })

const answer = { aheadMs: 0, doubtMs: 1, program: 'left 0.1.0', isKnockHeard: true }
const path = { bytes: 1_472, interfaceBytes: 1_472 }

function checks(given: Status, facts?: PeerFacts): Check[] {
  const known = new Map(facts === undefined ? [] : [[ID, facts]])
  return [...runningChecks(given, known, { program: 'left 0.1.0', bind: undefined, wallMs: NOW })]
}

const one = (all: readonly Check[], name: Check['check']) => all.find(({ check }) => check === name)

test('a peer of which all is well has no line that says what to do', () => {
  const all = checks(status([peer()]), { path, answer })
  expect(all.filter(({ state }) => state !== 'ok')).toEqual([])
  expect(doctorResult(true, all).isWell).toBe(true)
})

test.each([
  [CLOCK_OFF_MS_MAX, 'ok'],
  [CLOCK_OFF_MS_MAX + 1, 'ok'],
  [CLOCK_OFF_MS_MAX + 2, 'wrong'],
  [-3_600_000, 'wrong'],
])('a clock that is %i ms ahead, give or take 1 ms, is %s', (aheadMs, state) => {
  const all = checks(status([peer()]), { path, answer: { ...answer, aheadMs } })
  expect(one(all, 'clock')).toMatchObject({ state })
  if (aheadMs < 0) expect(one(all, 'clock')!.words).toMatch(/^its clock is 1 h 0 min behind/)
})

test.each([
  [{ bytes: 1_232, interfaceBytes: 1_472 }, 'hint', /above 1260 bytes/],
  [{ bytes: 1_392, interfaceBytes: 1_392 }, 'ok', /1392 bytes get through/],
  [{ bytes: 1_472, interfaceBytes: 65_507 }, 'ok', /1472/],
])('of a path %j the state is %s', (known, state, words) => {
  const all = checks(status([peer()]), { path: known, answer })
  expect(one(all, 'path')).toMatchObject({ state, words: expect.stringMatching(words) })
})

test('a path that is being probed is not judged', () => {
  const young = peer({ since: new Date(NOW - 1_000).toISOString() })
  expect(one(checks(status([young]), { path, answer }), 'path')).toBeUndefined()
})

test('only replies come in where no knock is heard, and nothing is known where nobody can knock', () => {
  const deaf = { ...answer, isKnockHeard: false }
  expect(one(checks(status([peer()]), { path, answer: deaf }), 'firewall')).toMatchObject({ state: 'hint' })
  expect(one(checks(status([peer()]), { path, answer: undefined }), 'firewall')).toMatchObject({
    state: 'unknown',
  })
})

test('a peer of another program is told of, and of no fault', () => {
  const all = checks(status([peer()]), { path, answer: { ...answer, program: 'left 0.2.0' } })
  expect(one(all, 'program')).toMatchObject({ state: 'hint', words: expect.stringContaining('left 0.2.0') })
})

test.each([
  [{ state: 'waiting', code: 'not-reached', reason: 'no answer yet' }, 'peer', 'wrong', 'it does not answer'],
  [{ state: 'behind', code: 'full-there' }, 'peer', 'wrong', 'its disk is full'],
  [{ state: 'paused', code: 'paused-there' }, 'peer', 'hint', 'paused'],
  [{ state: 'behind', code: 'behind-there' }, 'peer', 'ok', 'connected'],
  [
    { state: 'waiting', code: 'own-address-gone', reason: 'this machine had it' },
    'address',
    'wrong',
    'had it',
  ],
  [{ state: 'away', code: 'bind-gone' }, 'address', 'wrong', '--bind'],
] as const)('a peer that is %j is told of under %s as %s', (over, name, state, words) => {
  const all = checks(status([peer({ isInStep: false, ...over })]))
  expect(one(all, name)).toMatchObject({ state, words: expect.stringContaining(words) })
  // Another machine is not blamed for what is this one's.
  if (name === 'address') expect(one(all, 'peer')).toBeUndefined()
})

test('whoever calls and is not named is something to do, and so is nobody at all', () => {
  const all = checks(status([], { callers: [{ address: '10.9.9.9:1', agent: 'left 0.1.0' }] }))
  expect(one(all, 'caller')).toMatchObject({ state: 'wrong', words: expect.stringContaining('10.9.9.9:1') })
  expect(one(all, 'peer')).toMatchObject({ state: 'wrong' })
})
