import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { copyOf } from '../../src/share/decide.js'
import { FedShare } from './fed-share.js'
import { dotted, START_MS, THEIRS } from './share-on-disk.js'

const OTHER = 'cccccccccccccccc'
const MINUTE_MS = 60_000

class Share extends FedShare {
  edit(text: string): void {
    this.disk.unharmed((disk) => disk.removeFile('a'))
    this.disk.putFile('a', utf8(text))
    this.keeper.handleHint('a')
    this.pass(MINUTE_MS)
  }

  undo(): void {
    this.keeper.commands.carryOut({ name: 'undo' }, this.nowMs)
    this.pass(MINUTE_MS)
  }

  /** What the files of this path in the trash hold. */
  trashed(path: string): (string | undefined)[] {
    const places = [...this.disk.snapshot().keys()].filter(
      (place) => /^\.left\/trash\/[^/]+\/(.*)/.exec(place)?.[1] === path,
    )
    return places.map((place) => this.textAt(place))
  }
}

describe('on a machine that only receives, an edit of a file whose replacement is held', () => {
  let share: Share

  beforeEach(() => {
    share = new Share([], {
      direction: 'receive-only',
      maxDelete: { percent: 25, filesMin: 0, isStrict: false },
    })
    const former = share.theirs('a', 'former', { version: dotted(`${OTHER}:1`) })
    share.tell([former])
    share.give(share.orders())
    // It lost a conflict elsewhere, and its copy is here.
    const copy = share.theirs(copyOf(former).path, 'former', { version: copyOf(former).version })
    share.tell([
      share.theirs('a', 'second', { mtimeMs: START_MS, version: dotted(`${OTHER}:1`, `${THEIRS}:1`) }),
      copy,
    ])
    share.give(share.orders())
    expect(share.textAt(copy.path)).toBe('former')
    expect(share.opened.catalogue.kept('a')?.entry.digest).toBe(former.digest)
    share.edit('edited here')
  })

  test('goes to the trash where a peer has something newer that has not seen the file', () => {
    const newer = { mtimeMs: START_MS + MINUTE_MS, version: dotted(`${THEIRS}:2`) }
    share.tell([share.theirs('a', 'third', newer)])
    share.give(share.orders())
    share.pass(MINUTE_MS)
    expect(share.textAt('a')).toBe('third')
    expect(share.trashed('a')).toContain('edited here')
  })

  test('stands, and goes to the trash with undo', () => {
    expect(share.textAt('a')).toBe('edited here')
    expect(share.orders()).toEqual([])
    share.undo()
    share.give(share.orders())
    share.pass(MINUTE_MS)
    expect(share.textAt('a')).toBe('second')
    expect(share.trashed('a')).toContain('edited here')
  })
})
