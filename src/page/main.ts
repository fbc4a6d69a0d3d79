// The page of a running peer: puts its parts together, in the order in which they are shown, and keeps them up to date.

import { Charts } from './charts.js'
import { Conflicts } from './conflicts.js'
import { Held } from './held.js'
import { Log } from './log.js'
import { Overview } from './overview.js'
import { Peers } from './peers.js'
import { listen } from './stream.js'
import { Transfers } from './transfers.js'
import { Trash } from './trash.js'
import { Waiting } from './waiting.js'

const overview = new Overview()
const held = new Held()
const conflicts = new Conflicts()
const parts = [overview, held, conflicts, new Peers(), new Charts(), new Transfers(), new Waiting()] as const
const trash = new Trash()
const log = new Log()

listen({
  onStatus: (status) => {
    for (const part of parts) part.update(status)
  },
  onLog: (lines) => {
    log.add(lines)
    trash.handle(lines)
  },
  onConnection: (state) => overview.handleConnection(state),
})
