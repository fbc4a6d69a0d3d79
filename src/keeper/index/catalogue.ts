// The share as this machine knows it: the manifest, what each file looked like when its content was read, where
// each digest is found; kept in the index on disk so that a restart does not read every file again.

import { assert } from '../../base/assert.js'
import type { Index } from '../../base/index-port.js'
import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import { holds } from '../../share/dots.js'
import { sameContent } from '../../share/edit.js'
import type { Entry, Mode } from '../../share/entry.js'
import { sameEntry } from '../../share/entry-line.js'
import type { Manifest } from '../../share/manifest.js'
import type { Change, MovedTree } from '../../share/tree-move.js'
import type { AuthorCounts } from './author-counts.js'
import type { Commits } from './commits.js'
import type { ConflictCopies } from './conflict-copies.js'
import type { Contents } from './contents.js'
import { FoldedPaths } from './folded.js'
import type { Kept } from './index-line.js'
import { KeptEntries } from './kept-entries.js'
import type { NameTwins } from './name-twins.js'
import type { NotHeldPaths } from './not-held-paths.js'
import { packLooks, unpackLooks } from './packed-looks.js'
import { type RecordedListener, Records } from './records.js'
import type { SetAside } from './set-aside.js'
import type { Signature } from './signature.js'
import type { Stopped } from './stopped.js'
import type { BlockList } from './stored-list.js'

export class Catalogue {
  readonly commits: Commits
  readonly manifest: Manifest
  /** Facts about the whole share, for their owners; committed with the entries. */
  readonly meta: Pick<Index, 'getMeta' | 'putMeta'>
  readonly folded = new FoldedPaths()
  readonly authorCounts: AuthorCounts
  readonly twins: NameTwins
  /** Takes changes of peers that are stopped, in whose place ours is kept. */
  readonly keptEntries: KeptEntries
  private readonly records: Records
  private readonly contents: Contents
  private readonly notHeld: NotHeldPaths
  private readonly remaining: Set<string>
  private readonly hidden: Set<string>
  /** `live` and `kept` say what is here of them. */
  private readonly stopped: Stopped
  private readonly setAsides: SetAside

  constructor(hash: Hash, index: Index) {
    this.meta = index
    this.records = new Records(hash, index)
    this.keptEntries = new KeptEntries(this.records)
    const { commits, manifest, authorCounts, twins, contents } = this.records
    const { notHeld, remaining, hidden, stopped, setAsides } = this.records
    this.commits = commits
    this.manifest = manifest
    this.authorCounts = authorCounts
    this.twins = twins
    this.contents = contents
    this.notHeld = notHeld
    this.remaining = remaining
    this.hidden = hidden
    this.stopped = stopped
    this.setAsides = setAsides
  }

  get(path: string): Entry | undefined {
    return this.manifest.get(path)
  }

  /** Live: something that is in this share, not the memory of a deletion nor what is only known. */
  live(path: string): Entry | undefined {
    const entry = this.manifest.get(path)
    return entry?.kind === 'tombstone' || !this.isHeld(path) ? undefined : entry
  }

  /** Whether what is known of the path is here too. A deletion is held. */
  isHeld(path: string): boolean {
    return !this.notHeld.has(path)
  }

  /** Entries that are known and not held, or hidden, and deletions that were stopped. */
  get notHeldCount(): number {
    return this.notHeld.size + this.hidden.size + this.stopped.keptFromDeletionCount
  }

  /** Ours, where a change of a peer is known and was stopped. */
  kept(path: string): Kept | undefined {
    return this.stopped.kept(path)
  }

  /** Whether the deletion of the live entry was found here and stopped. */
  isMissing(path: string): boolean {
    return this.stopped.isMissing(path)
  }

  /** Paths of both kinds of stopped changes. */
  get stoppedPaths(): Pick<
    Stopped,
    | 'missing'
    | 'keptPaths'
    | 'isKeptBelow'
    | 'keptMovedTo'
    | 'isEmpty'
    | 'isDecided'
    | 'markUndone'
    | 'isUndone'
  > {
    return this.stopped
  }

  /** Whether what the live entry says cannot be seen now. */
  isHidden(path: string): boolean {
    return this.hidden.has(path)
  }

