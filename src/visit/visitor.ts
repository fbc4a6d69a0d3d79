// A visitor: lists what peers hold and pulls files of theirs, and keeps no share. Performs no I/O: src/app/visiting.ts drains it into
// a socket. It shakes hands as a peer does, under an id of which peers see that it is a visitor's (base/visitor.ts).
//
//     network ── Endpoint ──┬── Listing, one for each peer ── entries
//                           └── Fetch, one for each file ──── list, blocks, each proved

import type { BlockSet } from '../base/blockset.js'
import { earliest } from '../base/earliest.js'
import type { Digest, Hash, ItemRef } from '../base/item.js'
import { listBytes } from '../base/item.js'
import { encodeMessage } from '../ecp/message.js'
import { Assembling, type Purpose } from '../engine/receive/assembling.js'
import {
  type Address,
  Endpoint,
  type EndpointEvent,
  type EndpointOptions,
  type Outgoing,
  type RefusalReason,
  type SessionId,
} from '../rdt/endpoint.js'
import type { SlowStep } from '../rdt/protection.js'
import type { Entry } from '../share/entry.js'
import type { Manifest } from '../share/manifest.js'
import { Fetch, type FetchId } from './fetch.js'
import { FETCH_TRIES_MAX } from './limits.js'
import { Listing, type ListingFault } from './listing.js'

export type VisitEvent =
  /** Paths of `untoldCount` more are held otherwise than it is listed here. */
  | {
      readonly type: 'listed'
      readonly address: Address
      readonly peer: string
      readonly fingerprint: string | undefined
      readonly entries: Entry[]
      readonly untoldCount: number
    }
  /** What the peer says that it holds cannot be read. */
  | { readonly type: 'fault'; readonly address: Address; readonly fault: ListingFault }
  /** Nothing was heard, or (`answers`) somebody is there who does not let us in. It goes on trying. */
  | { readonly type: 'unreachable'; readonly address: Address; readonly answers: boolean }
  | {
      readonly type: 'refused'
      readonly address: Address
      readonly reason: RefusalReason
      readonly agent: string
      readonly wireVersion: number
    }
  /** The list of a file of several blocks has come; `wantBlocks` says which of them are lacking. */
  | { readonly type: 'list'; readonly fetch: FetchId; readonly list: Uint8Array }
  /** Proved. The bytes are valid during the handling of this event only: `releaseBlock` ends it. */
  | {
      readonly type: 'block'
      readonly fetch: FetchId
      readonly blockIndex: number
      readonly bytes: Uint8Array
      readonly isLast: boolean
    }
  /** The peer has the file no more, or sends what it is not. The fetch is over. */
  | { readonly type: 'lost'; readonly fetch: FetchId; readonly reason: 'gone' | 'unservable' }

export interface VisitorOptions extends EndpointOptions {
  readonly hash: Hash
}

/** One peer that is visited. */
interface Visited {
  readonly address: Address
  peer: string
  session: SessionId | undefined
  listing: Listing | undefined
  isListed: boolean
  readonly fetches: Map<Digest, Fetch>
}

/** After each `handle*` and command, drain every `poll*` until it answers undefined. */
export class Visitor {
  readonly endpoint: Endpoint
  private readonly hash: Hash
  private readonly assembling: Assembling
  private readonly visited = new Map<Address, Visited>()
  private readonly bySession = new Map<SessionId, Visited>()
  private readonly byFetch = new Map<FetchId, { readonly visited: Visited; readonly fetch: Fetch }>()
  private readonly events: VisitEvent[] = []
  private nextFetch: FetchId = 1

  constructor(options: VisitorOptions, nowMs: number) {
    this.hash = options.hash
    this.endpoint = new Endpoint(options, nowMs)
    this.assembling = new Assembling({
      endpoint: this.endpoint,
      hash: options.hash,
      onWhole: (purpose, item, bytes) => this.handleWhole(purpose, item, bytes),
      onGivenUp: (purpose, item, reason) => this.handleGivenUp(purpose, item, reason),
    })
  }

  // — Commands —

  /** Goes to the peer at this address and lists what it holds at and below `paths`, or what it knows otherwise than `against`, which stays
   *  as it is meanwhile; answered by 'listed' or 'fault'. */
  list(address: Address, paths: readonly string[], nowMs: number, against?: Manifest): void {
    const listing = new Listing({ hash: this.hash, paths, against })
    const visited = { address, peer: '', session: undefined, listing, isListed: false, fetches: new Map() }
    this.visited.set(address, visited)
    this.endpoint.connect(address, nowMs)
    this.settle(nowMs)
  }

