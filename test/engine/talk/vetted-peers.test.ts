import { beforeEach, expect, test } from 'vitest'
import { UNVETTED_REQUESTS_MAX, VETTED_PEERS_MAX } from '../../../src/engine/talk/limits.js'
import { type PeerSession, PeerSessions } from '../../../src/engine/talk/peer-sessions.js'
import { PeerTalk } from '../../../src/engine/talk/peer-talk.js'
import { VettedPeers } from '../../../src/engine/talk/vetted-peers.js'
import type { OwnCounts } from '../../../src/share/own-counts.js'
import { digestOf } from '../../share/entries.js'

const PEER = 'b'.repeat(16)
const own: OwnCounts = { author: 'a'.repeat(16), gaps: [], highest: 10 }
const knows = (count: number) => ({ author: own.author, count })

let sessions: PeerSessions
let vetted: VettedPeers
beforeEach(() => {
  sessions = new PeerSessions()
  vetted = new VettedPeers(sessions)
})

function open(session: number, peer = PEER): PeerSession {
  const opened = { session, peer, address: 'b:1', peerTalk: new PeerTalk(peer, false, undefined) }
  sessions.add(opened)
  return opened
}

function listing(session: number, blockIndex = 0): Parameters<VettedPeers['admitsListing']>[0] {
  const item = { kind: 'tree', digest: digestOf('listing'), blockIndex } as const
  return { session, ...item } as unknown as Parameters<VettedPeers['admitsListing']>[0]
}

test('a peer that knows edits that we remember is given what it asked for before', () => {
  const session = open(1)
  expect(vetted.admitsListing(listing(1))).toBe('waits')
  expect(vetted.handleTold(session, own, undefined)).toEqual([])
  expect([vetted.has(PEER), session.peerTalk.verdict]).toEqual([false, 'unknown'])
  expect(vetted.handleTold(session, own, knows(10))).toEqual([listing(1)])
  expect([vetted.has(PEER), session.peerTalk.verdict, vetted.admitsListing(listing(1))]).toEqual([
    true,
    'vetted',
    'yes',
  ])
})

test('what a peer told with its handshake, before our own share was read, is judged when it is', () => {
  const session = open(1)
  vetted.admitsListing(listing(1))
  expect(vetted.handleTold(session, undefined, knows(10))).toEqual([])
  expect(vetted.handleOwn(own)).toEqual([listing(1)])
  expect([vetted.has(PEER), session.peerTalk.verdict]).toEqual([true, 'vetted'])
  expect(vetted.handleOwn(own)).toEqual([])
})

test('a peer that knows an edit that we do not remember is told nothing more until the keeper has decided', () => {
  const session = open(1)
  vetted.handleTold(session, own, knows(10))
  expect(vetted.handleTold(session, own, knows(11))).toEqual([])
  expect([vetted.has(PEER), vetted.admitsListing(listing(1))]).toEqual([false, 'waits'])
  expect(vetted.handleVerdict(PEER, 'vetted')).toEqual([listing(1)])
  expect(vetted.has(PEER)).toBe(true)
})

test('a peer that the keeper refused is given nothing, whatever it says next', () => {
  const session = open(1)
  vetted.admitsListing(listing(1))
  expect(vetted.handleVerdict(PEER, 'refused')).toEqual([listing(1)])
  expect(vetted.handleTold(session, own, knows(0))).toEqual([])
  expect([vetted.has(PEER), vetted.admitsListing(listing(1))]).toEqual([false, 'no'])
})

test('the verdict is of all sessions of the peer, and of no other peer', () => {
  const [first, second, other] = [open(1), open(2), open(3, 'c'.repeat(16))]
  vetted.handleVerdict(PEER, 'vetted')
  expect([first, second, other].map(({ peerTalk }) => peerTalk.verdict)).toEqual([
    'vetted',
    'vetted',
    'unknown',
  ])
})

test('so many listings wait, and so many peers are remembered', () => {
  const session = open(1)
  for (let asked = 0; asked <= UNVETTED_REQUESTS_MAX; asked++) vetted.admitsListing(listing(1, asked))
  expect(vetted.handleTold(session, own, knows(0))).toHaveLength(UNVETTED_REQUESTS_MAX)
  for (let peer = 0; peer < VETTED_PEERS_MAX; peer++) vetted.handleVerdict(`${peer}`, 'vetted')
  expect([vetted.has(PEER), vetted.has('0')]).toEqual([false, true])
})

test('who was vetted for one keeper is vetted anew for the next', () => {
  vetted.handleTold(open(1), own, knows(0))
  vetted.handleKeeperLost()
  expect(vetted.has(PEER)).toBe(false)
})
