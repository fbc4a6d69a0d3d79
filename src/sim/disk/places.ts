// Where the paths of writing operations lead on the simulated disk, and what stands in their way there.

import { assert } from '../../base/assert.js'
import { DiskError } from '../../base/ports.js'
import { type Inode, isEmpty } from './inode.js'

/** Where a path leads: its folder, its name there, and the thing if there is one. */
export interface Place {
  readonly folder: Inode
  readonly name: string
  readonly inode: Inode | undefined
}

/** Where a writing operation works. Passes through no link. */
export function writablePlace(share: Inode, path: string): Place {
  assert(path !== '' && !path.startsWith('/'), 'a path of a share is relative and not empty')
  let folder = share
  let start = 0
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', start)) {
    const next = folder.names.get(path.slice(start, slash))
    if (next === undefined) throw new DiskError('missing', `there is no ${path.slice(0, slash)}`)
    if (next.kind === 'link')
      throw new DiskError('link', `${path}: ${path.slice(0, slash)} is a symbolic link`)
    if (next.kind !== 'folder') throw new DiskError('changed-kind', `${path.slice(0, slash)} is not a folder`)
    folder = next
    start = slash + 1
  }
  const name = path.slice(start)
  assert(name !== '' && name !== '.' && name !== '..', 'a path stays inside its share')
  return { folder, name, inode: folder.names.get(name) }
}

export function refuseToReplace(inode: Inode, replaced: Inode | undefined, to: string): void {
  if (replaced === undefined) return
  if ((inode.kind === 'folder') !== (replaced.kind === 'folder'))
    throw new DiskError('changed-kind', `${to} is ${replaced.kind === 'folder' ? 'a folder' : 'no folder'}`)
  if (!isEmpty(replaced)) throw new DiskError('not-empty', `${to} is not empty`)
}

export function present(place: Place, path: string): Inode {
  if (place.inode === undefined) throw new DiskError('missing', `there is no ${path}`)
  return place.inode
}

export function refuseExisting(place: Place, path: string): void {
  if (place.inode !== undefined) throw new DiskError('exists', `${path} exists`)
}

export function refuseUnreadable(inode: Inode, path: string): void {
  if (inode.unreadable) throw new DiskError('denied', `${path} may not be read`)
}
