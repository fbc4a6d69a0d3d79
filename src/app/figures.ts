// The figures that a peer tells when it stops. Used by Peer.

import type { Engine } from '../engine/engine.js'
import type { PeerEvent } from './events.js'

export function summaryOf(engine: Engine): PeerEvent {
  const { counters } = engine.endpoint
  return {
    event: 'summary',
    receivedBytes: counters.bytesIn,
    sentBytes: counters.bytesOut,
    savedBytes: engine.savedBytes,
    receivedDatagrams: counters.datagramsIn,
    sentDatagrams: counters.datagramsOut,
    droppedDatagrams: counters.dropped,
    strangers: counters.strangers,
  }
}

/** How each session did, for whoever wonders why a link is slow. */
export function* sessionFigures(engine: Engine): Iterable<string> {
  for (const { peer, stats } of engine.sessionStats()) {
    const parts = Object.entries(stats).map(([name, value]) => `${name} ${Math.round(value * 1000) / 1000}`)
    yield `session with ${peer}: ${parts.join(', ')}`
  }
}