  /** Begins the attempts at this address anew, for a key that was asked for in vain. */
  callAgain(address: Address, nowMs: number): void {
    if (this.visited.get(address)?.session !== undefined) return
    this.endpoint.disconnect(address, nowMs)
    this.endpoint.connect(address, nowMs)
  }

  /** Whether this peer is there now. */
  isReached(address: Address): boolean {
    return this.visited.get(address)?.session !== undefined
  }

  /** Pulls a file of a peer that was listed. One of several blocks is answered by 'list'; any other begins with `wantBlocks`. No
   *  other file with the same content may be on its way from there. */
  fetch(address: Address, file: ItemRef): FetchId {
    const visited = this.visited.get(address)!
    const fetch = new Fetch(this.nextFetch++, file, this.hash)
    visited.fetches.set(file.digest, fetch)
    this.byFetch.set(fetch.id, { visited, fetch })
    this.pullFor(visited, fetch)
    return fetch.id
  }

  /** The blocks that are lacking; some. */
  wantBlocks(id: FetchId, blocks: BlockSet): void {
    const found = this.byFetch.get(id)
    if (found === undefined) return
    found.fetch.want(blocks)
    this.pullFor(found.visited, found.fetch)
  }

  /** Nothing is wanted of it any more. */
  endFetch(id: FetchId): void {
    const found = this.byFetch.get(id)
    if (found === undefined) return
    const { visited, fetch } = found
    this.byFetch.delete(id)
    visited.fetches.delete(fetch.file.digest)
    if (visited.session !== undefined) this.endpoint.cancelPull(visited.session, 'file', fetch.file.digest)
  }

  close(nowMs: number): void {
    this.endpoint.close(nowMs)
  }

  // — The world —

  handleDatagrams(from: Address, bytes: Uint8Array, datagramBytes: number, nowMs: number): void {
    this.endpoint.handleDatagrams(from, bytes, datagramBytes, nowMs)
    if (this.endpoint.hasEvents) this.settle(nowMs)
  }

  handleTimeout(nowMs: number): void {
    this.endpoint.handleTimeout(nowMs)
    this.settle(nowMs)
  }

  pollTimeout(): number | undefined {
    let atMs = this.endpoint.pollTimeout()
    for (const { session, listing } of this.visited.values())
      if (session !== undefined) atMs = earliest(atMs, listing?.pollTimeout())
    return atMs
  }

  pollStep(): SlowStep | undefined {
    return this.endpoint.pollStep()
  }

  handleStep(id: number, result: Uint8Array | undefined, nowMs: number): void {
    this.endpoint.handleStep(id, result, nowMs)
    this.settle(nowMs)
  }

  pollDatagram(nowMs: number): Outgoing | undefined {
    const outgoing = this.endpoint.pollDatagram(nowMs)
    if (this.endpoint.hasEvents) this.settle(nowMs)
    return outgoing
  }

  pollEvent(): VisitEvent | undefined {
    return this.events.shift()
  }

  // — What comes —

  private settle(nowMs: number): void {
    for (let event = this.endpoint.pollEvent(); event !== undefined; event = this.endpoint.pollEvent())
      this.handle(event, nowMs)
    for (const visited of this.visited.values()) this.goOn(visited, nowMs)
  }

  private handle(event: EndpointEvent, nowMs: number): void {
    switch (event.type) {
      case 'opened':
        this.handleOpened(event.session, event.address, event.peerId)
        break
      case 'closed':
        this.handleClosed(event.session)
        break
      case 'reply': {
        const visited = this.bySession.get(event.session)
        if (visited?.session === event.session) visited.listing?.handleReply(event.body, nowMs)
        break
      }
      case 'request':
        // Nothing is known here, and nothing is to be told.
        this.endpoint.sendReply(event.session, event.number, encodeMessage({ type: 'same' }))
        break
      case 'wanted':
        this.endpoint.serveGone(event.session, event.kind, event.digest)
        break
      case 'block':
        this.handleBlock(event)
        break
      case 'gone':
        if (event.kind === 'file') this.handleFileGone(event.session, event.digest, event.reason)
        else this.assembling.handleGone(event.session, event.kind, event.digest, event.reason)
        break
      case 'unreachable':
        this.events.push({ type: 'unreachable', address: event.address, answers: event.answers })
        break
      case 'refused': {
        const { type, address, reason, agent, wireVersion } = event
        this.events.push({ type, address, reason, agent, wireVersion })
        break
      }
    }
  }

  /** Also with a session with fresh keys: what was asked for in the one before is asked for in this one. */
  private handleOpened(session: SessionId, address: Address, peer: string): void {
    const visited = this.visited.get(address)
    if (visited === undefined) return
    const before = visited.session
    visited.session = session
    visited.peer = peer
    this.bySession.set(session, visited)
    if (before !== undefined) this.assembling.handleClosed(before)
    for (const fetch of visited.fetches.values()) this.pullFor(visited, fetch)
  }

