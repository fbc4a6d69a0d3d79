import { describe, expect, test } from 'vitest'
import type { PeerEvent } from '../../src/app/events.js'
import { SENDING_MS } from '../../src/app/limits.js'
import { StatusBook, type StatusFacts } from '../../src/app/status-book.js'
import { lackingOf, type TrackerStatus } from '../../src/control/status.js'
import type { EnginePeer } from '../../src/engine/engine.js'
import type { PeerStanding, ShareState } from '../../src/pipe/commands.js'
import { NO_PATHS } from '../control/statuses.js'

const B = 'bbbbbbbbbbbbbbbb'
const C = 'cccccccccccccccc'
const TIME = '2026-01-02T03:04:05.000Z'

const share = (over: Partial<ShareState> = {}): ShareState => ({
  root: 'r',
  isRead: true,
  direction: 'both',
  isBusy: false,
  files: 2,
  folders: 1,
  bytes: 30,
  unwatchedCount: 0,
  ...NO_PATHS,
  wantedCount: 0,
  pause: '',
  peers: [],
  ...over,
})

const standing = (peer: string, over: Partial<PeerStanding> = {}): PeerStanding => ({
  peer,
  isHere: true,
  isCompared: true,
  isEqual: true,
  notHeldCount: 0,
  wantedCount: 0,
  ...over,
})

const session = (peer: string, address: string, over: Partial<EnginePeer> = {}): EnginePeer => ({
  peer,
  address,
  session: 1,
  isTold: true,
  isPausedHere: false,
  stopThere: undefined,
  isReadingThere: false,
  isRefused: false,
  stats: undefined,
  ...over,
})

const facts = (over: Partial<StatusFacts> = {}): StatusFacts => ({
  share: share(),
  fileMaps: [],
  enginePeers: [],
  sentFiles: [],
  nameOf: (address) => address,
  namesOf: (text) => [text],
  isSelf: () => false,
  isDiscovering: false,
  bindGone: undefined,
  isPassedOver: () => false,
  found: [],
  trackers: [],
  callers: [],
  pause: null,
  fingerprintOf: () => null,
  ...over,
})

function book(peers: readonly string[], ...events: PeerEvent[]): StatusBook {
  const made = new StatusBook(() => new Date(TIME))
  const started = { version: '1.2.3', share: '/s', listening: '0.0.0.0:1', peer: 'a'.repeat(16) }
  made.handle({
    event: 'started',
    ...started,
    window: 'auto',
    encryption: 'no',
    fingerprint: null,
    peers: [...peers],
    trackers: [],
  })
  for (const event of events) made.handle(event)
  return made
}

const connected = (peer: string, address: string): PeerEvent => ({
  event: 'connected',
  peer,
  address,
  fingerprint: null,
})

