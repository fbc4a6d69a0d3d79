// Peers that are nothing but their choice of whom to call: a call to one who is there is a session after an instant, whoever
// is gone answers nobody. Sessions are told to both ends, as the endpoint does.

import { earliest } from '../../src/base/earliest.js'
import { hash } from '../../src/io/hash.js'
import { Peering, type PeeringOrder } from '../../src/peering/peering.js'

interface Open {
  readonly session: number
  /** Who began it. */
  readonly from: number
}

export class PeeringCrowd {
  nowMs = 0
  /** By peer. */
  readonly machines: Peering[]
  private readonly gone = new Set<number>()
  /** Two peers between whom nothing passes. */
  isCut: (one: number, other: number) => boolean = () => false
  private readonly calls: Set<number>[]
  private readonly open = new Map<string, Open>()
  private sessionCount = 0

  constructor(
    readonly count: number,
    seed: number,
    knows: (one: number, other: number) => boolean = () => true,
  ) {
    this.calls = Array.from({ length: count }, () => new Set())
    this.machines = Array.from(
      { length: count },
      (_, peer) => new Peering({ peerId: `${seed}-${peer}`, hash }),
    )
    for (const [peer, machine] of this.machines.entries())
      for (let other = 0; other < count; other++)
        if (other !== peer && knows(peer, other)) machine.add(String(other), 0)
    this.settle()
  }

  run(forMs: number): void {
    const untilMs = this.nowMs + forMs
    this.closeBroken()
    while (this.nowMs < untilMs) {
      const here = this.machines.filter((_, peer) => !this.gone.has(peer))
      const dueMs = earliest(untilMs, ...here.map((machine) => machine.pollTimeout()))!
      this.nowMs = Math.max(this.nowMs, dueMs)
      for (const machine of here) machine.handleTimeout(this.nowMs)
      this.settle()
    }
  }

  /** Nobody is called in their place yet. */
  lose(peers: Iterable<number>): void {
    for (const peer of peers) this.gone.add(peer)
    this.closeBroken()
  }

  comeBack(peers: Iterable<number>): void {
    for (const peer of peers) this.gone.delete(peer)
    this.settle()
  }

  /** Sessions between pairs of peers, smaller number first. */
  pairs(): string[] {
    return [...this.open.keys()].sort()
  }

  sessionsOf(peer: number): number {
    return this.pairs().filter((pair) => pair.split(' ').includes(String(peer))).length
  }

  sessionCounts(): number[] {
    const counts = new Array<number>(this.count).fill(0)
    for (const pair of this.open.keys()) for (const peer of pair.split(' ')) counts[Number(peer)]!++
    return counts.filter((_, peer) => !this.gone.has(peer))
  }

  callsOf(peer: number): readonly number[] {
    return [...this.calls[peer]!]
  }

  /** Whether sessions lead from each who is there to each other. */
  get isConnected(): boolean {
    const others: number[][] = Array.from({ length: this.count }, () => [])
    for (const pair of this.open.keys()) {
      const [one, other] = pair.split(' ').map(Number)
      others[one!]!.push(other!)
      others[other!]!.push(one!)
    }
    const here = this.machines.map((_, peer) => peer).filter((peer) => !this.gone.has(peer))
    const seen = new Set(here.slice(0, 1))
    for (const peer of seen) for (const other of others[peer]!) seen.add(other)
    return seen.size === here.length
  }

  private settle(): void {
    for (let isBusy = true; isBusy; ) {
      isBusy = false
      for (const [peer, machine] of this.machines.entries())
        for (let order = machine.pollOrder(); order !== undefined; order = machine.pollOrder()) {
          isBusy = true
          this.carryOut(peer, order)
        }
      for (const [peer, called] of this.calls.entries())
        for (const other of called) if (this.canMeet(peer, other)) this.openBetween(peer, other)
    }
  }

  private carryOut(peer: number, { type, address }: PeeringOrder): void {
    const other = Number(address)
    if (type === 'call') this.calls[peer]!.add(other)
    else this.calls[peer]!.delete(other)
    if (type === 'leave') this.close(pairOf(peer, other))
  }

  private canMeet(one: number, other: number): boolean {
    return !this.gone.has(one) && !this.gone.has(other) && !this.isCut(one, other)
  }

  private openBetween(from: number, to: number): void {
    const pair = pairOf(from, to)
    if (this.open.has(pair)) return
    const session = ++this.sessionCount
    this.open.set(pair, { session, from })
    this.tellOpened(from, to, { session, isOurs: true })
    this.tellOpened(to, from, { session, isOurs: false })
  }

  private tellOpened(at: number, other: number, facts: { session: number; isOurs: boolean }): void {
    this.machines[at]!.handleOpened({ ...facts, address: String(other), isRenewal: false }, this.nowMs)
  }

  private closeBroken(): void {
    for (const pair of [...this.open.keys()]) {
      const [one, other] = pair.split(' ').map(Number)
      if (!this.canMeet(one!, other!)) this.close(pair)
    }
  }

  private close(pair: string): void {
    const open = this.open.get(pair)
    if (open === undefined) return
    this.open.delete(pair)
    const [one, other] = pair.split(' ')
    this.machines[Number(one)]!.handleClosed({ session: open.session, address: other! }, this.nowMs)
    this.machines[Number(other)]!.handleClosed({ session: open.session, address: one! }, this.nowMs)
  }
}

function pairOf(one: number, other: number): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}
