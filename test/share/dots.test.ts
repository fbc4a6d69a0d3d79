import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  COUNT_MAX,
  COUNTS_PER_SECOND,
  decodeVersion,
  dotOf,
  dotsOf,
  encodeVersion,
  foldSeen,
  holds,
  holdsAll,
  nextCount,
  orderOfDots,
  relate,
  SEEN_PEERS_MAX,
  type Seen,
  uniteSeen,
} from '../../src/share/dots.js'

const [A, B, C] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc'] as const
const peerAt = (at: number) => at.toString(16).padStart(16, '0')

const arbitrarySeen: fc.Arbitrary<Seen> = fc
  .array(fc.record({ peer: fc.nat(5), count: fc.integer({ min: 1, max: 4 }) }), { maxLength: 8 })
  .map((dots) => dots.map(({ peer, count }) => dotOf(peerAt(peer), count)).reduce(uniteSeen, ''))

describe('what a vector has seen', () => {
  test('is each edit of a peer up to its count', () => {
    const seen = `${A}:3,${B}:10`
    expect([`${A}:3`, `${A}:1`, `${B}:9`].map((dot) => holds(seen, dot))).toEqual([true, true, true])
    expect([`${A}:4`, `${B}:11`, `${C}:1`].map((dot) => holds(seen, dot))).toEqual([false, false, false])
    expect(holds('', `${A}:1`)).toBe(false)
  })

  test('unites in any order to the same, which holds both', () => {
    fc.assert(
      fc.property(arbitrarySeen, arbitrarySeen, arbitrarySeen, (a, b, c) => {
        expect(uniteSeen(a, b)).toBe(uniteSeen(b, a))
        expect(uniteSeen(uniteSeen(a, b), c)).toBe(uniteSeen(a, uniteSeen(b, c)))
        expect(uniteSeen(a, a)).toBe(a)
        expect(holdsAll(uniteSeen(a, b), a) && holdsAll(uniteSeen(a, b), b)).toBe(true)
        expect(holdsAll(a, b) && holdsAll(b, a)).toBe(a === b)
      }),
    )
  })

  test('unites to the least that holds both', () => {
    fc.assert(
      fc.property(arbitrarySeen, arbitrarySeen, arbitrarySeen, (a, b, c) => {
        if (holdsAll(c, a) && holdsAll(c, b)) expect(holdsAll(c, uniteSeen(a, b))).toBe(true)
      }),
    )
  })

  test('has room for 64 peers; the smallest counts of a 65th go, are told, and are never those of the dots', () => {
    const dots = Array.from({ length: SEEN_PEERS_MAX + 1 }, (_, at) => dotOf(peerAt(at), at + 1))
    const full = dots.slice(1).join(',')
    expect(foldSeen(full, [dots[1]!])).toEqual({ seen: full, folded: '' })
    expect(foldSeen(dots.join(','), [dots[1]!])).toEqual({ seen: full, folded: dots[0] })
    const pinned = foldSeen(dots.join(','), [dots[0]!])
    expect(pinned.folded).toBe(dots[1])
    expect(dotsOf(pinned.seen)).toHaveLength(SEEN_PEERS_MAX)
  })
})

describe('two edits of one path', () => {
  test('replace each other by what they have seen', () => {
    expect(relate(`${A}:1`, `${A}:1`, `${A}:1`, `${A}:1`)).toBe('same')
    expect(relate(`${A}:1`, `${A}:1`, `${B}:1`, `${A}:1,${B}:1`)).toBe('replaced')
    expect(relate(`${B}:1`, `${A}:1,${B}:1`, `${A}:1`, `${A}:1`)).toBe('replaces')
    expect(relate(`${A}:1`, `${A}:1`, `${B}:1`, `${B}:1`)).toBe('concurrent')
  })

  test('that have seen each other are told apart by who has seen more, if anybody', () => {
    const both = `${A}:1,${B}:1`
    expect(relate(`${A}:1`, both, `${B}:1`, both)).toBe('settled')
    expect(relate(`${A}:1`, both, `${B}:1`, `${both},${C}:1`)).toBe('replaced')
    expect(relate(`${A}:1`, `${A}:2,${B}:1`, `${B}:1`, both)).toBe('replaces')
    expect(relate(`${A}:1`, `${A}:2,${B}:1`, `${B}:1`, `${both},${C}:1`)).toBe('settled')
  })

  test('are replaced the same from either side', () => {
    const mirrored = { same: 'same', replaces: 'replaced', replaced: 'replaces' } as Record<string, string>
    fc.assert(
      fc.property(arbitrarySeen, arbitrarySeen, fc.nat(), fc.nat(), (left, right, l, r) => {
        fc.pre(left !== '' && right !== '')
        const ours = dotsOf(left)[l % dotsOf(left).length]!
        const theirs = dotsOf(right)[r % dotsOf(right).length]!
        const relation = relate(ours, left, theirs, right)
        expect(relate(theirs, right, ours, left)).toBe(mirrored[relation] ?? relation)
      }),
    )
  })

  test('have an order: by count, then by peer', () => {
    expect(orderOfDots(`${B}:9`, `${A}:10`)).toBeLessThan(0)
    expect(orderOfDots(`${B}:9`, `${A}:9`)).toBeGreaterThan(0)
    expect(orderOfDots(`${A}:9`, `${A}:9`)).toBe(0)
  })
})

