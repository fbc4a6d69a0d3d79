// Deletions that a peer tells of, all at once: which folders go into the trash whole, and which thing by thing.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { TRASH_FOLDER } from '../../../src/base/own-folder.js'
import { TREE_REMOVAL_PATHS_MAX } from '../../../src/keeper/intake/limits.js'
import { NO_MAX_DELETE } from '../../../src/pipe/settings.js'
import { removeContent } from '../../../src/share/edit.js'
import { KeptShare } from '../kept-share.js'
import { START_MS, THEIRS } from '../share-on-disk.js'

class Share extends KeptShare {
  /** Paths of the share that were renamed, in order. */
  readonly renamed: string[] = []

  constructor(paths: readonly string[]) {
    super([...paths, 'stays'], { maxDelete: NO_MAX_DELETE })
    const { disk } = this
    const { rename } = disk
    disk.rename = (from, to) => {
      if (!from.startsWith('.left')) this.renamed.push(from)
      rename.call(disk, from, to)
    }
  }

  /** A peer tells that all of these were deleted there. */
  tellDeleted(paths: readonly string[]): void {
    const { catalogue } = this.opened
    const changes = paths.map(
      (path, index) => removeContent(catalogue.get(path)!, `${THEIRS}:${index + 1}`, START_MS).entry,
    )
    const root = { kind: 'tree', digest: 'd'.repeat(64), sizeBytes: 1 } as const
    const common = { peer: THEIRS, root, author: undefined, theyKnow: undefined, notHeldCount: 0 }
    const claim = { ...common, scope: { type: 'whole' }, changes } as const
    this.keeper.handle({ type: 'claim', question: 1, claim }, this.nowMs)
    this.pass(20_000)
  }

  get trashed(): string[] {
    return [...this.disk.snapshot()]
      .filter(([path, { kind }]) => path.startsWith(TRASH_FOLDER) && kind === 'file')
      .map(([path]) => path.split('/').slice(3).join('/'))
      .sort()
  }

  get toldRemoved(): string[] {
    return this.messages
      .flatMap((each) => (each.type === 'notice' && each.notice.event === 'removed' ? each.notice.path : []))
      .sort()
  }
}

function filesIn(folder: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${folder}/${index}`)
}

describe('a folder that a peer deleted with all that is in it', () => {
  test.each([
    ['goes by one rename', TREE_REMOVAL_PATHS_MAX - 1, ['f']],
    ['goes folder by folder where it is too large for that', TREE_REMOVAL_PATHS_MAX, ['f/g']],
  ])('%s', (_, count, renamed) => {
    // With the folder in it.
    const files = filesIn('f/g', count - 1)
    const share = new Share(files)
    share.tellDeleted(['f', 'f/g', ...files])
    expect(share.renamed).toEqual(renamed)
    expect(share.paths).toEqual(['stays'])
    expect(share.trashed).toEqual([...files].sort())
    expect(share.toldRemoved).toEqual(['f', 'f/g', ...files].sort())
  })

  test('goes whole beside one that does not, because something in it was edited', () => {
    const files = [...filesIn('f/kept', 3), ...filesIn('f/gone', 3)]
    const share = new Share(files)
    share.disk.putFile('f/kept/1', utf8('edited meanwhile'))
    share.tellDeleted(['f', 'f/gone', 'f/kept', ...files])
    expect(share.renamed.sort()).toEqual(['f/gone', 'f/kept/0', 'f/kept/2'])
    expect(share.paths).toEqual(['f', 'f/kept', 'f/kept/1', 'stays'])
    expect(new TextDecoder().decode(share.disk.contentOf('f/kept/1')!)).toBe('edited meanwhile')
  })

  test('is not renamed where it is not deleted itself', () => {
    const files = filesIn('f', 3)
    const share = new Share(files)
    share.tellDeleted(['f/0', 'f/2'])
    expect(share.renamed.sort()).toEqual(['f/0', 'f/2'])
    expect(share.paths).toEqual(['f', 'f/1', 'stays'])
  })
})
