// The grammar of `--ip`, and of `--bind`:
//
//   list    = item *( "," item )              blanks around an item are ignored
//   item    = host [ ":" port ]
//   host    = IPv4 / name / "[" IPv6 [ "%" zone ] "]"
//   item   /= IPv6 [ "%" zone ]               bare, and then without a port: its colons are its own
//   port    = 1..65535
//
// Pure: nothing is resolved here. Called by arguments.ts; every failure is a LeftError 'usage' that names the item.

import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { domainToASCII } from 'node:url'
import type { PeerAddress } from '../app/options.js'
import { LeftError } from '../base/errors.js'
import { DEFAULT_PORT } from '../base/limits.js'
import { LABEL_CHARACTERS_MAX, NAME_CHARACTERS_MAX, PEER_COUNT_MAX, PORT_MAX } from './limits.js'
import { printable, shortenMiddle } from './names.js'

const EXAMPLE = '--ip 192.168.56.119,192.168.56.120:22002,[fd00::7]:22001,lab3.local'

/** Every address of every `--ip`, in order, duplicates (same host and port) dropped. */
export function parsePeers(lists: readonly string[]): PeerAddress[] {
  const peers = new Map<string, PeerAddress>()
  for (const list of lists) {
    for (const item of list.split(',')) {
      const peer = parsePeer(item.trim(), list)
      const key = `${peer.host} ${peer.port}`
      if (!peers.has(key)) peers.set(key, peer)
      if (peers.size > PEER_COUNT_MAX) {
        throw new LeftError('usage', `--ip names more than ${PEER_COUNT_MAX} machines; name fewer`)
      }
    }
  }
  return [...peers.values()]
}

/** A local address to bind: IPv4 or IPv6, brackets allowed. Names are not, since one may mean several addresses. */
export function parseBind(text: string): string {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  if (isIPv4(bare)) return bare
  const v6 = canonicalIPv6(bare)
  if (v6 !== undefined) return v6
  throw new LeftError(
    'usage',
    `${quoted(text)} is not an address of this machine; write an IP address, for example --bind 192.168.56.118`,
  )
}

/** 1..65535 in decimal digits, or undefined. */
export function parsePort(text: string): number | undefined {
  if (!/^[0-9]{1,5}$/.test(text)) return undefined
  const port = Number(text)
  return port >= 1 && port <= PORT_MAX ? port : undefined
}

/** The person's own words, safe to print in an error and not longer than a line. */
export function quoted(text: string): string {
  return `'${shortenMiddle(printable(text), 80)}'`
}

function parsePeer(item: string, list: string): PeerAddress {
  if (item === '') {
    throw new LeftError(
      'usage',
      `--ip ${quoted(list)} has an empty address in it; join addresses with single commas, for example ${EXAMPLE}`,
    )
  }
  const bracketed = /^\[([^\]]*)\](.*)$/s.exec(item)
  if (bracketed) {
    const host = canonicalIPv6(bracketed[1]!)
    if (host === undefined) throw unusable(item, 'there is no IPv6 address between the brackets')
    return { host: peerHost(host, item), port: portAfter(bracketed[2]!, item), text: item }
  }
  const v6 = canonicalIPv6(item)
  if (v6 !== undefined) return { host: peerHost(v6, item), port: DEFAULT_PORT, text: item }
  const colon = item.indexOf(':')
  if (colon !== item.lastIndexOf(':')) {
    throw unusable(item, 'it is no IPv6 address; an IPv6 address with a port needs brackets')
  }
  const host = colon < 0 ? item : item.slice(0, colon)
  return {
    host: peerHost(hostOf(host, item), item),
    port: portAfter(colon < 0 ? '' : item.slice(colon), item),
    text: item,
  }
}

function portAfter(rest: string, item: string): number {
  if (rest === '') return DEFAULT_PORT
  const port = rest.startsWith(':') ? parsePort(rest.slice(1)) : undefined
  if (port === undefined) throw unusable(item, `its port is not a number from 1 to ${PORT_MAX}`)
  return port
}

/** An IPv4 address or a name in lower case; international names as the DNS spells them. */
function hostOf(text: string, item: string): string {
  const host = (/[^\0-\x7f]/.test(text) ? domainToASCII(text) : text).toLowerCase()
  if (isIPv4(host)) return host
  // A name whose last label is a number is a mistyped IPv4 address (URL Standard, "ends in a number").
  if (/(^|\.)[0-9]+\.?$/.test(host)) throw unusable(item, 'it looks like an IPv4 address but is none')
  const name = host.endsWith('.') ? host.slice(0, -1) : host
  const labels = name.split('.')
  const isName =
    name.length <= NAME_CHARACTERS_MAX &&
    labels.every(
      (label) => label.length <= LABEL_CHARACTERS_MAX && /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label),
    )
  if (!isName) throw unusable(item, 'it is neither an IP address nor the name of a machine')
  return name
}

/** Refuses what is an address but can be no one machine's: unspecified, multicast, broadcast. */
function peerHost(host: string, item: string): string {
  const firstByte = isIPv4(host) ? Number(host.split('.')[0]) : undefined
  const nobodyV4 = firstByte !== undefined && (firstByte === 0 || firstByte >= 224)
  const nobody = nobodyV4 || host === '::' || /^ff[0-9a-f]{2}:/.test(host)
  if (nobody) throw unusable(item, 'it is not the address of one machine')
  return host
}

/** The shortest text of an IPv6 address (RFC 5952), its zone kept, so that equal addresses are equal texts. */
function canonicalIPv6(text: string): string | undefined {
  if (!isIPv6(text)) return undefined
  const percent = text.indexOf('%')
  const address = percent < 0 ? text : text.slice(0, percent)
  const zone = percent < 0 ? '' : text.slice(percent)
  return new SocketAddress({ address, family: 'ipv6' }).address + zone
}

function unusable(item: string, why: string): LeftError {
  return new LeftError('usage', `--ip ${quoted(item)} is not usable: ${why}; for example ${EXAMPLE}`)
}
