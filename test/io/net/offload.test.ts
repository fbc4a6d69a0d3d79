import { constants, networkInterfaces } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { OFFLOAD_SEGMENTS_MAX } from '../../../src/io/limits.js'
import { loadNative, type Native } from '../../../src/io/net/native.js'
import { chooseOffload } from '../../../src/io/net/offload-probe.js'
import { type UdpOptions, UdpSocket } from '../../../src/io/net/udp.js'
import { firstDatagramBytes } from '../../../src/rdt/wire/gro-split.js'

const native = await loadNative()
/** Whether the system has an IPv6 loopback: asked of the system itself, so that a socket of ours that does not open fails. */
const hasIpv6 = Object.values(networkInterfaces()).some((found) =>
  found?.some(({ address }) => address === '::1'),
)
const SESSION = Buffer.from('\x10session!', 'latin1')

interface End {
  readonly socket: UdpSocket
  readonly received: { from: string; bytes: Buffer }[]
  /** Bytes of each handover by the socket. */
  readonly handed: number[]
}

async function opened({
  native: used = native,
  ...options
}: Partial<UdpOptions> & { native?: Native | 'none' | undefined } = {}): Promise<End> {
  const received: End['received'] = []
  const handed: number[] = []
  const socket = await UdpSocket.open({
    port: 0,
    bind: '127.0.0.1',
    ipv6: false,
    offload: used === undefined || used === 'none' ? undefined : { native: used, firstDatagramBytes },
    onDatagram: (from, bytes, segmentBytes) => {
      handed.push(bytes.length)
      for (let at = 0; at === 0 || at < bytes.length; at += segmentBytes)
        received.push({ from, bytes: Buffer.from(bytes.subarray(at, at + segmentBytes)) })
    },
    ...options,
  })
  onTestFinished(() => socket.close())
  return { socket, received, handed }
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 2, timeout: 20_000 }).toBe(true)
}

/** Datagrams of one session end to end, each of another content. */
function bundleOf(count: number, segmentBytes: number, lastBytes = segmentBytes): Uint8Array {
  const bytes = Buffer.alloc((count - 1) * segmentBytes + lastBytes)
  for (let index = 0; index < count; index++) {
    const piece = bytes.subarray(index * segmentBytes, (index + 1) * segmentBytes)
    piece.fill((index * 7 + segmentBytes) & 0xff)
    SESSION.copy(piece)
  }
  return bytes
}

function piecesOf(bytes: Uint8Array, segmentBytes: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += segmentBytes)
    pieces.push(Buffer.from(bytes.subarray(at, at + segmentBytes)))
  return pieces
}

/** The C library, but its first `count` sends fail with `errno`. */
function failing(real: Native, errno: number, count: number): Native & { sends: number } {
  let failed = false
  const faulty = {
    ...real,
    sends: 0,
    sendmsg: (fd: number, message: Uint8Array, flags: number): number => {
      failed = faulty.sends++ < count
      return failed ? -1 : real.sendmsg(fd, message, flags)
    },
    errno: () => (failed ? errno : real.errno()),
  }
  return faulty
}

describe('without offload', () => {
  it('is what --offload no asks for', async () => {
    expect(await chooseOffload(false)).toMatchObject({ native: undefined })
    const { socket } = await opened({ native: 'none' })
    expect(socket.offloads).toEqual({ segments: false, merges: false })
  })
})

