// Draws from a seed what goes wrong: the link's weather, deaths, stops, full disks.

import { sleep } from '../../harness/peers/wait.js'
import type { RelayFaults } from '../../harness/relay/lossy-relay.js'
import { SeededRandom } from '../../src/sim/random.js'
import type { Copies } from './restore.js'
import type { Whom } from './runner.js'
import type { Peer, Stage } from './stage.js'

export class Faults {
  private readonly random: SeededRandom
  private readonly stage: Stage
  private readonly copies: Copies | undefined
  private isOver = false

  /** `copies`: shares are put back to older copies too. */
  constructor(seed: number, stage: Stage, copies: Copies | undefined) {
    this.random = new SeededRandom(seed)
    this.stage = stage
    this.copies = copies
  }

  /** Until it is told to stop; then everything runs, and the disks have room. */
  async run(): Promise<void> {
    await Promise.all([this.weather(), ...this.stage.peers.map((peer) => this.trouble(peer))])
  }

  stop(): void {
    this.isOver = true
  }

  private async weather(): Promise<void> {
    const { random, stage } = this
    while (!this.isOver) {
      stage.setFaults(this.drawWeather())
      await this.sleep(1_000 + random.next() * 15_000)
    }
    stage.setFaults({})
  }

  private drawWeather(): RelayFaults {
    const { random } = this
    if (random.chance(0.15)) return {}
    if (random.chance(0.1)) return { loss: 1 }
    return {
      loss: random.chance(0.3) ? 0 : random.next() * this.pick([0.02, 0.1, 0.3]),
      duplication: random.chance(0.5) ? 0 : random.next() * 0.2,
      reordering: random.chance(0.5) ? 0 : random.next() * 0.2,
      reorderingMs: random.next() * 50,
      delayMs: random.chance(0.5) ? 0 : random.next() * 40,
      jitterMs: random.chance(0.5) ? 0 : random.next() * 10,
      bitFlips: random.chance(0.5) ? 0 : random.next() * 0.02,
      ...(random.chance(0.2) ? { rateBytesPerS: 200_000 + random.below(5_000_000) } : {}),
      ...(random.chance(0.1) ? { datagramBytesMax: 1_300 } : {}),
    }
  }

  private async trouble(peer: Peer): Promise<void> {
    const random = this.random.fork()
    const { runner } = peer
    while (!this.isOver) {
      await this.sleep(random.next() * 12_000)
      if (this.isOver) break
      if (this.copies !== undefined && random.chance(0.2)) {
        await this.copyOrPutBack(peer, this.copies, random)
        continue
      }
      const whom: Whom = this.pick(['engine', 'watcher', 'both'])
      const drawn = random.below(10)
      if (!runner.isUp) {
        this.start(peer)
      } else if (drawn < 4) {
        this.note(peer, `kill ${whom}`)
        await runner.kill(whom)
        if (random.chance(0.7)) await this.sleep(random.next() * random.next() * 4_000)
        if (!runner.isUp) this.start(peer)
      } else if (drawn < 6) {
        const forMs = random.next() * this.pick([500, 5_000, 20_000])
        this.note(peer, `stop ${whom} for ${Math.round(forMs)} ms`)
        await runner.pause(whom, this.isOver ? 0 : forMs)
      } else if (drawn < 7) {
        // The new life begins while the old one's watcher process is still there, stopped.
        this.note(peer, 'stop watcher, kill engine, start again, continue the old watcher')
        const watchers = runner.pids('watcher')
        runner.signal('SIGSTOP', watchers)
        await runner.kill('engine')
        this.start(peer)
        await sleep(random.next() * 2_000)
        runner.signal('SIGCONT', watchers)
      } else if (drawn < 8) {
        this.note(peer, 'SIGINT')
        await runner.stop()
        await this.sleep(random.next() * 3_000)
        this.start(peer)
      } else if (peer.filler !== undefined) {
        this.stage.fill(peer, random.below(random.chance(0.5) ? 20_000 : 3_000_000))
        await this.sleep(random.next() * 8_000)
        this.stage.empty(peer)
      }
    }
    this.stage.empty(peer)
    if (!runner.isUp) this.start(peer)
  }

  /** Makes a copy of the share, or puts back the one that there is. No peer's in the place of another's: two that run with one id
   *  are named to both, and meet nobody. */
  private async copyOrPutBack(peer: Peer, copies: Copies, random: SeededRandom): Promise<void> {
    const { runner } = peer
    await runner.stop()
    // A disk that is full now has room for what it had then, if nothing else is written meanwhile.
    if (runner.isDiskFull) return
    const copied = random.chance(0.6) ? copies.get(peer) : undefined
    if (copied === undefined) {
      if (copies.make(peer)) this.note(peer, 'its share is copied')
    } else {
      // With a third peer that is met first nobody could tell: README.md.
      const withState = this.stage.peers.length === 2 && random.chance(0.5)
      if (copies.putBack(peer, copied, withState))
        this.note(peer, `its share is put back${withState ? ', with its state folder' : ''}`)
      // Time for people to edit before LEFT runs again.
      await this.sleep(random.next() * 3_000)
    }
    if (!runner.isUp) this.start(peer)
  }

  private start(peer: Peer): void {
    this.note(peer, 'start')
    peer.runner.start()
  }

  private note({ runner }: Peer, what: string): void {
    this.stage.history.note(`${runner.name} ${what}`)
  }

  /** Not longer than the faults last. */
  private async sleep(forMs: number): Promise<void> {
    const endMs = performance.now() + forMs
    while (!this.isOver && performance.now() < endMs) await sleep(Math.min(100, endMs - performance.now()))
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)]!
  }
}
