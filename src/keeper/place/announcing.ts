// Writes to the log what is about to happen at paths of the share. Placing, removing and moving call it before they do it.

import type { Journal } from '../../journal/journal.js'
import type { JournalRecord } from '../../journal/record.js'
import type { Entry } from '../../share/entry.js'
import type { Catalogue } from '../index/catalogue.js'

export interface AnnouncingOptions {
  readonly catalogue: Catalogue
  readonly journal: Journal<Entry>
}

/** Appends without a sync. The log keeps the last announcement of each path, and until the index is committed it alone tells that the
 *  one before was carried out: what stands there would be an edit of ours after a kill. So the index is committed first. Throws a DiskError. */
export function announce(
  { catalogue, journal }: AnnouncingOptions,
  records: readonly (JournalRecord<Entry> & { kind: 'placing' })[],
): void {
  const paths = records.map(({ entry }) => entry.path).filter((path) => journal.isPlacing(path))
  if (paths.length > 0) {
    catalogue.commit()
    journal.append({ kind: 'placed', paths })
  }
  journal.append(records)
}
