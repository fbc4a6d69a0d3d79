// Brings files and folders of a peer to a folder of this machine, once: lists them, fetches what is not there, and puts each in its place
// (get-file.ts). Tells of it in the events of a peer, so that the same views show both. Used by `left get`.

import type { ItemRef } from '../base/item.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { type Disk, DiskError } from '../base/ports.js'
import { nowMs } from '../io/clock.js'
import { type Arrival, planGet } from '../visit/get-plan.js'
import { FETCHES_MAX } from '../visit/limits.js'
import type { VisitEvent } from '../visit/visitor.js'
import type { PeerEvent } from './events.js'
import { ArrivingFile } from './get-file.js'
import { TOTALS_MS } from './limits.js'
import type { VisitedPeer } from './options.js'
import type { Listed, Visiting } from './visiting.js'

export interface GetRequest {
  readonly peer: VisitedPeer
  /** In its share; '' for all of it. */
  readonly path: string
  /** Under which it arrives; '' for what is in it alone. */
  readonly name: string
}

export interface GotCounts {
  files: number
  bytes: number
  /** Files that stood there already. */
  there: number
  /** Things that did not arrive. */
  failed: number
}

type FetchEvent = VisitEvent & { type: 'list' | 'block' | 'lost' }

export interface GettingOptions {
  readonly visiting: Visiting
  /** Of the folder in which all arrives. */
  readonly disk: Disk
  /** Whether files that stand there and are others are replaced. */
  readonly replaces: boolean
  readonly onEvent: (event: PeerEvent) => void
}

export class Getting {
  readonly counts: GotCounts = { files: 0, bytes: 0, there: 0, failed: 0 }
  private readonly options: GettingOptions
  private readonly handlers = new Map<number, (event: FetchEvent) => void>()
  /** Contents on their way: of one peer each is there once at a time. */
  private readonly underWay = new Map<string, Promise<void>>()
  private readonly meters = new Set<Meter>()
  private wantedFiles = 0
  private wantedBytes = 0
  private doneBytes = 0
  private doneFiles = 0
  private toldMs = 0
  private toldBytes = 0
  private bytesPerS = 0
  /** Why nothing more can arrive at all. */
  private end: string | undefined

  constructor(options: GettingOptions) {
    this.options = options
    options.visiting.onFetch = (event) => this.handlers.get(event.fetch)?.(event)
  }

  async get(request: GetRequest): Promise<void> {
    const { visiting, onEvent } = this.options
    const { peer, path, name } = request
    const listed = await visiting.list(peer, [path])
    if ('failure' in listed) {
      this.fail(`${peer.text}:${path}`, listed.failure)
      return
    }
    const { fingerprint } = listed
    onEvent({ event: 'connected', peer: listed.peer, address: peer.text, fingerprint: fingerprint ?? null })
    if (listed.entries.length === 0 && path !== '') {
      this.fail(`${peer.text}:${path}`, 'nothing of that name is held there')
      return
    }
    const { folders, files, links, refused } = planGet(listed.entries, path, name)
    for (const { target, reason } of refused) this.fail(target, reason)
    for (const arrival of folders) this.attempt(arrival.target, () => this.makeFolder(arrival))
    this.wantedFiles += files.length
    this.wantedBytes += files.reduce((sum, { entry }) => sum + entry.sizeBytes, 0)
    const reports = setInterval(() => this.report(), TOTALS_MS)
    const gone = new Promise<void>((resolve) => {
      const all = this.fetchAll(files, listed)
      void all.finally(resolve)
      void visiting.whenUnreached([listed.address], all).then(({ failure }) => {
        this.end ??= `${peer.text}: ${failure}`
        resolve()
      })
    })
    await gone
    clearInterval(reports)
    this.report()
    for (const arrival of links) this.attempt(arrival.target, () => this.makeLink(arrival))
    for (const folder of new Set(['', ...folders.map(({ target }) => target)]))
      if (folder !== '') this.attempt(folder, () => this.options.disk.syncFolder(folder))
  }

