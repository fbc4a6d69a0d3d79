// Finds nothing in handshake 2, and finds every wrong change that matters.

import { describe, expect, test } from 'vitest'
import { CASES, LONG } from './cases.js'
import { run, tell, written } from './run.js'
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
