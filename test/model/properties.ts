// Properties of every state of every run. Used by the tests. A property answers undefined, or what is wrong.

import { testOf } from './guess.js'
import { type AgreementEvent, keyOf, type Party } from './role.js'
import { agreementsOf, type State } from './search.js'
import { atom, BASE, modulusOf, raise, show, sortOf, type Term } from './terms.js'

export interface Claims {
  /** Honest: only they hold their keys. */
  readonly parties: readonly Party[]
  /** Whether a party may agree with keys that are none of an honest party, nor pinned. */
  readonly letsStrangersIn?: boolean
  /** Terms that the attacker must not learn, by name. */
  readonly hidden?: readonly Term[]
  /** Terms of which the attacker must not be able to test a guess. */
  readonly unguessable?: readonly Term[]
  /** Whether a first flight that shows whom it is for can be made by somebody who knows that only. */
  readonly introductions?: boolean
  /** False: what is said early is not looked at. */
  readonly early?: boolean
  /** Whether early data must stay secret when long-term keys are stolen later. */
  readonly earlyOutlivesKeys?: boolean
}

export function check(state: State, claims: Claims): string | undefined {
  return (
    checkSecrecy(state, claims) ??
    (state.before === undefined
      ? (checkAgreement(state, claims) ??
        checkProofs(state, claims) ??
        checkTrust(state, claims) ??
        (claims.early === false ? undefined : checkEarly(state, claims)) ??
        (claims.introductions === true ? checkIntroductions(state, claims) : undefined) ??
        checkHidden(state, claims) ??
        checkGuesses(state, claims))
      : undefined)
  )
}

function isHonest({ parties }: Claims, key: Term): Party | undefined {
  return parties.find((party) => keyOf(party) === key)
}

/** Keys of sessions with an honest peer, and early data for one, are the attacker's never: not even with all long-term
 *  keys, where it stole them after the agreement. */
function checkSecrecy(state: State, claims: Claims): string | undefined {
  for (const agreement of state.before ?? agreementsOf(state)) {
    if (isHonest(claims, agreement.peerKey) === undefined || !state.knowledge.derives(agreement.keys))
      continue
    const when = state.before === undefined ? '' : ', with long-term keys stolen later'
    return `secrecy: the attacker knows the keys that ${agreement.party.name} (${agreement.side}) agreed on with ${nameOf(claims, agreement)}${when}`
  }
  for (const event of state.events) {
    if (event.type !== 'says-early' || isHonest(claims, event.peerKey) === undefined) continue
    if (state.before !== undefined && claims.earlyOutlivesKeys !== true) continue
    if (state.knowledge.derives(event.early))
      return `secrecy: the attacker reads what ${event.party.name} said early${state.before === undefined ? '' : ', with long-term keys stolen later'}`
  }
  return undefined
}

/** Injective agreement on both ids and keys, opposite roles, session keys and all that was said. */
function checkAgreement(state: State, claims: Claims): string | undefined {
  const agreements = agreementsOf(state)
  const commits = agreements.filter(({ type }) => type === 'commits')
  const isImpostor = ({ peerKey, peerId }: AgreementEvent) =>
    claims.letsStrangersIn !== true &&
    isHonest(claims, peerKey) === undefined &&
    claims.parties.some(({ id }) => id === peerId)
  const deceived = agreements.find(isImpostor)
  if (deceived !== undefined)
    return `authentication: ${deceived.party.name} (${deceived.side}) takes another key for ${nameOf(claims, deceived)}`
  for (const commit of commits) {
    const { party, side, peerKey, peerId, keys, said } = commit
    const peer = isHonest(claims, peerKey)
    if (peer === undefined) continue
    const partners = agreements.filter(
      (other) =>
        other.party === peer &&
        other.side !== side &&
        other.peerKey === keyOf(party) &&
        other.peerId === party.id &&
        peer.id === peerId &&
        other.keys === keys &&
        other.said === said &&
        (side === 'asker' || other.type === 'commits'),
    )
    if (partners.length === 0)
      return `authentication: ${party.name} (${side}) has a session with ${peer.name}, which took no such part in this exchange`
    const twin = commits.find((other) => other !== commit && other.side === side && other.keys === keys)
    if (twin !== undefined) return `injectivity: two sessions of ${party.name} (${side}) have the same keys`
  }
  return undefined
}

