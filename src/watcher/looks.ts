// Looks at places outside of the disk port: the share itself and this machine's ignore rules. main.ts does so now and then, and
// compares with what it saw before.

import { type Stats, statSync } from 'node:fs'

/** Tells the folder at a path from any other that may come to be there; undefined where there is none. `before` where nobody may look
 *  at this moment: then nothing tells that it has changed. */
export function folderAt(path: string, before?: string): string | undefined {
  return look(path, before, ({ dev, ino }) => `${dev} ${ino}`)
}

/** Tells a file from what it was before; the same holds. */
export function looksOf(file: string, before?: string): string | undefined {
  return look(file, before, ({ ino, size, mtimeMs, ctimeMs }) => `${ino} ${size} ${mtimeMs} ${ctimeMs}`)
}

function look(path: string, before: string | undefined, words: (stats: Stats) => string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats && words(stats)
  } catch {
    return before
  }
}
