// The files that the process has open on the simulated disk. A crash closes them all.

import { assert } from '../../base/assert.js'
import type { FileHandle } from '../../base/ports.js'
import type { Inode } from './inode.js'

export class OpenFiles {
  private readonly files = new Map<FileHandle, { readonly inode: Inode; readonly writable: boolean }>()
  private nextHandle = 3

  open(inode: Inode, access: 'read' | 'write'): FileHandle {
    const handle = this.nextHandle++
    this.files.set(handle, { inode, writable: access === 'write' })
    return handle
  }

  at(handle: FileHandle): Inode {
    const file = this.files.get(handle)
    assert(file !== undefined, 'a file handle is used while it is open')
    return file.inode
  }

  writableAt(handle: FileHandle): Inode {
    const inode = this.at(handle)
    assert(this.files.get(handle)?.writable === true, 'a file that is written was opened by create')
    return inode
  }

  close(handle: FileHandle): void {
    this.at(handle)
    this.files.delete(handle)
  }

  closeAll(): void {
    this.files.clear()
  }
}