/** An answer, and with it its key, is given to who asked: the same flights. */
function checkProofs({ events }: State, claims: Claims): string | undefined {
  for (const event of events) {
    if (event.type !== 'hears-proof') continue
    const peer = isHonest(claims, event.peerKey)
    const wasGiven = events.some(
      (other) => other.type === 'proves' && other.party === peer && other.said === event.said,
    )
    if (peer !== undefined && !wasGiven)
      return `authentication: ${event.party.name} answers ${peer.name}, which did not ask so`
  }
  return undefined
}

/** Nobody has a session who was not let in. */
function checkTrust(state: State, claims: Claims): string | undefined {
  if (claims.letsStrangersIn === true) return undefined
  for (const { party, side, peerKey } of agreementsOf(state)) {
    const isPinned = party.pins.some(({ modulus }) => modulus === peerKey)
    if (!isPinned && isHonest(claims, peerKey) === undefined)
      return `trust: ${party.name} (${side}) lets ${show(peerKey)} in`
  }
  return undefined
}

/** Early data comes from who it seems to come from, was said to who hears it, and is heard once. */
function checkEarly({ events }: State, claims: Claims): string | undefined {
  const heard = new Set<Term>()
  for (const event of events) {
    if (event.type !== 'hears-early' || isHonest(claims, event.peerKey) === undefined) continue
    const { party, peerKey, early } = event
    const wasSaid = events.some(
      (other) =>
        other.type === 'says-early' &&
        other.early === early &&
        keyOf(other.party) === peerKey &&
        other.peerKey === keyOf(party),
    )
    if (!wasSaid) return `authentication: ${party.name} hears early data that its peer did not say to it`
    if (heard.has(early)) return `replay: ${party.name} hears the same early data twice, from one ticket`
    heard.add(early)
  }
  return undefined
}

/** Where the attacker does not know whom a first flight is for, it cannot make one that seems to know, nor change one. */
function checkIntroductions({ events, knowledge }: State, { parties }: Claims): string | undefined {
  for (const event of events) {
    if (event.type !== 'is-introduced' || knowledge.derives(event.to)) continue
    const { flight, to, party } = event
    if (!events.some((other) => other.type === 'introduces' && other.flight === flight && other.to === to))
      return `introduction: ${party.name} takes a first flight for one of somebody who knows it, and none of ${parties.map(({ name }) => name).join(', ')} sent it`
  }
  return undefined
}

function checkHidden({ knowledge }: State, { hidden = [] }: Claims): string | undefined {
  const shown = hidden.find((term) => knowledge.derives(term))
  return shown === undefined ? undefined : `identity: the attacker learns ${show(shown)}`
}

const anotherSecret = atom('another secret', 'secret')
const anotherKey = modulusOf(atom('another key', 'private'))
const anotherPoint = raise(BASE, atom('another scalar', 'scalar'))

function checkGuesses({ knowledge }: State, { unguessable = [] }: Claims): string | undefined {
  for (const term of unguessable) {
    const test = testOf(knowledge, term, anotherOf(term))
    if (test !== undefined) return `guessing: ${show(test)} tells whether a guess of ${show(term)} is right`
  }
  return undefined
}

function anotherOf(term: Term): Term {
  const sort = sortOf(term)
  return sort === 'modulus' ? anotherKey : sort === 'point' ? anotherPoint : anotherSecret
}

function nameOf({ parties }: Claims, { peerKey, peerId }: AgreementEvent): string {
  return (
    (parties.find(({ id }) => id === peerId) ?? parties.find((party) => keyOf(party) === peerKey))?.name ??
    show(peerKey)
  )
}
