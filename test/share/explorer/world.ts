// A small world for one path: peers, the edits they make, and every state that any of them ever told.
//
// A message is the state of the path at its sender. Once held by a peer, a state may reach any peer at any later time, any
// number of times or never: that covers messages late, crossed, doubled, dropped and relayed, and greetings both ways at
// once. A peer that fetches first and decides again before it places does what it would do if the message came only then, so
// arrival and placing are one step by default; other kinds of `placing` split them.
//
// A copy of a conflict has a name and an entry that the loser alone decides, the same wherever it is made. The copy is a path of its
// own, to which all of this applies, and here only the fact that it was made.

import type { Explorable, Fault, Step } from './explore.js'
import type { Change, Rules, View } from './rules.js'

/** Sets of edits of content are bits of a number. */
export type EditSet = number

/** An entry that some peer holds or held, and the edits whose content it is: not known to the rules, only to the judge. */
interface Item<E> {
  readonly entry: E
  readonly text: string
  readonly view: View
  readonly carries: EditSet
  /** Edits of content that the makers of this content had before them. */
  readonly past: EditSet
}

export interface State {
  /** Held by each peer: an item, or 0 for nothing. */
  readonly peers: readonly number[]
  /** Decided by each peer to be placed: 0 for nothing. */
  readonly wants: readonly number[]
  /** Every item that was ever held, ascending. */
  readonly told: readonly number[]
  /** Edits that a person overwrote or deleted where their content stood, and edits that are kept as copies. */
  readonly settled: EditSet
  readonly editCount: number
}

export type Move = Step<State>

export interface WorldOptions {
  readonly peerCount: number
  readonly editCountMax: number
  /** A file that all peers hold before the first edit. */
  readonly startsWithFile: boolean
  /** Positions that the mtime of an edit may have among the earlier ones. */
  readonly mtimes: 'ends' | 'gaps' | 'gaps-and-ties'
  readonly changes?: readonly Change['type'][]
  /** Whether a peer may be edited between deciding and placing, and then decides again or not. */
  readonly placing?: 'at-once' | 'decides-again' | 'as-decided'
  /** Faults to look for; all where it is left out. */
  readonly faults?: readonly Fault[]
}

/** Room for halves between two mtimes, many times over. */
const MTIME_STEP = 1 << 20
/** Items are told apart by one UTF-16 code unit in keys. */
const ITEMS_MAX = 0xffff
const STARTER = 'ffffffffffffffff'

export class World<E> implements Explorable<State> {
  readonly #items: Item<E>[] = []
  readonly #ids = new Map<string, number>()
  readonly #meetings = new Map<number, { id: number; copies: boolean }>()
  readonly #renamed: number[][]
  readonly #permutations: readonly (readonly number[])[]
  readonly #names: readonly string[]

  constructor(
    readonly rules: Rules<E>,
    readonly options: WorldOptions,
  ) {
    this.#names = Array.from({ length: options.peerCount }, (_, peer) => 'abcdef'[peer]!.repeat(16))
    this.#permutations = permutationsOf(options.peerCount)
    this.#renamed = this.#permutations.map(() => [])
  }

  start(): State {
    const nobody = this.#names.map(() => 0)
    const { startsWithFile } = this.options
    if (!startsWithFile) return { peers: nobody, wants: nobody, told: [], settled: 0, editCount: 0 }
    const entry = this.rules.edit(
      undefined,
      { type: 'write', content: 'c0', mtimeMs: 0 },
      { peer: STARTER, count: 1 },
    )
    const id = this.#idOf(entry, 1, 0)
    return { peers: nobody.map(() => id), wants: nobody, told: [id], settled: 0, editCount: 0 }
  }

  moves(state: State): Move[] {
    return [...this.deliveries(state), ...this.edits(state)]
  }

  deliveries(state: State): Move[] {
    const moves: Move[] = []
    for (let peer = 0; peer < state.peers.length; peer++) {
      for (const item of state.told) {
        const move = this.deliver(state, peer, item)
        if (move !== undefined) moves.push(move)
      }
      const move = this.#place(state, peer)
      if (move !== undefined) moves.push(move)
    }
    return moves
  }

