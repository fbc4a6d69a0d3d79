// Datagrams from others than LEFT, and from a LEFT of another version. A socket of the test takes their part.

import { createSocket, type Socket } from 'node:dgram'
import { describe, expect } from 'vitest'
import { endpointText } from '../../harness/peers/endpoints.js'
import { WIRE_VERSION } from '../../src/base/limits.js'
import { crc32 } from '../../src/io/hash.js'
import type { HostPort } from '../../src/io/net/address.js'
import { type Control, decodeControl, encodeControl } from '../../src/rdt/wire/control.js'
import { SeededRandom } from '../../src/sim/random.js'
import { left, statusOf } from './left.js'
import { test, type World } from './world.js'

class HandMade {
  readonly arrived: Buffer[] = []
  onControl: (control: Control) => void = () => {}
  private readonly socket: Socket

  static async open(world: World, { host, port }: HostPort): Promise<HandMade> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind({ address: host, port }, resolve))
    world.atEnd(() => void socket.close())
    return new HandMade(socket)
  }

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('message', (bytes) => {
      this.arrived.push(bytes)
      const decoded = decodeControl(bytes, crc32)
      if (decoded.ok) this.onControl(decoded.value)
    })
  }

  send(to: HostPort, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) =>
      this.socket.send(bytes, to.port, to.host, (error) => (error ? reject(error) : resolve())),
    )
  }

  controls<Type extends Control['type']>(type: Type): Extract<Control, { type: Type }>[] {
    return this.arrived
      .map((bytes) => decodeControl(bytes, crc32))
      .flatMap((decoded) => (decoded.ok ? [decoded.value] : []))
      .filter((control): control is Extract<Control, { type: Type }> => control.type === type)
  }
}

const bytesOf = (fill: number, count: number) => new Uint8Array(count).fill(fill)

describe('a peer of another version of the protocol', () => {
  const agent = 'left 9.9.9'
  const version = WIRE_VERSION + 1

  test('that asks is refused by name and version, and the person is told', async ({ world }) => {
    const [endpoint, otherEndpoint] = (await world.endpoints(2)) as [HostPort, HostPort]
    const other = await HandMade.open(world, otherEndpoint)
    const a = world.peer('A', endpoint, [endpointText(otherEndpoint)])
    a.start()
    await world.until('A to run', () => a.of('scanned').length === 1)
    const nonce = bytesOf(7, 8)
    const hello: Control = {
      type: 'hello',
      version,
      agent,
      nonce,
      suite: 'sealed',
      introduction: bytesOf(8, 16),
      flight: bytesOf(9, 8),
    }
    const bytes = encodeControl(hello, crc32)
    await world.until('the refusal', async () => {
      await other.send(endpoint, bytes)
      return other.controls('refuse').length > 0
    })
    const refuse = other.controls('refuse')[0]!
    expect(refuse).toMatchObject({ version: WIRE_VERSION, reason: 'version' })
    expect(refuse.agent).toMatch(/^left \d+\.\d+\.\d+/)
    expect(Buffer.from(refuse.nonce)).toEqual(Buffer.from(nonce))
    await world.until('the event', () => a.of('refused').length > 0)
    expect(a.of('refused')).toHaveLength(1)
    expect(a.of('refused')[0]).toMatchObject({ address: endpointText(otherEndpoint) })
    expect(a.of('refused')[0]!.reason).toContain(agent)
    expect(a.of('refused')[0]!.reason).toContain(String(version))
  })

  test('that refuses us is told by name and version too, once', async ({ world }) => {
    const [endpoint, otherEndpoint] = (await world.endpoints(2)) as [HostPort, HostPort]
    const other = await HandMade.open(world, otherEndpoint)
    let refusedCount = 0
    other.onControl = (control) => {
      if (control.type !== 'hello') return
      const { nonce } = control
      refusedCount++
      void other.send(
        endpoint,
        encodeControl({ type: 'refuse', version, agent, nonce, reason: 'version' }, crc32),
      )
    }
    const a = world.peer('A', endpoint, [endpointText(otherEndpoint)])
    a.start()
    await world.until('the event', () => a.of('refused').length > 0)
    expect(a.of('refused')[0]!.reason).toContain(agent)
    expect((await statusOf(a)).peers[0]).toMatchObject({
      code: 'refused',
      reason: expect.stringContaining(agent),
    })
    const doctor = await left(a.share, 'doctor')
    expect(doctor).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(
        /WRONG {2}peer .*runs left 9\.9\.9, which speaks version \d+ .*newer than this one/,
      ),
    })
    await world.until('A to ask again', () => refusedCount > 1)
    expect(a.of('refused')).toHaveLength(1)
    expect(a.of('connected')).toEqual([])
  })
})

