// Large files: only what changed crosses, and nobody ever sees a mixture.

import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { contentChunks, overwriteContent, writeContent } from '../../harness/peers/content.js'
import { sha256Of } from '../../harness/peers/tree.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { isLong } from '../length.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

const FILE_BYTES = 12_000_000
const LARGE_BYTES = isLong ? 40_000_000 : 15_000_000

/** Each look reads a file of that length. */
const LOOK_MS = 50

/** Slow enough to do something in the middle. */
const SLOW = ['--limit', '4M']

async function pair(world: World): Promise<[RecordedPeer, RecordedPeer]> {
  return (await world.group('AB')) as [RecordedPeer, RecordedPeer]
}

describe('319 KB changed in the middle of 40 MB', () => {
  longTest('are all that crosses', async ({ world }) => {
    const [a, b] = await pair(world)
    await writeContent(a.path('large.bin'), 'large', 40_000_000)
    await world.start([a, b])
    await world.untilSame([a, b])
    await overwriteContent(a.path('large.bin'), 'changed', { position: 20_000_000, sizeBytes: 319_000 })
    await world.until('B to have the change', () => b.received('large.bin').length === 2)
    await world.untilSame([a, b])
    const { crossedBytes } = b.received('large.bin')[1]!
    expect(crossedBytes).toBeGreaterThanOrEqual(319_000)
    expect(crossedBytes).toBeLessThanOrEqual(319_000 + 4 * BLOCK_BYTES)
  })
})

describe('100 bytes at the head of a large file', () => {
  const insertAtHead = (path: string) => {
    const [inserted] = contentChunks('inserted', 100)
    writeFileSync(path, Buffer.concat([inserted!, readFileSync(path)]))
  }

  test('are all that crosses, with the rest of their block', async ({ world }) => {
    const [a, b] = await pair(world)
    await writeContent(a.path('large.bin'), 'large', LARGE_BYTES)
    await world.start([a, b])
    await world.untilSame([a, b])
    insertAtHead(a.path('large.bin'))
    await world.until('B to have the change', () => b.received('large.bin').length === 2)
    await world.untilSame([a, b])
    expect(b.received('large.bin')[1]!.crossedBytes).toBeLessThanOrEqual(2 * BLOCK_BYTES)
  })

  longTest(
    'are all that crosses where the receiver is killed while it looks for the rest',
    async ({ world }) => {
      const [a, b] = await pair(world)
      await writeContent(a.path('large.bin'), 'large', LARGE_BYTES)
      await world.start([a, b])
      await world.untilSame([a, b])
      await b.stop()
      insertAtHead(a.path('large.bin'))
      await world.until('A to know', () => a.of('changed').length === 1)
      b.start()
      const temporaries = b.path('.left/tmp')
      await world.until('B to build it', () => readdirSync(temporaries).some((name) => name.length >= 64))
      await b.kill('both')
      b.start()
      await world.untilSame([a, b])
      const crossed = b.received('large.bin').map(({ crossedBytes }) => crossedBytes)
      expect(Math.max(0, ...crossed)).toBeLessThanOrEqual(2 * BLOCK_BYTES)
    },
  )
})

describe('a file that is edited while it is sent', () => {
  test('is never delivered torn, and the last version is what stays', async ({ world }) => {
    const [a, b] = await pair(world)
    await writeContent(a.path('edited.bin'), 'version 0', FILE_BYTES)
    await world.start([a, b])
    await world.untilSame([a, b])
    await b.stop()
    const real = new Set([await sha256Of(a.path('edited.bin'))])
    await writeContent(a.path('edited.bin'), 'version 1', FILE_BYTES)
    real.add(await sha256Of(a.path('edited.bin')))
    b.start(SLOW)
    const seen = new Set<string>()
    const look = (): void => {
      seen.add(
        createHash('sha256')
          .update(readFileSync(b.path('edited.bin')))
          .digest('hex'),
      )
    }
    await world.until(
      'B to be in the middle',
      () => {
        look()
        return b.of('progress').some(({ doneBytes }) => doneBytes > FILE_BYTES / 4)
      },
      LOOK_MS,
    )
    for (const state of editInPlace(a.path('edited.bin'))) real.add(state)
    const last = await sha256Of(a.path('edited.bin'))
    await world.until(
      'B to have the last version',
      () => {
        look()
        return seen.has(last)
      },
      LOOK_MS,
    )
    expect([...seen].filter((digest) => !real.has(digest))).toEqual([])
    await world.untilSame([a, b])
  })
})

/** Overwrites the file from its front in four pieces. Answers the digest of each state that it really had: should the
 *  machine stall for long enough between two, even such a state may rightly be announced. */
function editInPlace(path: string): string[] {
  const content = readFileSync(path)
  const edited = Buffer.concat([...contentChunks('version 2', FILE_BYTES)])
  const pieceBytes = FILE_BYTES / 4
  const file = openSync(path, 'r+')
  for (let at = 0; at < FILE_BYTES; at += pieceBytes) writeSync(file, edited, at, pieceBytes, at)
  closeSync(file)
  return [1, 2, 3, 4].map((pieces) => {
    edited.copy(content, 0, 0, pieces * pieceBytes)
    return createHash('sha256').update(content).digest('hex')
  })
}
