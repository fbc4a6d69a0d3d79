// A keeper on a simulated disk with a peer that tells of entries and gives contents, of which a person asks why a path is not the same
// yet.

import { utf8 } from '../../src/base/bytes.js'
import type { ReasonCode } from '../../src/base/reason.js'
import { hash } from '../../src/io/hash.js'
import type { KeeperOptions } from '../../src/keeper/keeper-options.js'
import type { PathState, ShareCommand, ShareResult } from '../../src/pipe/commands.js'
import type { FetchFailure, KeeperToEngine, ToldStanding } from '../../src/pipe/messages.js'
import { NO_MIN_FREE } from '../../src/pipe/settings.js'
import type { DottedVersion } from '../../src/share/dots.js'
import { removeContent } from '../../src/share/edit.js'
import type { Entry } from '../../src/share/entry.js'
import { Manifest } from '../../src/share/manifest.js'
import type { SimDiskOptions } from '../../src/sim/disk/disk.js'
import { KeptShare } from './kept-share.js'
import { dotted, listOf, START_MS, THEIRS, theirFile } from './share-on-disk.js'

export class AskedShare extends KeptShare {
  readonly theirs = new Manifest(hash)
  notHeldThere = 0
  private edits = 1_000

  /** Each path is the text of its file. */
  constructor(
    paths: readonly string[] = [],
    given: Partial<KeeperOptions> = {},
    ofDisk: Partial<SimDiskOptions> = {},
  ) {
    super(paths, { minFree: NO_MIN_FREE, ...given }, ofDisk)
    this.messages.length = 0
  }

  why(path: string): PathState {
    return this.ask({ name: 'why', path }) as PathState
  }

  /** As a peer that asks is answered; any look at the disk fails the test. */
  told(path: string): ToldStanding {
    const { disk } = this
    const looks = ['stat', 'statLink', 'list', 'readLink', 'open'] as const
    const before = looks.map((name) => disk[name])
    for (const name of looks)
      disk[name] = () => {
        throw new Error(`a peer that asks makes the disk ${name}`)
      }
    try {
      // The keeper has other work than to answer, which may need the disk.
      return this.keeper.why.told(path, this.nowMs)
    } finally {
      for (const [index, name] of looks.entries()) Object.assign(disk, { [name]: before[index] })
    }
  }

  codes(path: string): ReasonCode[] {
    return this.why(path).reasons.map(({ code }) => code)
  }

  ask(command: ShareCommand): ShareResult {
    const work = this.keeper.commands.carryOut(command, this.nowMs)
    if (!('next' in work)) return work
    for (;;) {
      const next = work.next()
      if (next.done === true) return next.value
    }
  }

  /** The peer is here and knows these, beside what it told before. */
  tell(...entries: readonly Entry[]): void {
    for (const entry of entries) this.theirs.set(entry)
    this.claim('whole')
  }

  /** The same, and it knows more, of which nothing has come yet. */
  tellSome(...entries: readonly Entry[]): void {
    for (const entry of [...entries, theirFile('more', 'more')]) this.theirs.set(entry)
    this.claim('some', entries)
  }

  private claim(type: 'whole' | 'some', changes: readonly Entry[] = [...this.theirs.entries()]): void {
    const claim = {
      peer: THEIRS,
      root: this.theirs.root(),
      author: undefined,
      theyKnow: undefined,
      notHeldCount: this.notHeldThere,
      scope: { type },
      changes,
    } as const
    this.keeper.handle({ type: 'claim', question: 1, claim }, this.nowMs)
    this.pass(0)
  }

  /** An edit of the peer's on top of what is here. */
  onTopOf(path: string): DottedVersion {
    const { version } = this.opened.catalogue.get(path)!
    return dotted(version.content, `${THEIRS}:${++this.edits}`)
  }

  deletionOf(path: string): Entry {
    const entry = this.opened.catalogue.get(path)!
    return removeContent(entry, `${THEIRS}:${++this.edits}`, START_MS + 1).entry
  }

  /** The peer gives the files of one block that were asked of it, or some of them. */
  give(texts: Readonly<Record<string, string>>): void {
    this.hand(texts)
    this.pass(0)
  }

  /** The same, and nothing more is done yet. */
  hand(texts: Readonly<Record<string, string>>): void {
    const asked = this.takeMessages('fetch-small', ({ path }) => path in texts)
    const files = asked.map(({ fetch, path }) => ({ fetch, bytes: utf8(texts[path]!), savedBytes: 0 }))
    this.keeper.handle({ type: 'contents', files }, this.nowMs)
  }

  /** The peer gives the digest lists that were asked of it. */
  giveLists(contents: Readonly<Record<string, Uint8Array>>): void {
    for (const { fetch, path } of this.takeMessages('fetch-list', () => true))
      this.keeper.handle({ type: 'list', fetch, list: listOf(contents[path]!), sums: undefined }, this.nowMs)
  }

  /** The peer does not give what was asked of it. */
  refuse(reason: FetchFailure): void {
    for (const { fetch } of this.takeMessages('fetch-small', () => true))
      this.keeper.handle({ type: 'fetch-failed', fetch, reason }, this.nowMs)
    this.pass(0)
  }

  leave(): void {
    this.keeper.handle({ type: 'peer-gone', peer: THEIRS }, this.nowMs)
    this.pass(0)
  }

  hint(path: string): void {
    this.keeper.handleHint(path)
    this.pass(0)
  }

  private takeMessages<Type extends KeeperToEngine['type']>(
    type: Type,
    isMeant: (message: Extract<KeeperToEngine, { type: Type }>) => boolean,
  ) {
    type Taken = Extract<KeeperToEngine, { type: Type }>
    const isTaken = (message: KeeperToEngine): message is Taken =>
      message.type === type && isMeant(message as Taken)
    const taken = this.messages.filter(isTaken)
    this.messages.splice(0, this.messages.length, ...this.messages.filter((each) => !isTaken(each)))
    return taken
  }
}
