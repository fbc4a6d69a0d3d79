// The UDP socket of the engine: what arrives is handed over as it comes, what is sent is cut into datagrams.
// The engine's loop opens one and drains the endpoint into it. Node's socket is always there; where the kernel can
// do more, offload.ts does the bulk of the work beside it, and what that refuses goes through Node's.
//
// Measured on Node 20, process to process over loopback, four cores: it sends 600,000 datagrams of 1,472
// bytes a second, and 20% fewer without the synchronous `lookup` below (even a literal address takes a tick
// through node:dns); it receives 290,000 (423 MB/s), or 175,000 of 65,337 bytes (11.4 GB/s). A callback for
// each send costs nothing measurable, so all have the same one and failures are counted.

import type { RemoteInfo, Socket } from 'node:dgram'
import {
  ADDRESS_CACHE_COUNT_MAX,
  RECEIVED_PER_TURN_MAX,
  SEND_QUEUE_BYTES_MAX,
  SEND_QUEUE_DATAGRAMS_MAX,
  SOCKET_BUFFER_BYTES,
  SOCKET_BUFFER_BYTES_MIN,
} from '../limits.js'
import { type Address, formatAddress, type HostPort, mapped, parseAddress, unmapped } from './address.js'
import { AddressTexts } from './address-texts.js'
import { type BindOptions, bindSocket } from './bind.js'
import type { Native } from './native.js'
import { Offload } from './offload.js'
import { encodeSocketAddress } from './socket-address.js'

export interface UdpOptions extends BindOptions {
  /** Called for every datagram, or for several that the kernel merged: end to end, `segmentBytes` each but the last,
   *  which may be shorter. Only without `offload` are they always single, and their bytes fresh; else valid during the
   *  call only. */
  readonly onDatagram: (from: Address, bytes: Uint8Array, segmentBytes: number) => void
  /** Where it is wanted and there. */
  readonly offload?: OffloadOptions | undefined
  /** Called once after the datagrams that one turn of the event loop brought: the moment to drain machines.
   *  */
  readonly onReadable?: () => void
  /** Called when `hasRoom` has answered no and would now answer yes. */
  readonly onRoom?: () => void
}

export interface OffloadOptions {
  readonly native: Native
  /** How long the first of several merged datagrams is, as their content tells: of what Node received, the kernel
   *  does not say. */
  readonly firstDatagramBytes: (merged: Uint8Array) => number
}

export interface UdpCounters {
  datagramsIn: number
  bytesIn: number
  datagramsOut: number
  bytesOut: number
  /** Sends that failed, and the code of the last one (ENOBUFS, EPERM, ENETUNREACH, EMSGSIZE…). */
  sendErrors: number
  lastSendError: string
  receiveErrors: number
}

interface Target extends HostPort {
  /** The same for the kernel; undefined where only Node can send to it. */
  readonly socketAddress: Uint8Array | undefined
}

/** Datagrams that the kernel had no room for. */
interface Held {
  readonly target: Target
  readonly bytes: Uint8Array
  readonly segmentBytes: number
}

export class UdpSocket {
  readonly counters: UdpCounters = {
    datagramsIn: 0,
    bytesIn: 0,
    datagramsOut: 0,
    bytesOut: 0,
    sendErrors: 0,
    lastSendError: '',
    receiveErrors: 0,
  }
  /** Buffers that the kernel granted, in bytes of payload that can be counted on. */
  readonly receiveBufferBytes: number
  readonly sendBufferBytes: number

  private readonly socket: Socket
  private readonly options: UdpOptions
  private readonly dualStack: boolean
  private readonly senders = new AddressTexts()
  private readonly targets = new Map<Address, Target>()
  private readonly offload: Offload | undefined
  /** Goes on as soon as its first datagram has, which Node waits with for room. */
  private held: Held | undefined
  private receivedLeft = RECEIVED_PER_TURN_MAX
  private waitingForRoom = false
  private readableScheduled = false
  private closed = false

  /** Throws a LeftError 'port-in-use' where that address and port cannot be had. */
  static async open(options: UdpOptions): Promise<UdpSocket> {
    const { socket, family } = await bindSocket(options)
    return new UdpSocket(socket, options, family)
  }

