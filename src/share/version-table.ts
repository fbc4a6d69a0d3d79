// Short texts for the versions of one listing: its peers stand in a table, each with the smallest count that the listing
// names, no peer and no count beyond that. A version names a peer by its place there and a count by the distance from
// that smallest one.
//
//     table = 'V' *( ' ' peer ':' count ) LF         peers ascending, none twice
//     short = a version (dots.ts) whose vector is 1*64( place ':' distance ), joined by ','
//     place, distance = 0..2^53 - 1 in base 36, no leading zero
//
// A count by clock takes fifteen digits and a peer sixteen; most files of a folder come from one peer within a few seconds.

import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import {
  COUNT_MAX,
  countOf,
  type Dot,
  type DottedVersion,
  decodeVersion,
  dotOf,
  dotsOf,
  encodeVersion,
  isDot,
  peerOf,
} from './dots.js'
import { TABLE_PEERS_MAX } from './limits.js'

const SHORT_DOT = /^(0|[1-9a-z][0-9a-z]{0,10}):(0|[1-9a-z][0-9a-z]{0,10})$/
const RADIX = 36

export class VersionTable {
  private readonly places = new Map<string, number>()
  /** Peers whose smallest count no decoded version has named yet. */
  private readonly unnamed: Set<string>

  /** The smallest dot of each peer, peers ascending. */
  private constructor(private readonly dots: readonly Dot[]) {
    for (const [place, dot] of dots.entries()) this.places.set(peerOf(dot), place)
    this.unnamed = new Set(this.places.keys())
  }

  static of(versions: Iterable<DottedVersion>): VersionTable {
    const smallest = new Map<string, Dot>()
    for (const { seen } of versions)
      for (const dot of dotsOf(seen)) {
        const known = smallest.get(peerOf(dot))
        if (known === undefined || countOf(dot) < countOf(known)) smallest.set(peerOf(dot), dot)
      }
    return new VersionTable([...smallest.values()].sort())
  }

  /** Strict: only the canonical text of a table within all limits. `line` is without its LF. Never throws. */
  static parse(line: string): Decoded<VersionTable> {
    const [mark, ...dots] = line.split(' ', TABLE_PEERS_MAX + 2)
    if (mark !== 'V') return undecoded('unknown-kind')
    if (dots.length > TABLE_PEERS_MAX) return undecoded('too-long')
    const isSorted = dots.every((dot, at) => at === 0 || peerOf(dots[at - 1]!) < peerOf(dot))
    return isSorted && dots.every(isDot) ? decoded(new VersionTable(dots)) : undecoded('bad-field')
  }

  /** Its line, without LF. */
  get text(): string {
    return ['V', ...this.dots].join(' ')
  }

  /** Whether the versions decoded so far make this very table, so that a listing has one spelling. */
  get isExact(): boolean {
    return this.unnamed.size === 0
  }

  /** Of a version that was given to `of`. */
  encode(version: DottedVersion): string {
    // One edit and nothing before it, as nearly all are.
    if (version.seen === version.content && version.seen === version.attributes)
      return `${this.shortOf(version.seen)}/0`
    const text = encodeVersion(version)
    const seen = dotsOf(version.seen).map((dot) => this.shortOf(dot))
    return seen.join(',') + text.slice(version.seen.length)
  }

  /** Never throws. */
  decode(text: string): Decoded<DottedVersion> {
    const end = text.indexOf('/')
    if (end < 0) return undecoded('truncated')
    const dots = text
      .slice(0, end)
      .split(',', 65)
      .map((short) => this.dotOf(short))
    if (dots.includes(undefined)) return undecoded('bad-field')
    return decodeVersion(dots.join(',') + text.slice(end))
  }

  private shortOf(dot: Dot): string {
    const place = this.places.get(peerOf(dot))!
    const distance = countOf(dot) - countOf(this.dots[place]!)
    return `${place.toString(RADIX)}:${distance.toString(RADIX)}`
  }

  private dotOf(short: string): Dot | undefined {
    const [, place, distance] = SHORT_DOT.exec(short) ?? []
    const smallest = place === undefined ? undefined : this.dots[Number.parseInt(place, RADIX)]
    if (smallest === undefined || distance === undefined) return undefined
    const count = countOf(smallest) + Number.parseInt(distance, RADIX)
    if (distance === '0') this.unnamed.delete(peerOf(smallest))
    return count <= COUNT_MAX ? dotOf(peerOf(smallest), count) : undefined
  }
}
