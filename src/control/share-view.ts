// Paths of a share as whoever asks about it names and sees them: from the current folder where that is in the share, else from
// the share.

import { existsSync, realpathSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { LeftError } from '../base/errors.js'

export class ShareView {
  /** Absolute. */
  readonly share: string
  private readonly root: string
  private readonly from: string

  /** `folder` is there. */
  constructor(share: string, folder: string) {
    this.share = share
    this.root = existsSync(share) ? realpathSync(share) : share
    const real = realpathSync(folder)
    this.from = inside(this.root, real) === undefined ? this.root : real
  }

  /** The path in the share, '' for the share itself. @throws LeftError 'usage' where it is not in the share. */
  pathOf(word: string): string {
    const named = resolve(this.from, word)
    // An absolute one may lead through the same links as the share does.
    const path = inside(this.root, named) ?? inside(this.share, named)
    if (path !== undefined) return path.split(sep).join('/')
    throw new LeftError('usage', `${named} is not in the share ${this.share}`)
  }

  /** As `pathOf` takes it. */
  nameOf(path: string): string {
    return relative(this.from, resolve(this.root, path)) || '.'
  }
}

/** The way from one to the other; undefined where that leads out of it. */
function inside(folder: string, path: string): string | undefined {
  const way = relative(folder, path)
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way
}