  private constructor(socket: Socket, options: UdpOptions, family: 4 | 6) {
    this.socket = socket
    this.options = options
    this.dualStack = family === 6
    enlarge((sizeBytes) => socket.setRecvBufferSize(sizeBytes))
    enlarge((sizeBytes) => socket.setSendBufferSize(sizeBytes))
    // Afterwards, because it may be allowed more.
    this.offload = options.offload && attached(options.offload.native, socket)
    this.receiveBufferBytes = payloadBytes(socket.getRecvBufferSize())
    this.sendBufferBytes = payloadBytes(socket.getSendBufferSize())
    socket.on('message', (bytes, from) => this.received(bytes, from))
    socket.on('error', () => this.counters.receiveErrors++)
  }

  get port(): number {
    return this.socket.address().port
  }

  /** Where this socket listens, as text for the person. */
  get listening(): Address {
    const { address, port } = this.socket.address()
    return formatAddress(unmapped(address), port)
  }

  /** How datagrams go and come. */
  get offloads(): { readonly segments: boolean; readonly merges: boolean } {
    return { segments: this.offload?.canSegment ?? false, merges: this.offload?.merges ?? false }
  }

  /** Whether its family of addresses is one of this socket. */
  canReach(address: Address): boolean {
    return this.targetOf(address) !== undefined
  }

  /** Cuts `bytes` into datagrams of `segmentBytes` (the last may be shorter) and sends them. Never throws for
   *  what the network does: a datagram that cannot be sent is one that was lost. Answers whether the kernel has
   *  taken them: if not, it may take them later, and the bytes must never change. */
  send(outgoing: { to: Address; bytes: Uint8Array; segmentBytes: number }): boolean {
    const target = this.targetOf(outgoing.to)
    if (this.closed || target === undefined) {
      this.countFailure(this.closed ? 'closed' : 'EAFNOSUPPORT')
      return true
    }
    const { bytes, segmentBytes } = outgoing
    if (this.held !== undefined || !this.sendAtOnce(bytes, target, segmentBytes)) {
      this.sendEach(bytes, target, segmentBytes)
    }
    return this.held === undefined && this.socket.getSendQueueCount() === 0
  }

  /** In one call, where that can be. What finds no room is held, and until it has gone there is none for anything. */
  private sendAtOnce(bytes: Uint8Array, target: Target, segmentBytes: number): boolean {
    const { offload } = this
    if (offload === undefined || target.socketAddress === undefined || this.socket.getSendQueueCount() > 0)
      return false
    const result = offload.send(target.socketAddress, bytes, segmentBytes)
    if (result === 'refused') return false
    if (result === 'full' && bytes.length > segmentBytes) this.hold({ target, bytes, segmentBytes })
    else if (result === 'full') return false
    else this.countSent(bytes.length, segmentBytes)
    return true
  }

  /** Node waits for room with the first datagram; the rest goes when it has gone. */
  private hold({ target, bytes, segmentBytes }: Held): void {
    this.held = { target, bytes: bytes.subarray(segmentBytes), segmentBytes }
    this.sendOne(bytes.subarray(0, segmentBytes), target)
  }

  private sendHeld(): void {
    const { held } = this
    if (held === undefined || this.socket.getSendQueueCount() > 0 || this.closed) return
    this.held = undefined
    if (!this.sendAtOnce(held.bytes, held.target, held.segmentBytes))
      this.sendEach(held.bytes, held.target, held.segmentBytes)
  }

  private sendEach(bytes: Uint8Array, target: Target, segmentBytes: number): void {
    if (bytes.length <= segmentBytes) {
      this.sendOne(bytes, target)
      return
    }
    for (let offset = 0; offset < bytes.length; offset += segmentBytes) {
      this.sendOne(bytes.subarray(offset, offset + segmentBytes), target)
    }
  }

  /** Whether the kernel keeps up. Where it does not, hold datagrams back until `onRoom`. */
  hasRoom(): boolean {
    if (this.closed) return false
    const room =
      this.held === undefined &&
      this.socket.getSendQueueCount() <= SEND_QUEUE_DATAGRAMS_MAX &&
      this.socket.getSendQueueSize() <= SEND_QUEUE_BYTES_MAX
    if (!room) this.waitingForRoom = true
    return room
  }

  close(): Promise<void> {
    if (this.closed) return Promise.resolve()
    this.closed = true
    return new Promise((resolve) => {
      this.socket.close(() => resolve())
    })
  }

