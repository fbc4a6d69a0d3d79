// Names of large folders: ordinary ones, and some that were chosen against the hash that cuts pages.

import { hashName } from '../../src/share/path.js'

/** Names of one length with the same hash, 2^`doublings` of them, ascending (Joux, "Multicollisions in iterated hash
 *  functions", 2004): FNV-1a goes on alike after two beginnings that meet. */
export function namesOfOneHash(doublings: number): string[] {
  let names = ['']
  for (let at = 0; at < doublings; at++) {
    const [first] = names
    const known = new Map<number, string>()
    let pair: [string, string] | undefined
    for (let number = 0; pair === undefined; number++) {
      const part = number.toString(36).padStart(4, '0')
      const hash = hashName(first! + part)
      const other = known.get(hash)
      if (other !== undefined) pair = [other, part]
      known.set(hash, part)
    }
    names = names.flatMap((name) => pair.map((part) => name + part))
  }
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
