// The grammar of the words of `left ls` and `left get`:
//
//   place = host [ ":" port ] [ ":" path ]
//   place =/ IPv6 [ "%" zone ]                bare, and then without a port and a path: its colons are its own
//   host  = as in --ip; an IPv6 address in brackets
//   path  = of the share of that machine; all of it where it is left out
//
// What stands behind the host, up to the next colon or the end, is the port where it is 1 to 5 digits, and else begins the path: a
// path that begins with such a part is written `./2024` or `./12:30.txt`.
//
// Pure. Called by ls.ts and get.ts; every failure is a LeftError 'usage' that names the word.

import { isIP, isIPv6 } from 'node:net'
import type { PeerAddress } from '../../app/options.js'
import { LeftError } from '../../base/errors.js'
import { checkPath } from '../../share/path.js'
import { parseMachine, quoted } from '../addresses.js'

export interface Place {
  readonly peer: PeerAddress
  /** In its share, '' for all of it. */
  readonly path: string
}

export function parsePlace(word: string): Place {
  const { host, rest } = partsOf(word)
  const [, port, path] = /^:([0-9]{1,5})(?::(.*))?$/s.exec(rest) ?? [undefined, undefined, rest.slice(1)]
  const address = port === undefined ? host : `${host}:${port}`
  if (host === '' || address.includes(','))
    throw new LeftError(
      'usage',
      `${quoted(word)} names no machine: write HOST:PATH, for example lab3:docs/plan.txt`,
    )
  return { peer: parseMachine(address), path: pathOf(word, path ?? '') }
}

/** Whether a word means a machine and not a path of the share in which it is said: an IP address, or a host with a colon. What begins
 *  with '/', './' or '../' is a path always. */
export function isPlace(word: string): boolean {
  if (/^\.{0,2}\//.test(word)) return false
  return word.includes(':') || isIP(word) !== 0
}

function partsOf(word: string): { host: string; rest: string } {
  if (isIPv6(word)) return { host: word, rest: '' }
  const end = word.startsWith('[') ? word.indexOf(']') + 1 : word.indexOf(':')
  if (end <= 0 && !word.startsWith('[')) return end < 0 ? { host: word, rest: '' } : { host: '', rest: word }
  const rest = word.slice(end)
  return rest === '' || rest.startsWith(':') ? { host: word.slice(0, end), rest } : { host: word, rest: '' }
}

/** As the share spells it: './' before it and '/' around it say nothing. */
function pathOf(word: string, text: string): string {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.')
  const path = parts.join('/')
  if (path === '' || checkPath(path) === undefined) return path
  throw new LeftError('usage', `${quoted(word)} names no path of a share: ${quoted(path)} cannot be in one`)
}
