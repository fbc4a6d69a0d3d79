// Where the things of a peer arrive: a file as a file, a folder as a folder with all that is in it. Pure. `left get` carries it out.
//
// Paths of a listing were checked when it was read (share/path.ts): none leads upwards. Links are made last, so that nothing arrives
// through one of them; one that leads out of the place of arrival is not made.

import { innerTarget } from '../base/link-text.js'
import type { Entry } from '../share/entry.js'
import { checkPath, isWithin, joinPath } from '../share/path.js'

export interface Arrival {
  readonly entry: Entry
  /** Below the folder in which all arrives. */
  readonly target: string
}

export interface GetPlan {
  /** Those that others are in come first. */
  readonly folders: readonly Arrival[]
  readonly files: readonly Arrival[]
  readonly links: readonly Arrival[]
  /** Things that cannot arrive, and why. */
  readonly refused: readonly { readonly target: string; readonly reason: string }[]
}

/** `entries` are at and below `path`, ascending. `name`: under which that arrives, '' for what is in it alone. */
export function planGet(entries: readonly Entry[], path: string, name: string): GetPlan {
  const folders: Arrival[] = []
  const files: Arrival[] = []
  const links: Arrival[] = []
  const refused: { target: string; reason: string }[] = []
  for (const entry of entries) {
    if (!isWithin(entry.path, path)) continue
    const below = path === '' ? entry.path : entry.path.slice(path.length + 1)
    const target = below === '' ? name : joinPath(name, below)
    const fault = checkPath(target)
    if (fault !== undefined) refused.push({ target, reason: `it would have an impossible path (${fault})` })
    else if (entry.kind === 'folder') folders.push({ entry, target })
    else if (entry.kind === 'file') files.push({ entry, target })
    else if (innerTarget(target, entry.target) !== undefined) links.push({ entry, target })
    else refused.push({ target, reason: 'it is a link that leads out of what arrives' })
  }
  return { folders: withParents(folders, files), files, links, refused }
}

/** A peer may hold a file without holding its folder: that is made too, as folders usually are. */
function withParents(folders: readonly Arrival[], files: readonly Arrival[]): Arrival[] {
  const known = new Set(folders.map(({ target }) => target))
  const all = [...folders]
  for (const { target, entry } of files) {
    for (let at = target.lastIndexOf('/'); at > 0; at = target.lastIndexOf('/', at - 1)) {
      const folder = target.slice(0, at)
      if (known.has(folder)) break
      known.add(folder)
      all.push({ target: folder, entry: { ...entry, kind: 'folder', access: 'none', executable: false } })
    }
  }
  return all.sort((left, right) => (left.target < right.target ? -1 : 1))
}
