// Copies of a share, LEFT's own folder in it, that a person puts back later: after edits that others have by then, and some
// that nobody else has. LEFT is stopped meanwhile, and all else happens in one go: nobody edits between what the history is
// told and what is done.

import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Memory } from '../../src/judge/model.js'
import { digestsOf } from './history.js'
import { Reader, type Snapshot } from './judge.js'
import type { Peer, Stage } from './stage.js'

export interface ShareCopy {
  readonly folder: string
  readonly memory: Memory
}

export class Copies {
  private readonly stage: Stage
  private readonly folder: string
  private readonly reader = new Reader()
  private readonly copies = new Map<Peer, ShareCopy>()
  private count = 0

  /** `folder`: where copies may lie, on no peer's disk. */
  constructor(stage: Stage, folder: string) {
    this.stage = stage
    this.folder = folder
  }

  /** The copy of this peer's share that was made last. */
  get(peer: Peer): ShareCopy | undefined {
    return this.copies.get(peer)
  }

  /** Answers whether there is one now: what nobody may read cannot be copied. */
  make(peer: Peer): boolean {
    const { runner, person } = peer
    if (!person.opensAll()) return false
    const folder = join(this.folder, `${runner.name}-${++this.count}`)
    mkdirSync(folder, { recursive: true })
    copy(runner.share, join(folder, 'share'))
    if (existsSync(runner.state)) copy(runner.state, join(folder, 'state'))
    this.drop(peer)
    this.copies.set(peer, { folder, memory: this.stage.history.memoryOf(runner.name) })
    return true
  }

  /** Answers whether it was done. `withState`: the notes outside the share go back with it. */
  putBack(peer: Peer, copied: ShareCopy, withState: boolean): boolean {
    const { runner, person } = peer
    const { history } = this.stage
    if (!person.opensAll()) return false
    const before = this.read(peer)
    const trashed = this.reader.trash(runner.share)
    const elsewhere = this.stage.peers.filter((other) => other !== peer).map((other) => this.read(other))
    for (const name of readdirSync(runner.share))
      rmSync(join(runner.share, name), { recursive: true, force: true })
    copy(join(copied.folder, 'share'), runner.share)
    if (withState && existsSync(join(copied.folder, 'state'))) {
      rmSync(runner.state, { recursive: true, force: true })
      copy(join(copied.folder, 'state'), runner.state)
    }
    history.putBack(runner.name, { before, after: this.read(peer), elsewhere, memory: copied.memory })
    history.emptiedTrash(runner.name, trashed, this.standing())
    return true
  }

  private drop(peer: Peer): void {
    const known = this.copies.get(peer)
    if (known !== undefined) rmSync(known.folder, { recursive: true, force: true })
  }

  /** Digests of all files in the shares and in their trash. */
  private standing(): ReadonlySet<string> {
    return new Set(
      this.stage.peers.flatMap((peer) => [
        ...digestsOf(this.read(peer)).values(),
        ...this.reader.trash(peer.runner.share).map(({ digest }) => digest),
      ]),
    )
  }

  private read({ runner }: Peer): Snapshot {
    return this.reader.read(runner.share)
  }
}

/** A killed process leaves its control socket behind, which cannot be copied. */
function copy(from: string, to: string): void {
  const filter = (path: string) => !lstatSync(path).isSocket()
  cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, filter })
}