  /** Undefined where it changes nothing. */
  deliver(state: State, peer: number, item: number): Move | undefined {
    const local = state.peers[peer]!
    const { id, copies } = this.#meet(local, item)
    if (id === local && !copies) return undefined
    if ((this.options.placing ?? 'at-once') !== 'at-once' && this.#contentChanges(local, id)) {
      return this.#want(state, peer, item)
    }
    return this.#carryOut(state, peer, item)
  }

  #carryOut(state: State, peer: number, item: number): Move {
    const local = state.peers[peer]!
    const { id, copies } = this.#meet(local, item)
    const name = this.#names[peer]![0]!
    const settled = copies ? state.settled | this.#carriedBy(local) : state.settled
    const kept = copies ? ', keeps its own as a copy' : ''
    return {
      told: `${name} gets ${this.textOf(item)}${kept}, holds ${this.textOf(id)}`,
      state: { ...this.#holding(state, peer, id), settled },
      isEdit: false,
    }
  }

  edits(state: State): Move[] {
    if (state.editCount >= this.options.editCountMax) return []
    const moves: Move[] = []
    for (let peer = 0; peer < state.peers.length; peer++) {
      for (const change of this.changesAt(state, peer)) moves.push(this.edit(state, peer, change))
    }
    return moves
  }

