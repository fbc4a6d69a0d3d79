// Things of ours that are in no tree, because nobody else may know them any more (keeper/away.ts): they stand where they are, and nobody
// is told. As lines of the index: after a long absence it is the whole share, until peers have told what they know. The catalogue owns it.

import type { Index } from '../../base/index-port.js'
import type { Commits } from './commits.js'
import type { Contents } from './contents.js'
import { decodeAside, encodeAside, type Kept } from './index-line.js'

export interface SetAsideOptions {
  readonly index: Index
  readonly commits: Commits
  readonly contents: Contents
}

export class SetAside {
  private readonly options: SetAsideOptions
  private readonly lines = new Map<string, string>()

  constructor(options: SetAsideOptions) {
    this.options = options
  }

  get size(): number {
    return this.lines.size
  }

  has(path: string): boolean {
    return this.lines.has(path)
  }

  get(path: string): Kept | undefined {
    const line = this.lines.get(path)
    return line === undefined ? undefined : decodeAside(path, line)
  }

  paths(): Iterable<string> {
    return this.lines.keys()
  }

  /** The content is awaited already: its list stays for when it counts again. */
  put(path: string, aside: Kept): void {
    const { index, commits } = this.options
    const line = encodeAside(aside)
    this.lines.set(path, line)
    index.put(path, line)
    commits.handleChange()
  }

  /** The line of the index, as it was read at the start. */
  restore(path: string, line: string): Kept | undefined {
    const aside = decodeAside(path, line)
    if (aside === undefined) return undefined
    this.options.contents.await(aside.entry.digest)
    this.lines.set(path, line)
    return aside
  }

  /** Renews what is set aside at the path, which was looked at again. */
  refresh(path: string, aside: Kept): void {
    if (this.lines.has(path)) this.put(path, aside)
  }

  /** An entry is recorded at the path, and takes its line of the index. */
  handleRecorded(path: string): void {
    this.lines.delete(path)
  }

  /** Answers what is set aside at the path, which is to be recorded again. */
  take(path: string): Kept | undefined {
    const aside = this.get(path)
    this.lines.delete(path)
    if (aside !== undefined) this.options.contents.handleCame(aside.entry.digest)
    return aside
  }

  /** Forgets what was set aside at the path: it is gone, or is not shared any more. */
  drop(path: string): void {
    const { index, commits } = this.options
    if (!this.lines.has(path)) return
    this.take(path)
    index.remove(path)
    commits.handleChange()
  }
}
