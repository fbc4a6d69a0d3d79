// Lines of a peer that tell the move of a folder, as the keeper takes them: which are carried out as they are told, and which are found
// by a walk of the peer's listings.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { hash } from '../../../src/io/hash.js'
import { FULL_DISK_RETRY_MS } from '../../../src/keeper/limits.js'
import type { PeerClaim } from '../../../src/pipe/messages.js'
import { NO_MIN_FREE } from '../../../src/pipe/settings.js'
import type { Entry } from '../../../src/share/entry.js'
import { TREE_MOVE_THINGS_MAX } from '../../../src/share/limits.js'
import { Manifest } from '../../../src/share/manifest.js'
import { type Change, movedTree, stateOfPlaces, type TreeMove } from '../../../src/share/tree-move.js'
import { KeptShare } from '../kept-share.js'
import { dotted, MOVER, START_MS, THEIRS, theirFile } from '../share-on-disk.js'

/** A share with the folder `old`, and a peer that knows the same at first. */
class ToldShare extends KeptShare {
  readonly theirs = new Manifest(hash)

  constructor() {
    super(['old/a', 'old/g/b', 'stays'], { minFree: NO_MIN_FREE })
    for (const entry of this.opened.catalogue.manifest.entries()) this.theirs.set(entry)
    this.claim({ type: 'some' }, [])
  }

  get author(): string {
    return this.opened.edits.author
  }

  /** The peer tells its root, and how it came about. */
  claim(scope: PeerClaim['scope'], changes: readonly Change[]): void {
    const root = this.theirs.root()
    const claim = {
      peer: THEIRS,
      root,
      author: undefined,
      theyKnow: undefined,
      notHeldCount: 0,
      scope,
      changes,
    }
    this.keeper.handle({ type: 'claim', question: 1, claim }, this.nowMs)
    this.pass(0)
  }

  /** The peer renames the folder. Answers the root before that, and what it tells. */
  rename(part: Partial<TreeMove> = {}) {
    const base = this.theirs.root()
    const [from, to] = ['old', 'new']
    const state = stateOfPlaces(this.theirs, from, to)
    const things = this.theirs.liveCountBelow(from) + 1
    const move: TreeMove = {
      kind: 'tree-move',
      from,
      to,
      author: MOVER,
      first: 1_000,
      timeMs: START_MS,
      state,
      things,
      ...part,
    }
    for (const { creation, deletion } of movedTree(this.theirs, move)!.parts) {
      this.theirs.set(creation)
      this.theirs.set(deletion)
    }
    return { base, move }
  }

  /** Serves the peer's tree as long as it is asked for. Answers how often it was. */
  serve(): number {
    let asked = 0
    for (;;) {
      const pulls = this.messages
        .splice(0)
        .flatMap((message) => (message.type === 'pull-tree' ? [message.item] : []))
      if (pulls.length === 0) return asked
      asked += pulls.length
      for (const { digest } of pulls)
        this.keeper.handle(
          { type: 'tree', peer: THEIRS, digest, bytes: this.theirs.item(digest) },
          this.nowMs,
        )
      this.pass(1_000)
    }
  }

  get theirPaths(): string[] {
    const live = [...this.theirs.entries()].filter(({ kind }) => kind !== 'tombstone')
    return live.map(({ path }) => path).sort()
  }

  get(path: string): Entry | undefined {
    return this.opened.catalogue.get(path)
  }

  get root() {
    return this.opened.catalogue.manifest.root()
  }
}

describe('the line of a peer', () => {
  const MOVED = ['new', 'new/a', 'new/g', 'new/g/b', 'stays']

  test('is carried out after the root that was considered, and nothing is walked', () => {
    const share = new ToldShare()
    const { base, move } = share.rename()
    share.claim({ type: 'since', base }, [move])
    expect(share.serve()).toBe(0)
    expect(share.paths).toEqual(MOVED)
    expect(share.root).toEqual(share.theirs.root())
  })

  test.each<[string, (share: ToldShare) => void]>([
    [
      'in the name of this share itself',
      (share) => {
        const { base, move } = share.rename({ author: share.author, first: 2 ** 52 })
        share.claim({ type: 'since', base }, [move])
      },
    ],
    [
      'after a root that was not considered',
      (share) => {
        share.theirs.set(theirFile('other', ''))
        const { base, move } = share.rename()
        share.claim({ type: 'since', base }, [move])
      },
    ],
    [
      'among all that the peer knows',
      (share) => {
        const { move } = share.rename()
        share.claim({ type: 'whole' }, [move])
      },
    ],
    [
      'among some of what the peer knows',
      (share) => {
        const { move } = share.rename()
        share.claim({ type: 'some' }, [move])
      },
    ],
    [
      'after an edit in the folder, which is wanted',
      (share) => {
        const base = share.theirs.root()
        const known = share.theirs.get('old/a')!
        const edit = theirFile('old/a', '', { version: dotted(known.version.content, `${THEIRS}:1`) })
        share.theirs.set(edit)
        const { move } = share.rename()
        share.claim({ type: 'since', base }, [edit, move])
      },
    ],
    [
      'while a file in the folder has just been written',
      (share) => {
        share.disk.putFile('old/a', utf8('old/a'))
        const { base, move } = share.rename()
        share.claim({ type: 'since', base }, [move])
      },
    ],
    [
      'that the disk refuses at first',
      (share) => {
        share.disk.failNext('denied', 'rename')
        const { base, move } = share.rename()
        share.claim({ type: 'since', base }, [move])
      },
    ],
    [
      'while the disk is full',
      (share) => {
        share.disk.capacityBytes = share.disk.usedBytes
        const { base, move } = share.rename()
        share.claim({ type: 'since', base }, [move])
        expect(share.paths).not.toContain('new')
        share.disk.capacityBytes = undefined
      },
    ],
  ])('%s counts for nothing: the same is found by a walk', (_, tell) => {
    const share = new ToldShare()
    tell(share)
    expect(share.serve()).toBeGreaterThan(0)
    for (let time = 0; time < 2; time++) {
      share.pass(FULL_DISK_RETRY_MS)
      share.serve()
    }
    expect(share.paths).toEqual(share.theirPaths)
    expect(share.paths).toContain('new/g/b')
    for (const path of share.paths) expect(share.get(path)).toEqual(share.theirs.get(path))
  })

  test.each([
    ['as many as one may move', TREE_MOVE_THINGS_MAX - 4, true],
    ['one more than that', TREE_MOVE_THINGS_MAX - 3, false],
  ])('after another one is carried out at once where the two say to move %s', (_, things, isTold) => {
    const share = new ToldShare()
    const { base, move } = share.rename()
    expect(move.things).toBe(4)
    share.claim({ type: 'since', base }, [{ ...move, from: 'nothing', things }, move])
    expect(share.paths.includes('new')).toBe(isTold)
    share.serve()
    share.pass(FULL_DISK_RETRY_MS)
    expect(share.paths).toEqual(MOVED)
  })

  test('that is told twice is carried out once', () => {
    const share = new ToldShare()
    const { base, move } = share.rename()
    share.claim({ type: 'since', base }, [move, move, { ...move, first: 2_000 }])
    expect(share.serve()).toBe(0)
    expect(share.paths).toEqual(MOVED)
    expect(share.root).toEqual(share.theirs.root())
  })
})
