import { describe, expect, test } from 'vitest'
import { TRACKED_MAX, TRACKED_PER_SOURCE_MAX } from '../../src/app/limits.js'
import { factsOf, TrackedPeers } from '../../src/app/tracked-peers.js'
import { hexOf, utf8 } from '../../src/base/bytes.js'
import type { EngineEvent } from '../../src/engine/engine.js'
import { groupKeysOf } from '../../src/seal/group-keys.js'

const HERE = '10.0.0.1:22001'
const NAMED = '10.0.0.2:22001'
const OWN = '10.0.0.3:22001'

function trackedPeers() {
  const calls: string[] = []
  const found = new TrackedPeers({
    isNamed: (address) => address === NAMED,
    isUnusable: (address) => address === OWN,
    connect: (address) => calls.push(`+${address}`),
    disconnect: (address) => calls.push(`-${address}`),
  })
  const handle = (event: 'connected' | 'disconnected', address: string) =>
    found.handle({ event, address } as EngineEvent)
  return { found, calls, handle }
}

const address = (index: number) => `10.1.${index >> 8}.${index & 255}:1`

describe('an address that a tracker told', () => {
  test('is called once, whoever names it, and until nobody does', () => {
    const { found, calls } = trackedPeers()
    found.add(HERE, 'tracker 1')
    found.add(HERE, 'tracker 1')
    found.add(HERE, 'tracker 2')
    expect(calls).toEqual([`+${HERE}`])
    found.remove(HERE, 'tracker 1')
    found.remove(HERE, 'tracker 1')
    expect(found.has(HERE)).toBe(true)
    found.remove(HERE, 'tracker 2')
    expect(found.has(HERE)).toBe(false)
    expect(calls).toEqual([`+${HERE}`, `-${HERE}`])
  })

  test('stays while there is a session with it, and goes when that is over', () => {
    const { found, calls, handle } = trackedPeers()
    found.add(HERE, 'tracker')
    handle('connected', HERE)
    found.remove(HERE, 'tracker')
    expect(found.has(HERE)).toBe(true)
    expect(found.machines()).toHaveLength(1)
    handle('disconnected', HERE)
    expect(found.has(HERE)).toBe(false)
    expect(calls).toEqual([`+${HERE}`, `-${HERE}`])
  })

  test('is neither called nor given up where a person named it, and never where it is our own', () => {
    const { found, calls } = trackedPeers()
    for (const each of [NAMED, OWN]) found.add(each, 'tracker')
    expect(found.machines()).toEqual([])
    expect(found.has(OWN)).toBe(false)
    found.remove(NAMED, 'tracker')
    expect(calls).toEqual([])
  })

  test('is one machine with others of the same id', () => {
    const { found } = trackedPeers()
    const keys = groupKeysOf(utf8('left-00000000-secret'))
    const member = hexOf(keys.memberOf('00112233445566aa'))
    found.add(HERE, 'tracker', member)
    found.add('[2001:db8::1]:22001', 'tracker', member)
    found.add('10.0.0.9:22001', 'lan')
    expect(found.machines()).toEqual([
      { addresses: [HERE, '[2001:db8::1]:22001'], member },
      { addresses: ['10.0.0.9:22001'], member: undefined },
    ])
    const [machine, other] = found.machines().map((each) => factsOf(each, [keys]))
    expect(machine!.isPeer('00112233445566aa')).toBe(true)
    expect(machine!.isPeer('00112233445566bb')).toBe(false)
    expect(other!.isPeer('00112233445566aa')).toBe(false)
  })

  test('is one of so many of a source, and of all, and there is room again when one is gone', () => {
    const { found, calls } = trackedPeers()
    for (let index = 0; index <= TRACKED_PER_SOURCE_MAX; index++) found.add(address(index), 'liar')
    expect(calls).toHaveLength(TRACKED_PER_SOURCE_MAX)
    found.remove(address(0), 'liar')
    found.add(address(TRACKED_PER_SOURCE_MAX), 'liar')
    expect(found.has(address(TRACKED_PER_SOURCE_MAX))).toBe(true)
    for (let index = 1_000; index < 1_000 + TRACKED_MAX; index++)
      found.add(address(index), `source ${index % 8}`)
    expect(found.machines()).toHaveLength(TRACKED_MAX)
  })
})