  /** Takes note that what a live entry says cannot be seen now, or can again. Answers whether that is news. */
  setHidden(path: string, isHidden: boolean): boolean {
    if (!isHidden) {
      if (this.stopped.deleteMissing(path)) this.records.put(this.manifest.get(path)!)
      return this.hidden.delete(path)
    }
    this.doubt(path)
    if (this.hidden.has(path) || this.live(path) === undefined) return false
    this.hidden.add(path)
    return true
  }

  /** The live entry is gone here, and nobody is told: it stands, and cannot be given. */
  stopDeletion(path: string): void {
    const entry = this.live(path)
    if (entry === undefined || this.stopped.isMissing(path)) return
    this.setHidden(path, true)
    this.stopped.addMissing(path)
    this.records.put(entry)
    this.records.handleRecorded(path)
  }

  /** The same entry, with other dots. How it looks here, and whatever else is noted of the path, stays. */
  relabel(entry: Entry): void {
    this.manifest.set(entry, this.manifest.note(entry.path))
    this.authorCounts.handleSeen(entry.version)
    this.records.put(entry)
    this.records.handleChanged(entry)
  }

  /** Ours that is in no tree. None of it is live. */
  get aside(): Omit<SetAside, 'put' | 'take' | 'handleRecorded' | 'restore'> {
    return this.setAsides
  }

  /** Takes the entry at the path out of the tree: peers are not told of it from now on. */
  setAside(path: string): void {
    const entry = this.live(path)
    assert(entry !== undefined, 'only what stands is set aside')
    const aside = { entry, ...unpackLooks(this.manifest.note(path)) }
    // Its list stays for when it counts again.
    this.contents.await(entry.digest)
    this.forget(path)
    this.setAsides.put(path, aside)
  }

  /** Puts what is set aside at the path back into the tree, as it was before. Answers false where nothing is. */
  takeUp(path: string): boolean {
    const aside = this.setAsides.take(path)
    if (aside === undefined) return false
    const { entry, signature, mode } = aside
    const hasList = entry.sizeBytes <= BLOCK_BYTES || this.list(entry.digest as Digest) !== undefined
    this.record(entry, hasList ? signature : undefined, mode)
    return true
  }

  notHeldPaths(): Iterable<string> {
    return this.notHeld
  }

  /** Paths whose live entries cannot be seen now, or are missing here. */
  hiddenPaths(): Iterable<string> {
    return this.hidden
  }

  /** Losers of conflicts that are kept beside their winners. */
  get conflictCopies(): Omit<ConflictCopies, 'handleHeld' | 'handleGone'> {
    return this.contents.copies
  }

  /** Counts of what is held in this share, in files, folders and bytes. */
  heldTotals(): { files: number; folders: number; bytes: number } {
    return this.notHeld.heldOf(this.manifest)
  }

  /** At least so many files are held: looked up for each deletion, so that nothing is counted. */
  get filesHeldMin(): number {
    return Math.max(0, this.manifest.fileCount - this.notHeld.size)
  }

  /** Whether anything live of ours lies below `folder`, at any depth. */
  hasHeldBelow(folder: string): boolean {
    // Whatever is not held is live.
    return this.manifest.liveCountBelow(folder) > this.notHeld.countBelow(folder)
  }

  /** The same, or whether anything of ours is kept there against a change of a peer. */
  hasStandingBelow(folder: string): boolean {
    return this.hasHeldBelow(folder) || this.stopped.isKeptBelow(folder)
  }

  /** Whether a folder that was deleted still stands here. */
  isRemaining(path: string): boolean {
    return this.remaining.has(path)
  }

  /** Takes note that a folder stands, or stands no more, where one was deleted. Answers whether that is news. */
  setRemaining(path: string, isRemaining: boolean): boolean {
    const entry = this.manifest.get(path)
    if (entry === undefined || this.remaining.has(path) === isRemaining) return false
    if (isRemaining) this.remaining.add(path)
    else this.remaining.delete(path)
    this.records.put(entry)
    return true
  }

  signature(path: string): Signature | undefined {
    return unpackLooks(this.manifest.note(path)).signature
  }

  /** What the disk last showed of who may read what is there. A change of it is an edit, and what it lacks of the entry's is
   *  none: the umask took it. */
  mode(path: string): Mode | undefined {
    return unpackLooks(this.manifest.note(path)).mode
  }