describe('the state of a peer', () => {
  test('is unknown before it has started', () => {
    expect(new StatusBook(() => new Date()).status(facts())).toBeUndefined()
  })

  test.each<[string, Partial<ShareState>, EnginePeer[], string, boolean]>([
    ['in step', { peers: [standing(B)] }, [session(B, 'b')], 'in-step', true],
    [
      'that has not heard all of ours',
      { peers: [standing(B)] },
      [session(B, 'b', { isTold: false })],
      'behind',
      false,
    ],
    ['that knows less', { peers: [standing(B, { isEqual: false })] }, [session(B, 'b')], 'behind', false],
    [
      'that is compared',
      { peers: [standing(B, { isCompared: false, isEqual: false })] },
      [session(B, 'b')],
      'comparing',
      false,
    ],
    [
      'of which something is wanted',
      { wantedCount: 1, peers: [standing(B, { wantedCount: 1 })] },
      [session(B, 'b')],
      'receiving',
      false,
    ],
    ['that has said nothing', {}, [session(B, 'b')], 'comparing', false],
    ['that left with the same', { peers: [standing(B, { isHere: false })] }, [], 'away', true],
    ['that left with less', { peers: [standing(B, { isHere: false, isEqual: false })] }, [], 'away', false],
  ])('%s', (_what, state, enginePeers, expected, isInStep) => {
    const status = book(['b'], connected(B, 'b')).status(facts({ share: share(state), enginePeers }))!
    expect(status.peers[0]).toMatchObject({ address: 'b', peer: B, state: expected, isInStep })
    expect([status.isInStep, lackingOf(status).length > 0]).toEqual([isInStep, !isInStep])
  })

  test.each<[string, Partial<ShareState>]>([
    ['that is being read', { isRead: false }],
    ['in which something is compared', { isBusy: true }],
    ['in which something is being written', { unsettled: { count: 1, first: ['log'] } }],
    ['in which something of a peer that left is wanted', { wantedCount: 1 }],
  ])('is not in step with a share %s', (_what, state) => {
    const peers = [standing(B)]
    const status = book(['b'], connected(B, 'b')).status(
      facts({ share: share({ peers, ...state }), enginePeers: [session(B, 'b')] }),
    )!
    expect(status.isInStep).toBe(false)
    expect(lackingOf(status).length).toBeGreaterThan(0)
  })

  test('is told without the share while the watcher process does not answer', () => {
    const status = book(['b'], connected(B, 'b')).status(
      facts({ share: undefined, enginePeers: [session(B, 'b')] }),
    )!
    expect(status).toMatchObject({ holds: null, isInStep: false, peers: [{ state: 'comparing' }] })
    expect(lackingOf(status)).toContain('this share: it is not open yet')
  })

  test('of several is in step when all but itself are, and names each that is not', () => {
    const made = book(['self', 'b', 'c', 'd'], connected(B, 'b'), connected(C, 'c'), {
      event: 'waiting',
      code: 'not-reached',
      address: 'd',
      reason: 'no answer yet',
    })
    const state = share({ peers: [standing(B), standing(C, { isEqual: false })] })
    const enginePeers = [session(B, 'b'), session(C, 'c', { session: 2 })]
    const status = made.status(facts({ share: state, enginePeers, isSelf: (text) => text === 'self' }))!
    expect(status.peers.map(({ state }) => state)).toEqual(['self', 'in-step', 'behind', 'waiting'])
    expect(lackingOf(status)).toEqual([expect.stringMatching(/^c: /), 'd: not met (no answer yet)'])
  })

  test('of more than it calls waits for none of the others, and for one of them that has a session', () => {
    const made = book(['b', 'c', 'd'], connected(B, 'b'), connected(C, 'c'))
    const isPassedOver = (text: string) => text !== 'b'
    const peers = [standing(B), standing(C, { isEqual: false })]
    const enginePeers = [session(B, 'b')]
    const status = made.status(facts({ share: share({ peers }), enginePeers, isPassedOver }))!
    expect(status.peers.map(({ state }) => state)).toEqual(['in-step', 'not-called', 'not-called'])
    expect([status.isInStep, lackingOf(status)]).toEqual([true, []])
    const withSession = [...enginePeers, session(C, 'c', { session: 2 })]
    const behind = made.status(facts({ share: share({ peers }), enginePeers: withSession, isPassedOver }))!
    expect(behind.peers.map(({ state }) => state)).toEqual(['in-step', 'behind', 'not-called'])
    expect(lackingOf(behind)).toEqual([expect.stringMatching(/^c: /)])
  })

  test('is found by either of two names of one machine', () => {
    const made = book(['one', 'two'], connected(B, 'two'))
    const status = made.status(
      facts({
        share: share({ peers: [standing(B)] }),
        enginePeers: [session(B, '10.0.0.7:1')],
        nameOf: () => 'two',
        namesOf: (text) => [text, 'two'],
      }),
    )!
    expect(status.isInStep).toBe(true)
  })
})

describe('a peer with trackers', () => {
  const tracker = (state: TrackerStatus['state'], peers = 0): TrackerStatus => ({
    address: 't',
    state,
    peers,
  })
  const machine = (peer: string, ...addresses: string[]) => ({
    addresses,
    isPeer: (each: string) => each === peer,
  })

  test.each<[string, TrackerStatus['state'], boolean, string]>([
    ['has not answered', 'asked', false, 'tracker t: no answer yet'],
    ['names nobody', 'answers', false, 'tracker t: answers'],
    ['is not there', 'silent', false, 'tracker t: does not answer'],
  ])('is not in step alone where its tracker %s', (_, state, isInStep, line) => {
    const status = book([]).status(facts({ trackers: [tracker(state)] }))!
    expect(status.isInStep).toBe(isInStep)
    expect(lackingOf(status)).toEqual(['no other machine of the group is known yet', line])
  })

  test('is in step with those of --ip though the tracker is not there, once that is known', () => {
    const over = { share: share({ peers: [standing(B)] }), enginePeers: [session(B, 'b')] }
    const of = (state: TrackerStatus['state']) =>
      book(['b'], connected(B, 'b')).status(facts({ ...over, trackers: [tracker(state)] }))!
    expect(of('asked').isInStep).toBe(false)
    expect(of('silent').isInStep).toBe(true)
  })

  test.each(['not-reached', 'not-let-in'] as const)(
    'says of a machine that is refused here that it is, though it is %s',
    (code) => {
      const waiting = { event: 'waiting', address: 'b', reason: 'no answer yet', code } as const
      for (const shutOut of [
        { event: 'refused', address: 'b', reason: 'left trust k' },
        { event: 'key-changed', address: 'b', fingerprint: 'k', pinned: 'j' },
      ] as const) {
        const [peer] = book(['b'], shutOut, waiting).status(facts({}))!.peers
        expect(peer).toMatchObject({ state: 'waiting', code: shutOut.event })
        const [met] = book(['b'], shutOut, connected(B, 'b'), waiting).status(facts({}))!.peers
        expect(met).toMatchObject({ code })
      }
    },
  )

  test('counts whom a tracker names as named, by whatever address it is met', () => {
    const found = [machine(B, '10.0.0.7:1', '[fd00::7]:1'), machine(C, '10.0.0.8:1')]
    const trackers = [tracker('answers', 3)]
    const alone = book([]).status(facts({ found, trackers }))!
    expect(alone.peers.map(({ address, state }) => [address, state])).toEqual([
      ['10.0.0.7:1', 'waiting'],
      ['10.0.0.8:1', 'waiting'],
    ])
    expect(alone.isInStep).toBe(false)
    const peers = [standing(B), standing(C)]
    const enginePeers = [session(B, '[fd00::7]:1'), session(C, '192.0.2.1:9', { session: 2 })]
    const met = book([]).status(facts({ share: share({ peers }), enginePeers, found, trackers }))!
    expect(met.peers.map(({ peer, state }) => [peer, state])).toEqual([
      [B, 'in-step'],
      [C, 'in-step'],
    ])
    expect(met.isInStep).toBe(true)
  })

  test('shows a machine of --ip once, though a tracker names another address of it', () => {
    const over = { share: share({ peers: [standing(B)] }), enginePeers: [session(B, 'b')] }
    const found = [machine(B, '192.0.2.1:9')]
    const status = book(['b'], connected(B, 'b')).status(
      facts({ ...over, found, trackers: [tracker('answers', 1)] }),
    )!
    expect(status.peers.map(({ address }) => address)).toEqual(['b'])
    expect(status.isInStep).toBe(true)
  })
})

