// Whom `left ls` visits in a share: the peer that runs on it, and those that it names. Asked of that peer.

import type { VisitedPeer } from '../../app/options.js'
import { LeftError } from '../../base/errors.js'
import { askPeer } from '../../control/client.js'
import type { WhomToVisit } from '../../control/visit-results.js'
import { parsePeers } from '../addresses.js'
import type { SameKeyAs } from './visit-options.js'

/** @throws LeftError 'not-running', 'control-failed', 'not-available'. */
export async function askWhomToVisit(
  share: string,
): Promise<{ readonly peers: readonly VisitedPeer[]; readonly key: SameKeyAs }> {
  const answer = await askPeer(share, { command: 'visit', arguments: {} })
  if (!answer.ok) throw new LeftError('control-failed', answer.message)
  const { encryption, identity, passphraseFile, listening, peers } = answer.result as WhomToVisit
  if (encryption === 'no')
    throw new LeftError(
      'not-available',
      'this share runs with --encryption no, where a peer talks to nobody but the addresses of --ip: nothing can be listed',
    )
  const own = { ...parsePeers([reachable(listening)])[0]!, text: 'here', isOwn: true }
  return {
    peers: [
      own,
      ...peers.map((peer) => ({ ...peer, isOwn: false, fingerprint: peer.fingerprint ?? undefined })),
    ],
    key: { identity, passphraseFile },
  }
}

/** One that listens everywhere is reached on the loopback. */
function reachable(listening: string): string {
  return listening.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, '127.0.0.1')
}
