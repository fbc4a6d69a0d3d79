// Everything that the people at the simulated machines ever did to their shares, so that what LEFT makes of it can be
// judged: which contents ever existed (what arrives must be one of them), which were made and never replaced by
// somebody who had them before him (they must be somewhere in the end), who deleted what.

import { hexOf } from '../base/bytes.js'
import { blockCount, type Digest, type Hash } from '../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../base/limits.js'
import type { Entry } from '../share/entry.js'
import { parentOf } from '../share/path.js'
import { linkContent } from './disk/link-content.js'
import { UNDERWAY_MS_MAX, UNSEEN_MS_MAX } from './limits.js'

/** A content that somebody made at a path. */
interface Made {
  readonly path: string
  readonly digest: Digest
  /** Peers on which it was made, and when last. */
  readonly peers: Set<number>
  atMs: number
  /** When somebody last gave it another time or made it executable: an edit of its own that the content does not show. */
  retouchedAtMs: number
  /** Peers at which somebody who had it replaced or removed it; it must be somewhere while there are none. */
  readonly supersededAt: Set<number>
  /** Those of them at which it was replaced by another content. */
  readonly replacedAt: Set<number>
}

/** The content at a path of one peer before a person removed it. */
export interface Removal {
  readonly digest: Digest | undefined
  /** Since when the peer had had it. */
  readonly heldSinceMs: number
  readonly atMs: number
}

/** The past of a share that a copy of it holds too. */
export interface ShareMemory {
  /** Deletions. */
  readonly removed: ReadonlyMap<string, Removal>
  /** Paths at which something of LEFT's or of a person's has ever stood. */
  readonly paths: ReadonlySet<string>
  /** Contents that a loss of power took from their paths before LEFT looked. */
  readonly unmended: ReadonlyMap<string, Digest>
  readonly hasLostPower: boolean
  /** The run of the machine that LEFT last ran in, where its log need not say that it was stopped: in another run LEFT
   *  takes what is missing for lost. */
  readonly unstoppedIn?: string | undefined
}

export class History {
  private readonly hash: Hash
  private readonly contents = new Map<Digest, Uint8Array>()
  private readonly madeAt = new Map<string, Map<Digest, Made>>()
  private readonly removed: Map<string, Removal>[] = []
  /** Per peer, since when each path has held what it holds. */
  private readonly heldSince: Map<string, number>[] = []
  private readonly remembered: Set<string>[] = []

  /** Per peer, what a loss of power took from a path since LEFT last ran. */
  private readonly unmended: Map<string, Digest>[] = []

  /** Paths of which an only copy went with a share that was put back, or with a loss of power, and when last. */
  private readonly givenUpAtMs = new Map<string, number>()

  /** Per peer, paths that a loss of power took under a running LEFT, which knew them, and that nobody has removed since. */
  private readonly lost: Set<string>[] = []
  private powerCutLossCount = 0

  /** Per peer, what stood at the paths that somebody has changed since LEFT ended there. */
  private readonly beforeDown: Map<string, Digest | undefined>[] = []
  private readonly diedAtMs: number[] = []
  private readonly isDown = new Set<number>()
  private readonly hasLostPower = new Set<number>()
  private readonly putBackUnopened = new Map<number, ShareMemory>()
  private readonly edits = new Map<
    string,
    { readonly peer: number; readonly atMs: number; readonly digest: Digest | undefined }[]
  >()

  constructor(hash: Hash, peerCount: number) {
    this.hash = hash
    for (let peer = 0; peer < peerCount; peer++) {
      this.removed.push(new Map())
      this.heldSince.push(new Map())
      this.remembered.push(new Set())
      this.unmended.push(new Map())
      this.lost.push(new Set())
      this.beforeDown.push(new Map())
    }
  }

