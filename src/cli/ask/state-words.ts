// How a peer stands, in a word or two. `left status`, `left peers` and `left why` show it.

import type { PeerState } from '../../control/status.js'

export const STATE_WORDS: Readonly<Record<PeerState, string>> = {
  self: 'this machine, ignored',
  waiting: 'not met yet',
  'not-called': 'through others',
  away: 'gone',
  paused: 'paused',
  comparing: 'comparing',
  receiving: 'receiving from it',
  behind: 'it has not got all yet',
  'in-step': 'in step',
}
