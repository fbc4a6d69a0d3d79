// Sparse files stay sparse: what is a hole at one peer takes no room at the others, and does not cross.

import { closeSync, ftruncateSync, openSync, statSync, truncateSync, writeSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { expectSameBytes, type RecordedPeer, test } from './world.js'

const HOLES_BYTES = 64_000_000
/** Bytes that st_blocks counts by. stat(2). */
const UNIT_BYTES = 512

const takenBytes = (path: string): number => statSync(path).blocks * UNIT_BYTES

describe('a sparse file', () => {
  test('arrives with its holes, new and as a new version, and costs no more than what is in it', async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    const fd = openSync(a.path('image'), 'w')
    ftruncateSync(fd, HOLES_BYTES)
    for (const position of [0, 20_000_000, HOLES_BYTES - 10]) writeSync(fd, 'something', position)
    closeSync(fd)
    truncateSync(closed(a.path('hole')), 60_000)
    await world.start([a, b])
    await world.untilSame([a, b])
    expectSameBytes(a.path('image'), b.path('image'))
    expect(takenBytes(b.path('image'))).toBeLessThan(500_000)
    expect(takenBytes(b.path('hole'))).toBeLessThan(10_000)
    expect(b.received('image')[0]!.crossedBytes).toBeLessThan(500_000)
    const again = openSync(a.path('image'), 'r+')
    writeSync(again, 'else', 40_000_000)
    closeSync(again)
    await world.until('B to have the new version', () => b.received('image').length > 1)
    expectSameBytes(a.path('image'), b.path('image'))
    expect(takenBytes(b.path('image'))).toBeLessThan(500_000)
  })
})

function closed(path: string): string {
  closeSync(openSync(path, 'w'))
  return path
}
