import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexOf } from '../../src/base/bytes.js'
import { decodeBeacon, encodeBeacon } from '../../src/beacons/beacon.js'
import { Beacons, type BeaconsOptions, type Found } from '../../src/beacons/beacons.js'
import {
  BEACON_MS_FIRST,
  BEACON_MS_MAX,
  BEACONS_PER_HOST_BURST,
  FOUND_PER_S_MAX,
  FOUND_QUEUED_MAX,
  NEIGHBOURS_MAX,
  NEIGHBOURS_MS_FIRST,
  NEIGHBOURS_PER_LOOK_MAX,
  OWN_ADDRESSES_MAX,
} from '../../src/beacons/limits.js'
import { hmac } from '../../src/seal/keys.js'
import { SeededRandom } from '../../src/sim/random.js'

const KEY = new Uint8Array(32).fill(1)
const NEW_KEY = new Uint8Array(32).fill(2)
const FOREIGN = new Uint8Array(32).fill(3)
const ETH = { link: 'eth0', host: '10.0.0.1', prefixBits: 8 }
const ETH6 = { link: 'eth0', host: 'fe80::1%eth0', prefixBits: 64 }
const WLAN = { link: 'wlan0', host: '192.168.1.1', prefixBits: 24 }

let seed = 1

function machineOf(options: Partial<BeaconsOptions> = {}): Beacons {
  const random = new SeededRandom(seed++)
  return new Beacons({
    port: 22_001,
    neighbourPort: 22_001,
    keys: [],
    takesAny: (options.keys ?? []).length === 0,
    random,
    hmac,
    ...options,
  })
}

function beaconsOf(machine: Beacons): { from: string; bytes: Uint8Array }[] {
  const all: { from: string; bytes: Uint8Array }[] = []
  for (let one = machine.pollBeacon(); one !== undefined; one = machine.pollBeacon())
    all.push({ from: one.from.host, bytes: one.bytes })
  return all
}

function foundBy(machine: Beacons): Found[] {
  const all: Found[] = []
  for (let one = machine.pollFound(); one !== undefined; one = machine.pollFound()) all.push(one)
  return all
}

/** What one that has just started sends. */
function beaconOf(options: Partial<BeaconsOptions> = {}): Uint8Array {
  const machine = machineOf(options)
  machine.handleAddresses([ETH], 0)
  return beaconsOf(machine)[0]!.bytes
}

/** Drains until `endMs`; answers when each beacon went out, and from where. */
function run(machine: Beacons, endMs: number): { atMs: number; from: string }[] {
  const sent: { atMs: number; from: string }[] = []
  for (let atMs = 0; atMs <= endMs; atMs = machine.pollTimeout() ?? Number.POSITIVE_INFINITY) {
    machine.handleTimeout(atMs)
    for (const { from } of beaconsOf(machine)) sent.push({ atMs, from })
  }
  return sent
}

describe('beacons of ours', () => {
  test('go out from each address at once, then ever more rarely', () => {
    const machine = machineOf()
    machine.handleAddresses([ETH, WLAN], 0)
    const sent = run(machine, 600_000)
    expect(sent.filter(({ atMs }) => atMs === 0).map(({ from }) => from)).toEqual([ETH.host, WLAN.host])
    const times = sent.filter(({ from }) => from === ETH.host).map(({ atMs }) => atMs)
    const waits = times.slice(1).map((atMs, index) => atMs - times[index]!)
    for (const [index, waitMs] of waits.entries()) {
      const meanMs = Math.min(BEACON_MS_MAX, BEACON_MS_FIRST * 2 ** index)
      expect(waitMs).toBeGreaterThanOrEqual(0.75 * meanMs)
      expect(waitMs).toBeLessThanOrEqual(1.25 * meanMs)
    }
    expect(times.length).toBeGreaterThan(600_000 / (1.25 * BEACON_MS_MAX))
  })

  test('begin anew on every link when an address is new, and end where one is gone', () => {
    const machine = machineOf()
    machine.handleAddresses([ETH], 0)
    run(machine, 100_000)
    machine.handleAddresses([ETH, WLAN], 100_001)
    expect(beaconsOf(machine).map(({ from }) => from)).toEqual([ETH.host, WLAN.host])
    machine.handleAddresses([WLAN], 100_002)
    machine.handleTimeout(1_000_000)
    expect(beaconsOf(machine).map(({ from }) => from)).toEqual([WLAN.host])
    machine.handleAddresses([WLAN], 1_000_001)
    expect(beaconsOf(machine)).toEqual([])
    machine.handleAddresses([], 1_000_002)
    machine.handleTimeout(2_000_000)
    expect(beaconsOf(machine)).toEqual([])
  })

  test('have nothing in common but the marker and the port, of one machine or of one group', () => {
    const machines = [machineOf({ keys: [KEY] }), machineOf({ keys: [KEY] }), machineOf()]
    const parts = machines.flatMap((machine) => {
      machine.handleAddresses([ETH, WLAN], 0)
      return beaconsOf(machine).flatMap(({ bytes }) => [bytes.subarray(8, 24), bytes.subarray(24)])
    })
    expect(new Set(parts.map(hexOf)).size).toBe(parts.length)
    expect(parts).toHaveLength(12)
  })

  test('are tagged with each of two secrets', () => {
    const machine = machineOf({ keys: [KEY, NEW_KEY] })
    machine.handleAddresses([ETH], 0)
    const sent = beaconsOf(machine)
    for (const key of [KEY, NEW_KEY]) {
      const hearing = machineOf({ keys: [key] })
      hearing.handleAddresses([ETH], 0)
      for (const { bytes } of sent) hearing.handleBeacon('10.0.0.2', bytes, 0)
      expect(foundBy(hearing)).toHaveLength(1)
    }
  })

  test('are known again when they come back', () => {
    const machine = machineOf()
    machine.handleAddresses([ETH], 0)
    for (const { bytes } of beaconsOf(machine)) machine.handleBeacon(ETH.host, bytes, 0)
    expect(machine.counters.own).toBe(1)
    expect(foundBy(machine)).toEqual([])
  })

  test('go out from no more addresses than the limit', () => {
    const machine = machineOf()
    const addresses = Array.from({ length: OWN_ADDRESSES_MAX + 1 }, (_, index) => ({
      ...ETH,
      host: `10.0.1.${index}`,
    }))
    machine.handleAddresses(addresses, 0)
    expect(beaconsOf(machine)).toHaveLength(OWN_ADDRESSES_MAX)
  })
})

