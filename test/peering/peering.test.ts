// Whom a peer calls: the machine alone, and crowds of them, each random one by a seed that is told where it fails.

import { beforeAll, describe, expect, test } from 'vitest'
import { hash, loadHash } from '../../src/io/hash.js'
import { ALL_CALLED_MAX, ANSWER_MS, CALLED_MAX, CHANGE_MS, REST_MS_FIRST } from '../../src/peering/limits.js'
import { Peering } from '../../src/peering/peering.js'
import { SeededRandom } from '../../src/sim/random.js'
import { isLong, someOf } from '../length.js'
import { PeeringCrowd } from './crowd.js'

beforeAll(loadHash)

const SEED = Number(process.env.LEFT_SEED ?? (isLong ? Date.now() % 1_000_000 : 1))

/** Each address that is called in the place of a lost one is lost, too, with a chance of a third, which shows after ANSWER_MS.
 *  A crowd of 500 calls 890 lost ones at first; after twelve turns one of 600 such crowds calls one. */
const REPLACED_MS = 12 * ANSWER_MS

function machineWith(count: number): Peering {
  const machine = new Peering({ peerId: 'a0'.repeat(8), hash })
  for (let index = 0; index < count; index++) machine.add(`10.0.0.${index}:1`, 0)
  return machine
}

function ordersOf(machine: Peering) {
  const orders = []
  for (let order = machine.pollOrder(); order !== undefined; order = machine.pollOrder()) orders.push(order)
  return orders
}

/** Those that are called when all orders are carried out. */
function calledOf(machine: Peering): string[] {
  const called = new Set<string>()
  for (const { type, address } of ordersOf(machine))
    if (type === 'call') called.add(address)
    else called.delete(address)
  return [...called]
}

function open(machine: Peering, address: string, session: number, nowMs: number, isOurs = true): void {
  machine.handleOpened({ session, address, isOurs, isRenewal: false }, nowMs)
}

function openAll(machine: Peering, addresses: readonly string[], isOurs = true): void {
  for (const [session, address] of addresses.entries()) open(machine, address, session, 0, isOurs)
}

describe('a peer that knows', () => {
  test(`${ALL_CALLED_MAX} addresses calls all of them, in their order and for ever`, () => {
    const machine = machineWith(ALL_CALLED_MAX)
    const orders = ordersOf(machine)
    expect(orders).toEqual(
      Array.from({ length: ALL_CALLED_MAX }, (_, index) => ({ type: 'call', address: `10.0.0.${index}:1` })),
    )
    expect(machine.pollTimeout()).toBeUndefined()
    machine.handleTimeout(10 * ANSWER_MS)
    expect(machine.pollOrder()).toBeUndefined()
  })

  test('one more calls the first of its own order alone, before a datagram has left', () => {
    const machine = machineWith(ALL_CALLED_MAX + 1)
    const called = calledOf(machine)
    expect(called).toHaveLength(CALLED_MAX)
    expect(called.every((address) => machine.isCalled(address))).toBe(true)
  })

  test('many calls the same ones in whatever order it is told of them', () => {
    const forwards = machineWith(100)
    const backwards = new Peering({ peerId: 'a0'.repeat(8), hash })
    for (let index = 99; index >= 0; index--) backwards.add(`10.0.0.${index}:1`, 0)
    expect(calledOf(backwards).sort()).toEqual(calledOf(forwards).sort())
  })

  test('many keeps the sessions that it has when one more address comes, unless it is one of the first', () => {
    const machine = machineWith(40)
    const called = calledOf(machine)
    openAll(machine, called)
    for (let index = 40; index < 60; index++) machine.add(`10.0.0.${index}:1`, 0)
    expect(ordersOf(machine)).toEqual([])
  })
})

describe('an address that does not answer', () => {
  test('makes room for the next, and is called again when it has rested and comes before one that is called', () => {
    const machine = machineWith(40)
    const [first, ...others] = calledOf(machine)
    openAll(machine, others)
    expect(machine.pollTimeout()).toBe(ANSWER_MS)
    machine.handleTimeout(ANSWER_MS - 1)
    expect(machine.pollOrder()).toBeUndefined()
    machine.handleTimeout(ANSWER_MS)
    const [stopped, called] = ordersOf(machine)
    expect(stopped).toEqual({ type: 'stop-calling', address: first })
    open(machine, called!.address, 100, ANSWER_MS)
    const calledAgainMs = untilOrder(machine, first!)
    expect(calledAgainMs).toBeGreaterThanOrEqual(ANSWER_MS + REST_MS_FIRST)
    expect(calledAgainMs).toBeLessThanOrEqual(ANSWER_MS + REST_MS_FIRST + CHANGE_MS)
  })

  test('keeps none from being called: where nobody answers, each has its turn', () => {
    const machine = machineWith(40)
    const called = new Set<string>()
    for (let nowMs = 0; nowMs <= 5 * ANSWER_MS; nowMs += ANSWER_MS) {
      machine.handleTimeout(nowMs)
      for (const { type, address } of ordersOf(machine)) if (type === 'call') called.add(address)
    }
    expect(called.size).toBe(40)
  })
})

