// The tracker and its clients against each other on the simulated network, and each against what a stranger may send it.

import { crc32 } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { hexOf } from '../../src/base/bytes.js'
import {
  BEATS_TOLD,
  DATAGRAMS_PER_HOST_BURST,
  DISCOVERY_DATAGRAM_BYTES_MAX,
  DISCOVERY_VERSION,
  FOUND_PER_TRACKER_MAX,
  GROUPS_MAX,
  HEARTBEAT_MS,
  MEMBER_GONE_MS,
  MEMBERS_PER_GROUP_MAX,
} from '../../src/discovery/limits.js'
import { TrackerClient } from '../../src/discovery/tracker-client.js'
import { TrackerServer } from '../../src/discovery/tracker-server.js'
import {
  type Beat,
  decodeDiscovery,
  encodeDiscovery,
  type FromTracker,
  LINES_PER_PAGE,
  type MemberLine,
} from '../../src/discovery/wire.js'
import { hash, loadHash } from '../../src/io/hash.js'
import { SeededRandom } from '../../src/sim/random.js'
import { addressOf, groupOf, TRACKER, TrackedWorld } from './world.js'

beforeAll(loadHash)

const NONCE = new Uint8Array(8).fill(7)
const GROUP = new Uint8Array(16).fill(9)

describe('peers of one group', () => {
  test('know each other half a second after the last has come, and nothing of another group', () => {
    const world = new TrackedWorld(1)
    for (let peer = 0; peer < 3; peer++) world.start(peer)
    for (let peer = 3; peer < 6; peer++) world.start(peer, 'left-00000000-another')
    world.run(500)
    for (let peer = 0; peer < 6; peer++) {
      const own = peer < 3 ? [0, 1, 2] : [3, 4, 5]
      const others = own.filter((other) => other !== peer).map(addressOf)
      expect([...world.nodes[peer]!.found].sort()).toEqual(others)
    }
    expect(world.server).toMatchObject({ groupCount: 2, memberCount: 6 })
  })

  test('are forgotten by the tracker at once where they leave, and after three heartbeats where they vanish', () => {
    const world = new TrackedWorld(2)
    for (let peer = 0; peer < 3; peer++) world.start(peer)
    world.run(1_000)
    world.stop(0, { leaves: true })
    world.run(100)
    expect(world.server.memberCount).toBe(2)
    world.stop(1, { leaves: false })
    world.run(MEMBER_GONE_MS - HEARTBEAT_MS)
    expect(world.server.memberCount).toBe(2)
    world.run(HEARTBEAT_MS + 1_000)
    expect(world.server.memberCount).toBe(1)
    world.run(MEMBER_GONE_MS + HEARTBEAT_MS)
    expect(world.nodes[2]!.found.size).toBe(0)
  })

  test('go on without a word where the tracker is started again', () => {
    const world = new TrackedWorld(3)
    for (let peer = 0; peer < 3; peer++) world.start(peer)
    world.run(1_000)
    world.startTracker()
    expect(world.server.memberCount).toBe(0)
    for (let second = 0; second < HEARTBEAT_MS / 1_000; second++) {
      world.run(1_000)
      for (const { found } of world.nodes) expect(found.size).toBe(2)
    }
    expect(world.server.memberCount).toBe(3)
    for (const { client } of world.nodes) expect(client!.stateOf(TRACKER)).toBe('answers')
    world.start(3)
    world.run(500)
    for (const { found } of world.nodes) expect(found.size).toBe(3)
  })

  test('keep whom they know while the tracker is silent, and notice it', () => {
    const world = new TrackedWorld(4)
    for (let peer = 0; peer < 2; peer++) world.start(peer)
    world.run(1_000)
    world.stopTracker()
    world.run(10 * MEMBER_GONE_MS)
    for (const { found, client } of world.nodes) {
      expect(found.size).toBe(1)
      expect(client!.stateOf(TRACKER)).toBe('silent')
    }
    world.startTracker()
    world.run(HEARTBEAT_MS)
    for (const { client } of world.nodes) expect(client!.stateOf(TRACKER)).toBe('answers')
  })

  test('ask a tracker that is not there ever more rarely, and say so after the third time', () => {
    const { client, polled } = loneClient()
    client.addTracker(TRACKER, 0)
    const sentMs: number[] = []
    for (let nowMs = 0; nowMs < 200_000; nowMs += 10) {
      client.handleTimeout(nowMs)
      for (const _ of polled(nowMs)) sentMs.push(nowMs)
      if (sentMs.length === BEATS_TOLD) expect(client.stateOf(TRACKER)).toBe('asked')
      if (sentMs.length === BEATS_TOLD + 1) expect(client.stateOf(TRACKER)).toBe('silent')
    }
    const waits = sentMs.slice(1).map((atMs, index) => atMs - sentMs[index]!)
    expect(waits[0]).toBeLessThanOrEqual(1_000)
    expect(waits.at(-1)).toBeLessThanOrEqual(HEARTBEAT_MS)
    expect(sentMs.length).toBeLessThan(16)
  })

  test('are all told of each other where that takes several pages', () => {
    const world = new TrackedWorld(5)
    const count = 2 * LINES_PER_PAGE + 2
    for (let peer = 0; peer < count; peer++) world.start(peer)
    world.run(HEARTBEAT_MS + 1_000)
    for (const { found } of world.nodes) expect(found.size).toBe(count - 1)
  })

  test.each(Array.from({ length: 20 }, (_, index) => 100 + index))(
    'that live know each other within two heartbeats once the link is whole, whatever was lost before (seed %i)',
    (seed) => {
      const random = new SeededRandom(seed)
      const world = new TrackedWorld(seed, {
        loss: random.next() * 0.6,
        duplication: 0.1,
        reordering: 0.2,
        reorderMs: 500,
        bitFlips: 0.05,
        truncation: 0.02,
      })
      const count = 3 + random.below(6)
      const live = new Set<number>()
      for (let act = 0; act < 25; act++) {
        const peer = random.below(count)
        if (live.delete(peer)) world.stop(peer, { leaves: random.chance(0.5) })
        else {
          world.start(peer)
          live.add(peer)
        }
        if (random.chance(0.1)) world.startTracker()
        world.run(random.below(20_000))
      }
      for (let peer = 0; peer < count; peer++)
        world.network.shape(addressOf(peer), TRACKER, { loss: 0, bitFlips: 0, truncation: 0 })
      // One that was unlucky waits for its next try; whoever was told of it before has it, and the others hear at their next beat.
      world.run(2 * HEARTBEAT_MS + 1_000)
      for (const peer of live) {
        const others = [...live].filter((other) => other !== peer).map(addressOf)
        expect([...world.nodes[peer]!.found]).toEqual(expect.arrayContaining(others))
      }
      // Nobody who is gone stays known: not longer than the tracker keeps it, and its answers after that take.
      world.run(2 * MEMBER_GONE_MS + 2 * HEARTBEAT_MS)
      for (const peer of live) expect(world.nodes[peer]!.found.size).toBe(live.size - 1)
    },
  )
})

