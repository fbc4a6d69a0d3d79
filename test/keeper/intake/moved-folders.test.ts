// A folder that a peer renamed, told of after one of the files in it: that is on its way to its new path already.

import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { TEMPORARY_FOLDER } from '../../../src/base/own-folder.js'
import { removeContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { FedShare } from '../fed-share.js'
import { contentOf, dotted, START_MS, THEIRS, theirFile } from '../share-on-disk.js'

class Share extends FedShare {
  constructor(private readonly content: Uint8Array) {
    super(['stays'])
    this.disk.putFile('old/a', content)
    this.keeper.handleHint('old')
    this.pass(20_000)
    this.messages.length = 0
  }

  /** The thing of this share as the peer has it at its new path. */
  created(path: string, count: number): Entry {
    const known = this.opened.catalogue.get(path)!
    return { ...known, path: path.replace('old', 'new'), version: dotted(`${THEIRS}:${count}`) }
  }

  deleted(path: string, count: number): Entry {
    const known = this.opened.catalogue.get(path)!
    return removeContent(known, `${THEIRS}:${count}`, START_MS, path.replace('old', 'new')).entry
  }

  /** Of the content of the file that is moved. */
  contentOrders() {
    const { digest } = theirFile('old/a', this.content)
    return this.messages.flatMap((each) =>
      (each.type === 'fetch-small' || each.type === 'fetch-list') && each.file.digest === digest
        ? [each.fetch]
        : [],
    )
  }

  get cancelled() {
    return this.messages.flatMap((each) => (each.type === 'cancel' ? [each.fetch] : []))
  }

  get temporaries(): string[] {
    return [...this.disk.snapshot().keys()].filter((path) => path.startsWith(`${TEMPORARY_FOLDER}/`))
  }
}

describe('a file that is on its way to its new path when its folder is renamed', () => {
  test('leaves no copy of its content beside the share', () => {
    const share = new Share(contentOf(100))
    const inode = share.disk.statLink('old/a')?.inode
    // Recorded before it, and still to come: it is put in place after that.
    const first = theirFile('first', 'first', { version: dotted(`${THEIRS}:1`) })
    const file = share.created('old/a', 2)
    share.tell([first, file])
    expect(share.temporaries).toHaveLength(1)
    share.tell([first, file, share.created('old', 3), share.deleted('old', 4), share.deleted('old/a', 5)])
    expect(share.disk.statLink('new/a')?.inode).toBe(inode)
    expect(share.temporaries).toEqual([])
    expect(share.paths).toEqual(['new', 'new/a', 'stays'])
  })

  test('is fetched no more', () => {
    const share = new Share(contentOf(BLOCK_BYTES + 1))
    const file = share.created('old/a', 1)
    share.tell([file])
    expect(share.contentOrders()).toHaveLength(1)
    share.tell([file, share.created('old', 2), share.deleted('old', 3), share.deleted('old/a', 4)])
    expect(share.paths).toEqual(['new', 'new/a', 'stays'])
    expect(share.cancelled).toEqual(share.contentOrders())
    expect(share.temporaries).toEqual([])
  })
})
