// Removes what earlier lives of the process left beside the share and in the index. Called by recovery.ts.

import type { Index } from '../../base/index-port.js'
import type { Disk } from '../../base/ports.js'
import type { Journal } from '../../journal/journal.js'
import { FOLDER_TEMPORARY, TEMPORARY_FOLDER } from '../../pipe/layout.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'
import { established } from './facts.js'
import { TEMPORARY_AGE_MS_MAX } from './limits.js'
import { recoveryOf } from './recovery-table.js'
import { unlessRefused } from './refused.js'

/** Only what the log can go on from stays: the large files that are being built, for a week. */
export function tidyTemporaries(
  { disk, wallMs }: { readonly disk: Disk; readonly wallMs: () => number },
  catalogue: Catalogue,
  journal: Journal<Entry>,
): void {
  for (const name of disk.list(TEMPORARY_FOLDER).names) {
    const path = `${TEMPORARY_FOLDER}/${name}`
    const stat = disk.statLink(path)
    const { action } = recoveryOf(
      'temporary',
      established({
        fetching: () => journal.fetches.has(name),
        contentHeld: () => catalogue.holderOf(name) !== undefined,
        fresh: () => stat !== undefined && Math.abs(wallMs() - stat.mtimeMs) < TEMPORARY_AGE_MS_MAX,
      }),
    )
    if (action === 'keep-temporary') continue
    unlessRefused(() => {
      if (stat?.kind !== 'folder') disk.removeFile(path)
      else if (path === FOLDER_TEMPORARY && disk.list(path).names.length === 0) disk.removeFolder(path)
    })
  }
  for (const digest of [...journal.fetches.keys()]) {
    if (disk.statLink(`${TEMPORARY_FOLDER}/${digest}`) === undefined)
      journal.append({ kind: 'dropped', digest })
  }
}

export function tidyLists({ index }: { readonly index: Index }, catalogue: Catalogue): void {
  for (const digest of [...index.listDigests()]) {
    if (!catalogue.needsList(digest)) index.removeList(digest)
  }
}
