// Names of temporary files: both processes write there.

import type { Digest } from '../base/item.js'
import { TEMPORARY_FOLDER } from '../base/own-folder.js'
import type { FileStat } from '../base/ports.js'

export { TEMPORARY_FOLDER }

/** A file in TEMPORARY_FOLDER that is whole. */
export interface Temporary {
  readonly path: string
  /** How it looked when it was made, or prepared; undefined where it is being built. */
  readonly looks: FileStat | undefined
}

/** A file of several blocks is built here; its name is its content, so that whoever wants it again goes on. */
export function largeTemporary(digest: Digest): string {
  return `${TEMPORARY_FOLDER}/${digest}`
}

/** A small file is written here whole, just before it is put in place. */
export function smallTemporary(fetch: number): string {
  return `${TEMPORARY_FOLDER}/small-${fetch}`
}

/** A folder is made here, gets its mode, and is renamed; whatever a kill left here is nobody's. */
export const FOLDER_TEMPORARY = `${TEMPORARY_FOLDER}/folder`

/** A link that replaces something is made here and renamed at once; whatever a kill left here is nobody's. */
export const LINK_TEMPORARY = `${TEMPORARY_FOLDER}/link`
