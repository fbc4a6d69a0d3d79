// Who may read what, as the people at the simulated machines have it: no file and no folder that LEFT makes or changes is
// open to more (I15). The world tells it of each edit, and asks it after each operation of a keeper.

import { type Access, PRIVACY } from '../../base/access.js'
import type { Digest } from '../../base/item.js'
import { isCopyOf } from '../../judge/copies.js'
import type { SimDisk } from '../disk/disk.js'

export interface PrivacyOptions {
  readonly disks: readonly SimDisk[]
  readonly digestOf: (bytes: Uint8Array) => Digest
}

export class Privacy {
  private readonly options: PrivacyOptions
  /** The widest that a person's file of this content was. */
  private readonly ofContent = new Widest<Digest>()
  private readonly ofFolder = new Widest<string>()
  /** Paths whose file a person opened to more than it was before: that counts for other contents too, since the mode of one
   *  edit and the content of another meet. */
  private readonly opened = new Widest<string>()
  /** Per peer, what each path last was. */
  private readonly last: Map<string, Standing>[]
  /** The same of what LEFT put there last: a mode that is the same again says nothing to it. */
  private readonly placed: Map<string, Standing>[]
  /** Per peer, the access of each file that LEFT left as private as it was, since nobody had told of any until then. */
  private readonly unopened: Map<string, Access>[]

  constructor(options: PrivacyOptions) {
    this.options = options
    this.last = options.disks.map(() => new Map())
    this.placed = options.disks.map(() => new Map())
    this.unopened = options.disks.map(() => new Map())
  }

  /** Somebody at `peer` changed what is at the path, or a loss of power changed what is a person's there. */
  handleEdited(peer: number, path: string): void {
    const disk = this.options.disks[peer]!
    const stat = disk.unharmed(() => disk.stat(path))
    if (stat?.access !== this.unopened[peer]!.get(path)) this.unopened[peer]!.delete(path)
    if (stat === undefined) return
    const shown = rankOf(stat.access)
    if (stat.kind === 'folder') this.ofFolder.add(path, shown)
    if (stat.kind !== 'file') return
    const before = this.last[peer]!.get(path)
    const known = [before, this.placed[peer]!.get(path)].filter((standing) => standing?.shown === shown)
    const meant = Math.min(shown, ...known.map((standing) => standing!.meant))
    this.ofContent.add(this.options.digestOf(disk.contentOf(path)!), meant)
    // A mode wider than the disk showed is an edit to LEFT, whether a person or a umask had closed the file.
    if (before !== undefined && (meant < before.meant || shown < before.shown)) this.opened.add(path, meant)
    this.last[peer]!.set(path, { shown, meant })
  }

  /** A loss of power undid the rename of a folder. Its mode stays, so that it is as open at `to` as a person made it at `from`. */
  handleMovedBack(from: string, to: string): void {
    this.ofFolder.add(to, this.ofFolder.of(from))
  }

  /** LEFT renamed something, or died while it did. No mode in a folder changes by that: each means what it meant at the former path,
   *  where a loss of power may bring it back. */
  handleRenamed(peer: number, from: string, to: string): void {
    const disk = this.options.disks[peer]!
    const [left, come] = disk.unharmed(() => [disk.statLink(from), disk.statLink(to)])
    if (left !== undefined || come?.kind !== 'folder') return
    for (const standings of [this.last[peer]!, this.placed[peer]!])
      for (const [path, standing] of [...standings])
        if (path.startsWith(`${from}/`)) standings.set(to + path.slice(from.length), standing)
  }

  /** For `putBack`, with a copy of the peer's share. */
  copyOf(peer: number): Standings {
    return {
      last: new Map(this.last[peer]),
      placed: new Map(this.placed[peer]),
      unopened: new Map(this.unopened[peer]),
    }
  }

  /** The share of `peer` is as it was at the copy. That opens nothing: what a person meant by a mode then is meant again. */
  putBack(peer: number, { last, placed, unopened }: Standings): void {
    this.last[peer] = new Map(last)
    this.placed[peer] = new Map(placed)
    this.unopened[peer] = new Map(unopened)
  }

