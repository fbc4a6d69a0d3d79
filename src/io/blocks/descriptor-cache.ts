// Descriptors of files of the share that are kept open, and what is checked when one is opened. Used by block-io.ts.

import { close, fdatasync, fstatSync, open } from 'node:fs'
import { DiskError } from '../../base/ports.js'
import { diskError } from '../disk-errors.js'
import { refuseForeignName } from '../foreign-names.js'
import type { PrivateFiles } from '../private-files.js'

/** Whether this descriptor is of the file at this path of the share, and was reached through no link. */
type OpenedCheck = (path: string, fd: number) => boolean
/** One open file: who uses it now, and who waits until nobody does. */
interface Descriptor {
  readonly state: string
  readonly opened: Promise<number>
  users: number
  waiters: (() => void)[]
}

interface DescriptorCacheOptions {
  readonly root: string
  readonly flags: number
  readonly countMax: number
  readonly isInPlace: OpenedCheck | undefined
  readonly privateFiles: PrivateFiles
}

/** Open files by path, the least recently used first. A file is never closed under its users, so more than
 *  `countMax` stay open while more than that many are in use. */
export class DescriptorCache {
  private readonly options: DescriptorCacheOptions
  private readonly descriptors = new Map<string, Descriptor>()
  /** Given up, yet in use or closing. */
  private readonly leaving = new Set<Promise<void>>()

  constructor(options: DescriptorCacheOptions) {
    this.options = options
  }

  async use<T>(path: string, state: string, operation: string, act: (fd: number) => Promise<T>): Promise<T> {
    const descriptor = this.take(path, state)
    try {
      return await act(await descriptor.opened)
    } catch (error) {
      // Whatever went wrong, the next attempt starts from the path.
      if (this.descriptors.get(path) === descriptor) this.forget(path)
      throw diskError(error, operation, path)
    } finally {
      this.release(descriptor)
    }
  }

  forget(path: string): void {
    const descriptor = this.descriptors.get(path)
    if (descriptor === undefined) return
    this.descriptors.delete(path)
    const left = untilUnused(descriptor)
      .then(() => descriptor.opened)
      .then(closeFile)
      .catch(() => {}) // it never opened: its users were told
      .then(() => {
        this.leaving.delete(left)
      })
    this.leaving.add(left)
  }

  /** Resolves when the uses of this path that were in flight have ended and what was given up is closed. */
  async settled(path: string): Promise<void> {
    const descriptor = this.descriptors.get(path)
    if (descriptor !== undefined) await untilUnused(descriptor)
    await Promise.all(this.leaving)
  }

  async close(): Promise<void> {
    for (const path of [...this.descriptors.keys()]) this.forget(path)
    await Promise.all(this.leaving)
  }

  private take(path: string, state: string): Descriptor {
    let descriptor = this.descriptors.get(path)
    if (descriptor?.state !== state) {
      this.forget(path)
      descriptor = { state, opened: this.open(path), users: 0, waiters: [] }
    }
    this.descriptors.delete(path)
    this.descriptors.set(path, descriptor) // at the young end
    descriptor.users++
    this.makeRoom()
    return descriptor
  }

  /** Opening makes nothing and changes nothing, so it is what was opened that is checked, before its first use. */
  private async open(path: string): Promise<number> {
    refuseForeignName(path)
    const fd = await openFile(`${this.options.root}/${path}`, this.options.flags)
    try {
      this.check(path, fd)
      return fd
    } catch (error) {
      await closeFile(fd)
      throw error
    }
  }

  /** Throws a DiskError where the file may not be used, or what the system says where that cannot be told. */
  private check(path: string, fd: number): void {
    const { isInPlace, privateFiles } = this.options
    if (isInPlace?.(path, fd) === false) throw new DiskError('link', `${path} is behind a symbolic link`)
    if (!privateFiles.isEmpty && privateFiles.hasNow(fstatSync(fd)))
      throw new DiskError('private', `${path} is one of this user's secrets`)
  }

  private release(descriptor: Descriptor): void {
    descriptor.users--
    if (descriptor.users > 0) return
    for (const resume of descriptor.waiters.splice(0)) resume()
    this.makeRoom()
  }

  private makeRoom(): void {
    const { countMax } = this.options
    if (this.descriptors.size <= countMax) return
    for (const [path, descriptor] of this.descriptors) {
      if (descriptor.users > 0) continue
      this.forget(path)
      if (this.descriptors.size <= countMax) return
    }
  }
}

function untilUnused(descriptor: Descriptor): Promise<void> {
  if (descriptor.users === 0) return Promise.resolve()
  return new Promise((resolve) => descriptor.waiters.push(resolve))
}

// The callback forms of node:fs, because its promises cost a FileHandle and twice the time per block.

function openFile(place: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(place, flags, (error, fd) => (error === null ? resolve(fd) : reject(error)))
  })
}

function closeFile(fd: number): Promise<void> {
  return new Promise((resolve) => close(fd, () => resolve()))
}

export function syncContent(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
}
