// The page of a running peer: puts its parts together and keeps them up to date. src/web serves it.

import { Log } from './log.js'
import { Overview } from './overview.js'
import { Peers } from './peers.js'
import { listen } from './stream.js'

const overview = new Overview()
const peers = new Peers()
const log = new Log()

listen({
  onStatus: (status) => {
    overview.update(status)
    peers.update(status)
  },
  onLog: (lines) => log.add(lines),
  onConnection: (state) => overview.handleConnection(state),
})
