// Cuts the names of a folder into pages. A name ends its page where it has the smallest hash among PAGE_NAMES_MAX names
// in a row, itself one of them; of equal hashes the first counts as the smaller one.
//
// The names alone choose: equal names have equal pages on every peer, whatever the order of edits. Between two cuts there
// are fewer than PAGE_NAMES_MAX names, or the smallest of them would be a cut as well. And a name's cut depends on the
// PAGE_NAMES_MAX - 1 names on either side of it only, so that no choice of names carries an edit further.

import { PAGE_NAMES_MAX } from './limits.js'
import { hashName } from './path.js'

/** Indices of the names that end a page. `names` ascend; the first and the last one are taken for those of the folder. */
export function cutsOf(names: readonly string[]): number[] {
  const count = names.length
  const cuts: number[] = []
  if (count < PAGE_NAMES_MAX) return cuts
  const hashes = Uint32Array.from(names, hashName)
  // Indices whose hash is the smallest of all from there on: each is where the run of the next one begins.
  const open = new Uint32Array(count)
  let openCount = 0
  for (let index = 0; index <= count; index++) {
    const hash = index < count ? hashes[index]! : -1
    while (openCount > 0 && hashes[open[openCount - 1]!]! > hash) {
      const smallest = open[--openCount]!
      const runStart = openCount === 0 ? 0 : open[openCount - 1]! + 1
      if (index - runStart >= PAGE_NAMES_MAX) cuts.push(smallest)
    }
    open[openCount++] = index
  }
  return cuts.sort((left, right) => left - right)
}