describe('beacons of others', () => {
  test('tell an address: the host that sent it, and the port in it', () => {
    const machine = machineOf({ keys: [KEY] })
    machine.handleAddresses([ETH, ETH6], 0)
    machine.handleBeacon('10.0.0.2', beaconOf({ keys: [KEY], port: 40_000 }), 0)
    machine.handleBeacon('fe80::2%eth0', beaconOf({ keys: [KEY] }), 0)
    expect(foundBy(machine)).toEqual([
      { host: '10.0.0.2', port: 40_000, source: 'beacon' },
      { host: 'fe80::2%eth0', port: 22_001, source: 'beacon' },
    ])
  })

  test('are nothing with another tag, unless peers may have none', () => {
    for (const takesAny of [false, true]) {
      const machine = machineOf({ keys: [KEY], takesAny })
      machine.handleAddresses([ETH], 0)
      machine.handleBeacon('10.0.0.2', beaconOf({ keys: [FOREIGN] }), 0)
      machine.handleBeacon('10.0.0.3', beaconOf(), 0)
      expect(foundBy(machine).map(({ source }) => source)).toEqual(takesAny ? ['untagged', 'untagged'] : [])
      expect(machine.counters.strange).toBe(takesAny ? 0 : 2)
    }
  })

  test('with a changed port are those of a stranger', () => {
    const machine = machineOf({ keys: [KEY] })
    machine.handleAddresses([ETH], 0)
    const beacon = decodeBeacon(beaconOf({ keys: [KEY] }))
    if (!beacon.ok) throw new Error(beacon.reason)
    machine.handleBeacon('10.0.0.2', encodeBeacon({ ...beacon.value, port: 53 }), 0)
    expect(foundBy(machine)).toEqual([])
  })

  test('are dropped where they come again, from whoever', () => {
    const machine = machineOf({ keys: [KEY] })
    machine.handleAddresses([ETH], 0)
    const bytes = beaconOf({ keys: [KEY] })
    for (const host of ['10.0.0.2', '10.0.0.2', '10.0.0.3']) machine.handleBeacon(host, bytes, 0)
    expect(foundBy(machine)).toHaveLength(1)
    expect(machine.counters.repeated).toBe(2)
  })

  test('of a host beyond every link of ours lead nowhere', () => {
    const machine = machineOf()
    machine.handleAddresses([WLAN], 0)
    machine.handleBeacon('10.0.0.2', beaconOf(), 0)
    expect(foundBy(machine)).toEqual([])
    expect(machine.counters.offLink).toBe(1)
  })

  test('of one host take nothing from another one', () => {
    const machine = machineOf({ keys: [KEY] })
    machine.handleAddresses([ETH], 0)
    for (let count = 0; count < 10_000; count++) machine.handleBeacon('10.0.0.66', beaconOf(), 0)
    expect(machine.counters.flooding).toBe(10_000 - BEACONS_PER_HOST_BURST)
    machine.handleBeacon('10.0.0.2', beaconOf({ keys: [KEY] }), 0)
    expect(foundBy(machine)).toHaveLength(1)
  })

  test('of 10,000 hosts a second are told as addresses no faster than the limit', () => {
    const machine = machineOf()
    machine.handleAddresses([ETH], 0)
    let told = 0
    for (let count = 0; count < 30_000; count++) {
      machine.handleBeacon(`10.1.${count >> 8}.${count & 255}`, beaconOf(), count / 10)
      told += foundBy(machine).length
    }
    expect(told).toBeLessThanOrEqual(3 * FOUND_PER_S_MAX)
    const { received, flooding, found } = machine.counters
    expect([received, found + flooding]).toEqual([30_000, 30_000])
  })

  test('that nobody takes wait in a queue that ends', () => {
    const machine = machineOf()
    machine.handleAddresses([ETH], 0)
    for (let count = 0; count < 1_000; count++)
      machine.handleBeacon(`10.1.0.${count % 250}`, beaconOf(), count * 1_000)
    expect(foundBy(machine)).toHaveLength(FOUND_QUEUED_MAX)
  })
})

