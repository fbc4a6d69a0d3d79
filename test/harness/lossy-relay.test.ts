import { describe, expect, it, onTestFinished } from 'vitest'
import { type Relay, type RelayFaults, start } from '../../harness/relay/lossy-relay.js'
import { type Address, formatAddress } from '../../src/io/net/address.js'
import { UdpSocket } from '../../src/io/net/udp.js'

interface Peer {
  readonly socket: UdpSocket
  readonly real: Address
  readonly got: { from: Address; text: string }[]
}

async function peerOn(host: string): Promise<Peer> {
  const got: { from: Address; text: string }[] = []
  const socket = await UdpSocket.open({
    port: 0,
    bind: host,
    ipv6: false,
    onDatagram: (from, bytes) => got.push({ from, text: Buffer.from(bytes).toString() }),
  })
  onTestFinished(() => socket.close())
  return { socket, real: formatAddress(host, socket.port), got }
}

async function relayBetween(peers: readonly Peer[], faults: RelayFaults = {}, seed = 1): Promise<Relay> {
  const relay = await start({
    peers: peers.map(({ real }, index) => ({ real, standIn: `127.0.1.${index + 1}:0` })),
    seed,
    ...faults,
  })
  onTestFinished(() => relay.close())
  return relay
}

function send(from: Peer, to: Address, texts: readonly string[]): void {
  for (const text of texts) {
    const bytes = Buffer.from(text)
    from.socket.send({ to, bytes, segmentBytes: bytes.length })
  }
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 2, timeout: 5_000 }).toBe(true)
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `datagram ${index}`)

describe('the lossy relay', () => {
  it('lets any number of peers talk, each knowing the others by their stand-ins', async () => {
    const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2'), await peerOn('127.0.0.3')] as const
    const relay = await relayBetween(peers)
    for (const from of peers) {
      for (const to of peers) if (from !== to) send(from, relay.standInOf(to.real), [`from ${from.real}`])
    }
    await until(() => peers.every(({ got }) => got.length === 2))
    for (const { real, got } of peers) {
      const others = peers.filter((peer) => peer.real !== real)
      const expected = others.map((peer) => ({ from: relay.standInOf(peer.real), text: `from ${peer.real}` }))
      expect(new Set(got)).toEqual(new Set(expected))
    }
  })

  it('drops what a stranger sends', async () => {
    const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2')] as const
    const stranger = await peerOn('127.0.0.4')
    const relay = await relayBetween(peers)
    send(stranger, relay.standInOf(peers[1].real), ['psst'])
    await until(() => relay.strangers === 1)
    expect(peers[1].got).toEqual([])
  })

  it('loses about as many as it was told, the same ones from the same seed', async () => {
    const survivors = []
    for (let run = 0; run < 2; run++) {
      const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2')] as const
      const relay = await relayBetween(peers, { loss: 0.3 }, 42)
      send(peers[0], relay.standInOf(peers[1].real), numbered(1_000))
      const counters = relay.counters(peers[0].real, peers[1].real)
      await until(() => counters.received === 1_000 && peers[1].got.length === counters.forwarded)
      expect(counters.lost + counters.forwarded).toBe(1_000)
      expect(counters.lost).toBeGreaterThan(230)
      expect(counters.lost).toBeLessThan(370)
      survivors.push(peers[1].got.map(({ text }) => text))
    }
    expect(survivors[0]).toEqual(survivors[1])
  })

  it('doubles datagrams', async () => {
    const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2')] as const
    const relay = await relayBetween(peers, { duplication: 1 })
    send(peers[0], relay.standInOf(peers[1].real), numbered(10))
    await until(() => peers[1].got.length === 20)
    expect(relay.counters(peers[0].real, peers[1].real)).toMatchObject({ received: 10, duplicated: 10 })
  })

  it('keeps the order under a plain delay', async () => {
    const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2')] as const
    const relay = await relayBetween(peers, { delayMs: 3 })
    send(peers[0], relay.standInOf(peers[1].real), numbered(300))
    await until(() => peers[1].got.length === 300)
    expect(peers[1].got.map(({ text }) => text)).toEqual(numbered(300))
  })

  it('brings datagrams out of order and loses none', async () => {
    const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2')] as const
    const relay = await relayBetween(peers, { reordering: 0.2, reorderingMs: 5 })
    send(peers[0], relay.standInOf(peers[1].real), numbered(300))
    await until(() => peers[1].got.length === 300)
    const texts = peers[1].got.map(({ text }) => text)
    expect(texts).not.toEqual(numbered(300))
    expect(new Set(texts)).toEqual(new Set(numbered(300)))
  })

  it('drops at the tail of the queue of a slow line', async () => {
    const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2')] as const
    const relay = await relayBetween(peers, { rateBytesPerS: 100_000, queueBytes: 3_000 })
    send(peers[0], relay.standInOf(peers[1].real), Array(100).fill('x'.repeat(1_000)))
    const counters = relay.counters(peers[0].real, peers[1].real)
    await until(() => counters.received === 100 && counters.forwarded + counters.queueDropped === 100)
    expect(counters.queueDropped).toBeGreaterThan(80)
    expect(counters.forwarded).toBeGreaterThan(0)
  })

  it('swallows datagrams above its limit, and no others', async () => {
    const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2')] as const
    const relay = await relayBetween(peers, { datagramBytesMax: 1_472 })
    send(peers[0], relay.standInOf(peers[1].real), ['x'.repeat(1_473), 'y'.repeat(1_472)])
    await until(() => peers[1].got.length === 1)
    expect(peers[1].got[0]!.text).toBe('y'.repeat(1_472))
    expect(relay.counters(peers[0].real, peers[1].real).tooLarge).toBe(1)
  })

  it('turns over one bit of some, and leaves the others as they are', async () => {
    const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2')] as const
    const relay = await relayBetween(peers, { bitFlips: 0.2 })
    send(peers[0], relay.standInOf(peers[1].real), numbered(300))
    await until(() => peers[1].got.length === 300)
    const damaged = peers[1].got.filter(({ text }, index) => text !== `${numbered(300)[index]}`)
    expect(damaged).toHaveLength(relay.counters(peers[0].real, peers[1].real).flipped)
    expect(damaged.length).toBeGreaterThan(30)
    expect(damaged.length).toBeLessThan(100)
  })

  it('changes its faults while it runs', async () => {
    const peers = [await peerOn('127.0.0.1'), await peerOn('127.0.0.2')] as const
    const relay = await relayBetween(peers, { loss: 1 })
    send(peers[0], relay.standInOf(peers[1].real), ['lost'])
    await until(() => relay.counters(peers[0].real, peers[1].real).lost === 1)
    relay.setFaults({})
    send(peers[0], relay.standInOf(peers[1].real), ['arrives'])
    await until(() => peers[1].got.length === 1)
  })
})
