// Whether the share and LEFT's own folder in it are still where they were: a process that holds them open goes on in what was moved or
// removed. The watcher process looks now and then, and when something failed.

import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import { OWN_FOLDER, SHARE_MARK } from '../base/own-folder.js'
import { folderAt, looksOf } from './looks.js'

export class SharePlaces {
  private readonly own: string
  /** Written before the watcher process is told of the share, and there ever since. */
  private readonly mark: string
  private readonly shareWas: string | undefined
  private readonly ownWas: string | undefined

  /** `share` is absolute. Throws a LeftError where LEFT's own folder is gone since the peer made it. */
  constructor(private readonly share: string) {
    this.own = join(share, OWN_FOLDER)
    this.mark = join(this.own, SHARE_MARK)
    this.shareWas = folderAt(share)
    this.ownWas = folderAt(this.own)
    if (this.shareWas !== undefined && this.ownWas === undefined) throw this.ownFailure()
  }

  /** Undefined where both are what they were. */
  failure(): LeftError | undefined {
    if (folderAt(this.share, this.shareWas) !== this.shareWas)
      return new LeftError(
        'share-unusable',
        `${this.share} was moved or removed while left ran on it; start left again with --share where it is now`,
      )
    // A removal amid a transfer may have to leave the folder, and what came to be in it meanwhile.
    const isThere = folderAt(this.own, this.ownWas) === this.ownWas && looksOf(this.mark, '') !== undefined
    return isThere ? undefined : this.ownFailure()
  }

  private ownFailure(): LeftError {
    return new LeftError(
      'share-unusable',
      `${this.own} was moved or removed while left ran: what left knew of this share and its trash went with it, the files of the share are as they were; put it back, or start left again with --anew`,
    )
  }
}
