// Takes each message of the keeper to the part that carries it out; an order about a peer that is gone is answered at once.
// Used by the engine.

import { listBytes } from '../base/item.js'
import { BLOCK_BYTES } from '../base/limits.js'
import type { KeeperToEngine } from '../pipe/messages.js'
import type { SessionId } from '../rdt/endpoint.js'
import { ANNOUNCED_AHEAD_MAX } from './limits.js'
import type { EngineParts } from './parts.js'

export class KeeperOrders {
  constructor(private readonly parts: EngineParts) {}

  carryOut(message: KeeperToEngine, nowMs: number): void {
    const { talk, receiving, reports } = this.parts
    switch (message.type) {
      case 'root':
        talk.handleRoot(message)
        this.lookUpAnnounced(message)
        break
      case 'knows':
        talk.handleKnows(message)
        break
      case 'answer':
        talk.handleAnswer(message)
        break
      case 'visited':
        this.parts.visits.handleVisited(message)
        break
      case 'vetted':
        for (const requested of talk.handleVerdict(message.peer, message.type))
          this.parts.serving.handleRequested(requested)
        break
      case 'refused':
        for (const { session, kind, digest } of talk.handleVerdict(message.peer, message.type))
          this.parts.endpoint.serveGone(session, kind, digest)
        break
      case 'ask':
        talk.greet(message.peer)
        break
      case 'pull-tree':
        this.withSession(message, (session) => receiving.pullTree(session, message.peer, message.item))
        break
      case 'fetch-small':
        this.withSession(message, (session) => receiving.fetchSmall(session, message))
        break
      case 'fetch-list':
        this.withSession(message, (session) => receiving.fetchList(session, message.peer, message))
        break
      case 'fetch-blocks':
        receiving.large.fetchBlocks(message, nowMs)
        reports.handleFetchBegun(nowMs)
        break
      case 'here':
        receiving.large.handleHere(message.fetch, message.blockIndices)
        break
      case 'cancel':
        receiving.cancel(message.fetch)
        break
      case 'located':
        this.handleLocated(message)
        break
      case 'work':
        reports.handleWork(message)
        break
      case 'in-step': {
        const { type, ...state } = message
        const address = talk.sessions.ofPeer(state.peer)?.address
        if (address !== undefined) reports.show({ event: type, address, ...state })
        break
      }
      case 'stands':
        talk.handleStands(message)
        break
      case 'notice':
        if (message.notice.event === 'paused') talk.setFull(true)
        else if (message.notice.event === 'resumed') talk.setFull(false)
        reports.handleNotice(message, nowMs)
        break
    }
  }

  /** Peers will ask for what they are told of: where the newest large files are is found out meanwhile. */
  private lookUpAnnounced({ changes }: KeeperToEngine & { type: 'root' }): void {
    for (const change of changes?.slice(-ANNOUNCED_AHEAD_MAX) ?? []) {
      if (change.kind !== 'file' || change.sizeBytes <= BLOCK_BYTES) continue
      if (listBytes(change.sizeBytes) <= BLOCK_BYTES) this.parts.serving.handleAnnounced(change.digest)
    }
  }

  private handleLocated({ items }: KeeperToEngine & { type: 'located' }): void {
    const { serving, talk } = this.parts
    for (const { name, location } of items) {
      serving.handleLocated(name, location)
      if (name.kind === 'file') talk.handleLocated(name.digest, location.type === 'file')
    }
  }

  /** Runs an order for a peer, or tells the keeper that the peer is gone. */
  private withSession(
    order: KeeperToEngine & { type: 'pull-tree' | 'fetch-small' | 'fetch-list' },
    run: (session: SessionId) => void,
  ): void {
    const { talk, toKeeper } = this.parts
    const session = talk.sessionOf(order.peer)
    if (session !== undefined) run(session)
    else if (order.type !== 'pull-tree')
      toKeeper.push({ type: 'fetch-failed', fetch: order.fetch, reason: 'peer-gone' })
    else toKeeper.push({ type: 'tree', peer: order.peer, digest: order.item.digest, bytes: undefined })
  }
}
