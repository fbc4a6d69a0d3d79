// Table of what to do, after a process or a machine went down, with what the log says and what the disk holds: one row
// and one action for every combination of facts. `recovery.ts` establishes the facts for each thing that the log or
// `.left/tmp` names, and carries the action out. README.md of this folder shows the table.

import { assert } from '../../base/assert.js'

/** Things to settle.
 *  - `placing`: the log says that something is about to be put in place, and not that it was
 *  - `removing`: the same of a deletion
 *  - `moving`: the same of a folder that takes another path with all that is in it
 *  - `placed`: the log says that something was put in place, and not that it is on stable storage
 *  - `temporary`: a file in `.left/tmp` */
export type RecoverySubject = 'placing' | 'removing' | 'moving' | 'placed' | 'temporary'

export interface RecoveryFacts {
  /** The machine went down, not only the process: what was not synced may be missing or torn. */
  readonly machineWentDown: boolean
  /** The index has this very version (`placing`) or content (`placed`) at the path, or has seen the deletion (`removing`, `moving`
   *  of the old path). */
  readonly indexKnows: boolean
  /** Something is at the path. */
  readonly targetExists: boolean
  /** A folder was to take the place of a file, which is removed first. */
  readonly halfReplaced: boolean
  /** A file or a link was to take the place of a folder, which is removed first. */
  readonly folderReplaced: boolean
  /** Nothing was at the path when it was to be placed; where something was, its successor was synced first and is whole. */
  readonly tookFreePlace: boolean
  /** The file at the path has the length and the time of the one that was to be placed. */
  readonly targetLooksPlaced: boolean
  /** The index has something live at the path. */
  readonly pathKnown: boolean
  /** The temporary file that was to be renamed, where there was to be one, has gone. */
  readonly temporaryGone: boolean
  /** A move: a file of the share was to be renamed in place of a temporary file. Anybody may have removed it since. */
  readonly movesFile: boolean
  /** Read back, the path holds what the log says, content and all; of a folder that was moved, each thing in it looks as it did. */
  readonly targetHolds: boolean
  /** The log says that the temporary file is being built. */
  readonly fetching: boolean
  /** Its content is in the share by now. */
  readonly contentHeld: boolean
  /** The temporary file was written to within a week. */
  readonly fresh: boolean
}

export type RecoveryFact = keyof RecoveryFacts

export type RecoveryAction =
  /** In place or not, the scan and the peers see to it by themselves. */
  | 'leave'
  /** The version came with the content: it is recorded as the peer's, no edit of ours. The other name of the file, in
   *  `.left/tmp` or where it was moved from, goes. */
  | 'take-as-received'
  /** That, and its time and mode are set again. */
  | 'apply-metadata-and-take'
  /** The version came, and its content was changed here since: with the version recorded, the scan finds an edit of ours. */
  | 'take-as-edited'
  | 'make-folder'
  /** The thing that was there made room: the new version is known and not held, and the empty path is nobody's deletion. */
  | 'record-vacated'
  /** The path is gone from the share: the deletion is recorded as the peer's, no edit of ours. */
  | 'record-removal'
  /** All that the rename did is recorded as the peer's, no edit of ours. */
  | 'record-move'
  /** The entry was in place: with that recorded, the scan finds it missing, which is a deletion. */
  | 'record-as-placed'
  /** The file there can only be what the loss left of our writing; it is fetched again. */
  | 'remove-torn'
  /** That, and the index forgets it: it is nobody's deletion. */
  | 'remove-torn-and-forget'
  | 'drop-temporary'
  | 'keep-temporary'

export interface RecoveryRow {
  readonly name: string
  readonly subject: RecoverySubject
  readonly when: Partial<RecoveryFacts>
  readonly action: RecoveryAction
}