  private sendOne(bytes: Uint8Array, target: HostPort): void {
    this.countSent(bytes.length, bytes.length)
    try {
      this.socket.send(bytes, target.port, target.host, this.sent)
    } catch (error) {
      this.countFailure((error as NodeJS.ErrnoException).code ?? 'unknown')
      this.held = undefined // nothing would tell when to go on
    }
  }

  private readonly sent = (error: NodeJS.ErrnoException | null): void => {
    if (error !== null) this.countFailure(error.code ?? 'unknown')
    this.sendHeld()
    if (!this.waitingForRoom || !this.hasRoom()) return
    this.waitingForRoom = false
    this.options.onRoom?.()
  }

  private countSent(bytes: number, segmentBytes: number): void {
    this.counters.datagramsOut += datagramCount(bytes, segmentBytes)
    this.counters.bytesOut += bytes
  }

  private countFailure(code: string): void {
    this.counters.sendErrors++
    this.counters.lastSendError = code
  }

  private received(message: Buffer, from: RemoteInfo): void {
    const { offload } = this
    // Views of a Buffer cost several times what those of its bytes do.
    const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length)
    const segmentBytes =
      offload?.merges === true ? this.options.offload?.firstDatagramBytes(bytes) : undefined
    this.hand(this.senders.textOf(from), bytes, segmentBytes ?? bytes.length)
    if (offload !== undefined) this.receiveMore(offload)
    if (this.readableScheduled) return
    this.readableScheduled = true
    // libuv reads up to 32 datagrams in its poll phase; immediates run after that phase.
    setImmediate(this.announceReadable)
  }

  /** Node brought the first of what has come, and so told that there is something. The rest is cheaper from here;
   *  but what has come is to be answered some time. */
  private receiveMore(offload: Offload): void {
    while (this.receivedLeft > 0 && !this.closed) {
      const result = offload.receive()
      if (result === 'empty') return
      this.receivedLeft -= result === 'more' ? datagramCount(offload.bytes.length, offload.segmentBytes) : 1
      const from = result === 'more' ? offload.sender : undefined
      if (from === undefined) this.counters.receiveErrors++
      else
        this.hand(
          this.senders.textOf({ address: from.host, port: from.port }),
          offload.bytes,
          offload.segmentBytes,
        )
    }
  }

  private hand(from: Address, bytes: Uint8Array, segmentBytes: number): void {
    this.counters.datagramsIn += datagramCount(bytes.length, segmentBytes)
    this.counters.bytesIn += bytes.length
    if (!this.closed) this.options.onDatagram(from, bytes, segmentBytes)
  }

  private readonly announceReadable = (): void => {
    this.readableScheduled = false
    this.receivedLeft = RECEIVED_PER_TURN_MAX
    if (!this.closed) this.options.onReadable?.()
  }

  private targetOf(address: Address): Target | undefined {
    const known = this.targets.get(address)
    if (known !== undefined) return known
    const parsed = parseAddress(address)
    if (parsed === undefined || parsed.port === 0) return undefined
    if (!this.dualStack && parsed.host.includes(':')) return undefined
    const host = this.dualStack ? mapped(parsed.host) : parsed.host
    const native = this.offload && this.options.offload?.native
    const socketAddress = native && encodeSocketAddress({ host, port: parsed.port }, native)
    const target = { host, port: parsed.port, socketAddress }
    if (this.targets.size >= ADDRESS_CACHE_COUNT_MAX) this.targets.clear()
    this.targets.set(address, target)
    return target
  }
}

function datagramCount(bytes: number, segmentBytes: number): number {
  return bytes <= segmentBytes ? 1 : Math.ceil(bytes / segmentBytes)
}

function attached(native: Native, socket: Socket): Offload | undefined {
  const { address, port } = socket.address()
  return Offload.attach(native, { host: unmapped(address), port })
}

/** Asks for the largest buffer and then for less: Linux clamps silently, others refuse what is too much. */
function enlarge(set: (sizeBytes: number) => void): void {
  for (let sizeBytes = SOCKET_BUFFER_BYTES; sizeBytes >= SOCKET_BUFFER_BYTES_MIN; sizeBytes /= 2) {
    try {
      set(sizeBytes)
      return
    } catch {
      // Smaller, then.
    }
  }
}

/** Linux reports twice what a buffer holds, the other half being for its own bookkeeping (socket(7)). */
function payloadBytes(reportedBytes: number): number {
  return process.platform === 'linux' ? reportedBytes / 2 : reportedBytes
}
