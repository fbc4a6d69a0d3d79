// One run of one seed: the scenario happens, everything is healed, the world comes to rest, and what must hold is
// checked. Used by `left sim` (run.ts) and the tests.

import { areEqual, checkAtRest } from './checks/invariants.js'
import { happen } from './happenings.js'
import { answerHeld, isAnyHeld, isHeldAt, onlyAnswerAt } from './held.js'
import { ANSWER_ROUNDS_MAX, HEAL_MS_MAX, TRIES_MS_MAX } from './limits.js'
import { peerName, type Scenario } from './plan.js'
import { type Breach, World, type WorldOptions } from './world.js'

export interface SimulationResult {
  readonly seed: number
  readonly breach: Breach | undefined
  /** Equal for equal seeds. */
  readonly trace: string
  readonly virtualMs: number
  /** Paths that a loss of power took which a running LEFT knew. */
  readonly powerCutLosses: number
}

export function simulate(scenario: Scenario, options: WorldOptions): SimulationResult {
  const world = new World(scenario, options)
  for (const { peer, edit } of scenario.beginnings) world.edit(peer, edit)
  for (const { atMs, happening } of scenario.acts) {
    world.scheduler.at(atMs, () => {
      world.trace.say(() => JSON.stringify(happening))
      happen(world, happening)
    })
  }
  world.startAll()
  world.run(scenario.healAtMs)
  if (world.breach === undefined) settle(world, scenario.restLoss)
  return {
    seed: scenario.seed,
    breach: world.breach,
    trace: world.trace.digest,
    virtualMs: world.nowMs,
    powerCutLosses: world.history.powerCutLosses,
  }
}

/** Faults end, and the world has to come to rest with everything in its place. */
export function settle(world: World, restLoss: number): void {
  world.trace.say(() => 'every fault ends')
  world.heal(restLoss)
  if (!comesToRest(world) && world.breach === undefined) {
    const invariant = areEqual(world) ? 'I4' : 'I3'
    world.break(invariant, `it does not come to rest within ${HEAL_MS_MAX / 1000} s; last: ${world.activity}`)
  }
  if (world.breach === undefined) answerAll(world)
  if (world.breach === undefined) checkAtRest(world)
}

/** Whether everything is as it stays within `HEAL_MS_MAX`. What a peer cannot hold is tried again, ever more rarely: the world is
 *  quiet between two tries, later than that where there are many, and nothing changes until then. */
function comesToRest(world: World): boolean {
  if (world.runUntilQuiet(HEAL_MS_MAX)) return true
  if (world.breach !== undefined || !isAnyTried(world) || !areEqual(world)) return false
  const { nowMs } = world
  return world.runUntilQuiet(TRIES_MS_MAX) && world.lastChange.atMs <= nowMs
}

function isAnyTried(world: World): boolean {
  return world.peers.some(({ notHeld }) => notHeld.size > 0)
}

/** Nothing is lost by what is held, and everything is the same once somebody at each machine has said what becomes of it. */
function answerAll(world: World): void {
  for (let round = 0; world.breach === undefined && isAnyHeld(world); round++) {
    if (round === ANSWER_ROUNDS_MAX) {
      world.break('I4', `something is still held after ${ANSWER_ROUNDS_MAX} answers`)
      return
    }
    for (const [peer] of world.peers.entries()) {
      if (!isHeldAt(world, peer)) continue
      const either = round === 0 && (world.plan.seed + peer) % 2 === 0 ? 'undo' : 'confirm'
      const answer = onlyAnswerAt(world, peer) ?? either
      world.trace.say(() => `${peerName(peer)} ${answer === 'undo' ? 'undoes' : 'confirms'} what is held`)
      answerHeld(world, peer, answer)
    }
    if (!comesToRest(world) && world.breach === undefined)
      world.break('I4', `it does not come to rest after what was held; last: ${world.activity}`)
  }
}
