// All that the people of a chaos run did to their shares, kept to judge by what LEFT made of it: which contents ever
// existed, which of them nobody replaced who had them before him, who removed what. The real world's sibling of
// src/sim/history.ts; digests are SHA-256, so that an error in LEFT's own cannot hide itself.

import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { originalOf } from '../../src/share/decide.js'

export const EMPTY_DIGEST = createHash('sha256').digest('hex')

interface Made {
  readonly path: string
  readonly digest: string
  readonly by: string
  atMs: number
  /** How often somebody put it there. */
  count: number
  superseded: boolean
  /** Somebody wrote another content in its place. What was removed or moved away instead may have met others in a conflict. */
  replaced: boolean
}

/** Paths that a share remembers to have been removed. */
export type Removals = ReadonlyMap<string, { readonly digest: string | undefined; readonly atMs: number }>

/** Files by path, as judge.ts reads them. */
type Files = ReadonlyMap<string, { readonly kind: string; readonly digest: string }>

interface Touch {
  readonly peer: string
  readonly atMs: number
}

interface Removal {
  readonly digest: string | undefined
  readonly atMs: number
}

export class History {
  private readonly contents = new Set<string>([EMPTY_DIGEST])
  private readonly made = new Map<string, Map<string, Made>>()
  /** Edits of each path that make a version, those of time and executable bit too. Not removals. */
  private readonly touches = new Map<string, Touch[]>()
  private readonly removals = new Map<string, Map<string, Removal>>()
  private readonly nowMs: () => number
  /** Contents whose only copy went with a share that was put back, by path: peers may know of them still. */
  private readonly givenUp = new Map<string, Set<string>>()
  /** The last edits, for a person who looks into a failure. */
  private readonly lines: string[] = []

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
  }

  get madeCount(): number {
    return this.contents.size - 1
  }

  note(line: string): void {
    this.lines.push(`${(this.nowMs() / 1_000).toFixed(3)} ${line}`)
  }

  /** The notes that hold this text. */
  notesOf(text: string): readonly string[] {
    return this.lines.filter((line) => line.includes(text))
  }

  get notes(): readonly string[] {
    return this.lines
  }

  existed(digest: string): boolean {
    return this.contents.has(digest)
  }

  /** Somebody at `peer` changed what is at `path`; undefined stands for no file. */
  edited(peer: string, path: string, before: string | undefined, after: string | undefined): void {
    this.note(`${peer} ${JSON.stringify(path)} ${short(before)} -> ${short(after)}`)
    if (before !== undefined && before !== after) this.supersede(path, before, after !== undefined)
    if (after === undefined) {
      this.removalsOf(peer).set(path, { digest: before, atMs: this.nowMs() })
      return
    }
    this.removalsOf(peer).delete(path)
    listOf(this.touches, path).push({ peer, atMs: this.nowMs() })
    this.contents.add(after)
    let contents = this.made.get(path)
    if (contents === undefined) {
      contents = new Map()
      this.made.set(path, contents)
    }
    const known = contents.get(after)
    if (known === undefined)
      contents.set(after, {
        path,
        digest: after,
        by: peer,
        atMs: this.nowMs(),
        count: 1,
        superseded: false,
        replaced: false,
      })
    else if (before !== after) {
      known.superseded = false
      known.replaced = false
      known.atMs = this.nowMs()
      known.count++
    }
  }

  /** Something that was once at `path` is elsewhere and was changed: it may stand somewhere, and need not. */
  editedOutOfSight(path: string, before: string | undefined, after: string): void {
    this.note(`out of sight, once ${JSON.stringify(path)} ${short(before)} -> ${short(after)}`)
    if (before !== undefined) this.supersede(path, before)
    this.contents.add(after)
  }

  /** Somebody gave what is at a path another time or executable bit. */
  touched(peer: string, path: string): void {
    this.note(`${peer} ${JSON.stringify(path)} touched`)
    listOf(this.touches, path).push({ peer, atMs: this.nowMs() })
  }

  madeFolder(peer: string, path: string): void {
    this.note(`${peer} ${JSON.stringify(path)} -> folder`)
    this.removalsOf(peer).delete(path)
  }

  removedFolder(peer: string, path: string): void {
    this.note(`${peer} ${JSON.stringify(path)} folder -> nothing`)
    this.removalsOf(peer).set(path, { digest: undefined, atMs: this.nowMs() })
  }

  /** LEFT put this content at a path: whether it was removed there and nobody could have brought it back. */
  placed(peer: string, path: string, digest: string): boolean {
    const cameBack = this.cameBack(peer, path, digest)
    this.removalsOf(peer).delete(path)
    return cameBack
  }

  /** Whether `digest`, which stands at the path now, was removed there and nobody could have brought it back: it was made
   *  once, nobody touched it since, and everything else that stood at the path led to it, each content written in place of the
   *  one before. Contents that were made apart met in a conflict somewhere, and the version that won there has seen more than
   *  the removal had. */
  cameBack(peer: string, path: string, digest: string): boolean {
    const removal = this.removalsOf(peer).get(path)
    if (removal?.digest !== digest) return false
    const contents = this.made.get(path)
    const made = contents?.get(digest)
    if (made === undefined || contents === undefined || made.count > 1) return false
    for (const other of contents.values()) if (other !== made && !other.replaced) return false
    const touches = this.touches.get(path) ?? []
    return touches.every(({ peer: who, atMs }) => atMs < made.atMs || (who === made.by && atMs <= made.atMs))
  }

  removalsAt(peer: string): Removals {
    return new Map(this.removalsOf(peer))
  }

  /** Somebody put an older copy of a share back. It is nobody's new edit. A content that no other share
   *  held is gone with what was there before; one that another had received must still stand somewhere in the end. */
  putBack(
    peer: string,
    {
      before,
      after,
      elsewhere,
      removals,
    }: { before: Files; after: Files; elsewhere: readonly Files[]; removals: Removals },
  ): void {
    for (const [path, { kind, digest }] of before) {
      if (kind !== 'file' || after.get(path)?.digest === digest) continue
      if (elsewhere.some((files) => holds(files, path, digest))) continue
      this.note(`${peer} ${JSON.stringify(path)} ${short(digest)} is gone with the share`)
      this.supersede(path, digest)
      const atPath = this.givenUp.get(path)
      if (atPath === undefined) this.givenUp.set(path, new Set([digest]))
      else atPath.add(digest)
    }
    this.removals.set(peer, new Map(removals))
    // Under its new name the share tells of what stands in it as of edits that no deletion of the old ones has seen.
    for (const path of after.keys()) listOf(this.touches, path).push({ peer, atMs: this.nowMs() })
  }

  /** Contents of this path that are on no disk any more since a share was put back. */
  givenUpAt(path: string): ReadonlySet<string> {
    return this.givenUp.get(path) ?? NOTHING
  }

  /** Contents that must stand somewhere in the end. */
  *required(): Iterable<{ readonly path: string; readonly digest: string; readonly by: string }> {
    for (const contents of this.made.values())
      for (const made of contents.values()) if (!made.superseded && made.digest !== EMPTY_DIGEST) yield made
  }

  /** `isReplaced`: another content was written in its place. */
  private supersede(path: string, digest: string, isReplaced = false): void {
    const made = this.made.get(path)?.get(digest)
    if (made !== undefined) {
      made.superseded = true
      made.replaced ||= isReplaced
      return
    }
    // A conflict copy: what it is a copy of was made under another name in the same folder.
    for (const [other, contents] of this.made) {
      const copied = dirname(other) === dirname(path) ? contents.get(digest) : undefined
      if (copied !== undefined) copied.superseded = true
    }
  }

  private removalsOf(peer: string): Map<string, Removal> {
    let removals = this.removals.get(peer)
    if (removals === undefined) {
      removals = new Map()
      this.removals.set(peer, removals)
    }
    return removals
  }
}

/** At the path, or as a copy of a conflict. */
function holds(files: Files, path: string, digest: string): boolean {
  for (const [other, file] of files)
    if (file.digest === digest && originalOf(other) === originalOf(path)) return true
  return false
}

const NOTHING: ReadonlySet<string> = new Set()

function listOf(map: Map<string, Touch[]>, path: string): Touch[] {
  let list = map.get(path)
  if (list === undefined) {
    list = []
    map.set(path, list)
  }
  return list
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'nothing' : digest === EMPTY_DIGEST ? 'empty' : digest.slice(0, 10)
}
