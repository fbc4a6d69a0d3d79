// One transfer over a testbed, by LEFT or by another program: what was moved, how long it took, what it cost.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { PeerEvent } from '../src/app/events.js'
import type { Crossed } from './testbed.js'
import type { Cpu, MachineCpu } from './usage.js'

export type Receipt = Extract<PeerEvent, { event: 'receipt' }>

export interface Transfer {
  readonly bytes: number
  /** From the first request for the content until the sink has all of it in its place. */
  readonly seconds: number
  /** LEFT: from its appearance in the source's share, with noticing, hashing and announcing. Others: the same as
   *  `seconds`, since somebody has to start them. */
  readonly wholeSeconds: number
  /** During `wholeSeconds`, both ends. */
  readonly cpuSeconds: number
  /** LEFT: of each peer, the source first; and of the machine, whoever used it. */
  readonly cpuOfEach?: readonly Cpu[]
  readonly machine?: MachineCpu
  readonly peakRssBytes: number
  /** Peak of each process of LEFT: engine and watcher of the source, then of each sink. */
  readonly peaks: readonly number[]
  readonly crossed: Crossed
  /** LEFT's own figures of the transfer. */
  readonly receipt?: Receipt | undefined
}

/** `source` is a file or a folder, alone in its folder; `check` throws unless the copy holds the same. */
export interface Job {
  readonly source: string
  readonly bytes: number
  readonly check: (copy: string) => Promise<void>
}

export function crossedBetween(before: Crossed, after: Crossed): Crossed {
  return {
    packets: after.packets - before.packets,
    bytes: after.bytes - before.bytes,
    lostPackets: after.lostPackets - before.lostPackets,
    droppedPackets: after.droppedPackets - before.droppedPackets,
  }
}

export async function digestOf(path: string): Promise<string> {
  const digest = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), digest)
  return digest.digest('hex')
}

/** Throws unless the two files hold the same bytes. */
export async function verify(source: string, copy: string): Promise<void> {
  const [wanted, got] = [await digestOf(source), await digestOf(copy)]
  if (wanted !== got) throw new Error(`${copy} is not ${source}: ${got} instead of ${wanted}`)
}
