// Over a real socket pair with a relay between them that loses what passes: it ends, and everything is the same.

import { mkdirSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { isLong } from '../length.js'
import { longTest, type RecordedPeer, test } from './world.js'

/** An Ethernet's MTU 1500 less the headers of IPv4 and UDP: what is larger vanishes. */
const ETHERNET_BYTES = 1_472

async function fill(
  peer: RecordedPeer,
  { files, largeBytes }: { files: number; largeBytes: number },
): Promise<void> {
  mkdirSync(peer.path('tree/empty'), { recursive: true })
  for (let index = 0; index < files; index++) {
    await writeContent(peer.path(`tree/${index % 4}/${index}.bin`), `${index}`, index * 700)
  }
  if (largeBytes > 0) await writeContent(peer.path('large.bin'), 'large', largeBytes)
}

describe('a link that loses 5% each way', () => {
  longTest('carries everything in datagrams of its MTU', async ({ world }) => {
    const faults = { loss: 0.05, datagramBytesMax: ETHERNET_BYTES, delayMs: 2, jitterMs: 1, seed: 1 }
    const { a, b, relay } = await world.pairOverRelay(faults)
    await fill(a, { files: 60, largeBytes: 8_000_000 })
    await world.start([a, b], 0)
    await world.untilSame([a, b])
    const { lost, received, tooLarge } = relay.counters(a.address, b.address)
    expect(lost).toBeGreaterThan(0.02 * received)
    await world.until('the receipt', () => b.of('receipt').length > 0)
    const receipts = b.of('receipt')
    // Every byte of the 61 files, whether they came in one go or in several, is in just one of them.
    expect(receipts.reduce((sum, { files }) => sum + files, 0)).toBe(61)
    expect(receipts.reduce((sum, { crossedBytes }) => sum + crossedBytes, 0)).toBe(8_000_000 + 700 * 30 * 59)
    const most = receipts.reduce((best, receipt) => (receipt.bytes > best.bytes ? receipt : best))
    // Datagrams lost on the way there and on the way back are asked for again; that a path loses so much cannot be
    // missed.
    expect(most.loss).toBeGreaterThan(0.02)
    expect(most.askedAgain).toBeGreaterThan(0.02)
    expect(most.minRttMs).toBeGreaterThan(3)
    expect(tooLarge).toBeLessThan(0.02 * received)
  })

  test('carries everything in datagrams of whole blocks', async ({ world }) => {
    const { a, b, relay } = await world.pairOverRelay({
      loss: 0.05,
      duplication: 0.02,
      reordering: 0.02,
      seed: 2,
    })
    await fill(a, { files: 60, largeBytes: isLong ? 40_000_000 : 10_000_000 })
    await fill(b, { files: 80, largeBytes: 0 })
    await world.start([a, b], 0)
    await world.untilSame([a, b])
    const { forwarded, forwardedBytes, lost } = relay.counters(a.address, b.address)
    expect(lost).toBeGreaterThan(0)
    expect(forwardedBytes / forwarded).toBeGreaterThan(BLOCK_BYTES / 10)
  })

  longTest('carries a file to a receiver that is killed in the middle', async ({ world }) => {
    const faults = { loss: 0.05, datagramBytesMax: ETHERNET_BYTES, rateBytesPerS: 4_000_000, seed: 3 }
    const { a, b } = await world.pairOverRelay(faults)
    await fill(a, { files: 0, largeBytes: 6_000_000 })
    await world.start([a, b], 0)
    await world.until('B to be in the middle', () =>
      b.of('progress').some(({ doneBytes }) => doneBytes > 1_500_000),
    )
    await b.kill('both')
    b.start()
    await world.untilSame([a, b])
    expect(b.of('fetching')[0]?.resumedBytes).toBeGreaterThan(0)
  })
})

describe('a link that loses 20% each way', () => {
  longTest('carries a small set of files, in both directions', async ({ world }) => {
    const { a, b } = await world.pairOverRelay({
      loss: 0.2,
      datagramBytesMax: ETHERNET_BYTES,
      delayMs: 1,
      seed: 4,
    })
    await fill(a, { files: 24, largeBytes: 300_000 })
    await writeContent(b.path('from B.bin'), 'b', 200_000)
    await world.start([a, b], 0)
    await world.untilSame([a, b])
  })
})
