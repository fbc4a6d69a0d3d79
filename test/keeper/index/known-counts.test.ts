import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KnownCounts } from '../../../src/keeper/index/known-counts.js'
import { KNOWS_PEERS_MAX } from '../../../src/keeper/index/limits.js'
import { dotOf, FORMAT1_PREFIX, foldSeen, peerOf, uniteSeen } from '../../../src/share/dots.js'

const OWN = 'f'.repeat(16)
const authorAt = (at: number) => `e${at.toString(16).padStart(15, '0')}`

describe('the highest counts of authors', () => {
  test('are those of the latest authors, however the edits come, and told when they have changed', () => {
    const arbitraryDot = fc
      .tuple(fc.nat(2 * KNOWS_PEERS_MAX), fc.integer({ min: 1, max: 60 }))
      .map(([author, count]) => dotOf(author === 0 ? OWN : authorAt(author), count))
    fc.assert(
      fc.property(fc.array(fc.array(arbitraryDot, { maxLength: 40 }), { maxLength: 6 }), (rounds) => {
        const known = new KnownCounts()
        let all = ''
        for (const dots of rounds) {
          const before = known.seen
          for (const dot of dots) {
            known.handleSeen(dot)
            all = uniteSeen(all, dot)
          }
          expect(known.seen).toBe(foldSeen(all, [], KNOWS_PEERS_MAX).seen)
          const ofOthers = (seen: string) => seen.split(',').filter((dot) => peerOf(dot) !== OWN)
          const isChanged = ofOthers(known.seen).some((dot) => !ofOthers(before).includes(dot))
          expect(known.take(OWN)).toBe(isChanged ? known.seen : undefined)
          expect(known.take(OWN)).toBeUndefined()
        }
      }),
    )
  })

  test(`are of ${KNOWS_PEERS_MAX} authors at most`, () => {
    const known = new KnownCounts()
    for (let at = 1; at <= KNOWS_PEERS_MAX; at++) known.handleSeen(dotOf(authorAt(at), at + 1))
    expect(known.seen.split(',')).toHaveLength(KNOWS_PEERS_MAX)
    known.handleSeen(dotOf(authorAt(KNOWS_PEERS_MAX + 1), 1))
    expect(known.seen).not.toContain(authorAt(KNOWS_PEERS_MAX + 1))
    known.handleSeen(dotOf(authorAt(KNOWS_PEERS_MAX + 1), 3))
    expect(known.seen.split(',')).toHaveLength(KNOWS_PEERS_MAX)
    expect(known.seen).toContain(authorAt(KNOWS_PEERS_MAX + 1))
    expect(known.seen).not.toContain(authorAt(1))
  })

  test('have none of the dots that stand for version vectors of format 1', () => {
    const known = new KnownCounts()
    known.handleSeen(dotOf(`${FORMAT1_PREFIX}0abcdef1`, 1))
    expect(known.seen).toBe('')
    expect(known.take(OWN)).toBeUndefined()
    known.handleSeen(dotOf(`${FORMAT1_PREFIX}0abcdef1`, 2))
    expect(known.seen).toBe(dotOf(`${FORMAT1_PREFIX}0abcdef1`, 2))
  })
})
