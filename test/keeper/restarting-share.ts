// A keeper on a simulated disk that can be killed and started again; the test is its engine and its peers.

import { utf8 } from '../../src/base/bytes.js'
import { crc32, hash } from '../../src/io/hash.js'
import { Keeper } from '../../src/keeper/keeper.js'
import { openShare } from '../../src/keeper/recover/recovery.js'
import type { EngineToKeeper, KeeperNotice, KeeperToEngine, PeerClaim } from '../../src/pipe/messages.js'
import { NO_MIN_FREE } from '../../src/pipe/settings.js'
import type { Entry } from '../../src/share/entry.js'
import { Manifest } from '../../src/share/manifest.js'
import { SimDisk } from '../../src/sim/disk/disk.js'
import { SimIndex } from '../../src/sim/peer/index.js'
import { SimWitness } from '../../src/sim/peer/witness.js'
import { SeededRandom } from '../../src/sim/random.js'
import { countedEdits, OURS, START_MS, THEIRS } from './share-on-disk.js'

export const OTHER = 'cccccccccccccccc'
export const RENEWED = 'dddddddddddddddd'

export type Told<T extends KeeperToEngine['type']> = KeeperToEngine & { readonly type: T }

export class RestartingShare {
  nowMs = START_MS
  readonly disk = new SimDisk({ nowMs: () => this.nowMs })
  readonly index = new SimIndex()
  readonly witness = new SimWitness()
  private readonly counts = new SimIndex()
  keeper!: Keeper
  messages: KeeperToEngine[] = []
  private question = 0

  constructor(
    files: Readonly<Record<string, string>> = {},
    private readonly minFree = NO_MIN_FREE,
  ) {
    for (const [path, text] of Object.entries(files)) this.disk.putFile(path, utf8(text))
    this.start()
  }

  open(): ReturnType<typeof openShare> {
    const { disk, index, witness } = this
    const wallMs = () => this.nowMs
    return openShare({ disk, peer: OURS, hash, crc32, index, boot: 'boot', wallMs, random: () => 0, witness })
  }

  /** Starts the watcher process, or the next one after a kill, and lets it read the share. */
  start(): void {
    const { disk } = this
    const wallMs = () => this.nowMs
    const opened = this.open()
    const { catalogue, journal } = opened
    const edits = countedEdits(this.counts, opened.edits.author, RENEWED)
    const options = {
      disk,
      hash,
      journal,
      catalogue,
      edits,
      authors: opened.authors,
      links: 'follow',
      wallMs,
      minFree: this.minFree,
      onFolder: () => {},
    } as const
    this.keeper = new Keeper(options, this.nowMs)
    this.pass(2_000)
  }

  kill(): void {
    this.disk.crash({ power: false, random: new SeededRandom(1) })
    this.index.crash()
    this.messages = []
    this.start()
  }

  /** Time passes; the keeper steps as its owner would have it. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      while (this.keeper.step(this.nowMs)) this.collect()
      this.collect()
      const dueMs = this.keeper.pollTimeout()
      if (dueMs === undefined || dueMs > endMs) break
      this.nowMs = Math.max(this.nowMs + 1, dueMs)
    }
    this.nowMs = endMs
  }

  send(message: EngineToKeeper): void {
    this.keeper.handle(message, this.nowMs)
    this.pass(0)
  }

  /** A peer says that it holds these entries, and everything that it holds. */
  claim(
    entries: readonly Entry[],
    peer = THEIRS,
    scope: PeerClaim['scope'] = { type: 'whole' },
    notHeldCount = 0,
    author?: string,
    theyKnow?: PeerClaim['theyKnow'],
  ): void {
    const manifest = new Manifest(hash)
    for (const entry of entries) manifest.set(entry)
    this.send({
      type: 'claim',
      question: ++this.question,
      claim: {
        peer,
        root: manifest.root(),
        author,
        theyKnow,
        notHeldCount,
        scope,
        changes: entries,
      },
    })
  }

  /** The messages of one type since they were last taken. */
  take<T extends KeeperToEngine['type']>(type: T): Told<T>[] {
    const taken = this.messages.filter((message): message is Told<T> => message.type === type)
    this.messages = this.messages.filter((message) => message.type !== type)
    return taken
  }

  notices<E extends KeeperNotice['event']>(event: E): (KeeperNotice & { event: E })[] {
    const notices = this.messages.flatMap((message) => (message.type === 'notice' ? [message.notice] : []))
    return notices.filter((notice): notice is KeeperNotice & { event: E } => notice.event === event)
  }

  textAt(path: string): string | undefined {
    const bytes = this.disk.contentOf(path)
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }

  private collect(): void {
    this.messages.push(...this.keeper.takeMessages())
  }
}

/** Plays the engine for every small fetch that was ordered, from these contents by path. */
export function deliver(share: RestartingShare, contents: Readonly<Record<string, string>>): void {
  const files = share.take('fetch-small').map(({ fetch, path }) => ({
    fetch,
    bytes: utf8(contents[path]!),
    savedBytes: 0,
  }))
  if (files.length > 0) share.send({ type: 'contents', files })
}