describe('a tracker', () => {
  test('keeps nothing of an address that has not proved itself, and answers no more than it was asked', () => {
    const { server, ask } = loneServer()
    for (let index = 0; index < 3_000; index++) {
      const beat = encodeDiscovery(beatOf({ group: groupNumber(index) }), crc32)
      const answers = ask(`10.1.${index >> 8}.${index & 255}:22001`, beat)
      expect(answers.map(({ type }) => type)).toEqual(['challenge'])
    }
    expect(server).toMatchObject({ memberCount: 0, groupCount: 0 })
    expect(ratioOf(server, encodeDiscovery(beatOf({}), crc32), '[2001:db8::1]:1')).toBeLessThan(1)
    const other = encodeDiscovery(beatOf({ version: DISCOVERY_VERSION + 1 }), crc32)
    expect(ask('10.0.0.1:1', other)).toEqual([{ type: 'refused', nonce: NONCE, reason: 'version' }])
    expect(ratioOf(server, other, '10.0.0.2:1')).toBeLessThan(1)
  })

  test('takes a cookie of nobody else, of no other group and of none but the last minutes', () => {
    const { server, ask, cookieFor } = loneServer()
    const cookie = cookieFor('10.0.0.1:1', GROUP)
    const isMember = (from: string, over: Partial<Beat>, nowMs = 0) =>
      ask(from, encodeDiscovery(beatOf({ cookie, ...over }), crc32), nowMs)[0]?.type === 'members'
    expect(isMember('10.0.0.1:1', {})).toBe(true)
    expect(isMember('10.0.0.1:2', {})).toBe(false)
    expect(isMember('10.0.0.2:1', {})).toBe(false)
    expect(isMember('10.0.0.1:1', { group: groupNumber(1) })).toBe(false)
    expect(isMember('10.0.0.1:1', {}, 200_000)).toBe(true)
    expect(isMember('10.0.0.1:1', {}, 400_000)).toBe(false)
    expect(server.memberCount).toBe(1)
  })

  test('forgets nobody who leaves without the cookie', () => {
    const { server, ask, join } = loneServer()
    join('10.0.0.1:1', GROUP)
    const leave = (cookie: Uint8Array) =>
      encodeDiscovery(
        { type: 'leave', nonce: NONCE, version: DISCOVERY_VERSION, group: GROUP, cookie },
        crc32,
      )
    ask('10.0.0.1:1', leave(new Uint8Array(16)))
    expect(server.memberCount).toBe(1)
  })

  test('drops what one host sends beyond its allowance, and hears the others', () => {
    const { server, ask } = loneServer()
    const beat = encodeDiscovery(beatOf({}), crc32)
    for (let index = 0; index < 2 * DATAGRAMS_PER_HOST_BURST; index++) ask(`10.0.0.1:${1 + index}`, beat)
    expect(server.counters).toMatchObject({
      challenged: DATAGRAMS_PER_HOST_BURST,
      dropped: DATAGRAMS_PER_HOST_BURST,
    })
    expect(ask('10.0.0.2:1', beat)).toHaveLength(1)
  })

  test('has room for so many peers in a group, and for one more when another is gone', () => {
    const { server, join, ask, cookieFor } = loneServer()
    const from = (index: number) => `10.1.${index >> 8}.${index & 255}:1`
    for (let index = 0; index < MEMBERS_PER_GROUP_MAX; index++)
      expect(join(from(index), GROUP)).toBe('members')
    expect(join('10.9.9.9:1', GROUP)).toBe('refused')
    expect(server.memberCount).toBe(MEMBERS_PER_GROUP_MAX)
    const cookie = cookieFor(from(7), GROUP)
    ask(
      from(7),
      encodeDiscovery(
        { type: 'leave', nonce: NONCE, version: DISCOVERY_VERSION, group: GROUP, cookie },
        crc32,
      ),
    )
    expect(join('10.9.9.9:1', GROUP)).toBe('members')
  })

  test('has room for so many groups, and for one more when another is gone', () => {
    const { server, join } = loneServer()
    const from = (index: number) => `10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}:1`
    for (let index = 0; index < GROUPS_MAX; index++)
      expect(join(from(index), groupNumber(index))).toBe('members')
    expect(join('10.9.9.9:1', groupNumber(GROUPS_MAX))).toBe('refused')
    expect(join('10.9.9.9:1', groupNumber(5))).toBe('members')
    expect(server).toMatchObject({ groupCount: GROUPS_MAX, memberCount: GROUPS_MAX + 1 })
    server.handleTimeout(MEMBER_GONE_MS)
    expect(server).toMatchObject({ groupCount: 0, memberCount: 0 })
  })
})

