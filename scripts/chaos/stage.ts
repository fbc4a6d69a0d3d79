// Where a chaos run happens: the peers, the people, the relay between them, and what can be done to them.

import { type ChildProcess, fork } from 'node:child_process'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endpointText, freeEndpoints } from '../../harness/peers/endpoints.js'
import type { RelayFaults } from '../../harness/relay/lossy-relay.js'
import type { PeerEvent } from '../../src/app/events.js'
import { SeededRandom } from '../../src/sim/random.js'
import { History } from './history.js'
import { Person } from './person.js'
import type { FromRelay, ToRelay } from './relay-process.js'
import { Runner } from './runner.js'

export interface Peer {
  readonly runner: Runner
  readonly person: Person
  /** A file beside the share with which its disk can be filled; undefined where that would fill everybody's. */
  readonly filler: string | undefined
}

export interface StageOptions {
  readonly seed: number
  readonly peerCount: number
  readonly folder: string
  readonly onFailure: (text: string) => void
}

/** A disk so small may be filled to the brim. */
const SMALL_DISK_BYTES_MAX = 1_000_000_000

export class Stage {
  readonly history: History
  readonly peers: readonly Peer[]
  /** Events since it was cleared that are no silence: peer and event. */
  acts: string[] = []
  private readonly relay: ChildProcess
  private readonly onFailure: (text: string) => void

  private constructor(
    history: History,
    peers: (stage: Stage) => readonly Peer[],
    relay: ChildProcess,
    onFailure: (text: string) => void,
  ) {
    this.history = history
    this.onFailure = onFailure
    this.relay = relay
    this.peers = peers(this)
  }

  static async open({ seed, peerCount, folder, onFailure }: StageOptions): Promise<Stage> {
    const startMs = performance.now()
    const history = new History(() => performance.now() - startMs)
    const random = new SeededRandom(seed)
    const network = `127.${100 + random.below(100)}.${random.below(256)}`
    const endpoints = await freeEndpoints(2 * peerCount, network)
    const reals = endpoints.slice(0, peerCount)
    const standIns = endpoints.slice(peerCount)
    const relay = fork(fileURLToPath(new URL('relay-process.ts', import.meta.url)))
    await ask(relay, {
      type: 'start',
      seed,
      peers: reals.map((real, index) => ({
        real: endpointText(real),
        standIn: endpointText(standIns[index]!),
      })),
    })
    const make = (stage: Stage): Peer[] =>
      reals.map(({ host, port }, index) => {
        const name = String.fromCharCode(65 + index)
        const share = join(folder, name, 'share')
        mkdirSync(share, { recursive: true })
        const others = standIns.filter((_, other) => other !== index).map(endpointText)
        const runner = new Runner({
          name,
          share,
          config: join(folder, `config-${name}`),
          // The small disk is to be filled.
          words: ['--bind', host, '--port', String(port), '--ip', others.join(','), '--min-free', '0'],
          onFailure,
          onDeath: (peer) => history.handleDeath(peer),
          onEvent: (peer, event) => stage.handleEvent(peer, event),
        })
        const person = new Person({ name, share, outside: join(folder, name, 'outside'), history })
        const disk = statfsSync(share)
        const isSmall = disk.bsize * disk.blocks < SMALL_DISK_BYTES_MAX
        return { runner, person, filler: isSmall ? join(folder, name, 'filler') : undefined }
      })
    return new Stage(history, make, relay, onFailure)
  }

  setFaults(faults: RelayFaults): void {
    this.history.note(`link ${JSON.stringify(faults)}`)
    this.relay.send({ type: 'faults', faults } satisfies ToRelay)
  }

  crossed(): Promise<FromRelay> {
    return ask(this.relay, { type: 'count' })
  }

  /** Leaves so many bytes of room on the disk of a peer. */
  fill(peer: Peer, roomBytes: number): void {
    if (peer.filler === undefined) return
    this.history.note(`${peer.person.name} disk full but for ${roomBytes} bytes`)
    peer.runner.isDiskFull = true
    const fd = openSync(peer.filler, 'w')
    try {
      const zeros = Buffer.alloc(1 << 20)
      for (;;) if (writeSync(fd, zeros) < zeros.length) break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
    const disk = statfsSync(peer.filler)
    const free = disk.bavail * disk.bsize
    try {
      const size = Math.max(0, sizeOf(fd) - Math.max(0, roomBytes - free))
      ftruncateSync(fd, size)
    } finally {
      closeSync(fd)
    }
  }

  empty(peer: Peer): void {
    if (peer.filler === undefined) return
    rmSync(peer.filler, { force: true })
    this.history.note(`${peer.person.name} disk has room again`)
    // Events about the room that was lacking may come a moment later.
    setTimeout(() => {
      peer.runner.isDiskFull = false
    }, 1_000)
  }

  close(): void {
    for (const { runner } of this.peers) runner.killNow()
    if (this.relay.connected) this.relay.disconnect()
  }

  private handleEvent(peer: string, event: PeerEvent): void {
    if (QUIET_EVENTS.has(event.event)) return
    if (event.event === 'scanned') this.history.handleOpened(peer)
    const text = `${peer} says ${JSON.stringify({ ...event, time: undefined })}`
    this.history.note(text)
    if (event.event === 'received') this.handlePlaced(peer, event.path)
    if (ACTS.has(event.event)) this.acts.push(text)
  }

  private handlePlaced(name: string, path: string): void {
    const person = this.peers.find((peer) => peer.person.name === name)!.person
    const digest = person.digestAt(path)
    if (digest !== undefined && this.history.placed(name, path, digest))
      this.onFailure(
        `${name}: ${JSON.stringify(path)} was deleted there and came back (${digest.slice(0, 10)})`,
      )
  }
}

const QUIET_EVENTS = new Set<PeerEvent['event']>(['progress', 'totals', 'debug', 'scanning'])

/** Events that say that something was done. */
const ACTS = new Set<PeerEvent['event']>([
  'changed',
  'fetching',
  'received',
  'conflict',
  'abandoned',
  'disconnected',
])

function sizeOf(fd: number): number {
  return fstatSync(fd).size
}

function ask(relay: ChildProcess, message: ToRelay): Promise<FromRelay> {
  return new Promise((resolve, reject) => {
    relay.once('message', (answer) => resolve(answer as FromRelay))
    relay.once('exit', () => reject(new Error('the relay ended')))
    relay.send(message)
  })
}
