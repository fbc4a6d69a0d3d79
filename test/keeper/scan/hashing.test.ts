import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../../src/base/bytes.js'
import { BLOCK_BYTES, WEAK_SUM_BYTES } from '../../../src/base/limits.js'
import { DiskError } from '../../../src/base/ports.js'
import { SEARCH_NEEDED_MIN } from '../../../src/delta/limits.js'
import { NO_SUM, weakSum } from '../../../src/delta/weak-sum.js'
import { hash } from '../../../src/io/hash.js'
import { signatureOf } from '../../../src/keeper/index/signature.js'
import type { BlockList } from '../../../src/keeper/index/stored-list.js'
import { HashJob, type HashStep } from '../../../src/keeper/scan/hashing.js'
import { SimDisk } from '../../../src/sim/disk/disk.js'
import { contentOf, digestOfContent, listOf } from '../share-on-disk.js'

let nowMs = 1_000
const diskWith = (content: Uint8Array): SimDisk => {
  const disk = new SimDisk({ nowMs: () => nowMs++ })
  disk.putFile('a', content)
  return disk
}
const jobOf = (disk: SimDisk): HashJob => new HashJob(disk, hash, 'a', signatureOf(disk.stat('a')!))

function run(
  job: HashJob,
  options: { bufferBlocks: number; budgetBytes: number },
): { steps: number; end: HashStep } {
  const buffer = new Uint8Array(options.bufferBlocks * BLOCK_BYTES)
  for (let steps = 1; ; steps++) {
    const end = job.step(buffer, options.budgetBytes)
    if (end.type !== 'more') return { steps, end }
  }
}

describe('the digest of a file', () => {
  test('is that of its list of block digests, at every border of a block and whatever the pieces', () => {
    const size = fc.constantFrom(
      0,
      1,
      BLOCK_BYTES - 1,
      BLOCK_BYTES,
      BLOCK_BYTES + 1,
      3 * BLOCK_BYTES,
      5 * BLOCK_BYTES + 7,
    )
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(1, BLOCK_BYTES, 10 * BLOCK_BYTES),
        (sizeBytes, bufferBlocks, budgetBytes) => {
          const content = contentOf(sizeBytes)
          const job = jobOf(diskWith(content))
          const { end } = run(job, { bufferBlocks, budgetBytes })
          job.close()
          expect(end).toEqual({ type: 'done', digest: digestOfContent(content), list: listOf(content) })
        },
      ),
      { numRuns: 40 },
    )
  })

  test('is taken in steps that read no more than they may', () => {
    const job = jobOf(diskWith(contentOf(10 * BLOCK_BYTES)))
    expect(run(job, { bufferBlocks: 2, budgetBytes: 4 * BLOCK_BYTES }).steps).toBe(3)
    job.close()
  })
})

describe('a file that changes while it is read', () => {
  const large = contentOf(4 * BLOCK_BYTES)

  test.each([
    ['is written into', (disk: SimDisk) => disk.putFile('a', contentOf(4 * BLOCK_BYTES, 2))],
    ['grows', (disk: SimDisk) => disk.putFile('a', contentOf(5 * BLOCK_BYTES))],
    ['shrinks', (disk: SimDisk) => disk.putFile('a', contentOf(BLOCK_BYTES))],
    ['vanishes', (disk: SimDisk) => disk.removeFile('a')],
    [
      'is replaced by another with the same size and time',
      (disk: SimDisk) => {
        const { mtimeMs } = disk.stat('a')!
        disk.putFile('b', large, { mtimeMs })
        disk.rename('b', 'a')
      },
    ],
    [
      'becomes a folder',
      (disk: SimDisk) => {
        disk.removeFile('a')
        disk.makeFolder('a')
      },
    ],
  ])('and %s has no digest', (_, change) => {
    const disk = diskWith(large)
    const job = jobOf(disk)
    const buffer = new Uint8Array(BLOCK_BYTES)
    expect(job.step(buffer, 1)).toEqual({ type: 'more' })
    change(disk)
    let end = job.step(buffer, BLOCK_BYTES)
    while (end.type === 'more') end = job.step(buffer, BLOCK_BYTES)
    job.close()
    expect(end).toEqual({ type: 'changed' })
  })

  test('before it was opened has none either', () => {
    const disk = diskWith(large)
    const signature = signatureOf(disk.stat('a')!)
    disk.putFile('a', contentOf(4 * BLOCK_BYTES, 3))
    const job = new HashJob(disk, hash, 'a', signature)
    expect(run(job, { bufferBlocks: 16, budgetBytes: 100 * BLOCK_BYTES }).end).toEqual({ type: 'changed' })
    job.close()
  })
})

test('a file that cannot be opened says so at once', () => {
  const disk = diskWith(contentOf(1))
  disk.deny('a')
  expect(() => jobOf(disk)).toThrow(DiskError)
})

describe('the weak sums of a file', () => {
  const old = contentOf(20 * BLOCK_BYTES)
  const hashed = (content: Uint8Array, former?: BlockList) => {
    const disk = diskWith(content)
    const job = new HashJob(disk, hash, 'a', signatureOf(disk.stat('a')!), { former })
    const { end } = run(job, { bufferBlocks: 3, budgetBytes: Number.POSITIVE_INFINITY })
    job.close()
    return end as HashStep & { type: 'done' }
  }
  const sumAt = (sums: Uint8Array, index: number) =>
    new DataView(sums.buffer).getUint32(index * WEAK_SUM_BYTES)
  const changed = (content: Uint8Array, ...blocks: readonly number[]) => {
    const copy = content.slice()
    for (const block of blocks) copy[block * BLOCK_BYTES]! ^= 1
    return copy
  }
  const few = Array.from({ length: SEARCH_NEEDED_MIN }, (_, index) => index)

  test('are taken of none that is new', () => {
    expect(hashed(old).sums).toBeUndefined()
  })

  test('are taken of the blocks that are not what they were, where they are so many', () => {
    const former = { list: listOf(old), sums: undefined }
    expect(hashed(changed(old, ...few.slice(1)), former).sums).toBeUndefined()
    const fresh = changed(old, ...few)
    const { sums } = hashed(fresh, former)
    for (let index = 0; index < 20; index++) {
      const block = fresh.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)
      expect(sumAt(sums!, index)).toBe(few.includes(index) ? weakSum(block) : NO_SUM)
    }
  })

  test('are taken over from the version before, so that who missed several has them all', () => {
    const first = hashed(changed(old, ...few), { list: listOf(old), sums: undefined })
    const fresh = changed(old, ...few, 15)
    const { sums } = hashed(fresh, first)
    for (const index of [...few, 15])
      expect(sumAt(sums!, index)).toBe(
        weakSum(fresh.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)),
      )
    expect(sumAt(sums!, 14)).toBe(NO_SUM)
  })

  test('are taken of a file that became longer or shorter', () => {
    const former = { list: listOf(old), sums: undefined }
    const longer = concatBytes([old, contentOf(9 * BLOCK_BYTES)])
    expect(hashed(longer, former).sums).toHaveLength(29 * WEAK_SUM_BYTES)
    expect(hashed(old.subarray(0, 5 * BLOCK_BYTES), former).sums).toBeUndefined()
  })
})