  /** Takes note of an entry. `signature` of a file is what its stat told while its content was known;
   *  undefined where that is not sure, so that the next scan reads it again. `mode`: of what has none. */
  record(entry: Entry, signature: Signature | undefined, mode?: Mode): void {
    const unseen = this.notHeldUnseenBy(entry)
    const before = this.notHeld.delete(entry.path) ? undefined : this.manifest.get(entry.path)
    if (entry.kind !== 'tombstone') this.remaining.delete(entry.path)
    this.hidden.delete(entry.path)
    this.stopped.delete(entry.path)
    this.setAsides.handleRecorded(entry.path)
    this.manifest.set(entry, packLooks({ signature, mode: entry.kind === 'tombstone' ? undefined : mode }))
    this.authorCounts.handleSeen(entry.version)
    this.contents.handleCame(entry.digest)
    if (before?.kind !== entry.kind || before.digest !== entry.digest) {
      this.contents.unhold(before)
      this.contents.hold(entry)
    }
    this.records.put(entry)
    this.records.handleChanged(entry, unseen)
  }

  /** A folder was moved with all that is in it, which is held and looks as it did. A kill leaves all of that in the index or nothing. */
  recordMove({ move, parts }: MovedTree): void {
    this.commits.together(() => {
      for (const part of parts) this.records.putMoved(part)
    })
    this.authorCounts.handleSeen(parts.at(-1)!.deletion.version)
    this.records.changes.add(move)
  }

  /** Takes note of a live entry that cannot be had here now: it is known and not held. Nothing live of ours stands at its
   *  path. Answers whether that is news. */
  recordNotHeld(entry: Entry): boolean {
    return this.putNotHeld(entry, this.notHeldUnseenBy(entry))
  }

  private putNotHeld(entry: Entry, unseen: Entry | undefined): boolean {
    const { path } = entry
    assert(this.live(path) === undefined && entry.kind !== 'tombstone', 'only a free path is not held')
    const before = this.manifest.get(path)
    if (!this.isHeld(path) && before !== undefined && sameEntry(before, entry)) return false
    this.setAsides.handleRecorded(path)
    this.manifest.set(entry)
    this.authorCounts.handleSeen(entry.version)
    this.notHeld.add(path)
    this.records.put(entry)
    this.records.handleChanged(entry, unseen)
    return true
  }

  /** The entry that is known at the path and not held, where this one has not seen it. */
  private notHeldUnseenBy({ path, version }: Entry): Entry | undefined {
    const known = this.isHeld(path) ? undefined : this.manifest.get(path)
    return known === undefined || holds(version.seen, known.version.content) ? undefined : known
  }

  /** A live entry stands, and what is here of it is not shared any more: it is known and not held. Who may read it here stays
   *  known: when it is held again, that is no edit. */
  release(path: string): void {
    const entry = this.live(path)
    if (entry === undefined) return
    this.setLooks(path, undefined, this.mode(path))
    this.contents.unhold(entry)
    this.hidden.delete(path)
    this.stopped.delete(path)
    this.notHeld.add(path)
    this.records.put(entry)
    this.records.handleRecorded(path)
  }

  /** Releases the path of a stopped deletion, which a peer's edit is to bring back: what was deleted is known and not held until then. A
   *  person who had it deleted it, and the next edit here has seen it. */
  releaseMissing(path: string): void {
    const entry = this.live(path)
    if (entry === undefined || !this.isMissing(path)) return
    this.release(path)
    this.stopped.giveUp(entry)
    this.records.put(entry)
  }

  /** The entry that `releaseMissing` gave up at the path; undefined once something was recorded there. */
  givenUp(path: string): Entry | undefined {
    return this.stopped.givenUp(path)
  }

  /** After edits were relabelled: versions that hold a forgotten one are not to be seen by a later edit. */
  relabelGivenUp(isForgotten: (version: Entry['version']) => boolean): void {
    for (const entry of [...this.stopped.givenUpEntries()]) {
      if (!isForgotten(entry.version)) continue
      const known = this.manifest.get(entry.path)!
      if (sameContent(known, entry) && !isForgotten(known.version)) this.stopped.giveUp(known)
      else this.stopped.forgetGivenUp(entry.path)
      this.records.put(known)
    }
  }

