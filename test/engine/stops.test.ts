// Pauses, full disks and questions about a path, between two engines: the stops and the questions of ecp.

import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import type { PeerAnswer } from '../../src/engine/engine.js'
import { WORKING_RETRY_MS } from '../../src/engine/limits.js'
import {
  PATHS_TOLD_MAX,
  PATHS_TOLD_MS,
  PAUSED_PEERS_MAX,
  QUESTIONS_WAITING_MAX,
  THEIR_PAUSE_MS_MIN,
} from '../../src/engine/talk/limits.js'
import { contentOf, digestOfContent, OURS, THEIRS, theirFile } from '../keeper/share-on-disk.js'
import { answerClaims, connectPeers, PlayedPeer, runPeers } from './played-peers.js'

let nowMs: number
let a: PlayedPeer
let b: PlayedPeer
beforeEach(() => {
  nowMs = 0
  a = new PlayedPeer('10.0.0.1:1', OURS, 1)
  b = new PlayedPeer('10.0.0.2:1', THEIRS, 2)
})

function run(ms: number): void {
  nowMs = runPeers(a, b, nowMs, ms)
}

function connect(): void {
  nowMs = connectPeers(a, b, nowMs)
}

const answerAll = (peer: PlayedPeer, answer: 'same' | 'differs'): void => {
  answerClaims(peer, answer, nowMs)
  run(50)
}

const file = theirFile('a', 'content')

