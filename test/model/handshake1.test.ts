// Finds, with nothing told to it but the roles, what is wrong with handshake 1. Each finding prints its run:
// LEFT_TRACES=1 npx vitest run test/model

import { describe, expect, test } from 'vitest'
import { answerer1, asker1 } from './handshake1.js'
import type { Claims } from './properties.js'
import { answerResumer1, resumer1, tickets1 } from './resumption1.js'
import { keyOf, type Session } from './role.js'
import { run, tell, written } from './run.js'
import { ownOf, partiesOf, privateHalvesOf, publicOf, SECRET } from './scenarios.js'
import type { Scenario } from './search.js'

function pinned({ pinsC }: { pinsC: boolean }) {
  const parties = partiesOf({ pinsC })
  const { A, B, C } = parties
  const knows = pinsC ? [...publicOf(A, B, C), ...privateHalvesOf(C)] : publicOf(A, B)
  return { ...parties, own: ownOf(parties), knows, claims: { parties: [A, B] } }
}

function find(scenario: Omit<Scenario, 'name'>, claims: Claims) {
  const found = run({ scenario: { name: 'handshake 1', ...scenario }, claims })
  tell('handshake 1', found)
  return found
}

describe('handshake 1, met before', () => {
  const { A, B, own, knows, claims } = pinned({ pinsC: true })
  const tickets = tickets1(A, B)
  const [ofA] = tickets.get('A')!
  const sessions: readonly Session[] = [
    resumer1('A1', A, ofA!),
    answerResumer1('A2', A),
    answerResumer1('B1', B),
  ]

  test('reflection: A takes its own returned hello for one of its peer', () => {
    const found = find({ sessions, own, knows, tickets }, claims)
    expect(found.attack).toBe('authentication: A hears early data that its peer did not say to it')
  })

  test('reflection: A has a session with its peer, and its peer was not there', () => {
    const found = find({ sessions, own, knows, tickets }, { ...claims, early: false })
    expect(found.attack).toMatch(/A \(asker\) has a session with B, which took no such part in this exchange/)
    const [hello, returned, answer, passedOn] = found.trace
    expect(
      [hello, returned, answer, passedOn].map((line) => `${line!.from} ${line!.to} ${line!.type}`),
    ).toEqual(['A1 I hello', 'I A2 hello', 'A2 I accept', 'I A1 accept'])
    expect(written(found)).toContain('A1 → I: hello')
  })
})

describe('handshake 1, first contact', () => {
  const hidden = pinned({ pinsC: false })
  const { A, B, own } = hidden
  const asks = [asker1('A1', A, { pinnedAt: keyOf(B) }), answerer1('B1', B, { isNamed: false })]

  test('identity: whoever sees one hello is shown the key of B', () => {
    const claims = { ...hidden.claims, hidden: [keyOf(B)] }
    expect(find({ sessions: asks, own, knows: [] }, claims).attack).toBe('identity: the attacker learns N_B')
  })

  test('identity: and with it the key and the id of A', () => {
    for (const term of [keyOf(A), A.id]) {
      const found = find({ sessions: asks, own, knows: [] }, { ...hidden.claims, hidden: [term] })
      expect(found.attack).toMatch(/^identity: the attacker learns (N_A|id_A)$/)
      expect(found.trace.some(({ to, type }) => to === 'A1' && type === 'cookie')).toBe(true)
    }
  })

  test('identity: one hello tells whether B is asked', () => {
    const claims = { ...hidden.claims, unguessable: [keyOf(B)] }
    expect(find({ sessions: asks, own, knows: [] }, claims).attack).toMatch(
      /^guessing: .* a guess of N_B is right/,
    )
  })

  test('introduction: one that was overheard introduces another first flight', () => {
    const claims = { ...hidden.claims, introductions: true }
    expect(find({ sessions: asks, own, knows: [] }, claims).attack).toMatch(
      /^introduction: B takes a first flight/,
    )
  })

  test('guessing: one hello tells whether a guess of the secret is right', () => {
    const parties = partiesOf({ secret: true, isPinned: false, pinsC: false, trust: 'secret' })
    const sessions = [asker1('A1', parties.A, {}), answerer1('B1', parties.B, { isNamed: false })]
    const claims = { parties: [parties.A, parties.B], unguessable: [SECRET] }
    const found = find({ sessions, own: ownOf(parties), knows: [] }, claims)
    expect(found.attack).toBe('guessing: introduction(S, n_A1) tells whether a guess of S is right')
    expect(found.trace).toHaveLength(1)
  })

  test('names: a let-in peer takes the peer id of another', () => {
    const { A, B, own, knows, claims } = pinned({ pinsC: true })
    const sessions = [asker1('A1', A, { pinnedAt: keyOf(B) }), answerer1('B1', B, { isNamed: true })]
    const found = find({ sessions, own, knows }, claims)
    expect(found.attack).toBe('authentication: B (answerer) takes another key for A')
  })

  test('early data is read by whoever answered in the place of B and steals its key later', () => {
    const stolen = privateHalvesOf(A, B)
    const other = [...asks, asker1('A3', A, { pinnedAt: keyOf(B) })]
    const claims = { ...hidden.claims, earlyOutlivesKeys: true }
    const found = find({ sessions: other, own, knows: hidden.knows, stolen }, claims)
    expect(found.attack).toMatch(
      /^secrecy: the attacker reads what A said early, with long-term keys stolen later/,
    )
  })

  test('is right about keys: nothing else is found where nobody who is let in is dishonest', () => {
    const sessions = [...asks, answerer1('A2', A, { isNamed: true })]
    const stolen = privateHalvesOf(A, B)
    const found = find({ sessions, own, knows: hidden.knows, stolen }, hidden.claims)
    expect(found).toMatchObject({ attack: undefined, agreed: 2 })
  })
})
