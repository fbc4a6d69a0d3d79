// Breadth first through every state of a world, so that the first fault found has a shortest trace; then a look for
// exchanges that never end among the states that are left.

export interface Step<S> {
  readonly told: string
  readonly state: S
  /** Made by a person or by fate; all other steps must come to an end. */
  readonly isEdit: boolean
}

export type Fault = 'lost content' | 'one version, two contents' | 'rest and differ' | 'endless exchange'

export interface Explorable<S> {
  start(): S
  moves(state: S): readonly Step<S>[]
  /** Equal for states that need not be told apart. */
  keyOf(state: S): string
  isQuiet(state: S): boolean
  faultOf(state: S): string | undefined
  looksFor(fault: Fault): boolean
}

export interface Exploration {
  readonly stateCount: number
  readonly quietCount: number
  /** Most messages that change anything, once nobody edits any more. */
  readonly messagesMax: number
  /** False where `stateCountMax` ended it. */
  readonly complete: boolean
  /** The fault and the moves that lead there. */
  readonly fault: string | undefined
}

export function explore<S>(world: Explorable<S>, stateCountMax: number): Exploration {
  const known = new StateSet()
  const parents = new Numbers()
  /** Deliveries from each state, one state after another. */
  const successors = new Numbers()
  const successorsEnd = new Numbers()
  const start = world.start()
  known.add(world.keyOf(start))
  parents.push(-1)
  let level: S[] = [start]
  let expanded = 0
  let quietCount = 0
  const ended = (fault: string | undefined, complete: boolean, messagesMax = 0): Exploration => {
    return { stateCount: known.size, quietCount, messagesMax, complete, fault }
  }
  const traceOf = (fault: string, path: readonly number[]) =>
    [fault, ...retrace(world, known, path)].join('\n')

  while (level.length > 0) {
    const next: S[] = []
    for (const state of level) {
      if (world.isQuiet(state)) quietCount++
      for (const move of world.moves(state)) {
        const index = known.add(world.keyOf(move.state))
        if (!move.isEdit && index.at !== expanded) successors.push(index.at)
        if (!index.added) continue
        parents.push(expanded)
        const fault = world.faultOf(move.state)
        if (fault !== undefined) return ended(traceOf(fault, pathTo(parents, index.at)), false)
        next.push(move.state)
      }
      successorsEnd.push(successors.length)
      expanded++
      if (known.size > stateCountMax) return ended(undefined, false)
    }
    level = next
  }
  const { cycle, longest } = orderOf(successors, successorsEnd)
  if (cycle === undefined || !world.looksFor('endless exchange')) return ended(undefined, true, longest)
  return ended(traceOf('endless exchange:', [...pathTo(parents, cycle[0]!), ...cycle.slice(1)]), true)
}

/** Takes states without successors away until none is left; what stays is on its way into a cycle. */
function orderOf(
  successors: Numbers,
  successorsEnd: Numbers,
): { cycle: number[] | undefined; longest: number } {
  const count = successorsEnd.length
  const predecessorsAt = new Int32Array(count + 1)
  for (let edge = 0; edge < successors.length; edge++) predecessorsAt[successors.at(edge) + 1]!++
  for (let index = 0; index < count; index++) predecessorsAt[index + 1]! += predecessorsAt[index]!
  const filled = predecessorsAt.slice(0, count)
  const predecessors = new Int32Array(successors.length)
  const outgoing = new Int32Array(count)
  let edge = 0
  for (let from = 0; from < count; from++) {
    for (; edge < successorsEnd.at(from); edge++) {
      predecessors[filled[successors.at(edge)]!++] = from
      outgoing[from]!++
    }
  }
  const longest = new Int32Array(count)
  const ready = new Numbers()
  for (let index = 0; index < count; index++) if (outgoing[index] === 0) ready.push(index)
  for (let taken = 0; taken < ready.length; taken++) {
    const index = ready.at(taken)
    for (let at = predecessorsAt[index]!; at < predecessorsAt[index + 1]!; at++) {
      const before = predecessors[at]!
      longest[before] = Math.max(longest[before]!, longest[index]! + 1)
      if (--outgoing[before]! === 0) ready.push(before)
    }
  }
  const start = outgoing.findIndex((left) => left > 0)
  if (start >= 0) return { cycle: roundFrom(start, outgoing, successors, successorsEnd), longest: 0 }
  return { cycle: undefined, longest: longest.reduce((a, b) => Math.max(a, b), 0) }
}

/** From a state along others that lead into a cycle, until one comes again. */
function roundFrom(
  start: number,
  outgoing: Int32Array,
  successors: Numbers,
  successorsEnd: Numbers,
): number[] {
  const round = [start]
  for (let at = start; ; ) {
    let edge = at === 0 ? 0 : successorsEnd.at(at - 1)
    while (outgoing[successors.at(edge)] === 0) edge++
    at = successors.at(edge)
    round.push(at)
    if (round.indexOf(at) < round.length - 1) return round
  }
}

function pathTo(parents: Numbers, index: number): number[] {
  const path: number[] = []
  for (let at = index; at >= 0; at = parents.at(at)) path.unshift(at)
  return path
}

/** States are kept as hashes only: a trace is found again move by move. */
function retrace<S>(world: Explorable<S>, known: StateSet, path: readonly number[]): string[] {
  let state = world.start()
  const trace: string[] = []
  for (const index of path.slice(1)) {
    const move = world.moves(state).find((each) => known.indexOf(world.keyOf(each.state)) === index)!
    trace.push(move.told)
    state = move.state
  }
  return trace
}

/** Keys by 64 bits of hash: two among ten million share one with a chance of three in a million. */
class StateSet {
  #size = 0
  #slots = new Int32Array(1 << 16).fill(-1)
  #high = new Numbers()
  #low = new Numbers()

  get size(): number {
    return this.#size
  }

  add(key: string): { at: number; added: boolean } {
    const [high, low] = hash64(key)
    const slot = this.#slotOf(high, low)
    if (this.#slots[slot]! >= 0) return { at: this.#slots[slot]!, added: false }
    this.#slots[slot] = this.#size
    this.#high.push(high)
    this.#low.push(low)
    this.#size++
    if (this.#size * 2 > this.#slots.length) this.#grow()
    return { at: this.#size - 1, added: true }
  }

  indexOf(key: string): number {
    return this.#slots[this.#slotOf(...hash64(key))]!
  }

  #slotOf(high: number, low: number): number {
    const mask = this.#slots.length - 1
    let slot = low & mask
    for (;;) {
      const index = this.#slots[slot]!
      if (index < 0 || (this.#high.at(index) === high && this.#low.at(index) === low)) return slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1)
    for (let index = 0; index < this.#size; index++)
      this.#slots[this.#slotOf(this.#high.at(index), this.#low.at(index))] = index
  }
}

/** A list of 32-bit numbers that grows. */
class Numbers {
  #values = new Int32Array(1024)
  length = 0

  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Int32Array(this.length * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.length++] = value
  }

  at(index: number): number {
    return this.#values[index]!
  }
}

/** Two murmur-like hashes side by side. */
function hash64(key: string): [number, number] {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
    high ^= high >>> 15
    low ^= low >>> 13
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return [high | 0, low | 0]
}
