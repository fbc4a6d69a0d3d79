import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { SEND_QUEUE_BYTES_MAX, SEND_QUEUE_DATAGRAMS_MAX } from '../../../src/io/limits.js'
import { formatAddress } from '../../../src/io/net/address.js'
import { type UdpOptions, UdpSocket } from '../../../src/io/net/udp.js'

interface Received {
  readonly from: string
  readonly bytes: Uint8Array
}

async function opened(
  options: Partial<UdpOptions> = {},
): Promise<{ socket: UdpSocket; received: Received[] }> {
  const received: Received[] = []
  const onDatagram = (from: string, bytes: Uint8Array) => received.push({ from, bytes })
  const socket = await UdpSocket.open({ port: 0, bind: '127.0.0.1', ipv6: false, onDatagram, ...options })
  onTestFinished(() => socket.close())
  return { socket, received }
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 2, timeout: 5_000 }).toBe(true)
}

const hasIpv6 = await UdpSocket.open({ port: 0, bind: '::1', ipv6: true, onDatagram: () => {} }).then(
  (socket) => socket.close().then(() => true),
  () => false,
)

afterEach(() => vi.restoreAllMocks())

describe('sending', () => {
  it('cuts what it is given into datagrams, the last of which may be shorter', async () => {
    const a = await opened()
    const b = await opened({ bind: '127.0.0.2' })
    const bytes = Uint8Array.from({ length: 2_500 }, (_, index) => index % 251)
    a.socket.send({ to: `127.0.0.2:${b.socket.port}`, bytes, segmentBytes: 1_000 })
    await until(() => b.received.length === 3)
    expect(b.received.map((datagram) => datagram.bytes.length)).toEqual([1_000, 1_000, 500])
    expect(Buffer.concat(b.received.map((datagram) => datagram.bytes))).toEqual(Buffer.from(bytes))
    expect(new Set(b.received.map((datagram) => datagram.from))).toEqual(
      new Set([`127.0.0.1:${a.socket.port}`]),
    )
    expect(a.socket.counters).toMatchObject({ datagramsOut: 3, bytesOut: 2_500, sendErrors: 0 })
    expect(b.socket.counters).toMatchObject({ datagramsIn: 3, bytesIn: 2_500 })
  })

  it.each([
    { sizeBytes: 0, datagrams: 1 },
    { sizeBytes: 999, datagrams: 1 },
    { sizeBytes: 1_000, datagrams: 1 },
    { sizeBytes: 1_001, datagrams: 2 },
    { sizeBytes: 2_000, datagrams: 2 },
  ])('makes $datagrams of $sizeBytes bytes in segments of 1,000', async ({ sizeBytes, datagrams }) => {
    const a = await opened()
    const b = await opened()
    a.socket.send({ to: b.socket.listening, bytes: new Uint8Array(sizeBytes), segmentBytes: 1_000 })
    a.socket.send({ to: b.socket.listening, bytes: Buffer.from('end'), segmentBytes: 1_000 })
    await until(() => b.received.length > 0 && b.received.at(-1)!.bytes.length === 3)
    expect(b.received.length).toBe(datagrams + 1)
  })

  it('carries the largest datagram, and counts a larger one as failed', async () => {
    const a = await opened()
    const b = await opened()
    a.socket.send({ to: b.socket.listening, bytes: new Uint8Array(65_508), segmentBytes: 65_508 })
    a.socket.send({ to: b.socket.listening, bytes: new Uint8Array(65_507), segmentBytes: 65_507 })
    await until(() => b.received.length === 1)
    expect(b.received[0]!.bytes.length).toBe(65_507)
    await until(() => a.socket.counters.sendErrors === 1)
    expect(a.socket.counters.lastSendError).toBe('EMSGSIZE')
  })

  it.each(['not an address', '127.0.0.1:0', '127.0.0.1:65536', '[::1]:7', 'localhost:7', ''])(
    'counts what goes to "%s" over IPv4 as failed',
    async (to) => {
      const { socket } = await opened()
      socket.send({ to, bytes: new Uint8Array(3), segmentBytes: 3 })
      expect(socket.counters.sendErrors).toBe(1)
    },
  )

  it('goes on after sending where nobody listens', async () => {
    const a = await opened()
    const b = await opened()
    const gone = await opened()
    const nowhere = gone.socket.listening
    await gone.socket.close()
    a.socket.send({ to: nowhere, bytes: new Uint8Array(1), segmentBytes: 1 })
    a.socket.send({ to: b.socket.listening, bytes: new Uint8Array(1), segmentBytes: 1 })
    await until(() => b.received.length === 1)
  })

  it('is over after closing', async () => {
    const { socket } = await opened()
    await socket.close()
    await socket.close()
    expect(socket.hasRoom()).toBe(false)
    expect(() => socket.send({ to: '127.0.0.1:9', bytes: new Uint8Array(1), segmentBytes: 1 })).not.toThrow()
  })
})

