// Walks every run of some sessions in a network that the attacker owns: breadth first, so that an attack is found in its
// shortest form. Used by the tests.

import { Knowledge, type Own } from './knowledge.js'
import { Env, fitsOf } from './pattern.js'
import type { AgreementEvent, Me, Message, RoleEvent, Session, Ticket } from './role.js'
import type { Term } from './terms.js'

export interface Scenario {
  readonly name: string
  readonly sessions: readonly Session[]
  /** The attacker knows these from the beginning. */
  readonly knows: readonly Term[]
  readonly own: Own
  /** By party: made before the first session. */
  readonly tickets?: ReadonlyMap<string, readonly Ticket[]>
  /** Long-term keys that may be stolen at any time after the first session is agreed on. */
  readonly stolen?: readonly Term[]
  /** False: askers are shown every point there is, even where nothing can come of it. */
  readonly isNarrow?: boolean
}

export interface Line {
  readonly from: string
  readonly to: string
  readonly type: string
  readonly fields: readonly (readonly [string, Term])[]
}

export interface State {
  readonly steps: readonly number[]
  readonly envs: readonly Env[]
  readonly knowledge: Knowledge
  readonly events: readonly (RoleEvent & { readonly session: string })[]
  readonly tickets: ReadonlyMap<string, readonly Ticket[]>
  readonly answered: ReadonlySet<Term>
  /** Sessions that were agreed on before long-term keys were stolen; undefined while they are not. */
  readonly before: readonly AgreementEvent[] | undefined
  readonly parent: State | undefined
  readonly lines: readonly Line[]
}

export interface Found {
  readonly attack: string | undefined
  readonly trace: readonly Line[]
  readonly states: number
  /** Sessions that were agreed on, in the state that had most of them: a model in which nothing happens proves nothing. */
  readonly agreed: number
}

/** `check` names what is wrong in a state. Throws past `statesMax`. */
export function explore(
  scenario: Scenario,
  check: (state: State) => string | undefined,
  statesMax: number,
): Found {
  const first = start(scenario)
  const seen = new Set([keyOf(first)])
  let layer = [first]
  let agreed = 0
  while (layer.length > 0) {
    const next: State[] = []
    for (const state of layer) {
      agreed = Math.max(agreed, state.events.filter(({ type }) => type === 'commits').length)
      const attack = check(state)
      if (attack !== undefined) return { attack, trace: traceOf(state), states: seen.size, agreed }
      for (const follower of followersOf(scenario, state)) {
        const key = keyOf(follower)
        if (seen.has(key)) continue
        seen.add(key)
        next.push(follower)
        if (seen.size > statesMax) throw new Error(`${scenario.name}: more than ${statesMax} states`)
      }
    }
    layer = next
  }
  return { attack: undefined, trace: [], states: seen.size, agreed }
}

function start({ sessions, knows, own, tickets }: Scenario): State {
  const empty: State = {
    steps: sessions.map(() => 0),
    envs: sessions.map(() => Env.empty),
    knowledge: Knowledge.of([...knows, ...Object.values(own).flat()]),
    events: [],
    tickets: tickets ?? new Map(),
    answered: new Set(),
    before: undefined,
    parent: undefined,
    lines: [],
  }
  return settle(sessions, empty)
}

function* followersOf(scenario: Scenario, state: State): Iterable<State> {
  const { sessions, own, stolen } = scenario
  const answered = scenario.isNarrow === false ? undefined : state.answered
  const world = { knowledge: state.knowledge, own, answered }
  for (const [index, session] of sessions.entries()) {
    const step = session.steps[state.steps[index]!]
    if (step?.expects === undefined) continue
    for (const { type, pattern } of step.expects(meOf(session, state, index))) {
      for (const { env, fields } of fitsOf(pattern, state.envs[index]!, world)) {
        const line: Line = {
          from: 'I',
          to: session.name,
          type,
          fields: pattern.map(({ name }, at) => [name, fields[at]!]),
        }
        const next = make(sessions, state, index, env, [line])
        if (next !== undefined) yield settle(sessions, { ...next, parent: state })
      }
    }
  }
  const agreements = agreementsOf(state)
  if (stolen !== undefined && state.before === undefined && agreements.length > 0) {
    const line: Line = { from: 'I', to: 'I', type: 'steals', fields: stolen.map((term) => ['', term]) }
    const knowledge = state.knowledge.with(stolen)
    yield { ...state, knowledge, before: agreements, parent: state, lines: [line] }
  }
}

/** Steps that need no message are made at once: they only add to what the attacker knows. */
function settle(sessions: readonly Session[], state: State): State {
  for (const [index, session] of sessions.entries()) {
    const step = session.steps[state.steps[index]!]
    if (step === undefined || step.expects !== undefined) continue
    const next = make(sessions, state, index, state.envs[index]!, state.lines)
    if (next !== undefined) return settle(sessions, next)
  }
  return state
}

function make(
  sessions: readonly Session[],
  state: State,
  index: number,
  env: Env,
  lines: readonly Line[],
): State | undefined {
  const session = sessions[index]!
  const { name, party } = session
  const me = { ...meOf(session, state, index), env }
  const outcome = session.steps[state.steps[index]!]!.act(me)
  if (outcome === undefined) return undefined
  const { sends = [], events = [], remembers = {}, grants = [], answers, erases } = outcome
  const held = [...(state.tickets.get(party.name) ?? []), ...grants].filter(
    ({ id, serves }) => id !== erases?.id || !serves.includes(erases.serves),
  )
  return {
    ...state,
    steps: state.steps.with(index, state.steps[index]! + 1),
    envs: state.envs.with(
      index,
      Object.entries(remembers).reduce((known, [name, value]) => known.with(name, value), env),
    ),
    knowledge: state.knowledge.with(sends.flatMap(({ fields }) => fields.map(([, value]) => value))),
    events: [...state.events, ...events.map((event) => ({ ...event, session: name }))],
    answered: answers === undefined ? state.answered : new Set(state.answered).add(answers),
    tickets: new Map(state.tickets).set(party.name, held),
    lines: [...lines, ...sends.map((message) => lineOf(name, message))],
  }
}

function meOf({ name, party }: Session, state: State, index: number): Me {
  return {
    session: name,
    party,
    env: state.envs[index]!,
    tickets: state.tickets.get(party.name) ?? [],
  }
}

function lineOf(from: string, { type, fields }: Message): Line {
  return { from, to: 'I', type, fields }
}

export function agreementsOf({ events }: State): AgreementEvent[] {
  return events.filter((event): event is AgreementEvent & { session: string } =>
    ['commits', 'runs'].includes(event.type),
  )
}

/** Two states are one where every session has taken and sent the same: in which order makes no difference to anybody. */
function keyOf({ steps, envs, before, tickets }: State): string {
  const sessions = steps.map((step, index) => `${step}:${envs[index]!.key}`)
  const held = [...tickets].map(
    ([party, list]) => `${party}:${list.map(({ id, serves }) => `${id}${serves}`).sort()}`,
  )
  return `${sessions.join(' ')} ${held.sort().join(' ')} ${before?.map(({ keys, side }) => side + keys).join() ?? '-'}`
}

function traceOf(state: State): Line[] {
  const lines: Line[] = []
  for (let at: State | undefined = state; at !== undefined; at = at.parent) lines.unshift(...at.lines)
  return lines
}
