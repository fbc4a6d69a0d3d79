// What to do, after a process or a machine went down, with what the log says and what the disk holds: one
// row and one action for every combination. The keeper establishes the facts for each thing that the log or
// `.left/tmp` names, asks `recoveryOf`, and carries the action out. `README.md` shows the table.

import { assert } from '../base/assert.js'

/** What the log says of the thing, after replay.
 *  - `nothing`: no record names it; it is a file in `.left/tmp`
 *  - `fetching`: a `fetch` and perhaps `blocks`, asked for each claimed block (or once, where none is)
 *  - `placing`: a `placing` without a `placed`
 *  - `placed`: a `placed` after the last `checkpoint` */
export type Claim = 'nothing' | 'fetching' | 'placing' | 'placed'

/** A fact that no row of the claim mentions need not be established: give false. */
export interface RecoveryFacts {
  /** The record could be read: it was whole and its checksum right. */
  readonly recordIntact: boolean
  readonly claim: Claim
  /** `.left/tmp/<digest>` is there. */
  readonly temporaryExists: boolean
  /** Read back, the claimed block (`fetching`) or the whole temporary file (`placing`) has its digest. */
  readonly blockMatches: boolean
  /** Size and mtime of the file at the path are those of the entry. */
  readonly targetMatches: boolean
  /** What is at the path is still what `placing` says it replaces: nobody has edited it since. */
  readonly targetUntouched: boolean
  /** The index holds this version at this path. */
  readonly indexKnows: boolean
  /** The machine went down, not only the process: what was not synced may be missing or torn. */
  readonly unclean: boolean
}

export type RecoveryAction =
  /** Cut the log off at this record; `Journal` has done so. */
  | 'cut-log'
  /** Take the block (or the whole file) as not there and pull it again. */
  | 'fetch-again'
  /** The claim holds: go on with what is still missing. */
  | 'go-on'
  /** It is in place: record it in the index and as `placed`. */
  | 'finish-placing'
  /** The temporary file is whole and its place is as it was: rename it now, then `finish-placing`. */
  | 'place-again'
  /** Read the file at the path: if it has its digest, `finish-placing`; else it was torn or edited, which
   *  cannot be told apart: keep what is there as a conflict copy (nothing, if it is empty or gone), forget
   *  the entry and pull it again. */
  | 'verify-placed'
  | 'drop-temporary'
  | 'nothing'

export interface RecoveryRow {
  readonly name: string
  readonly when: Partial<RecoveryFacts>
  readonly action: RecoveryAction
}

export const RECOVERY_TABLE: readonly RecoveryRow[] = [
  { name: 'torn record', when: { recordIntact: false }, action: 'cut-log' },

  {
    name: 'temporary file that no record names',
    when: { recordIntact: true, claim: 'nothing', temporaryExists: true },
    action: 'drop-temporary',
  },
  {
    name: 'nothing said, nothing there',
    when: { recordIntact: true, claim: 'nothing', temporaryExists: false },
    action: 'nothing',
  },

  {
    name: 'fetched meanwhile by another way, pieces left',
    when: { recordIntact: true, claim: 'fetching', indexKnows: true, temporaryExists: true },
    action: 'drop-temporary',
  },
  {
    name: 'fetched meanwhile by another way',
    when: { recordIntact: true, claim: 'fetching', indexKnows: true, temporaryExists: false },
    action: 'nothing',
  },
  {
    name: 'pieces claimed, file gone',
    when: { recordIntact: true, claim: 'fetching', indexKnows: false, temporaryExists: false },
    action: 'fetch-again',
  },
  {
    name: 'claimed but not on the disk',
    when: {
      recordIntact: true,
      claim: 'fetching',
      indexKnows: false,
      temporaryExists: true,
      blockMatches: false,
    },
    action: 'fetch-again',
  },
  {
    name: 'claimed and on the disk',
    when: {
      recordIntact: true,
      claim: 'fetching',
      indexKnows: false,
      temporaryExists: true,
      blockMatches: true,
    },
    action: 'go-on',
  },

  {
    name: 'renamed, not recorded',
    when: { recordIntact: true, claim: 'placing', targetMatches: true, unclean: false },
    action: 'finish-placing',
  },
  {
    name: 'renamed, content perhaps not on the disk',
    when: { recordIntact: true, claim: 'placing', targetMatches: true, unclean: true },
    action: 'verify-placed',
  },
  {
    name: 'not renamed, temporary file gone',
    when: { recordIntact: true, claim: 'placing', targetMatches: false, temporaryExists: false },
    action: 'fetch-again',
  },
  {
    name: 'not renamed, temporary file torn',
    when: {
      recordIntact: true,
      claim: 'placing',
      targetMatches: false,
      temporaryExists: true,
      blockMatches: false,
    },
    action: 'fetch-again',
  },
  {
    name: 'not renamed',
    when: {
      recordIntact: true,
      claim: 'placing',
      targetMatches: false,
      temporaryExists: true,
      blockMatches: true,
      targetUntouched: true,
    },
    action: 'place-again',
  },
  {
    name: 'not renamed, and edited since',
    when: {
      recordIntact: true,
      claim: 'placing',
      targetMatches: false,
      temporaryExists: true,
      blockMatches: true,
      targetUntouched: false,
    },
    action: 'go-on',
  },

  {
    name: 'placed, content perhaps not on the disk',
    when: { recordIntact: true, claim: 'placed', unclean: true },
    action: 'verify-placed',
  },
  {
    name: 'placed',
    when: { recordIntact: true, claim: 'placed', unclean: false, indexKnows: true },
    action: 'nothing',
  },
  {
    name: 'placed, index behind',
    when: { recordIntact: true, claim: 'placed', unclean: false, indexKnows: false, targetMatches: true },
    action: 'finish-placing',
  },
  {
    name: 'placed, and edited since',
    when: { recordIntact: true, claim: 'placed', unclean: false, indexKnows: false, targetMatches: false },
    action: 'nothing',
  },
]

/** The one row for these facts. */
export function recoveryOf(facts: RecoveryFacts): RecoveryRow {
  const row = RECOVERY_TABLE.find((candidate) => rowApplies(candidate, facts))
  assert(row !== undefined, 'the recovery table has a row for every combination')
  return row
}

export function rowApplies(row: RecoveryRow, facts: RecoveryFacts): boolean {
  for (const [fact, value] of Object.entries(row.when)) {
    if (facts[fact as keyof RecoveryFacts] !== value) return false
  }
  return true
}
