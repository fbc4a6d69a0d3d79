import { beforeEach, describe, expect, test } from 'vitest'
import { BARRED_MS, HOLDING_MS, HOLDING_MS_MAX } from '../../../../src/engine/receive/swarm/limits.js'
import { Partners } from '../../../../src/engine/receive/swarm/partners.js'

const PEER = 1

let partners: Partners
beforeEach(() => {
  partners = new Partners()
})

/** When it is asked next, looking from `nowMs` on; undefined where not within two of the longest delays. */
function nextAskMs(nowMs: number): number | undefined {
  for (let atMs = nowMs; atMs <= nowMs + 2 * Math.max(HOLDING_MS_MAX, BARRED_MS); atMs++)
    if (partners.isDue(PEER, atMs)) return atMs
  return undefined
}

describe('a peer', () => {
  test('is asked at once, and not again before it has answered', () => {
    expect(partners.isDue(PEER, 0)).toBe(true)
    partners.handleAsked(PEER)
    expect(nextAskMs(0)).toBeUndefined()
  })

  test('that holds some of it is asked often', () => {
    for (const nowMs of [0, 1_000, 5_000]) {
      expect(partners.handleHolding(PEER, false, nowMs)).toBe(true)
      expect(nextAskMs(nowMs)).toBe(nowMs + HOLDING_MS)
    }
  })

  test('that holds all of it is never asked again', () => {
    partners.handleHolding(PEER, true, 0)
    expect(nextAskMs(0)).toBeUndefined()
  })

  test('that has nothing is asked ever more rarely, up to a limit', () => {
    const delays: number[] = []
    for (let nowMs = 0, count = 0; count < 8; count++) {
      partners.handleNothing(PEER, nowMs)
      const atMs = nextAskMs(nowMs)!
      delays.push(atMs - nowMs)
      nowMs = atMs
    }
    expect(delays.slice(0, 3)).toEqual([HOLDING_MS, 2 * HOLDING_MS, 4 * HOLDING_MS])
    expect(delays.at(-1)).toBe(HOLDING_MS_MAX)
    expect(Math.max(...delays)).toBe(HOLDING_MS_MAX)
  })

  test('that has some by now is asked often again', () => {
    for (let count = 0; count < 8; count++) partners.handleNothing(PEER, 0)
    partners.handleHolding(PEER, false, 10)
    partners.handleNothing(PEER, 20)
    expect(nextAskMs(20)).toBe(20 + HOLDING_MS)
  })

  test('that had not what it said is not believed for a while, whatever it says', () => {
    partners.bar(PEER, 0)
    expect(partners.isDue(PEER, BARRED_MS - 1)).toBe(false)
    expect(partners.handleHolding(PEER, false, BARRED_MS - 1)).toBe(false)
    expect(partners.handleHolding(PEER, false, BARRED_MS)).toBe(true)
  })

  test('that comes back in another session is asked at once', () => {
    partners.bar(PEER, 0)
    partners.handleClosed(PEER)
    expect(partners.isDue(PEER, 0)).toBe(true)
  })
})
