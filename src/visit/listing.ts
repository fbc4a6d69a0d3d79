// Lists what one peer holds, all of it or what is below some paths: asks for its root, walks its tree, and takes what the peer holds
// otherwise than its tree says into account. Performs no I/O. Visitor owns one for each peer.
//
//   asking ── holds ──▶ reading ── all listings read ──▶ done
//     ▲  w: again later    │ the tree moved on: a listing is gone
//     └────────────────────┘

import type { Digest, Hash, ItemRef } from '../base/item.js'
import { decodeMessage, type Message } from '../ecp/message.js'
import { TREE_PULL_BYTES_MAX, TREE_PULLS_MAX } from '../pipe/limits.js'
import type { Entry } from '../share/entry.js'
import { decodeHeld, type HeldFault, type HeldInstead } from '../share/held-item.js'
import { Manifest } from '../share/manifest.js'
import { isWithin } from '../share/path.js'
import { TreeWalk, type WalkFault } from '../share/walk.js'
import { LISTING_RESTARTS_MAX } from './limits.js'

export type ListingFault = WalkFault | HeldFault | 'restless'

export interface ListingOptions {
  readonly hash: Hash
  /** Paths of the share; '' is the whole of it. Checked. */
  readonly paths: readonly string[]
  /** Listed is only what the peer knows otherwise than this, deletions too; undefined lists all that it holds. */
  readonly against?: Manifest | undefined
}

export class Listing {
  private readonly options: ListingOptions
  /** Compared with nothing, the walk answers every entry. */
  private readonly against: Manifest
  private isAsked = false
  private retryAtMs: number | undefined
  private walk: TreeWalk | undefined
  private heldItem: ItemRef | undefined
  private held: HeldInstead = new Map()
  private isHeldPulled = false
  private readonly pulled = new Map<Digest, number>()
  private pulledBytes = 0
  /** To be pulled once there is room for it. */
  private next: ItemRef | undefined
  private restartCount = 0
  private found: Entry[] = []
  private failure: ListingFault | undefined
  private untold = 0

  constructor(options: ListingOptions) {
    this.options = options
    this.against = options.against ?? new Manifest(options.hash)
  }

  get isDone(): boolean {
    return this.failure === undefined && this.heldItem === undefined && this.walk?.done === true
  }

  /** The peer's listings are broken or hostile, or change all the time. */
  get fault(): ListingFault | undefined {
    return this.failure
  }

  /** Paths that the peer holds otherwise than it is listed here. */
  get untoldCount(): number {
    return this.untold
  }

  /** All that is held there, ascending by path in UTF-16 code units; of a comparison, all that is known otherwise there and not lacking
   *  there. Once it is done. */
  entries(): Entry[] {
    if (this.options.against !== undefined)
      return this.found.filter(({ path, kind }) => kind === 'tombstone' || !this.held.has(path)).sort(byPath)
    const instead = [...this.held.values()].filter((entry) => entry !== undefined)
    const listed = this.found.filter(({ path, kind }) => kind !== 'tombstone' && !this.held.has(path))
    const all = instead.length === 0 ? listed : [...listed, ...instead]
    return all.filter(({ path }) => this.isSought(path)).sort(byPath)
  }

  /** The next message to the peer, undefined while there is none. */
  pollRequest(nowMs: number): Message | undefined {
    if (this.isAsked || this.failure !== undefined || nowMs < (this.retryAtMs ?? 0)) return undefined
    this.isAsked = true
    this.retryAtMs = undefined
    return { type: 'visit' }
  }

  pollTimeout(): number | undefined {
    return this.retryAtMs
  }

  handleReply(body: Uint8Array, nowMs: number): void {
    const message = decodeMessage(body)
    if (message.ok && message.value.type === 'holds') {
      const { root, held, untoldCount } = message.value
      const looksInto = (folder: string) => this.isOnTheWay(folder)
      this.walk = new TreeWalk(this.against, root, { looksInto, isBrief: true })
      this.heldItem = held
      this.isHeldPulled = false
      this.untold = untoldCount
      return
    }
    this.isAsked = false
    this.retryAtMs =
      nowMs + (message.ok && message.value.type === 'working' ? message.value.retryMs : RETRY_MS)
  }

  /** The session is over: what was asked in it is asked anew. */
  handleClosed(): void {
    if (!this.isDone) this.restart()
  }

  pollPull(): ItemRef | undefined {
    const item = this.next ?? this.nextItem()
    this.next = item
    if (item === undefined || this.pulled.size >= TREE_PULLS_MAX) return undefined
    if (this.pulled.size > 0 && this.pulledBytes + item.sizeBytes > TREE_PULL_BYTES_MAX) return undefined
    this.next = undefined
    this.pulled.set(item.digest, item.sizeBytes)
    this.pulledBytes += item.sizeBytes
    return item
  }

  private nextItem(): ItemRef | undefined {
    if (this.heldItem === undefined || this.isHeldPulled) return this.walk?.pollPull()
    this.isHeldPulled = true
    return this.heldItem
  }

  /** `bytes` undefined: the peer has it no more. */
  handleItem(digest: Digest, bytes: Uint8Array | undefined): void {
    const { walk } = this
    const sizeBytes = this.pulled.get(digest)
    if (walk === undefined || this.failure !== undefined || sizeBytes === undefined) return
    this.pulled.delete(digest)
    this.pulledBytes -= sizeBytes
    if (bytes === undefined) {
      if (++this.restartCount > LISTING_RESTARTS_MAX) this.failure = 'restless'
      else this.restart()
      return
    }
    if (digest === this.heldItem?.digest) {
      const held = decodeHeld(bytes)
      this.heldItem = undefined
      if (held.ok) this.held = held.value
      else this.failure = held.reason
    }
    // The same bytes may be a listing too: none is the other, and the walk refuses what is not one.
    else this.failure = walk.handleItem(digest, bytes)
    while (this.failure === undefined && walk.isReadable) {
      const read = walk.read()
      if (read.ok) for (const entry of read.value) this.take(entry)
      else this.failure = read.reason
    }
  }

  private take(entry: Entry): void {
    if (this.isSought(entry.path)) this.found.push(entry)
  }

  private restart(): void {
    this.walk = undefined
    this.heldItem = undefined
    this.held = new Map()
    this.pulled.clear()
    this.pulledBytes = 0
    this.next = undefined
    this.found = []
    this.isAsked = false
    this.retryAtMs = undefined
  }

  private isSought(path: string): boolean {
    return this.options.paths.some((sought) => isWithin(path, sought))
  }

  private isOnTheWay(folder: string): boolean {
    return this.options.paths.some((sought) => isWithin(folder, sought) || isWithin(sought, folder))
  }
}

/** For a peer that says what cannot be read. */
const RETRY_MS = 300

function byPath(left: Entry, right: Entry): number {
  if (left.path === right.path) return 0
  return left.path < right.path ? -1 : 1
}
