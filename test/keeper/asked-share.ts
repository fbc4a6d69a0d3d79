// A keeper on a simulated disk with a peer that tells of entries and gives contents, of which a person asks why a path is not the same
// yet.

import { utf8 } from '../../src/base/bytes.js'
import type { ReasonCode } from '../../src/base/reason.js'
import { hash } from '../../src/io/hash.js'
import type { KeeperOptions } from '../../src/keeper/keeper-options.js'
import type { PathState, ShareCommand, ShareResult } from '../../src/pipe/commands.js'
import { NO_MIN_FREE } from '../../src/pipe/settings.js'
import type { Entry } from '../../src/share/entry.js'
import { Manifest } from '../../src/share/manifest.js'
import { KeptShare } from './kept-share.js'
import { THEIRS } from './share-on-disk.js'

export class AskedShare extends KeptShare {
  readonly theirs = new Manifest(hash)
  notHeldThere = 0

  /** Each path is the text of its file. */
  constructor(paths: readonly string[] = [], given: Partial<KeeperOptions> = {}) {
    super(paths, { minFree: NO_MIN_FREE, ...given })
    this.messages.length = 0
  }

  why(path: string): PathState {
    return this.ask({ name: 'why', path }) as PathState
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
    const claim = {
      peer: THEIRS,
      root: this.theirs.root(),
      author: undefined,
      theyKnow: undefined,
      notHeldCount: this.notHeldThere,
      scope: { type: 'whole' },
      changes: [...this.theirs.entries()],
    } as const
    this.keeper.handle({ type: 'claim', question: 1, claim }, this.nowMs)
    this.pass(0)
  }

  /** The peer gives the files of one block that were asked of it. */
  give(texts: Readonly<Record<string, string>>): void {
    const files = this.takeMessages('fetch-small').map(({ fetch, path }) => ({
      fetch,
      bytes: utf8(texts[path]!),
      savedBytes: 0,
    }))
    this.keeper.handle({ type: 'contents', files }, this.nowMs)
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

  private takeMessages<Type extends KeptShare['messages'][number]['type']>(type: Type) {
    const taken = this.messages.filter(
      (message): message is Extract<KeptShare['messages'][number], { type: Type }> => message.type === type,
    )
    this.messages.splice(0, this.messages.length, ...this.messages.filter((each) => each.type !== type))
    return taken
  }
}
