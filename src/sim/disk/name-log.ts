// Changes to folders that are not on stable storage yet, and what a loss of power leaves of them. The
// simulated disk keeps one for all its folders.
//
// Journalling file systems (ext4, XFS, Btrfs, APFS, NTFS) keep changes of names in their order: a prefix
// survives, and syncing a folder makes everything before durable too. POSIX promises less, which
// `inOrder: false` simulates: each file's changes survive up to a point of their own.

import type { Inode } from './inode.js'

/** A name in a folder begins to lead to `inode`, or to nothing; `before` is what it led to. */
export interface NameChange {
  readonly folder: Inode
  readonly name: string
  readonly inode: Inode | undefined
  readonly before: Inode | undefined
}

/** The changes of one operation, which happen together or not at all. */
interface Operation {
  readonly subject: Inode
  readonly changes: readonly NameChange[]
}

export class NameLog {
  private readonly inOrder: boolean
  private operations: Operation[] = []

  constructor(inOrder: boolean) {
    this.inOrder = inOrder
  }

  /** Carries the changes out; `subject` is the thing whose name changes. */
  apply(subject: Inode, changes: readonly NameChange[]): void {
    for (const { folder } of changes) folder.stableNames ??= new Map(folder.names)
    for (const change of changes) applyTo(change.folder.names, change)
    this.operations.push({ subject, changes })
  }

  /** The folder's names, and what they need, reach stable storage. */
  commit(folder: Inode): void {
    if (folder.stableNames === undefined) return
    if (this.inOrder) {
      let last = this.operations.length - 1
      while (last >= 0 && !touches(this.operations[last]!, folder)) last--
      this.commitSome((_, index) => index <= last)
    } else {
      const needed = this.neededFor(folder)
      this.commitSome((operation) => needed.has(operation))
    }
  }

  commitAll(): void {
    this.commitSome(() => true)
  }

  /** Takes back what does not survive. What is left is stable. */
  losePower(draw: () => number): void {
    const { operations } = this
    const touched = new Set<Inode>()
    for (const { changes } of operations) for (const { folder } of changes) touched.add(folder)
    const survives = this.inOrder ? prefixSurvives(operations, draw) : prefixOfEachSurvives(operations, draw)
    for (const folder of touched) {
      folder.names.clear()
      for (const [name, inode] of folder.stableNames ?? []) folder.names.set(name, inode)
      folder.stableNames = undefined
    }
    for (const operation of operations) {
      if (!survives(operation)) continue
      for (const change of operation.changes) applyTo(change.folder.names, change)
    }
    this.operations = []
  }

  private commitSome(isDue: (operation: Operation, index: number) => boolean): void {
    const left: Operation[] = []
    this.operations.forEach((operation, index) => {
      if (!isDue(operation, index)) {
        left.push(operation)
        return
      }
      for (const change of operation.changes) {
        if (change.folder.stableNames !== undefined) applyTo(change.folder.stableNames, change)
      }
    })
    const pending = new Set<Inode>()
    for (const { changes } of left) for (const { folder } of changes) pending.add(folder)
    for (const { changes } of this.operations) {
      for (const { folder } of changes) if (!pending.has(folder)) folder.stableNames = undefined
    }
    this.operations = left
  }

  /** Operations that must be durable with a folder: its changes, the earlier ones of the same things, and the making of
   *  the folders on the way. */
  private neededFor(folder: Inode): Set<Operation> {
    const needed = new Set<Operation>()
    const subjects = new Set<Inode>([folder])
    for (const operation of [...this.operations].reverse()) {
      if (!touches(operation, folder) && !subjects.has(operation.subject)) continue
      needed.add(operation)
      subjects.add(operation.subject)
      for (const change of operation.changes) subjects.add(change.folder)
    }
    return needed
  }
}

function touches(operation: Operation, folder: Inode): boolean {
  return operation.changes.some((change) => change.folder === folder)
}

function applyTo(names: Map<string, Inode>, { name, inode, before }: NameChange): void {
  if (inode !== undefined) names.set(name, inode)
  // Where another change has been lost, the name may lead elsewhere: then it is not this one's to remove.
  else if (names.get(name) === before) names.delete(name)
}

function prefixSurvives(operations: readonly Operation[], draw: () => number) {
  const kept = new Set(operations.slice(0, Math.floor(draw() * (operations.length + 1))))
  return (operation: Operation): boolean => kept.has(operation)
}

function prefixOfEachSurvives(operations: readonly Operation[], draw: () => number) {
  const countOf = new Map<Inode, number>()
  for (const { subject } of operations) countOf.set(subject, (countOf.get(subject) ?? 0) + 1)
  const keptOf = new Map<Inode, number>()
  for (const [subject, count] of countOf) keptOf.set(subject, Math.floor(draw() * (count + 1)))
  return ({ subject }: Operation): boolean => {
    const left = keptOf.get(subject) ?? 0
    keptOf.set(subject, left - 1)
    return left > 0
  }
}
