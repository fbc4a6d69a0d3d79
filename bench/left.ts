// LEFT on both stands of a road: started anew for each transfer, in step before it begins.

import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Peer, waitForPeers } from '../scripts/peers/peer.js'
import type { Workshop } from '../scripts/peers/workshop.js'
import type { PeerEvent } from '../src/app/events.js'
import type { Road, Stand } from './road.js'
import { crossedBetween, type Transfer, verify } from './transfer.js'
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

/** One file from the source to the sink. */
export async function transferWithLeft(
  workshop: Workshop,
  road: Road,
  { file, options }: { file: string; options: readonly string[] },
): Promise<Transfer> {
  const pair = new LeftPair({ workshop, source: road.source, sink: road.sink, options })
  try {
    await pair.start()
    let received: Extract<PeerEvent, { event: 'received' }> | undefined
    let receivedAtMs = 0
    pair.listen((event) => {
      if (event.event !== 'received') return
      received = event
      receivedAtMs = performance.now()
    })
    linkSync(file, pair.path('file.bin'))
    const crossed = await road.crossed()
    const before = usageOf(pair.pids)
    const beganAtMs = performance.now()
    pair.drop(pair.path('file.bin'), 'file.bin')
    await pair.until('the file', () => received !== undefined)
    const after = usageOf(pair.pids)
    const crossedAfter = await road.crossed()
    await verify(file, join(pair.sink.share, 'file.bin'))
    return {
      bytes: received!.bytes,
      seconds: received!.durationMs / 1_000,
      wholeSeconds: (receivedAtMs - beganAtMs) / 1_000,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      peakRssBytes: after.peakRssBytes,
      crossed: crossedBetween(crossed, crossedAfter),
    }
  } finally {
    await pair.close()
  }
}
