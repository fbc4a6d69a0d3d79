import { describe, expect, test } from 'vitest'
import { BlockSet } from '../../src/base/blockset.js'
import { equalBytes, utf8 } from '../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { FULL_DISK_RETRY_MS } from '../../src/keeper/limits.js'
import { deliver, OTHER, RestartingShare, type Told } from './restarting-share.js'
import { contentOf, dotted, listOf, OURS, START_MS, THEIRS, theirFile } from './share-on-disk.js'

describe('a large file', () => {
  const large = contentOf(3 * BLOCK_BYTES)
  const remote = theirFile('large', large)

  /** Plays the engine: the list, then every block that is needed, into the temporary file. */
  function fetchList(share: RestartingShare): Told<'fetch-blocks'> {
    const [order] = share.take('fetch-list')
    expect(order).toMatchObject({ peer: THEIRS, path: 'large' })
    share.send({ type: 'list', fetch: order!.fetch, list: listOf(large), sums: undefined })
    return share.take('fetch-blocks')[0]!
  }

  function write(share: RestartingShare, order: Told<'fetch-blocks'>, blockIndices: readonly number[]): void {
    share.disk.unharmed((disk) => {
      const handle = disk.create(order.temporary)
      for (const index of blockIndices) {
        const start = index * BLOCK_BYTES
        disk.write(handle, large.subarray(start, start + BLOCK_BYTES), start)
      }
      disk.close(handle)
    })
    share.send({ type: 'blocks', fetch: order.fetch, blockIndices })
  }

  test('is fetched by its list, block by block, and put in place', () => {
    const share = new RestartingShare()
    share.claim([remote])
    const order = fetchList(share)
    expect([...new BlockSet(3, order.needed)]).toEqual([0, 1, 2])
    write(share, order, [0, 1, 2])
    share.send({
      type: 'fetched',
      fetch: order.fetch,
      crossedBytes: large.length,
      savedBytes: 7,
      sources: [],
    })
    expect(equalBytes(share.disk.contentOf('large')!, large)).toBe(true)
    expect(share.notices('fetching')).toMatchObject([{ path: 'large', resumedBytes: 0, reusedBytes: 0 }])
    expect(share.notices('received')).toMatchObject([{ path: 'large', crossedBytes: large.length }])
    expect(share.take('in-step')).toHaveLength(1)
  })

  test('goes on after a kill from the blocks that the log names', () => {
    const share = new RestartingShare()
    share.claim([remote])
    const order = fetchList(share)
    write(share, order, [0, 2])
    share.kill()
    share.claim([remote])
    const again = fetchList(share)
    expect([...new BlockSet(3, again.needed)]).toEqual([1])
    expect(share.notices('fetching')).toMatchObject([{ resumedBytes: 2 * BLOCK_BYTES }])
  })

  test('goes on from where it was when its peer goes away and another has it', () => {
    const share = new RestartingShare()
    share.claim([remote])
    share.claim([remote], OTHER)
    const order = fetchList(share)
    write(share, order, [0])
    share.send({ type: 'peer-gone', peer: THEIRS })
    expect(share.take('cancel')).toMatchObject([{ fetch: order.fetch }])
    const [other] = share.take('fetch-list')
    expect(other).toMatchObject({ peer: OTHER })
    share.send({ type: 'list', fetch: other!.fetch, list: listOf(large), sums: undefined })
    expect([...new BlockSet(3, share.take('fetch-blocks')[0]!.needed)]).toEqual([1, 2])
  })

  test('that changed in one block pulls that block alone', () => {
    const share = new RestartingShare()
    const old = large.slice()
    old[BLOCK_BYTES + 5]! ^= 1
    share.disk.putFile('large', old)
    share.keeper.handleHint('large')
    share.pass(1_000)
    share.claim([{ ...remote, version: dotted(`${OURS}:1`, `${THEIRS}:1`) }])
    expect([...new BlockSet(3, fetchList(share).needed)]).toEqual([1])
    expect(share.notices('fetching')).toMatchObject([{ reusedBytes: 2 * BLOCK_BYTES }])
  })

  test('that its source touches meanwhile goes on from its blocks', () => {
    const share = new RestartingShare()
    share.claim([remote])
    const order = fetchList(share)
    write(share, order, [0, 2])
    const seen = dotted(`${THEIRS}:1`, `${THEIRS}:2`)
    share.claim([{ ...remote, mtimeMs: START_MS, version: { ...seen, content: `${THEIRS}:1` } }])
    expect(share.take('cancel')).toMatchObject([{ fetch: order.fetch }])
    expect([...new BlockSet(3, fetchList(share).needed)]).toEqual([1])
    expect(share.notices('fetching').at(-1)).toMatchObject({ resumedBytes: 2 * BLOCK_BYTES })
  })

  test('that its source writes anew meanwhile leaves nothing of the content before', () => {
    const share = new RestartingShare()
    share.claim([remote])
    const order = fetchList(share)
    write(share, order, [0, 2])
    const anew = contentOf(2 * BLOCK_BYTES)
    share.claim([theirFile('large', anew, { version: dotted(`${THEIRS}:1`, `${THEIRS}:2`) })])
    expect(share.take('cancel')).toMatchObject([{ fetch: order.fetch }])
    expect(share.disk.snapshot().has(order.temporary)).toBe(false)
  })

  test('may be given up, and its pieces stay for the next try', () => {
    const share = new RestartingShare()
    share.claim([remote])
    const order = fetchList(share)
    write(share, order, [1])
    share.send({ type: 'peer-gone', peer: THEIRS })
    share.claim([remote])
    expect([...new BlockSet(3, fetchList(share).needed)]).toEqual([0, 2])
  })
})