  /** Takes note that the keeper removed what stood at the path, to make room for this entry: it is known and not held until it is
   *  recorded. */
  recordVacated(entry: Entry): void {
    this.contents.unhold(this.live(entry.path))
    this.hidden.delete(entry.path)
    this.stopped.delete(entry.path)
    this.notHeld.add(entry.path)
    this.putNotHeld(entry, undefined)
  }

  /** Files whose content is known for sure, and what they looked like then. */
  *signedFiles(): Iterable<{ readonly entry: Entry; readonly signature: Signature }> {
    for (const { entry, note } of this.manifest.noted()) {
      const { signature } = unpackLooks(note)
      if (entry.kind === 'file' && signature !== undefined) yield { entry, signature }
    }
  }

  /** The content of a file is not what it should be: it counts as unknown until it has been read again. */
  doubt(path: string): void {
    const entry = this.manifest.get(path)
    if (entry === undefined || this.signature(path) === undefined) return
    this.setLooks(path, undefined, this.mode(path))
    this.records.put(entry)
  }

  /** The same folder looked at again: nothing to tell anyone. */
  refreshMode(path: string, mode: Mode): void {
    const entry = this.manifest.get(path)
    if (entry === undefined) return
    this.setLooks(path, this.signature(path), mode)
    this.records.put(entry)
  }

  /** The same content looked at again (a link count or an owner changed): nothing to tell anyone. */
  refreshSignature(path: string, signature: Signature): void {
    const entry = this.manifest.get(path)
    if (entry === undefined) return
    this.setLooks(path, signature, undefined)
    this.contents.handleCame(entry.digest)
    this.records.put(entry)
  }

  /** Forgets a path as if it had never been seen: what is there is not what was recorded, and nobody made it so. The
   *  share's later edits need another author then (recovery.ts). */
  forget(path: string): void {
    if (!this.notHeld.delete(path)) this.contents.unhold(this.manifest.get(path))
    this.remaining.delete(path)
    this.hidden.delete(path)
    this.stopped.delete(path)
    this.manifest.delete(path)
    this.records.remove(path)
  }

  /** A path whose file held this content when it was last read. */
  holderOf(digest: Digest): string | undefined {
    return this.contents.holderOf(digest)
  }

  /** The same, some of them where there are many. */
  holdersOf(digest: Digest, countMax: number): Iterable<string> {
    return this.contents.holdersOf(digest, countMax)
  }

  /** Whether the list of this content belongs to a file that is here, or that will count again. */
  needsList(digest: Digest): boolean {
    return this.contents.needsList(digest)
  }

  /** The block digests of a file of several blocks. */
  list(digest: Digest): Uint8Array | undefined {
    return this.blockList(digest)?.list
  }

  /** The same, and the weak sums of its blocks where they are known. */
  blockList(digest: Digest): BlockList | undefined {
    return this.contents.blockList(digest)
  }

  /** Block digests of the file at this path, and their weak sums where they are known. */
  blocksAt(path: string): BlockList | undefined {
    const entry = this.live(path)
    return entry?.kind === 'file' ? this.blockList(entry.digest) : undefined
  }

  /** Weak sums that are known already stay. */
  putList(digest: Digest, list: Uint8Array, sums?: Uint8Array): void {
    this.contents.putList(digest, list, sums)
    this.commits.handleChange()
  }

  /** Sets the listener for each path whose entry became another one. */
  onRecorded(recorded: RecordedListener): void {
    this.records.onRecorded(recorded)
  }

  /** Sets the action before each commit: it syncs the log, which must say that something is in place before the index
   *  does. */
  commitAfter(beforeCommit: () => void): void {
    this.commits.after(beforeCommit)
  }

  /** Makes everything recorded so far survive a kill. Before anything is announced. */
  commit(): void {
    this.commits.commit()
  }

  /** Takes what was recorded since the last call, or undefined where it is too much to list. */
  takeChanges(): readonly Change[] | undefined {
    return this.records.changes.take()
  }

  private setLooks(path: string, signature: Signature | undefined, mode: Mode | undefined): void {
    this.manifest.setNote(path, packLooks({ signature, mode }))
  }
}
