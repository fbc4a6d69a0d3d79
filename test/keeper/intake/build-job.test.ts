import { describe, expect, test } from 'vitest'
import { BlockSet } from '../../../src/base/blockset.js'
import { equalBytes, isZeros } from '../../../src/base/bytes.js'
import { blockBytes, blockCount } from '../../../src/base/item.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { DiskError } from '../../../src/base/ports.js'
import { hash } from '../../../src/io/hash.js'
import { BuildJob, type BuildSource, type Built } from '../../../src/keeper/intake/build-job.js'
import { SimDisk } from '../../../src/sim/disk/disk.js'
import { contentOf, digestOfContent, listOf } from '../share-on-disk.js'

const BLOCKS = 6
const SIZE = (BLOCKS - 1) * BLOCK_BYTES + 100
const wanted = contentOf(SIZE)
const digest = digestOfContent(wanted)
const temporary = `.left/tmp/${digest}`

function emptyDisk(capacityBytes?: number): SimDisk {
  const disk = new SimDisk({ nowMs: () => 0, ...(capacityBytes === undefined ? {} : { capacityBytes }) })
  disk.makeFolder('.left')
  disk.makeFolder('.left/tmp')
  return disk
}

function setOf(...members: readonly number[]): BlockSet {
  const set = new BlockSet(BLOCKS)
  for (const member of members) set.add(member)
  return set
}

function sourceOf(path: string, content: Uint8Array): BuildSource {
  return { path, list: listOf(content), sizeBytes: content.length }
}

function build(disk: SimDisk, options: { logged?: BlockSet; source?: BuildSource } = {}): Built {
  const { logged, source } = options
  const job = new BuildJob({ disk, hash, digest, sizeBytes: SIZE, list: listOf(wanted), logged, source })
  try {
    for (;;) {
      const built = job.step()
      if (built !== undefined) return built
    }
  } finally {
    job.close()
  }
}

function expectHeld(disk: SimDisk, built: Built, held: readonly number[]): void {
  expect([...built.held]).toEqual(held)
  expect([...built.needed]).toEqual([...Array(BLOCKS).keys()].filter((index) => !held.includes(index)))
  for (const index of held) expectBlock(disk, index)
}

function expectBlock(disk: SimDisk, index: number): void {
  const start = index * BLOCK_BYTES
  const length = blockBytes(SIZE, index)
  const held = disk.contentOf(temporary)!.subarray(start, start + length)
  expect(equalBytes(held, wanted.subarray(start, start + length))).toBe(true)
}

describe('a temporary file', () => {
  test('that begins from nothing needs every block and has its size already', () => {
    const disk = emptyDisk()
    const built = build(disk)
    expectHeld(disk, built, [])
    expect(built).toMatchObject({ temporary, resumedBytes: 0, reusedBytes: 0 })
    expect(disk.stat(temporary)!.sizeBytes).toBe(SIZE)
  })

  test("is its user's alone while it is built, though it was ready for its place before", () => {
    const disk = emptyDisk()
    disk.putFile(temporary, wanted, { mode: 0o755 })
    build(disk)
    expect(disk.stat(temporary)?.mode).toBe(0o600)
  })

  test('goes on from the blocks that the log names and the disk holds', () => {
    const disk = emptyDisk()
    disk.putFile(temporary, wanted)
    const built = build(disk, { logged: setOf(0, 1, 5) })
    expectHeld(disk, built, [0, 1, 5])
    expect(built.resumedBytes).toBe(2 * BLOCK_BYTES + 100)
  })

  test('does not believe the log where the disk holds something else', () => {
    const disk = emptyDisk()
    const torn = wanted.slice()
    torn[BLOCK_BYTES + 17]! ^= 1
    disk.putFile(temporary, torn.subarray(0, 4 * BLOCK_BYTES))
    expectHeld(disk, build(disk, { logged: setOf(0, 1, 3, 4) }), [0, 3])
  })

  test('does not count what the log does not name, even where it is right', () => {
    const disk = emptyDisk()
    disk.putFile(temporary, wanted)
    expectHeld(disk, build(disk), [])
  })

  test('that was longer has no tail left', () => {
    const disk = emptyDisk()
    disk.putFile(temporary, contentOf(SIZE + 3 * BLOCK_BYTES))
    build(disk)
    expect(disk.stat(temporary)!.sizeBytes).toBe(SIZE)
  })

  test('takes the blocks that have not changed from the version that it replaces', () => {
    const disk = emptyDisk()
    const old = wanted.slice()
    old[2 * BLOCK_BYTES]! ^= 1
    disk.putFile('file', old)
    const built = build(disk, { source: sourceOf('file', old) })
    expectHeld(disk, built, [0, 1, 3, 4, 5])
    expect(built).toMatchObject({ resumedBytes: 0, reusedBytes: SIZE - BLOCK_BYTES })
    expect(equalBytes(disk.contentOf('file')!, old)).toBe(true)
  })

  test('takes blocks that have moved by whole blocks', () => {
    const disk = emptyDisk()
    const old = new Uint8Array(SIZE)
    old.set(contentOf(BLOCK_BYTES, 9))
    old.set(wanted.subarray(0, 3 * BLOCK_BYTES), BLOCK_BYTES)
    disk.putFile('file', old)
    const built = build(disk, { source: sourceOf('file', old) })
    expect([...built.held]).toEqual(expect.arrayContaining([0, 1, 2]))
    for (const index of built.held) expectBlock(disk, index)
  })

  test('prefers what an earlier try has proved to copying it again', () => {
    const disk = emptyDisk()
    disk.putFile('file', wanted)
    disk.putFile(temporary, wanted)
    const built = build(disk, { logged: setOf(0, 1), source: sourceOf('file', wanted) })
    expectHeld(disk, built, [0, 1, 2, 3, 4, 5])
    expect(built).toMatchObject({ resumedBytes: 2 * BLOCK_BYTES, reusedBytes: SIZE - 2 * BLOCK_BYTES })
    expect(built.needed.size).toBe(0)
  })

  test('copies nothing from a source that is not what its list says any more', () => {
    const disk = emptyDisk()
    disk.putFile('file', contentOf(SIZE, 7))
    expectHeld(disk, build(disk, { source: sourceOf('file', wanted) }), [])
  })

  test('does without a source that cannot be opened', () => {
    const disk = emptyDisk()
    expectHeld(disk, build(disk, { source: sourceOf('missing', wanted) }), [])
    disk.putFile('denied', wanted)
    disk.deny('denied')
    expectHeld(disk, build(disk, { source: sourceOf('denied', wanted) }), [])
  })

  test('that does not fit the disk fails and says so', () => {
    const disk = emptyDisk(2 * BLOCK_BYTES)
    expect(() => build(disk)).toThrow(expect.objectContaining({ code: 'no-space' }))
  })

  test('is built in bounded steps', () => {
    const disk = emptyDisk()
    const blocks = 200
    const large = contentOf(blocks * BLOCK_BYTES)
    disk.putFile('file', large)
    const list = listOf(large)
    const source = { path: 'file', list, sizeBytes: large.length }
    const options = {
      disk,
      hash,
      digest: digestOfContent(large),
      sizeBytes: large.length,
      list,
      logged: undefined,
      source,
    }
    const job = new BuildJob(options)
    let steps = 0
    while (job.step() === undefined) steps++
    job.close()
    expect(steps).toBeGreaterThan(4)
    expect(blockCount(large.length)).toBe(blocks)
  })

  test('that cannot be made fails at once', () => {
    const disk = new SimDisk({ nowMs: () => 0 })
    expect(() => build(disk)).toThrow(DiskError)
  })
})

