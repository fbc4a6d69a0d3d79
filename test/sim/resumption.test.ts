// The judge of I6 and I7 by itself: told of writes, deaths, loss of power and older copies, it is asked about a log.

import { describe, expect, test } from 'vitest'
import { BlockSet } from '../../src/base/blockset.js'
import { hexOf } from '../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { hash } from '../../src/io/hash.js'
import { largeTemporary } from '../../src/pipe/layout.js'
import { Resumption } from '../../src/sim/checks/resumption.js'
import { SimDisk } from '../../src/sim/disk/disk.js'
import { contentOf } from '../../src/sim/edits.js'
import { History } from '../../src/sim/history.js'
import { LOGGED_AFTER_MS, UNTOLD_WRITES_MAX } from '../../src/sim/limits.js'

const BLOCKS = 16
const whole = contentOf(1, BLOCKS * BLOCK_BYTES)

/** One peer that fetches a file, all blocks of which are on its disk but for these. */
function scene(missing: readonly number[] = []) {
  const disk = new SimDisk({ nowMs: () => 0 })
  const history = new History(hash, 1)
  const digest = history.edited(0, 'large', undefined, whole, 0)!
  const temporary = largeTemporary(digest)
  const held = whole.slice()
  for (const block of missing) held.fill(0, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)
  disk.putFile(temporary, held)
  const resumption = new Resumption(disk, history)
  return {
    resumption,
    temporary,
    /** LEFT opens the share, and the log claims these blocks. Answers what is wrong with that. */
    open: (claimed: readonly number[]) => {
      const fetch = { path: 'large', sizeBytes: whole.length, blocks: setOf(claimed) }
      return resumption.handleOpened(new Map([[digest, fetch]]))?.invariant
    },
    write: (blocks: readonly number[], nowMs: number) => {
      for (const block of blocks) resumption.handleWritten(temporary, block * BLOCK_BYTES, nowMs)
    },
    prepare: (needed: readonly number[]) => resumption.handlePrepared(temporary, setOf(needed).toBytes()),
  }
}

function setOf(blocks: readonly number[]): BlockSet {
  const set = new BlockSet(BLOCKS)
  for (const block of blocks) set.add(block)
  return set
}

const many = Array.from({ length: UNTOLD_WRITES_MAX + 1 }, (_, block) => block)

describe('I7: claims that a loss of power made wrong', () => {
  /** The machine lost power, and blocks 0 and 1 with it; the log claims block 0. */
  function afterPowerLoss() {
    const judged = scene([0, 1])
    judged.open([])
    judged.resumption.handleDeath('machine', 1_000)
    expect(judged.open([0])).toBeUndefined()
    return judged
  }

  test('hold until the keeper reads the blocks, through restarts too', () => {
    const { resumption, open, prepare } = afterPowerLoss()
    for (const victim of ['watcher', 'process'] as const) {
      resumption.handleDeath(victim, 2_000)
      expect(open([0])).toBeUndefined()
    }
    prepare([0, 1])
    resumption.handleDeath('watcher', 3_000)
    expect(open([0])).toBeUndefined()
  })

  test('are wrong where the keeper read the block and does not fetch it', () => {
    const { open, prepare } = afterPowerLoss()
    prepare([1])
    expect(open([0])).toBe('I7')
  })

  test('are wrong once the block was written again', () => {
    const { open, write } = afterPowerLoss()
    write([0], 2_000)
    expect(open([0])).toBe('I7')
  })

  test('are wrong where they were made since', () => {
    const { open } = afterPowerLoss()
    expect(open([0, 1])).toBe('I7')
  })

  test('hold in an older copy of the share, and only there', () => {
    const { resumption, open, write } = afterPowerLoss()
    const copy = resumption.copy()
    write([0], 2_000)
    resumption.putBack(copy)
    expect(open([0])).toBeUndefined()
    resumption.putBack(scene().resumption.copy())
    expect(open([0])).toBe('I7')
  })
})

describe('I6: blocks that the log does not claim', () => {
  test.each([
    ['long before the death', LOGGED_AFTER_MS + 1, 'I6'],
    ['so shortly before the death that no log need know', LOGGED_AFTER_MS, undefined],
  ])('written %s', (_, beforeMs, broken) => {
    const { resumption, open, write } = scene()
    open([])
    write(many, 5_000)
    resumption.handleDeath('process', 5_000 + beforeMs)
    // Died again before it had opened the share.
    resumption.handleDeath('process', 60_000)
    expect(open([])).toBe(broken)
  })

  test.each([
    ['long before the copy', LOGGED_AFTER_MS + 1, 'I6'],
    ['so shortly before the copy that no log need know', LOGGED_AFTER_MS, undefined],
  ])('written %s that is put back', (_, beforeMs, broken) => {
    const { resumption, open, write } = scene()
    open([])
    write(many, 5_000)
    resumption.handleDeath('process', 5_000 + beforeMs)
    const copy = resumption.copy()
    expect(open(many)).toBeUndefined()
    write(many, 20_000)
    resumption.handleDeath('process', 40_000)
    resumption.putBack(copy)
    expect(open([])).toBe(broken)
  })

  test.each([
    ['may be unknown to it', 0, undefined],
    ['may be unknown to it', LOGGED_AFTER_MS, undefined],
    ['are in it where they were written long before', LOGGED_AFTER_MS + 1, 'I6'],
  ])('written before the disk refused the log: %s (%i ms)', (_, beforeMs, broken) => {
    const { resumption, open, write } = scene()
    open([])
    write(many, 5_000)
    resumption.handleRefusedWrite(5_000 + beforeMs)
    resumption.handleDeath('process', 60_000)
    expect(open([])).toBe(broken)
  })

  test('written since the copy that is put back', () => {
    const { resumption, open, write } = scene()
    const copy = resumption.copy()
    open([])
    write(many, 5_000)
    resumption.handleDeath('process', 40_000)
    resumption.putBack(copy)
    expect(open([])).toBeUndefined()
  })

  test.each([
    ['that was taken away, and another one of the same content has them', true, [], undefined],
    ['that was taken away, and into the next one of the same content', true, many, 'I6'],
    ['beside another one that was taken away', false, [], 'I6'],
  ])('written into a temporary file %s', (_, isSame, again, broken) => {
    const { resumption, temporary, open, write } = scene()
    open([])
    write(many, 5_000)
    resumption.handleTaken(isSame ? temporary : largeTemporary(hexOf(hash(new Uint8Array(1)))))
    write(again, 10_000)
    resumption.handleDeath('process', 40_000)
    expect(open([])).toBe(broken)
  })
})