describe('a fetch that fails', () => {
  test.each([
    ['the peer has it no more', 'gone'],
    ['the session is over, of several with the peer', 'peer-gone'],
  ] as const)('because %s: the peer is asked for its state again', (_, reason) => {
    const share = new RestartingShare()
    share.claim([theirFile('a', '1')])
    share.send({ type: 'fetch-failed', fetch: share.take('fetch-small')[0]!.fetch, reason })
    share.pass(1_000)
    expect(share.take('ask')).toEqual([{ type: 'ask', peer: THEIRS }])
    expect(share.take('in-step')).toEqual([])
  })

  test('because the peer is gone asks nobody', () => {
    const share = new RestartingShare()
    share.claim([theirFile('a', '1')])
    share.send({ type: 'fetch-failed', fetch: share.take('fetch-small')[0]!.fetch, reason: 'peer-gone' })
    share.send({ type: 'peer-gone', peer: THEIRS })
    share.pass(1_000)
    expect(share.take('ask')).toEqual([])
  })

  test('is taken up with another peer that has it', () => {
    const share = new RestartingShare()
    share.claim([theirFile('a', '1')])
    share.claim([theirFile('a', '1')], OTHER)
    share.send({ type: 'fetch-failed', fetch: share.take('fetch-small')[0]!.fetch, reason: 'gone' })
    expect(share.take('fetch-small')).toMatchObject([{ peer: OTHER, path: 'a' }])
  })

  test('because what comes does not match its digest: the person is told', () => {
    const share = new RestartingShare()
    share.claim([theirFile('a', '1')])
    share.send({ type: 'fetch-failed', fetch: share.take('fetch-small')[0]!.fetch, reason: 'unservable' })
    expect(share.notices('abandoned')).toMatchObject([
      { path: 'a', reason: expect.stringContaining('digest') },
    ])
  })

  test('of a number that is not known any more changes nothing', () => {
    const share = new RestartingShare()
    share.send({ type: 'fetch-failed', fetch: 99, reason: 'gone' })
    share.send({ type: 'fetched', fetch: 99, crossedBytes: 1, savedBytes: 0, sources: [] })
    share.send({ type: 'contents', files: [{ fetch: 99, bytes: utf8('1'), savedBytes: 0 }] })
    share.send({ type: 'list', fetch: 99, list: new Uint8Array(64), sums: undefined })
    expect(share.disk.snapshot().has('a')).toBe(false)
  })
})

describe('a full disk', () => {
  test.each([
    ['a file', theirFile('a', 'content')],
    ['an empty file', theirFile('a', '')],
  ])('pauses %s, says so once, and goes on when there is room', (_, remote) => {
    const share = new RestartingShare()
    share.disk.failNext('no-space', 'create')
    share.claim([remote])
    deliver(share, { a: 'content' })
    expect(share.notices('paused')).toHaveLength(1)
    expect(share.notices('problem')).toEqual([])
    expect(share.textAt('a')).toBeUndefined()
    share.pass(FULL_DISK_RETRY_MS)
    deliver(share, { a: 'content' })
    expect(share.textAt('a')).toBe(remote.sizeBytes === 0 ? '' : 'content')
    expect(share.notices('resumed')).toHaveLength(1)
  })

  test('is tried again after the pause, and no later, where the file is complete and only its place was full', () => {
    const share = new RestartingShare()
    share.claim([theirFile('a', 'content')])
    share.disk.failNext('no-space', 'linkFile')
    deliver(share, { a: 'content' })
    expect(share.notices('paused')).toHaveLength(1)
    share.pass(FULL_DISK_RETRY_MS - 1)
    expect(share.textAt('a')).toBeUndefined()
    share.pass(1)
    expect(share.textAt('a')).toBe('content')
  })
})
