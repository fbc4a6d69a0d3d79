// A share on a simulated disk with its index, catalogue, log and scanner, for the tests of the parts of the keeper.

import { hexOf, utf8 } from '../../src/base/bytes.js'
import type { Index } from '../../src/base/index-port.js'
import { blockBytes, blockCount } from '../../src/base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../src/base/limits.js'
import { crc32, hash } from '../../src/io/hash.js'
import type { Journal } from '../../src/journal/journal.js'
import { Breaker } from '../../src/keeper/breaker/breaker.js'
import type { Catalogue } from '../../src/keeper/index/catalogue.js'
import { OwnEdits } from '../../src/keeper/index/own-edits.js'
import { Placing } from '../../src/keeper/place/placing.js'
import { openShare } from '../../src/keeper/recover/recovery.js'
import { Removing } from '../../src/keeper/remove/removing.js'
import { Scanner } from '../../src/keeper/scan/scanner.js'
import { Trash } from '../../src/keeper/trash/trash.js'
import type { Temporary } from '../../src/pipe/layout.js'
import {
  type Direction,
  type LinkPolicy,
  type MaxDelete,
  NO_MAX_DELETE,
  TRASH_POLICY,
  type TrashPolicy,
} from '../../src/pipe/settings.js'
import { type Dot, type DottedVersion, type PeerId, uniteSeen } from '../../src/share/dots.js'
import type { Entry } from '../../src/share/entry.js'
import type { MovedTree, TreeMove } from '../../src/share/tree-move.js'
import { SimDisk, type SimDiskOptions } from '../../src/sim/disk/disk.js'
import { SimIndex } from '../../src/sim/peer/index.js'
import { SimWitness } from '../../src/sim/peer/witness.js'
import { SeededRandom } from '../../src/sim/random.js'

export const OURS = 'aaaaaaaaaaaaaaaa'
export const THEIRS = 'bbbbbbbbbbbbbbbb'
/** Author of a move of a folder. */
export const MOVER = 'cccccccccccccccc'
/** When the tests take place: 14 November 2023. */
export const START_MS = 1_700_000_000_000

export interface ShareOptions extends Partial<SimDiskOptions> {
  readonly links?: LinkPolicy
  readonly maxDelete?: MaxDelete
  readonly direction?: Direction
}

/** The machine's clock and the process's are one here, unless a test sets the former; time passes where `pass` says so. */
export class ShareOnDisk {
  nowMs = START_MS
  /** How far the machine's clock is ahead. */
  clockErrorMs = 0
  readonly disk: SimDisk
  readonly index = new SimIndex()
  readonly changes: Entry[] = []
  /** Folders that were found to be moved as a whole. */
  readonly moves: TreeMove[] = []
  readonly problems: { path: string; reason: string }[] = []
  readonly watched = new Set<string>()
  /** Folders whose watch was ended, in order. */
  readonly unwatched: string[] = []
  readonly witness = new SimWitness()
  /** Of the counts that tests can name; the share's own run with the clock. */
  private readonly counts = new SimIndex()
  boot = 'boot-1'
  notes: readonly string[] = []
  catalogue!: Catalogue
  journal!: Journal<Entry>
  scanner!: Scanner
  placing!: Placing
  removing!: Removing
  trash: TrashPolicy = TRASH_POLICY
  private readonly maxDelete: MaxDelete
  private readonly links: LinkPolicy
  private readonly direction: Direction

  constructor(options: ShareOptions = {}) {
    const { links = 'follow', maxDelete = NO_MAX_DELETE, direction = 'both', ...diskOptions } = options
    this.direction = direction
    this.links = links
    this.maxDelete = maxDelete
    const following = links === 'auto' ? 'outward' : 'all'
    this.disk = new SimDisk({ nowMs: () => this.wallMs, following, ...diskOptions })
    this.open()
  }

  private get wallMs(): number {
    return this.nowMs + this.clockErrorMs
  }

  /** Starts the process, as after a kill or for the first time. */
  open(): void {
    const { disk, index } = this
    const wallMs = () => this.wallMs
    const opened = openShare({
      disk,
      peer: OURS,
      hash,
      crc32,
      index,
      boot: this.boot,
      wallMs,
      random: () => 0,
      witness: this.witness,
    })
    const { catalogue, journal, notes } = opened
    const edits = countedEdits(this.counts, opened.edits.author)
    Object.assign(this, { catalogue, journal, notes })
    const { maxDelete } = this
    const breaker = new Breaker({ index, wallMs, maxDelete, files: () => catalogue.filesHeldMin })
    this.scanner = new Scanner({
      disk,
      hash,
      catalogue,
      edits,
      breaker,
      links: this.links,
      direction: this.direction,
      wallMs,
      onFolder: (path, present) => {
        if (present) this.watched.add(path)
        else if (this.watched.delete(path)) this.unwatched.push(path)
      },
    })
    const { scanner } = this
    const trash = new Trash({ disk, wallMs, policy: this.trash })
    this.placing = new Placing({
      disk,
      hash,
      catalogue,
      journal,
      scanner,
      edits,
      trash,
      direction: this.direction,
    })
    this.removing = new Removing({ disk, catalogue, journal, scanner, trash })
  }