  private handleClosed(session: SessionId): void {
    const visited = this.bySession.get(session)
    this.bySession.delete(session)
    this.assembling.handleClosed(session)
    if (visited?.session !== session) return
    visited.session = undefined
    visited.listing?.handleClosed()
  }

  private goOn(visited: Visited, nowMs: number): void {
    const { address, session, listing, peer } = visited
    if (session === undefined || listing === undefined) return
    const request = listing.pollRequest(nowMs)
    if (request !== undefined) this.endpoint.sendRequest(session, encodeMessage(request), nowMs)
    for (let item = listing.pollPull(); item !== undefined; item = listing.pollPull()) {
      const isEmpty = item.sizeBytes === 0
      if (isEmpty) listing.handleItem(item.digest, undefined)
      else this.assembling.pull(session, item, { type: 'tree', peer: address })
    }
    if (visited.isListed || (!listing.isDone && listing.fault === undefined)) return
    visited.isListed = true
    visited.listing = undefined
    const { fault, untoldCount } = listing
    if (fault !== undefined) this.events.push({ type: 'fault', address, fault })
    else {
      const fingerprint = this.endpoint.fingerprintOf(session)
      const entries = listing.entries()
      this.events.push({ type: 'listed', address, peer, fingerprint, entries, untoldCount })
    }
  }

  private pullFor(visited: Visited, fetch: Fetch): void {
    const { session } = visited
    if (session === undefined) return
    const { file, lacking } = fetch
    if (fetch.needsList) {
      const list: ItemRef = { kind: 'list', digest: file.digest, sizeBytes: listBytes(file.sizeBytes) }
      this.assembling.pull(session, list, { type: 'list', fetch: fetch.id })
    } else if (lacking !== undefined && lacking.size > 0) {
      const priority = fetch.blockCount === 1 ? 'small' : 'bulk'
      this.endpoint.pull(session, file, lacking, { priority })
    }
  }

  private handleWhole(purpose: Purpose, item: ItemRef, bytes: Uint8Array): void {
    if (purpose.type === 'tree') {
      this.visited.get(purpose.peer)?.listing?.handleItem(item.digest, bytes)
      return
    }
    const found = this.byFetch.get(purpose.fetch)
    if (found === undefined) return
    found.fetch.handleList(bytes)
    this.events.push({ type: 'list', fetch: purpose.fetch, list: bytes })
  }

  private handleGivenUp(purpose: Purpose, item: ItemRef, reason: 'gone' | 'unservable'): void {
    if (purpose.type === 'tree') this.visited.get(purpose.peer)?.listing?.handleItem(item.digest, undefined)
    else this.lose(purpose.fetch, reason)
  }

  private handleFileGone(session: SessionId, digest: Digest, reason: 'gone' | 'unservable'): void {
    const visited = this.bySession.get(session)
    const fetch = visited?.session === session ? visited.fetches.get(digest) : undefined
    if (visited === undefined || fetch === undefined) return
    if (reason === 'unservable' || ++fetch.goneCount >= FETCH_TRIES_MAX) this.lose(fetch.id, reason)
    else this.pullFor(visited, fetch)
  }

  private lose(id: FetchId, reason: 'gone' | 'unservable'): void {
    if (!this.byFetch.has(id)) return
    this.endFetch(id)
    this.events.push({ type: 'lost', fetch: id, reason })
  }

  private handleBlock(event: EndpointEvent & { type: 'block' }): void {
    const { session, kind, digest, blockIndex, frame } = event
    const opened = this.endpoint.framesOf(session)?.open(event, frame.bytes)
    if (!opened?.ok) {
      frame.release()
      this.endpoint.rejectBlock(session, kind, digest, blockIndex, 'damaged')
      return
    }
    const { block } = opened.value
    if (kind !== 'file') {
      // Copies the block and releases the frame.
      this.assembling.handleBlock(event, block)
      return
    }
    const fetch = this.bySession.get(session)?.fetches.get(digest)
    const isProved = fetch?.proves(blockIndex, block)
    if (fetch === undefined || !isProved) {
      frame.release()
      if (fetch !== undefined) this.endpoint.rejectBlock(session, kind, digest, blockIndex, 'wrong')
      return
    }
    const isWanted = fetch.handleBlock(blockIndex)
    const bytes = block.slice()
    frame.release()
    if (isWanted)
      this.events.push({ type: 'block', fetch: fetch.id, blockIndex, bytes, isLast: fetch.isDone })
  }
}