describe.runIf(native !== undefined)('with offload', () => {
  it.each([
    { sender: 'offload', receiver: 'offload' },
    { sender: 'offload', receiver: 'Node' },
    { sender: 'Node', receiver: 'offload' },
    { sender: 'Node', receiver: 'Node' },
  ])('datagrams arrive as they were sent, by $sender to $receiver', async ({ sender, receiver }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            count: fc.integer({ min: 1, max: OFFLOAD_SEGMENTS_MAX + 2 }),
            segmentBytes: fc.integer({ min: 40, max: 700 }),
            lastBytes: fc.integer({ min: 10, max: 700 }),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        async (sends) => {
          const a = await opened(sender === 'Node' ? { native: 'none' } : {})
          const b = await opened(receiver === 'Node' ? { native: 'none' } : {})
          const expected: Buffer[] = []
          for (const { count, segmentBytes, lastBytes } of sends) {
            const bytes = bundleOf(count, segmentBytes, Math.min(lastBytes, segmentBytes))
            expected.push(...piecesOf(bytes, segmentBytes))
            a.socket.send({ to: b.socket.listening, bytes, segmentBytes })
            await until(() => b.received.length >= expected.length) // so that no buffer overflows
          }
          expect(b.received.map(({ bytes }) => bytes.toString('hex'))).toEqual(
            expected.map((bytes) => bytes.toString('hex')),
          )
          expect(new Set(b.received.map(({ from }) => from))).toEqual(new Set([a.socket.listening]))
          expect(a.socket.counters).toMatchObject({ datagramsOut: expected.length, sendErrors: 0 })
          expect(b.socket.counters).toMatchObject({ datagramsIn: expected.length, receiveErrors: 0 })
        },
      ),
      { numRuns: 12 },
    )
  })

  it('hands over in one piece what was sent in one', async () => {
    const a = await opened()
    const b = await opened()
    expect(a.socket.offloads).toEqual({ segments: true, merges: true })
    a.socket.send({ to: b.socket.listening, bytes: bundleOf(44, 1_472), segmentBytes: 1_472 })
    await until(() => b.received.length === 44)
    expect(b.handed).toEqual([44 * 1_472])
  })

  it('never cuts what is one datagram, after a bundle of smaller ones either', async () => {
    const a = await opened()
    const b = await opened()
    a.socket.send({ to: b.socket.listening, bytes: bundleOf(5, 1_000), segmentBytes: 1_000 })
    a.socket.send({ to: b.socket.listening, bytes: bundleOf(1, 65_507), segmentBytes: 65_507 })
    a.socket.send({ to: b.socket.listening, bytes: bundleOf(1, 9_000), segmentBytes: 9_000 })
    await until(() => b.received.length === 7)
    expect(b.received.map(({ bytes }) => bytes.length)).toEqual([
      ...Array<number>(5).fill(1_000),
      65_507,
      9_000,
    ])
  })

  it.each(['EIO', 'EINVAL', 'EMSGSIZE'] as const)(
    'sends one by one what the interface refuses with %s',
    async (code) => {
      const faulty = failing(native!, constants.errno[code], 1)
      const a = await opened({ native: faulty })
      const b = await opened()
      const bytes = bundleOf(8, 500, 77)
      const send = () => a.socket.send({ to: b.socket.listening, bytes, segmentBytes: 500 })
      send()
      await until(() => b.received.length === 8)
      send()
      await until(() => b.received.length === 16)
      expect(b.received.map(({ bytes }) => bytes)).toEqual([...piecesOf(bytes, 500), ...piecesOf(bytes, 500)])
      // An interface that has no checksums to offer never gets them; a size may have been the path's fault.
      expect(a.socket.offloads.segments).toBe(code !== 'EIO')
      expect(faulty.sends).toBe(code === 'EIO' ? 1 : 2)
    },
  )

  it('waits where the kernel has no room, keeps the order, and keeps the bytes that are not its own', async () => {
    let rooms = 0
    const a = await opened({ native: failing(native!, constants.errno.EAGAIN, 1), onRoom: () => rooms++ })
    const b = await opened()
    const first = bundleOf(20, 300)
    const second = bundleOf(20, 200)
    expect(a.socket.send({ to: b.socket.listening, bytes: first, segmentBytes: 300 })).toBe(false)
    expect(a.socket.hasRoom()).toBe(false)
    a.socket.send({ to: b.socket.listening, bytes: second, segmentBytes: 200 })
    await until(() => b.received.length === 40)
    const lengths = b.received.map(({ bytes }) => bytes.length)
    expect(lengths.filter((length) => length === 300).length).toBe(20)
    await until(() => rooms === 1)
    expect(a.socket.hasRoom()).toBe(true)
    expect(a.socket.send({ to: b.socket.listening, bytes: first, segmentBytes: 300 })).toBe(true)
  })

  it('is compared with Node before it is used', async () => {
    const { why } = await chooseOffload(true)
    expect(why).toMatch(/ms a block with it, [\d.]+ ms without/)
  })

  it('is not used where sends fail', async () => {
    const broken = failing(native!, constants.errno.EIO, Number.POSITIVE_INFINITY)
    const a = await opened({ native: broken })
    const b = await opened()
    a.socket.send({ to: b.socket.listening, bytes: bundleOf(3, 100), segmentBytes: 100 })
    await until(() => b.received.length === 3)
  })

  it('leaves other sockets of the process alone', async () => {
    const one = await opened()
    const other = await opened({ bind: '127.0.0.2', port: one.socket.port })
    const third = await opened()
    third.socket.send({ to: one.socket.listening, bytes: bundleOf(2, 100), segmentBytes: 100 })
    third.socket.send({ to: other.socket.listening, bytes: bundleOf(3, 100), segmentBytes: 100 })
    await until(() => one.received.length === 2 && other.received.length === 3)
  })

  it.runIf(hasIpv6)('speaks IPv6, and IPv4 on a socket for both', async () => {
    const both = await opened({ bind: undefined, ipv6: true })
    const six = await opened({ bind: '::1', ipv6: true })
    const four = await opened()
    const toBoth = (host: string) => `${host}:${both.socket.port}`
    six.socket.send({ to: toBoth('[::1]'), bytes: bundleOf(30, 1_000), segmentBytes: 1_000 })
    await until(() => both.received.length === 30)
    four.socket.send({ to: toBoth('127.0.0.1'), bytes: bundleOf(30, 1_000), segmentBytes: 1_000 })
    await until(() => both.received.length === 60)
    expect(new Set(both.received.map(({ from }) => from))).toEqual(
      new Set([six.socket.listening, four.socket.listening]),
    )
    both.socket.send({ to: six.socket.listening, bytes: bundleOf(30, 1_000), segmentBytes: 1_000 })
    both.socket.send({ to: four.socket.listening, bytes: bundleOf(30, 1_000), segmentBytes: 1_000 })
    await until(() => six.received.length === 30 && four.received.length === 30)
    expect(four.received[0]!.from).toBe(toBoth('127.0.0.1'))
  })
})
