// Wants that were to replace something of ours, which a person here took away or edited before they were carried out.

import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import type { Entry } from '../../../src/share/entry.js'
import { FedShare } from '../fed-share.js'
import { dotted, START_MS, THEIRS } from '../share-on-disk.js'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000

class Share extends FedShare {
  private count = 0

  /** One file may be replaced in 24 hours. */
  constructor() {
    super(['a', 'b', 'c', 'f/a', 'f/b'], { maxDelete: { percent: 20, filesMin: 1, isStrict: false } })
    this.messages.length = 0
  }

  /** A newer version of ours, with a time to come. */
  newer(path: string): Entry {
    const { version } = this.opened.catalogue.get(path)!
    const seen = dotted(version.content, `${THEIRS}:${++this.count}`)
    return this.theirs(path, `newer ${path}`, { mtimeMs: START_MS + HOUR_MS, version: seen })
  }

  change(change: () => void, ...paths: readonly string[]): void {
    this.disk.unharmed(change)
    for (const path of paths) this.keeper.handleHint(path)
    this.pass(SECOND_MS)
  }

  get kept(): string[] {
    return [...this.opened.catalogue.stoppedPaths.keptPaths.keys()].sort()
  }
}

describe('a change of a peer at a path that', () => {
  let share: Share
  beforeEach(() => {
    share = new Share()
  })

  test.each([
    ['a person removed', 'a', () => share.change(() => share.disk.removeFile('a'), 'a')],
    ['a person edited', 'a', () => share.change(() => share.disk.putFile('a', utf8('edit')), 'a')],
    [
      'a person removed with so much else that nobody is told',
      'a',
      () => {
        const paths = ['a', 'f/a', 'f/b']
        share.change(() => paths.map((path) => share.disk.removeFile(path)), ...paths)
      },
    ],
    [
      'a person moved with its folder',
      'f/a',
      () => share.change(() => share.disk.rename('f', 'g'), 'f', 'g'),
    ],
  ])('%s meanwhile comes, though what that peer replaces is held', (_, path, change) => {
    const newer = share.newer(path)
    share.tell([newer])
    change()
    const others = [share.newer('b'), share.newer('c')]
    share.tell([newer, ...others])
    expect(share.kept).toEqual(['b', 'c'])
    share.give(share.orders())
    share.pass(SECOND_MS)
    expect(share.textAt(path)).toBe(`newer ${path}`)
  })

  test('a person removed meanwhile does not count as replaced, before it came and after', () => {
    const newer = share.newer('a')
    share.tell([newer])
    share.change(() => share.disk.removeFile('a'), 'a')
    share.give(share.orders())
    expect(share.textAt('a')).toBe('newer a')
    share.tell([newer, share.newer('b')])
    expect(share.kept).toEqual([])
  })

  test('stands counts, and one more is held', () => {
    const newer = share.newer('a')
    share.tell([newer])
    share.tell([newer, share.newer('b')])
    expect(share.kept).toEqual(['a', 'b'])
  })
})
