import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide } from '../../src/share/decide.js'
import { dotOf, dotsOf, FORMAT1_PREFIX, holds, peerOf, SEEN_PEERS_MAX } from '../../src/share/dots.js'
import { editContent } from '../../src/share/edit.js'
import type { Entry } from '../../src/share/entry.js'
import { decodeEntry, encodeEntry } from '../../src/share/entry-line.js'
import { lineOfFormat1 } from '../../src/share/format1.js'
import { arbitraryEntry, digestOf, PEERS } from './entries.js'
import { compareVersions } from './explorer/version-vectors.js'

const [A, B] = PEERS
const DIGEST = '0f'.repeat(32)
/** When format 2 is in use. */
const CLOCK = 1_900_000_000 * 2 ** 16
const NO_CHILDREN = { folderHasLiveChildren: false }

/** Translates a line that must be one of format 1. */
function translated(line: string): Entry {
  const entry = decodeEntry(lineOfFormat1(line) ?? '')
  if (!entry.ok) throw new Error(`${line}: ${entry.reason}`)
  return entry.value
}

function fileOf(vector: string, content: number, mtimeMs = 1_700_000_000_000): Entry {
  return translated(`f 5 ${mtimeMs} ${digestOf(content)} ${vector} a`)
}

/** Counts per path, as format 1 had them: a peer's first edit of a path has count 1. */
const arbitraryVector = fc
  .array(fc.nat(3), { minLength: PEERS.length, maxLength: PEERS.length })
  .filter((counts) => counts.some((count) => count > 0))
  .map((counts) =>
    counts.flatMap((count, peer) => (count === 0 ? [] : [dotOf(PEERS[peer]!, count)])).join(','),
  )

describe('a line of format 1', () => {
  // Lines as the encoder of format 1 wrote them, and how each is said today.
  test.each([
    [
      `f 5 1700000000000 ${DIGEST} ${A}:1 f/a.txt`,
      `f - 5 1700000000000 ${DIGEST} 000000006fb76f3c:1,${A}:1/0 f/a.txt`,
    ],
    [
      `x 5 -1 ${DIGEST} ${A}:12,${B}:3 f/run%20me`,
      `f -x 5 -1 ${DIGEST} 00000000d2d229ac:1,${A}:12,${B}:3/0 f/run%20me`,
    ],
    ['d 0 0 - - f', 'd - 0 0 - 000000007d11efbe:1/0 f'],
    [`l 0 0 - ${B}:7 f/line%0Aend a%20b`, `l - 0 0 - 0000000034a1382f:1,${B}:7/0 f/line%0Aend a%20b`],
    [`t 0 1700000000001 - ${A}:2 gone`, `t f 0 1700000000001 - 0000000012b283eb:1,${A}:2/0 gone`],
  ])('%s', (old, today) => {
    expect(encodeEntry(translated(old))).toBe(today)
    expect(decodeEntry(old).ok).toBe(false)
  })

  test('is told from every line of today', () => {
    fc.assert(
      fc.property(arbitraryEntry, (entry) => {
        expect(decodeEntry(lineOfFormat1(encodeEntry(entry)) ?? '').ok).toBe(false)
      }),
    )
  })

  test('may hold anything: nothing is thrown', () => {
    const field = fc.oneof(
      fc.constantFrom('f', 'x', 't', '-', '5', '0', `${A}:1`, DIGEST, ',', ''),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(field, { maxLength: 10 }), (fields) => {
        decodeEntry(lineOfFormat1(fields.join(' ')) ?? '')
      }),
    )
  })
})

describe('the version of an entry of format 1', () => {
  test('is the same wherever the same version of the same content was', () => {
    fc.assert(
      fc.property(arbitraryVector, fc.nat(2), (vector, content) => {
        expect(fileOf(vector, content).version).toEqual(fileOf(vector, content).version)
        expect(peerOf(fileOf(vector, content).version.content).startsWith(FORMAT1_PREFIX)).toBe(true)
        for (const dot of dotsOf(vector)) expect(holds(fileOf(vector, content).version.seen, dot)).toBe(true)
      }),
    )
  })

  test('stands to another one as their version vectors did', () => {
    fc.assert(
      fc.property(arbitraryVector, arbitraryVector, (left, right) => {
        const [local, remote] = [fileOf(left, 1), fileOf(right, 2)]
        const [here, there] = [decide(local, remote, NO_CHILDREN), decide(remote, local, NO_CHILDREN)]
        switch (compareVersions(left, right)) {
          case 'before':
            expect(here).toMatchObject({ type: 'take', entry: { digest: remote.digest } })
            expect(there).toMatchObject({ type: 'adopt', entry: { digest: remote.digest } })
            expect(here).toMatchObject({ entry: (there as { entry: Entry }).entry })
            break
          case 'after':
            expect(here).toMatchObject({ type: 'adopt', entry: { digest: local.digest } })
            expect(there).toMatchObject({ type: 'take', entry: { digest: local.digest } })
            break
          // One vector with two contents: a count that was given twice. Neither is lost.
          case 'equal':
          case 'concurrent':
            expect([here.type, there.type].sort()).toEqual(['conflict', 'keep'])
            expect([here, there]).toContainEqual({ type: 'keep', wins: true })
        }
      }),
    )
  })

  test('of an equal content ends as one entry on both sides, whichever vector they had', () => {
    const arbitraryTime = fc.constantFrom(1_700_000_000_000, 1_700_000_000_001)
    fc.assert(
      fc.property(arbitraryVector, arbitraryVector, arbitraryTime, arbitraryTime, (left, right, l, r) => {
        const [local, remote] = [fileOf(left, 1, l), fileOf(right, 1, r)]
        const settled = (ours: Entry, theirs: Entry): Entry => {
          const decision = decide(ours, theirs, NO_CHILDREN)
          expect(['keep', 'adopt']).toContain(decision.type)
          return decision.type === 'adopt' ? decision.entry : ours
        }
        expect(settled(local, remote)).toEqual(settled(remote, local))
      }),
    )
  })

  test('is replaced by an edit of today that was made on top of it or of a later one, and by no other', () => {
    fc.assert(
      fc.property(arbitraryVector, arbitraryVector, fc.constantFrom(...PEERS), (base, other, author) => {
        const content = { ...fileOf(base, 3), mtimeMs: 1_900_000_000_000 }
        const dot = dotOf(author, CLOCK)
        const edit = editContent(fileOf(base, 1), { path: 'a', content, mode: content, dot }).entry
        const decision = decide(fileOf(other, 2), edit, NO_CHILDREN)
        const order = compareVersions(other, base)
        // A count by clock holds every count of format 1 of its peer, also one that only others remember.
        const lost = dotsOf(other).every((seen) => holds(edit.version.seen, seen))
        expect(decision.type).toBe(order === 'before' || lost ? 'take' : 'conflict')
      }),
    )
  })

  test('of as many peers as there may be is not taken for seen by one that has not seen it', () => {
    const peers = Array.from({ length: SEEN_PEERS_MAX }, (_, index) => index.toString(16).padStart(16, 'c'))
    const vectorWith = (first: number, second: number) =>
      peers.map((peer, index) => dotOf(peer, index === 0 ? first : index === 1 ? second : 9)).join(',')
    const [left, right] = [vectorWith(1, 10), vectorWith(2, 9)]
    expect(compareVersions(left, right)).toBe('concurrent')
    const [local, remote] = [fileOf(left, 1), fileOf(right, 2)]
    const types = [decide(local, remote, NO_CHILDREN).type, decide(remote, local, NO_CHILDREN).type]
    expect(types.sort()).toEqual(['conflict', 'keep'])
  })
})
