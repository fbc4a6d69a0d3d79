// LEFT on both stands of a road: started anew for each transfer, in step before it begins.

import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Peer, waitForPeers } from '../scripts/peers/peer.js'
import type { Workshop } from '../scripts/peers/workshop.js'
import type { PeerEvent } from '../src/app/events.js'
import type { Road, Stand } from './road.js'
import { crossedBetween, type Job, type Transfer } from './transfer.js'
import { usageOf } from './usage.js'

const START_MS_MAX = 60_000
const TRANSFER_MS_MAX = 120_000
const POLL_MS = 5

export interface PairOptions {
  readonly workshop: Workshop
  readonly source: Stand
  readonly sink: Stand
  readonly options: readonly string[]
  /** Distinguishes pairs that run at the same time. */
  readonly name?: string
  /** Added to the port of each stand. */
  readonly portOffset?: number
}

let pairCount = 0

/** Two peers whose shares are empty. */
export class LeftPair {
  readonly source: Peer
  readonly sink: Peer
  private readonly folder: string
  private readonly listeners = new Set<(event: PeerEvent, peer: Peer) => void>()

  constructor({ workshop, source, sink, options, name = 'pair', portOffset = 0 }: PairOptions) {
    this.folder = workshop.path(`${name}-${pairCount++}`)
    const peerOf = (letter: string, own: Stand, other: Stand) => {
      const port = own.place.port + portOffset
      const others = [
        other.address.includes(':') ? other.address : `${other.address}:${other.place.port + portOffset}`,
      ]
      const peer = workshop.adopt(
        new Peer({
          name: letter,
          place: { host: own.place.host, port },
          share: join(this.folder, letter),
          others,
          options,
          // Kept from pair to pair: making an identity takes a second.
          config: workshop.path(`config-${name}-${letter}`),
          namespace: own.namespace,
        }),
      )
      mkdirSync(peer.share, { recursive: true })
      peer.onEvent = (event) => {
        for (const listener of this.listeners) listener(event, peer)
      }
      return peer
    }
    this.source = peerOf('A', source, sink)
    this.sink = peerOf('B', sink, source)
  }

  get pids(): number[] {
    return [this.source.pid, this.sink.pid].filter((pid) => pid !== undefined)
  }

  /** Answers a function that ends it. */
  listen(listener: (event: PeerEvent, peer: Peer) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async start(): Promise<void> {
    this.source.start()
    this.sink.start()
    await this.until(
      'both to be in step',
      () => this.source.inStep.size > 0 && this.sink.inStep.size > 0,
      START_MS_MAX,
    )
  }

  /** Puts a file or a folder that stands beside the shares, on the same file system, into the source's. */
  drop(path: string, name: string): void {
    renameSync(path, join(this.source.share, name))
  }

  /** A path beside the shares. */
  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  until(what: string, isDone: () => boolean, timeoutMs = TRANSFER_MS_MAX): Promise<void> {
    return waitForPeers([this.source, this.sink], what, isDone, { timeoutMs, pollMs: POLL_MS })
  }

  /** Stops both and removes what they had. */
  async close(): Promise<void> {
    try {
      await Promise.all([this.source.stop(), this.sink.stop()])
    } finally {
      this.source.killNow()
      this.sink.killNow()
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    }
  }
}

/** One file, or a folder with many, from the source to the sink. */
export async function transferWithLeft(
  workshop: Workshop,
  road: Road,
  { job, options, fileCount = 1 }: { job: Job; options: readonly string[]; fileCount?: number },
): Promise<Transfer> {
  const pair = new LeftPair({ workshop, source: road.source, sink: road.sink, options })
  try {
    await pair.start()
    let receivedCount = 0
    let requestedAtMs = Number.POSITIVE_INFINITY
    let receivedAtMs = 0
    let wholeAtMs = 0
    pair.listen((event) => {
      if (event.event !== 'received') return
      receivedCount++
      // The peer's own clock, which our reading of its events does not delay.
      receivedAtMs = timeOf(event)
      requestedAtMs = Math.min(requestedAtMs, receivedAtMs - event.durationMs)
      wholeAtMs = performance.now()
    })
    const name = basename(job.source)
    // What is dropped is moved; the job's own stays for comparing.
    cpSync(job.source, pair.path(name), { recursive: true, preserveTimestamps: true })
    const crossed = await road.crossed()
    const before = usageOf(pair.pids)
    const beganAtMs = performance.now()
    pair.drop(pair.path(name), name)
    await pair.until('all files', () => receivedCount >= fileCount)
    const after = usageOf(pair.pids)
    const crossedAfter = await road.crossed()
    await job.check(join(pair.sink.share, name))
    return {
      bytes: job.bytes,
      seconds: (receivedAtMs - requestedAtMs) / 1_000,
      wholeSeconds: (wholeAtMs - beganAtMs) / 1_000,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      peakRssBytes: after.peakRssBytes,
      crossed: crossedBetween(crossed, crossedAfter),
    }
  } finally {
    await pair.close()
  }
}

/** When a peer says that something happened, in milliseconds. */
function timeOf(event: PeerEvent): number {
  return Date.parse((event as PeerEvent & { readonly time: string }).time)
}
