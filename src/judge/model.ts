// The black-box model of a share (after Hughes, Pierce, Arts and Norell, Mysteries of Dropbox, ICST 2016). It is told what
// persons do and what they saw at that moment, and knows nothing of versions. At rest it judges: every content ever written
// is in a share, in a conflict copy, in a trash, or was deleted or replaced by somebody who had it; and what was deleted or
// replaced by somebody who had seen all that made it stands nowhere. src/sim and scripts/chaos tell it and ask it.

import { Contents } from './contents.js'
import { isCopyOf } from './copies.js'
import { type Deed, Deeds, FOLDER, type Views, type Who } from './deeds.js'

/** A change that no hint told of is seen by LEFT within this: a rescan, and five seconds. */
export const UNSEEN_MS_MAX = 35_000

/** A content that LEFT put in place this shortly before it died may not have been recorded. */
const UNRECORDED_MS_MAX = 1_000

/** A person changed what is at a path; undefined stands for no file. */
export interface Edit {
  readonly peer: Who
  readonly path: string
  readonly before: string | undefined
  readonly after: string | undefined
  readonly atMs: number
}

/** A share at rest. */
export interface Standing {
  readonly name: string
  /** Digests of the files by path, links followed. */
  readonly files: ReadonlyMap<string, string>
  /** Paths of `files` at which LEFT writes and removes nothing, whatever peers did there: behind a link. */
  readonly unwritable?: ReadonlySet<string>
  /** Digests of the files in its trash. */
  readonly trash: ReadonlySet<string>
}

export interface Fault {
  readonly type: 'nobody-made-it' | 'lost' | 'came-back'
  readonly path: string
  readonly digest: string
  /** Name of the share, or of the peer where a lost content was made last. */
  readonly at: string
  readonly detail: string
}

/** The past of a share that a copy of it holds too. */
export interface Memory {
  readonly atMs: number
  readonly views: Views
  readonly paths: ReadonlySet<string>
  readonly unmended: ReadonlyMap<string, string>
}

export class Model {
  private readonly contents = new Contents()
  private readonly deeds = new Deeds()
  /** Contents that a loss of power took since LEFT last ran: digests by path, by peer. */
  private readonly unmended = new Map<Who, Map<string, string>>()
  /** Contents that stood, when LEFT ended there, at paths that somebody has changed since: digests by path, by peer. */
  private readonly beforeDown = new Map<Who, Map<string, string | undefined>>()
  /** Where a loss of power may have taken what stood, and LEFT has not looked since. */
  private readonly unlooked = new Set<Who>()
  private readonly diedAtMs = new Map<Who, number>()
  private readonly receiving = new Set<Who>()
  /** Contents of no length: nobody misses them. */
  private readonly isEmpty: (digest: string) => boolean

  constructor(isEmpty: (digest: string) => boolean) {
    this.isEmpty = isEmpty
  }

  /** LEFT tells nobody of what persons do at this peer: it may stand there or in its trash, and replaces nothing elsewhere. */
  onlyReceives(peer: Who): void {
    this.receiving.add(peer)
  }

  /** Different contents that persons made. */
  get madeCount(): number {
    return this.contents.count
  }

  existed(digest: string): boolean {
    return this.contents.existed(digest)
  }

  edited(edit: Edit): void {
    const { peer, path, before, after, atMs } = edit
    const down = this.beforeDown.get(peer)
    if (down !== undefined && !down.has(path)) down.set(path, before)
    if (before !== undefined && before !== after)
      this.contents.supersede(peer, path, before, after !== undefined)
    // Written over what a loss of power had made of it, before LEFT could look: it cannot be told from an edit of the whole.
    const lost = this.unmended.get(peer)?.get(path)
    if (lost !== undefined) {
      this.contents.supersede(peer, path, lost)
      this.deeds.see(peer, path, lost, atMs)
    }
    this.unmended.get(peer)?.delete(path)
    const isPutBack = after !== undefined && before !== after && this.isPutBack(peer, path, after)
    // LEFT finds it missing and has no time of the loss to go by: the loss may have taken it, and nobody deleted it.
    const mayBeLoss = after === undefined && this.takesForLost(peer)
    // A content that was put there just before LEFT died may be news to it.
    this.deeds.did(edit, { sees: down === undefined, isCertain: !this.receiving.has(peer) && !mayBeLoss })
    if (after !== undefined)
      this.contents.make({ peer, path, digest: after, atMs, isSame: before === after, isPutBack })
  }

  /** Somebody gave what stands there another time or mode. */
  touched(peer: Who, path: string, digest: string, atMs: number): void {
    this.edited({ peer, path, before: digest, after: digest, atMs })
  }