  /** Why all ended before its time; undefined where it did not. */
  get failure(): string | undefined {
    return this.end
  }

  private async fetchAll(files: readonly Arrival[], listed: Listed): Promise<void> {
    const queue = files.values()
    const work = async () => {
      for (const arrival of queue) {
        if (this.end !== undefined) return
        await this.fetchOne(arrival, listed)
      }
    }
    await Promise.all(Array.from({ length: FETCHES_MAX }, work))
  }

  private async fetchOne(arrival: Arrival, listed: Listed): Promise<void> {
    const { digest } = arrival.entry
    for (let other = this.underWay.get(digest); other !== undefined; other = this.underWay.get(digest))
      await other
    const done = this.getFile(arrival, listed).catch((error: unknown) => {
      if (!(error instanceof DiskError)) throw error
      if (error.code === 'no-space') this.end ??= 'the disk is full'
      this.fail(arrival.target, error.message)
    })
    this.underWay.set(digest, done)
    await done
    this.underWay.delete(digest)
    this.doneFiles++
  }

  private async getFile(arrival: Arrival, { address, peer }: Listed): Promise<void> {
    const { visiting, disk, replaces, onEvent } = this.options
    const { target, entry } = arrival
    const file = new ArrivingFile(disk, arrival)
    const standing = await file.standing()
    if (standing === 'same') {
      this.counts.there++
      this.doneBytes += entry.sizeBytes
      return
    }
    const kind = disk.statLink(target)?.kind
    if (standing === 'other' && (!replaces || kind !== 'file')) {
      const what =
        kind === 'file' ? 'another file stands there; --force replaces it' : 'something else stands there'
      this.fail(target, what)
      return
    }
    const startedMs = nowMs()
    file.open()
    try {
      const meter = new Meter(target, entry.sizeBytes)
      const item: ItemRef = { kind: 'file', digest: entry.digest, sizeBytes: entry.sizeBytes }
      if (entry.sizeBytes > 0) {
        const why = await this.receive(item, file, meter, { address, peer })
        if (why !== undefined) {
          this.fail(target, why)
          return
        }
      }
      file.finish(standing === 'other')
      this.counts.files++
      this.counts.bytes += entry.sizeBytes
      const crossedBytes = meter.crossedBytes
      onEvent({
        event: 'received',
        path: target,
        bytes: entry.sizeBytes,
        crossedBytes,
        savedBytes: 0,
        durationMs: Math.round(nowMs() - startedMs),
        peer,
        sources: crossedBytes === 0 ? [] : [{ peer, bytes: crossedBytes }],
      })
    } finally {
      file.close()
      visiting.wake()
    }
  }

  /** Answers why it did not come; undefined where all blocks are written. Rejects with a DiskError. */
  private receive(
    item: ItemRef,
    file: ArrivingFile,
    meter: Meter,
    { address, peer }: Pick<Listed, 'address' | 'peer'>,
  ): Promise<string | undefined> {
    const { visiting, onEvent } = this.options
    const { machine } = visiting
    const isSmall = item.sizeBytes <= BLOCK_BYTES
    return new Promise((resolve, reject) => {
      const id = machine.fetch(address, item)
      const settle = (end: () => void) => {
        this.handlers.delete(id)
        this.meters.delete(meter)
        machine.endFetch(id)
        visiting.wake()
        end()
      }
      const want = async (list: Uint8Array | undefined) => {
        const lacking = await file.lacking(list)
        const resumedBytes = item.sizeBytes - bytesOf(lacking, item.sizeBytes)
        meter.begin(resumedBytes)
        this.doneBytes += resumedBytes
        if (!isSmall) {
          onEvent({
            event: 'fetching',
            path: meter.path,
            bytes: item.sizeBytes,
            resumedBytes,
            reusedBytes: 0,
            peer,
          })
          this.meters.add(meter)
        }
        if (lacking.size === 0) settle(() => resolve(undefined))
        else machine.wantBlocks(id, lacking)
        visiting.wake()
      }
      const begin = (list: Uint8Array | undefined) =>
        void want(list).catch((error: unknown) => settle(() => reject(error)))
      this.handlers.set(id, (event) => {
        if (event.type === 'lost') settle(() => resolve(LOST_WORDS[event.reason]))
        else if (event.type === 'list') begin(event.list)
        else {
          try {
            file.write(event.blockIndex, event.bytes)
          } catch (error) {
            settle(() => reject(error))
            return
          }
          meter.handle(event.bytes.length)
          this.doneBytes += event.bytes.length
          if (event.isLast) settle(() => resolve(undefined))
        }
      })
      if (isSmall) begin(undefined)
      visiting.wake()
    })
  }

