// Asks each connected peer for what only it can tell: its clock, its program, and a knock from outside. Used by Steering.

import { randomBytes } from 'node:crypto'
import type { Engine } from '../../engine/engine.js'
import { datagramBytesMax } from '../../io/net/interfaces.js'
import type { Knocks } from '../knocks.js'
import type { PeerAsking } from '../peer-asking.js'
import type { PeerFacts } from './peer-checks.js'

export interface CheckingHost {
  readonly engine: Engine
  readonly asking: PeerAsking
  readonly knocks: Knocks
  readonly bind: string | undefined
  readonly nowMs: () => number
  /** There is something to send. */
  readonly wake: () => void
}

/** By peer id. */
export async function checkPeers(host: CheckingHost): Promise<ReadonlyMap<string, PeerFacts>> {
  const peers = [...host.engine.peers('')]
  const facts = peers.map(async ({ peer, address, stats }): Promise<[string, PeerFacts]> => {
    const path = stats && {
      bytes: stats.pathBytes,
      interfaceBytes: datagramBytesMax(address, host.bind),
    }
    return [peer, { path, answer: await checkPeer(peer, host) }]
  })
  return new Map(await Promise.all(facts))
}

async function checkPeer(peer: string, host: CheckingHost): Promise<PeerFacts['answer']> {
  const { engine, asking, knocks, nowMs, wake } = host
  const knock = randomBytes(8).toString('hex')
  const askedMs = Date.now()
  const told = asking
    .askOne('checked', (id) => {
      engine.askCheck(id, { peer, knock }, nowMs())
      wake()
    })
    .then((answer) => answer && { answer, toldMs: Date.now() })
  const [known, isKnockHeard] = await Promise.all([told, knocks.arrives(knock, told)])
  if (known === undefined) return undefined
  const { answer, toldMs } = known
  return {
    aheadMs: Math.round(answer.wallMs - (askedMs + toldMs) / 2),
    doubtMs: Math.ceil((toldMs - askedMs) / 2),
    program: answer.program,
    isKnockHeard,
  }
}
