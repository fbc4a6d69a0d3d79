// Peer ids of visitors: processes that look at what a peer holds and keep no share themselves. The id is proved by the handshake
// like any other, and says by itself that its session is no peer's: nothing that keeps peers apart or in step counts it.

/** Begins the id of each visitor, 8 of 16 hexadecimal characters; the rest is random for each visit. No share has such an id. */
const VISITOR_PREFIX = 'fffffff0'

export function isVisitor(peerId: string): boolean {
  return peerId.startsWith(VISITOR_PREFIX)
}

/** `random`: 8 hexadecimal characters. */
export function visitorId(random: string): string {
  return `${VISITOR_PREFIX}${random}`
}
