// Records of all known paths, in memory and as lines of the index: the entry, how it looks here, and whether it is held, remains,
// was stopped or is set aside. Reads the index at the start; each later change is written, counted and told. The catalogue owns it
// and decides what changes.

import type { Index } from '../../base/index-port.js'
import type { Hash } from '../../base/item.js'
import type { Entry } from '../../share/entry.js'
import { Manifest } from '../../share/manifest.js'
import type { MovedPart } from '../../share/tree-move.js'
import { AuthorCounts } from './author-counts.js'
import { Changes } from './changes.js'
import { Commits } from './commits.js'
import { Contents } from './contents.js'
import { decodeFormat1Record, decodeRecord, encodeLine, encodeRecord, isAside } from './index-line.js'
import { COMMIT_CHANGES_MAX } from './limits.js'
import { NameTwins } from './name-twins.js'
import { NotHeldPaths } from './not-held-paths.js'
import { packLooks, unpackLooks } from './packed-looks.js'
import { SetAside } from './set-aside.js'
import { Stopped } from './stopped.js'

/** In the index: the format of its lines, where it is not the first one. */
const FORMAT = 'format'
const FORMAT_NOW = '2'

/** `unseen`: was known at the path and not held until then, and the entry that took its place has not seen it. */
export type RecordedListener = (path: string, unseen?: Entry) => void

export class Records {
  readonly manifest: Manifest
  readonly commits: Commits
  readonly contents: Contents
  readonly authorCounts = new AuthorCounts()
  readonly twins = new NameTwins()
  readonly changes = new Changes()
  /** Paths of which the entry is known and nothing is here. */
  readonly notHeld = new NotHeldPaths()
  /** Folders that were deleted and still stand here, because something in them is not what the deletion had seen. */
  readonly remaining = new Set<string>()
  /** Paths of which the entry stands and nothing can be given now. Not in the index: each start looks again. */
  readonly hidden = new Set<string>()
  /** Changes that the breaker stopped. */
  readonly stopped = new Stopped()
  readonly setAsides: SetAside
  private readonly index: Index
  private recorded: RecordedListener = () => {}

  constructor(hash: Hash, index: Index) {
    this.manifest = new Manifest(hash)
    this.index = index
    this.commits = new Commits(index)
    this.contents = new Contents(this.manifest, index)
    this.setAsides = new SetAside({ index, commits: this.commits, contents: this.contents })
    const isFormat1 = index.getMeta(FORMAT) !== FORMAT_NOW
    const translated: string[] = []
    for (const { path, value } of index.load())
      if (this.restore(path, value, isFormat1)) translated.push(path)
    if (isFormat1) this.writeFormat(translated)
  }

  /** Sets the listener for each path whose entry became another one. */
  onRecorded(recorded: RecordedListener): void {
    this.recorded = recorded
  }

  /** Something is known of the path that was not, and no peer is told. */
  handleRecorded(path: string): void {
    this.recorded(path)
  }

  /** The entry at its path is another one, of which peers are told. */
  handleChanged(entry: Entry, unseen?: Entry): void {
    this.twins.add(entry.path)
    this.recorded(entry.path, unseen)
    this.changes.add(entry)
  }

  /** Writes the line of the entry, with all that is known beside it. */
  put(entry: Entry): void {
    this.index.put(entry.path, this.lineOf(entry))
    this.commits.handleChange()
  }

  /** One thing of a folder that was moved: held, and looking as it did. */
  putMoved({ before, creation, deletion }: MovedPart): void {
    const { manifest } = this
    const note = manifest.note(before.path)
    // A person may have removed that just now, which has not been seen yet.
    this.setAsides.drop(creation.path)
    manifest.set(creation, note)
    this.contents.hold(creation)
    this.contents.unhold(before)
    manifest.set(deletion)
    for (const { path } of [creation, deletion]) {
      this.remaining.delete(path)
      this.stopped.delete(path)
    }
    this.index.put(creation.path, encodeRecord({ entry: creation, ...unpackLooks(note) }))
    this.index.put(deletion.path, encodeRecord({ entry: deletion, signature: undefined, mode: undefined }))
    for (const { path } of [creation, deletion]) {
      this.commits.handleChange()
      this.recorded(path)
    }
    this.twins.add(creation.path)
  }

  /** The path has no entry any more, which no change tells. */
  remove(path: string): void {
    this.index.remove(path)
    this.commits.handleChange()
    this.changes.handleMany()
  }

  private lineOf(entry: Entry): string {
    const { path } = entry
    return encodeLine(entry, {
      ...unpackLooks(this.manifest.note(path)),
      isHeld: !this.notHeld.has(path),
      isRemaining: this.remaining.has(path),
      isMissing: this.stopped.isMissing(path),
      kept: this.stopped.kept(path),
      givenUp: this.stopped.givenUp(path),
    })
  }

  /** Answers whether the line was one of format 1. */
  private restore(path: string, value: string, mayBeFormat1: boolean): boolean {
    if (isAside(value)) {
      const aside = this.setAsides.restore(path, value)
      if (aside !== undefined) this.authorCounts.handleSeen(aside.entry.version)
      return false
    }
    const now = decodeRecord(path, value)
    const record = now ?? (mayBeFormat1 ? decodeFormat1Record(path, value) : undefined)
    if (record === undefined) return false
    this.manifest.set(record.entry, packLooks(record))
    this.authorCounts.handleSeen(record.entry.version)
    if (record.isHeld) this.contents.hold(record.entry)
    else this.notHeld.add(path)
    if (record.isRemaining) this.remaining.add(path)
    if (record.kept !== undefined) {
      this.contents.await(record.kept.entry.digest)
      this.stopped.keep(record.kept, record.entry)
    }
    if (record.givenUp !== undefined) {
      this.authorCounts.handleSeen(record.givenUp.version)
      this.stopped.giveUp(record.givenUp)
    }
    if (record.isMissing) {
      this.stopped.addMissing(path)
      this.hidden.add(path)
    }
    return now === undefined
  }

  /** Writes the lines of format 1 as lines of today. A kill on the way leaves some of either, and the next start goes on. */
  private writeFormat(translated: readonly string[]): void {
    for (const [at, path] of translated.entries()) {
      this.index.put(path, this.lineOf(this.manifest.get(path)!))
      if ((at + 1) % COMMIT_CHANGES_MAX === 0) this.index.commit()
    }
    this.index.putMeta(FORMAT, FORMAT_NOW)
    if (translated.length > 0) this.index.commit()
  }
}