  /** Ends the process as kill -9 does, or with `power` the machine, and starts it again. */
  restart(options: { power?: boolean; seed?: number } = {}): void {
    const power = options.power ?? false
    this.disk.crash({ power, random: new SeededRandom(options.seed ?? 1) })
    this.index.crash()
    if (power) this.boot = `${this.boot}-again`
    this.open()
  }

  /** Time passes, and the scanner does what becomes due. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      while (this.scanner.step(this.nowMs));
      this.takeFindings()
      const dueMs = this.scanner.pollTimeout()
      if (dueMs === undefined || dueMs > endMs) break
      this.nowMs = Math.max(this.nowMs, dueMs)
    }
    this.nowMs = endMs
  }

  takeFindings(): void {
    for (const finding of this.scanner.takeFindings()) {
      if (finding.type === 'changed') this.changes.push(finding.entry)
      else if (finding.type === 'moved') this.handleMoved(finding.moved)
      else if (finding.type === 'wider') this.placing.close(finding.path)
      else if (finding.type === 'problem') this.problems.push({ path: finding.path, reason: finding.reason })
    }
  }

  private handleMoved({ move, parts }: MovedTree): void {
    this.moves.push(move)
    for (const { creation, deletion } of parts) this.changes.push(creation, deletion)
  }

  /** Reads the whole share and waits until nothing is left to settle. */
  scan(): void {
    this.scanner.scanAll()
    this.pass(10_000)
  }

  /** A scan whose changes are what is answered: `kind path` each, in order of path. */
  scanned(): string[] {
    this.changes.length = 0
    this.scan()
    return this.changes.map(({ kind, path }) => `${kind} ${path}`).sort()
  }

  /** A complete temporary file for a file of a peer. */
  putTemporary(bytes: Uint8Array, name = 'small-1'): Temporary {
    const path = `.left/tmp/${name}`
    this.disk.putFile(path, bytes, { mode: 0o600 })
    return { path, looks: undefined }
  }

  /** The paths of the share itself, without what is LEFT's own. */
  get paths(): string[] {
    return [...this.disk.snapshot().keys()].filter((path) => !path.startsWith('.left')).sort()
  }

  textAt(path: string): string | undefined {
    const bytes = this.disk.contentOf(path)
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }
}

/** Digests of the blocks of a content, 32 bytes each. */
export function listOf(bytes: Uint8Array): Uint8Array {
  const list = new Uint8Array(blockCount(bytes.length) * DIGEST_BYTES)
  for (let index = 0; index < blockCount(bytes.length); index++) {
    const start = index * BLOCK_BYTES
    list.set(hash(bytes.subarray(start, start + blockBytes(bytes.length, index))), index * DIGEST_BYTES)
  }
  return list
}

/** The digest by which a file with this content goes. */
export function digestOfContent(bytes: Uint8Array): string {
  return hexOf(hash(listOf(bytes)))
}

/** A content of which no two blocks are alike. */
export function contentOf(sizeBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  const view = new DataView(bytes.buffer)
  for (let offset = 0; offset + 8 <= sizeBytes; offset += 1024) {
    view.setUint32(offset, seed)
    view.setUint32(offset + 4, offset)
  }
  bytes[sizeBytes - 1] = seed
  return bytes
}

/** The version of the last of these edits, on top of the others. */
export function dotted(...dots: readonly Dot[]): DottedVersion {
  const last = dots.at(-1)!
  return { content: last, attributes: last, seen: dots.reduce(uniteSeen, '') }
}

/** Counts that tests can name: 1, 2, 3, by a clock that stands. */
export function countedEdits(index: Index, author: PeerId, renewed = author): OwnEdits {
  return new OwnEdits({
    index,
    firstAuthor: author,
    newAuthor: () => renewed,
    wallMs: () => 0,
    random: () => 0,
  })
}

/** A file as a peer announces it. */
export function theirFile(
  path: string,
  content: Uint8Array | string,
  attributes: Partial<Entry> = {},
): Entry {
  const bytes = typeof content === 'string' ? utf8(content) : content
  return {
    path,
    kind: 'file',
    sizeBytes: bytes.length,
    mtimeMs: START_MS - 60_000,
    access: 'all',
    executable: false,
    touched: undefined,
    confirmed: false,
    digest: digestOfContent(bytes),
    target: '',
    deletedKind: undefined,
    version: dotted(`${THEIRS}:1`),
    ...attributes,
  }
}

export function theirFolder(path: string): Entry {
  return { ...theirFile(path, ''), kind: 'folder', sizeBytes: 0, mtimeMs: 0, digest: '' }
}

export function theirLink(path: string, target: string): Entry {
  return { ...theirFile(path, ''), kind: 'link', access: 'none', sizeBytes: 0, digest: '', target }
}
