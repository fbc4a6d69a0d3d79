// One random run of a world: edits and messages mixed, then messages only, until the peers rest.

import { SeededRandom } from '../../../src/sim/random.js'
import type { Rules } from './rules.js'
import { type Move, type State, World } from './world.js'

/** Stale messages delivered among the fresh ones, once nobody edits any more. */
const LATE_MESSAGES = 12

/** Messages after the last edit, most of which change nothing. */
const MESSAGES_MAX = 2000

/** The fault and the moves that lead there, undefined where all is well. */
export function walk<E>(world: World<E>, random: SeededRandom): string | undefined {
  const trace: string[] = []
  let state = world.start()
  const follow = (move: Move | undefined): string | undefined => {
    if (move === undefined) return undefined
    trace.push(move.told)
    state = move.state
    const fault = world.faultOf(state)
    return fault === undefined ? undefined : [fault, ...trace].join('\n')
  }
  // Few deliveries make peers drift apart, many keep them close; both find faults.
  const editShare = 0.1 + 0.6 * random.next()
  while (state.editCount < world.options.editCountMax) {
    const move =
      random.next() < editShare ? edit(world, state, random) : message(world, state, state.told, random)
    const fault = follow(move)
    if (fault !== undefined) return fault
  }
  for (let messages = 0; !world.isQuiet(state); messages++) {
    if (messages > MESSAGES_MAX) return ['endless exchange:', ...trace].join('\n')
    const late = messages < LATE_MESSAGES && random.below(2) === 0
    const fault = follow(message(world, state, late ? state.told : state.peers, random))
    if (fault !== undefined) return fault
  }
  return undefined
}

function edit<E>(world: World<E>, state: State, random: SeededRandom): Move {
  const peer = random.below(state.peers.length)
  return world.edit(state, peer, pick(world.changesAt(state, peer), random)!)
}

/** Something that one of `items` tells to a random peer. */
function message<E>(
  world: World<E>,
  state: State,
  items: readonly number[],
  random: SeededRandom,
): Move | undefined {
  const item = pick(items, random)
  return item === undefined || item === 0
    ? undefined
    : world.deliver(state, random.below(state.peers.length), item)
}

function pick<T>(choices: readonly T[], random: SeededRandom): T | undefined {
  return choices.length === 0 ? undefined : choices[random.below(choices.length)]
}

/** From LEFT_EXPLORER_SEED, else a new one each run. */
export function seedOfRun(): number {
  const wanted = process.env.LEFT_EXPLORER_SEED
  return wanted === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(wanted)
}

export interface Walks {
  readonly seed: number
  readonly count: number
}

/** Walks from as many seeds; tells the first fault and the seed that makes it alone. Half of the worlds start with a file. */
export function walkOften<E>(rules: Rules<E>, { seed, count }: Walks): string | undefined {
  const worlds = [false, true].map(
    (startsWithFile) =>
      new World(rules, { peerCount: 4, editCountMax: 6, startsWithFile, mtimes: 'gaps-and-ties' }),
  )
  for (let at = seed; at < seed + count; at++) {
    const fault = walk(worlds[at % 2]!, new SeededRandom(at))
    if (fault !== undefined) return `LEFT_EXPLORER_SEED=${at}: ${fault}`
  }
  return undefined
}