describe('neighbours', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => `10.0.${at >> 8}.${2 + (at & 127)}`)

  test('are looked for when beacons have had their time, then ever more rarely', () => {
    const machine = machineOf()
    machine.handleAddresses([ETH], 0)
    machine.handleTimeout(NEIGHBOURS_MS_FIRST - 1)
    expect(machine.pollLook()).toBe(false)
    machine.handleTimeout(NEIGHBOURS_MS_FIRST)
    expect([machine.pollLook(), machine.pollLook()]).toEqual([true, false])
    machine.handleTimeout(2 * NEIGHBOURS_MS_FIRST)
    expect(machine.pollLook()).toBe(false)
    machine.handleTimeout(3 * NEIGHBOURS_MS_FIRST)
    expect(machine.pollLook()).toBe(true)
  })

  test('get one hello each at the default port, but not those whose beacon came, nor we ourselves', () => {
    const machine = machineOf({ neighbourPort: 22_001, port: 40_000 })
    machine.handleAddresses([ETH], 0)
    machine.handleBeacon('10.0.0.2', beaconOf(), 0)
    foundBy(machine)
    for (let look = 0; look < 3; look++) machine.handleNeighbours(['10.0.0.2', '10.0.0.3', ETH.host])
    expect(foundBy(machine)).toEqual([{ host: '10.0.0.3', port: 22_001, source: 'neighbour' }])
  })

  test('get another one where an address of ours is new', () => {
    const machine = machineOf()
    machine.handleAddresses([ETH], 0)
    machine.handleNeighbours(['10.0.0.3'])
    machine.handleAddresses([{ ...ETH, host: '10.0.0.9' }], 1)
    machine.handleNeighbours(['10.0.0.3'])
    expect(foundBy(machine)).toHaveLength(2)
  })

  test('are greeted a few at a time, and no more than the limit', () => {
    const machine = machineOf()
    machine.handleAddresses([ETH], 0)
    machine.handleNeighbours(many(1_000))
    expect(foundBy(machine)).toHaveLength(NEIGHBOURS_PER_LOOK_MAX)
    let greeted = NEIGHBOURS_PER_LOOK_MAX
    for (let look = 0; look < 100; look++) {
      machine.handleNeighbours(many(1_000))
      greeted += foundBy(machine).length
    }
    expect(greeted).toBe(NEIGHBOURS_MAX)
  })
})

test('two peers of a group find each other however many strangers there are, whichever beacons are lost', () => {
  const property = fc.property(fc.nat(), (start) => {
    seed = start
    const random = new SeededRandom(start)
    const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']
    const keys = [[KEY], [KEY], [FOREIGN], []]
    const machines = keys.map((own) => machineOf({ keys: own }))
    for (const [at, machine] of machines.entries())
      machine.handleAddresses([{ ...ETH, host: hosts[at]! }], random.below(5_000))
    const met = new Set<string>()
    for (let nowMs = 0; nowMs < 300_000; nowMs += 500)
      for (const [from, machine] of machines.entries()) {
        machine.handleTimeout(nowMs)
        for (const { bytes } of beaconsOf(machine))
          for (const [to, other] of machines.entries()) {
            if (random.next() < 0.5) continue
            other.handleBeacon(hosts[from]!, bytes, nowMs)
            for (const { host } of foundBy(other)) met.add(`${to} ${hosts.indexOf(host)}`)
          }
      }
    expect([met.has('0 1'), met.has('1 0')]).toEqual([true, true])
    expect([...met].filter((pair) => /^[01] [23]/.test(pair))).toEqual([])
  })
  fc.assert(property, { numRuns: 20 })
})
