import { describe, expect, test } from 'vitest'
import { FoundPeers } from '../../src/app/found-peers.js'
import { FOUND_MET_MS, FOUND_MS, FOUND_PEERS_MAX } from '../../src/app/limits.js'

const NAMED = '10.0.0.1:22001'
const addressOf = (number: number) => `10.0.1.${number}:22001`

function worldOf() {
  const connected = new Set<string>()
  const called: string[] = []
  const found = new FoundPeers({
    isNamed: (address) => address === NAMED,
    isConnected: (address) => connected.has(address),
    connect: (address) => called.push(address),
    disconnect: (address) => called.splice(called.indexOf(address), 1),
  })
  return { found, connected, called }
}

describe('addresses that were found', () => {
  test('are called once each, and those of --ip are not', () => {
    const { found, called } = worldOf()
    for (const address of [addressOf(1), addressOf(1), NAMED]) found.add(address, 'beacon', 0)
    expect(called).toEqual([addressOf(1)])
    expect([found.has(addressOf(1)), found.has(NAMED)]).toEqual([true, false])
  })

  test('are forgotten where nobody is met in time, a neighbour soon', () => {
    const { found, called } = worldOf()
    found.add(addressOf(1), 'beacon', 0)
    found.add(addressOf(2), 'neighbour', 0)
    found.sweep(FOUND_MS.neighbour - 1)
    expect(called).toEqual([addressOf(1), addressOf(2)])
    found.sweep(FOUND_MS.neighbour)
    expect(called).toEqual([addressOf(1)])
    found.add(addressOf(1), 'beacon', FOUND_MS.beacon - 1)
    found.sweep(FOUND_MS.beacon)
    expect(called).toEqual([addressOf(1)])
    found.sweep(2 * FOUND_MS.beacon)
    expect(called).toEqual([])
  })

  test('stay while they are connected, and for a night after that', () => {
    const { found, connected, called } = worldOf()
    found.add(addressOf(1), 'neighbour', 0)
    connected.add(addressOf(1))
    found.sweep(FOUND_MET_MS)
    connected.clear()
    found.sweep(2 * FOUND_MET_MS - 1)
    expect(called).toEqual([addressOf(1)])
    found.sweep(2 * FOUND_MET_MS)
    expect(called).toEqual([])
  })

  test('are no more than the limit: who was never met goes first, and nobody who is connected', () => {
    const { found, connected, called } = worldOf()
    for (let number = 0; number < FOUND_PEERS_MAX; number++) found.add(addressOf(number), 'beacon', 0)
    connected.add(addressOf(0)).add(addressOf(1))
    found.sweep(1)
    connected.delete(addressOf(0))
    found.add(addressOf(100), 'beacon', 2)
    expect(called).toHaveLength(FOUND_PEERS_MAX)
    expect(found.has(addressOf(2))).toBe(false)
    for (let number = 101; number < 200; number++) found.add(addressOf(number), 'beacon', 3)
    expect([found.has(addressOf(0)), found.has(addressOf(1))]).toEqual([true, true])
    for (let number = 101; number < 200; number++)
      if (found.has(addressOf(number))) connected.add(addressOf(number))
    found.add(addressOf(201), 'beacon', 4)
    expect([found.has(addressOf(0)), found.has(addressOf(201))]).toEqual([false, true])
    connected.add(addressOf(201))
    found.add(addressOf(202), 'beacon', 5)
    expect(found.has(addressOf(202))).toBe(false)
  })
})
