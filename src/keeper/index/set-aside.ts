// Things of ours that are in no tree, because nobody else may know them any more (keeper/away.ts): they stand where they are, and nobody
// is told. As lines of the index: after a long absence it is the whole share, until peers have told what they know. The catalogue owns it.

import { decodeAside, type Kept } from './index-line.js'

export class SetAside {
  private readonly lines = new Map<string, string>()

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

  put(path: string, line: string): void {
    this.lines.set(path, line)
  }

  /** Answers whether it was there. */
  delete(path: string): boolean {
    return this.lines.delete(path)
  }
}
