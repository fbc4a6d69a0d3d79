import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { Room } from '../../../src/keeper/intake/room.js'
import { Wants } from '../../../src/keeper/intake/wants.js'
import { FULL_DISK_RETRY_MS } from '../../../src/keeper/limits.js'
import type { FetchId } from '../../../src/pipe/messages.js'
import { SimDisk } from '../../../src/sim/disk/disk.js'
import { deliver, RestartingShare } from '../restarting-share.js'
import { contentOf, listOf, THEIRS, theirFile, theirFolder } from '../share-on-disk.js'

describe('what is to stay free of the disk', () => {
  const KEPT_BYTES = 1_000_000

  /** With so much room above what is kept, once the log is what it is. */
  function shareWithRoom(roomBytes: number): RestartingShare {
    const share = new RestartingShare({}, { percent: 0, bytes: KEPT_BYTES })
    share.disk.capacityBytes = share.disk.usedBytes + KEPT_BYTES + roomBytes
    return share
  }

  test('is a part of the disk, or so many bytes if that is more', () => {
    const disk = new SimDisk({ nowMs: () => 0, capacityBytes: 2_000 })
    const room = (percent: number, bytes: number) =>
      new Room({ disk, minFree: { percent, bytes }, wants: new Wants() })
    expect([1_800, 1_801].map((bytes) => room(10, 50).has(bytes))).toEqual([true, false])
    expect([1_500, 1_501].map((bytes) => room(10, 500).has(bytes))).toEqual([true, false])
    expect(room(0, 0).has(10_000)).toBe(true)
    expect(() => room(10, 500).claim(1_501)).toThrow(expect.objectContaining({ code: 'no-space' }))
    disk.capacityBytes = undefined
    expect(room(10, 500).has(10_000)).toBe(true)
  })

  test('is not taken by what is on its way already', () => {
    const disk = new SimDisk({ nowMs: () => 0, capacityBytes: 10 * BLOCK_BYTES })
    const wants = new Wants()
    const room = new Room({ disk, minFree: { percent: 0, bytes: BLOCK_BYTES }, wants })
    const [first, second] = [4, 3].map((blocks) => {
      const want = wants.add(theirFile(`${blocks}`, new Uint8Array(blocks * BLOCK_BYTES)), THEIRS)
      wants.pollOrder({ holderOf: () => undefined, isComparing: () => false }, 0)
      room.reserve(want.fetch!, blocks * BLOCK_BYTES)
      return want
    })
    expect([2, 3].map((blocks) => room.has(blocks * BLOCK_BYTES))).toEqual([true, false])
    room.handleWritten(first!.fetch!, 1)
    expect([3, 4].map((blocks) => room.has(blocks * BLOCK_BYTES))).toEqual([true, false])
    wants.endFetch(second!)
    expect([6, 7].map((blocks) => room.has(blocks * BLOCK_BYTES))).toEqual([true, false])
  })

  test.each([
    ['just enough room', 700, true],
    ['not quite enough room', 699, false],
  ])('lets a small file come with %s for it', (_, roomBytes, comes) => {
    const share = shareWithRoom(roomBytes)
    const text = 'x'.repeat(700)
    share.claim([theirFile('a', text)])
    expect(share.notices('paused')).toHaveLength(comes ? 0 : 1)
    expect(share.take('fetch-small')).toHaveLength(comes ? 1 : 0)
  })

  test('holds back a small file that was ordered while there was room, and it comes when there is some again', () => {
    const share = shareWithRoom(700)
    share.claim([theirFile('a', 'x'.repeat(700))])
    const roomy = share.disk.capacityBytes!
    share.disk.capacityBytes = roomy - 1
    deliver(share, { a: 'x'.repeat(700) })
    expect(share.textAt('a')).toBeUndefined()
    expect(share.notices('paused')).toMatchObject([{ reason: expect.stringContaining('--min-free') }])
    share.pass(FULL_DISK_RETRY_MS)
    expect(share.take('fetch-small')).toEqual([])
    share.disk.capacityBytes = roomy + 10_000
    share.pass(FULL_DISK_RETRY_MS)
    deliver(share, { a: 'x'.repeat(700) })
    expect(share.textAt('a')).toBe('x'.repeat(700))
    expect(share.notices('resumed')).toHaveLength(1)
    expect(share.notices('paused')).toHaveLength(1)
  })

  test.each([
    ['no folder and no empty file either where less than that is free', -1, 0],
    ['both where just that is free', 0, 2],
  ])('lets %s come', (_, roomBytes, count) => {
    const share = shareWithRoom(0)
    // Bytes that the log takes of that room are the keeper's own.
    const claimed = [theirFolder('folder'), theirFile('empty', '')]
    share.disk.capacityBytes! += roomBytes === 0 ? 2_000 : roomBytes
    share.claim(claimed)
    expect([...share.disk.snapshot().keys()].filter((path) => !path.startsWith('.left'))).toHaveLength(count)
  })

  const large = contentOf(4 * BLOCK_BYTES)
  large.fill(0, BLOCK_BYTES, 2 * BLOCK_BYTES)

  function orderLarge(share: RestartingShare): FetchId | undefined {
    const [order] = share.take('fetch-list')
    if (order !== undefined)
      share.send({ type: 'list', fetch: order.fetch, list: listOf(large), sums: undefined })
    return order?.fetch
  }

  test.each([
    ['just enough room', 4_000, true],
    ['not enough room', -1, false],
  ])('lets a large file be built with %s for its blocks that are not zeros', (_, more, comes) => {
    const share = shareWithRoom(3 * BLOCK_BYTES + more)
    share.claim([theirFile('a', large)])
    orderLarge(share)
    expect(share.take('fetch-blocks')).toHaveLength(comes ? 1 : 0)
    expect(share.notices('paused')).toHaveLength(comes ? 0 : 1)
    // Its list is not asked for in vain again and again.
    share.pass(3 * FULL_DISK_RETRY_MS)
    expect(share.take('fetch-list')).toEqual([])
    if (comes) return
    share.disk.capacityBytes! += 10_000
    share.pass(FULL_DISK_RETRY_MS)
    orderLarge(share)
    expect(share.take('fetch-blocks')).toHaveLength(1)
  })

  test('is not needed twice for what an interrupted fetch has written', () => {
    const share = shareWithRoom(3 * BLOCK_BYTES + 4_000)
    share.claim([theirFile('a', large)])
    const fetch = orderLarge(share)!
    const [order] = share.take('fetch-blocks')
    share.disk.unharmed((disk) => {
      const handle = disk.create(order!.temporary)
      disk.write(handle, large.subarray(0, BLOCK_BYTES), 0)
      disk.close(handle)
    })
    share.send({ type: 'blocks', fetch, blockIndices: [0] })
    share.disk.capacityBytes = share.disk.usedBytes + KEPT_BYTES + 2 * BLOCK_BYTES + 4_000
    share.send({ type: 'fetch-failed', fetch, reason: 'peer-gone' })
    share.claim([theirFile('a', large)])
    orderLarge(share)
    expect(share.take('fetch-blocks')).toHaveLength(1)
    expect(share.notices('paused')).toEqual([])
  })
})
