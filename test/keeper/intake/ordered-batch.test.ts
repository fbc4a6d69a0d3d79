// A batch of small files that is more than may be on its way at once, told in another order than that of its author.

import { expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { ORDER_WAIT_MS, ORDERED_WANTS_MAX, SMALL_FETCH_BYTES_MAX } from '../../../src/keeper/intake/limits.js'
import { FedShare } from '../fed-share.js'
import { dotted, THEIRS } from '../share-on-disk.js'

test('is in place without a wait, though what was recorded first is fetched last', () => {
  const count = 2 * Math.ceil(SMALL_FETCH_BYTES_MAX / BLOCK_BYTES)
  expect(count).toBeLessThan(ORDERED_WANTS_MAX)
  const share = new FedShare([])
  const beganMs = share.nowMs
  const pathOf = (index: number) => `f${String(index).padStart(3, '0')}`
  const files = Array.from({ length: count }, (_, index) =>
    share.theirs(pathOf(index), `${index}`.padEnd(BLOCK_BYTES), {
      version: dotted(`${THEIRS}:${count - index}`),
    }),
  )
  share.tell(files)
  for (let orders = share.orders(); orders.length > 0; orders = share.orders()) share.give(orders)
  expect(share.paths).toEqual(files.map(({ path }) => path))
  expect(share.nowMs - beganMs).toBeLessThan(ORDER_WAIT_MS)
})