  madeFolder(peer: Who, path: string, atMs: number): void {
    this.contents.remember(peer, path)
    const isCertain = !this.receiving.has(peer)
    this.deeds.did({ peer, path, before: undefined, after: FOLDER, atMs }, { isCertain })
  }

  /** Somebody gave a folder that stands there another mode: it was there before, and its content is what is in it. */
  touchedFolder(peer: Who, path: string, atMs: number): void {
    this.deeds.did({ peer, path, before: FOLDER, after: FOLDER, atMs }, { sees: false })
  }

  /** Something that stood at the path is elsewhere by now, and was changed: it may stand somewhere, and need not. */
  editedOutOfSight(peer: Who, path: string, before: string | undefined, after: string): void {
    if (before !== undefined) this.contents.supersede(peer, path, before)
    this.contents.allow(after)
  }

  /** LEFT put this content at the path. Answers whether it had been deleted there and nobody could have brought it back. `isLink`: it was
   *  made in its place, and no temporary file that has gone tells at the next start that it had been there. */
  placed(peer: Who, path: string, digest: string, atMs: number, isLink = false): boolean {
    this.contents.remember(peer, path)
    return this.deeds.placed(peer, path, digest, atMs, !isLink)
  }

  /** LEFT made a folder, or removed what stood there. */
  placedFolder(peer: Who, path: string): void {
    this.contents.remember(peer, path)
  }

  /** A process of LEFT died at this peer, or was stopped. */
  handleDeath(peer: Who, atMs: number): void {
    this.diedAtMs.set(peer, atMs)
    if (!this.beforeDown.has(peer)) this.beforeDown.set(peer, new Map())
    this.deeds.doubtPlacings(peer, atMs - UNRECORDED_MS_MAX)
  }

  /** Paths that somebody has changed since LEFT ended there, each with what stood at it then. */
  changedUnseen(peer: Who): ReadonlyMap<string, string | undefined> {
    return this.beforeDown.get(peer) ?? new Map()
  }

  /** LEFT has not looked since a loss of power: whatever is missing may have gone with that. */
  takesForLost(peer: Who): boolean {
    return this.unlooked.has(peer)
  }

  /** LEFT has looked at what stands there: from now on it knows. */
  handleOpened(peer: Who): void {
    this.beforeDown.delete(peer)
    this.unlooked.delete(peer)
    this.unmended.delete(peer)
  }

  /** The machine went down: what a person did that no scan has seen yet cannot be told from what the loss of power did.
   *  `isStopped`: LEFT had ended in order before, and takes nothing that is missing for lost. */
  handlePowerLoss(peer: Who, atMs: number, isStopped: boolean): void {
    if (!isStopped) this.unlooked.add(peer)
    this.deeds.doubtSince(peer, atMs - UNSEEN_MS_MAX)
    this.deeds.doubtPlacings(peer, atMs - UNSEEN_MS_MAX)
  }

  /** A loss of power made this of what stood at the path. To everybody else it is an edit, though not one that anybody would
   *  miss. Whoever removes it, once LEFT has looked at it, has not seen what it was: that comes back from others. */
  damaged({ peer, path, before, after, atMs }: Edit): void {
    if (before !== undefined) {
      this.unmendedAt(peer).set(path, before)
      this.deeds.forget(peer, path)
    }
    this.deeds.did({ peer, path, before: undefined, after, atMs }, { isCertain: false })
    if (after !== undefined) this.contents.makeByDamage(peer, path, after, atMs)
  }

  /** A loss of power brought an older content back that LEFT had replaced: LEFT may take it for an edit and keep a copy. */
  broughtBack(peer: Who, path: string, digest: string, atMs: number): void {
    this.deeds.did({ peer, path, before: undefined, after: digest, atMs }, { isCertain: false })
  }

  /** Somebody at this peer gave the content another time, or wrote it, so shortly before that LEFT need not know: what a loss
   *  of power makes of it then has another time than LEFT knew, and cannot be told from an edit. */
  isUnseenEdit(peer: Who, path: string, digest: string, nowMs: number): boolean {
    const fresh = this.deeds
      .at(path)
      .filter(({ after, atMs }) => after === digest && atMs >= nowMs - UNSEEN_MS_MAX)
    return fresh.some(({ before }) => before === digest) && fresh.some((deed) => deed.peer === peer)
  }

  /** A content was lost that stood at this path and nowhere else. */
  lost(peer: Who, path: string, digest: string): void {
    this.contents.supersede(peer, path, digest)
  }

  /** An only copy of what stood at the path, or of a version before it, is gone; peers may know of it. */
  loseOnlyCopy(path: string, atMs: number, stands: (digest: string) => boolean): void {
    this.contents.loseOnlyCopy(path, atMs, stands)
  }

  /** Somebody replaced or removed the last copy of this content, and peers that know of it are not told so: on a machine that only receives,
   *  or in a share that was put back and has a new name. */
  replaceLastUntold(path: string, digest: string): void {
    this.contents.replaceLastUntold(path, digest)
  }