describe('a tracker that lies', () => {
  test('makes nobody call an address that no member of the group has marked', () => {
    const { found, answer, group } = askedClient()
    const member = new Uint8Array(8).fill(3)
    const real = { member, mark: group.mark(member, '10.0.0.7:1'), address: '10.0.0.7:1' }
    answer([
      { ...real, address: '10.0.0.8:1' },
      { ...real, member: new Uint8Array(8).fill(4) },
      { ...real, mark: groupOf('left-00000000-another', 'x').mark(member, '10.0.0.7:1') },
      { member, mark: group.mark(member, '224.0.0.1:1'), address: '224.0.0.1:1' },
      { member, mark: group.mark(member, '127.0.0.1:1'), address: '127.0.0.1:1' },
      { member: group.member, mark: group.mark(group.member, '10.0.0.9:1'), address: '10.0.0.9:1' },
    ])
    expect(found()).toEqual([])
    answer([real])
    expect(found()).toEqual(['10.0.0.7:1'])
  })

  test('gets no mark of ours for an address that is none, and not one for each of many', () => {
    const { challenge } = askedClient()
    expect(challenge('224.0.0.1:1')).toBeUndefined()
    expect(challenge('127.0.0.1:1')).toBeUndefined()
    const answered = Array.from({ length: 10 }, (_, index) => challenge(`10.0.0.${index}:1`))
    expect(answered.filter((beat) => beat !== undefined)).toHaveLength(3)
  })

  test('is not heard where it repeats an answer to another heartbeat, and nor is anybody else', () => {
    const { client, answer, found, group, lastAnswer } = askedClient()
    const line = (index: number): MemberLine => {
      const [member, address] = [new Uint8Array(8).fill(3), `10.0.0.${index}:1`]
      return { member, mark: group.mark(member, address), address }
    }
    answer([line(1)])
    const old = lastAnswer()
    client.handleTimeout(HEARTBEAT_MS)
    while (client.pollDatagram(HEARTBEAT_MS) !== undefined);
    client.handleDatagram(TRACKER, old, HEARTBEAT_MS)
    expect(client.handleDatagram('10.6.6.6:22100', old, HEARTBEAT_MS)).toBe(false)
    answer([line(2)], { nonce: new Uint8Array(8) })
    expect(found()).toEqual(['10.0.0.1:1'])
  })

  test('names no more than a group may have', () => {
    const { found, answer, group } = askedClient()
    const lines = Array.from({ length: FOUND_PER_TRACKER_MAX + 20 }, (_, index): MemberLine => {
      const [member, address] = [new Uint8Array(8).fill(index & 255), `10.0.${index >> 8}.${index & 255}:1`]
      return { member, mark: group.mark(member, address), address }
    })
    for (let at = 0; at < lines.length; at += 20)
      answer(lines.slice(at, at + 20), { pages: 255, page: at / 20 })
    expect(found()).toHaveLength(FOUND_PER_TRACKER_MAX)
  })
})

