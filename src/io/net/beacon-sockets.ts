// The sockets of beacons: one of each family that hears all of this machine's links, shared with other peers on it, and one for
// each address that sends from there by multicast and broadcast. Used by src/app/discovery.ts.

import { createSocket, type Socket } from 'node:dgram'
import { BEACON_BUFFER_BYTES, BEACON_HOPS } from '../limits.js'
import { canonicalHost, unmapped } from './address.js'
import type { LocalAddress } from './own-addresses.js'

export interface BeaconSocketsOptions {
  readonly port: number
  readonly groupIpv4: string
  readonly groupIpv6: string
  /** In the one spelling; the bytes are valid during the call only. */
  readonly onBeacon: (host: string, bytes: Uint8Array) => void
}

export class BeaconSockets {
  /** Sends that the system refused, by multicast and broadcast. */
  sendErrors = 0
  private readonly ears = new Map<4 | 6, Socket>()
  /** By address. */
  private readonly senders = new Map<string, Promise<Socket | undefined>>()
  /** Link or address that each ear listens on, by address. */
  private readonly memberships = new Map<string, string>()
  private isClosed = false

  private constructor(private readonly options: BeaconSocketsOptions) {}

  /** A family that cannot be had hears nothing. */
  static async open(options: BeaconSocketsOptions): Promise<BeaconSockets> {
    const sockets = new BeaconSockets(options)
    await Promise.all([sockets.listen(4), sockets.listen(6)])
    return sockets
  }

  get hears(): boolean {
    return this.ears.size > 0
  }

  /** The addresses of now, after each change of them. */
  setAddresses(addresses: readonly LocalAddress[]): void {
    const hosts = new Set(addresses.map(({ host }) => host))
    for (const [host, sender] of this.senders) {
      if (hosts.has(host)) continue
      this.senders.delete(host)
      void sender.then((socket) => socket?.close())
    }
    const wanted = new Map(addresses.map((address) => [address.host, interfaceOf(address)]))
    for (const [host, on] of this.memberships) {
      if (wanted.has(host)) continue
      this.memberships.delete(host)
      // Another address of the link needs it. Where the link is gone, the system has left already.
      if (![...this.memberships.values()].includes(on)) this.change('dropMembership', on)
    }
    for (const [host, on] of wanted) {
      if (this.memberships.has(host)) continue
      const isThere = [...this.memberships.values()].includes(on)
      if (isThere || this.change('addMembership', on)) this.memberships.set(host, on)
    }
  }

  /** Never throws for what the network does. `broadcast`: where the group is filtered. */
  async send(from: LocalAddress, bytes: Uint8Array, broadcast: string | undefined): Promise<void> {
    const sender = this.senders.get(from.host) ?? this.openSender(from)
    this.senders.set(from.host, sender)
    const socket = await sender
    if (socket === undefined || this.isClosed || this.senders.get(from.host) !== sender) return
    const { port, groupIpv4, groupIpv6 } = this.options
    const group = from.host.includes(':') ? `${groupIpv6}%${from.link}` : groupIpv4
    for (const to of broadcast === undefined ? [group] : [group, broadcast])
      socket.send(bytes, port, to, (error) => {
        if (error !== null) this.sendErrors++
      })
  }

  async close(): Promise<void> {
    this.isClosed = true
    for (const socket of this.ears.values()) socket.close()
    for (const socket of await Promise.all(this.senders.values())) socket?.close()
  }

  private async listen(family: 4 | 6): Promise<void> {
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      reuseAddr: true,
      ipv6Only: family === 6,
      recvBufferSize: BEACON_BUFFER_BYTES,
    })
    if (!(await bound(socket, { port: this.options.port }))) return
    this.ears.set(family, socket)
    socket.on('message', (bytes, { address }) => {
      const host = canonicalHost(unmapped(address))
      if (host !== undefined && !this.isClosed) this.options.onBeacon(host, bytes)
    })
  }

  /** Undefined where the address is not there any more. It is tried again with the next beacon. */
  private async openSender({ host, link }: LocalAddress): Promise<Socket | undefined> {
    const isIpv6 = host.includes(':')
    const socket = createSocket(isIpv6 ? 'udp6' : 'udp4')
    if (!(await bound(socket, { address: host, port: 0 }))) {
      this.senders.delete(host)
      return undefined
    }
    try {
      if (!isIpv6) socket.setBroadcast(true)
      socket.setMulticastInterface(isIpv6 ? `::%${link}` : host)
      socket.setMulticastTTL(BEACON_HOPS)
    } catch {
      this.sendErrors++ // no multicast here; broadcast may go
    }
    return socket
  }

  private change(how: 'addMembership' | 'dropMembership', on: string): boolean {
    const isIpv6 = on.includes(':')
    const { groupIpv4, groupIpv6 } = this.options
    try {
      this.ears.get(isIpv6 ? 6 : 4)?.[how](isIpv6 ? groupIpv6 : groupIpv4, on)
      return true
    } catch {
      return false
    }
  }
}

/** As `addMembership` wants it. */
function interfaceOf({ host, link }: LocalAddress): string {
  return host.includes(':') ? `::%${link}` : host
}

/** Answers whether that could be; else the socket is closed. What goes wrong later is a beacon that was lost. */
function bound(socket: Socket, where: { address?: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const refuse = () => {
      socket.close()
      resolve(false)
    }
    socket.once('error', refuse)
    socket.bind({ ...where, exclusive: true }, () => {
      socket.removeListener('error', refuse)
      socket.on('error', () => {})
      resolve(true)
    })
  })
}
