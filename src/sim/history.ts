// History of all that people at the simulated machines did to their shares, told to the model that judges it (src/judge), and
// the bytes of each content.

import { hexOf } from '../base/bytes.js'
import { blockCount, type Digest, type Hash } from '../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../base/limits.js'
import { type Memory, Model } from '../judge/model.js'
import type { PeerId, Seen } from '../share/dots.js'
import type { Entry } from '../share/entry.js'
import { linkContent } from './disk/link-content.js'

/** The past of a share that a copy of it holds too. */
export interface ShareMemory extends Memory {
  /** The run of the machine that LEFT last ran in, where its log need not say that it was stopped: in another run LEFT
   *  takes what is missing for lost. */
  readonly unstoppedIn?: string | undefined
}

/** The last copy of a content, which a person replaced or removed. */
export interface Replaced {
  readonly path: string
  readonly digest: Digest
}

export class History {
  readonly model = new Model((digest) => this.contents.get(digest)?.length === 0)
  private readonly hash: Hash
  private readonly contents = new Map<Digest, Uint8Array>()
  /** Per peer, paths that a loss of power took under a running LEFT, which knew them, and that nobody has removed since, each with
   *  what the version that went had seen. */
  private readonly lost: Map<string, Seen>[] = []
  private powerCutLossCount = 0
  private readonly putBackUnopened = new Map<number, ShareMemory>()
  /** In whose name each peer edits, as it told last since its share was put back. */
  private readonly authors = new Map<number, PeerId>()
  /** Of shares that were put back, and go on under their old name so far. */
  private readonly replacedPutBack = new Map<number, Replaced[]>()

  constructor(hash: Hash, peerCount: number) {
    this.hash = hash
    for (let peer = 0; peer < peerCount; peer++) this.lost.push(new Map())
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

  contentOf(digest: Digest): Uint8Array | undefined {
    return this.contents.get(digest)
  }

  /** Somebody at `peer` changed what is at `path`; undefined where there was or is no file. */
  edited(
    peer: number,
    path: string,
    before: Digest | undefined,
    bytes: Uint8Array | undefined,
    atMs: number,
  ): Digest | undefined {
    this.forgetLost(peer, path)
    const after = this.keep(bytes)
    this.model.edited({ peer, path, before, after, atMs })
    return after
  }

  madeFolder(peer: number, path: string, atMs: number): void {
    this.lost[peer]!.delete(path)
    this.model.madeFolder(peer, path, atMs)
  }

  touchedFolder(peer: number, path: string, atMs: number): void {
    this.lost[peer]!.delete(path)
    this.model.touchedFolder(peer, path, atMs)
  }

  /** LEFT put this content at a path. Answers what is wrong with that, if anything. */
  placed(peer: number, path: string, digest: Digest, atMs: number, isLink: boolean): string | undefined {
    this.lost[peer]!.delete(path)
    return this.model.placed(peer, path, digest, atMs, isLink)
      ? 'what was deleted here came back, and nobody had made it anew'
      : undefined
  }

  /** LEFT made a folder here. */
  placedFolder(peer: number, path: string): void {
    this.lost[peer]!.delete(path)
    this.model.placedFolder(peer, path)
  }

  /** A loss of power made this of what a person's programs had written at a path; undefined where it is gone. */
  damaged(
    peer: number,
    path: string,
    before: Digest | undefined,
    bytes: Uint8Array | undefined,
    atMs: number,
  ): void {
    this.model.damaged({ peer, path, before, after: this.keep(bytes), atMs })
  }

  /** A loss of power took this path, which LEFT knew and had not been stopped: nobody has deleted it. */
  lostInPowerCut(peer: number, path: string, seen: Seen): void {
    this.lost[peer]!.set(path, seen)
    this.powerCutLossCount++
  }

  /** How often that happened. */
  get powerCutLosses(): number {
    return this.powerCutLossCount
  }

  /** Paths of this peer that no person removed since they were lost: a deletion that the lost version had not seen is LEFT's own. */
  lostPathsOf(peer: number): ReadonlyMap<string, Seen> {
    return this.lost[peer]!
  }

  /** A person put an older copy of the share back: these files stand in it. */
  putBack(peer: number, memory: ShareMemory, files: ReadonlyMap<string, Uint8Array>, atMs: number): void {
    const digests = new Map([...files].map(([path, bytes]) => [path, this.digestOf(bytes)]))
    this.model.putBack(peer, memory, digests, atMs)
    this.putBackUnopened.set(peer, memory)
    this.authors.delete(peer)
    this.replacedPutBack.set(peer, [])
    this.lost[peer]!.clear()
  }

  /** Last copies that persons replaced or removed since the share was put back, while it goes on under its old name. */
  replacedSincePutBack(peer: number): Replaced[] | undefined {
    return this.replacedPutBack.get(peer)
  }

  /** A peer tells in whose name it edits. A share that was put back takes a new name when it learns of that from a peer. The edits since are
   *  of that name then, and have seen no version of the share's own that no peer had told of by the time of the copy. Peers that know
   *  such a version wait for it, and nobody has it. */
  handleTold(peer: number, author: PeerId): void {
    const former = this.authors.get(peer)
    this.authors.set(peer, author)
    if (former === undefined || former === author) return
    for (const { path, digest } of this.replacedPutBack.get(peer) ?? [])
      this.model.replaceLastUntold(path, digest)
    this.replacedPutBack.delete(peer)
  }

  /** The older copy that the share was put back to and LEFT has not opened yet. */
  unopenedCopy(peer: number): ShareMemory | undefined {
    return this.putBackUnopened.get(peer)
  }

  /** LEFT has looked at what stands there: from now on it knows. */
  handleOpened(peer: number): void {
    this.model.handleOpened(peer)
    this.putBackUnopened.delete(peer)
  }

  private keep(bytes: Uint8Array | undefined): Digest | undefined {
    if (bytes === undefined) return undefined
    const digest = this.digestOf(bytes)
    this.contents.set(digest, bytes)
    return digest
  }

  /** A person makes something at the path, or removes it, with all that was below. */
  private forgetLost(peer: number, path: string): void {
    const lost = this.lost[peer]!
    for (const each of lost.keys()) if (each === path || each.startsWith(`${path}/`)) lost.delete(each)
  }
}