  private makeFolder({ target, entry }: Arrival): void {
    const { disk } = this.options
    const kind = disk.statLink(target)?.kind
    if (kind === 'folder') return
    if (kind !== undefined) throw new DiskError('exists', 'something else stands there')
    const { access } = entry
    disk.makeFolder(target, access === 'none' ? 'usual' : 'private')
    if (access !== 'none') disk.setMode(target, { access, executable: false, widens: true })
  }

  private makeLink({ target, entry }: Arrival): void {
    const { disk } = this.options
    const kind = disk.statLink(target)?.kind
    if (kind === 'link' && disk.readLink(target) === entry.target) {
      this.counts.there++
      return
    }
    if (kind !== undefined) throw new DiskError('exists', 'something else stands there')
    disk.makeLink(target, entry.target)
    this.counts.files++
  }

  private attempt(target: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.fail(target, error.message)
    }
  }

  private fail(path: string, reason: string): void {
    this.counts.failed++
    this.options.onEvent({ event: 'problem', path, reason })
  }

  private report(): void {
    const { onEvent } = this.options
    const atMs = nowMs()
    const elapsedMs = atMs - this.toldMs
    if (this.toldMs > 0 && elapsedMs > 0)
      this.bytesPerS = (1_000 * (this.doneBytes - this.toldBytes)) / elapsedMs
    this.toldMs = atMs
    this.toldBytes = this.doneBytes
    for (const meter of this.meters) onEvent(meter.progress(atMs))
    onEvent({
      event: 'totals',
      files: this.doneFiles,
      filesWanted: this.wantedFiles,
      bytes: this.doneBytes,
      bytesWanted: this.wantedBytes,
      bytesPerS: Math.round(this.bytesPerS),
    })
  }
}

/** How far one file is. */
class Meter {
  crossedBytes = 0
  private resumedBytes = 0
  private toldBytes = 0
  private toldMs = nowMs()

  constructor(
    readonly path: string,
    private readonly sizeBytes: number,
  ) {}

  begin(resumedBytes: number): void {
    this.resumedBytes = resumedBytes
  }

  handle(bytes: number): void {
    this.crossedBytes += bytes
  }

  progress(atMs: number): PeerEvent {
    const bytesPerS = (1_000 * (this.crossedBytes - this.toldBytes)) / Math.max(1, atMs - this.toldMs)
    this.toldBytes = this.crossedBytes
    this.toldMs = atMs
    const doneBytes = this.resumedBytes + this.crossedBytes
    return {
      event: 'progress',
      path: this.path,
      bytes: this.sizeBytes,
      doneBytes,
      bytesPerS: Math.round(bytesPerS),
      etaMs: bytesPerS > 0 ? Math.round((1_000 * (this.sizeBytes - doneBytes)) / bytesPerS) : null,
    }
  }
}

const LOST_WORDS = {
  gone: 'it is not held there any more, or was changed meanwhile: get it again',
  unservable: 'the peer sends something else than it told of',
} as const

function bytesOf(blocks: Iterable<number>, sizeBytes: number): number {
  let bytes = 0
  for (const index of blocks) bytes += Math.min(BLOCK_BYTES, sizeBytes - index * BLOCK_BYTES)
  return bytes
}
