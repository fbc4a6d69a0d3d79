// The situations that handshake 2 is looked at in, and that a wrong change is looked for in. Used by the tests. Four
// sessions at most: docs/security/handshake.md says why that is enough for these attacks.

import { answerer2, asker2, gate2 } from './handshake2.js'
import type { Claims } from './properties.js'
import { answerResumer2, earlier2, resumer2 } from './resumption2.js'
import { keyOf } from './role.js'
import { ownOf, partiesOf, privateHalvesOf, publicOf, SECRET } from './scenarios.js'
import type { Scenario } from './search.js'
import { atom, hash, raise, type Term } from './terms.js'
import { type Changes, pinOf } from './transcript2.js'

export interface Case {
  readonly scenario: Scenario
  readonly claims: Claims
  /** Sessions that honest peers agree on where the attacker only carries: the model is alive. */
  readonly agreed: number
}

/** Cases that take minutes: for the long run. */
export const LONG: ReadonlySet<string> = new Set([
  'A and B answer',
  'one secret, both ask',
  'first use, keys stolen later',
  'X25519 broken, C let in',
  'keys of A stolen before',
])

const scalarsOf = (...sessions: readonly string[]): Term[] =>
  sessions.flatMap((name) => [atom(`x_${name}`, 'scalar'), atom(`y_${name}`, 'scalar')])

/** Both have each other's pins, and C's; the attacker has C's keys and everybody's public halves. */
function pinned() {
  const parties = partiesOf({})
  const { A, B, C } = parties
  const knows = [...publicOf(A, B, C), ...privateHalvesOf(C)]
  return { ...parties, own: ownOf(parties), knows, claims: { parties: [A, B] } }
}

/** Nobody is pinned; A and B share a secret. The attacker has nothing. */
function sharing(trust: 'secret' | 'first-use' = 'secret') {
  const parties = partiesOf({ secret: trust === 'secret', isPinned: false, pinsC: false, trust })
  const { A, B } = parties
  return { ...parties, own: ownOf(parties), claims: { parties: [A, B] } }
}

/** They have each other's pins; the attacker is nobody that they know. */
function unknown() {
  const parties = partiesOf({ pinsC: false })
  return { ...parties, own: ownOf(parties), claims: { parties: [parties.A, parties.B] } }
}

