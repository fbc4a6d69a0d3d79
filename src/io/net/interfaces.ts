// Facts of this machine's network interfaces: how large a datagram may be, which addresses are our own, and
// what a name resolves to.

import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { DATAGRAM_BYTES_MAX } from '../../base/limits.js'
import {
  ADDRESS_CACHE_COUNT_MAX,
  DARWIN_DATAGRAM_BYTES_MAX,
  ETHERNET_MTU_BYTES,
  INTERFACE_AGE_MS_MAX,
  IPV4_HEADERS_BYTES,
  IPV6_HEADERS_BYTES,
  RESOLVE_TIMEOUT_MS,
  RESOLVED_COUNT_MAX,
} from '../limits.js'
import { type Address, canonicalHost, type HostPort, parseAddress } from './address.js'

const answers = new Map<string, { datagramBytes: number; learntMs: number }>()

/** Largest UDP payload, in bytes, that the local interface towards `remote` carries in one piece. What lies
 *  behind the interface may carry less: that is for path MTU probing to find. Answers what Ethernet carries
 *  where the system does not tell. Remembered for half a minute, so it may be asked often. */
export function datagramBytesMax(remote: Address, localBind: string | undefined): number {
  const host = parseAddress(remote)?.host
  if (host === undefined) return payloadBytes(ETHERNET_MTU_BYTES, false)
  const bind = specificBind(localBind)
  const key = `${host} ${bind ?? ''}`
  const known = answers.get(key)
  if (known !== undefined && performance.now() - known.learntMs < INTERFACE_AGE_MS_MAX)
    return known.datagramBytes
  const datagramBytes = payloadBytes(interfaceMtuBytes(host, bind), host.includes(':'))
  if (answers.size >= ADDRESS_CACHE_COUNT_MAX) answers.clear()
  answers.set(key, { datagramBytes, learntMs: performance.now() })
  return datagramBytes
}

/** Whether a socket bound to `bind` and `port` would receive what is sent to `address` itself. With `--bind
 *  X` only X is our own: 127.0.0.1, 127.0.0.2 and 127.0.0.3 with one port are three peers. */
export function isOwnAddress(address: HostPort, local: { bind: string | undefined; port: number }): boolean {
  if (address.port !== local.port) return false
  const host = canonicalHost(address.host)
  if (host === undefined) return false
  const bind = specificBind(local.bind)
  if (bind !== undefined) return host === bind
  return isLoopback(host) || isUnspecified(host) || ownInterface(host) !== undefined
}

/** Whether a socket can be bound to this address of `--bind`: whether it is an address of this machine. */
export function isHere(bind: string | undefined): boolean {
  const host = specificBind(bind)
  // All of 127.0.0.0/8 is this machine's, and one address of it is listed.
  return host === undefined || isLoopback(host) || ownInterface(host) !== undefined
}

/** Addresses of this machine that others may reach it at: canonical, none of the loopback and none of one link alone. */
export function ownHosts(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const hosts = all.map(({ address }) => canonicalHost(address))
  return hosts.filter(
    (host) => host !== undefined && !isLoopback(host) && !/^fe[89ab]/i.test(host),
  ) as string[]
}

/** The IP addresses of a name, canonical, in the resolver's order; of a literal address, that one. Empty
 *  where there is none or no answer in time: the caller asks again later. */
export async function resolveHost(host: string): Promise<string[]> {
  const literal = canonicalHost(host)
  if (literal !== undefined) return [literal]
  const found = await Promise.race([
    lookup(host, { all: true, verbatim: true }).catch(() => []),
    noAnswerInTime(),
  ])
  const hosts = found
    .map(({ address }) => canonicalHost(address))
    .filter((canonical) => canonical !== undefined)
  return [...new Set(hosts)].slice(0, RESOLVED_COUNT_MAX)
}

function noAnswerInTime(): Promise<[]> {
  return new Promise((resolve) => {
    setTimeout(() => resolve([]), RESOLVE_TIMEOUT_MS).unref()
  })
}

function payloadBytes(mtuBytes: number, ipv6: boolean): number {
  const payload = mtuBytes - (ipv6 ? IPV6_HEADERS_BYTES : IPV4_HEADERS_BYTES)
  const platformMax = process.platform === 'darwin' ? DARWIN_DATAGRAM_BYTES_MAX : DATAGRAM_BYTES_MAX
  return Math.min(payload, platformMax)
}

function interfaceMtuBytes(remoteHost: string, bind: string | undefined): number {
  const local = bind ?? localHostTowards(remoteHost)
  // Traffic to an address of our own never leaves the machine, whichever interface holds it.
  if (isLoopback(remoteHost) || ownInterface(remoteHost) !== undefined)
    return mtuBytesOf(loopbackName()) ?? 65_536
  const name = local === undefined ? undefined : ownInterface(local)
  return (name === undefined ? undefined : mtuBytesOf(name)) ?? ETHERNET_MTU_BYTES
}

/** Where the route to `remoteHost` starts: what a connected socket finds itself bound to (RFC 6724's choice).
 *  Nothing is sent. With a lookup that answers at once, dgram binds and connects before it returns. */
function localHostTowards(remoteHost: string): string | undefined {
  const ipv6 = remoteHost.includes(':')
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    lookup: (host, _options, answer) => answer(null, host, ipv6 ? 6 : 4),
  })
  socket.on('error', () => {}) // no route: the answer is undefined
  try {
    socket.connect(9, remoteHost)
    const local = canonicalHost(socket.address().address)
    return local === undefined || isUnspecified(local) ? undefined : local
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}

/** Name of the interface that holds this address. */
function ownInterface(host: string): string | undefined {
  const bare = withoutZone(host)
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some(({ address }) => withoutZone(address) === bare)) return name
  }
  return undefined
}

function loopbackName(): string {
  return ownInterface('127.0.0.1') ?? 'lo'
}

/** Linux alone says it in a file; elsewhere undefined. */
function mtuBytesOf(interfaceName: string): number | undefined {
  try {
    const mtuBytes = Number(readFileSync(`/sys/class/net/${interfaceName}/mtu`, 'utf8'))
    return mtuBytes >= 576 ? mtuBytes : undefined
  } catch {
    return undefined
  }
}

function specificBind(bind: string | undefined): string | undefined {
  const host = bind === undefined ? undefined : canonicalHost(bind)
  return host === undefined || isUnspecified(host) ? undefined : host
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1'
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function withoutZone(host: string): string {
  const zoneStart = host.indexOf('%')
  return zoneStart < 0 ? host : host.slice(0, zoneStart)
}
