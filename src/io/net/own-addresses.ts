// The addresses that beacons are sent from, as the system has them now. Looked at again and again by src/app/discovery.ts: Node
// tells of no change.

import { networkInterfaces } from 'node:os'
import { canonicalHost } from './address.js'

/** The same as that of src/beacons. */
export interface LocalAddress {
  readonly link: string
  readonly host: string
  readonly prefixBits: number
}

/** IPv4 addresses and link-local IPv6 ones; with `bind` that one alone, of which nobody is called at another. */
export function localAddresses(bind: string | undefined, interfaces = networkInterfaces()): LocalAddress[] {
  const all = Object.entries(interfaces).flatMap(([link, addresses]) =>
    (addresses ?? []).flatMap(({ address, cidr }): LocalAddress[] => {
      const prefixBits = Number(cidr?.split('/')[1])
      const isLinkLocal = /^fe[89ab]/i.test(address)
      if (!Number.isInteger(prefixBits) || (address.includes(':') && !isLinkLocal)) return []
      const host = canonicalHost(isLinkLocal && !address.includes('%') ? `${address}%${link}` : address)
      return host === undefined ? [] : [{ link, host, prefixBits }]
    }),
  )
  const only = bind === undefined ? undefined : canonicalHost(bind)
  if (only === undefined || only === '0.0.0.0' || only === '::') return all
  const exact = all.filter(({ host }) => host === only)
  if (exact.length > 0 || !only.startsWith('127.')) return exact
  // All of 127.0.0.0/8 is this machine's, and one address of it is listed.
  return all.filter(({ host }) => host === '127.0.0.1').map((own) => ({ ...own, host: only }))
}