function groupNumber(index: number): Uint8Array {
  return Uint8Array.of(
    ...new Uint8Array(12),
    index >> 24,
    (index >> 16) & 255,
    (index >> 8) & 255,
    index & 255,
  )
}

function beatOf(over: Partial<Beat>): Beat {
  const zeros = new Uint8Array(16)
  const fields = {
    nonce: NONCE,
    version: DISCOVERY_VERSION,
    group: GROUP,
    member: NONCE,
    mark: zeros,
    cookie: zeros,
  }
  return { type: 'beat', ...fields, ...over }
}

function loneServer() {
  const server = new TrackerServer({ random: new SeededRandom(1), hash, crc32 })
  const ask = (from: string, bytes: Uint8Array, nowMs = 0): FromTracker[] => {
    server.handleDatagram(from, bytes, nowMs)
    const answers: FromTracker[] = []
    for (let next = server.pollDatagram(); next !== undefined; next = server.pollDatagram()) {
      const decoded = decodeDiscovery(next.bytes, crc32)
      if (!decoded.ok) throw new Error(decoded.reason)
      expect(next.bytes.length).toBeLessThanOrEqual(DISCOVERY_DATAGRAM_BYTES_MAX)
      if (next.to === from) answers.push(decoded.value as FromTracker)
    }
    return answers
  }
  const cookieFor = (from: string, group: Uint8Array): Uint8Array => {
    const [challenge] = ask(from, encodeDiscovery(beatOf({ group }), crc32))
    if (challenge?.type !== 'challenge') throw new Error('no challenge')
    expect(challenge.seen).toBe(from)
    return challenge.cookie
  }
  const join = (from: string, group: Uint8Array): string | undefined => {
    const cookie = cookieFor(from, group)
    return ask(from, encodeDiscovery(beatOf({ group, cookie }), crc32))[0]?.type
  }
  return { server, ask, cookieFor, join }
}

function ratioOf(server: TrackerServer, bytes: Uint8Array, from: string): number {
  server.handleDatagram(from, bytes, 0)
  let answeredBytes = 0
  for (let next = server.pollDatagram(); next !== undefined; next = server.pollDatagram())
    answeredBytes += next.bytes.length
  return answeredBytes / bytes.length
}

function loneClient() {
  const group = groupOf('left-00000000-secret', 'we')
  const client = new TrackerClient({ groups: [group], random: new SeededRandom(1), crc32 })
  function* polled(nowMs: number): Iterable<Beat> {
    for (let next = client.pollDatagram(nowMs); next !== undefined; next = client.pollDatagram(nowMs)) {
      const decoded = decodeDiscovery(next.bytes, crc32)
      if (decoded.ok && decoded.value.type === 'beat') yield decoded.value
    }
  }
  return { client, group, polled }
}

/** One that has sent its first heartbeat, and what a tracker may say to it. */
function askedClient() {
  const { client, group, polled } = loneClient()
  client.addTracker(TRACKER, 0)
  const [beat] = polled(0)
  const { nonce } = beat!
  const known = new Set<string>()
  let last = new Uint8Array(0)
  const say = (datagram: FromTracker): void => {
    last = Uint8Array.from(encodeDiscovery(datagram, crc32))
    client.handleDatagram(TRACKER, last, 10)
  }
  const found = (): string[] => {
    for (let event = client.pollEvent(); event !== undefined; event = client.pollEvent())
      if (event.type === 'found') known.add(event.address)
      else known.delete(event.address)
    return [...known]
  }
  const answer = (
    lines: readonly MemberLine[],
    over: { nonce?: Uint8Array; page?: number; pages?: number } = {},
  ): void => say({ type: 'members', nonce, cookie: new Uint8Array(16), page: 0, pages: 2, lines, ...over })
  const challenge = (seen: string): Beat | undefined => {
    say({ type: 'challenge', nonce, cookie: new Uint8Array(16).fill(5), seen })
    const [next] = polled(10)
    if (next !== undefined) {
      expect(next.nonce).toEqual(nonce)
      expect(hexOf(next.mark)).toBe(hexOf(group.mark(group.member, seen)))
    }
    return next
  }
  return { client, group, found, answer, challenge, lastAnswer: () => last }
}
