// Runs a case, and writes a trace so that a person can follow it. Used by the tests.

import type { Case } from './cases.js'
import { check } from './properties.js'
import { explore, type Found, type Line } from './search.js'
import { show } from './terms.js'

/** States of one case; past it the search is broken, or the case is not what it was. */
export const STATES_MAX = 400_000

export function run({ scenario, claims }: Pick<Case, 'scenario' | 'claims'>): Found {
  return explore(scenario, (state) => check(state, claims), STATES_MAX)
}

export function written({ attack, trace }: Found): string {
  return [...trace.map(writtenLine), `   ⇒ ${attack ?? 'nothing is wrong'}`].join('\n')
}

function writtenLine({ from, to, type, fields }: Line): string {
  const values = fields.map(([name, value]) => (name === '' ? show(value) : `${name} ${show(value)}`))
  return `   ${from} → ${to}: ${type} ${values.join(', ')}`
}

/** Prints the run of an attack, for a person who asks for it. */
export function tell(title: string, found: Found): void {
  if (process.env.LEFT_TRACES !== undefined) console.log(`${title}\n${written(found)}\n`)
}
