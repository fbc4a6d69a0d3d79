// The three peers of the demo, what their shares must hold, and what is counted while a phase runs.

import { mkdir, rename } from 'node:fs/promises'
import { endpointText, freeEndpoints } from '../../harness/peers/endpoints.js'
import { addressesOfOthers, Peer, waitForPeers } from '../../harness/peers/peer.js'
import type { Sandbox } from '../../harness/peers/sandbox.js'
import {
  differences,
  digestsAs,
  fileCount,
  readDigests,
  readSizes,
  sizesOf,
  type Tree,
} from '../../harness/peers/tree.js'
import type { PeerEvent } from '../../src/app/events.js'
import { formatBytes, formatFiles, formatRate } from '../../src/cli/format.js'
import type { Screen } from './screen.js'
import type { PhaseResult } from './table.js'

type Received = Extract<PeerEvent, { event: 'received' }>

/** Reading the names of a large share costs time that the peers need. */
const COMPARE_MS = 40

const START_MS_MAX = 15_000

/** Differences listed one by one. */
const DIFFERENCES_SHOWN_MAX = 10

export class Stage {
  readonly screen: Screen
  readonly sandbox: Sandbox
  readonly a: Peer
  readonly b: Peer
  readonly c: Peer
  /** The content that every share must hold, by digest. */
  private readonly wanted: Tree = new Map()
  /** In this phase so far; what a killed process sent is in no summary and not counted. */
  private crossedBytes = 0
  private socketBytes = 0
  private busyMs = 0
  private onReceived: ((peer: Peer, event: Received) => void) | undefined

  static async open(screen: Screen, sandbox: Sandbox): Promise<Stage> {
    const endpoints = await freeEndpoints(3)
    const peers = ['A', 'B', 'C'].map((name, index) => {
      const endpoint = endpoints[index]!
      const share = sandbox.path(name, 'share')
      const config = sandbox.path(name, 'config')
      return sandbox.adopt(
        new Peer({ name, endpoint, share, config, others: addressesOfOthers(endpoints, endpoint) }),
      )
    })
    const stage = new Stage(screen, sandbox, peers)
    const at = peers.map(({ name }, index) => `${name} on ${endpointText(endpoints[index]!)}`)
    screen.say(`three peers: ${at.join(', ')}; shares in ${sandbox.folder}`)
    return stage
  }

  private constructor(screen: Screen, sandbox: Sandbox, peers: readonly Peer[]) {
    this.screen = screen
    this.sandbox = sandbox
    this.a = peers[0]!
    this.b = peers[1]!
    this.c = peers[2]!
    for (const peer of this.peers) peer.onEvent = (event) => this.handle(peer, event)
  }

  get peers(): readonly Peer[] {
    return [this.a, this.b, this.c]
  }

  // — What a phase is made of —

  /** Measures the work that counts for the phase. */
  async timed(work: () => Promise<void>): Promise<number> {
    const startMs = performance.now()
    await work()
    const tookMs = performance.now() - startMs
    this.busyMs += tookMs
    return tookMs / 1_000
  }

  /** Starts them and waits until they know each other and that they hold the same. */
  async start(peers: readonly Peer[]): Promise<void> {
    for (const peer of peers) peer.start()
    const isReady = () => peers.every((peer) => peer.inStep.size >= peers.length - 1)
    await this.waitFor(peers, 'the peers to find each other in step', isReady, START_MS_MAX)
  }

  /** A file or folder that is not in any share yet. */
  staged(name: string): string {
    return this.sandbox.path('staged', name)
  }

  /** Says what all shares must hold from now on; digests are taken here, before any peer has seen it. */
  async expect(name: string, path = this.staged(name)): Promise<void> {
    for (const [found, what] of await digestsAs(name, path)) this.wanted.set(found, what)
  }

  /** Moves what was staged into a share, whole and at once. */
  async drop(name: string, peer: Peer): Promise<void> {
    await mkdir(peer.share, { recursive: true })
    await rename(this.staged(name), `${peer.share}/${name}`)
  }

  /** Until the peers hold every path that is expected, by name and size. */
  async waitForAll(peers: readonly Peer[], what: string, timeoutMs: number): Promise<void> {
    const lacking = new Set(peers)
    const isDone = async () => {
      for (const peer of lacking) if (await this.hasAll(peer)) lacking.delete(peer)
      return lacking.size === 0
    }
    await this.waitFor(peers, what, isDone, timeoutMs)
  }

