// Draws from a seed what people do to their files: few paths and few contents, since it is their meetings that break things.
// Used by scenario.ts.

import { BLOCK_BYTES } from '../../base/limits.js'
import type { Edit, ToldAccess } from '../edits.js'
import { OUTSIDE_NAMES } from '../outside.js'
import type { SeededRandom } from '../random.js'

const YEAR_MS = 365.25 * 86_400_000
export const ACCESSES: readonly ToldAccess[] = ['owner', 'owner', 'group', 'all']

/** Names that have broken programs before. */
export const NAMES = [
  'a.txt',
  'b',
  'notes.md',
  'data/x.bin',
  'data/y',
  'data/deep/z.log',
  'docs/one',
  'docs/two.tar.gz',
  'line\nbreak',
  'pipe|*|pipe',
  '-rf',
  ' space ',
  '%41%0A',
  '.hidden',
  'A.txt',
  'ñandú/übung.txt',
  'n\u0303andu\u0301',
  '😀',
  'x'.repeat(255),
  `${'é'.repeat(125)}.txt`,
  '\u2028',
  'data',
] as const

export class EditDrawing {
  readonly paths: readonly string[]
  private readonly random: SeededRandom
  private readonly modes: SeededRandom
  private readonly contents: readonly number[]
  private readonly largeSizes: boolean

  /** `modes` draws modes, apart from the rest: seeds that once found something are the worlds that they were. */
  constructor(random: SeededRandom, modes: SeededRandom, like?: EditDrawing) {
    this.random = random
    this.modes = modes
    if (like !== undefined) {
      this.paths = like.paths
      this.contents = like.contents
      this.largeSizes = like.largeSizes
      return
    }
    const count = 2 + random.below(6)
    this.paths = Array.from({ length: count }, () => this.pick(NAMES))
    // Few contents and many places: identical files, and contents that come back.
    this.contents = Array.from({ length: 6 }, () => random.uint32())
    this.largeSizes = random.chance(0.15)
  }

  /** The same paths and contents by other numbers. */
  by(random: SeededRandom): EditDrawing {
    return new EditDrawing(random, this.modes, this)
  }

  path(random = this.random): string {
    return this.pick(this.paths, random)
  }

  /** A file that is private from its beginning. */
  private access(): ToldAccess | undefined {
    return this.modes.chance(0.2) ? this.pick(ACCESSES, this.modes) : undefined
  }

  beginning(): Edit {
    const { random } = this
    const path = this.pick(this.paths)
    if (random.chance(0.1)) return { type: 'folder', path: this.folder() }
    const ageMs = random.chance(0.5) ? 0 : random.next() * 10 * YEAR_MS
    return {
      type: 'write',
      path,
      content: this.content(),
      sizeBytes: this.size(),
      steps: 1,
      stepMs: 0,
      ageMs,
      access: this.access(),
    }
  }

  of(path: string): Edit {
    const { random } = this
    const content = this.content()
    switch (random.below(20)) {
      case 0:
        return { type: 'touch', path, ageMs: random.chance(0.5) ? 0 : (random.next() - 0.3) * 2 * YEAR_MS }
      case 1:
        return { type: 'executable', path }
      case 2:
        return { type: 'folder', path: random.chance(0.3) ? path : this.folder() }
      case 3:
      case 4:
        return { type: 'remove', path: random.chance(0.2) ? this.folder() : path }
      case 5:
        return { type: 'rename', path, to: random.chance(0.5) ? this.pick(this.paths) : this.pick(NAMES) }
      case 6:
        return { type: 'copy', path, to: this.pick(this.paths) }
      case 7:
        return { type: 'swap', path, content, sizeBytes: this.size() }
      case 8:
        return { type: 'truncate', path, part: random.next() }
      case 9:
      case 10:
        return {
          type: 'append',
          path,
          content,
          sizeBytes: this.size(),
          steps: random.chance(0.5) ? 1 : 1 + random.below(8),
          stepMs: random.next() * 300,
        }
      case 11:
      case 12: {
        const from = random.next()
        return { type: 'overwrite', path, content, sizeBytes: this.size(), from }
      }
      case 13:
      case 14:
        return {
          type: 'replace',
          path,
          content,
          sizeBytes: this.size(),
          stepMs: random.next() * this.pick([1, 300]),
          access: this.access(),
        }
      case 15:
        return random.chance(0.3)
          ? { type: 'link', path, outside: this.pick(OUTSIDE_NAMES) }
          : { type: 'touch', path, ageMs: 0 }
      default:
        return {
          type: 'write',
          path,
          content,
          sizeBytes: this.size(),
          steps: random.chance(0.7) ? 1 : 1 + random.below(5),
          stepMs: random.next() * 200,
          access: this.access(),
        }
    }
  }

  folder(random = this.random): string {
    const folders = this.paths
      .filter((path) => path.includes('/'))
      .map((path) => path.slice(0, path.lastIndexOf('/')))
    return folders.length > 0 ? this.pick(folders, random) : 'empty'
  }

  content(): number {
    return this.random.chance(0.2) ? this.pick(this.contents) : this.random.uint32()
  }

  private size(): number {
    const { random } = this
    const drawn = random.below(20)
    if (drawn < 2) return 0
    if (drawn < 13) return 1 + random.below(2_000)
    if (drawn < 16) return BLOCK_BYTES - 1 + random.below(3)
    if (drawn < 19 || !this.largeSizes) return random.below(4 * BLOCK_BYTES)
    return random.below(20 * BLOCK_BYTES)
  }

  private pick<T>(from: readonly T[], random = this.random): T {
    return from[random.below(from.length)]!
  }
}
