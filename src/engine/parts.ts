// The parts of an engine among which events of the network and orders of the keeper are handed out. The engine makes them.

import type { Peering } from '../peering/peering.js'
import type { Endpoint } from '../rdt/endpoint.js'
import type { Outbox } from './outbox.js'
import type { Receiving } from './receive/receiving.js'
import type { Reports } from './reports.js'
import type { Serving } from './serve/serving.js'
import type { Talk } from './talk/talk.js'
import type { Visits } from './talk/visits.js'

export interface EngineParts {
  readonly endpoint: Endpoint
  readonly peering: Peering
  readonly talk: Talk
  readonly visits: Visits
  readonly receiving: Receiving
  readonly serving: Serving
  readonly toKeeper: Outbox
  readonly reports: Reports
}
