// Three versions of one path that beat each other in turn: each is compared with what stands and with what is wanted, and what has seen
// one that wins by its time need not win by its own.

import { beforeEach, describe, expect, test } from 'vitest'
import type { Dot } from '../../../src/share/dots.js'
import type { Entry } from '../../../src/share/entry.js'
import { FedShare } from '../fed-share.js'
import { dotted, START_MS, THEIRS } from '../share-on-disk.js'

const OTHER = 'cccccccccccccccc'
const THIRD = 'dddddddddddddddd'
const MINUTE_MS = 60_000
const SOON_MS = 50

class Share extends FedShare {
  version(text: string, ageMs: number, ...dots: readonly Dot[]): Entry {
    return this.theirs('a', text, { mtimeMs: START_MS - ageMs, version: dotted(...dots) })
  }

  get ours(): Entry {
    return this.opened.catalogue.get('a')!
  }

  /** Gives what is ordered, so often at most as there are versions and one more. */
  deliver(): void {
    for (let round = 0; round < 4; round++) {
      const orders = this.orders()
      if (orders.length > 0) this.give(orders)
    }
  }

  /** All that is at the path and beside it. */
  get standing(): string[] {
    return this.paths.map((path) => this.textAt(path)!).sort()
  }
}

describe('an edit of ours that loses against one which loses against ours', () => {
  let share: Share
  let edit: Entry
  let rival: Entry
  beforeEach(() => {
    share = new Share(['a'])
    share.messages.length = 0
    edit = share.version('edit', 2 * MINUTE_MS, share.ours.version.content, `${THEIRS}:9`)
    rival = share.version('rival', MINUTE_MS, `${OTHER}:9`)
  })

  test.each([
    ['before', () => [edit, rival]],
    ['after', () => [rival, edit]],
  ] as const)('told %s that one is placed, and then replaced by it and kept', (_, versions) => {
    share.tell(versions())
    share.deliver()
    expect(share.ordered).toEqual(['edit', 'rival'])
    expect(share.standing).toEqual(['edit', 'rival'])
    expect(share.ours.digest).toBe(rival.digest)
  })

  test('leaves ours where nobody has it, and nothing goes on then', () => {
    share.tell([edit, rival])
    for (const { fetch } of share.orders()) share.send({ type: 'fetch-failed', fetch, reason: 'gone' })
    share.pass(10 * MINUTE_MS)
    expect(share.ordered).toEqual(['edit'])
    expect(share.orders()).toEqual([])
    expect(share.standing).toEqual(['a'])
    share.messages.length = 0
    share.pass(10 * MINUTE_MS)
    expect(share.messages).toEqual([])
  })
})

test('edits of ours that beat each other in turn end as one: what is ordered is left to come', () => {
  const share = new Share(['a'])
  share.messages.length = 0
  const ours = share.ours.version.content
  const first = share.version('first', MINUTE_MS, ours, `${THEIRS}:9`)
  const second = share.version('second', 3 * MINUTE_MS, ours, `${THEIRS}:9`, `${OTHER}:9`)
  const third = share.version('third', 2 * MINUTE_MS, ours, `${THIRD}:9`)
  share.tell([first], THEIRS)
  share.tell([second], OTHER)
  share.tell([third], THIRD)
  share.pass(SOON_MS)
  expect(share.ordered).toHaveLength(0)
  const orders = share.orders()
  expect(share.ordered).toEqual(['first', 'second', 'third'])
  expect(orders).toHaveLength(1)
  share.give(orders)
  share.deliver()
  // The second one has seen the first.
  expect(share.standing).toEqual(['second', 'third'])
  share.pass(MINUTE_MS)
  share.messages.length = 0
  share.pass(10 * MINUTE_MS)
  expect(share.messages).toEqual([])
})