  /** The digest of a content as LEFT names it: of the list of its blocks' digests. */
  digestOf(bytes: Uint8Array): Digest {
    const list = new Uint8Array(blockCount(bytes.length) * DIGEST_BYTES)
    for (let index = 0; index < blockCount(bytes.length); index++) {
      const block = bytes.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)
      list.set(this.hash(block), index * DIGEST_BYTES)
    }
    return hexOf(this.hash(list))
  }

  /** The same of what an entry says. */
  digestOfEntry({ kind, target, digest }: Entry): Digest {
    return kind === 'link' ? this.digestOf(linkContent(target)) : digest
  }

  /** Peers may know of what stood at the path until now, or of a version before it, and it comes from nobody. */
  giveUp(path: string, atMs: number): void {
    this.givenUpAtMs.set(path, atMs)
  }

  /** Whether what a person last made so at the path was there before an only copy went. */
  isBeforeLoss(path: string, digest: Digest): boolean {
    const madeAtMs = this.madeAt.get(path)?.get(digest)?.atMs ?? Number.NEGATIVE_INFINITY
    return madeAtMs <= (this.givenUpAtMs.get(path) ?? Number.NEGATIVE_INFINITY)
  }

  /** A loss of power took this path, which LEFT knew and had not been stopped: nobody has deleted it. */
  lostInPowerCut(peer: number, path: string): void {
    this.lost[peer]!.add(path)
    this.powerCutLossCount++
  }

  /** How often that happened. */
  get powerCutLosses(): number {
    return this.powerCutLossCount
  }

  /** Paths of this peer that no person removed: a deletion of them is LEFT's own. */
  lostPathsOf(peer: number): ReadonlySet<string> {
    return this.lost[peer]!
  }

  existed(digest: Digest): boolean {
    return this.contents.has(digest)
  }

  contentOf(digest: Digest): Uint8Array | undefined {
    return this.contents.get(digest)
  }

  /** Somebody at `peer` changed what is at `path`; undefined where there was or is no file. */
  edited(
    peer: number,
    path: string,
    before: Digest | undefined,
    after: Uint8Array | undefined,
    atMs: number,
  ): Digest | undefined {
    const digest = after === undefined ? undefined : this.digestOf(after)
    this.forgetLost(peer, path)
    const beforeDown = this.beforeDown[peer]!
    if (this.isDown.has(peer) && !beforeDown.has(path)) beforeDown.set(path, before)
    if (before !== undefined && before !== digest) {
      this.supersede(peer, path, before)
      if (digest !== undefined) this.madeAt.get(path)?.get(before)?.replacedAt.add(peer)
    }
    // Written over what a loss of power had made of it, before LEFT could look: it cannot be told from an edit of the
    // whole.
    const lost = this.unmended[peer]!.get(path)
    if (lost !== undefined) this.supersede(peer, path, lost)
    this.unmended[peer]!.delete(path)
    this.editsOf(path).push({ peer, atMs, digest })
    if (after === undefined || digest === undefined) {
      const heldSinceMs = this.heldSince[peer]!.get(path) ?? Number.NEGATIVE_INFINITY
      // Put there in the moment in which LEFT died, or removed before it has looked at what a loss of power did: whether
      // it had come, and stayed, can no longer be told.
      const known = heldSinceMs !== this.diedAtMs[peer] && !this.hasLostPower.has(peer)
      this.removed[peer]!.set(path, { digest: known ? before : undefined, heldSinceMs, atMs })
      this.heldSince[peer]!.delete(path)
      return undefined
    }
    const isPutBack = before !== digest && this.isPutBack(peer, path, digest)
    this.removed[peer]!.delete(path)
    this.heldSince[peer]!.set(path, atMs)
    this.contents.set(digest, after)
    const known = this.madeAt.get(path)?.get(digest)
    const supersededBefore = [...(known?.supersededAt ?? [peer])].filter(
      (other) => !isPutBack || other !== peer,
    )
    // Equal contents written apart are one edit: who replaced the other has replaced this one (versions.md, rule 5).
    const isApart = !this.remembered[peer]!.has(path)
    const replacedApart = isApart ? [...(known?.replacedAt ?? [])].filter((other) => other !== peer) : []
    this.remembered[peer]!.add(path)
    this.make(peer, path, digest, atMs)
    const made = this.madeAt.get(path)!.get(digest)!
    for (const other of replacedApart) {
      made.supersededAt.add(other)
      made.replacedAt.add(other)
    }
    if (before === digest) made.retouchedAtMs = atMs
    // Another time or an executable bit, even taken back again, does not make the content anew, nor somebody's who
    // never wrote it.
    if (before === digest || isPutBack) for (const other of supersededBefore) made.supersededAt.add(other)
    return digest
  }

  /** A person makes something at the path, or removes it, with all that was below. */
  private forgetLost(peer: number, path: string): void {
    const lost = this.lost[peer]!
    for (const each of lost) if (each === path || each.startsWith(`${path}/`)) lost.delete(each)
  }

  /** Taken away, or changed, and put back while LEFT was not there to see it: to LEFT nothing happened. */
  private isPutBack(peer: number, path: string, digest: Digest): boolean {
    if (this.isDown.has(peer) && this.beforeDown[peer]!.get(path) === digest) return true
    const removal = this.removed[peer]!.get(path)
    const diedAtMs = this.diedAtMs[peer]
    if (removal?.digest !== digest || diedAtMs === undefined || !this.isDown.has(peer)) return false
    return removal.atMs >= diedAtMs - UNSEEN_MS_MAX
  }

  /** A process of LEFT died at this peer. */
  handleDeath(peer: number, atMs: number): void {
    this.diedAtMs[peer] = atMs
    this.isDown.add(peer)
  }

  /** LEFT has looked at what a loss of power did: from now on it knows. */
  handleOpened(peer: number): void {
    this.isDown.delete(peer)
    this.beforeDown[peer]!.clear()
    this.hasLostPower.delete(peer)
    this.putBackUnopened.delete(peer)
    this.unmended[peer]!.clear()
  }

  /** A loss of power made this of what a person's programs had written at a path; undefined where it is gone. */
  damaged(
    peer: number,
    path: string,
    before: Digest | undefined,
    after: Uint8Array | undefined,
    atMs: number,
  ): void {
    if (before !== undefined) this.unmended[peer]!.set(path, before)
    // To everybody else it is an edit, though not one that anybody would miss.
    this.editsOf(path).push({ peer, atMs, digest: after === undefined ? undefined : this.digestOf(after) })
    if (after === undefined) {
      this.removed[peer]!.set(path, { digest: undefined, heldSinceMs: atMs, atMs })
      this.heldSince[peer]!.delete(path)
      return
    }
    const digest = this.digestOf(after)
    this.contents.set(digest, after)
    const wasNeeded = this.madeAt.get(path)?.get(digest)?.supersededAt.size === 0
    this.make(peer, path, digest, atMs)
    if (!wasNeeded) this.supersede(peer, path, digest)
    this.removed[peer]!.delete(path)
    this.heldSince[peer]!.set(path, atMs)
  }

  /** Somebody at this peer gave the content another time, or wrote it, so shortly before that LEFT need not know: what a loss
   *  of power makes of it then has another time than LEFT knew, and cannot be told from an edit. */
  isUnseenEdit(peer: number, path: string, digest: Digest, nowMs: number): boolean {
    const isOurs = (edit: { peer: number; digest: Digest | undefined; atMs: number }) =>
      edit.peer === peer && edit.digest === digest && edit.atMs >= nowMs - UNSEEN_MS_MAX
    const retouchedAtMs = this.madeAt.get(path)?.get(digest)?.retouchedAtMs ?? Number.NEGATIVE_INFINITY
    return retouchedAtMs >= nowMs - UNSEEN_MS_MAX && this.editsOf(path).some(isOurs)
  }

  /** The machine went down: a deletion that no scan has seen yet cannot be told from what the loss of power did. */
  forgiveRemovals(peer: number, sinceMs: number): void {
    this.hasLostPower.add(peer)
    for (const [path, removal] of this.removed[peer]!)
      if (removal.atMs >= sinceMs) this.forgiveRemoval(peer, path)
  }

  /** Somebody at `peer` made a folder. */
  madeFolder(peer: number, path: string): void {
    this.lost[peer]!.delete(path)
    this.removed[peer]!.delete(path)
    this.remembered[peer]!.add(path)
  }

  /** LEFT put this content at a path. Answers what is wrong with that, if anything. */
  placed(peer: number, path: string, digest: Digest, atMs: number): string | undefined {
    const removal = this.removed[peer]!.get(path)
    this.removed[peer]!.delete(path)
    this.lost[peer]!.delete(path)
    this.heldSince[peer]!.set(path, atMs)
    this.remembered[peer]!.add(path)
    if (removal?.digest !== digest) return undefined
    const made = this.madeAt.get(path)?.get(digest)
    // Made by somebody who could not know of the deletion: then it is an edit of its own.
    if (made === undefined || made.peers.size > 1 || made.atMs >= removal.heldSinceMs) return undefined
    // Others had changed the path meanwhile: their edit had not seen the deletion, and this content won against it.
    const unseenSinceMs = removal.heldSinceMs - UNDERWAY_MS_MAX
    for (const edit of this.editsOf(path))
      if (edit.peer !== peer && edit.digest !== digest && edit.atMs >= unseenSinceMs) return undefined
    // The version that was held may be the one before the last touch, which was still on its way.
    if (made.retouchedAtMs >= unseenSinceMs) return undefined
    return 'what was deleted here came back, and nobody had made it anew'
  }

  /** A person put an older copy of the share back: this stands at the path now. It is nobody's new edit, and who replaced it
   *  elsewhere has replaced it here. */
  putBack(peer: number, path: string, after: Uint8Array | undefined, atMs: number): void {
    const digest = after === undefined ? undefined : this.digestOf(after)
    this.beforeDown[peer]!.delete(path)
    this.editsOf(path).push({ peer, atMs, digest })
    if (digest === undefined) {
      this.heldSince[peer]!.delete(path)
      return
    }
    this.heldSince[peer]!.set(path, atMs)
    // Under its new name the share tells of it as of an edit that no deletion of the old one has seen.
    const made = this.madeAt.get(path)?.get(digest)
    if (made !== undefined) made.retouchedAtMs = Number.POSITIVE_INFINITY
  }

  /** The memory of a peer's share as it is now, and of a copy that is taken now. */
  memoryOf(peer: number): ShareMemory {
    return {
      removed: new Map(this.removed[peer]!),
      paths: new Set(this.remembered[peer]!),
      unmended: new Map(this.unmended[peer]!),
      hasLostPower: this.hasLostPower.has(peer),
    }
  }

  /** A person takes back that something was removed here. */
  takeRemovalBack(peer: number, path: string): void {
    this.removed[peer]!.delete(path)
  }

  /** An older copy of the share was put back: this holds for it. */
  putMemoryBack(peer: number, memory: ShareMemory): void {
    this.removed[peer] = new Map(memory.removed)
    this.remembered[peer] = new Set(memory.paths)
    this.unmended[peer] = new Map(memory.unmended)
    this.putBackUnopened.set(peer, memory)
    if (memory.hasLostPower) this.hasLostPower.add(peer)
    else this.hasLostPower.delete(peer)
    this.lost[peer]!.clear()
  }

  /** The older copy that the share was put back to and LEFT has not opened yet. */
  unopenedCopy(peer: number): ShareMemory | undefined {
    return this.putBackUnopened.get(peer)
  }

  /** Whether this was removed by a person or lost, LEFT cannot know. */
  forgiveRemoval(peer: number, path: string): void {
    const removal = this.removed[peer]!.get(path)
    if (removal !== undefined) this.removed[peer]!.set(path, { ...removal, digest: undefined })
  }

  /** LEFT took away what was at a path (in favour of a folder, or a version that is fetched again). */
  takenAway(peer: number, path: string): void {
    this.heldSince[peer]!.delete(path)
  }

  /** Contents that must be somewhere in the end. */
  *required(): Iterable<{ readonly path: string; readonly digest: Digest }> {
    for (const made of this.madeAt.values())
      for (const { path, digest, supersededAt } of made.values())
        if (supersededAt.size === 0) yield { path, digest }
  }

  private editsOf(path: string) {
    let edits = this.edits.get(path)
    if (edits === undefined) {
      edits = []
      this.edits.set(path, edits)
    }
    return edits
  }

  private make(peer: number, path: string, digest: Digest, atMs: number): void {
    let made = this.madeAt.get(path)
    if (made === undefined) {
      made = new Map()
      this.madeAt.set(path, made)
    }
    const known = made.get(digest)
    if (known === undefined) {
      made.set(digest, {
        path,
        digest,
        peers: new Set([peer]),
        atMs,
        retouchedAtMs: Number.NEGATIVE_INFINITY,
        supersededAt: new Set(),
        replacedAt: new Set(),
      })
      return
    }
    known.peers.add(peer)
    known.atMs = atMs
    known.supersededAt.clear()
    known.replacedAt.clear()
  }

  /** Records that this content was replaced or removed at the path, or lost where no other peer had it. */
  supersede(peer: number, path: string, digest: Digest): void {
    const made = this.madeAt.get(path)?.get(digest)
    if (made !== undefined) {
      made.supersededAt.add(peer)
      return
    }
    // A conflict copy went: what it is a copy of was made under another name in the same folder.
    for (const [other, contents] of this.madeAt) {
      const copied = parentOf(other) === parentOf(path) ? contents.get(digest) : undefined
      if (copied !== undefined) copied.supersededAt.add(peer)
    }
  }
}
