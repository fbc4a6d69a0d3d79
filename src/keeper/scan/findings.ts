// Results of a scan that others have to know: our own changes, and what cannot be shared. The scanner collects them, and
// the keeper takes them after each of its steps.

import type { Cause } from '../../base/reason.js'
import type { KeeperNotice } from '../../pipe/messages.js'
import type { Entry } from '../../share/entry.js'
import type { MovedTree } from '../../share/tree-move.js'

export type Finding =
  /** A change of our own; it stands in the catalogue. It has not seen `unseen`, which was known at its path and not held. */
  | { readonly type: 'changed'; readonly entry: Entry; readonly unseen: Entry | undefined }
  /** A folder was moved here with all that is in it; that stands in the catalogue. */
  | { readonly type: 'moved'; readonly moved: MovedTree }
  /** The very content that was known at this path and not held has come there, or what is held cannot be seen any more. */
  | { readonly type: 'held'; readonly path: string }
  /** More people may read what stands at this path than its entry says. */
  | { readonly type: 'wider'; readonly path: string }
  /** Rules leave out what was held at this path. */
  | { readonly type: 'released'; readonly path: string }
  /** Rules are others than before, and what they are about was looked at. */
  | { readonly type: 'rules' }
  /** A thing that was kept here against a change of a peer is gone. */
  | { readonly type: 'dropped'; readonly path: string }
  /** Deletions here are so many that nobody is told of them before a person confirms them. */
  | { readonly type: 'stopped'; readonly isAll: boolean }
  /** A file is written without rest. `isGrowing`: it is told of as far as it goes. */
  | { readonly type: 'restless'; readonly path: string; readonly isGrowing: boolean }
  /** Nothing is left in a folder that was deleted and stood for what was in it. */
  | { readonly type: 'emptied'; readonly path: string }
  /** A path that is not shared, or cannot be read; '' is the share. */
  | { readonly type: 'problem'; readonly path: string; readonly reason: string }

/** Why something that is there is not shared. */
export interface Problem extends Cause {
  /** For the person. */
  readonly reason: string
  readonly sinceMs: number
}

export class Findings {
  private findings: Finding[] = []
  /** Paths whose problem was told already, and what it is. */
  private readonly troubled = new Map<string, Problem>()
  private nowMs = 0

  handleTurn(nowMs: number): void {
    this.nowMs = nowMs
  }

  addChange(entry: Entry, unseen?: Entry): void {
    this.findings.push({ type: 'changed', entry, unseen })
  }

  addMove(moved: MovedTree): void {
    this.findings.push({ type: 'moved', moved })
  }

  addHeld(path: string): void {
    this.findings.push({ type: 'held', path })
  }

  addWider(path: string): void {
    this.findings.push({ type: 'wider', path })
  }

  addReleased(path: string): void {
    this.findings.push({ type: 'released', path })
  }

  addDropped(path: string): void {
    this.findings.push({ type: 'dropped', path })
  }

  addStopped(isAll: boolean): void {
    this.findings.push({ type: 'stopped', isAll })
  }

  addRules(): void {
    this.findings.push({ type: 'rules' })
  }

  addRestless(path: string, isGrowing: boolean): void {
    this.findings.push({ type: 'restless', path, isGrowing })
  }

  addEmptied(path: string): void {
    this.findings.push({ type: 'emptied', path })
  }

  /** Told once for each path, until it is well again. */
  addProblem(path: string, reason: string, cause: Cause): void {
    if (this.troubled.has(path)) return
    this.troubled.set(path, { ...cause, reason, sinceMs: this.nowMs })
    this.findings.push({ type: 'problem', path, reason })
  }

  /** The path is well, or gone. */
  forgetProblem(path: string): void {
    this.troubled.delete(path)
  }

  /** Paths that are not shared, with the reason of each. */
  get problems(): ReadonlyMap<string, Problem> {
    return this.troubled
  }

  take(): readonly Finding[] {
    const { findings } = this
    this.findings = []
    return findings
  }
}

/** For the person. */
export function restlessWords({ path, isGrowing }: Finding & { readonly type: 'restless' }): string {
  return isGrowing
    ? `${path} is written all the time: it is sent every few seconds, as far as it has grown`
    : `${path} is written all the time: it is sent when it rests`
}

/** For the person. `isAll`: nothing is left. */
export function stoppedWords({ isAll }: { readonly isAll: boolean }): string {
  const what = isAll
    ? 'the share is empty all at once: perhaps a disk is not mounted. Nobody is told'
    : 'so many files were deleted here that nobody is told'
  return `${what} before you have seen it: left status shows what, left confirm deletes it everywhere, left undo fetches it back`
}

/** For the person. */
export function noticeOf({ path, reason }: Finding & { readonly type: 'problem' }): KeeperNotice {
  return path === '' ? { event: 'note', message: reason } : { event: 'problem', path, reason }
}
