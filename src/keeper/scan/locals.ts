// Changes made on a machine that only receives: known to this process by path, told to nobody, and shown to the person. None of them
// is in the index: each start finds them again. What was there before is known and not held, or, where something was deleted, missing.
// A change goes to the trash where a peer changes the same, or when the person takes it back. The scanner owns this.
//
//     new, edited ── a peer has something new at the path, undo ──▶ in the trash
//          └──────── the very content that a peer has ──▶ held

import { sameContent } from '../../share/edit.js'
import type { Content } from '../../share/entry.js'
import { nameOf, parentOf } from '../../share/path.js'
import type { Signature } from '../index/signature.js'

export interface Local extends Content {
  /** Signature of a file, as it looked when it was read. */
  readonly signature: Signature | undefined
}

export class Locals {
  /** By folder, by name. */
  private readonly byFolder = new Map<string, Map<string, Local>>()
  /** Paths that a person took back, and that stand until what peers have is here. */
  private readonly leaving = new Set<string>()
  private count = 0

  get size(): number {
    return this.count
  }

  get(path: string): Local | undefined {
    return this.byFolder.get(parentOf(path))?.get(nameOf(path))
  }

  /** Names in a folder. */
  namesIn(folder: string): readonly string[] {
    return [...(this.byFolder.get(folder)?.keys() ?? [])]
  }

  *paths(): Generator<string> {
    for (const [folder, names] of this.byFolder)
      for (const name of names.keys()) yield folder === '' ? name : `${folder}/${name}`
  }

  /** Answers whether that is news. */
  set(path: string, content: Content, signature: Signature | undefined): boolean {
    const before = this.get(path)
    const folder = parentOf(path)
    const names = this.byFolder.get(folder) ?? new Map<string, Local>()
    if (!names.has(nameOf(path))) this.count++
    names.set(nameOf(path), { ...content, signature })
    this.byFolder.set(folder, names)
    this.leaving.delete(path)
    return before === undefined || !sameContent(before, content)
  }

  /** Answers whether something was there. */
  delete(path: string): boolean {
    this.leaving.delete(path)
    const folder = parentOf(path)
    const names = this.byFolder.get(folder)
    if (names?.delete(nameOf(path)) !== true) return false
    this.count--
    if (names.size === 0) this.byFolder.delete(folder)
    return true
  }

  /** A person takes it back: what a peer has there may take its place. */
  leave(path: string): void {
    if (this.get(path) !== undefined) this.leaving.add(path)
  }

  isLeaving(path: string): boolean {
    return this.leaving.has(path)
  }
}
