import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VERSION_COUNT_MAX, VERSION_PEERS_MAX } from '../../src/share/limits.js'
import { bumpVersion, checkVersion, compareVersions, joinVersions } from '../../src/share/version.js'
import { arbitraryVersion, PEERS, versionOf } from './entries.js'

const peerNumber = (number: number) => number.toString(16).padStart(16, '0')
const wideVersion = fc
  .dictionary(fc.nat(99).map(peerNumber), fc.integer({ min: 1, max: 1000 }), { maxKeys: VERSION_PEERS_MAX })
  .map((counts) =>
    Object.entries(counts)
      .map(([peer, count]) => `${peer}:${count}`)
      .sort()
      .join(','),
  )

describe('versions', () => {
  test('an edit makes a version that is after what it was made on', () => {
    fc.assert(
      fc.property(arbitraryVersion, fc.constantFrom(...PEERS), (version, peer) => {
        const edited = bumpVersion(version, peer)
        expect(checkVersion(edited)).toBe(true)
        expect(compareVersions(edited, version)).toBe('after')
        expect(compareVersions(version, edited)).toBe('before')
      }),
    )
  })

  test('two edits of one version are concurrent', () => {
    expect(compareVersions(versionOf(0, 1), versionOf(0, 2))).toBe('concurrent')
    expect(compareVersions(versionOf(0, 0), versionOf(0, 1))).toBe('concurrent')
  })

  test('counts are compared as numbers', () => {
    expect(compareVersions(`${PEERS[0]}:10`, `${PEERS[0]}:9`)).toBe('after')
  })

  test('the join is the least version that has seen both', () => {
    fc.assert(
      fc.property(arbitraryVersion, arbitraryVersion, arbitraryVersion, (left, right, other) => {
        const joined = joinVersions(left, right)
        expect(['equal', 'after']).toContain(compareVersions(joined, left))
        expect(['equal', 'after']).toContain(compareVersions(joined, right))
        const seesBoth = [left, right].every(
          (one) => !['before', 'concurrent'].includes(compareVersions(other, one)),
        )
        if (seesBoth) expect(['equal', 'after']).toContain(compareVersions(other, joined))
      }),
    )
  })

  test('joining is commutative, associative and idempotent, past the most peers too', () => {
    fc.assert(
      fc.property(wideVersion, wideVersion, wideVersion, (a, b, c) => {
        expect(joinVersions(a, b)).toBe(joinVersions(b, a))
        expect(joinVersions(joinVersions(a, b), c)).toBe(joinVersions(a, joinVersions(b, c)))
        expect(joinVersions(a, a)).toBe(a)
        expect(joinVersions(joinVersions(a, b), b)).toBe(joinVersions(a, b))
        expect(checkVersion(joinVersions(a, b))).toBe(true)
      }),
    )
  })

  test('comparing either way agrees', () => {
    const mirrored = { equal: 'equal', before: 'after', after: 'before', concurrent: 'concurrent' }
    fc.assert(
      fc.property(wideVersion, wideVersion, (a, b) => {
        expect(compareVersions(b, a)).toBe(mirrored[compareVersions(a, b)])
      }),
    )
  })

  test('a version of the most peers still takes the edit of another', () => {
    const full = Array.from({ length: VERSION_PEERS_MAX }, (_, index) => `${peerNumber(index)}:2`).join(',')
    expect(checkVersion(full)).toBe(true)
    expect(checkVersion(`${full},${peerNumber(VERSION_PEERS_MAX)}:2`)).toBe(false)
    const edited = bumpVersion(full, PEERS[0])
    expect(checkVersion(edited)).toBe(true)
    expect(edited).toContain(`${PEERS[0]}:1`)
  })

  test('a count at its limit stays there', () => {
    const last = `${PEERS[0]}:${VERSION_COUNT_MAX}`
    expect(checkVersion(last)).toBe(true)
    expect(checkVersion(`${PEERS[0]}:${VERSION_COUNT_MAX + 1}`)).toBe(false)
    expect(bumpVersion(last, PEERS[0])).toBe(last)
  })

  test.each([
    ['a peer too short', 'aaaa:1'],
    ['capitals', 'AAAAAAAAAAAAAAAA:1'],
    ['a count of zero', `${PEERS[0]}:0`],
    ['a leading zero', `${PEERS[0]}:01`],
    ['no count', `${PEERS[0]}:`],
    ['an exponent', `${PEERS[0]}:1e3`],
    ['peers out of order', `${PEERS[1]}:1,${PEERS[0]}:1`],
    ['one peer twice', `${PEERS[0]}:1,${PEERS[0]}:2`],
    ['an empty part', `${PEERS[0]}:1,`],
    ['a line end', `${PEERS[0]}:1\n`],
  ])('refuses %s', (_, text) => {
    expect(checkVersion(text)).toBe(false)
  })
})
