// Addresses as the kernel has them: sockaddr_in and sockaddr_in6 in bytes, to and from texts. Used where sockets are
// spoken to past Node.
//
//   IPv4 (16)   family:u16 port:u16 address:4 zero:8
//   IPv6 (28)   family:u16 port:u16 flow:u32 address:16 scope:u32      (family and scope in the machine's order)

import { canonicalHost, type HostPort, unmapped } from './address.js'
import type { Native } from './native.js'

export const SOCKET_ADDRESS_BYTES_MAX = 28

const AF_INET = 2
const AF_INET6 = 10
const IPV4_BYTES = 16
const IPV6_BYTES = 28
const NAME_BYTES_MAX = 16 // IF_NAMESIZE

/** Undefined for what has a zone, or is no address: that is Node's to send to. */
export function encodeSocketAddress({ host, port }: HostPort, native: Native): Uint8Array | undefined {
  const isIpv6 = host.includes(':')
  const address = new Uint8Array(isIpv6 ? IPV6_BYTES : IPV4_BYTES)
  address[0] = isIpv6 ? AF_INET6 : AF_INET
  address[2] = port >>> 8
  address[3] = port
  const place = address.subarray(isIpv6 ? 8 : 4)
  return native.inet_pton(address[0], host, place) === 1 ? address : undefined
}

/** In the one spelling, with an IPv4-mapped address as IPv4; undefined where it is neither IPv4 nor IPv6. */
export function decodeSocketAddress(address: Uint8Array, native: Native): HostPort | undefined {
  const port = (address[2]! << 8) | address[3]!
  if (address[0] === AF_INET) return { host: address.subarray(4, 8).join('.'), port }
  if (address[0] !== AF_INET6) return undefined
  const host = canonicalHost(ipv6Text(address.subarray(8, 24)))!
  const scope = new DataView(address.buffer, address.byteOffset).getUint32(24, true)
  return { host: unmapped(scope === 0 ? host : `${host}%${zoneOf(scope, native)}`), port }
}

function ipv6Text(bytes: Uint8Array): string {
  const isMapped =
    bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  if (isMapped) return `::ffff:${bytes.subarray(12).join('.')}`
  const groups: string[] = []
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at]! << 8) | bytes[at + 1]!).toString(16))
  return groups.join(':')
}

/** Node names zones by their interface. */
function zoneOf(scope: number, native: Native): string {
  const name = new Uint8Array(NAME_BYTES_MAX)
  if (native.if_indextoname(scope, name) === null) return String(scope)
  return String.fromCharCode(...name.subarray(0, name.indexOf(0)))
}
