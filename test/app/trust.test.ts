import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PeerEvent } from '../../src/app/events.js'
import { PinnedTrust } from '../../src/app/trust.js'
import { Pins } from '../../src/seal/pins.js'
import type { Party, Trust, Verdict } from '../../src/seal/trust.js'
import { temporaryFolder } from '../io/temporary-folder.js'

const OWN = '0a'.repeat(32)
const KEY = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)
const STATIC = new Uint8Array(32).fill(7)
const OWN_ID = '00000000000000aa'
const ID = '00000000000000bb'
const NAMED = '10.0.0.1:22001'
const ELSEWHERE = '10.9.9.9:4000'
const FOUND = '10.0.0.8:22001'

let pins: Pins
let events: PeerEvent[]
let trust: PinnedTrust
beforeEach(() => {
  pins = new Pins(join(temporaryFolder(), 'left', 'trusted-peers'))
  events = []
  trust = start()
})

afterEach(() => pins.settled())

/** As a peer does: with what is in the file, and nothing in memory. */
function start(hasSecret = false): PinnedTrust {
  return new PinnedTrust({
    pins,
    own: OWN,
    ownStatic: STATIC,
    peerId: OWN_ID,
    policy: 'first-use',
    hasSecret,
    isNamed: (address) => address === NAMED,
    isFound: (address) => address === FOUND,
    nameOf: (address) => address,
    onEvent: (event) => events.push(event),
  })
}

/** How a handshake asks. */
function meet(
  key: string,
  peerId: string,
  address: string,
  by: Trust = trust,
  staticKey = STATIC,
): Verdict | 'another’s id' {
  const party: Party = { fingerprint: key, address }
  const verdict = by.judge(party)
  if (verdict === 'removed' || verdict === 'changed' || verdict === 'stranger') {
    by.handleRefused(party, verdict)
    return verdict
  }
  const shown = { peerId, staticKey }
  if (!by.mayShow(party, shown)) return 'another’s id'
  by.handleProved(party, verdict, shown)
  return verdict
}

const refusals = () => events.flatMap((event) => (event.event === 'refused' ? [event.reason] : []))

/** Until what was said in memory is in the file. */
const written = () => pins.trust(OWN, {})

describe('an address that only a tracker named', () => {
  test('trusts nobody for being there, with a secret or without', () => {
    expect(meet(KEY, ID, ELSEWHERE)).toBe('stranger')
    expect(pins.ofFingerprint(KEY)).toBeUndefined()
    expect(start(true).judge({ fingerprint: KEY, address: ELSEWHERE })).toBe('secret')
  })

  test('is not pinned with a key that holds the secret, and refuses no other one there later', () => {
    expect(meet(KEY, ID, ELSEWHERE, start(true))).toBe('secret')
    expect(pins.ofFingerprint(KEY)?.addresses).toEqual([])
    expect(pins.ofAddress(ELSEWHERE)).toBeUndefined()
    expect(meet(OTHER, '00000000000000cc', ELSEWHERE, start(true))).toBe('secret')
  })
})

