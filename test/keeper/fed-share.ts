// A kept share whose peers tell of versions of small files, and give their contents where the test says so.

import { utf8 } from '../../src/base/bytes.js'
import { hash } from '../../src/io/hash.js'
import type { EngineToKeeper } from '../../src/pipe/messages.js'
import type { PeerId } from '../../src/share/dots.js'
import type { Entry } from '../../src/share/entry.js'
import { Manifest } from '../../src/share/manifest.js'
import { KeptShare } from './kept-share.js'
import { THEIRS, theirFile } from './share-on-disk.js'

export class FedShare extends KeptShare {
  /** Texts of files that were ordered, in order. */
  readonly ordered: string[] = []
  private readonly texts = new Map<string, string>()
  private question = 0

  send(message: EngineToKeeper): void {
    this.keeper.handle(message, this.nowMs)
    this.pass(0)
  }

  /** A peer tells of these versions, the last of which is what it knows. */
  tell(versions: readonly Entry[], peer: PeerId = THEIRS, notHeldCount = 0): void {
    const manifest = new Manifest(hash)
    for (const entry of versions) manifest.set(entry)
    const told = { peer, root: manifest.root(), author: undefined, theyKnow: undefined, notHeldCount }
    const claim = { ...told, scope: { type: 'whole' }, changes: versions } as const
    this.send({ type: 'claim', question: ++this.question, claim })
  }

  /** A version of a peer, which can be given. */
  theirs(path: string, text: string, part: Partial<Entry> = {}): Entry {
    const entry = theirFile(path, text, part)
    this.texts.set(entry.digest, text)
    return entry
  }

  /** Takes what was ordered and not cancelled. */
  orders() {
    const cancelled = new Set(this.messages.flatMap((each) => (each.type === 'cancel' ? [each.fetch] : [])))
    const orders = this.messages.flatMap((each) => (each.type === 'fetch-small' ? [each] : []))
    this.messages.length = 0
    this.ordered.push(...orders.map(({ file }) => this.texts.get(file.digest)!))
    return orders.filter(({ fetch }) => !cancelled.has(fetch))
  }

  give(orders: ReturnType<FedShare['orders']>): void {
    const files = orders.map(({ fetch, file }) => {
      return { fetch, bytes: utf8(this.texts.get(file.digest)!), savedBytes: 0 }
    })
    this.send({ type: 'contents', files })
  }

  /** Undefined where no file is. */
  textAt(path: string): string | undefined {
    const content = this.disk.contentOf(path)
    return content && new TextDecoder().decode(content)
  }
}
