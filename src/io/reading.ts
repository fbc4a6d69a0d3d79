// Where reading finds the paths of a share, by the links that it follows. With `--links auto` these are the ones that lead out of the
// share by their text (base/link-text.ts): any other is nothing more than its text, so that a link of a peer is never read
// through. The disk and the block reader ask.

import { constants, fstatSync, lstatSync, openSync, readlinkSync, statSync } from 'node:fs'
import { innerTarget } from '../base/link-text.js'
import { DiskError, type FolderTrust } from '../base/ports.js'
import type { Confinement } from './confinement.js'
import { OUTWARD_LINKS_MAX } from './limits.js'
import { STAT_OPTIONS, statOrNothing } from './stats.js'

/** Opening a pipe must not wait for a writer. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

/** Links that reading follows: every one, those that lead out of the share, none. */
export type Following = 'all' | 'outward' | 'none'

export class Reading {
  private readonly outward: OutwardLinks

  constructor(
    private readonly confinement: Confinement,
    readonly following: Following,
  ) {
    this.outward = new OutwardLinks((path) => confinement.followedPlaceOf(path))
  }

  /** Where the last component of a path is looked at. Throws a DiskError 'link' where it is behind a link that is not followed. */
  placeOf(path: string, trust?: FolderTrust): string {
    const { confinement, following, outward } = this
    if (following === 'all') return confinement.followedPlaceOf(path)
    if (following === 'none') return confinement.placeOf(path, trust)
    if (outward.isKnownBehind(path)) return outward.placeOf(path)
    try {
      return confinement.placeOf(path, trust)
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'link') throw error
      return outward.placeOf(path)
    }
  }

  /** For a folder whose names are read. */
  listedPlaceOf(path: string): string {
    // As the folder of something in it: where links are not followed, it is none itself.
    return path === '' || this.following === 'all' ? this.placeOf(path) : this.placeOf(`${path}/.`)
  }

  /** Whether what stands at a path is followed, if it is a link. */
  isFollowed(path: string): boolean {
    return this.following === 'all' || (this.following === 'outward' && this.outward.follows(path))
  }

  /** Reads the target of a link, as bytes. Throws a DiskError 'changed-kind' where something else stands there. */
  targetOf(path: string): Uint8Array {
    try {
      return readlinkSync(this.placeOf(path), { encoding: 'buffer' })
    } catch (error) {
      if (!isOfNoLink(error)) throw error
      throw new DiskError('changed-kind', `${path} is not a link`, error)
    }
  }

  open(path: string, trust?: FolderTrust): number {
    const place = this.placeOf(path, trust)
    if (this.following === 'all') return openSync(place, READ_FLAGS)
    try {
      return openSync(place, READ_FLAGS | constants.O_NOFOLLOW)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOOP' || !this.isFollowed(path)) throw error
      return openSync(place, READ_FLAGS)
    }
  }
}

/** Answers a check whether a descriptor is of what stands at a path of the share at `root`, behind followed links alone. */
export function outwardCheck(root: string): (path: string, fd: number) => boolean {
  const outward = new OutwardLinks((path) => `${root}/${path}`)
  return (path, fd) => {
    const opened = fstatSync(fd)
    const standing = statOrNothing(() => statSync(`${root}/${path}`, STAT_OPTIONS))
    return standing?.ino === opened.ino && standing.dev === opened.dev && outward.follows(path)
  }
}

class OutwardLinks {
  /** Followed links that paths led through lately: below them no way without links need be looked for first. */
  private readonly known = new Set<string>()

  /** `followedPlaceOf` answers where a path of the share is, whatever links are on the way. */
  constructor(private readonly followedPlaceOf: (path: string) => string) {}

  /** Whether a link that is followed was on the way to the path lately. */
  isKnownBehind(path: string): boolean {
    if (this.known.size === 0) return false
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
      if (this.known.has(path.slice(0, slash))) return true
    return false
  }

  /** Where the last component of the path is. Throws a DiskError 'link' where a link on the way is not followed. */
  placeOf(path: string): string {
    const slash = path.lastIndexOf('/')
    if (slash >= 0 && !this.follows(path.slice(0, slash)))
      throw new DiskError('link', `${path} is behind a link that is not followed`)
    return this.followedPlaceOf(path)
  }

  /** Whether each link on the way, the path itself being one or not, leads out of the share. */
  follows(path: string): boolean {
    let floor = 0
    let depth = 0
    for (let end = endOfName(path, 0); end >= 0; end = endOfName(path, end + 1)) {
      depth++
      const prefix = path.slice(0, end)
      const stats = statOrNothing(() => lstatSync(this.followedPlaceOf(prefix), STAT_OPTIONS))
      if (stats === undefined) return true
      if (!stats.isSymbolicLink()) continue
      const target = targetAt(this.followedPlaceOf(prefix))
      // Something else came into the place of the link since it was seen.
      if (target === undefined) continue
      if (innerTarget(prefix, target, floor) !== undefined) return false
      if (floor === 0) this.note(prefix)
      floor = depth
    }
    return true
  }

  private note(link: string): void {
    if (this.known.size >= OUTWARD_LINKS_MAX) this.known.clear()
    this.known.add(link)
  }
}

/** Undefined where no link stands at the place. */
function targetAt(place: string): string | undefined {
  try {
    return readlinkSync(place)
  } catch (error) {
    if (!isOfNoLink(error) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

/** Whether readlink(2) says that what stands there is no link. */
function isOfNoLink(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EINVAL'
}

function endOfName(path: string, start: number): number {
  if (start > path.length) return -1
  const slash = path.indexOf('/', start)
  return slash < 0 ? path.length : slash
}
