// Addresses as texts: 'ip:port' or '[v6]:port' in one canonical spelling, so that equality of strings is
// equality of addresses. The socket makes them, the endpoint uses them as keys.

import { isIPv4, isIPv6, SocketAddress } from 'node:net'

/** The same as rdt's `Address`. */
export type Address = string

export interface HostPort {
  /** Canonical: dotted IPv4, or IPv6 as RFC 5952 spells it (with '%zone' where it is link-local). */
  readonly host: string
  readonly port: number
}

const MAPPED_PREFIX = '::ffff:'

/** The one spelling of an IP address; undefined where the text is none. `::ffff:192.0.2.1` is `192.0.2.1`. */
export function canonicalHost(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text)) return undefined
  const zoneStart = text.indexOf('%')
  const zone = zoneStart < 0 ? '' : text.slice(zoneStart)
  const address = zoneStart < 0 ? text : text.slice(0, zoneStart)
  return unmapped(new SocketAddress({ address, family: 'ipv6' }).address + zone)
}

/** For a host that is canonical already. */
export function formatAddress(host: string, port: number): Address {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** The parts of an address that `formatAddress` made; undefined for any other text. */
export function parseAddress(address: Address): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address)
  if (match === null) return undefined
  const host = canonicalHost(match[1] ?? match[2]!)
  const port = Number(match[3])
  return host === undefined || port > 65_535 ? undefined : { host, port }
}

/** Plain IPv4 of an IPv4-mapped address as a dual-stack socket reports it; anything else as it is. */
export function unmapped(host: string): string {
  return host.startsWith(MAPPED_PREFIX) && host.includes('.') ? host.slice(MAPPED_PREFIX.length) : host
}

/** How a dual-stack socket wants an IPv4 address. */
export function mapped(host: string): string {
  return host.includes(':') ? host : MAPPED_PREFIX + host
}
