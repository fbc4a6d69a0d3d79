// LEFT on the hosts of a testbed, one source and one sink or several: started anew for each transfer, in step before it
// begins.

import { cpSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Peer, waitForPeers } from '../harness/peers/peer.js'
import type { Sandbox } from '../harness/peers/sandbox.js'
import { sleep } from '../harness/peers/wait.js'
import type { PeerEvent } from '../src/app/events.js'
import type { Crossed, Testbed, TestbedHost } from './testbed.js'
import { crossedBetween, type Job, type Receipt, type Transfer } from './transfer.js'
import { machineCpu, usageOf } from './usage.js'

const START_MS_MAX = 60_000
const TRANSFER_MS_MAX = 120_000
const POLL_MS = 5

/** A testbed may have one sink, or several that know each other. */
export interface GroupTestbed {
  readonly source: TestbedHost
  readonly sinks: readonly TestbedHost[]
  crossed(): Promise<Crossed>
}

export interface GroupOptions {
  readonly sandbox: Sandbox
  readonly source: TestbedHost
  readonly sinks: readonly TestbedHost[]
  readonly options: readonly string[]
  /** Distinguishes groups that run at the same time. */
  readonly name?: string
  /** Added to the port of each host. */
  readonly portOffset?: number
  /** Another build than that of this checkout. */
  readonly program?: string | undefined
}

let groupCount = 0

/** Peers whose shares are empty. */
export class LeftGroup {
  readonly source: Peer
  readonly sinks: readonly Peer[]
  private readonly folder: string
  private readonly listeners = new Set<(event: PeerEvent, peer: Peer) => void>()

  constructor({ sandbox, source, sinks, options, name = 'group', portOffset = 0, program }: GroupOptions) {
    this.folder = sandbox.path(`${name}-${groupCount++}`)
    const hosts = [source, ...sinks]
    const peers = hosts.map((own, index) => {
      const others = hosts.filter((host) => host !== own).map((host) => addressOf(host, portOffset))
      const letter = String.fromCharCode(65 + index)
      const peer = sandbox.adopt(
        new Peer({
          name: letter,
          endpoint: { host: own.endpoint.host, port: own.endpoint.port + portOffset },
          share: join(this.folder, letter),
          others,
          options,
          // Kept from group to group: making an identity takes a second.
          config: sandbox.path(`config-${name}-${letter}`),
          namespace: own.namespace,
          program,
        }),
      )
      mkdirSync(peer.share, { recursive: true })
      peer.onEvent = (event) => {
        for (const listener of this.listeners) listener(event, peer)
      }
      return peer
    })
    this.source = peers[0]!
    this.sinks = peers.slice(1)
  }

  get peers(): readonly Peer[] {
    return [this.source, ...this.sinks]
  }

  get pids(): number[] {
    return this.peers.map(({ pid }) => pid).filter((pid) => pid !== undefined)
  }

  /** Answers a function that ends it. */
  listen(listener: (event: PeerEvent, peer: Peer) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async start(): Promise<void> {
    for (const peer of this.peers) peer.start()
    const others = this.peers.length - 1
    const isReady = () => this.peers.every(({ inStep }) => inStep.size >= others)
    await this.until('all to be in step', isReady, START_MS_MAX)
  }

  /** Makes a copy of a file or folder beside the shares, for `drop`. A file that will not change is only linked. */
  prepare(path: string): void {
    const copy = join(this.folder, basename(path))
    if (statSync(path).isFile()) linkSync(path, copy)
    else cpSync(path, copy, { recursive: true, preserveTimestamps: true })
  }

  /** Puts what was prepared into the source's share, in an instant. */
  drop(name: string): void {
    renameSync(join(this.folder, name), join(this.source.share, name))
  }

  until(what: string, isDone: () => boolean, timeoutMs = TRANSFER_MS_MAX): Promise<void> {
    return waitForPeers(this.peers, what, isDone, { timeoutMs, pollMs: POLL_MS })
  }

  /** Stops all; they may start again. */
  async stop(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.stop()))
  }

  /** Stops all and removes what they had. */
  async close(): Promise<void> {
    try {
      await this.stop()
    } finally {
      for (const peer of this.peers) peer.killNow()
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    }
  }
}

/** A relay's host has a port of its own. */
function addressOf({ address, endpoint }: TestbedHost, portOffset: number): string {
  return address.includes(':') ? address : `${address}:${endpoint.port + portOffset}`
}

export function groupTestbedOf(testbed: Testbed): GroupTestbed {
  return { source: testbed.source, sinks: [testbed.sink], crossed: () => testbed.crossed() }
}

/** One file, or a folder with many, from the source to all sinks, by peers that have just started. */
export async function transferWithLeft(
  sandbox: Sandbox,
  testbed: GroupTestbed,
  { job, options, fileCount = 1 }: { job: Job; options: readonly string[]; fileCount?: number },
): Promise<Transfer> {
  const { source, sinks } = testbed
  const group = new LeftGroup({ sandbox, source, sinks, options })
  try {
    await group.start()
    return await transferWithin(group, testbed, { job, fileCount })
  } finally {
    await group.close()
  }
}

/** The same by peers that are in step. `restMs` is how long their processor time counts on afterwards. */
export async function transferWithin(
  group: LeftGroup,
  testbed: GroupTestbed,
  { job, fileCount = 1, restMs = 0 }: { job: Job; fileCount?: number; restMs?: number },
): Promise<Transfer> {
  let receivedCount = 0
  let requestedAtMs = Number.POSITIVE_INFINITY
  let receivedAtMs = 0
  let wholeAtMs = 0
  let receipt: Receipt | undefined
  const stopListening = group.listen((event) => {
    if (event.event === 'receipt') receipt = event
    if (event.event !== 'received') return
    receivedCount++
    // The peer's own clock, which our reading of its events does not delay.
    receivedAtMs = timeOf(event)
    requestedAtMs = Math.min(requestedAtMs, receivedAtMs - event.durationMs)
    wholeAtMs = performance.now()
  })
  group.prepare(job.source)
  const crossed = await testbed.crossed()
  const before = usageOf(group.pids)
  const machineBefore = machineCpu()
  const beganAtMs = performance.now()
  group.drop(basename(job.source))
  await group.until('all files', () => receivedCount >= fileCount * group.sinks.length)
  if (restMs > 0) await sleep(restMs)
  const machineAfter = machineCpu()
  const after = usageOf(group.pids)
  const crossedAfter = await testbed.crossed()
  stopListening()
  for (const sink of group.sinks) await job.check(join(sink.share, basename(job.source)))
  return {
    bytes: job.bytes,
    seconds: (receivedAtMs - requestedAtMs) / 1_000,
    wholeSeconds: (wholeAtMs - beganAtMs) / 1_000,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    cpuOfEach: after.ofEach.map(({ user, system }, index) => ({
      user: user - before.ofEach[index]!.user,
      system: system - before.ofEach[index]!.system,
    })),
    machine: {
      busy: machineAfter.busy - machineBefore.busy,
      softirq: machineAfter.softirq - machineBefore.softirq,
    },
    peakRssBytes: after.peakRssBytes,
    peaks: after.peaks,
    crossed: crossedBetween(crossed, crossedAfter),
    receipt,
  }
}

/** When a peer says that something happened, in milliseconds. */
export function timeOf(event: PeerEvent): number {
  return Date.parse((event as PeerEvent & { readonly time: string }).time)
}
