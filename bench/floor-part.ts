// One part of a byte's way by itself, with the modules that a peer uses, in a process of its own: its processor time, all
// threads of the process counted. Started by floor.ts; says one line, `ready` or JSON.
//
//   node --import tsx bench/floor-part.ts PART MIB FOLDER
//   node --import tsx bench/floor-part.ts send|receive MIB OWN-HOST OTHER-HOST PORT

import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BLOCK_BYTES, DIGEST_BYTES, FRAME_BLOCK_AT, FRAME_BYTES_MAX } from '../src/base/limits.js'
import { hash, loadHash } from '../src/io/hash.js'
import { formatAddress } from '../src/io/net/address.js'
import { loadNative } from '../src/io/net/native.js'
import { UdpSocket } from '../src/io/net/udp.js'
import type { FrameCipher } from '../src/rdt/protection.js'
import { SEGMENT_HEADER_BYTES } from '../src/rdt/wire/limits.js'
import { decipherInPlace, sealInPlace } from '../src/seal/frames/frame-cipher.js'
import { nonceOf, useNativeCrypto } from '../src/seal/gcm.js'
import { GCM_NONCE_BYTES, KEY_BYTES } from '../src/seal/limits.js'
import type { FloorCost } from './floor.js'

const MIB = 1 << 20
/** Until its code is compiled a part costs more, and that is not its floor. */
const WARM_BYTES = 32 * MIB

/** MTU 1500, and as many of them as one call takes. */
const SEGMENT_BYTES = 1_472
const BUNDLE_SEGMENTS = 44
const BUNDLE_BYTES = BUNDLE_SEGMENTS * SEGMENT_BYTES
const PAYLOAD_BYTES = SEGMENT_BYTES - SEGMENT_HEADER_BYTES
const BUNDLE_PAYLOAD_BYTES = BUNDLE_SEGMENTS * PAYLOAD_BYTES
/** Under way at once at most: 2 MiB, which every socket's buffer holds, so that nothing is dropped. */
const BUNDLES_UNDER_WAY = 32
const BUNDLES_PER_CREDIT = 8
const CREDIT_BYTES = 4

/** Does its work for the block of that index. */
type Step = (index: number) => void

const [part, mibText, ...words] = process.argv.slice(2)
const bytes = Number(mibText) * MIB
await loadHash()
if (part === 'send' || part === 'receive') await overLink(part)
else say(costOf(stepOf(part!, words[0]!)))

function stepOf(name: string, folder: string): Step | undefined {
  const room = new Uint8Array(FRAME_BYTES_MAX).map((_, at) => (at * 31) & 255)
  const block = room.subarray(FRAME_BLOCK_AT, FRAME_BLOCK_AT + BLOCK_BYTES)
  if (name === 'read' || name === 'scan') return reading(join(folder, 'read'), block, name === 'scan')
  if (name === 'write') return writing(join(folder, 'written'), block)
  if (name === 'blake3') return () => void hash(block)
  // Those with node:crypto never load libcrypto's.
  if (name.endsWith('-evp') && !useNativeCrypto()) return undefined
  const cipher = exampleCipher()
  if (name.startsWith('seal')) return () => void sealInPlace(cipher, room, BLOCK_BYTES)
  if (name.startsWith('open')) return opening(cipher, room)
  const nonce = () => nonceOf(cipher.key, cipher.associated)
  return () => void [nonce(), nonce()]
}

/** Goes round in a file of `bytes` bytes. */
function reading(path: string, block: Uint8Array, hashes: boolean): Step {
  const fd = openSync(path, 'r')
  const count = Math.floor(bytes / BLOCK_BYTES)
  return (index) => {
    readSync(fd, block, 0, BLOCK_BYTES, (index % count) * BLOCK_BYTES)
    if (hashes) hash(block)
  }
}

/** Into a file that grows from nothing, also after the warming. */
function writing(path: string, block: Uint8Array): Step {
  const fd = openSync(path, 'w')
  process.once('exit', () => closeSync(fd))
  return (index) => {
    if (index === 0) ftruncateSync(fd)
    writeSync(fd, block, 0, BLOCK_BYTES, index * BLOCK_BYTES)
  }
}

/** A block that was opened in its place must be sealed again: the same ciphertext is copied back, and its cost is in the figure. */
function opening(cipher: FrameCipher, room: Uint8Array): Step {
  const frame = sealInPlace(cipher, room, BLOCK_BYTES)
  const sealed = frame.slice(FRAME_BLOCK_AT)
  const place = frame.subarray(FRAME_BLOCK_AT)
  return () => {
    place.set(sealed)
    if (decipherInPlace(cipher, place) === undefined) throw new Error('a sealed block does not open')
  }
}

function exampleCipher(): FrameCipher {
  const filled = (length: number) => new Uint8Array(length).fill(7)
  // Kind, digest, index and codec of a block: src/seal/frames/sealed-frame.ts.
  return { key: filled(KEY_BYTES), nonce: filled(GCM_NONCE_BYTES), associated: filled(DIGEST_BYTES + 6) }
}