describe('garbage', () => {
  test('from a peer is counted and dropped, and nothing suffers', async ({ world }) => {
    const endpoints = (await world.endpoints(3)) as [HostPort, HostPort, HostPort]
    const [endpointA, endpointB, endpointOther] = endpoints
    const other = await HandMade.open(world, endpointOther)
    const a = world.peer('A', endpointA, [endpointText(endpointB), endpointText(endpointOther)])
    const b = world.peer('B', endpointB, [endpointText(endpointA)])
    await world.start([a, b], 1)
    const random = new SeededRandom(1)
    const garbage = Array.from({ length: 300 }, (_, index) => {
      const bytes = random.bytes(1 + Math.floor(random.next() * 1_400))
      // Some of it begins as ours does.
      if (index % 2 === 0) bytes[0] = index % 17
      return bytes
    })
    garbage.push(new Uint8Array(0), new Uint8Array(65_000))
    for (const bytes of garbage) await other.send(endpointA, bytes)
    const { writeContent } = await import('../../harness/peers/content.js')
    await writeContent(a.path('afterwards.bin'), 'afterwards', 500_000)
    await world.untilSame([a, b])
    const summary = await a.stop()
    // Room for a few that a full socket has lost.
    expect(summary.droppedDatagrams).toBeGreaterThan(garbage.length / 2)
    // Zeros can be taken for merged datagrams, 64 at most; and a late datagram of a session that is gone is one more.
    expect(summary.droppedDatagrams).toBeLessThanOrEqual(garbage.length + 80)
    const sent = garbage.reduce((sum, bytes) => sum + bytes.length, 0)
    expect(other.arrived.reduce((sum, bytes) => sum + bytes.length, 0)).toBeLessThanOrEqual(3 * sent)
  })

  test('from strangers is not even answered, and the person is told once', async ({ world }) => {
    const [endpointA, endpointB, endpointStranger] = (await world.endpoints(3)) as [
      HostPort,
      HostPort,
      HostPort,
    ]
    const stranger = await HandMade.open(world, endpointStranger)
    const a = world.peer('A', endpointA, [endpointText(endpointB)])
    a.start()
    await world.until('A to run', () => a.of('scanned').length === 1)
    const nonce = bytesOf(7, 8)
    const hello = { type: 'hello', version: WIRE_VERSION, agent: 'left 1.0.0', nonce } as const
    const suite = 'sealed'
    const bytes = encodeControl(
      { ...hello, suite, introduction: bytesOf(8, 16), flight: bytesOf(9, 0) },
      crc32,
    )
    for (let count = 0; count < 20; count++) await stranger.send(endpointA, bytes)
    const told = () => a.of('note').filter(({ message }) => message.includes(endpointText(endpointStranger)))
    await world.until('A to be told', () => told().length > 0)
    const { strangers } = await a.stop()
    expect(strangers).toBeGreaterThan(0)
    expect(told()).toHaveLength(1)
    expect(stranger.arrived).toEqual([])
  })
})

describe('our own address in the list', () => {
  test('is noted and ignored', async ({ world }) => {
    const [endpointA, endpointB] = (await world.endpoints(2)) as [HostPort, HostPort]
    const everybody = [endpointText(endpointA), endpointText(endpointB)]
    const a = world.peer('A', endpointA, everybody)
    const b = world.peer('B', endpointB, everybody)
    await world.start([a, b], 1)
    for (const peer of [a, b]) {
      expect(peer.of('note').filter(({ message }) => message.includes(peer.address))).toHaveLength(1)
      expect(peer.of('waiting').map(({ address }) => address)).not.toContain(peer.address)
    }
  })
})
