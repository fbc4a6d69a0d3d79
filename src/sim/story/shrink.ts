// Shrinks the plan of a world in which an invariant breaks to the fewest edits, faults and machines with which the same one
// breaks (delta debugging; Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002). Each try is a
// whole run, so the number of tries is limited. Used by run.ts.

import { SHRINK_RUNS_MAX } from '../limits.js'
import { type Act, calmLink, calmPeer, type Happening, meshOf, type Scenario } from '../plan.js'

export interface Shrunk {
  readonly scenario: Scenario
  /** How many plans were tried. */
  readonly runs: number
}

/** `breaks`: whether what broke in `scenario` breaks in another plan too. */
export function shrink(
  scenario: Scenario,
  breaks: (scenario: Scenario) => boolean,
  runsMax: number = SHRINK_RUNS_MAX,
): Shrunk {
  const shrinking = new Shrinking(scenario, breaks, runsMax)
  shrinking.run()
  return { scenario: shrinking.scenario, runs: shrinking.runs }
}

class Shrinking {
  scenario: Scenario
  runs = 0
  private readonly breaks: (scenario: Scenario) => boolean
  private readonly runsMax: number

  constructor(scenario: Scenario, breaks: (scenario: Scenario) => boolean, runsMax: number) {
    this.scenario = scenario
    this.breaks = breaks
    this.runsMax = runsMax
  }

  /** Until a round finds nothing more to leave out. */
  run(): void {
    for (let before = -1; before !== weightOf(this.scenario) && this.runs < this.runsMax; ) {
      before = weightOf(this.scenario)
      this.dropPeers()
      this.reduce(this.scenario.acts, (acts) => ({ ...this.scenario, acts }))
      this.reduce(this.scenario.beginnings, (beginnings) => ({ ...this.scenario, beginnings }))
      this.dropPeers()
      this.calmDown()
    }
  }

  /** A plan takes the place of the present one where the same still breaks. */
  private attempt(scenario: Scenario): boolean {
    if (this.runs >= this.runsMax) return false
    this.runs++
    if (!this.breaks(scenario)) return false
    this.scenario = scenario
    return true
  }

  /** Leaves out halves, then quarters, down to single items. */
  private reduce<T>(all: readonly T[], planOf: (items: readonly T[]) => Scenario): void {
    let items = all
    for (let size = Math.ceil(items.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let start = 0; start < items.length; ) {
        const rest = [...items.slice(0, start), ...items.slice(start + size)]
        if (this.attempt(planOf(rest))) items = rest
        else start += size
      }
    }
  }

  /** Machines, the last first, each with all that happens to it. */
  private dropPeers(): void {
    for (let peer = this.scenario.peers.length - 1; peer >= 0; peer--)
      if (this.scenario.peers.length > 2) this.attempt(withoutPeer(this.scenario, peer))
  }

  /** Whole links, ordinary machines. */
  private calmDown(): void {
    const { links } = this.scenario
    if (links.some(({ outward, homeward }) => outward.loss !== undefined || homeward.loss !== undefined))
      this.attempt({ ...this.scenario, links: links.map(({ one, other }) => calmLink(one, other)) })
    if (this.scenario.restLoss > 0) this.attempt({ ...this.scenario, restLoss: 0 })
    for (const [peer, plan] of this.scenario.peers.entries()) {
      const { id, maxDelete, direction } = plan
      const kept = { ...(maxDelete && { maxDelete }), ...(direction && { direction }) }
      const calm = calmPeer(peer, { id, ...kept })
      if (JSON.stringify(calm) === JSON.stringify(plan)) continue
      const peers = this.scenario.peers.map((other, number) => (number === peer ? calm : other))
      this.attempt({ ...this.scenario, peers })
    }
  }
}

function weightOf({ peers, acts, beginnings, restLoss }: Scenario): number {
  return 100 * peers.length + acts.length + beginnings.length + (restLoss > 0 ? 1 : 0)
}

/** Peers that met only through the one that is left out meet each other now. */
function withoutPeer(scenario: Scenario, gone: number): Scenario {
  const numberOf = (peer: number) => (peer > gone ? peer - 1 : peer)
  const isLeft = ({ happening }: Act) => !peersOf(happening).includes(gone)
  const kept = scenario.links.filter(({ one, other }) => one !== gone && other !== gone)
  const links = kept.map((link) => ({ ...link, one: numberOf(link.one), other: numberOf(link.other) }))
  for (const [one, other] of meshOf(scenario.peers.length - 1)) {
    const isLinked = links.some((link) => link.one === one && link.other === other)
    if (!isLinked && links.length < scenario.peers.length - 2) links.push(calmLink(one, other))
  }
  return {
    ...scenario,
    peers: scenario.peers.filter((_, peer) => peer !== gone),
    links,
    beginnings: scenario.beginnings
      .filter(({ peer }) => peer !== gone)
      .map(({ peer, edit }) => ({ peer: numberOf(peer), edit })),
    acts: scenario.acts.filter(isLeft).map(({ atMs, happening }) => ({
      atMs,
      happening: renumbered(happening, numberOf),
    })),
  }
}

function peersOf(happening: Happening): number[] {
  return 'other' in happening ? [happening.peer, happening.other] : [happening.peer]
}

function renumbered(happening: Happening, numberOf: (peer: number) => number): Happening {
  const peer = numberOf(happening.peer)
  return 'other' in happening
    ? { ...happening, peer, other: numberOf(happening.other) }
    : { ...happening, peer }
}
