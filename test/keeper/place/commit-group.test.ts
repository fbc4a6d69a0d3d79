import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { FULL_DISK_RETRY_MS } from '../../../src/keeper/limits.js'
import { CommitGroup } from '../../../src/keeper/place/commit-group.js'
import { CHECKPOINT_QUIET_MS, PLACED_COMMIT_MAX, PLACED_COMMIT_MS } from '../../../src/keeper/place/limits.js'
import { ShareOnDisk, START_MS, theirFile } from '../share-on-disk.js'

/** Files that are placed and not committed yet; the test is the intake. */
class Placed {
  readonly share = new ShareOnDisk()
  /** When the index was committed, and what the log said was placed then. */
  readonly commits: { readonly atMs: number; readonly logged: number }[] = []
  isDiskFull = false
  readonly group = new CommitGroup(this.share.disk, this.share.journal, START_MS)

  get logged(): string[] {
    return [...this.share.journal.placedSinceCheckpoint.keys()]
  }

  add(path: string, nowMs: number): void {
    this.share.disk.putFile(path, utf8('x'))
    this.share.journal.append({ kind: 'placing', entry: theirFile(path, 'x'), replaces: '' })
    this.addOnly(path, nowMs)
  }

  /** Without a file, and unknown to the log. */
  addOnly(path: string, nowMs: number): void {
    if (this.group.add(path, nowMs)) this.commit(nowMs)
  }

  settle(isOver: boolean, nowMs: number): void {
    if (this.group.settle(isOver, nowMs)) this.commit(nowMs)
  }

  private commit(nowMs: number): void {
    this.commits.push({ atMs: nowMs, logged: this.logged.length })
    if (this.isDiskFull) this.group.handleFull(nowMs)
    else this.group.handleCommitted(nowMs)
  }
}

describe('files that were put in place', () => {
  test(`are committed together ${PLACED_COMMIT_MS} ms after the first: the index, then the log`, () => {
    const placed = new Placed()
    expect(placed.group.pollTimeout(true)).toBeUndefined()
    placed.add('a', START_MS)
    placed.add('b', START_MS + 200)
    const dueMs = START_MS + PLACED_COMMIT_MS
    expect(placed.group.pollTimeout(false)).toBe(dueMs)
    placed.settle(false, dueMs - 1)
    expect(placed.commits).toEqual([])
    expect(placed.logged).toEqual([])
    placed.settle(false, dueMs)
    expect(placed.commits).toEqual([{ atMs: dueMs, logged: 0 }])
    expect(placed.logged).toEqual(['a', 'b'])
    placed.settle(true, dueMs + 10_000)
    expect(placed.commits).toHaveLength(1)
  })

  test(`are committed at once when there are ${PLACED_COMMIT_MAX} of them`, () => {
    const placed = new Placed()
    for (let index = 1; index < PLACED_COMMIT_MAX; index++) placed.addOnly(`${index}`, START_MS)
    expect(placed.commits).toEqual([])
    placed.addOnly('last', START_MS)
    expect(placed.commits).toHaveLength(1)
    // The next group begins with nothing.
    placed.addOnly('next', START_MS + 5)
    expect(placed.commits).toHaveLength(1)
    expect(placed.group.pollTimeout(false)).toBe(START_MS + 5 + PLACED_COMMIT_MS)
  })

  test('are committed with the next call when nothing more will come', () => {
    const placed = new Placed()
    placed.add('a', START_MS)
    placed.settle(true, START_MS + 1)
    expect(placed.commits).toEqual([])
    expect(placed.group.pollTimeout(false)).toBe(START_MS + 1)
    placed.settle(true, START_MS + 1)
    expect(placed.logged).toEqual(['a'])
  })

  test('stay placed in the log only as being placed while the disk is full, and are committed when it has room', () => {
    const placed = new Placed()
    placed.isDiskFull = true
    placed.add('a', START_MS)
    const dueMs = START_MS + PLACED_COMMIT_MS
    placed.settle(false, dueMs)
    expect(placed.logged).toEqual([])
    expect(placed.share.journal.placing).toMatchObject([{ entry: { path: 'a' } }])
    expect(placed.group.pollTimeout(false)).toBe(dueMs + FULL_DISK_RETRY_MS)
    placed.isDiskFull = false
    placed.settle(false, dueMs + FULL_DISK_RETRY_MS - 1)
    expect(placed.logged).toEqual([])
    placed.settle(false, dueMs + FULL_DISK_RETRY_MS)
    expect(placed.logged).toEqual(['a'])
  })

  test('wait with their checkpoint while something is wanted, and for the commit', () => {
    const placed = new Placed()
    placed.add('a', START_MS)
    placed.settle(false, START_MS + PLACED_COMMIT_MS)
    const dueMs = START_MS + PLACED_COMMIT_MS + CHECKPOINT_QUIET_MS
    expect(placed.group.pollTimeout(false)).toBeUndefined()
    expect(placed.group.pollTimeout(true)).toBe(dueMs)
    placed.group.stepCheckpoint(dueMs)
    expect(placed.logged).toEqual([])
    expect(placed.group.pollTimeout(true)).toBeUndefined()
  })

  test('are still known as being placed where the log cannot be written', () => {
    const placed = new Placed()
    placed.add('a', START_MS)
    placed.share.disk.failNext('io', 'write')
    placed.settle(false, START_MS + PLACED_COMMIT_MS)
    expect(placed.commits).toHaveLength(1)
    expect(placed.share.journal.placing).toMatchObject([{ entry: { path: 'a' } }])
  })
})
