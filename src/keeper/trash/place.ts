// Where the trash is: on the disk of the share, since what is removed is renamed into it. Called when a share is opened.

import { LeftError } from '../../base/errors.js'
import { TRASH_FOLDER } from '../../base/own-folder.js'
import type { Disk } from '../../base/ports.js'

/** Throws a LeftError 'share-unusable' where what stands there is no trash. */
export function checkTrashPlace(disk: Disk): void {
  const stat = disk.statLink(TRASH_FOLDER)
  if (stat === undefined) return
  if (stat.kind !== 'folder')
    throw new LeftError('share-unusable', `${TRASH_FOLDER} in the share is no folder: remove or rename it`)
  if (stat.device !== disk.stat('')?.device)
    throw new LeftError(
      'share-unusable',
      `${TRASH_FOLDER} is on another disk than the share, and nothing can be moved there: unmount it`,
    )
}
