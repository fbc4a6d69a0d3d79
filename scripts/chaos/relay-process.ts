// The lossy relay in a process of its own, so that the script's work (it hashes every state of every file) does not slow
// down what crosses. Forked by stage.ts.

import { type Relay, type RelayFaults, type RelayPeer, start } from '../../harness/relay/lossy-relay.js'
import type { Address } from '../../src/io/net/address.js'

export type ToRelay =
  | { readonly type: 'start'; readonly peers: readonly RelayPeer[]; readonly seed: number }
  | { readonly type: 'faults'; readonly faults: RelayFaults }
  | { readonly type: 'count' }

/** Counts of the peers' datagrams, all directions together. */
export interface FromRelay {
  readonly datagrams: number
  readonly bytes: number
}

let relay: Relay | undefined
let addresses: readonly Address[] = []

process.on('message', async (message: ToRelay) => {
  if (message.type === 'start') {
    addresses = message.peers.map(({ real }) => real)
    relay = await start(message)
  } else if (message.type === 'faults') {
    relay?.setFaults(message.faults)
    return
  }
  process.send!(counted())
})
process.on('disconnect', () => process.exit())
// A Ctrl-C in the terminal reaches the whole group; the script says when it is over.
process.on('SIGINT', () => {})

function counted(): FromRelay {
  let datagrams = 0
  let bytes = 0
  for (const from of addresses) {
    for (const to of addresses) {
      if (from === to || relay === undefined) continue
      const counters = relay.counters(from, to)
      datagrams += counters.received
      bytes += counters.receivedBytes
    }
  }
  return { datagrams, bytes }
}
