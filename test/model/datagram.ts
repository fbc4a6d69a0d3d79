// How a session is settled, alike in both handshakes: by its first datagram. Used by the roles.

import type { Step } from './role.js'
import { hash, label, seal, type Term, tuple } from './terms.js'

const NOTHING = label('nothing')

/** The first datagram of a session settles it. Where the attacker has the keys itself, it may as well not send one: what is
 *  wrong then was wrong before. */
export function hearFirst(peer: string, key: string): Step {
  return {
    expects: ({ env }) => [
      {
        type: 'first datagram',
        pattern: [{ name: 'first', is: () => firstDatagram(env.the('keys')), unlessKnown: env.the('keys') }],
      },
    ],
    act: ({ party, env }) => ({
      events: [
        {
          type: 'commits',
          side: 'answerer',
          party,
          peerKey: env.the(key),
          peerId: env.the(peer),
          keys: env.the('keys'),
          said: env.the('all'),
        },
      ],
    }),
  }
}

/** Only who knows the keys makes it. */
export function firstDatagram(keys: Term): Term {
  return seal(hash('asker datagrams', keys), NOTHING, tuple(label('ping')))
}

export function fields(values: Readonly<Record<string, Term>>): (readonly [string, Term])[] {
  return Object.entries(values)
}
