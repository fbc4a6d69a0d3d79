// A drawn scenario in words, printed before it runs.

import type { Act, LinkPlan, PeerPlan, Scenario } from '../plan.js'
import { peerName } from '../plan.js'

export function describeScenario(scenario: Scenario): string[] {
  return [
    `seed ${scenario.seed}: ${scenario.peers.length} peers, ${scenario.beginnings.length} edits before they start, ${scenario.acts.length} acts until ${seconds(scenario.healAtMs)}, then every fault ends`,
    ...scenario.peers.map(describePeer),
    ...scenario.links.map(describeLink),
    ...scenario.beginnings.map(({ peer, edit }) => `  before   ${peerName(peer)} ${inWords(edit)}`),
    ...scenario.acts.map(describeAct),
  ]
}

function describePeer(plan: PeerPlan, peer: number): string {
  const clock = Math.round(plan.clockErrorMs / 1000)
  return `  ${peerName(peer)}: window ${plan.window}, datagrams of ${plan.datagramBytesMax}, clock off by ${clock} s, starts at ${seconds(plan.startAtMs)}`
}

function describeLink({ one, other, outward, homeward }: LinkPlan): string {
  return `  ${peerName(one)} to ${peerName(other)}: ${inWords(outward)}; back: ${inWords(homeward)}`
}

function describeAct({ atMs, happening }: Act): string {
  return `  ${seconds(atMs).padStart(8)} ${inWords(happening)}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

/** The fields of a plan, one after the other; numbers rounded. */
function inWords(plan: object): string {
  return Object.entries(plan)
    .filter(([name, value]) => value !== undefined && (value !== 0 || isPeer(name)))
    .map(([name, value]) => {
      if (name === 'type') return String(value)
      return isPeer(name) ? `${name} ${peerName(value)}` : `${name} ${textOf(value)}`
    })
    .join(' ')
}

function isPeer(name: string): boolean {
  return name === 'peer' || name === 'other'
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 1000) / 1000)
  if (typeof value === 'object' && value !== null) return `(${inWords(value)})`
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
