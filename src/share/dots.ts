// Dots, and vectors of what has been seen: the version algebra of an entry, without the entry.
//
//     dot     = peer ':' count                             one edit
//     seen    = dot *( ',' dot )                           peers ascending, none twice; holds every edit up to a count
//     version = seen '/' place [ '/' place ]               dot of the content; dot of the attributes, where it is another one
//     place   = index [ '.' count ]                        a peer of `seen` by index; its count, where it is another one
//     peer    = 16 lowercase hexadecimal digits
//     count   = 1..2^53 - 1, decimal, no leading zero
//
// Every version has exactly one text. After Preguiça, Baquero and others, "Dotted Version Vectors", 2010; the rules
// that use it are in decide.ts, and docs/decisions/versions.md says why they are as they are.

import { type Decoded, decoded, undecoded } from '../base/decoded.js'

/** Names one share folder on one machine: 16 lowercase hexadecimal characters, random, made once. */
export type PeerId = string

/** Peers in one vector. A vector that outgrows it forgets the oldest edits: a conflict copy too many, no edit lost. */
export const SEEN_PEERS_MAX = 64

/** Largest count: exact in a double. Counts by clock reach it in the year 6325. */
export const COUNT_MAX = Number.MAX_SAFE_INTEGER

/** Counts that one second has room for, before counts run ahead of the clock. */
export const COUNTS_PER_SECOND = 2 ** 16

/** Drawn counts, a millisecond's worth: two lives of one share that begin in the same millisecond differ in them. */
export const DRAWN_COUNTS = 2 ** 6

/** One edit: `peer:count`. Names one content, or one set of attributes, of one path, and never another. */
export type Dot = string

/** A vector in its one text, so that equality is equality of strings. '' has seen nothing. */
export type Seen = string

export interface DottedVersion {
  /** The edit that made the content, the target or the deletion. */
  readonly content: Dot
  /** The edit that made the attributes. */
  readonly attributes: Dot
  /** Holds both. */
  readonly seen: Seen
}

export interface Folded {
  readonly seen: Seen
  /** The part of the vector that was forgotten, '' where there was room for all. */
  readonly folded: Seen
}

/** How the left of two edits of one path stands to the right one. 'settled': each is held by the other's vector, and
 *  neither vector holds more; both edits have been replaced or kept already, so that nothing is lost whichever stays. */
export type Relation = 'same' | 'replaces' | 'replaced' | 'concurrent' | 'settled'

const PEER = /^[0-9a-f]{16}$/
const COUNT = /^[1-9][0-9]{0,15}$/
const PLACE = /^(0|[1-9][0-9]?)(?:\.([1-9][0-9]{0,15}))?$/
const PEER_LENGTH = 16
const DOT_LENGTH_MIN = PEER_LENGTH + 2

export function dotOf(peer: string, count: number): Dot {
  return `${peer}:${count}`
}

export function peerOf(dot: Dot): string {
  return dot.slice(0, PEER_LENGTH)
}

export function countOf(dot: Dot): number {
  return Number(dot.slice(PEER_LENGTH + 1))
}

/** A total order: by count, which runs with the clock, then by peer. Negative where the left dot is smaller. */
export function orderOfDots(left: Dot, right: Dot): number {
  return countOf(left) - countOf(right) || (left < right ? -1 : left > right ? 1 : 0)
}

/** The count of a peer's next edit: never used before, even where its index was put back to an older copy.
 *  `drawn` is 0..63. Undefined where counts have run out. */
export function nextCount(previous: number, secondsSince1970: number, drawn: number): number | undefined {
  const count = Math.max(previous + 1, Math.floor(secondsSince1970 * COUNTS_PER_SECOND) + drawn)
  return count <= COUNT_MAX ? count : undefined
}

export function holds(seen: Seen, dot: Dot): boolean {
  const at = seen.indexOf(dot.slice(0, PEER_LENGTH + 1))
  if (at < 0) return false
  const end = seen.indexOf(',', at)
  return Number(seen.slice(at + PEER_LENGTH + 1, end < 0 ? undefined : end)) >= countOf(dot)
}

/** Whether `seen` holds all that `part` holds. */
export function holdsAll(seen: Seen, part: Seen): boolean {
  return seen === part || dotsOf(part).every((dot) => holds(seen, dot))
}

export function dotsOf(seen: Seen): Dot[] {
  return seen === '' ? [] : seen.split(',')
}

/** Holds what either holds. Commutative, associative, idempotent. */
export function uniteSeen(left: Seen, right: Seen): Seen {
  if (left === right || right === '') return left
  if (left === '') return right
  if (peerOf(left) === peerOf(right) && !left.includes(',') && !right.includes(','))
    return countOf(left) < countOf(right) ? right : left
  const counts = new Map<string, Dot>()
  for (const dot of [...dotsOf(left), ...dotsOf(right)]) {
    const known = counts.get(peerOf(dot))
    if (known === undefined || countOf(known) < countOf(dot)) counts.set(peerOf(dot), dot)
  }
  return [...counts.values()].sort().join(',')
}

/** The count of a peer in a vector, 0 where it has none. */
export function countIn(seen: Seen, peer: PeerId): number {
  const dot = dotsOf(seen).find((each) => peerOf(each) === peer)
  return dot === undefined ? 0 : countOf(dot)
}

/** Whether the text is a vector in its one text and within the limits. */
export function isSeen(text: string): boolean {
  const dots = dotsOf(text)
  if (dots.length > SEEN_PEERS_MAX || !dots.every(isDot)) return false
  return dots.every((dot, at) => at === 0 || peerOf(dots[at - 1]!) < peerOf(dot))
}

