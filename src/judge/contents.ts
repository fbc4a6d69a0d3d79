// The contents that persons made at each path, and who replaced or removed one that he had: what was made and never
// replaced must stand somewhere in the end. Used by model.ts.

import { parentOf } from '../share/path.js'
import { isCopyOf } from './copies.js'
import type { Who } from './deeds.js'

/** A content that somebody made at a path. */
interface Made {
  readonly path: string
  readonly digest: string
  /** Where it was made last. */
  by: Who
  atMs: number
  /** Peers at which somebody who had it replaced or removed it; it must be somewhere while there are none. */
  readonly supersededAt: Set<Who>
  /** The peers of `supersededAt` at which another content replaced it. */
  readonly replacedAt: Set<Who>
}

interface Making {
  readonly peer: Who
  readonly path: string
  readonly digest: string
  readonly atMs: number
  /** Another time or an executable bit, or what stood there before LEFT could look: not made anew. */
  readonly isSame: boolean
  /** Taken away, or changed, and put back while LEFT was not there to see it. */
  readonly isPutBack: boolean
}

export class Contents {
  private readonly made = new Map<string, Map<string, Made>>()
  private readonly all = new Set<string>()
  /** Paths at which something of LEFT's or of a person's has ever stood, by peer. */
  private readonly remembered = new Map<Who, Set<string>>()
  /** Contents of a path that stood in no share when an only copy went, and before when what was made there ends no wait for one. */
  private readonly gone = new Map<string, { readonly digests: Set<string>; atMs: number }>()

  get count(): number {
    return this.all.size
  }

  existed(digest: string): boolean {
    return this.all.has(digest)
  }

  make({ peer, path, digest, atMs, isSame, isPutBack }: Making): void {
    this.all.add(digest)
    const known = this.made.get(path)?.get(digest)
    const kept = [...(known?.supersededAt ?? [peer])].filter((other) => !isPutBack || other !== peer)
    // Equal contents written apart are one edit: who replaced the other has replaced this one (versions.md, rule 5).
    const isApart = !this.pathsOf(peer).has(path)
    const replacedApart = isApart ? [...(known?.replacedAt ?? [])].filter((other) => other !== peer) : []
    this.remember(peer, path)
    const made = this.renew(peer, path, digest, atMs)
    for (const other of replacedApart) {
      made.supersededAt.add(other)
      made.replacedAt.add(other)
    }
    // Not somebody's who never wrote it.
    if (isSame || isPutBack) for (const other of kept) made.supersededAt.add(other)
  }

  /** A loss of power made this content: nobody misses it, unless it was missed before. */
  makeByDamage(peer: Who, path: string, digest: string, atMs: number): void {
    this.all.add(digest)
    const wasNeeded = this.made.get(path)?.get(digest)?.supersededAt.size === 0
    this.renew(peer, path, digest, atMs)
    if (!wasNeeded) this.supersede(peer, path, digest)
  }

  /** A content that need not stand anywhere, and may. */
  allow(digest: string): void {
    this.all.add(digest)
  }

  /** Somebody who had this content replaced or removed it, or it was lost where no other peer had it. */
  supersede(peer: Who, path: string, digest: string, isReplaced = false): void {
    const made = this.made.get(path)?.get(digest)
    if (made !== undefined) {
      made.supersededAt.add(peer)
      if (isReplaced) made.replacedAt.add(peer)
      return
    }
    // A conflict copy went: what it is a copy of was made under another name in the same folder.
    for (const [other, contents] of this.made) {
      const copied = parentOf(other) === parentOf(path) ? contents.get(digest) : undefined
      copied?.supersededAt.add(peer)
    }
  }

  /** Contents that must be somewhere in the end. */
  *required(): Iterable<{ readonly path: string; readonly digest: string; readonly by: Who }> {
    for (const contents of this.made.values())
      for (const made of contents.values()) if (made.supersededAt.size === 0) yield made
  }

  remember(peer: Who, path: string): void {
    const paths = this.remembered.get(peer)
    if (paths === undefined) this.remembered.set(peer, new Set([path]))
    else paths.add(path)
  }

  pathsOf(peer: Who): ReadonlySet<string> {
    return this.remembered.get(peer) ?? NONE
  }

  putPathsBack(peer: Who, paths: ReadonlySet<string>): void {
    this.remembered.set(peer, new Set(paths))
  }

  /** An only copy of what stood at the path is gone; `stands`: whether a content stands in any share. */
  loseOnlyCopy(path: string, atMs: number, stands: (digest: string) => boolean): void {
    const gone = this.gone.get(path) ?? { digests: new Set<string>(), atMs }
    gone.atMs = atMs
    for (const [original, made] of this.made) {
      if (original !== path && !isCopyOf(path, original)) continue
      for (const digest of made.keys()) if (!stands(digest)) gone.digests.add(digest)
    }
    this.gone.set(path, gone)
  }

  /** Somebody replaced or removed the last copy of this content, and no peer is told that he had seen it. It is no loss: what was made at
   *  the path after that content is as before. */
  replaceLastUntold(path: string, digest: string): void {
    for (const [original, contents] of this.made) {
      const made = original === path || isCopyOf(path, original) ? contents.get(digest) : undefined
      if (made === undefined) continue
      const gone = this.gone.get(path) ?? { digests: new Set<string>(), atMs: made.atMs }
      gone.atMs = Math.max(gone.atMs, made.atMs)
      gone.digests.add(digest)
      this.gone.set(path, gone)
    }
  }

  /** Contents of the path whose only copies went: peers may know of them still. */
  goneAt(path: string): ReadonlySet<string> {
    return this.gone.get(path)?.digests ?? NONE
  }

  /** Whether what a person last made so at the path was there before an only copy went. */
  isBeforeLoss(path: string, digest: string): boolean {
    const madeAtMs = this.made.get(path)?.get(digest)?.atMs ?? Number.NEGATIVE_INFINITY
    return madeAtMs <= (this.gone.get(path)?.atMs ?? Number.NEGATIVE_INFINITY)
  }

  private renew(peer: Who, path: string, digest: string, atMs: number): Made {
    let contents = this.made.get(path)
    if (contents === undefined) {
      contents = new Map()
      this.made.set(path, contents)
    }
    let made = contents.get(digest)
    if (made === undefined) {
      made = { path, digest, by: peer, atMs, supersededAt: new Set(), replacedAt: new Set() }
      contents.set(digest, made)
    }
    made.by = peer
    made.atMs = atMs
    made.supersededAt.clear()
    made.replacedAt.clear()
    return made
  }
}

const NONE: ReadonlySet<string> = new Set()
