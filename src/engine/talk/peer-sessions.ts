// The sessions that are open, and which of them is used with each peer: for a while there may be two. Used by Talk.

import type { Address, SessionId } from '../../rdt/endpoint.js'
import type { PeerTalk } from './peer-talk.js'

export interface PeerSession {
  readonly session: SessionId
  readonly peer: string
  readonly address: Address
  readonly peerTalk: PeerTalk
}

export class PeerSessions {
  private readonly sessions = new Map<SessionId, PeerSession>()
  private readonly byPeer = new Map<string, PeerSession>()

  get(session: SessionId): PeerSession | undefined {
    return this.sessions.get(session)
  }

  /** The one in which a peer is asked for what it has. */
  ofPeer(peer: string): PeerSession | undefined {
    return this.byPeer.get(peer)
  }

  all(): Iterable<PeerSession> {
    return this.sessions.values()
  }

  add(added: PeerSession): void {
    this.sessions.set(added.session, added)
    // One that is open is as good as any, until another is.
    if (!this.byPeer.has(added.peer)) this.byPeer.set(added.peer, added)
  }

  /** Both sides know of it: from now on it is the peer's. */
  handleOpened(opened: PeerSession): void {
    this.byPeer.set(opened.peer, opened)
  }

  /** Answers whether the peer is gone with it: a session that replaces this one may already be open, or the one that this
   *  one was to replace may still be. */
  handleClosed(session: SessionId, peer: string): boolean {
    this.sessions.delete(session)
    if (this.byPeer.get(peer)?.session !== session) return false
    this.byPeer.delete(peer)
    for (const other of this.sessions.values()) {
      if (other.peer !== peer) continue
      this.byPeer.set(peer, other)
      return false
    }
    return true
  }
}
