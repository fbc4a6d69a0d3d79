// More peers than call each other, whole ones in virtual time: what one of them writes comes to all through others, also
// when a third of them loses power in the middle.

import { beforeAll, describe, expect, test } from 'vitest'
import { Crowd } from '../../harness/crowd/crowd.js'
import { loadHash } from '../../src/io/hash.js'
import { ANSWER_MS, CALLED_MAX } from '../../src/peering/limits.js'
import { DEAD_MS } from '../../src/rdt/session/limits.js'
import { isLong } from '../length.js'

beforeAll(loadHash)

const SEED = 1
const SMALL = { path: 'small', content: 1, sizeBytes: 1_000 }
/** Six blocks, so that some of it can come from peers that do not have all of it. */
const LARGE = { path: 'large', content: 2, sizeBytes: 350_000 }
const HELD_MS_MAX = 60_000

function started(count: number): Crowd {
  const crowd = new Crowd({ count, seed: SEED, rateBitPerS: 100e6, delayMs: 5 })
  crowd.startAll(500)
  crowd.run(5_000)
  return crowd
}

describe.each(isLong ? [24, 100] : [24])(`a crowd of %i peers (seed ${SEED})`, (count) => {
  test('has a few sessions each, and passes on to all what one of them writes, also without a third of them', () => {
    const crowd = started(count)
    expect(crowd.isConnected).toBe(true)
    const sessions = crowd.sessionCounts()
    expect(Math.min(...sessions)).toBeGreaterThanOrEqual(CALLED_MAX)
    expect(sessions.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(2 * CALLED_MAX * count)

    crowd.write(0, SMALL)
    expect(crowd.runUntilHeld(HELD_MS_MAX)).toBe(true)

    const third = Array.from({ length: count }, (_, peer) => peer).filter((peer) => peer % 3 === 1)
    crowd.write(0, LARGE)
    crowd.run(150)
    expect(crowd.arrivedMs.size).toBeLessThan(count - third.length)
    crowd.lose(third)
    expect(crowd.runUntilHeld(HELD_MS_MAX)).toBe(true)

    // Who comes back has it too, from whomever it calls.
    crowd.run(DEAD_MS + 2 * ANSWER_MS)
    crowd.powerUp(third)
    crowd.write(0, { ...SMALL, path: 'later' })
    expect(crowd.runUntilHeld(HELD_MS_MAX)).toBe(true)
    for (const peer of third)
      expect(crowd.peers[peer]!.disk.contentOf(LARGE.path)).toHaveLength(LARGE.sizeBytes)
  })
})