/** Cheap facts stand first in each row, so that `targetHolds` is asked only where it decides. */
export const RECOVERY_TABLE: readonly RecoveryRow[] = [
  { name: 'placed and recorded', subject: 'placing', when: { indexKnows: true }, action: 'leave' },
  {
    name: 'placed, not recorded',
    subject: 'placing',
    when: { indexKnows: false, machineWentDown: false, targetHolds: true },
    action: 'take-as-received',
  },
  {
    name: 'placed, its time perhaps not on the disk',
    subject: 'placing',
    when: { indexKnows: false, machineWentDown: true, targetHolds: true },
    action: 'apply-metadata-and-take',
  },
  {
    name: 'file removed, folder not made',
    subject: 'placing',
    when: {
      indexKnows: false,
      targetExists: false,
      halfReplaced: true,
      targetHolds: false,
    },
    action: 'make-folder',
  },
  {
    name: 'not placed',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: false,
      targetExists: false,
      halfReplaced: false,
      folderReplaced: false,
      temporaryGone: false,
      targetHolds: false,
    },
    action: 'leave',
  },
  {
    name: 'folder removed, nothing in its place yet',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: false,
      targetExists: false,
      halfReplaced: false,
      folderReplaced: true,
      temporaryGone: false,
      targetHolds: false,
    },
    action: 'record-vacated',
  },
  {
    name: 'placed, and removed by somebody since',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: false,
      targetExists: false,
      halfReplaced: false,
      temporaryGone: true,
      movesFile: false,
      targetHolds: false,
    },
    action: 'record-as-placed',
  },
  {
    // A removal under the old name has not seen the new one: no deletion of that.
    name: 'not moved and removed by somebody since, or moved and removed',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: false,
      targetExists: false,
      halfReplaced: false,
      temporaryGone: true,
      movesFile: true,
      targetHolds: false,
    },
    action: 'leave',
  },
  {
    name: 'not placed, and something else there',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: false,
      targetExists: true,
      temporaryGone: false,
      targetHolds: false,
    },
    action: 'leave',
  },
  {
    // The edit was made of what was placed, and would else be a conflict with it.
    name: 'placed, and edited by somebody since',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: false,
      targetExists: true,
      temporaryGone: true,
      movesFile: false,
      targetHolds: false,
    },
    action: 'take-as-edited',
  },
  {
    name: 'not moved and removed by somebody since, or moved and edited',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: false,
      targetExists: true,
      temporaryGone: true,
      movesFile: true,
      targetHolds: false,
    },
    action: 'leave',
  },
  {
    name: 'nothing placed, or its content lost',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: true,
      targetExists: false,
      halfReplaced: false,
      folderReplaced: false,
      targetHolds: false,
    },
    action: 'leave',
  },
  {
    name: 'folder removed, and nothing in its place, or that lost',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: true,
      targetExists: false,
      halfReplaced: false,
      folderReplaced: true,
      targetHolds: false,
    },
    action: 'record-vacated',
  },
  {
    name: 'old version or an edit',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: true,
      targetExists: true,
      tookFreePlace: false,
      targetHolds: false,
    },
    action: 'leave',
  },
  {
    name: 'placed where an old version was removed, and torn',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: true,
      targetExists: true,
      pathKnown: true,
      tookFreePlace: true,
      targetLooksPlaced: true,
      targetHolds: false,
    },
    action: 'remove-torn',
  },
  {
    name: 'something else where an old version was removed',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: true,
      targetExists: true,
      pathKnown: true,
      tookFreePlace: true,
      targetLooksPlaced: false,
      targetHolds: false,
    },
    action: 'leave',
  },
  {
    name: 'placed new, and torn',
    subject: 'placing',
    when: {
      indexKnows: false,
      machineWentDown: true,
      targetExists: true,
      pathKnown: false,
      tookFreePlace: true,
      targetHolds: false,
    },
    action: 'remove-torn',
  },

  { name: 'removed and recorded', subject: 'removing', when: { indexKnows: true }, action: 'leave' },
  {
    name: 'removed, not recorded',
    subject: 'removing',
    when: { indexKnows: false, targetExists: false },
    action: 'record-removal',
  },
  {
    name: 'not removed, or made anew since',
    subject: 'removing',
    when: { indexKnows: false, targetExists: true },
    action: 'leave',
  },

  { name: 'moved and recorded', subject: 'moving', when: { indexKnows: true }, action: 'leave' },
  {
    name: 'moved, not recorded',
    subject: 'moving',
    when: { indexKnows: false, targetHolds: true },
    action: 'record-move',
  },
  {
    name: 'not moved, or changed since',
    subject: 'moving',
    when: { indexKnows: false, targetHolds: false },
    action: 'leave',
  },

  { name: 'placed', subject: 'placed', when: { machineWentDown: false }, action: 'leave' },
  {
    name: 'placed, and something else since',
    subject: 'placed',
    when: { machineWentDown: true, indexKnows: false },
    action: 'leave',
  },
  {
    name: 'placed, and on the disk',
    subject: 'placed',
    when: { machineWentDown: true, indexKnows: true, targetHolds: true },
    action: 'leave',
  },
  {
    name: 'placed, not wholly on the disk',
    subject: 'placed',
    when: { machineWentDown: true, indexKnows: true, targetHolds: false },
    action: 'remove-torn-and-forget',
  },

  {
    name: 'temporary file that no record names',
    subject: 'temporary',
    when: { fetching: false },
    action: 'drop-temporary',
  },
  {
    name: 'content fetched meanwhile by another way',
    subject: 'temporary',
    when: { fetching: true, contentHeld: true },
    action: 'drop-temporary',
  },
  {
    name: 'nobody went on with it for a week',
    subject: 'temporary',
    when: { fetching: true, contentHeld: false, fresh: false },
    action: 'drop-temporary',
  },
  {
    name: 'being built',
    subject: 'temporary',
    when: { fetching: true, contentHeld: false, fresh: true },
    action: 'keep-temporary',
  },
]

/** The one row for this subject. Each fact is established when a row asks for it: some cost the reading of a file. */
export function recoveryOf(subject: RecoverySubject, isSo: (fact: RecoveryFact) => boolean): RecoveryRow {
  const row = RECOVERY_TABLE.find((candidate) => rowApplies(candidate, subject, isSo))
  assert(row !== undefined, 'the recovery table has a row for every combination')
  return row
}

export function rowApplies(
  row: RecoveryRow,
  subject: RecoverySubject,
  isSo: (fact: RecoveryFact) => boolean,
): boolean {
  if (row.subject !== subject) return false
  for (const [fact, value] of Object.entries(row.when)) {
    if (isSo(fact as RecoveryFact) !== value) return false
  }
  return true
}
