// All that the people of a chaos run did to their shares, told to the model that judges what LEFT made of it (src/judge), and
// noted for a person who looks into a failure. Digests are SHA-256, so that an error in LEFT's own cannot hide itself.

import { createHash } from 'node:crypto'
import { type Fault, type Memory, Model, type Standing } from '../../src/judge/model.js'
import { originalOf } from '../../src/share/decide.js'

export const EMPTY_DIGEST = createHash('sha256').digest('hex')

/** Files by path, as judge.ts reads them. */
type Files = ReadonlyMap<string, { readonly kind: string; readonly digest: string }>

export class History {
  private readonly model = new Model((digest) => digest === EMPTY_DIGEST)
  private readonly nowMs: () => number
  private readonly lines: string[] = []

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
  }

  get madeCount(): number {
    return this.model.madeCount
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

  /** Somebody at `peer` changed what is at `path`; undefined stands for no file. */
  edited(peer: string, path: string, before: string | undefined, after: string | undefined): void {
    this.note(`${peer} ${JSON.stringify(path)} ${short(before)} -> ${short(after)}`)
    this.model.edited({ peer, path, before, after, atMs: this.nowMs() })
  }

  /** Something that was once at `path` is elsewhere and was changed: it may stand somewhere, and need not. */
  editedOutOfSight(peer: string, path: string, before: string | undefined, after: string): void {
    this.note(`out of sight, once ${JSON.stringify(path)} ${short(before)} -> ${short(after)}`)
    this.model.editedOutOfSight(peer, path, before, after)
  }

  /** Somebody gave what is at a path another time or executable bit; undefined where it is no file. */
  touched(peer: string, path: string, digest: string | undefined): void {
    this.note(`${peer} ${JSON.stringify(path)} touched`)
    if (digest !== undefined) this.model.touched(peer, path, digest, this.nowMs())
  }

  madeFolder(peer: string, path: string): void {
    this.note(`${peer} ${JSON.stringify(path)} -> folder`)
    this.model.madeFolder(peer, path, this.nowMs())
  }

  removedFolder(peer: string, path: string): void {
    this.note(`${peer} ${JSON.stringify(path)} folder -> nothing`)
    this.model.edited({ peer, path, before: undefined, after: undefined, atMs: this.nowMs() })
  }

  /** LEFT put this content at a path: whether it was removed there and nobody could have brought it back. */
  placed(peer: string, path: string, digest: string): boolean {
    return this.model.placed(peer, path, digest, this.nowMs())
  }

  /** A process of LEFT ended at this peer. */
  handleDeath(peer: string): void {
    this.model.handleDeath(peer, this.nowMs())
  }

  /** LEFT has read the share after its start. */
  handleOpened(peer: string): void {
    this.model.handleOpened(peer)
  }

  memoryOf(peer: string): Memory {
    return this.model.memoryOf(peer, this.nowMs())
  }

  /** Somebody put an older copy of a share back. It is nobody's new edit. A content that no other share
   *  held is gone with what was there before; one that another had received must still stand somewhere in the end. */
  putBack(
    peer: string,
    {
      before,
      after,
      elsewhere,
      memory,
    }: { before: Files; after: Files; elsewhere: readonly Files[]; memory: Memory },
  ): void {
    const standing = new Set([after, ...elsewhere].flatMap((files) => [...digestsOf(files).values()]))
    for (const [path, { kind, digest }] of before) {
      if (kind !== 'file' || after.get(path)?.digest === digest) continue
      if (elsewhere.some((files) => holds(files, path, digest))) continue
      this.note(`${peer} ${JSON.stringify(path)} ${short(digest)} is gone with the share`)
      this.model.lost(peer, path, digest)
      this.model.loseOnlyCopy(path, this.nowMs(), (content) => standing.has(content))
    }
    this.model.putBack(peer, memory, digestsOf(after), this.nowMs())
  }

  /** The trash of this peer went with its share. LEFT had put there what a peer deleted or replaced, what lost against ten conflict copies, and
   *  what was changed on a machine that only receives: a content that stood nowhere else is gone by a person's hand. */
  emptiedTrash(
    peer: string,
    trashed: readonly { readonly path: string; readonly digest: string }[],
    standing: ReadonlySet<string>,
  ): void {
    for (const { path, digest } of trashed) {
      if (standing.has(digest)) continue
      this.note(`${peer} ${JSON.stringify(path)} ${short(digest)} is gone with the trash`)
      this.model.lost(peer, path, digest)
    }
  }

  /** Contents of this path that are on no disk any more since a share was put back. */
  givenUpAt(path: string): ReadonlySet<string> {
    return this.model.goneAt(path)
  }

  /** Lists what does not hold in shares at rest. */
  judge(shares: readonly Standing[]): readonly Fault[] {
    return this.model.judge(shares)
  }
}

export function digestsOf(files: Files): Map<string, string> {
  const digests = new Map<string, string>()
  for (const [path, { kind, digest }] of files) if (kind === 'file') digests.set(path, digest)
  return digests
}

/** At the path, or as a copy of a conflict. */
function holds(files: Files, path: string, digest: string): boolean {
  for (const [other, file] of files)
    if (file.digest === digest && originalOf(other) === originalOf(path)) return true
  return false
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'nothing' : digest === EMPTY_DIGEST ? 'empty' : digest.slice(0, 10)
}
