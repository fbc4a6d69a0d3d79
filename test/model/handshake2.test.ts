// Finds nothing in handshake 2, and finds every wrong change that matters.

import { describe, expect, test } from 'vitest'
import { CASES, LONG } from './cases.js'
import { answerer2, asker2 } from './handshake2.js'
import { keyOf } from './role.js'
import { run, tell, written } from './run.js'
import { ownOf, partiesOf } from './scenarios.js'
import type { Changes } from './transcript2.js'

describe('handshake 2 holds', () => {
  test.each(Object.keys(CASES).filter((name) => !LONG.has(name)))('%s', (name) => {
    const one = CASES[name]!()
    const found = run(one)
    expect(found.attack, written(found)).toBeUndefined()
    expect(found.agreed).toBe(one.agreed)
  })
})

/** A change, the case that shows it, and what is wrong then. */
const WRONG: readonly (readonly [Changes, string, RegExp])[] = [
  [{ ticketsLeaveRoleOut: true }, 'met before', /A hears early data that its peer did not say/],
  [{ ticketsAreKept: true }, 'met before', /B hears the same early data twice, from one ticket/],
  [{ resumptionLeavesExchangeOut: true }, 'met before, ticket stolen later', /^secrecy: .*stolen later$/],
  [{ askerSigns: 'own fields' }, 'A asks the dishonest C', /B answers A, which did not ask so/],
  [{ askerSigns: 'flight 1' }, 'X25519 broken', /B answers A, which did not ask so/],
  [{ askerSigns: 'flight 2' }, 'X25519 broken', /B answers A, which did not ask so/],
  [{ answererSigns: 'flights 1 and 3' }, 'X25519 broken', /^secrecy: .* that A \(asker\) agreed on with B/],
  [{ masterLeavesPremasterOut: true }, 'X25519 broken', /^secrecy/],
  [{ macLeavesShareOut: true }, 'seen by a stranger', /^introduction: B takes a first flight/],
  [{ macLeavesExchangeOut: true }, 'seen by a stranger', /^introduction: B takes a first flight/],
  [{ transcriptLeavesSharesOut: true }, 'met by pin, keys stolen later', /took no such part|did not ask so/],
  [
    { transcriptLeavesExchangesOut: true },
    'A asks an address without a pin',
    /took no such part|did not ask so/,
  ],
  [{ keysLeaveStaticOut: true }, 'seen by somebody with the pin of B', /^identity: the attacker learns N_A/],
  [{ keysLeaveSecretOut: true }, 'a pin and a secret', /^trust: B \(answerer\) lets N_I in/],
  [{ keysLeaveSecretOut: true }, 'a secret that only the asker holds', /^identity: the attacker learns N_A/],
  [{ takesIdentityShare: true }, 'a pin and a secret', /^trust: B \(answerer\) lets N_I in/],
  [{ shareFromCommonBase: true }, 'a secret that only the asker holds', /^identity: the attacker learns N_A/],
  [
    { secretProofInsteadOfShare: true },
    'a secret that only the asker holds',
    /^guessing: .* a guess of S is right/,
  ],
  [
    { answersBeforeWelcome: true },
    'seen by somebody with the pin of B',
    /^(trust: B \(answerer\) lets N_I in|identity)/,
  ],
  [{ idsAreAnybodys: true }, 'met by pin, keys stolen later', /takes another key for A/],
]

describe('a wrong change to handshake 2 is found', () => {
  test.each(WRONG.map(([changes, name, what]) => [JSON.stringify(changes), name, what, changes] as const))(
    '%s: %s',
    (_, name, what, changes) => {
      const found = run(CASES[name]!(changes))
      tell(JSON.stringify(changes), found)
      expect(found.attack).toMatch(what)
      expect(found.trace.length).toBeGreaterThan(0)
    },
  )
})

describe('a change that another part of handshake 2 makes up for is not found', () => {
  // The answerer's signature covers the sealed key, which is for this asker alone and is made after its signature over all
  // of flights 1 to 3 was found right.
  test.each(['flights 2 and 4', 'own fields'] as const)('the answerer signs %s only', (answererSigns) => {
    expect(run(CASES['X25519 broken']!({ answererSigns })).attack).toBeUndefined()
  })
})

describe('what handshake 2 does not claim is found', () => {
  test('without a pin and a secret, the key of the asker is seen by whoever answers', () => {
    const { A, B, own, claims } = strangers()
    const sessions = [asker2('A1', A, {}), answerer2('B1', B)]
    const found = run({
      scenario: { name: 'case 0', sessions, own, knows: [] },
      claims: { ...claims, hidden: [keyOf(A)] },
    })
    expect(found.attack).toBe('identity: the attacker learns N_A')
  })

  test('early data is read by whoever has recorded the hello and takes the ticket', () => {
    const { scenario, claims } = CASES['met before, ticket stolen later']!()
    expect(run({ scenario, claims: { ...claims, earlyOutlivesKeys: true } }).attack).toMatch(
      /reads what A said early/,
    )
  })
})

function strangers() {
  const parties = partiesOf({ isPinned: false, pinsC: false, trust: 'first-use' })
  const { A, B } = parties
  return { A, B, own: ownOf(parties), claims: { parties: [A, B], letsStrangersIn: true } }
}
