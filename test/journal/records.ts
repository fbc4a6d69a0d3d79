// Records of the log for its tests.

import fc from 'fast-check'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import type { BlockRun, JournalRecord } from '../../src/journal/record.js'
import type { Entry } from '../../src/share/entry.js'
import { arbitraryEntry, arbitraryPath, digestOf } from '../share/entries.js'

const arbitraryDigest = fc.nat(5).map(digestOf)
const arbitraryPlace = fc.oneof(arbitraryPath, fc.constantFrom('a', 'b', 'c'))

const arbitraryRuns: fc.Arbitrary<BlockRun[]> = fc.array(
  fc.tuple(fc.nat(20), fc.nat(5)).map(([first, more]) => ({ first, last: first + more })),
  { minLength: 1, maxLength: 4 },
)

export const arbitraryRecord: fc.Arbitrary<JournalRecord<Entry>> = fc.oneof(
  fc.record({ kind: fc.constant('opened' as const), boot: fc.constantFrom('b-1', 'b-2') }),
  fc.record({
    kind: fc.constant('fetch' as const),
    digest: arbitraryDigest,
    sizeBytes: fc.nat(20 * BLOCK_BYTES),
    path: arbitraryPlace,
  }),
  fc.record({ kind: fc.constant('blocks' as const), digest: arbitraryDigest, runs: arbitraryRuns }),
  fc.record({
    kind: fc.constant('placing' as const),
    entry: fc.tuple(arbitraryEntry, arbitraryPlace).map(([entry, path]) => ({ ...entry, path })),
    replaces: fc.oneof(arbitraryDigest, fc.constant('')),
  }),
  fc.record({
    kind: fc.constant('placed' as const),
    paths: fc.array(arbitraryPlace, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('unsynced' as const),
    digest: fc.oneof(arbitraryDigest, fc.constant('')),
    path: arbitraryPlace,
  }),
  fc.record({ kind: fc.constant('unplaced' as const), path: arbitraryPlace }),
  fc.record({ kind: fc.constant('dropped' as const), digest: arbitraryDigest }),
  fc.constant({ kind: 'checkpoint' as const }),
)
