// Addresses of this machine as beacons see them, and whether another host is on the link of one of them. Pure.

/** An IPv4 address, or a link-local IPv6 one. */
export interface OwnAddress {
  /** Name of its interface. */
  readonly link: string
  /** In the one spelling; IPv6 with '%zone'. */
  readonly host: string
  /** Leading bits that the hosts of its network have in common. */
  readonly prefixBits: number
}

/** Whether `host` can be the sender of a beacon that came over a link of ours: beacons cross no router, and one that names a host
 *  elsewhere is forged to have us call there. */
export function isOnLink(host: string, addresses: Iterable<OwnAddress>): boolean {
  const other = ipv4Of(host)
  for (const own of addresses) {
    const number = ipv4Of(own.host)
    if (other === undefined || number === undefined) {
      if (other === undefined && number === undefined && isSameLink(host, own)) return true
    } else if (((other ^ number) & maskOf(own.prefixBits)) === 0) return true
  }
  return false
}

/** Address that all hosts of an IPv4 network listen to; undefined for IPv6, and where there is no room for one (RFC 3021). */
export function broadcastOf({ host, prefixBits }: OwnAddress): string | undefined {
  const number = ipv4Of(host)
  if (number === undefined || prefixBits > 30) return undefined
  const all = number | ~maskOf(prefixBits)
  return [all >>> 24, (all >>> 16) & 255, (all >>> 8) & 255, all & 255].join('.')
}

function isSameLink(host: string, { link }: OwnAddress): boolean {
  return /^fe[89ab]/i.test(host) && host.endsWith(`%${link}`)
}

function maskOf(prefixBits: number): number {
  return prefixBits === 0 ? 0 : -1 << (32 - prefixBits)
}

/** As a signed number of 32 bits; undefined for any other text. */
function ipv4Of(host: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)
  if (parts === null) return undefined
  let number = 0
  for (const part of parts.slice(1)) {
    const byte = Number(part)
    if (byte > 255) return undefined
    number = (number << 8) | byte
  }
  return number
}