/** At most `peersMax` peers: the peers of `pinned` dots, then those with the largest counts, which are the latest. */
export function foldSeen(seen: Seen, pinned: readonly Dot[], peersMax = SEEN_PEERS_MAX): Folded {
  if (seen.length < peersMax * DOT_LENGTH_MIN) return { seen, folded: '' }
  const dots = dotsOf(seen)
  if (dots.length <= peersMax) return { seen, folded: '' }
  const pinnedPeers = new Set(pinned.map(peerOf))
  const rank = (dot: Dot) => (pinnedPeers.has(peerOf(dot)) ? 1 : 0)
  const ranked = [...dots].sort((a, b) => rank(b) - rank(a) || orderOfDots(b, a))
  return {
    seen: ranked.slice(0, peersMax).sort().join(','),
    folded: ranked.slice(peersMax).sort().join(','),
  }
}

/** Attributes that nobody chose: of a folder that LEFT made because a file was to go into it. They are its owner's alone, have
 *  the same dot on every peer, and give way to all others. No peer has this id, and counts by clock are larger. */
export const UNCHOSEN: Dot = 'fffffffffffffffe:1'

/** Begins the peer of a dot that stands for a version vector of format 1 (format1.ts). Its count is 1, and counts by clock are
 *  larger. */
export const FORMAT1_PREFIX = '00000000'

/** Whether a dot stands for a version vector of format 1. */
export function isOfFormat1(dot: Dot): boolean {
  return dot.startsWith(FORMAT1_PREFIX) && countOf(dot) === 1
}

/** Whether `seen` holds an edit. Whoever has seen all that a version vector of format 1 held, and more, has seen the edit that
 *  it was of. Equal vectors of two edits are a count that was given twice; a full vector may have forgotten what it held. */
function holdsEdit(seen: Seen, dot: Dot, seenByIt: Seen): boolean {
  if (holds(seen, dot)) return true
  if (!isOfFormat1(dot) || dotsOf(seenByIt).length >= SEEN_PEERS_MAX) return false
  const vector = vectorOf(seenByIt)
  return vector !== '' && vectorOf(seen) !== vector && holdsAll(seen, vector)
}

/** Without the dots that stand for vectors. */
function vectorOf(seen: Seen): Seen {
  return dotsOf(seen)
    .filter((dot) => !isOfFormat1(dot))
    .join(',')
}

/** R replaces L where R has seen L and L has not seen R. Where each has seen the other, the larger vector knows more. */
export function relate(left: Dot, leftSeen: Seen, right: Dot, rightSeen: Seen): Relation {
  if (left === right) return 'same'
  const leftHolds = holdsEdit(leftSeen, right, rightSeen)
  const rightHolds = holdsEdit(rightSeen, left, leftSeen)
  if (leftHolds !== rightHolds) return leftHolds ? 'replaces' : 'replaced'
  if (!leftHolds) return 'concurrent'
  if (leftSeen === rightSeen) return 'settled'
  if (holdsAll(leftSeen, rightSeen)) return 'replaces'
  return holdsAll(rightSeen, leftSeen) ? 'replaced' : 'settled'
}

export function sameVersion(left: DottedVersion, right: DottedVersion): boolean {
  return left.seen === right.seen && left.content === right.content && left.attributes === right.attributes
}

export function encodeVersion(version: DottedVersion): string {
  if (version.seen === version.content && version.seen === version.attributes) return `${version.seen}/0`
  const dots = dotsOf(version.seen)
  const place = (dot: Dot) => {
    const index = dots.findIndex((seen) => peerOf(seen) === peerOf(dot))
    return dots[index] === dot ? `${index}` : `${index}.${countOf(dot)}`
  }
  const content = `${version.seen}/${place(version.content)}`
  return version.attributes === version.content ? content : `${content}/${place(version.attributes)}`
}

/** Strict: only the canonical text of a version within all limits. Never throws. */
export function decodeVersion(text: string): Decoded<DottedVersion> {
  if (text === '') return undecoded('empty')
  const [seen, ...places] = text.split('/', 4) as [string, ...string[]]
  if (places.length === 0) return undecoded('truncated')
  if (places.length > 2) return undecoded('trailing-bytes')
  const dots = seen.split(',', SEEN_PEERS_MAX + 1)
  if (dots.length > SEEN_PEERS_MAX || !dots.every(isDot)) return undecoded('bad-field')
  if (dots.some((dot, index) => index > 0 && peerOf(dot) <= peerOf(dots[index - 1]!)))
    return undecoded('bad-field')
  const placed = places.map((place) => dotAt(place, dots))
  const [content, attributes = content] = placed
  if (content === undefined || placed.includes(undefined) || attributes === undefined)
    return undecoded('bad-field')
  if (places.length === 2 && attributes === content) return undecoded('bad-field')
  return decoded({ content, attributes, seen })
}

export function isDot(text: string): boolean {
  return (
    PEER.test(text.slice(0, PEER_LENGTH)) && text[PEER_LENGTH] === ':' && isCount(text.slice(PEER_LENGTH + 1))
  )
}

function isCount(text: string): boolean {
  return COUNT.test(text) && Number(text) <= COUNT_MAX
}

function dotAt(place: string, dots: readonly Dot[]): Dot | undefined {
  const [, index, count] = PLACE.exec(place) ?? []
  const seen = index === undefined ? undefined : dots[Number(index)]
  if (seen === undefined || count === undefined) return seen
  return isCount(count) && Number(count) < countOf(seen) ? dotOf(peerOf(seen), Number(count)) : undefined
}
