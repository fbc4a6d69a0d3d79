// Knocks: whether a datagram that nobody here asked for by sending first reaches this peer. Each is asked of a peer in its session, and comes
// from a port that this machine never spoke to. Used by Peer.

import { crc32 } from '../io/hash.js'
import type { Address } from '../io/net/address.js'
import { UdpSocket } from '../io/net/udp.js'
import { RateLimit } from '../rdt/rate-limit.js'
import { decodeKnock, encodeKnock } from '../rdt/wire/knock.js'
import { KNOCK_AGAIN_MS, KNOCK_MS_MAX, KNOCKS_PER_S_MAX } from './limits.js'

export class Knocks {
  /** By token. */
  private readonly awaited = new Map<string, () => void>()
  private readonly allowance = new RateLimit(KNOCKS_PER_S_MAX)

  constructor(private readonly bind: string | undefined) {}

  /** Resolves with whether one with this token came, KNOCK_MS_MAX after `asked` at the latest. */
  async arrives(token: string, asked: Promise<unknown>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const came = new Promise<true>((resolve) => this.awaited.set(token, () => resolve(true)))
    const late = asked.then(
      () =>
        new Promise<false>((resolve) => {
          timer = setTimeout(() => resolve(false), KNOCK_MS_MAX)
        }),
    )
    try {
      return await Promise.race([came, late])
    } finally {
      clearTimeout(timer)
      this.awaited.delete(token)
    }
  }

  /** Answers whether it is a knock. One that nobody waits for is the second of two, or says nothing. */
  handleDatagrams(bytes: Uint8Array): boolean {
    const token = decodeKnock(bytes, crc32)
    if (token !== undefined) this.awaited.get(token)?.()
    return token !== undefined
  }

  /** Sends one from a fresh port, and once more in case it is lost; none where it is too much, or no port can be had. */
  async knock(to: Address, token: string, nowMs: number): Promise<void> {
    if (!this.allowance.take(nowMs)) return
    const bytes = encodeKnock(token, crc32)
    try {
      const ipv6 = to.startsWith('[')
      const socket = await UdpSocket.open({ port: 0, bind: this.bind, ipv6, onDatagram: () => {} })
      const send = () => socket.send({ to, bytes, segmentBytes: bytes.length })
      send()
      setTimeout(() => {
        send()
        void socket.close()
      }, KNOCK_AGAIN_MS).unref()
    } catch {
      // The asker hears nothing, and is told that nothing came.
    }
  }
}
