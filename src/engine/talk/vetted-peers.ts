// Which peers may be told of entries: those that know no edit of ours that we do not remember, as recall() finds. What they ask
// for before that is known waits. Where a peer knows such an edit, the keeper decides (src/keeper/peers/vetting.ts). Used by Talk.

import type { KnownEdits } from '../../base/known-edits.js'
import type { SessionId } from '../../rdt/endpoint.js'
import { type OwnCounts, recall } from '../../share/own-counts.js'
import type { RequestedBlock } from '../serve/serving.js'
import { UNVETTED_REQUESTS_MAX, VETTED_PEERS_MAX } from './limits.js'
import type { PeerSession, PeerSessions } from './peer-sessions.js'

export class VettedPeers {
  /** Vetted while this keeper has kept the share: meanwhile it has forgotten nothing, and they have heard of our edits from us. */
  private readonly peers = new Set<string>()
  private readonly waiting = new Map<SessionId, RequestedBlock[]>()
  /** Told before our own counts were known: a handshake says it once, and may come while the share is still read. */
  private readonly unjudged = new Map<SessionId, KnownEdits>()

  constructor(private readonly sessions: PeerSessions) {}

  has(peer: string): boolean {
    return this.peers.has(peer)
  }

  /** A peer has said in this session which edits of ours it knows. Answers listings that may be given now. */
  handleTold(
    { session, peer, peerTalk }: PeerSession,
    own: OwnCounts | undefined,
    theyKnow: KnownEdits | undefined,
  ): readonly RequestedBlock[] {
    if (own === undefined) {
      if (theyKnow !== undefined) this.unjudged.set(session, theyKnow)
      return []
    }
    this.unjudged.delete(session)
    const found = recall(own, theyKnow)
    if (found === 'forgotten') {
      this.peers.delete(peer)
      peerTalk.handleDoubted()
    }
    if (found !== 'known' || peerTalk.verdict === 'refused') return []
    this.add(peer)
    peerTalk.handleVetted()
    return this.take(session)
  }

  /** Our own counts are known. Answers listings that may be given now. */
  handleOwn(own: OwnCounts): readonly RequestedBlock[] {
    const released: RequestedBlock[] = []
    for (const [session, theyKnow] of [...this.unjudged]) {
      const found = this.sessions.get(session)
      this.unjudged.delete(session)
      if (found !== undefined) released.push(...this.handleTold(found, own, theyKnow))
    }
    return released
  }

  /** The keeper's verdict, for all sessions of the peer. Answers what is not to wait any longer. */
  handleVerdict(peer: string, verdict: 'vetted' | 'refused'): readonly RequestedBlock[] {
    if (verdict === 'vetted') this.add(peer)
    else this.peers.delete(peer)
    const released: RequestedBlock[] = []
    for (const { session, peer: ofSession, peerTalk } of this.sessions.all()) {
      if (ofSession !== peer) continue
      if (verdict === 'vetted') peerTalk.handleVetted()
      else peerTalk.handleRefused()
      released.push(...this.take(session))
    }
    return released
  }

  /** Whether the peer may have a listing: it may not, or what it asks for waits until that is known. */
  admitsListing(requested: RequestedBlock): 'yes' | 'no' | 'waits' {
    const { session } = requested
    const verdict = this.sessions.get(session)?.peerTalk.verdict
    if (verdict === 'vetted') return 'yes'
    if (verdict === 'refused') return 'no'
    const waiting = this.waiting.get(session)
    if (waiting === undefined) this.waiting.set(session, [requested])
    else if (waiting.length < UNVETTED_REQUESTS_MAX) waiting.push(requested)
    return 'waits'
  }

  handleClosed(session: SessionId): void {
    this.waiting.delete(session)
    this.unjudged.delete(session)
  }

  /** The next keeper may have another share: all are vetted anew. */
  handleKeeperLost(): void {
    this.peers.clear()
  }

  private add(peer: string): void {
    this.peers.delete(peer)
    this.peers.add(peer)
    if (this.peers.size > VETTED_PEERS_MAX) this.peers.delete(this.peers.keys().next().value!)
  }

  private take(session: SessionId): readonly RequestedBlock[] {
    const waiting = this.waiting.get(session) ?? []
    this.waiting.delete(session)
    return waiting
  }
}