describe('blocks of zeros', () => {
  /** Content, two holes, content, and a short hole at the end. */
  const sparse = contentOf(SIZE)
  sparse.fill(0, BLOCK_BYTES, 3 * BLOCK_BYTES)
  sparse.fill(0, 5 * BLOCK_BYTES)

  function buildSparse(disk: SimDisk, logged?: BlockSet): { built: Built; written: number[] } {
    const written: number[] = []
    const watched = Object.create(disk) as SimDisk
    watched.write = (handle, source, position) => {
      written.push(position)
      disk.write(handle, source, position)
    }
    const name = digestOfContent(sparse)
    const list = listOf(sparse)
    const options = { hash, digest: name, sizeBytes: SIZE, list, logged, source: undefined }
    const job = new BuildJob({ disk: watched, ...options })
    for (;;) {
      const built = job.step()
      if (built === undefined) continue
      job.close()
      return { built, written }
    }
  }

  const holes = [1, 2, 5]
  const path = `.left/tmp/${digestOfContent(sparse)}`
  const zerosAt = (disk: SimDisk): boolean[] =>
    holes.map((index) =>
      isZeros(disk.contentOf(path)!.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)),
    )

  test('are neither pulled nor written into a file that was made just now', () => {
    const disk = emptyDisk()
    const { built, written } = buildSparse(disk)
    expect([...built.held]).toEqual(holes)
    expect([...built.needed]).toEqual([0, 3, 4])
    expect(written).toEqual([])
    expect(built).toMatchObject({ resumedBytes: 0, reusedBytes: 2 * BLOCK_BYTES + 100 })
    expect(disk.contentOf(path)).toHaveLength(SIZE)
    expect(zerosAt(disk)).toEqual([true, true, true])
  })

  test('are written where an earlier try left something else, also in the middle of one', () => {
    const disk = emptyDisk()
    // The earlier try ends within the second hole.
    disk.putFile(path, new Uint8Array(2 * BLOCK_BYTES + 10).fill(7))
    const { built, written } = buildSparse(disk)
    expect(written).toEqual([BLOCK_BYTES, 2 * BLOCK_BYTES])
    expect([...built.held]).toEqual(holes)
    expect(zerosAt(disk)).toEqual([true, true, true])
  })

  test('are not written again where an earlier try left holes, and count as resumed if the log knows them', () => {
    const disk = emptyDisk()
    disk.putFile(path, new Uint8Array(SIZE))
    const { built, written } = buildSparse(disk, setOf(1))
    expect(written).toEqual([])
    expect(built).toMatchObject({ resumedBytes: BLOCK_BYTES, reusedBytes: BLOCK_BYTES + 100 })
  })

  test('are all that there is of a file of zeros: nothing is pulled', () => {
    const disk = emptyDisk()
    const sizeBytes = 3 * BLOCK_BYTES
    const content = new Uint8Array(sizeBytes)
    const list = listOf(content)
    const job = new BuildJob({
      disk,
      hash,
      digest: digestOfContent(content),
      sizeBytes,
      list,
      logged: undefined,
      source: undefined,
    })
    expect(job.step()).toMatchObject({ needed: { size: 0 }, reusedBytes: sizeBytes })
    job.close()
  })
})
