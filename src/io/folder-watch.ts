// Hints that something in a folder may have changed: one fs.watch per folder. The watcher process scans what
// a hint names; that scan, and a slower one of everything, are the truth. Lost hints cost time, never
// content.
//
// Recursive watching was measured and not taken: it missed thousands of changes in new nested folders.

import { type FSWatcher, watch } from 'node:fs'
import { basename, isAbsolute } from 'node:path'
import { assert } from '../base/assert.js'

export interface FolderWatchOptions {
  /** Absolute path of the share folder. */
  readonly root: string
  /** Something happened to `name` in `folder` (relative to the root, '' being the root); to an unknown name
   *  or to the folder itself where `name` is undefined. May come many times for one change. */
  readonly onHint: (folder: string, name: string | undefined) => void
  /** Some folders cannot be watched, one line saying why and what to do; said once. */
  readonly onDegraded: (reason: string) => void
}

export class FolderWatch {
  private readonly options: FolderWatchOptions
  private readonly watchers = new Map<string, FSWatcher>()
  /** Folders that are there and that the system refuses to watch. */
  private readonly refused = new Set<string>()
  private degraded = false

  constructor(options: FolderWatchOptions) {
    assert(isAbsolute(options.root), 'a share has an absolute path')
    this.options = options
  }

  /** Folders that are watched now. */
  get size(): number {
    return this.watchers.size
  }

  /** Folders that cannot be watched. */
  get refusedCount(): number {
    return this.refused.size
  }

  has(folder: string): boolean {
    return this.watchers.has(folder)
  }

  /** Answers whether the folder is watched; where it is not, only scans will see its changes. Watching a
   *  folder twice is once. */
  add(folder: string): boolean {
    if (this.watchers.has(folder)) return true
    const place = this.placeOf(folder)
    try {
      const watcher = watch(place, { persistent: false }, (kind, name) => this.hinted(folder, kind, name))
      watcher.on('error', (error) => this.failed(folder, error))
      this.watchers.set(folder, watcher)
      this.refused.delete(folder)
      return true
    } catch (error) {
      this.failed(folder, error)
      return false
    }
  }

  remove(folder: string): void {
    this.refused.delete(folder)
    const watcher = this.watchers.get(folder)
    if (watcher === undefined) return
    this.watchers.delete(folder)
    watcher.close()
  }

  close(): void {
    for (const folder of [...this.watchers.keys()]) this.remove(folder)
  }

  private hinted(folder: string, kind: 'rename' | 'change', name: string | null): void {
    if (!this.watchers.has(folder)) return // closed, with an event still on its way
    // A folder that goes or moves reports its own name (as a thing inside may that bears it too). Its watch
    // then died with it or follows it elsewhere, so what has its path now is watched anew. Inode numbers
    // would not tell: ext4 gives a new folder the number of the one just removed.
    if (kind === 'rename' && name === basename(this.placeOf(folder))) {
      this.remove(folder)
      this.add(folder)
      this.options.onHint(folder, undefined)
      return
    }
    this.options.onHint(folder, name ?? undefined)
  }

  private failed(folder: string, error: unknown): void {
    this.remove(folder)
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return // it vanished, which its parent's watch reports
    this.refused.add(folder)
    if (this.degraded) return
    this.degraded = true
    this.options.onDegraded(reasonOf(code, folder))
  }

  private placeOf(folder: string): string {
    return folder === '' ? this.options.root : `${this.options.root}/${folder}`
  }
}

function reasonOf(code: string | undefined, folder: string): string {
  const consequence = 'changes there are found by scanning, some seconds later'
  switch (code) {
    case 'ENOSPC':
      return `more folders than the system watches (raise fs.inotify.max_user_watches): ${consequence}`
    case 'EMFILE':
    case 'ENFILE':
      return `too many watchers or open files (raise fs.inotify.max_user_instances): ${consequence}`
    default:
      return `cannot watch ${folder || 'the share'} (${code ?? 'unknown reason'}): ${consequence}`
  }
}
