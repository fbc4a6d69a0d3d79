// Chooses the body of the index: lmdb where it loads, a file of ours elsewhere. An index stays what it was made as: what it
// holds, versions above all, is nowhere else.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import type { Index } from '../base/index-port.js'
import { FileIndex, INDEX_FILE } from './file-index.js'

export interface OpenIndex extends Index {
  /** Discards changes that were not committed. */
  close(): Promise<void>
}

export type IndexBody = new (folder: string) => OpenIndex

/** lmdb's, or why it does not load: no binary for this machine, and none could be compiled. */
export async function loadLmdb(): Promise<IndexBody | Error> {
  try {
    return (await import('./index-store.js')).IndexStore
  } catch (error) {
    return error as Error
  }
}

/** `folder` (absolute) is made if missing; its parent exists. Throws a DiskError, or a LeftError where the index was made with
 *  lmdb and that does not load. */
export function openIndex(folder: string, lmdb: IndexBody | Error): OpenIndex {
  const isLmdbs = sizeOf(join(folder, 'data.mdb')) > 0
  const isOurs = !isLmdbs && sizeOf(join(folder, INDEX_FILE)) > 0
  if (isOurs || (!isLmdbs && lmdb instanceof Error)) return new FileIndex(folder)
  if (!(lmdb instanceof Error)) return new lmdb(folder)
  const why = lmdb.message.split('\n')[0]!
  throw new LeftError(
    'share-unusable',
    `the index of this share is lmdb's, which does not load here: install left with its optional packages again (${why})`,
    lmdb,
  )
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