describe('the count of the next edit', () => {
  const now = 1_790_000_000

  test('goes with the clock, and past it where edits are many or the clock was ahead', () => {
    expect(nextCount(0, now, 7)).toBe(now * COUNTS_PER_SECOND + 7)
    expect(nextCount(now * COUNTS_PER_SECOND + 7, now, 7)).toBe(now * COUNTS_PER_SECOND + 8)
    expect(nextCount((now + 9e8) * COUNTS_PER_SECOND, now, 65_535)).toBe((now + 9e8) * COUNTS_PER_SECOND + 1)
  })

  test('is exact up to 2^53 - 1 and undefined after that', () => {
    expect(nextCount(COUNT_MAX - 1, now, 0)).toBe(COUNT_MAX)
    expect(nextCount(COUNT_MAX, now, 0)).toBeUndefined()
  })
})

describe('the text of a version', () => {
  const seen = `${A}:118003,${B}:118009`

  test.each([
    [`${seen}/1`, { content: `${B}:118009`, attributes: `${B}:118009`, seen }],
    [`${seen}/0.7/1`, { content: `${A}:7`, attributes: `${B}:118009`, seen }],
    [`${seen}/1/1.1`, { content: `${B}:118009`, attributes: `${B}:1`, seen }],
    [
      `${A}:${COUNT_MAX}/0`,
      { content: `${A}:${COUNT_MAX}`, attributes: `${A}:${COUNT_MAX}`, seen: `${A}:${COUNT_MAX}` },
    ],
  ])('%s', (text, version) => {
    expect(encodeVersion(version)).toBe(text)
    expect(decodeVersion(text)).toEqual({ ok: true, value: version })
  })

  test.each([
    ['', 'empty'],
    [seen, 'truncated'],
    [`${seen}/0/1/0`, 'trailing-bytes'],
    [`${seen}/2`, 'bad-field'],
    [`${seen}/0.118003`, 'bad-field'],
    [`${seen}/0.118004`, 'bad-field'],
    [`${seen}/0.0`, 'bad-field'],
    [`${seen}/0/0`, 'bad-field'],
    [`${seen}/00`, 'bad-field'],
    [`${seen}/`, 'bad-field'],
    [`${seen}/1/`, 'bad-field'],
    [`${B}:1,${A}:1/0`, 'bad-field'],
    [`${A}:1,${A}:2/0`, 'bad-field'],
    [`${A}:0/0`, 'bad-field'],
    [`${A}:01/0`, 'bad-field'],
    [`${A}:${2 ** 53}/0`, 'bad-field'],
    [`${A.toUpperCase()}:1/0`, 'bad-field'],
    ['/0', 'bad-field'],
    [`${A.slice(1)}:1/0`, 'bad-field'],
    [`${A}:/0`, 'bad-field'],
    [`${A}/0`, 'bad-field'],
    [`${A}:1e3/0`, 'bad-field'],
    [`${A}:1,/0`, 'bad-field'],
    [`${A}:1\n/0`, 'bad-field'],
    [`${A}:1/0\n`, 'bad-field'],
    [`${seen}/0.1e3`, 'bad-field'],
    [`${seen}/-1`, 'bad-field'],
  ])('%j is refused: %s', (text, reason) => {
    expect(decodeVersion(text)).toEqual({ ok: false, reason })
  })

  test('has room for 64 peers', () => {
    const dots = Array.from({ length: SEEN_PEERS_MAX + 1 }, (_, at) => dotOf(peerAt(at), at + 1))
    expect(decodeVersion(`${dots.slice(1).join(',')}/63`).ok).toBe(true)
    expect(decodeVersion(`${dots.join(',')}/63`).ok).toBe(false)
  })
})