  edit(state: State, peer: number, change: Change): Move {
    const local = state.peers[peer]!
    const count = state.editCount + 2
    const entry = this.rules.edit(this.#items[local - 1]?.entry, change, {
      peer: this.#names[peer]!,
      count,
    })
    const aside = change.type === 'touch' || change.type === 'chmod'
    const carries = aside ? this.#carriedBy(local) : change.type === 'delete' ? 0 : 1 << (state.editCount + 1)
    const before = this.#items[local - 1]?.past ?? 0
    const past = aside ? before : before | this.#carriedBy(local)
    const id = this.#idOf(entry, carries, past)
    const next = this.#holding(state, peer, id)
    const settled = aside ? state.settled : state.settled | this.#carriedBy(local)
    const told = `${this.#names[peer]![0]}: ${tell(change)}, holds ${this.textOf(id)}`
    return { told, state: { ...next, settled, editCount: count - 1 }, isEdit: true }
  }

  /** Why the state is one that good rules never reach. */
  faultOf(state: State): string | undefined {
    const faults = [() => this.#loss(state), () => this.#twoContents(state), () => this.#difference(state)]
    const kinds: Fault[] = ['lost content', 'one version, two contents', 'rest and differ']
    for (const [index, find] of faults.entries()) {
      const fault = this.looksFor(kinds[index]!) ? find() : undefined
      if (fault !== undefined) return `${kinds[index]}: ${fault}`
    }
    return undefined
  }

  looksFor(fault: Fault): boolean {
    return this.options.faults?.includes(fault) ?? true
  }

  /** The same for states that differ only in the names of peers. */
  keyOf(state: State): string {
    let least: string | undefined
    for (let index = 0; index < this.#permutations.length; index++) {
      const key = this.#keyUnder(state, index)
      if (least === undefined || key < least) least = key
    }
    return least!
  }

  textOf(id: number): string {
    return id === 0 ? '[nothing]' : shortened(this.#items[id - 1]!.text)
  }

  get itemCount(): number {
    return this.#items.length
  }

  /** Content that nobody has overwritten where it stood, and that stands nowhere and is kept nowhere. */
  #loss(state: State): string | undefined {
    const written = state.told.reduce((set, id) => set | this.#carriedBy(id), 0)
    const stands = state.peers.reduce((set, id) => set | this.#carriedBy(id), this.#settledWithEquals(state))
    const lost = written & ~stands
    return lost === 0 ? undefined : `edit ${31 - Math.clz32(lost)}`
  }

  #twoContents(state: State): string | undefined {
    const contents = new Map<string, string>()
    for (const id of state.told) {
      const { view } = this.#items[id - 1]!
      const known = contents.get(view.name) ?? view.value
      if (known !== view.value) return shortened(`${view.name} is ${known} and ${view.value}`)
      contents.set(view.name, view.value)
    }
    return undefined
  }

  #difference(state: State): string | undefined {
    const texts = state.peers.map((id) => this.textOf(id))
    return this.isQuiet(state) && texts.some((text) => text !== texts[0]) ? texts.join(' ') : undefined
  }

  /** Whether the entries that peers hold now reach every other peer and change nothing. */
  isQuiet(state: State): boolean {
    if (state.wants.some((want) => want !== 0)) return false
    return state.peers.every((local) =>
      state.peers.every((remote) => {
        if (remote === 0) return true
        const { id, copies } = this.#meet(local, remote)
        return !copies && (id === local || this.textOf(id) === this.textOf(local))
      }),
    )
  }

  /** Where two equal contents written apart have met, whoever has seen one of them has seen the other. */
  #settledWithEquals(state: State): EditSet {
    let settled = state.settled
    for (let before = -1; before !== settled; ) {
      before = settled
      for (const id of state.told) {
        const carries = this.#carriedBy(id)
        if ((carries & settled) !== 0) settled |= carries
      }
    }
    return settled
  }

  #want(state: State, peer: number, item: number): Move | undefined {
    if (state.wants[peer] !== 0) return undefined
    const wants = state.wants.map((want, index) => (index === peer ? item : want))
    const told = `${this.#names[peer]![0]} decides to place ${this.textOf(item)}`
    return { told, state: { ...state, wants }, isEdit: false }
  }

  #place(state: State, peer: number): Move | undefined {
    const want = state.wants[peer]!
    if (want === 0) return undefined
    const wants = state.wants.map((other, index) => (index === peer ? 0 : other))
    if (this.options.placing === 'decides-again') {
      const { told, state: next, isEdit } = this.#carryOut(state, peer, want)
      return { told: `placing, ${told}`, state: { ...next, wants }, isEdit }
    }
    const told = `${this.#names[peer]![0]} places ${this.textOf(want)}`
    return { told, state: { ...this.#holding(state, peer, want), wants }, isEdit: false }
  }

  #holding(state: State, peer: number, id: number): State {
    const peers = state.peers.map((other, index) => (index === peer ? id : other))
    const told = state.told.includes(id) ? state.told : [...state.told, id].sort((a, b) => a - b)
    return { ...state, peers, told }
  }

  #meet(local: number, remote: number): { id: number; copies: boolean } {
    const key = local * 2 ** 24 + remote
    const known = this.#meetings.get(key)
    if (known !== undefined) return known
    const theirs = this.#items[remote - 1]!
    const ours = this.#items[local - 1]
    const { entry, copies } = this.rules.meet(ours?.entry, theirs.entry)
    const result = entry === undefined ? ours! : { entry, view: this.rules.view(entry) }
    const equals = [ours, theirs].filter((side) => side?.view.value === result.view.value)
    const past = equals.reduce((set, side) => set | side!.past, 0)
    // Equal contents written apart count as one edit; a revert to a content does not count as that content's first edit.
    const carries = equals.reduce((set, side) => set | side!.carries, 0) & ~past
    const met = { id: this.#idOf(result.entry, carries, past), copies }
    this.#meetings.set(key, met)
    return met
  }

  #contentChanges(local: number, id: number): boolean {
    return this.#items[local - 1]?.view.value !== this.#items[id - 1]!.view.value
  }

  #carriedBy(id: number): EditSet {
    return id === 0 ? 0 : this.#items[id - 1]!.carries
  }

  #idOf(entry: E, carries: EditSet, past: EditSet): number {
    const text = this.rules.text(entry)
    const key = `${text}#${carries}#${past}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    this.#items.push({ entry, text, view: this.rules.view(entry), carries, past })
    this.#ids.set(key, this.#items.length)
    return this.#items.length
  }

  #keyUnder(state: State, index: number): string {
    if (this.#items.length > ITEMS_MAX) throw new RangeError('too many items to tell apart')
    const codes = [state.settled, state.editCount]
    const order = this.#permutations[index]!
    for (const peer of order) codes.push(this.#renamedId(state.peers[peer]!, index))
    for (const peer of order) codes.push(this.#renamedId(state.wants[peer]!, index))
    const told = state.told.map((id) => this.#renamedId(id, index)).sort((a, b) => a - b)
    return String.fromCharCode(...codes, ...told)
  }

  #renamedId(id: number, index: number): number {
    if (id === 0 || index === 0) return id
    const known = this.#renamed[index]![id]
    if (known !== undefined) return known
    const order = this.#permutations[index]!
    const { entry, carries, past } = this.#items[id - 1]!
    const newName = (peer: string) => {
      const at = this.#names.indexOf(peer)
      return at < 0 ? peer : this.#names[order.indexOf(at)]!
    }
    const renamed = this.#idOf(this.rules.rename(entry, newName), carries, past)
    this.#renamed[index]![id] = renamed
    return renamed
  }

  /** The changes that a person may make at a peer. */
  changesAt(state: State, peer: number): Change[] {
    const held = this.#items[state.peers[peer]! - 1]?.view
    const live = held !== undefined && held.value !== 'deleted'
    const mtimes = this.#mtimesFor(state)
    const newest = Math.max(...mtimes)
    const contents = new Set(state.told.map((id) => this.#items[id - 1]!.view.value))
    contents.add(`file c${state.editCount + 1}`)
    const changes: Change[] = []
    for (const mtimeMs of mtimes) {
      for (const value of contents) {
        if (value.startsWith('file ') && value !== held?.value)
          changes.push({ type: 'write', content: value.slice(5), mtimeMs })
      }
      changes.push({ type: 'make-link', target: `t${state.editCount + 1}`, mtimeMs })
      if (held?.value.startsWith('file ') && mtimeMs !== held.mtimeMs)
        changes.push({ type: 'touch', mtimeMs })
    }
    if (held?.value !== 'folder') changes.push({ type: 'make-folder' })
    if (live && !held.value.startsWith('link ')) changes.push({ type: 'chmod' })
    if (live) changes.push({ type: 'delete', mtimeMs: newest })
    const { changes: wanted } = this.options
    return wanted === undefined ? changes : changes.filter(({ type }) => wanted.includes(type))
  }

  /** Only the order of mtimes matters, so that a new one is above, below or between those that there are. */
  #mtimesFor(state: State): number[] {
    const used = [...new Set(state.told.map((id) => this.#items[id - 1]!.view.mtimeMs))].sort((a, b) => a - b)
    if (used.length === 0) return [0]
    const ends = [used[0]! - MTIME_STEP, used.at(-1)! + MTIME_STEP]
    if (this.options.mtimes === 'ends') return ends
    const gaps = used.slice(1).map((mtime, index) => (mtime + used[index]!) / 2)
    return this.options.mtimes === 'gaps' ? [...ends, ...gaps] : [...ends, ...gaps, ...used]
  }
}

function tell(change: Change): string {
  switch (change.type) {
    case 'write':
      return `writes ${change.content} at ${change.mtimeMs / MTIME_STEP}`
    case 'make-link':
      return `makes a link to ${change.target} at ${change.mtimeMs / MTIME_STEP}`
    case 'touch':
      return `touches it to ${change.mtimeMs / MTIME_STEP}`
    default:
      return `${change.type}`
  }
}

/** Peers by one letter. */
function shortened(text: string): string {
  return `[${text.replace(/([a-f])\1{15}/g, '$1')}]`
}

function permutationsOf(count: number): number[][] {
  if (count === 0) return [[]]
  return permutationsOf(count - 1).flatMap((rest) =>
    Array.from({ length: count }, (_, at) => [...rest.slice(0, at), count - 1, ...rest.slice(at)]),
  )
}
