// UDP offload: one system call for many datagrams. Beside Node's socket, on the same descriptor, this sends with
// UDP_SEGMENT and receives with UDP_GRO (udp(7)). Used by the socket where `loadNative` found what it takes; all that
// it refuses goes the plain way.
//
// Measured on Node 20 over a veth pair (MTU 1500), process to process, datagrams of 1,472 bytes, four cores:
//
//   sent by Node, one by one       690 MB/s      received by Node, one by one              350 to 500 MB/s
//   UDP_SEGMENT, Node's send     7,800           recvmsg from here, one by one             700 to 1,600
//   UDP_SEGMENT, sendmsg here   24,000           UDP_GRO, by Node                          8,700
//                                                UDP_GRO, recvmsg from here               20,900
//
// (Each pair was run against the fastest of the other side; Node makes a buffer of 64 KiB for every datagram.)

import { readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { DATAGRAM_BYTES_MAX } from '../../base/limits.js'
import { OFFLOAD_SEGMENTS_MAX, SOCKET_BUFFER_BYTES } from '../limits.js'
import type { HostPort } from './address.js'
import type { Native } from './native.js'
import { decodeSocketAddress, SOCKET_ADDRESS_BYTES_MAX } from './socket-address.js'

// From Linux's headers: asm-generic/socket.h, linux/in.h, linux/in6.h, linux/udp.h, linux/socket.h.
const SOL_SOCKET = 1
const SO_TYPE = 3
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
const SOCK_DGRAM = 2
const IPPROTO_IP = 0
const IP_MTU_DISCOVER = 10
const IPPROTO_IPV6 = 41
const IPV6_MTU_DISCOVER = 23
const PMTUDISC_PROBE = 3
const SOL_UDP = 17
const UDP_SEGMENT = 103
const UDP_GRO = 104
const MSG_TRUNC = 0x20
const MSG_DONTWAIT = 0x40

// struct msghdr and struct iovec
const MESSAGE_BYTES = 56
const NAME_AT = 0
const NAME_BYTES_AT = 8
const VECTOR_AT = 16
const VECTOR_COUNT_AT = 24
const CONTROL_AT = 32
const CONTROL_BYTES_AT = 40
const FLAGS_AT = 48
const VECTOR_BYTES = 16
// struct cmsghdr, and its payload's place
const CONTROL_LEVEL_AT = 8
const CONTROL_TYPE_AT = 12
const CONTROL_VALUE_AT = 16
const CONTROL_ROOM_BYTES = 64
/** CMSG_LEN and CMSG_SPACE of a u16. */
const SEGMENT_CONTROL_BYTES = 18
const SEGMENT_CONTROL_SPACE = 24

/** More than any datagram, merged or not, so that MSG_TRUNC never comes of ours. */
const RECEIVE_BYTES = 65_536

/** 'full': the kernel has no room now. 'refused': not in this way; one by one they may go. */
export type SendResult = 'sent' | 'full' | 'refused'

export type ReceiveResult = 'more' | 'empty' | 'failed'

export class Offload {
  /** Whether bundles go in one call; not any more after an interface refused to cut them. */
  canSegment: boolean
  /** Whether the kernel merges what it receives. */
  readonly merges: boolean

  /** Datagrams that `receive` brought, end to end, valid until the next call. */
  bytes: Uint8Array = new Uint8Array(0)
  /** How long each of them is but the last, which may be shorter. */
  segmentBytes = 0

  private readonly outMessage = Buffer.alloc(MESSAGE_BYTES)
  private readonly outVector = Buffer.alloc(VECTOR_BYTES)
  private readonly outName = Buffer.alloc(SOCKET_ADDRESS_BYTES_MAX)
  private readonly outControl = Buffer.alloc(SEGMENT_CONTROL_SPACE)
  private readonly inMessage = Buffer.alloc(MESSAGE_BYTES)
  private readonly inVector = Buffer.alloc(VECTOR_BYTES)
  private readonly inName = Buffer.alloc(SOCKET_ADDRESS_BYTES_MAX)
  private readonly inControl = Buffer.alloc(CONTROL_ROOM_BYTES)
  /** No Buffer: each view of a Buffer costs several of this. */
  private readonly inBytes = new Uint8Array(RECEIVE_BYTES)
  private readonly lastName = Buffer.alloc(SOCKET_ADDRESS_BYTES_MAX)
  private lastSender: HostPort | undefined

  /** Takes over what it can of the socket that is bound to this port; undefined where that is nothing. */
  static attach(native: Native, bound: HostPort): Offload | undefined {
    const fd = descriptorOf(native, bound)
    return fd === undefined ? undefined : new Offload(native, fd)
  }

  private constructor(
    private readonly native: Native,
    private readonly fd: number,
  ) {
    // Answers 0 where the kernel knows it: from 4.18 on, and 5.0.
    this.canSegment = this.set(SOL_UDP, UDP_SEGMENT, 0)
    this.merges = this.set(SOL_UDP, UDP_GRO, 1)
    // A path's MTU is what arrived, not what the kernel heard: it is to cut nothing. RFC 8899, section 4.4.
    this.set(IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE)
    this.set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE)
    // Beyond net.core.*mem_max, where we may.
    this.set(SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES)
    this.set(SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_BYTES)
    this.layOut()
  }

  /** Sends datagrams laid end to end in one call. */
  send(to: Uint8Array, bytes: Uint8Array, segmentBytes: number): SendResult {
    const isBundle = bytes.length > segmentBytes
    if (isBundle && !(this.canSegment && fitsOneCall(bytes.length, segmentBytes))) return 'refused'
    const { native, outMessage, outVector } = this
    this.outName.set(to)
    outMessage.writeUInt32LE(to.length, NAME_BYTES_AT)
    outVector.writeBigUInt64LE(native.addressOf(bytes), 0)
    outVector.writeUInt32LE(bytes.length, 8)
    outMessage.writeUInt32LE(isBundle ? SEGMENT_CONTROL_SPACE : 0, CONTROL_BYTES_AT)
    this.outControl.writeUInt16LE(isBundle ? segmentBytes : 0, CONTROL_VALUE_AT)
    if (native.sendmsg(this.fd, outMessage, MSG_DONTWAIT) >= 0) return 'sent'
    const errno = native.errno()
    if (errno === constants.errno.EAGAIN || errno === constants.errno.EWOULDBLOCK) return 'full'
    // The interface cannot have checksums made for what it cuts: it will not learn to.
    if (isBundle && errno === constants.errno.EIO) this.canSegment = false
    return 'refused'
  }

  /** Receives what comes next into `bytes`, `segmentBytes` and `sender`. */
  receive(): ReceiveResult {
    const { native, inMessage } = this
    inMessage.writeUInt32LE(SOCKET_ADDRESS_BYTES_MAX, NAME_BYTES_AT)
    inMessage.writeUInt32LE(CONTROL_ROOM_BYTES, CONTROL_BYTES_AT)
    const length = native.recvmsg(this.fd, inMessage, MSG_DONTWAIT)
    if (length < 0) return native.errno() === constants.errno.EAGAIN ? 'empty' : 'failed'
    if ((inMessage[FLAGS_AT]! & MSG_TRUNC) !== 0) return 'failed'
    this.bytes = this.inBytes.subarray(0, length)
    this.segmentBytes = this.receivedSegmentBytes() || length
    return 'more'
  }

  /** Sender of the datagrams that `receive` brought. */
  get sender(): HostPort | undefined {
    const { inName, lastName } = this
    if (this.lastSender !== undefined && inName.equals(lastName)) return this.lastSender
    inName.copy(lastName)
    this.lastSender = decodeSocketAddress(inName, this.native)
    return this.lastSender
  }

  /** 0 where it is a single datagram. */
  private receivedSegmentBytes(): number {
    const { inControl, inMessage } = this
    if (inMessage.readUInt32LE(CONTROL_BYTES_AT) < CONTROL_VALUE_AT + 4) return 0
    const isSize =
      inControl.readInt32LE(CONTROL_LEVEL_AT) === SOL_UDP &&
      inControl.readInt32LE(CONTROL_TYPE_AT) === UDP_GRO
    return isSize ? inControl.readInt32LE(CONTROL_VALUE_AT) : 0
  }

  private set(level: number, name: number, value: number): boolean {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value)
    return this.native.setsockopt(this.fd, level, name, bytes, 4) === 0
  }

  /** The messages are the same ones every time: they point at memory that this object holds on to. */
  private layOut(): void {
    const { native, outMessage, outControl, inMessage, inVector } = this
    outMessage.writeBigUInt64LE(native.addressOf(this.outName), NAME_AT)
    outMessage.writeBigUInt64LE(native.addressOf(this.outVector), VECTOR_AT)
    outMessage.writeUInt32LE(1, VECTOR_COUNT_AT)
    outMessage.writeBigUInt64LE(native.addressOf(outControl), CONTROL_AT)
    outControl.writeUInt32LE(SEGMENT_CONTROL_BYTES, 0)
    outControl.writeInt32LE(SOL_UDP, CONTROL_LEVEL_AT)
    outControl.writeInt32LE(UDP_SEGMENT, CONTROL_TYPE_AT)
    inVector.writeBigUInt64LE(native.addressOf(this.inBytes), 0)
    inVector.writeUInt32LE(RECEIVE_BYTES, 8)
    inMessage.writeBigUInt64LE(native.addressOf(this.inName), NAME_AT)
    inMessage.writeBigUInt64LE(native.addressOf(inVector), VECTOR_AT)
    inMessage.writeUInt32LE(1, VECTOR_COUNT_AT)
    inMessage.writeBigUInt64LE(native.addressOf(this.inControl), CONTROL_AT)
  }
}

function fitsOneCall(bytes: number, segmentBytes: number): boolean {
  return bytes <= DATAGRAM_BYTES_MAX && bytes <= OFFLOAD_SEGMENTS_MAX * segmentBytes
}

/** Node tells nobody which descriptor its socket has. It is the one of this process with that address. */
function descriptorOf(native: Native, bound: HostPort): number | undefined {
  const name = Buffer.alloc(SOCKET_ADDRESS_BYTES_MAX)
  const length = Buffer.alloc(4)
  const type = Buffer.alloc(4)
  for (const entry of readdirSync('/proc/self/fd')) {
    const fd = Number(entry)
    length.writeUInt32LE(4)
    if (native.getsockopt(fd, SOL_SOCKET, SO_TYPE, type, length) !== 0 || type.readInt32LE() !== SOCK_DGRAM)
      continue
    length.writeUInt32LE(SOCKET_ADDRESS_BYTES_MAX)
    name.fill(0)
    if (native.getsockname(fd, name, length) !== 0) continue
    const address = decodeSocketAddress(name, native)
    if (address?.port === bound.port && address.host === bound.host) return fd
  }
  return undefined
}
