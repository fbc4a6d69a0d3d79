// Draws from a seed what a person does next: few paths and many edits, since the faults come from edits that meet.

import { join } from 'node:path'
import { SeededRandom } from '../../src/sim/random.js'
import type { Content, Person } from './person.js'

const BLOCK_BYTES = 65_300
const DAY_MS = 86_400_000

/** Names that have broken programs before. */
const NAMES = [
  'a.txt',
  'b',
  'notes.md',
  'A.TXT',
  'data/x.bin',
  'data/y',
  'data/deep/er/z.log',
  'docs/one',
  'docs/two.tar.gz',
  'line\nbreak',
  'pipe|*|pipe',
  '-rf',
  ' space ',
  '%41%0A',
  '.hidden',
  'back\\slash',
  'ñandú/übung.txt',
  'n\u0303andu\u0301/übung.txt',
  '😀',
  `${'x'.repeat(255)}`,
  `${'é'.repeat(125)}.txt`,
  '\u2028',
  'tab\there',
  'a.conflict-20200101-000000-01234567.txt',
  'data',
  '__proto__',
] as const

export class Workload {
  private readonly random: SeededRandom
  private readonly paths: readonly string[]
  private readonly seed: number
  private contentCount = 0
  private treeCount = 0
  /** Bytes that large files may still take. */
  private largeBytes: number

  constructor(seed: number, paths: readonly string[], largeBytes: number) {
    this.random = new SeededRandom(seed)
    this.seed = seed
    this.paths = paths
    this.largeBytes = largeBytes
  }

  static drawPaths(random: SeededRandom): string[] {
    const count = 4 + random.below(10)
    return Array.from({ length: count }, () => NAMES[random.below(NAMES.length)]!)
  }

  /** How long until the next edit. */
  pauseMs(): number {
    const { random } = this
    return random.chance(0.3) ? random.next() * 10 : random.next() * 700
  }

  next(person: Person): void {
    const { random } = this
    const path = this.path()
    const words = JSON.stringify(path)
    const content = this.content()
    const attempt = (what: string, work: () => void) => person.attempt(`${what} ${words}`, work)
    const drawn = random.below(100)
    if (drawn < 20) {
      const steps = random.chance(0.7) ? 1 : 1 + random.below(8)
      const pauseMs = random.next() * this.pick([20, 300, 1_500])
      attempt('writes', () => person.write(path, content, steps, steps === 1 ? 0 : pauseMs))
    } else if (drawn < 30) {
      attempt('replaces', () => person.replace(path, content, random.chance(0.5) ? 0 : random.next() * 400))
    } else if (drawn < 38) {
      const steps = random.chance(0.5) ? 1 : 1 + random.below(20)
      attempt('appends to', () => person.append(path, content, steps, steps === 1 ? 0 : random.next() * 400))
    } else if (drawn < 46) {
      attempt('overwrites part of', () => person.overwrite(path, content, random.next()))
    } else if (drawn < 49) {
      attempt('truncates', () => person.truncate(path, random.next()))
    } else if (drawn < 55) {
      const byMs = random.chance(0.3)
        ? 0
        : (random.next() - 0.7) * this.pick([10_000, DAY_MS, 3_000 * DAY_MS])
      attempt('touches', () => person.touch(path, byMs))
    } else if (drawn < 58) {
      attempt('toggles the executable bit of', () => person.toggleExecutable(path))
    } else if (drawn < 61) {
      attempt('makes a folder', () => person.folder(random.chance(0.5) ? path : `${path}.d`))
    } else if (drawn < 68) {
      attempt('removes', () => person.remove(random.chance(0.8) ? path : path.split('/')[0]!))
    } else if (drawn < 74) {
      const to = this.path()
      attempt(`renames to ${JSON.stringify(to)}`, () => person.rename(path, to))
    } else if (drawn < 78) {
      const to = this.path()
      attempt(`copies to ${JSON.stringify(to)}`, () => person.copy(path, to))
    } else if (drawn < 82) {
      attempt('swaps file and folder', () => person.swap(path, content))
    } else if (drawn < 85) {
      attempt('makes a link', () => person.link(path, content, random.chance(0.4)))
    } else if (drawn < 87) {
      attempt('makes unreadable', () => person.lock(path, random.next() * 5_000))
    } else if (drawn < 90) {
      person.attempt('makes a tree', () => this.makeTree(person))
    } else if (drawn < 92) {
      person.attempt('makes a deep tree', () => this.makeDeepTree(person))
    } else if (drawn < 94) {
      person.attempt('moves a tree', () => this.moveTree(person))
    } else if (drawn < 96) {
      attempt('writes a large file', () => person.write(path, this.largeContent()))
    } else {
      // The same path several times in a moment, as a program that saves after every key.
      attempt('saves again and again', () => {
        for (let count = 0; count < 5; count++) person.replace(path, this.content())
      })
    }
  }

  private makeTree(person: Person): void {
    const { random } = this
    const root = this.treeName(person)
    const count = 1 + random.below(60)
    for (let index = 0; index < count; index++)
      person.write(join(root, String(index % 7), `file ${index}`), {
        ...this.content(),
        sizeBytes: random.below(9_000),
      })
    if (random.chance(0.5)) person.folder(join(root, 'empty'))
  }

  private makeDeepTree(person: Person): void {
    const { random } = this
    const depth = 1 + random.below(40)
    const name = random.chance(0.3) ? 'n'.repeat(90) : 'd'
    person.write(join(this.treeName(person), ...Array<string>(depth).fill(name), 'leaf'), this.content())
  }

  private moveTree(person: Person): void {
    if (this.treeCount === 0) return
    const from = `tree ${person.name} ${this.random.below(this.treeCount)}`
    person.rename(from, this.random.chance(0.5) ? this.treeName(person) : join(this.path(), 'moved'))
  }

  private treeName(person: Person): string {
    return `tree ${person.name} ${this.treeCount++}`
  }

  private path(): string {
    return this.pick(this.paths)
  }

  private content(): Content {
    return {
      seed: `${this.seed}-${this.contentCount++}`,
      sizeBytes: this.size(),
      compressible: this.random.chance(0.5),
    }
  }

  private largeContent(): Content {
    const { random } = this
    const sizeBytes = Math.min(this.largeBytes, Math.floor(random.next() ** 3 * 100_000_000))
    this.largeBytes -= sizeBytes
    return { ...this.content(), sizeBytes }
  }

  private size(): number {
    const { random } = this
    const drawn = random.below(20)
    if (drawn < 2) return 0
    if (drawn < 12) return 1 + random.below(2_000)
    if (drawn < 15) return BLOCK_BYTES - 1 + random.below(3)
    if (drawn < 19) return random.below(4 * BLOCK_BYTES)
    return random.below(40 * BLOCK_BYTES)
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)]!
  }
}
