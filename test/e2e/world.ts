// The world of one end-to-end test: real processes, real sockets on the loopback, a temporary folder. All of it is gone
// when the test is, whichever way that ends, and a line of `--json` that is not as documented fails the test.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect } from 'vitest'
import { endpointText, freeEndpoints } from '../../harness/peers/endpoints.js'
import { addressesOfOthers, Peer, type PeerSetup, waitForPeers } from '../../harness/peers/peer.js'
import { differences, readDigests, readSizes } from '../../harness/peers/tree.js'
import {
  type Relay,
  type RelayFaults,
  type RelayOptions,
  start as startRelay,
} from '../../harness/relay/lossy-relay.js'
import type { PeerEvent } from '../../src/app/events.js'
import { SUPERUSER_NOTE } from '../../src/app/superuser.js'
import type { HostPort } from '../../src/io/net/address.js'
import { isLong } from '../length.js'
import { faultOf } from './event-schema.js'

export type EventOf<Name extends PeerEvent['event']> = Extract<PeerEvent, { event: Name }>

/** No wait of these tests measures anything: it only ends one that would never end. */
const WAIT_MS_MAX = 40_000

/** Each test in a world of its own, as `test('…', async ({ world }) => …)`. */
export const test = base.extend<{ world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures from the pattern.
  world: async ({}, use) => {
    const world = new World()
    try {
      await use(world)
    } finally {
      await world.close()
    }
    world.checkEvents()
  },
})

/** One that `npm test` leaves to `npm run test:long`: what others show in part, or what waits for long. */
export const longTest = test.runIf(isLong)

/** A peer whose events are kept and checked. */
export class RecordedPeer extends Peer {
  readonly address: string
  /** Events of the process that is running, or ran last. */
  events: PeerEvent[] = []
  /** Faults of all its processes. */
  readonly faults: string[] = []

  constructor(setup: PeerSetup) {
    super(setup)
    this.address = endpointText(setup.endpoint)
    this.onEvent = (event, isOfThisLife) => {
      if (isOfThisLife) this.events.push(event)
      const fault = faultOf(event as unknown as Record<string, unknown>)
      if (fault !== undefined) this.faults.push(`${this.name}: ${fault}`)
    }
  }

  override start(options?: readonly string[]): void {
    this.events = []
    super.start(options)
  }

  of<Name extends PeerEvent['event']>(name: Name): EventOf<Name>[] {
    return this.events.filter((event): event is EventOf<Name> => event.event === name)
  }

  /** Notes about what happened: who runs the tests is not among that. */
  get notes(): string[] {
    return this.of('note')
      .map(({ message }) => message)
      .filter((message) => message !== SUPERUSER_NOTE)
  }

  received(path: string): EventOf<'received'>[] {
    return this.of('received').filter((event) => event.path === path)
  }

  path(...parts: string[]): string {
    return join(this.share, ...parts)
  }
}

export class World {
  readonly folder = mkdtempSync(join(realpathSync(tmpdir()), 'left-e2e-'))
  /** All peers are of one user, unless a test says otherwise. */
  readonly config = join(this.folder, 'config')
  private readonly peers: RecordedPeer[] = []
  private readonly closers: (() => void | Promise<void>)[] = []
  private readonly onExit = () => this.killAll()

  constructor() {
    process.once('exit', this.onExit)
    putIdentity(this.config, process.env.LEFT_TEST_IDENTITY)
  }

