// Takes each event of the endpoint to the part that it is for, or to the person who watches. Used by the engine, which polls
// the endpoint.

import { isVisitor } from '../base/visitor.js'
import type { EndpointEvent } from '../rdt/endpoint.js'
import type { EngineParts } from './parts.js'

export class EventRouter {
  constructor(private readonly parts: EngineParts) {}

  handle(event: EndpointEvent, nowMs: number): void {
    const { endpoint, peering, talk, visits, receiving, serving, reports } = this.parts
    if (this.isVisit(event)) return
    switch (event.type) {
      case 'block':
        receiving.handleBlock(event, nowMs)
        break
      case 'wanted': {
        const { session, kind, digest, blockIndex, members } = event
        const requested = { session, kind, digest, blockIndex, members }
        // The share's listings are kept from a peer that knows edits which the share forgot; a visitor knows none.
        if (talk.isPaused(session)) {
          endpoint.serveGone(session, kind, digest)
          break
        }
        const admitted = kind === 'tree' && !visits.has(session) ? talk.admitsListing(requested) : 'yes'
        if (admitted === 'yes') serving.handleRequested(requested)
        else if (admitted === 'no') endpoint.serveGone(session, kind, digest)
        break
      }
      case 'gone':
        receiving.handleGone(event, nowMs)
        break
      case 'request':
        talk.handleRequest(event.session, event.number, event.body, nowMs)
        break
      case 'reply':
        talk.handleReply(event.session, event.body, nowMs)
        break
      case 'answered':
        talk.handleAnswered(event, nowMs)
        break
      case 'opened': {
        talk.handleOpened(event, nowMs)
        const { peerId: peer, address, fingerprint, initiator: isOurs, isRenewal } = event
        peering.handleOpened({ session: event.session, address, isOurs, isRenewal }, nowMs)
        if (!isRenewal) reports.show({ event: 'connected', peer, address, fingerprint })
        break
      }
      case 'closed': {
        this.handleClosed(event)
        peering.handleClosed(event, nowMs)
        const { peerId: peer, address, reason } = event
        // Fresh keys are nothing that a person has to know.
        if (reason !== 'renewed') reports.show({ event: 'disconnected', peer, address, reason })
        break
      }
      case 'withdrawn':
        this.handleClosed(event)
        break
      case 'unreachable':
        reports.show({ event: 'waiting', address: event.address, answers: event.answers })
        break
      case 'refused': {
        const { address, reason, agent, wireVersion } = event
        reports.show({ event: 'refused', address, reason, agent, wireVersion })
        break
      }
      case 'cloned':
        reports.show({ event: 'cloned', peer: event.peerId, addresses: event.addresses })
        break
      case 'crowded':
        reports.show({ event: 'crowded', address: event.address, fingerprint: event.fingerprint })
        break
      case 'stranger':
        reports.show({ event: 'stranger', address: event.address, agent: event.agent })
        break
    }
  }

  /** Whether the event is of a visitor's session, and was taken care of. */
  private isVisit(event: EndpointEvent): boolean {
    const { visits } = this.parts
    if (event.type === 'opened' && isVisitor(event.peerId)) visits.handleOpened(event.session)
    else if (event.type === 'request' && visits.has(event.session))
      visits.handleRequest(event.session, event.number, event.body)
    else if (event.type === 'closed') return visits.handleClosed(event.session)
    // Nothing was said in it yet.
    else return (event.type === 'answered' || event.type === 'withdrawn') && isVisitor(event.peerId)
    return true
  }

  private handleClosed(event: EndpointEvent & { type: 'closed' | 'withdrawn' }): void {
    const { talk, receiving, toKeeper } = this.parts
    const isPeerGone = talk.handleClosed(event)
    // Fetches that fail with the session are told before the peer's end.
    receiving.handleClosed(event.session)
    if (isPeerGone) toKeeper.push({ type: 'peer-gone', peer: event.peerId })
  }
}
