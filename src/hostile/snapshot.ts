// Compares what stands in a folder before and after an attack. Used by the target and by the run of the attacks.

import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hexOf } from '../base/bytes.js'
import { hash } from '../io/hash.js'

/** Each path below a folder, with the digest of its file. */
export type Snapshot = ReadonlyMap<string, string>

export function snapshot(folder: string, isLookedAt: (path: string) => boolean): Snapshot {
  const found = new Map<string, string>()
  const look = (path: string): void => {
    for (const name of readdirSync(join(folder, path))) {
      const inner = path === '' ? name : `${path}/${name}`
      if (!isLookedAt(inner)) continue
      try {
        const stats = lstatSync(join(folder, inner))
        if (stats.isDirectory()) {
          found.set(inner, 'folder')
          look(inner)
        } else if (stats.isFile()) found.set(inner, hexOf(hash(readFileSync(join(folder, inner)))))
        else found.set(inner, 'other')
      } catch {
        // Gone meanwhile, or too deep to be looked at by its whole path.
      }
    }
  }
  try {
    look('')
  } catch {
    // The same.
  }
  return found
}

/** Paths that are new or not what they were, sorted; what is gone counts too. */
export function changes(before: Snapshot, after: Snapshot): string[] {
  const paths = new Set([...before.keys(), ...after.keys()])
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort()
}
