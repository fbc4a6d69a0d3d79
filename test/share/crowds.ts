// Names of large folders: ordinary ones, and some that were chosen against the hash that cuts pages.

import { hashName } from '../../src/share/path.js'

/** Two beginnings after which the hash is the same, and two goings-on after which it is so again, as often as they follow: found among
 *  some 100,000 of each. */
const MEETING = ['7yzx', 'e6ad'] as const
const MEETING_AGAIN = ['33zx', 'epad'] as const

/** Names of one length with the same hash, 2^`doublings` of them, ascending (Joux, "Multicollisions in iterated hash
 *  functions", 2004): FNV-1a goes on alike after two beginnings that meet. */
export function namesOfOneHash(doublings: number): string[] {
  let names = ['']
  for (let at = 0; at < doublings; at++) {
    const pair = at === 0 ? MEETING : MEETING_AGAIN
    names = names.flatMap((name) => pair.map((part) => name + part))
  }
  const hash = hashName(names[0]!)
  if (names.some((name) => hashName(name) !== hash)) throw new Error('the hash of names is another one')
  return names.sort()
}

/** Ascending names of which each has a larger hash than the one before, or a smaller one. */
export function namesOfSortedHash(count: number, order: 'rising' | 'falling'): string[] {
  return Array.from({ length: count }, (_, at) => {
    const share = order === 'rising' ? at : count - 1 - at
    for (let number = 0; ; number++) {
      const name = `${String(at).padStart(5, '0')}-${number.toString(36)}`
      if (Math.floor((hashName(name) / 2 ** 32) * count) === share) return name
    }
  })
}