describe('what is under way', () => {
  test('is what is fetched, until it is in place or given up', () => {
    const fetching = (path: string): PeerEvent => ({
      event: 'fetching',
      path,
      bytes: 100,
      resumedBytes: 10,
      reusedBytes: 5,
      peer: B,
    })
    const made = book(['b'], fetching('x'), fetching('y'), {
      event: 'progress',
      path: 'y',
      bytes: 100,
      doneBytes: 50,
      bytesPerS: 10,
      etaMs: 5_000,
    })
    const now = () => made.status(facts())!.receiving.now.map(({ path, doneBytes }) => [path, doneBytes])
    expect(now()).toEqual([
      ['x', 15],
      ['y', 50],
    ])
    made.handle({ event: 'abandoned', path: 'x', reason: 'gone' })
    expect(now()).toEqual([['y', 50]])
    made.handle({ event: 'totals', files: 1, filesWanted: 1, bytes: 100, bytesWanted: 100, bytesPerS: 1 })
    expect(now()).toEqual([])
  })

  test('is what a peer pulls, at its rate, until it pulls no more or has it', () => {
    const made = book(['b'], connected(B, 'b'))
    const enginePeers = [session(B, 'b')]
    const sent = (sentBytes: number) => [{ session: 1, path: 'x', sizeBytes: 1_000, sentBytes }]
    for (let count = 0; count <= 20; count++) made.sample(enginePeers, sent(count * 10), count * 100)
    const sending = (sentBytes: number) =>
      made.status(facts({ enginePeers, sentFiles: sent(sentBytes) }))!.sending
    expect(sending(200)).toMatchObject([{ path: 'x', address: 'b', bytes: 1_000, doneBytes: 200 }])
    expect(sending(200)[0]!.bytesPerS).toBeGreaterThan(90)
    expect(sending(1_000)).toEqual([])
    made.sample(enginePeers, sent(200), 2_000 + SENDING_MS)
    expect(sending(200)).toHaveLength(1)
    made.sample(enginePeers, sent(200), 2_001 + SENDING_MS)
    expect(sending(200)).toEqual([])
  })

  test('is paused until there is room, and the last problem stays', () => {
    const made = book(['b'], { event: 'paused', reason: 'full' })
    expect(made.status(facts())).toMatchObject({
      paused: 'full',
      lastProblem: { event: 'paused', time: TIME },
    })
    made.handle({ event: 'resumed' })
    made.handle({ event: 'problem', path: 'x', reason: 'odd' })
    expect(made.status(facts())).toMatchObject({
      paused: null,
      lastProblem: { event: 'problem', path: 'x', reason: 'odd' },
    })
  })
})

describe('peers that nobody named', () => {
  const found = { isDiscovering: true, share: share({ peers: [standing(B), standing(C)] }) }

  test('are shown while they are connected, and one is to be met for all to be in step', () => {
    const made = book([])
    const alone = made.status(facts(found))!
    expect(alone).toMatchObject({ peers: [], isInStep: false })
    expect(lackingOf(alone)).toEqual([
      'no machine was found yet: left must run on another one, with --discover',
    ])
    const met = made.status(facts({ ...found, enginePeers: [session(B, '10.0.0.2:1')] }))!
    expect(met).toMatchObject({
      peers: [{ address: '10.0.0.2:1', peer: B, state: 'in-step' }],
      isInStep: true,
    })
  })

  test('are not shown twice where they are named too, nor without --discover', () => {
    const made = book(['b'], connected(B, 'b'))
    const enginePeers = [session(B, 'b'), session(C, 'c')]
    expect(made.status(facts({ ...found, enginePeers }))!.peers.map(({ peer }) => peer)).toEqual([B, C])
    const { peers } = made.status(facts({ ...found, isDiscovering: false, enginePeers }))!
    expect(peers.map(({ peer }) => peer)).toEqual([B])
  })
})
