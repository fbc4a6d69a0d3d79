// Version vectors as LEFT's first format had them: one vector for content and attributes together. Kept for the negative
// controls of the explorer (decide-by-vectors.ts).
//
//     version = [ peer ':' count *( ',' peer ':' count ) ]     peers ascending, none twice

export type Vector = string

/** How the first of two vectors stands to the second: 'after' has seen all that the other has and more. */
export type VectorOrder = 'equal' | 'before' | 'after' | 'concurrent'

const PEER_LENGTH = 16

export function compareVersions(left: Vector, right: Vector): VectorOrder {
  const [lefts, rights] = [countsOf(left), countsOf(right)]
  const more = [...lefts].some(([peer, count]) => count > (rights.get(peer) ?? 0))
  const less = [...rights].some(([peer, count]) => count > (lefts.get(peer) ?? 0))
  if (more && less) return 'concurrent'
  return more ? 'after' : less ? 'before' : 'equal'
}

export function joinVersions(left: Vector, right: Vector): Vector {
  const counts = countsOf(left)
  for (const [peer, count] of countsOf(right)) counts.set(peer, Math.max(count, counts.get(peer) ?? 0))
  return vectorOf(counts)
}

/** The version of an edit that `peer` makes on top of `version`. */
export function bumpVersion(version: Vector, peer: string): Vector {
  const counts = countsOf(version)
  return vectorOf(counts.set(peer, (counts.get(peer) ?? 0) + 1))
}

function countsOf(version: Vector): Map<string, number> {
  if (version === '') return new Map()
  return new Map(
    version
      .split(',')
      .map((part) => [part.slice(0, PEER_LENGTH), Number(part.slice(PEER_LENGTH + 1))] as const),
  )
}

function vectorOf(counts: ReadonlyMap<string, number>): Vector {
  return [...counts]
    .map(([peer, count]) => `${peer}:${count}`)
    .sort()
    .join(',')
}