test.each(['here', 'there'] as const)(
  'a pause %s leaves nothing due of a peer that asked to be asked again',
  (where) => {
    connect()
    a.know([], nowMs)
    run(50)
    expect(b.heard.length).toBeGreaterThan(0)
    const paused = where === 'here' ? a : b
    paused.engine.pause('all', nowMs)
    run(20)
    nowMs += WORKING_RETRY_MS
    a.engine.handleTimeout(nowMs)
    // What stayed due would keep the process turning until the pause is over.
    expect(a.engine.pollTimeout() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(nowMs)
    paused.engine.resume('all', nowMs)
    b.heard.length = 0
    run(2 * THEIR_PAUSE_MS_MIN)
    expect(b.heard.some((text) => text.startsWith('h'))).toBe(true)
  },
)

describe('a pause', () => {
  const large = contentOf(2 * BLOCK_BYTES + 5)
  const ref = { kind: 'file', digest: digestOfContent(large), sizeBytes: large.length } as const
  const standingOf = (peer: PlayedPeer) => [...peer.engine.peers('')][0]!

  beforeEach(() => {
    connect()
    a.know([], nowMs)
    b.know([file], nowMs)
    run(50)
    answerAll(b, 'differs')
    answerAll(a, 'differs')
    for (const { heard } of [a, b]) heard.length = 0
  })

  test.each<['all' | 'one']>([['all'], ['one']])(
    'with %s is heard by the peer, and ends what is fetched on both sides',
    (how) => {
      a.tell({ type: 'fetch-list', fetch: 1, peer: THEIRS, file: ref, path: 'large', isNew: false }, nowMs)
      b.tell(
        { type: 'pull-tree', peer: OURS, item: { kind: 'tree', digest: 'ab'.repeat(32), sizeBytes: 9 } },
        nowMs,
      )
      a.engine.pause(how === 'all' ? 'all' : { peers: [THEIRS], addresses: [] }, nowMs)
      run(50)
      expect(b.heard).toEqual(['p|*|paused'])
      expect(standingOf(a)).toMatchObject({ isPausedHere: true, stopThere: undefined })
      expect(standingOf(b)).toMatchObject({ isPausedHere: false, stopThere: 'paused' })
      expect(a.take('fetch-failed')).toMatchObject([{ fetch: 1, reason: 'peer-gone' }])
      for (const [peer, gone] of [
        [a, THEIRS],
        [b, OURS],
      ] as const)
        expect(peer.take('peer-gone')).toEqual([{ type: 'peer-gone', peer: gone }])
      expect(b.take('tree')).toMatchObject([{ bytes: undefined }])
      // Orders that cross it find nobody.
      a.tell({ type: 'fetch-small', fetch: 2, peer: THEIRS, file: ref, path: 'large' }, nowMs)
      b.take('locate')
      // Neither is told of a change, nor asks for anything.
      b.know([file, { ...file, path: 'b' }], nowMs)
      run(20_000)
      expect(a.take('fetch-failed')).toMatchObject([{ fetch: 2, reason: 'peer-gone' }])
      expect([a.heard, b.heard.length, b.take('locate')]).toEqual([['s'], 1, []])
      expect(a.events.filter(({ event }) => event === 'disconnected')).toEqual([])
    },
  )

  test('ends with a greeting of both sides, which know nothing of each other any more', () => {
    a.engine.pause('all', nowMs)
    run(1_000)
    b.know([file, { ...file, path: 'b' }], nowMs)
    run(1_000)
    for (const { heard } of [a, b]) heard.length = 0
    a.engine.resume('all', nowMs)
    run(50)
    expect(b.heard.map((text) => text.split('|*|')[0])).toEqual(expect.arrayContaining(['p', 'h']))
    expect(a.heard.map((text) => text.split('|*|')[0])).toEqual(expect.arrayContaining(['s', 'h']))
    expect(a.take('claim').at(-1)).toMatchObject({ claim: { peer: THEIRS } })
    expect(b.take('claim').at(-1)).toMatchObject({ claim: { peer: OURS } })
    expect([standingOf(a), standingOf(b)]).toMatchObject([{ isPausedHere: false }, { stopThere: undefined }])
  })

  test('has the answer to what was asked before it count for nothing', () => {
    for (const peer of [a, b]) peer.know([file], nowMs)
    run(50)
    for (const peer of [b, a]) answerAll(peer, 'same')
    a.tell({ type: 'ask', peer: THEIRS }, nowMs)
    run(50)
    const [asked] = b.take('claim')
    a.engine.pause('all', nowMs)
    a.take('claim')
    b.tell({ type: 'answer', question: asked!.question, answer: 'same' }, nowMs)
    run(50)
    expect(b.heard.at(-1)).toBe('p|*|paused')
    expect(a.take('claim')).toEqual([])
  })

  test('is heard by a peer that comes meanwhile, and lasts on one side where both paused', () => {
    a.engine.pause('all', nowMs)
    b.engine.pause({ peers: [OURS], addresses: [] }, nowMs)
    run(50)
    b.engine.close(nowMs)
    run(1_000)
    b = new PlayedPeer('10.0.0.2:1', THEIRS, 3)
    b.know([file], nowMs)
    run(30_000)
    expect(standingOf(b)).toMatchObject({ isPausedHere: false, stopThere: 'paused' })
    expect(a.take('claim')).toEqual([])
    b.engine.pause('all', nowMs)
    a.engine.resume('all', nowMs)
    run(1_000)
    expect(standingOf(a)).toMatchObject({ isPausedHere: false, stopThere: 'paused' })
    expect([a.take('claim'), b.take('claim')]).toEqual([[], []])
    b.engine.resume('all', nowMs)
    run(1_000)
    expect([a.take('claim').length, b.take('claim').length]).not.toContain(0)
  })

  test('of a full disk is heard, and changes nothing else', () => {
    a.tell({ type: 'notice', notice: { event: 'paused', reason: 'full' } }, nowMs)
    run(50)
    expect(standingOf(b)).toMatchObject({ stopThere: 'full' })
    expect(b.take('peer-gone')).toEqual([])
    a.tell({ type: 'notice', notice: { event: 'resumed' } }, nowMs)
    run(50)
    expect(standingOf(b)).toMatchObject({ stopThere: undefined })
  })

  test('of more peers, one by one, than may be is refused', () => {
    const addresses = Array.from({ length: PAUSED_PEERS_MAX }, (_, index) => `10.0.1.1:${index}`)
    expect(a.engine.pause({ peers: [], addresses }, nowMs)).toBe(true)
    expect(a.engine.pause({ peers: [THEIRS], addresses: [] }, nowMs)).toBe(false)
    expect(a.engine.pause('all', nowMs)).toBe(true)
  })
})

describe('a question about a path', () => {
  const told = {
    stands: undefined,
    isHeld: false,
    reason: { code: 'settling', detail: '', seconds: 3 },
  } as const

  function answers(): (PeerAnswer | undefined)[] {
    const all: (PeerAnswer | undefined)[] = []
    for (let next = a.engine.pollPeerAnswer(); next !== undefined; next = a.engine.pollPeerAnswer())
      all.push(next)
    return all
  }

  beforeEach(() => {
    connect()
    a.know([], nowMs)
    b.know([file], nowMs)
    run(50)
    answerAll(b, 'differs')
    answerAll(a, 'differs')
  })

  test('is answered by the keeper of the peer, one after the other, also in a pause', () => {
    a.engine.pause('all', nowMs)
    for (const id of [1, 2]) a.engine.askPath(id, { peer: THEIRS, path: `p${id}` }, nowMs)
    for (const id of [1, 2]) {
      run(50)
      const [asked] = b.take('why')
      expect(asked).toMatchObject({ path: `p${id}` })
      b.tell({ type: 'stands', question: asked!.question, ...told }, nowMs)
      run(50)
      expect(answers()).toEqual([{ id, answer: { type: 'stands', ...told } }])
    }
  })

  test('is not answered by a peer that is gone, that goes, that is asked too much, nor of a name too long', () => {
    a.engine.askPath(1, { peer: 'c'.repeat(16), path: 'a' }, nowMs)
    a.engine.askPath(2, { peer: THEIRS, path: 'long/'.repeat(300) }, nowMs)
    for (let id = 3; id <= 3 + QUESTIONS_WAITING_MAX; id++)
      a.engine.askPath(id, { peer: THEIRS, path: 'a' }, nowMs)
    run(50)
    expect(answers().map((answer) => answer?.id)).toEqual([1, 2])
    a.engine.askPath(20, { peer: THEIRS, path: 'a' }, nowMs)
    expect(answers()).toEqual([{ id: 20, answer: undefined }])
    b.engine.close(nowMs)
    run(50)
    expect(answers()).toHaveLength(1 + QUESTIONS_WAITING_MAX)
  })

  test('is not put to a peer that is not vetted: it would tell a name', () => {
    a.tell({ type: 'refused', peer: THEIRS }, nowMs)
    a.engine.askPath(1, { peer: THEIRS, path: 'a' }, nowMs)
    run(50)
    expect(answers()).toEqual([{ id: 1, answer: undefined }])
    expect(b.heard.filter((text) => text.startsWith('q'))).toEqual([])
  })

  test('about the clock is answered by the owner of the engine, also in a pause, with the program', () => {
    a.engine.pause('all', nowMs)
    const knock = '0123456789abcdef'
    a.engine.askCheck(1, { peer: THEIRS, knock }, nowMs)
    run(50)
    const check = b.engine.pollCheck()
    expect(check).toMatchObject({ knock, address: expect.any(String) })
    expect(b.engine.pollCheck()).toBeUndefined()
    b.engine.answerCheck(check!, 1_700_000_000_000)
    run(50)
    expect(answers()).toMatchObject([
      { id: 1, answer: { type: 'checked', wallMs: 1_700_000_000_000, program: expect.stringMatching(/./) } },
    ])
  })

  test('is answered with nothing where the asker is not vetted', () => {
    b.tell({ type: 'refused', peer: OURS }, nowMs)
    a.engine.askPath(1, { peer: THEIRS, path: 'a' }, nowMs)
    run(50)
    expect(b.take('why')).toEqual([])
    expect(answers()).toMatchObject([
      { id: 1, answer: { stands: undefined, isHeld: false, reason: undefined } },
    ])
  })
})

describe('a peer that asks and pauses all the time', () => {
  const sessionOf = (peer: PlayedPeer) => [...peer.engine.peers('')][0]!.session
  const requestsOf = (peer: PlayedPeer, letter: string) =>
    peer.heard.filter((text) => text.startsWith(letter)).length

  beforeEach(() => {
    connect()
    a.know([file], nowMs)
    b.know([file], nowMs)
    run(50)
    answerAll(b, 'same')
    for (const { asked, heard } of [a, b]) asked.length = heard.length = 0
  })

  /** A says these in turn, each when the one before was answered, for so long. */
  function say(bodies: readonly string[], forMs: number): number {
    const endMs = nowMs + forMs
    let count = 0
    for (; nowMs < endMs; run(0.3)) {
      const next = bodies[count++ % bodies.length]!
      a.engine.endpoint.sendRequest(sessionOf(a), utf8(next), nowMs)
      for (const { question } of b.take('why'))
        b.tell({ type: 'stands', question, stands: undefined, isHeld: false, reason: undefined }, nowMs)
      for (const { question } of b.take('claim')) b.tell({ type: 'answer', question, answer: 'same' }, nowMs)
    }
    return count
  }

  test('has so many questions a second put to the keeper, and is asked to wait with the others', () => {
    let toKeeper = 0
    const tell = b.tell.bind(b)
    b.tell = (message, atMs) => {
      if (message.type === 'stands') toKeeper++
      tell(message, atMs)
    }
    const asked = say(['q|*|a'], 3_000)
    expect(asked).toBeGreaterThan(1_000)
    expect(toKeeper).toBeGreaterThanOrEqual(PATHS_TOLD_MAX)
    expect(toKeeper).toBeLessThanOrEqual(4 * PATHS_TOLD_MAX)
    expect(a.heard).toContain('w|*|300')
    // It is answered again.
    run(PATHS_TOLD_MS)
    const before = toKeeper
    say(['q|*|a'], 1)
    expect(toKeeper).toBeGreaterThan(before)
  })

  test('costs the keeper and the other peers as many of its pauses as last a while', () => {
    const said = say(['p|*|paused', 'p|*|-'], 5_000)
    expect(said).toBeGreaterThan(1_000)
    const cycles = 5_000 / THEIR_PAUSE_MS_MIN + 1
    expect(b.take('peer-gone').length).toBeLessThanOrEqual(cycles)
    expect(requestsOf(a, 'h')).toBeLessThanOrEqual(cycles)
  })

  test('is heard again once it goes on', () => {
    say(['p|*|paused', 'p|*|-'], 100)
    a.engine.endpoint.sendRequest(sessionOf(a), utf8('p|*|-'), nowMs)
    run(THEIR_PAUSE_MS_MIN + 50)
    expect([...b.engine.peers('')][0]).toMatchObject({ stopThere: undefined })
    b.take('peer-gone')
    b.know([file, { ...file, path: 'b' }], nowMs)
    run(2_000)
    expect(a.take('claim').length).toBeGreaterThan(0)
    expect(b.take('peer-gone')).toEqual([])
  })

  test('asks for what of a file is held, right after its pause, and hears when to ask again', () => {
    say(['p|*|paused', 'p|*|-'], 1)
    a.heard.length = 0
    a.engine.endpoint.sendRequest(sessionOf(a), utf8(`|*|${file.digest}:7|*|-`), nowMs)
    run(50)
    expect(a.heard).toContain('w|*|300')
  })
})
