import { beforeEach, describe, expect, test } from 'vitest'
import { BARRED_MS, HOLDING_MS, HOLDING_MS_MAX } from '../../../../src/engine/receive/swarm/limits.js'
import { PeerAvailability } from '../../../../src/engine/receive/swarm/peer-availability.js'

const PEER = 1

let availability: PeerAvailability
beforeEach(() => {
  availability = new PeerAvailability()
})

/** When it is asked next, looking from `nowMs` on; undefined where not within two of the longest delays. */
function nextAskMs(nowMs: number): number | undefined {
  for (let atMs = nowMs; atMs <= nowMs + 2 * Math.max(HOLDING_MS_MAX, BARRED_MS); atMs++)
    if (availability.isDue(PEER, atMs)) return atMs
  return undefined
}

describe('a peer', () => {
  test('is asked at once, and not again before it has answered', () => {
    expect(availability.isDue(PEER, 0)).toBe(true)
    availability.handleAsked(PEER)
    expect(nextAskMs(0)).toBeUndefined()
  })

  test('that holds some of it is asked often', () => {
    for (const nowMs of [0, 1_000, 5_000]) {
      expect(availability.handleHolding(PEER, false, nowMs)).toBe(true)
      expect(nextAskMs(nowMs)).toBe(nowMs + HOLDING_MS)
    }
  })

  test('that holds all of it is never asked again', () => {
    availability.handleHolding(PEER, true, 0)
    expect(nextAskMs(0)).toBeUndefined()
  })

  test('that has nothing is asked ever more rarely, up to a limit', () => {
    const delays: number[] = []
    for (let nowMs = 0, count = 0; count < 8; count++) {
      availability.handleNothing(PEER, nowMs)
      const atMs = nextAskMs(nowMs)!
      delays.push(atMs - nowMs)
      nowMs = atMs
    }
    expect(delays.slice(0, 3)).toEqual([HOLDING_MS, 2 * HOLDING_MS, 4 * HOLDING_MS])
    expect(delays.at(-1)).toBe(HOLDING_MS_MAX)
    expect(Math.max(...delays)).toBe(HOLDING_MS_MAX)
  })

  test('that has some by now is asked often again', () => {
    for (let count = 0; count < 8; count++) availability.handleNothing(PEER, 0)
    availability.handleHolding(PEER, false, 10)
    availability.handleNothing(PEER, 20)
    expect(nextAskMs(20)).toBe(20 + HOLDING_MS)
  })

  test('that had not what it said is not believed for a while, whatever it says', () => {
    availability.bar(PEER, 0)
    expect(availability.isDue(PEER, BARRED_MS - 1)).toBe(false)
    expect(availability.handleHolding(PEER, false, BARRED_MS - 1)).toBe(false)
    expect(availability.handleHolding(PEER, false, BARRED_MS)).toBe(true)
  })

  test('that comes back in another session is asked at once', () => {
    availability.bar(PEER, 0)
    availability.handleClosed(PEER)
    expect(availability.isDue(PEER, 0)).toBe(true)
  })
})