describe('an address that comes back', () => {
  test('takes the place of the last one a while after it has a session, which ends where we began it', () => {
    for (const isOurs of [true, false]) {
      const machine = machineWith(40)
      const called = calledOf(machine)
      const [first, ...others] = called
      openAll(machine, others, isOurs)
      machine.handleTimeout(ANSWER_MS)
      const next = ordersOf(machine).at(-1)!.address
      open(machine, next, 100, ANSWER_MS, isOurs)
      const nowMs = untilOrder(machine, first!)
      open(machine, first!, 101, nowMs, isOurs)
      machine.handleTimeout(nowMs + CHANGE_MS - 1)
      expect(ordersOf(machine)).toEqual([])
      machine.handleTimeout(nowMs + CHANGE_MS)
      expect(ordersOf(machine)).toEqual([{ type: isOurs ? 'leave' : 'stop-calling', address: next }])
      expect(called.every((address) => machine.isCalled(address))).toBe(true)
    }
  })

  test('is not waited for: a called one whose session ended is called on', () => {
    const machine = machineWith(40)
    const called = calledOf(machine)
    openAll(machine, called)
    machine.handleClosed({ session: 0, address: called[0]! }, 1_000)
    expect(machine.isCalled(called[0]!)).toBe(true)
    expect(machine.pollTimeout()).toBe(1_000 + ANSWER_MS)
    open(machine, called[0]!, 50, 2_000)
    machine.handleTimeout(1_000 + ANSWER_MS)
    expect(ordersOf(machine)).toEqual([])
  })
})

test('an address that is removed is left, and another is called in its place', () => {
  const machine = machineWith(40)
  const [first] = calledOf(machine)
  machine.remove(first!, 0)
  const orders = ordersOf(machine)
  expect(orders[0]).toEqual({ type: 'leave', address: first })
  expect(orders.slice(1).map(({ type }) => type)).toEqual(['call'])
  expect(machine.isCalled(first!)).toBe(false)
})

test('all are called again where few enough are left', () => {
  const machine = machineWith(ALL_CALLED_MAX + 1)
  const [first] = calledOf(machine)
  machine.remove(first!, 0)
  expect(ordersOf(machine).filter(({ type }) => type === 'call')).toHaveLength(
    ALL_CALLED_MAX - CALLED_MAX + 1,
  )
  expect(machine.pollTimeout()).toBeUndefined()
})

describe('a crowd', () => {
  const counts = someOf([17, 18, 24, 33, 50, 100, 200, 500], 8)
  const crowds = counts.flatMap((count) =>
    Array.from({ length: isLong ? 20 : count > 100 ? 1 : 4 }, (_, run) => [count, SEED + run] as const),
  )

  test.each(crowds)(
    'of %i (seed %i) is one graph, also while a third is gone, and of bounded sessions',
    (count, seed) => {
      const crowd = new PeeringCrowd(count, seed)
      expect(crowd.isConnected).toBe(true)
      const sessions = crowd.sessionCounts()
      expect(Math.min(...sessions)).toBeGreaterThanOrEqual(CALLED_MAX)
      expect(Math.max(...sessions)).toBeLessThanOrEqual(4 * CALLED_MAX)
      const third = drawn(count, Math.floor(count / 3), seed)
      crowd.lose(third)
      expect(crowd.isConnected).toBe(true)
      crowd.run(REPLACED_MS)
      expect(crowd.isConnected).toBe(true)
      const left = count - third.length
      expect(Math.min(...crowd.sessionCounts())).toBeGreaterThanOrEqual(Math.min(CALLED_MAX, left - 1))
    },
  )

  test('changes at few when one goes: those who called it, and one session each', () => {
    const crowd = new PeeringCrowd(100, SEED)
    const before = new Set(crowd.pairs())
    const sessions = crowd.sessionsOf(7)
    crowd.lose([7])
    crowd.run(2 * ANSWER_MS)
    const after = new Set(crowd.pairs())
    expect([...before].filter((pair) => !after.has(pair))).toHaveLength(sessions)
    expect([...after].filter((pair) => !before.has(pair)).length).toBeLessThanOrEqual(sessions)
  })

  test('that was in two halves for an hour is the graph again that it was before', () => {
    const crowd = new PeeringCrowd(60, SEED)
    const before = crowd.pairs()
    crowd.isCut = (one, other) => one % 2 !== other % 2
    crowd.run(isLong ? 3_600_000 : 600_000)
    expect(crowd.isConnected).toBe(false)
    crowd.isCut = () => false
    crowd.run(2 * CHANGE_MS)
    expect(crowd.isConnected).toBe(true)
    crowd.run(3_600_000)
    expect(crowd.pairs()).toEqual(before)
  })

  test('of which each knows a random half is one graph', () => {
    const random = new SeededRandom(SEED)
    const half = Array.from({ length: 100 * 100 }, () => random.chance(0.5))
    const crowd = new PeeringCrowd(100, SEED, (one, other) => half[one * 100 + other]!)
    expect(crowd.isConnected).toBe(true)
  })

  test('that all know one of them and nobody else has a session with that one', () => {
    const crowd = new PeeringCrowd(60, SEED, (_, other) => other === 0)
    expect(crowd.isConnected).toBe(true)
    expect(crowd.sessionsOf(0)).toBe(59)
  })
})

/** Lets time pass, in which nothing else happens, until this address is called. */
function untilOrder(machine: Peering, address: string): number {
  for (let turn = 0; turn < 100; turn++) {
    const nowMs = machine.pollTimeout()!
    machine.handleTimeout(nowMs)
    if (ordersOf(machine).some((order) => order.type === 'call' && order.address === address)) return nowMs
  }
  throw new Error(`${address} is not called again`)
}

function drawn(count: number, of: number, seed: number): number[] {
  const random = new SeededRandom(seed)
  const peers = Array.from({ length: count }, (_, peer) => peer)
  for (let index = 0; index < of; index++) {
    const other = index + random.below(count - index)
    ;[peers[index], peers[other]] = [peers[other]!, peers[index]!]
  }
  return peers.slice(0, of)
}
