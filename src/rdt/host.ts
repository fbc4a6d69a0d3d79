// Which host an address is of: whoever has one address commonly has all its ports, and of IPv6 a whole /64 (RFC 4291,
// 2.5.4). Used to count what one host begins and guesses.

import type { Address } from './api.js'

/** The IPv4 address, or the first four groups of the IPv6 one; any other text as it is. */
export function hostOf(address: Address): string {
  if (!address.startsWith('[')) return address.slice(0, Math.max(0, address.lastIndexOf(':'))) || address
  const ip = address.slice(1, Math.max(1, address.indexOf(']'))).replace(/%.*$/, '')
  const [before, after] = ip.split('::')
  const groups = groupsOf(before)
  if (after !== undefined) {
    const zeros = Math.max(0, 8 - groups.length - groupsOf(after).length)
    groups.push(...new Array<string>(zeros).fill('0'), ...groupsOf(after))
  }
  return groups.slice(0, 4).join(':')
}

function groupsOf(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(':')
}