describe('a kernel that does not keep up', () => {
  it.each([
    { count: SEND_QUEUE_DATAGRAMS_MAX, bytes: SEND_QUEUE_BYTES_MAX, room: true },
    { count: SEND_QUEUE_DATAGRAMS_MAX + 1, bytes: 0, room: false },
    { count: 1, bytes: SEND_QUEUE_BYTES_MAX + 1, room: false },
  ])('leaves room: $room with $count datagrams of $bytes bytes waiting', async ({ count, bytes, room }) => {
    const { socket } = await opened()
    const dgram = createSocket('udp4')
    const prototype = Object.getPrototypeOf(dgram)
    dgram.close()
    vi.spyOn(prototype, 'getSendQueueCount').mockReturnValue(count)
    vi.spyOn(prototype, 'getSendQueueSize').mockReturnValue(bytes)
    expect(socket.hasRoom()).toBe(room)
  })

  it('tells once when there is room again, and only whoever found none', async () => {
    const onRoom = vi.fn()
    const { socket } = await opened({ onRoom })
    const dgram = createSocket('udp4')
    const queue = vi.spyOn(Object.getPrototypeOf(dgram), 'getSendQueueCount')
    dgram.close()
    const send = async () => {
      socket.send({ to: socket.listening, bytes: new Uint8Array(1), segmentBytes: 1 })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await send()
    expect(onRoom).not.toHaveBeenCalled()
    queue.mockReturnValue(SEND_QUEUE_DATAGRAMS_MAX + 1)
    expect(socket.hasRoom()).toBe(false)
    await send()
    expect(onRoom).not.toHaveBeenCalled()
    queue.mockReturnValue(SEND_QUEUE_DATAGRAMS_MAX)
    await send()
    await send()
    expect(onRoom).toHaveBeenCalledTimes(1)
  })
})

describe('receiving', () => {
  it('says once a turn that datagrams came', async () => {
    const onReadable = vi.fn()
    const a = await opened()
    const b = await opened({ onReadable })
    for (let index = 0; index < 20; index++) {
      a.socket.send({ to: b.socket.listening, bytes: new Uint8Array(1), segmentBytes: 1 })
    }
    await until(() => b.received.length === 20)
    await until(() => onReadable.mock.calls.length > 0)
    expect(onReadable.mock.calls.length).toBeLessThan(20)
  })

  it('gives bytes that may be kept', async () => {
    const a = await opened()
    const b = await opened()
    for (let index = 0; index < 100; index++) {
      a.socket.send({ to: b.socket.listening, bytes: new Uint8Array(100).fill(index), segmentBytes: 100 })
    }
    await until(() => b.received.length === 100)
    for (const [index, { bytes }] of b.received.entries()) expect(new Set(bytes)).toEqual(new Set([index]))
  })

  it('has a receive buffer that it knows', async () => {
    const { socket } = await opened()
    expect(socket.receiveBufferBytes).toBeGreaterThanOrEqual(65_536)
    expect(socket.receiveBufferBytes).toBeLessThanOrEqual(8 * 1024 * 1024)
  })
})

describe('an address that cannot be had', () => {
  it('is refused with a way out where it is in use', async () => {
    const { socket } = await opened()
    const { port } = socket
    await expect(opened({ port })).rejects.toMatchObject({
      code: 'port-in-use',
      message: `127.0.0.1:${port} is in use: stop what listens there or choose another with --port`,
    })
  })

  it('is free for another local address with the same port', async () => {
    const { port } = (await opened()).socket
    const other = await opened({ port, bind: '127.0.0.2' })
    expect(other.socket.listening).toBe(`127.0.0.2:${port}`)
  })

  it.each(['192.0.2.77', '2001:db8::7', 'nonsense'])('is refused where it is not ours: %s', async (bind) => {
    await expect(opened({ bind })).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining('is not an address of this machine: give --bind one of its own'),
    })
  })
})

describe.runIf(hasIpv6)('a dual-stack socket', () => {
  it('shows IPv4 peers by their plain address and reaches them by it', async () => {
    const dual = await opened({ bind: undefined, ipv6: true })
    const plain = await opened()
    plain.socket.send({ to: `127.0.0.1:${dual.socket.port}`, bytes: Buffer.from('there'), segmentBytes: 9 })
    await until(() => dual.received.length === 1)
    expect(dual.received[0]!.from).toBe(plain.socket.listening)
    dual.socket.send({ to: plain.socket.listening, bytes: Buffer.from('back'), segmentBytes: 9 })
    await until(() => plain.received.length === 1)
    expect(plain.received[0]!.from).toBe(`127.0.0.1:${dual.socket.port}`)
  })

  it('talks IPv6 in brackets', async () => {
    const dual = await opened({ bind: undefined, ipv6: true })
    const six = await opened({ bind: '::1' })
    six.socket.send({ to: `[::1]:${dual.socket.port}`, bytes: Buffer.from('there'), segmentBytes: 9 })
    await until(() => dual.received.length === 1)
    expect(dual.received[0]!.from).toBe(formatAddress('::1', six.socket.port))
  })
})