  /** Contents of the path whose only copies went. */
  goneAt(path: string): ReadonlySet<string> {
    return this.contents.goneAt(path)
  }

  isBeforeLoss(path: string, digest: string): boolean {
    return this.contents.isBeforeLoss(path, digest)
  }

  /** A person takes back that something was removed here, or LEFT cannot know that a person removed it. Until the content
   *  comes back, a deed here has not seen it: both are to stand, as in any conflict. */
  takeRemovalBack(peer: Who, path: string): void {
    this.deeds.doubt(peer, path)
    this.deeds.forget(peer, path)
  }

  /** Paths of this peer where a person's removal stands. */
  removedAt(peer: Who): string[] {
    return [...this.deeds.removalsOf(peer)].map(([path]) => path)
  }

  memoryOf(peer: Who, atMs: number): Memory {
    return {
      atMs,
      views: this.deeds.viewsOf(peer),
      paths: new Set(this.contents.pathsOf(peer)),
      unmended: new Map(this.unmended.get(peer)),
    }
  }

  /** A person put an older copy of a share back: these files stand in it now. Nobody made them anew, but under its new name
   *  the share tells of them as of edits that no deletion of the old ones has seen. */
  putBack(peer: Who, memory: Memory, files: ReadonlyMap<string, string>, atMs: number): void {
    this.deeds.putBack(peer, memory.views, memory.atMs)
    this.contents.putPathsBack(peer, memory.paths)
    this.unmended.set(peer, new Map(memory.unmended))
    this.beforeDown.get(peer)?.clear()
    this.unlooked.delete(peer)
    for (const [path, digest] of files)
      this.deeds.did({ peer, path, before: digest, after: digest, atMs }, { isCertain: false })
  }

  /** Lists what does not hold in shares that have come to rest. */
  judge(shares: readonly Standing[]): Fault[] {
    return [...this.strangers(shares), ...this.losses(shares), ...this.returns(shares)]
  }

  private *strangers(shares: readonly Standing[]): Iterable<Fault> {
    for (const { name, files } of shares)
      for (const [path, digest] of files)
        if (!this.existed(digest))
          yield {
            type: 'nobody-made-it',
            path,
            digest,
            at: name,
            detail: `${name} holds at ${JSON.stringify(path)} what nobody made`,
          }
  }

  private *losses(shares: readonly Standing[]): Iterable<Fault> {
    const standing = new Set<string>()
    for (const { files, trash } of shares)
      for (const digest of [...files.values(), ...trash]) standing.add(digest)
    for (const { path, digest, by } of this.contents.required())
      if (!standing.has(digest) && !this.isEmpty(digest))
        yield {
          type: 'lost',
          path,
          digest,
          at: String(by),
          detail: `${digest.slice(0, 8)}, made at ${JSON.stringify(path)} and never replaced by anybody, is nowhere`,
        }
  }

  private *returns(shares: readonly Standing[]): Iterable<Fault> {
    for (const { name, files, unwritable } of shares)
      for (const [path, digest] of files)
        if (!unwritable?.has(path) && this.isReturned(path, digest))
          yield {
            type: 'came-back',
            path,
            digest,
            at: name,
            detail: `${name} holds at ${JSON.stringify(path)} ${digest.slice(0, 8)}, which somebody who had seen it deleted or replaced, and nobody made anew`,
          }
  }

  private isReturned(path: string, digest: string): boolean {
    if (this.deeds.at(path).some(({ after }) => after === digest))
      return this.deeds.isOver(path, digest) && !this.deeds.wasEndedApart(path, digest)
    // A copy that was made before its original was replaced stays; one of what nobody else had changed is none.
    for (const original of this.deeds.paths())
      if (isCopyOf(path, original) && this.deeds.at(original).some(({ after }) => after === digest))
        return this.deeds.isOver(original, digest) && this.deeds.wasNeverInConflict(original, digest)
    return false
  }

  /** Taken away, or changed, and put back while LEFT was not there to see it: to LEFT nothing happened. */
  private isPutBack(peer: Who, path: string, digest: string): boolean {
    const down = this.beforeDown.get(peer)
    if (down === undefined) return false
    if (down.get(path) === digest) return true
    const removal: Deed | undefined = this.deeds.removalAt(peer, path)
    const diedAtMs = this.diedAtMs.get(peer)
    return removal?.before === digest && diedAtMs !== undefined && removal.atMs >= diedAtMs - UNSEEN_MS_MAX
  }

  private unmendedAt(peer: Who): Map<string, string> {
    let unmended = this.unmended.get(peer)
    if (unmended === undefined) {
      unmended = new Map()
      this.unmended.set(peer, unmended)
    }
    return unmended
  }
}
