// What the peer tells as it happens: server-sent events of src/web/streams.ts.

import type { PeerEvent } from '../app/events.js'
import type { Status } from '../control/status.js'

export interface LogLine {
  readonly id: number
  readonly time: string
  readonly event: PeerEvent
}

export interface Listeners {
  onStatus(status: Status): void
  onLog(lines: readonly LogLine[]): void
  /** `refused`: the link is not valid any more, or too many pages are open. */
  onConnection(state: 'here' | 'lost' | 'refused'): void
}

export function listen(listeners: Listeners): void {
  const source = new EventSource('events')
  source.addEventListener('open', () => listeners.onConnection('here'))
  source.addEventListener('error', () =>
    listeners.onConnection(source.readyState === EventSource.CLOSED ? 'refused' : 'lost'),
  )
  source.addEventListener('status', ({ data }) => listeners.onStatus(JSON.parse(data as string)))
  source.addEventListener('log', ({ data }) => listeners.onLog(JSON.parse(data as string)))
}