  /** Whether a file that shows this access need not be opened to what its entry says: that was told when it stood there already. */
  staysPrivate(peer: number, path: string, shown: Access): boolean {
    return this.unopened[peer]!.get(path) === shown
  }

  /** LEFT changed what is at the path. `told`: the access of the entry whose file stood there until now. Answers what is wrong with
   *  that, if anything. */
  handlePlaced(peer: number, path: string, told: Access | undefined): string | undefined {
    const disk = this.options.disks[peer]!
    const stat = disk.unharmed(() => disk.statLink(path))
    this.noteUnopened(peer, path, told, stat?.kind === 'file' ? stat.access : undefined)
    if (stat === undefined || stat.access === 'none') return undefined
    const rank = rankOf(stat.access)
    const mode = stat.mode.toString(8)
    if (stat.kind === 'folder')
      return rank < this.ofFolder.of(path)
        ? `a folder of mode ${mode} is more private at its source`
        : undefined
    if (stat.kind !== 'file') return undefined
    const digest = this.options.digestOf(disk.contentOf(path)!)
    // A content that nobody made is another invariant's.
    if (!this.ofContent.has(digest)) return undefined
    const allowed = Math.min(
      this.ofContent.of(digest),
      this.opened.ofAny((other) => other === path || isCopyOf(path, other)),
    )
    // The umask took what the file would have, and its person's next content is not more private for that.
    const usual = rankOf(disk.usualAccess())
    const isCut = usual > PRIVACY.all && rank === usual
    const standing = { shown: rank, meant: isCut ? Math.min(rank, allowed) : rank }
    this.last[peer]!.set(path, standing)
    this.placed[peer]!.set(path, standing)
    return rank < allowed ? `a file of mode ${mode} is more private at its source` : undefined
  }

  /** LEFT made a file of its own. */
  handleTemporary(peer: number, path: string): string | undefined {
    const disk = this.options.disks[peer]!
    const stat = disk.unharmed(() => disk.statLink(path))
    if (stat === undefined || stat.access === 'none' || (stat.mode & 0o077) === 0) return undefined
    return `a temporary file has the mode ${stat.mode.toString(8)}`
  }

  private noteUnopened(
    peer: number,
    path: string,
    told: Access | undefined,
    shown: Access | undefined,
  ): void {
    const unopened = this.unopened[peer]!
    if (told === undefined || shown === undefined) unopened.delete(path)
    else if (told === 'none') unopened.set(path, shown)
    // LEFT opens a file that is as private as its entry, when a peer tells that more may read it.
    else if (unopened.get(path) !== shown || PRIVACY[told] >= PRIVACY[shown]) unopened.delete(path)
  }
}

/** The modes of one peer's files, by path. */
export interface Standings {
  readonly last: ReadonlyMap<string, Standing>
  readonly placed: ReadonlyMap<string, Standing>
  readonly unopened: ReadonlyMap<string, Access>
}

interface Standing {
  /** By the disk. */
  readonly shown: number
  /** By the people. */
  readonly meant: number
}

/** The least rank of each; the most private where nothing was said. */
class Widest<K> {
  private readonly ranks = new Map<K, number>()

  has(key: K): boolean {
    return this.ranks.has(key)
  }

  of(key: K): number {
    return this.ranks.get(key) ?? PRIVACY.owner
  }

  ofAny(matches: (key: K) => boolean): number {
    const keys = [...this.ranks.keys()].filter(matches)
    return Math.min(PRIVACY.owner, ...keys.map((key) => this.of(key)))
  }

  add(key: K, rank: number): void {
    this.ranks.set(key, Math.min(this.of(key), rank))
  }
}

/** Where a disk keeps no modes nobody says that a file is private. */
function rankOf(access: Access): number {
  return PRIVACY[access === 'none' ? 'all' : access]
}
