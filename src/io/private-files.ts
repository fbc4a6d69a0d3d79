// The user's own secrets: the identity, the trusted peers, the shared secret, the passphrase, and the folder that LEFT
// keeps them in. No share holds them, wherever it lies: the disk of a share (disk.ts) and the block reader (blocks/block-io.ts)
// ask here by device and inode, after links were followed, at the moment of each decision.
//
//     path of a secret ── lstat ─┬─ nothing there: only its name in its folder is refused
//                                ├─ a link: the link is held, then what it points at is looked at
//                                └─ a file or folder: it is held
//
// Each that was found is held open, so that it stays private when somebody renames its folder, and so that its inode number
// cannot become another file's. One that has no name left is let go.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  type Stats,
  statSync,
} from 'node:fs'
import { basename, dirname, isAbsolute, resolve } from 'node:path'
import { assert } from '../base/assert.js'
import type { PrivatePlaces } from '../base/ports.js'
import { PRIVATE_HELD_MAX, PRIVATE_LINKS_MAX, PRIVATE_TRUSTED_MS } from './limits.js'

/** Identity of a file or folder among all others of this machine. */
export interface FileIdentity {
  readonly dev: number
  readonly ino: number
}

interface Held extends FileIdentity {
  /** Undefined where it cannot be opened: then it is never let go. */
  readonly fd: number | undefined
  /** In which look it was found last. */
  lookCount: number
}

export class PrivateFiles {
  private readonly places: readonly string[]
  /** Links on the way to them: whoever replaced one would move the place. */
  private readonly links: readonly string[]
  /** Targets of the links that stand at the places. */
  private targets: string[] = []
  /** Folded names of all of these: few of the names that are asked for are among them. */
  private names = new Set<string>()
  private readonly held = new Map<number, Held[]>()
  private heldCount = 0
  private lookCount = 0
  private lookedMs = Number.NEGATIVE_INFINITY

  constructor({ files, folders }: PrivatePlaces) {
    this.places = [...new Set([...files, ...folders])]
    for (const place of this.places) assert(isAbsolute(place), 'a private place has an absolute path')
    this.links = [...new Set(this.places.flatMap(linksAbove))]
    this.look()
  }

  get isEmpty(): boolean {
    return this.places.length === 0
  }

  /** Whether a file or folder is private, as was known PRIVATE_TRUSTED_MS ago at the latest. */
  has(file: FileIdentity): boolean {
    if (this.isEmpty) return false
    if (performance.now() - this.lookedMs >= PRIVATE_TRUSTED_MS) this.look()
    return this.isHeld(file)
  }

  /** The same, looked up now: before content leaves this machine. */
  hasNow(file: FileIdentity): boolean {
    if (this.isEmpty) return false
    this.look()
    return this.isHeld(file)
  }

  /** Whether what has this name in this folder is private, or would be if it were made. The links between are as of the
   *  last look. */
  claimsName({ dev, ino }: FileIdentity, name: string): boolean {
    const folded = foldedName(name)
    if (!this.names.has(folded)) return false
    return [this.places, this.targets, this.links].flat().some((path) => {
      if (foldedName(basename(path)) !== folded) return false
      const folder = statOf(dirname(path), statSync)
      return folder !== undefined && folder.ino === ino && folder.dev === dev
    })
  }

  /** Looks where they are now. To be called now and then too, so that none is missed between two replacements. */
  look(): void {
    this.lookedMs = performance.now()
    this.lookCount++
    const { targets } = this
    this.targets = []
    for (const place of this.places) this.lookAt(place)
    if (this.names.size === 0 || targets.length > 0 || this.targets.length > 0) this.names = this.allNames()
    this.letGo()
  }

  private allNames(): Set<string> {
    return new Set([this.places, this.targets, this.links].flat().map((path) => foldedName(basename(path))))
  }

  close(): void {
    for (const those of this.held.values()) for (const { fd } of those) if (fd !== undefined) closeSync(fd)
    this.held.clear()
  }

  private isHeld({ dev, ino }: FileIdentity): boolean {
    return this.held.get(ino)?.some((one) => one.dev === dev) === true
  }

  /** Holds what stands there, and what it leads to where it is a link. */
  private lookAt(place: string): void {
    let path: string | undefined = place
    for (let links = 0; path !== undefined && links <= PRIVATE_LINKS_MAX; links++) {
      const stats = statOf(path, lstatSync)
      if (stats !== undefined) this.hold(path, stats)
      const next: string | undefined = stats?.isSymbolicLink() === true ? targetOf(path) : undefined
      if (next !== undefined) this.targets.push(next)
      path = next
    }
  }

  private hold(path: string, stats: Stats): void {
    const { dev, ino } = stats
    const known = this.held.get(ino)?.find((one) => one.dev === dev)
    if (known !== undefined) {
      known.lookCount = this.lookCount
      return
    }
    const those = this.held.get(ino) ?? []
    those.push({ dev, ino, fd: openedAs(path, stats), lookCount: this.lookCount })
    this.held.set(ino, those)
    this.heldCount++
  }

  /** A file that stands at none of the places any more stays private for as long as it has a name. */
  private letGo(): void {
    for (const [ino, those] of this.held) {
      for (const one of [...those]) {
        if (one.lookCount === this.lookCount) continue
        const isNameless = one.fd !== undefined && fstatSync(one.fd).nlink === 0
        if (!isNameless && this.heldCount <= PRIVATE_HELD_MAX) continue
        if (one.fd !== undefined) closeSync(one.fd)
        those.splice(those.indexOf(one), 1)
        this.heldCount--
      }
      if (those.length === 0) this.held.delete(ino)
    }
  }
}

function linksAbove(place: string): string[] {
  const links: string[] = []
  for (let folder = dirname(place); folder !== dirname(folder); folder = dirname(folder))
    if (statOf(folder, lstatSync)?.isSymbolicLink()) links.push(folder)
  return links
}

/** Not in `constants`; the same on every architecture that Node runs on under Linux. open(2). */
const O_PATH = 0o10000000
const HOLD_FLAGS =
  process.platform === 'linux'
    ? O_PATH | constants.O_NOFOLLOW
    : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** A descriptor of what has these stats; undefined where it cannot be opened or is another one by now. */
function openedAs(path: string, { dev, ino }: Stats): number | undefined {
  try {
    const fd = openSync(path, HOLD_FLAGS)
    const opened = fstatSync(fd)
    if (opened.dev === dev && opened.ino === ino) return fd
    closeSync(fd)
  } catch {
    // May not be read, or was removed just now.
  }
  return undefined
}

function targetOf(link: string): string | undefined {
  try {
    return resolve(dirname(link), readlinkSync(link))
  } catch {
    return undefined // It was replaced just now: the next look sees by what.
  }
}

function statOf(path: string, look: typeof lstatSync | typeof statSync): Stats | undefined {
  try {
    return look(path, { throwIfNoEntry: false }) as Stats | undefined
  } catch {
    return undefined // Nobody may look there, or its way is none.
  }
}

/** Disks that keep no case, or one Unicode form only, take these for the same. */
function foldedName(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