  /** The configuration of another user, with a key that was made already. */
  otherConfig(): string {
    const config = this.path('other-user')
    putIdentity(config, process.env.LEFT_TEST_OTHER_IDENTITY)
    return config
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  /** Every world has a network of the loopback to itself, so that ports of parallel tests cannot collide. */
  endpoints(count: number): Promise<HostPort[]> {
    return freeEndpoints(count, ownNetwork())
  }

  /** Its share is there, and empty unless an earlier peer of that name filled it. */
  peer(
    name: string,
    endpoint: HostPort,
    others: readonly string[],
    options: readonly string[] = [],
    config = this.config,
    namespace?: string,
  ): RecordedPeer {
    const share = this.path(name, 'share')
    mkdirSync(share, { recursive: true })
    const peer = new RecordedPeer({ name, endpoint, share, config, others, options, namespace })
    this.peers.push(peer)
    return peer
  }

  /** Peers that name each other, not started yet. */
  async group(names: string, options: readonly string[] = []): Promise<RecordedPeer[]> {
    const endpoints = await this.endpoints(names.length)
    return [...names].map((name, index) => {
      const endpoint = endpoints[index]!
      return this.peer(name, endpoint, addressesOfOthers(endpoints, endpoint), options)
    })
  }

  /** Two peers, not started yet, with a relay between them. */
  async pairOverRelay(
    faults: RelayFaults & Pick<RelayOptions, 'seed' | 'onDatagram'>,
    options: readonly string[] = [],
  ): Promise<{ a: RecordedPeer; b: RecordedPeer; relay: Relay }> {
    const [endpointA, endpointB, standInA, standInB] = (await this.endpoints(4)) as [
      HostPort,
      HostPort,
      HostPort,
      HostPort,
    ]
    const relay = await startRelay({
      ...faults,
      peers: [
        { real: endpointText(endpointA), standIn: endpointText(standInA) },
        { real: endpointText(endpointB), standIn: endpointText(standInB) },
      ],
    })
    this.atEnd(() => relay.close())
    const a = this.peer('A', endpointA, [endpointText(standInB)], options)
    const b = this.peer('B', endpointB, [endpointText(standInA)], options)
    return { a, b, relay }
  }

  /** Starts them and waits until each is in step with all that it can reach. */
  async start(peers: readonly RecordedPeer[], each = peers.length - 1): Promise<void> {
    for (const peer of peers) peer.start()
    await this.until('the peers to be in step', () => peers.every((peer) => peer.inStep.size >= each))
  }

  /** Fails where a peer that should run has ended. */
  until(what: string, isDone: () => boolean | Promise<boolean>, pollMs = 20): Promise<void> {
    return waitForPeers(this.peers, what, isDone, { timeoutMs: WAIT_MS_MAX, pollMs })
  }

  /** Until the shares hold the same names, sizes, executable bits and contents. */
  async untilSame(peers: readonly RecordedPeer[]): Promise<void> {
    const [first, ...others] = peers
    let found: string[] = []
    const isSame = async (read: typeof readSizes): Promise<boolean> => {
      const wanted = await read(first!.share)
      found = (
        await Promise.all(
          others.map(async (peer) => {
            const lines = differences(wanted, await read(peer.share))
            return lines.map((line) => `${peer.name} ${line}`)
          }),
        )
      ).flat()
      return found.length === 0
    }
    const names = peers.map(({ name }) => name).join(', ')
    try {
      await this.until(
        `${names} to hold the same`,
        async () => (await isSame(readSizes)) && isSame(readDigests),
        50,
      )
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${found.slice(0, 10).join('\n')}`, { cause: error })
    }
  }

  /** Done when the test ends, the last one first. */
  atEnd(closer: () => void | Promise<void>): void {
    this.closers.push(closer)
  }

  /** A file system of so many bytes at `folder`; false where this machine does not let us have one. */
  mountSmall(folder: string, sizeBytes: number): boolean {
    mkdirSync(folder, { recursive: true })
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      return false
    }
    this.atEnd(() => void execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' }))
    return true
  }

  /** Throws where a peer printed what is not documented. */
  checkEvents(): void {
    expect(this.peers.flatMap(({ faults }) => faults)).toEqual([])
  }

  async close(): Promise<void> {
    process.off('exit', this.onExit)
    this.killAll()
    for (const closer of this.closers.reverse()) await closer()
    // A killed peer's watcher process may write for one moment more.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }

  private killAll(): void {
    for (const peer of this.peers) peer.killNow()
  }
}

/** Vitest's own equality walks over every byte, and over megabytes for seconds. */
export function expectSameBytes(path: string, otherPath: string): void {
  expect(readFileSync(path).equals(readFileSync(otherPath)), `${path} is like ${otherPath}`).toBe(true)
}

/** Without one the program makes it. */
function putIdentity(config: string, identity: string | undefined): void {
  if (identity === undefined) return
  mkdirSync(join(config, 'left'), { recursive: true })
  copyFileSync(identity, join(config, 'left', 'identity.pem'))
}

let networkCount = 0

/** Three numbers of a loopback address, told apart by process and by call. 127.0 is left to people. */
function ownNetwork(): string {
  const number = (process.pid * 41 + networkCount++) % (200 * 256)
  return `127.${50 + Math.floor(number / 256)}.${number % 256}`
}
