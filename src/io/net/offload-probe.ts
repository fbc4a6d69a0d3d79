// Whether offload is worth it on this machine, found out at start: two sockets of our own on loopback send each other
// what a block makes, by Node alone and with offload, and the clock decides. Takes a few milliseconds. What a real
// interface refuses later is noticed when it does (offload.ts).

import { nowMs } from '../clock.js'
import { PROBE_BUNDLES, PROBE_MS_MAX, PROBE_ROUNDS } from '../limits.js'
import { loadNative, type Native } from './native.js'
import { UdpSocket } from './udp.js'

const SEGMENT_BYTES = 1_472
const SEGMENTS = 44
const LOOPBACK = '127.0.0.1'

export interface OffloadChoice {
  /** For `UdpSocket.open`; undefined where Node alone is faster, or all there is. */
  readonly native: Native | undefined
  /** For the person who wants to know why. */
  readonly why: string
}

export async function chooseOffload(isWanted: boolean): Promise<OffloadChoice> {
  if (!isWanted) return { native: undefined, why: 'not wanted' }
  const native = await loadNative()
  if (native === undefined) return { native, why: 'not on this platform, or koffi is not installed' }
  try {
    return await compare(native)
  } catch (error) {
    return { native: undefined, why: `not usable: ${String(error)}` }
  }
}

async function compare(native: Native): Promise<OffloadChoice> {
  const plain = await Lane.open(undefined)
  const offloaded = await Lane.open(native)
  try {
    let plainMs = Number.POSITIVE_INFINITY
    let offloadMs = Number.POSITIVE_INFINITY
    for (let round = 0; round < PROBE_ROUNDS; round++) {
      plainMs = Math.min(plainMs, await plain.timeMs())
      offloadMs = Math.min(offloadMs, await offloaded.timeMs())
    }
    const why = `${offloadMs.toFixed(3)} ms a block with it, ${plainMs.toFixed(3)} ms without`
    return offloadMs < plainMs ? { native, why } : { native: undefined, why }
  } finally {
    await Promise.all([plain.close(), offloaded.close()])
  }
}

/** A sender and a receiver. */
class Lane {
  private awaitedBytes = 0
  private isIntact = true
  private arrived: () => void = () => {}

  static async open(native: Native | undefined): Promise<Lane> {
    const lane = new Lane()
    // Whatever the kernel merged of ours was cut so.
    const firstDatagramBytes = (merged: Uint8Array) => Math.min(SEGMENT_BYTES, merged.length)
    const offload = native && { native, firstDatagramBytes }
    const options = { port: 0, bind: LOOPBACK, ipv6: false, offload }
    lane.receiver = await UdpSocket.open({
      ...options,
      onDatagram: (_from, bytes, segmentBytes) => lane.handle(bytes, segmentBytes),
    })
    lane.sender = await UdpSocket.open({ ...options, onDatagram: () => {} })
    return lane
  }

  private sender!: UdpSocket
  private receiver!: UdpSocket
  private readonly bytes = new Uint8Array(SEGMENTS * SEGMENT_BYTES).map((_, index) => index % 251)

  /** A block's time across, in milliseconds; infinite where not all of it came, or not as it was sent. */
  async timeMs(): Promise<number> {
    this.awaitedBytes = PROBE_BUNDLES * this.bytes.length
    const outgoing = { to: this.receiver.listening, bytes: this.bytes, segmentBytes: SEGMENT_BYTES }
    const startMs = nowMs()
    const whole = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), PROBE_MS_MAX)
      this.arrived = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
    for (let count = 0; count < PROBE_BUNDLES; count++) this.sender.send(outgoing)
    const isWhole = await whole
    return isWhole && this.isIntact ? (nowMs() - startMs) / PROBE_BUNDLES : Number.POSITIVE_INFINITY
  }

  async close(): Promise<void> {
    await Promise.all([this.sender.close(), this.receiver.close()])
  }

  private handle(bytes: Uint8Array, segmentBytes: number): void {
    if (bytes.length > SEGMENT_BYTES && segmentBytes !== SEGMENT_BYTES) this.isIntact = false
    this.awaitedBytes -= bytes.length
    if (this.awaitedBytes <= 0) this.arrived()
  }
}