function costOf(step: Step | undefined): FloorCost | undefined {
  if (step === undefined) return undefined
  const count = Math.floor(bytes / BLOCK_BYTES)
  const run = (blocks: number) => {
    for (let index = 0; index < blocks; index++) step(index)
  }
  run(Math.min(count, Math.floor(WARM_BYTES / BLOCK_BYTES)))
  const before = process.cpuUsage()
  run(count)
  return { bytes: count * BLOCK_BYTES, cpuSeconds: cpuSecondsSince(before) }
}

function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** The receiver grants bundles by telling how many it has had: what is sent is never dropped. */
async function overLink(role: 'send' | 'receive'): Promise<void> {
  const [ownHost, otherHost, portText] = words
  const port = Number(portText)
  const other = formatAddress(otherHost!, port + (role === 'send' ? 1 : 0))
  const native = await loadNative()
  const warmBundles = Math.ceil(WARM_BYTES / BUNDLE_PAYLOAD_BYTES)
  const countedBundles = Math.ceil(bytes / BUNDLE_PAYLOAD_BYTES)
  // The last bundle brings the last credit.
  const total = BUNDLES_PER_CREDIT * Math.ceil((warmBundles + countedBundles) / BUNDLES_PER_CREDIT)
  let before: NodeJS.CpuUsage | undefined
  let isDone = false
  const count = (bundles: number) => {
    if (bundles >= warmBundles) before ??= process.cpuUsage()
    if (bundles < total || isDone) return
    isDone = true
    say({ bytes: (total - warmBundles) * BUNDLE_PAYLOAD_BYTES, cpuSeconds: cpuSecondsSince(before!) })
  }
  const socket: UdpSocket = await UdpSocket.open({
    port: port + (role === 'send' ? 0 : 1),
    bind: ownHost,
    ipv6: false,
    offload: native && {
      native,
      firstDatagramBytes: (merged) => Math.min(SEGMENT_BYTES, merged.length),
    },
    onDatagram: (_from, datagrams, segmentBytes) => handle(datagrams, segmentBytes),
  })
  const handle = role === 'send' ? sending(socket, other, total, count) : receiving(socket, other, count)
  if (role === 'send') process.stdout.write('ready\n')
  else socket.send(creditFor(other, 0))
}

/** Lays segments end to end, as a server does with those of a frame, and sends each bundle in one call. */
function sending(socket: UdpSocket, to: string, total: number, count: (bundles: number) => void) {
  const frame = new Uint8Array(BUNDLE_PAYLOAD_BYTES).fill(7)
  const bundles = Array.from({ length: BUNDLES_UNDER_WAY }, () => new Uint8Array(BUNDLE_BYTES))
  let sent = 0
  return (credit: Uint8Array): void => {
    // The kernel may have merged several: the last tells.
    const had = new DataView(credit.buffer, credit.byteOffset).getUint32(credit.length - CREDIT_BYTES)
    count(had)
    for (; sent < Math.min(total, had + BUNDLES_UNDER_WAY); sent++) {
      const room = bundles[sent % BUNDLES_UNDER_WAY]!
      for (let segment = 0; segment < BUNDLE_SEGMENTS; segment++) {
        const from = segment * PAYLOAD_BYTES
        const payload = new Uint8Array(frame.buffer, from, PAYLOAD_BYTES)
        room.set(payload, segment * SEGMENT_BYTES + SEGMENT_HEADER_BYTES)
      }
      socket.send({ to, bytes: room, segmentBytes: SEGMENT_BYTES })
    }
  }
}

/** Copies each segment to its place in a frame. */
function receiving(socket: UdpSocket, to: string, count: (bundles: number) => void) {
  const frame = new Uint8Array(BUNDLE_PAYLOAD_BYTES)
  let at = 0
  let had = 0
  return (datagrams: Uint8Array, segmentBytes: number): void => {
    for (let from = 0; from < datagrams.length; from += segmentBytes) {
      const start = datagrams.byteOffset + from + SEGMENT_HEADER_BYTES
      frame.set(new Uint8Array(datagrams.buffer, start, PAYLOAD_BYTES), at)
      at += PAYLOAD_BYTES
      if (at < BUNDLE_PAYLOAD_BYTES) continue
      at = 0
      had++
      if (had % BUNDLES_PER_CREDIT === 0) socket.send(creditFor(to, had))
      count(had)
    }
  }
}

function creditFor(to: string, had: number) {
  const credit = new Uint8Array(CREDIT_BYTES)
  new DataView(credit.buffer).setUint32(0, had)
  return { to, bytes: credit, segmentBytes: credit.length }
}

function say(cost: FloorCost | undefined): void {
  process.stdout.write(`${JSON.stringify(cost ?? null)}\n`)
}
