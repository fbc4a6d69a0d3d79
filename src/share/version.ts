// Version vectors: which edits of which peers a version has seen.
//
//     version = [ peer ':' count *( ',' peer ':' count ) ]     peers ascending, none twice
//     peer    = 16 lowercase hexadecimal digits
//     count   = 1..2^48, decimal, no leading zero

import { VERSION_COUNT_MAX, VERSION_PEERS_MAX } from './limits.js'

/** Names one share folder on one machine: 16 lowercase hexadecimal characters, random, made once. */
export type PeerId = string

/** A version vector in its one canonical text: `peer:count` joined by ',', sorted by peer, counts ≥ 1.
 *  Canonical, so that equality is equality of strings; '' has seen nothing. */
export type Version = string

/** How the first of two versions stands to the second: 'after' has seen all that the other has and more. */
export type VersionOrder = 'equal' | 'before' | 'after' | 'concurrent'

const PEER_LENGTH = 16
const PART = /^[0-9a-f]{16}:[1-9][0-9]{0,14}$/

export function compareVersions(left: Version, right: Version): VersionOrder {
  if (left === right) return 'equal'
  if (left === '') return 'before'
  if (right === '') return 'after'
  const lefts = left.split(',')
  const rights = right.split(',')
  let more = false
  let less = false
  let l = 0
  let r = 0
  while (l < lefts.length || r < rights.length) {
    const order = orderOfPeers(lefts[l], rights[r])
    if (order < 0) more = true
    else if (order > 0) less = true
    else {
      const difference = countOf(lefts[l]!) - countOf(rights[r]!)
      if (difference > 0) more = true
      else if (difference < 0) less = true
    }
    if (order <= 0) l++
    if (order >= 0) r++
  }
  if (more && less) return 'concurrent'
  return more ? 'after' : 'before'
}

/** The version that has seen everything that either has. Commutative, associative, idempotent. Past VERSION_PEERS_MAX
 *  peers the smallest counts are forgotten, which keeps those three laws but not that the result is after
 *  both: two versions may then look concurrent that are not, and a conflict copy too many is made. */
export function joinVersions(left: Version, right: Version): Version {
  if (left === right || right === '') return left
  if (left === '') return right
  const lefts = left.split(',')
  const rights = right.split(',')
  const joined: string[] = []
  let l = 0
  let r = 0
  while (l < lefts.length || r < rights.length) {
    const order = orderOfPeers(lefts[l], rights[r])
    if (order < 0) joined.push(lefts[l]!)
    else if (order > 0) joined.push(rights[r]!)
    else joined.push(countOf(lefts[l]!) >= countOf(rights[r]!) ? lefts[l]! : rights[r]!)
    if (order <= 0) l++
    if (order >= 0) r++
  }
  return joined.length > VERSION_PEERS_MAX ? largest(joined, VERSION_PEERS_MAX).join(',') : joined.join(',')
}

/** The version of an edit that `peer` makes on top of `version`. A count that has reached its limit stays:
 *  two contents then share one version, which `decide` treats as concurrent. */
export function bumpVersion(version: Version, peer: PeerId): Version {
  const parts = version === '' ? [] : version.split(',')
  const own = parts.find((part) => part.startsWith(peer))
  const count = Math.min((own === undefined ? 0 : countOf(own)) + 1, VERSION_COUNT_MAX)
  const others = parts.filter((part) => part !== own)
  const kept = others.length >= VERSION_PEERS_MAX ? largest(others, VERSION_PEERS_MAX - 1) : others
  return [...kept, `${peer}:${count}`].sort().join(',')
}

/** Whether the text is a version in its canonical form and within the limits. */
export function checkVersion(text: string): boolean {
  if (text === '') return true
  if (text.length > VERSION_PEERS_MAX * (PEER_LENGTH + 17)) return false
  const parts = text.split(',')
  if (parts.length > VERSION_PEERS_MAX) return false
  let previousPeer = ''
  for (const part of parts) {
    if (!PART.test(part) || countOf(part) > VERSION_COUNT_MAX) return false
    const peer = part.slice(0, PEER_LENGTH)
    if (peer <= previousPeer) return false
    previousPeer = peer
  }
  return true
}

/** Negative where the left part's peer comes first; a missing part comes last. */
function orderOfPeers(left: string | undefined, right: string | undefined): number {
  if (left === undefined) return 1
  if (right === undefined) return -1
  const leftPeer = left.slice(0, PEER_LENGTH)
  const rightPeer = right.slice(0, PEER_LENGTH)
  return leftPeer < rightPeer ? -1 : leftPeer > rightPeer ? 1 : 0
}

function countOf(part: string): number {
  return Number(part.slice(PEER_LENGTH + 1))
}

/** The `partCount` parts with the largest counts, ties to the larger peer, in their old order. */
function largest(parts: readonly string[], partCount: number): string[] {
  const ranked = [...parts].sort((a, b) => countOf(b) - countOf(a) || (a < b ? 1 : -1))
  const chosen = new Set(ranked.slice(0, partCount))
  return parts.filter((part) => chosen.has(part))
}