describe('a peer id', () => {
  test('belongs to the first key that showed it, also after a restart, and both keys are named', async () => {
    await pins.trust(OTHER, {})
    expect(meet(KEY, ID, NAMED)).toBe('first-use')
    expect(meet(OTHER, ID, ELSEWHERE)).toBe('another’s id')
    await written()
    pins = new Pins(pins.file)
    expect(meet(OTHER, ID, ELSEWHERE, start())).toBe('another’s id')
    expect(meet(OTHER, '00000000000000cc', ELSEWHERE)).toBe('trusted')
    expect(refusals()).toHaveLength(2)
    for (const word of [KEY, OTHER, ID, `left trust --remove ${KEY}`]) expect(refusals()[0]).toContain(word)
  })

  test('that another key shows pins nobody', () => {
    expect(meet(OWN, ID, ELSEWHERE)).toBe('trusted')
    expect(meet(KEY, ID, NAMED)).toBe('another’s id')
    expect(pins.ofFingerprint(KEY)).toBeUndefined()
  })

  test('is one of many that a key may show', () => {
    for (const peerId of [ID, '00000000000000cc', '00000000000000dd'])
      expect(meet(KEY, peerId, NAMED)).not.toBe('another’s id')
  })

  test('is free when its key is removed', async () => {
    meet(KEY, ID, NAMED)
    await pins.trust(OTHER, {})
    await pins.remove(KEY)
    expect(meet(OTHER, ID, ELSEWHERE)).toBe('trusted')
    await pins.trust(KEY, {})
    expect(meet(KEY, ID, NAMED)).toBe('another’s id')
  })

  test('goes over to a key that was refused as changed at its address, when a person trusts that', async () => {
    meet(KEY, ID, NAMED)
    expect(meet(OTHER, ID, NAMED)).toBe('changed')
    await pins.trust(OTHER, {})
    expect(meet(OTHER, ID, NAMED)).toBe('trusted')
    expect(meet(KEY, ID, ELSEWHERE)).toBe('another’s id')
  })

  test('does not go over to a key that was trusted already when it was refused at that address', async () => {
    meet(KEY, ID, NAMED)
    await pins.trust(OTHER, {})
    // The handshake required the key that is pinned there.
    trust.handleRefused({ fingerprint: OTHER, address: NAMED }, 'changed')
    expect(meet(OTHER, ID, ELSEWHERE)).toBe('another’s id')
    expect(events.at(-2)).toMatchObject({ event: 'key-changed', fingerprint: OTHER, pinned: KEY })
  })

  test('of our own is not bound to whoever shows it', () => {
    expect(meet(KEY, OWN_ID, NAMED)).toBe('first-use')
    expect(pins.ownerOf(OWN_ID)).toBeUndefined()
  })
})

describe('our own key, which another machine holds too,', () => {
  test('is known at the address where it was met, and another key there is refused, also after a restart', async () => {
    expect(meet(OWN, ID, NAMED)).toBe('trusted')
    expect(trust.keyAt(NAMED)).toBe(OWN)
    expect(meet(KEY, '00000000000000cc', NAMED)).toBe('changed')
    await written()
    pins = new Pins(pins.file)
    trust = start()
    expect([trust.keyAt(NAMED), trust.staticOf(OWN)]).toEqual([OWN, STATIC])
    expect(meet(KEY, '00000000000000cc', NAMED)).toBe('changed')
  })

  test('is pinned at named addresses only, and gives way to a key that a person trusts there', async () => {
    expect(meet(OWN, ID, ELSEWHERE)).toBe('trusted')
    expect(trust.keyAt(ELSEWHERE)).toBeUndefined()
    meet(OWN, ID, NAMED)
    await pins.trust(KEY, {})
    expect(meet(KEY, '00000000000000cc', NAMED)).toBe('trusted')
    expect(trust.keyAt(NAMED)).toBe(KEY)
    expect(meet(OWN, ID, ELSEWHERE)).toBe('trusted')
  })
})

describe('a removed key', () => {
  test('is refused where whoever is unknown would be trusted, and the way back is named once', async () => {
    meet(KEY, ID, NAMED)
    await pins.remove(KEY)
    expect([trust.isTrusted(KEY), meet(KEY, ID, NAMED), meet(KEY, ID, NAMED)]).toEqual([
      false,
      'removed',
      'removed',
    ])
    expect(refusals()).toEqual([expect.stringContaining(`left trust ${KEY}`)])
    await pins.trust(KEY, {})
    expect([trust.isTrusted(KEY), meet(KEY, ID, NAMED)]).toEqual([true, 'trusted'])
  })

  test('is refused with the shared secret too', async () => {
    const withSecret = start(true)
    expect(meet(KEY, ID, ELSEWHERE, withSecret)).toBe('secret')
    await pins.remove(KEY)
    expect(meet(KEY, ID, ELSEWHERE, withSecret)).toBe('removed')
  })

  test('leaves an address where no other key is trusted for where it is, until a person names one', async () => {
    meet(KEY, ID, NAMED)
    await pins.remove(KEY)
    expect(meet(OTHER, ID, NAMED)).toBe('changed')
    expect(events.at(-1)).toMatchObject({ event: 'key-changed', fingerprint: OTHER, pinned: KEY })
    await pins.trust(OTHER, {})
    expect(meet(OTHER, ID, NAMED)).toBe('trusted')
  })

  test('is not pinned by a handshake that was judged before', async () => {
    meet(KEY, ID, NAMED)
    await written()
    await new Pins(pins.file).remove(KEY)
    trust.handleProved({ fingerprint: KEY, address: NAMED }, 'first-use', { peerId: ID, staticKey: STATIC })
    await written()
    expect(trust.isTrusted(KEY)).toBe(false)
  })
})