  async hasAll(peer: Peer): Promise<boolean> {
    const found = await readSizes(peer.share).catch((): Tree => new Map())
    return differences(sizesOf(this.wanted), found).length === 0
  }

  /** Until each of the peers has received `path` anew; `onReceived` is told of each as it happens. */
  async waitForNew(
    path: string,
    peers: readonly Peer[],
    onReceived: (peer: Peer, event: Received) => void,
    timeoutMs: number,
  ): Promise<void> {
    const lacking = new Set(peers)
    this.onReceived = (peer, event) => {
      if (event.path === path && lacking.delete(peer)) onReceived(peer, event)
    }
    await this.waitFor(this.peers, `${path} to arrive anew`, () => lacking.size === 0, timeoutMs)
    this.onReceived = undefined
  }

  async waitFor(
    peers: readonly Peer[],
    what: string,
    isDone: () => boolean | Promise<boolean>,
    timeoutMs: number,
  ): Promise<void> {
    const waiting = waitForPeers(peers, what, isDone, { timeoutMs, pollMs: COMPARE_MS })
    await this.screen.during(() => this.status(), waiting)
  }

  /** Stops the peers, so that their sockets' counters belong to this phase alone, and compares every file. */
  async finishPhase(name: string): Promise<PhaseResult> {
    const startMs = performance.now()
    const summaries = await Promise.all(
      this.peers.filter((peer) => peer.isRunning).map((peer) => peer.stop()),
    )
    const stopMs = Math.round(performance.now() - startMs)
    for (const { sentBytes } of summaries) this.socketBytes += sentBytes
    const lines = await this.screen.during(
      () => 'comparing every file by SHA-256',
      Promise.all(this.peers.map((peer) => this.compare(peer))),
    )
    const result: PhaseResult = {
      name,
      seconds: this.busyMs / 1_000,
      crossedBytes: this.crossedBytes,
      socketBytes: this.socketBytes,
      files: fileCount(this.wanted),
      differences: lines.flat(),
    }
    this.screen.say(
      result.differences.length === 0
        ? `all stopped in ${stopMs} ms; A, B and C hold the same by SHA-256: ${formatFiles(result.files)}`
        : `${result.differences.length} differences`,
    )
    for (const line of result.differences.slice(0, DIFFERENCES_SHOWN_MAX)) this.screen.line(`    ${line}`)
    this.busyMs = 0
    this.crossedBytes = 0
    this.socketBytes = 0
    return result
  }

  // — Below —

  private async compare(peer: Peer): Promise<string[]> {
    const found = await readDigests(peer.share)
    return differences(this.wanted, found).map((line) => `${peer.name} ${line}`)
  }

  private handle(peer: Peer, event: PeerEvent): void {
    if (event.event === 'received') {
      this.crossedBytes += event.crossedBytes
      this.onReceived?.(peer, event)
    }
    const tell = (text: string) => this.screen.say(`${peer.name} ${text}`)
    if (event.event === 'conflict') tell(`made a conflict copy of ${event.path}: ${event.kept}`)
    else if (event.event === 'problem') tell(`has a problem with ${event.path}: ${event.reason}`)
    else if (event.event === 'abandoned') tell(`stopped fetching ${event.path}: ${event.reason}`)
    else if (event.event === 'paused') tell(`paused: ${event.reason}`)
    else if (event.event === 'fetching' && event.resumedBytes > 0) {
      tell(`goes on with ${event.path} where it was: ${formatBytes(event.resumedBytes)} are there`)
    }
  }

  private status(): string {
    return this.peers.map((peer) => `${peer.name} ${stateOf(peer)}`).join('  ')
  }
}

function stateOf(peer: Peer): string {
  if (!peer.isRunning) return 'down'
  const { totals } = peer
  if (totals === undefined || totals.files === totals.filesWanted) return 'idle'
  const percent = totals.bytesWanted > 0 ? Math.floor((100 * totals.bytes) / totals.bytesWanted) : 0
  return `${percent}% of ${formatBytes(totals.bytesWanted)}, ${formatRate(totals.bytesPerS)}`
}
