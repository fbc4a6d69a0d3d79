// Handshake 2: what its hashes, keys and signatures are over, and the wrong changes that the tests make to that. Used by the
// roles.

import type { Env } from './pattern.js'
import { keyOf, type Party, type Pin, type Ticket } from './role.js'
import { BASE, hash, label, privateOf, raise, SHARE_BASE, sign, type Term, tuple } from './terms.js'

/** Wrong changes; all absent: the handshake. */
export interface Changes {
  /** All of the transcript that a signature covers. */
  readonly askerSigns?: 'flight 1' | 'flight 2' | 'own fields'
  readonly answererSigns?: 'flights 1 and 3' | 'flights 2 and 4' | 'own fields'
  readonly macLeavesShareOut?: boolean
  readonly macLeavesExchangeOut?: boolean
  readonly transcriptLeavesSharesOut?: boolean
  readonly transcriptLeavesExchangesOut?: boolean
  readonly masterLeavesPremasterOut?: boolean
  readonly keysLeaveStaticOut?: boolean
  readonly keysLeaveSecretOut?: boolean
  readonly takesIdentityShare?: boolean
  readonly shareFromCommonBase?: boolean
  readonly secretProofInsteadOfShare?: boolean
  readonly answersBeforeWelcome?: boolean
  readonly idsAreAnybodys?: boolean
  readonly ticketsLeaveRoleOut?: boolean
  readonly ticketsAreKept?: boolean
  readonly resumptionLeavesExchangeOut?: boolean
}

export const NOTHING = label('nothing')

/** Inputs of the keys besides the two exchanges. */
export interface Uses {
  /** The pin of the address that is called. */
  readonly pin?: Pin | undefined
  readonly secret?: boolean
}

export function pointOf({ scalar }: Party): Term {
  return raise(BASE, scalar)
}

export function pinOf(party: Party): Pin {
  return { modulus: keyOf(party), point: pointOf(party), id: party.id }
}

export function shareBase(secret: Term, { shareFromCommonBase }: Changes): Term {
  return shareFromCommonBase === true ? SHARE_BASE : hash('generator', secret)
}

export function macOf(shared: Term, nonce: Term, exchange: Term, share: Term, changes: Changes): Term {
  const covered = [
    nonce,
    changes.macLeavesExchangeOut === true ? NOTHING : exchange,
    changes.macLeavesShareOut === true ? NOTHING : share,
  ]
  return hash(
    'mac',
    changes.macLeavesExchangeOut === true ? label('pin') : hash('introduction key', shared),
    ...covered,
  )
}

export interface Flights {
  readonly nonce: Term
  readonly exchange: Term
  readonly share: Term
  readonly mac: Term
  readonly exchange2: Term
  readonly share2: Term
}

export function saidFirst(flights: Flights, changes: Changes): Term {
  const { nonce, exchange, share, mac, exchange2, share2 } = flights
  const exchanges = changes.transcriptLeavesExchangesOut === true ? [] : [exchange, exchange2]
  const shares = changes.transcriptLeavesSharesOut === true ? [] : [share, share2]
  return hash('T2', nonce, mac, ...exchanges, ...shares)
}

/** The part that both sides compute alike. */
export function firstKey(said: Term, ephemeral: Term, fixed: Term, secret: Term): Term {
  return hash('k1', said, ephemeral, fixed, secret)
}

export function askerText(flights: Flights, said: Term, own: readonly Term[], changes: Changes): Term {
  const { nonce, exchange, share, mac, exchange2, share2 } = flights
  switch (changes.askerSigns) {
    case 'flight 1':
      return hash('T3', nonce, exchange, share, mac, ...own)
    case 'flight 2':
      return hash('T3', exchange2, share2, ...own)
    case 'own fields':
      return hash('T3', nonce, ...own)
    default:
      return hash('T3', said, ...own)
  }
}

export function answererText(
  flights: Flights,
  said: Term,
  asker: readonly Term[],
  own: readonly Term[],
  changes: Changes,
): Term {
  const { nonce, exchange, share, mac, exchange2, share2 } = flights
  switch (changes.answererSigns) {
    case 'flights 1 and 3':
      return hash('T4', nonce, exchange, share, mac, ...asker, own[0]!)
    case 'flights 2 and 4':
      return hash('T4', exchange2, share2, ...own)
    case 'own fields':
      return hash('T4', nonce, ...own)
    default:
      return hash('T4', said, ...own)
  }
}

export function signedBy(name: string, text: (env: Env) => Term, env: Env): Term | undefined {
  const signer = privateOf(env.the(name))
  return signer && sign(signer, text(env))
}

export function masterOf(k1: Term, premaster: Term, said: Term, changes: Changes): Term {
  return hash('master', k1, changes.masterLeavesPremasterOut === true ? NOTHING : premaster, said)
}

/** All that has been on the wire up to flight 3, whatever a changed transcript leaves out. */
export function proofOf(flights: Flights, said3: Term): Term {
  return tuple(said3, ...Object.values(flights))
}

/** One for each of the two to ask with. */
export function tickets2(
  master: Term,
  side: 'asker' | 'answerer',
  party: Party,
  peer: { modulus: Term; id: Term },
  { ticketsLeaveRoleOut }: Changes = {},
): Ticket[] {
  const mine = [keyOf(party), party.id]
  const theirs = [peer.modulus, peer.id]
  const both = side === 'asker' ? [...mine, ...theirs] : [...theirs, ...mine]
  const ticket = (ofSide: string, serves: 'asker' | 'answerer'): Ticket => {
    const role = ticketsLeaveRoleOut === true ? NOTHING : label(ofSide)
    return {
      id: hash('ticket id', master, role, ...both),
      secret: hash('ticket', master, role, ...both),
      peerKey: peer.modulus,
      peerId: peer.id,
      serves: [serves],
    }
  }
  const otherSide = side === 'asker' ? 'answerer' : 'asker'
  return [ticket(side, 'asker'), ticket(otherSide, 'answerer')]
}