export const CASES: Readonly<Record<string, (changes?: Changes) => Case>> = {
  'met by pin, keys stolen later': (changes) => {
    const { A, B, own, knows, claims } = pinned()
    const sessions = [asker2('A1', A, { pin: pinOf(B) }, changes), answerer2('B1', B, changes)]
    const stolen = privateHalvesOf(A, B)
    return { scenario: { name: 'pin', sessions, own, knows, stolen }, claims, agreed: 2 }
  },
  'A asks the dishonest C': (changes) => {
    const { A, B, C, own, knows, claims } = pinned()
    const sessions = [asker2('A1', A, { pin: pinOf(C) }, changes), answerer2('B1', B, changes)]
    return { scenario: { name: 'asks C', sessions, own, knows }, claims, agreed: 1 }
  },
  'A asks an address without a pin': (changes) => {
    const { A, B, own, knows, claims } = pinned()
    const sessions = [asker2('A1', A, {}, changes), answerer2('B1', B, changes)]
    return { scenario: { name: 'no pin at the address', sessions, own, knows }, claims, agreed: 2 }
  },
  'A and B answer': (changes) => {
    const { A, B, own, knows, claims } = pinned()
    const sessions = [
      asker2('A1', A, { pin: pinOf(B) }, changes),
      answerer2('A2', A, changes),
      answerer2('B1', B, changes),
    ]
    return { scenario: { name: 'both answer', sessions, own, knows }, claims, agreed: 2 }
  },
  'one secret, keys and secret stolen later': (changes) => {
    const { A, B, own, claims } = sharing()
    const sessions = [
      asker2('A1', A, { secret: true }, changes),
      answerer2('B1', B, changes),
      answerer2('A2', A, changes),
    ]
    const stolen = [...privateHalvesOf(A, B), SECRET]
    const all = { ...claims, hidden: [keyOf(A), keyOf(B), A.id, B.id], unguessable: [SECRET] }
    return { scenario: { name: 'secret', sessions, own, knows: [], stolen }, claims: all, agreed: 2 }
  },
  'one secret, both ask': (changes) => {
    const { A, B, own, claims } = sharing()
    const sessions = [
      asker2('A1', A, { secret: true }, changes),
      asker2('B2', B, { secret: true }, changes),
      answerer2('A2', A, changes),
      answerer2('B1', B, changes),
    ]
    const all = { ...claims, hidden: [keyOf(A), keyOf(B), A.id, B.id], unguessable: [SECRET] }
    return { scenario: { name: 'secret, both ask', sessions, own, knows: [] }, claims: all, agreed: 4 }
  },
  'a secret that only the asker holds': (changes) => {
    const parties = partiesOf({
      secret: true,
      isPinned: false,
      pinsC: false,
      trust: 'secret',
      onlyAHoldsSecret: true,
    })
    const { A, B } = parties
    const sessions = [asker2('A1', A, { secret: true }, changes), answerer2('B1', B, changes)]
    const claims = { parties: [A, B], hidden: [keyOf(A), keyOf(B)], unguessable: [SECRET] }
    return {
      scenario: { name: 'one-sided secret', sessions, own: ownOf(parties), knows: [] },
      claims,
      agreed: 0,
    }
  },
  'a secret that the attacker holds too': (changes) => {
    const { A, B, own, claims } = sharing()
    const sessions = [asker2('A1', A, { secret: true }, changes), answerer2('B1', B, changes)]
    const shares = [...own.share!, raise(hash('generator', SECRET), own.scalar![0]!)]
    const knows = [SECRET, ...publicOf(A, B)]
    // The attacker may come in under a key of its own, as anybody who holds the secret may.
    const all = { ...claims, letsStrangersIn: true }
    return {
      scenario: { name: 'secret known', sessions, own: { ...own, share: shares }, knows },
      claims: all,
      agreed: 2,
    }
  },
  'a pin and a secret': (changes) => {
    const parties = partiesOf({ secret: true, pinsC: false, trust: 'secret' })
    const { A, B } = parties
    const sessions = [asker2('A1', A, { pin: pinOf(B), secret: true }, changes), answerer2('B1', B, changes)]
    const claims = { parties: [A, B], hidden: [keyOf(A)], unguessable: [SECRET] }
    return {
      scenario: { name: 'pin and secret', sessions, own: ownOf(parties), knows: publicOf(B) },
      claims,
      agreed: 2,
    }
  },
  'first use, keys stolen later': (changes) => {
    const { scenario, ...rest } = CASES['first use']!(changes)
    const { A, B } = sharing('first-use')
    return { scenario: { ...scenario, stolen: privateHalvesOf(A, B) }, ...rest }
  },
  'first use': (changes) => {
    const { A, B, own, claims } = sharing('first-use')
    const sessions = [asker2('A1', A, {}, changes), answerer2('B1', B, changes)]
    const all = { ...claims, letsStrangersIn: true }
    return { scenario: { name: 'first use', sessions, own, knows: publicOf(A, B) }, claims: all, agreed: 2 }
  },
  'seen by a stranger': (changes) => {
    const { A, B, own, claims } = unknown()
    const sessions = [
      asker2('A1', A, { pin: pinOf(B) }, changes),
      answerer2('B1', B, changes),
      answerer2('A2', A, changes),
    ]
    const all = { ...claims, hidden: [keyOf(A), keyOf(B), A.id, B.id], introductions: true }
    return {
      scenario: { name: 'stranger', sessions: [...sessions, gate2('B3', B, changes)], own, knows: [] },
      claims: all,
      agreed: 2,
    }
  },
  'seen by somebody with the pin of B': (changes) => {
    const { A, B, own, claims } = unknown()
    const sessions = [asker2('A1', A, { pin: pinOf(B) }, changes), answerer2('B1', B, changes)]
    const all = { ...claims, hidden: [keyOf(A), A.id, B.id] }
    return {
      scenario: { name: 'with the pin of B', sessions, own, knows: publicOf(B).slice(0, 2) },
      claims: all,
      agreed: 2,
    }
  },
  'seen by somebody who has a suspicion': (changes) => {
    const { A, B, own, claims } = unknown()
    const sessions = [asker2('A1', A, { pin: pinOf(B) }, changes), answerer2('B1', B, changes)]
    const all = { ...claims, unguessable: [keyOf(B), pinOf(B).point, keyOf(A)] }
    return { scenario: { name: 'suspicion', sessions, own, knows: [] }, claims: all, agreed: 2 }
  },
  'X25519 broken': (changes) => {
    const { A, B, own, claims } = unknown()
    const sessions = [asker2('A1', A, { pin: pinOf(B) }, changes), answerer2('B1', B, changes)]
    const broken = [...publicOf(A, B), ...scalarsOf('A1', 'B1'), A.scalar, B.scalar]
    return { scenario: { name: 'X25519 broken', sessions, own, knows: broken }, claims, agreed: 2 }
  },
  'X25519 broken, C let in': (changes) => {
    const { A, B, own, knows, claims } = pinned()
    const sessions = [asker2('A1', A, { pin: pinOf(B) }, changes), answerer2('B1', B, changes)]
    const broken = [...knows, ...scalarsOf('A1', 'B1'), A.scalar, B.scalar]
    return { scenario: { name: 'X25519 broken, C', sessions, own, knows: broken }, claims, agreed: 2 }
  },
  'keys of A stolen before': (changes) => {
    const { A, B, own, knows } = pinned()
    const sessions = [
      asker2('A1', A, { pin: pinOf(B) }, changes),
      answerer2('A2', A, changes),
      answerer2('B1', B, changes),
    ]
    const stolen = [...knows, ...privateHalvesOf(A)]
    return {
      scenario: { name: 'A stolen', sessions, own, knows: stolen },
      claims: { parties: [B] },
      agreed: 2,
    }
  },
  'met before': (changes) => {
    const { A, B, own, knows, claims } = pinned()
    const sessions = [
      resumer2('A1', A, B, changes),
      answerResumer2('A2', A, changes),
      answerResumer2('B1', B, changes),
      answerResumer2('B3', B, changes),
    ]
    const stolen = privateHalvesOf(A, B)
    return {
      scenario: { name: 'ticket', sessions, own, knows, tickets: earlier2(A, B, changes), stolen },
      claims,
      agreed: 2,
    }
  },
  'met before, both ask': (changes) => {
    const { A, B, own, knows, claims } = pinned()
    const sessions = [
      resumer2('A1', A, B, changes),
      resumer2('B2', B, A, changes),
      answerResumer2('A2', A, changes),
      answerResumer2('B1', B, changes),
    ]
    return {
      scenario: { name: 'tickets crossing', sessions, own, knows, tickets: earlier2(A, B, changes) },
      claims,
      agreed: 4,
    }
  },
  'met before, ticket stolen later': (changes) => {
    const { A, B, own, knows, claims } = pinned()
    const tickets = earlier2(A, B, changes)
    const sessions = [resumer2('A1', A, B, changes), answerResumer2('B1', B, changes)]
    const stolen = [...tickets.values()].flat().map(({ secret }) => secret)
    return { scenario: { name: 'ticket stolen', sessions, own, knows, tickets, stolen }, claims, agreed: 2 }
  },
  'rekeyed twice': (changes) => {
    const { A, B, own, knows, claims } = pinned()
    const sessions = [
      resumer2('A1', A, B, changes),
      answerResumer2('B1', B, changes),
      resumer2('A2', A, B, changes, 3),
      answerResumer2('B2', B, changes),
    ]
    const stolen = privateHalvesOf(A, B)
    return {
      scenario: { name: 'rekey', sessions, own, knows, tickets: earlier2(A, B, changes), stolen },
      claims,
      agreed: 4,
    }
  },
  'first contact, then its ticket': (changes) => {
    const { A, B, own, claims } = sharing()
    const sessions = [
      asker2('A1', A, { secret: true }, changes),
      answerer2('B1', B, changes),
      resumer2('A2', A, B, changes),
      answerResumer2('B2', B, changes),
      answerResumer2('A3', A, changes),
    ]
    const all = { ...claims, hidden: [keyOf(A), keyOf(B)], unguessable: [SECRET] }
    return { scenario: { name: 'contact and ticket', sessions, own, knows: [] }, claims: all, agreed: 4 }
  },
}