describe('a static key', () => {
  const other = new Uint8Array(32).fill(8)

  test('is pinned with the first handshake of its key, also of one that was trusted before there were any', async () => {
    await pins.trust(KEY, {})
    expect(trust.staticOf(KEY)).toBeUndefined()
    expect(meet(KEY, ID, NAMED)).toBe('trusted')
    expect(trust.staticOf(KEY)).toEqual(STATIC)
    await written()
    expect(new Pins(pins.file).staticOf(KEY)).toBe('07'.repeat(32))
    expect(trust.idsOf(KEY)).toEqual([ID])
  })

  test('that is another than the pinned one is refused, once said, until the key is removed and trusted again', async () => {
    meet(KEY, ID, NAMED)
    for (let count = 0; count < 2; count++) expect(meet(KEY, ID, NAMED, trust, other)).toBe('another’s id')
    expect(refusals()).toHaveLength(1)
    expect(refusals()[0]).toContain(KEY)
    await pins.remove(KEY)
    await pins.trust(KEY, {})
    expect(meet(KEY, ID, NAMED, trust, other)).toBe('trusted')
  })

  test('of our own key is our own', () => {
    expect(trust.staticOf(OWN)).toEqual(STATIC)
    expect(meet(OWN, ID, ELSEWHERE, trust, other)).toBe('another’s id')
  })
})

test('a wrong secret is told once for each address', () => {
  for (const address of [NAMED, NAMED, ELSEWHERE]) trust.handleWrongGuess(address)
  expect(refusals()).toHaveLength(2)
  expect(refusals()[0]).toContain('--secret-file')
})

describe('an address that was only found', () => {
  test('is no reason to trust: an unknown key there is a stranger, and nothing is pinned', () => {
    expect(meet(KEY, ID, FOUND)).toBe('stranger')
    expect(pins.list()).toEqual([])
    expect(refusals()[0]).toContain('its key is not trusted')
    // The same key at an address of --ip is pinned.
    expect(meet(KEY, ID, NAMED)).toBe('first-use')
  })

  test('lets a pinned key in, and whoever is to show the secret', async () => {
    await pins.trust(KEY, {})
    expect(meet(KEY, ID, FOUND)).toBe('trusted')
    expect(meet(OTHER, '00000000000000cc', FOUND, start(true))).toBe('secret')
  })

  test('is not kept with the pin: others have it tomorrow', async () => {
    meet(OTHER, ID, FOUND, start(true))
    await pins.trust(KEY, {})
    meet(KEY, '00000000000000cc', FOUND)
    expect(pins.list().flatMap(({ addresses }) => addresses)).toEqual([])
    expect(trust.keyAt(FOUND)).toBeUndefined()
  })

  test('is asked for each key that is known, the one that was met there first', async () => {
    await pins.trust(KEY, {})
    await pins.bindStatic(KEY, '07'.repeat(32))
    await pins.trust(OTHER, { address: FOUND })
    // Without a static key there is nothing to ask by that hides who asks.
    expect(trust.trialsAt(FOUND)).toEqual([KEY, OWN])
    await pins.bindStatic(OTHER, '08'.repeat(32))
    expect(trust.trialsAt(FOUND)).toEqual([OTHER, KEY, OWN])
    expect([trust.trialsAt(NAMED), trust.trialsAt(ELSEWHERE)]).toEqual([undefined, undefined])
  })
})
