// The grammar of `--ip`, of `--tracker`, of `--bind`, and of `--web`:
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
import type { PeerAddress, PeerOptions } from '../app/options.js'
import { LeftError } from '../base/errors.js'
import { DEFAULT_PORT, TRACKER_PORT, WEB_PORT } from '../base/limits.js'
import {
  LABEL_CHARACTERS_MAX,
  NAME_CHARACTERS_MAX,
  PEER_COUNT_MAX,
  PORT_MAX,
  TRACKER_COUNT_MAX,
} from './limits.js'
import { printable, shortenMiddle } from './names.js'

/** An option that names machines. */
interface NamingOption {
  readonly option: string
  readonly defaultPort: number
  readonly countMax: number
  readonly example: string
}

const IP: NamingOption = {
  option: '--ip',
  defaultPort: DEFAULT_PORT,
  countMax: PEER_COUNT_MAX,
  example: '--ip 192.168.56.119,192.168.56.120:22002,[fd00::7]:22001,lab3.local',
}

const TRACKER: NamingOption = {
  option: '--tracker',
  defaultPort: TRACKER_PORT,
  countMax: TRACKER_COUNT_MAX,
  example: `--tracker tracker.example.org or --tracker 192.168.56.118:${TRACKER_PORT}`,
}

/** Nobody on another machine reaches it. */
const WEB_HOST = '127.0.0.1'

const PLACE: NamingOption = {
  option: 'the machine',
  defaultPort: DEFAULT_PORT,
  countMax: 1,
  example: 'lab3:docs/plan.txt, 192.168.56.119:22002:docs or [fd00::7]:docs',
}

/** Every address of every `--ip`, in order, duplicates (same host and port) dropped. */
export function parsePeers(lists: readonly string[]): PeerAddress[] {
  return parseAll(lists, IP)
}

/** The same of every `--tracker`. */
export function parseTrackers(lists: readonly string[]): PeerAddress[] {
  return parseAll(lists, TRACKER)
}

/** The machine of a place that is visited: HOST or HOST:PORT. */
export function parseMachine(text: string): PeerAddress {
  return parsePeer(text, text, PLACE)
}

function parseAll(lists: readonly string[], naming: NamingOption): PeerAddress[] {
  const { option, countMax } = naming
  const peers = new Map<string, PeerAddress>()
  for (const list of lists) {
    for (const item of list.split(',')) {
      const peer = parsePeer(item.trim(), list, naming)
      const key = `${peer.host} ${peer.port}`
      if (!peers.has(key)) peers.set(key, peer)
      if (peers.size > countMax) {
        throw new LeftError('usage', `${option} names more than ${countMax} machines; name fewer`)
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

/** Where the page is served: an address of this machine or a name of it, a port, both, `auto` for any port, or '' for the usual place. */
export function parseWeb(text: string): NonNullable<PeerOptions['web']> {
  if (text === '') return { host: WEB_HOST, port: WEB_PORT }
  if (text === 'auto') return { host: WEB_HOST, port: 0 }
  const port = parsePort(text)
  if (port !== undefined) return { host: WEB_HOST, port }
  const unusable = (why: string) =>
    new LeftError(
      'usage',
      `--web ${quoted(text)} is not usable: ${why}; for example --web ${WEB_HOST}:${WEB_PORT}, or --web ${WEB_PORT + 1}`,
    )
  const { host, rest } = hostAndRest(text, unusable)
  return { host, port: rest === '' ? WEB_PORT : portAfter(rest, unusable) }
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

function parsePeer(item: string, list: string, naming: NamingOption): PeerAddress {
  const { option, example } = naming
  if (item === '') {
    throw new LeftError(
      'usage',
      `${option} ${quoted(list)} has an empty address in it; join addresses with single commas, for example ${example}`,
    )
  }
  const unusable = (why: string) =>
    new LeftError('usage', `${option} ${quoted(item)} is not usable: ${why}; for example ${example}`)
  const { host, rest } = hostAndRest(item, unusable)
  refuseNobody(host, unusable)
  return { host, port: rest === '' ? naming.defaultPort : portAfter(rest, unusable), text: item }
}

/** Makes the refusal of an item, of the reason. */
type Unusable = (why: string) => LeftError

function hostAndRest(item: string, unusable: Unusable): { readonly host: string; readonly rest: string } {
  const bracketed = /^\[([^\]]*)\](.*)$/s.exec(item)
  if (bracketed) {
    const host = canonicalIPv6(bracketed[1]!)
    if (host === undefined) throw unusable('there is no IPv6 address between the brackets')
    return { host, rest: bracketed[2]! }
  }
  const v6 = canonicalIPv6(item)
  if (v6 !== undefined) return { host: v6, rest: '' }
  const colon = item.indexOf(':')
  if (colon !== item.lastIndexOf(':'))
    throw unusable('it is no IPv6 address; an IPv6 address with a port needs brackets')
  const host = hostOf(colon < 0 ? item : item.slice(0, colon), unusable)
  return { host, rest: colon < 0 ? '' : item.slice(colon) }
}

function portAfter(rest: string, unusable: Unusable): number {
  const port = rest.startsWith(':') ? parsePort(rest.slice(1)) : undefined
  if (port === undefined) throw unusable(`its port is not a number from 1 to ${PORT_MAX}`)
  return port
}

/** An IPv4 address or a name in lower case; international names as the DNS spells them. */
function hostOf(text: string, unusable: Unusable): string {
  const host = (/[^\0-\x7f]/.test(text) ? domainToASCII(text) : text).toLowerCase()
  if (isIPv4(host)) return host
  // A name whose last label is a number is a mistyped IPv4 address (URL Standard, "ends in a number").
  if (/(^|\.)[0-9]+\.?$/.test(host)) throw unusable('it looks like an IPv4 address but is none')
  const name = host.endsWith('.') ? host.slice(0, -1) : host
  const labels = name.split('.')
  const isName =
    name.length <= NAME_CHARACTERS_MAX &&
    labels.every(
      (label) => label.length <= LABEL_CHARACTERS_MAX && /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label),
    )
  if (!isName) throw unusable('it is neither an IP address nor the name of a machine')
  return name
}

/** Refuses what is an address but can be no one machine's: unspecified, multicast, broadcast. */
function refuseNobody(host: string, unusable: Unusable): void {
  const firstByte = isIPv4(host) ? Number(host.split('.')[0]) : undefined
  const nobodyV4 = firstByte !== undefined && (firstByte === 0 || firstByte >= 224)
  const nobody = nobodyV4 || host === '::' || /^ff[0-9a-f]{2}:/.test(host)
  if (nobody) throw unusable('it is not the address of one machine')
}

/** The shortest text of an IPv6 address (RFC 5952), its zone kept, so that equal addresses are equal texts. */
function canonicalIPv6(text: string): string | undefined {
  if (!isIPv6(text)) return undefined
  const percent = text.indexOf('%')
  const address = percent < 0 ? text : text.slice(0, percent)
  const zone = percent < 0 ? '' : text.slice(percent)
  return new SocketAddress({ address, family: 'ipv6' }).address + zone
}
