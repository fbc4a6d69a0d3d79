import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { Checkpoint } from '../../../src/keeper/place/checkpoint.js'
import {
  CHECKPOINT_DELAY_MS_MAX,
  CHECKPOINT_LOG_BYTES,
  CHECKPOINT_QUIET_MS,
  CHECKPOINT_STEP_FILES,
} from '../../../src/keeper/place/limits.js'
import { ShareOnDisk, START_MS, theirFile } from '../share-on-disk.js'

interface Watched extends ShareOnDisk {
  /** Paths that were synced, in order. */
  readonly synced: string[]
}

/** A share that tells which files and folders are synced. */
function watchedShare(): Watched {
  const synced: string[] = []
  const share = Object.assign(new ShareOnDisk(), { synced })
  const { disk } = share
  const [open, syncFolder] = [disk.open.bind(disk), disk.syncFolder.bind(disk)]
  disk.open = (path) => {
    synced.push(path)
    return open(path)
  }
  disk.syncFolder = (path) => {
    synced.push(`${path}/`)
    syncFolder(path)
  }
  return share
}

/** The file is in its place, and the log says that it may not be on stable storage yet. */
function place(share: Watched, path: string): void {
  share.disk.putFile(path, utf8(path))
  share.journal.append({ kind: 'placing', entry: theirFile(path, path), replaces: '' })
  share.journal.append({ kind: 'placed', paths: [path] })
}

const unsynced = (share: Watched) => [...share.journal.placedSinceCheckpoint.keys()]

describe('what was put in place', () => {
  test(`is synced when nothing was placed for ${CHECKPOINT_QUIET_MS} ms, its folder after it, and then the log forgets it`, () => {
    const share = watchedShare()
    const checkpoint = new Checkpoint(share.disk, share.journal, START_MS)
    expect(checkpoint.pollTimeout()).toBeUndefined()
    for (const [path, atMs] of [
      ['f/a', START_MS],
      ['f/b', START_MS + 5_000],
    ] as const) {
      place(share, path)
      checkpoint.handlePlaced(atMs)
    }
    const dueMs = START_MS + 5_000 + CHECKPOINT_QUIET_MS
    expect(checkpoint.pollTimeout()).toBe(dueMs)
    checkpoint.step(dueMs - 1)
    expect(share.synced).toEqual([])
    expect(unsynced(share)).toEqual(['f/a', 'f/b'])
    checkpoint.step(dueMs)
    expect(share.synced).toEqual(['f/a', 'f/b', 'f/'])
    expect(unsynced(share)).toEqual([])
    expect(checkpoint.pollTimeout()).toBeUndefined()
    checkpoint.step(dueMs + CHECKPOINT_QUIET_MS)
    expect(share.synced).toHaveLength(3)
  })

  test(`leaves a log of less than ${CHECKPOINT_LOG_BYTES} bytes as it is, and of a longer one what still matters`, () => {
    const share = watchedShare()
    const { journal } = share
    const checkpointed = () => {
      const checkpoint = new Checkpoint(share.disk, journal, START_MS)
      for (let dueMs = checkpoint.pollTimeout(); dueMs !== undefined; dueMs = checkpoint.pollTimeout())
        checkpoint.step(dueMs)
      return journal.sizeBytes
    }
    const fetch = { digest: '5'.repeat(64), sizeBytes: 3 * BLOCK_BYTES, path: 'large' }
    journal.append({ kind: 'fetch', ...fetch })
    let count = 0
    for (; journal.sizeBytes < CHECKPOINT_LOG_BYTES - 1_000; count++) place(share, `${count}`)
    const beforeBytes = journal.sizeBytes
    expect(checkpointed()).toBeGreaterThan(beforeBytes)
    for (; journal.sizeBytes < CHECKPOINT_LOG_BYTES; count++) place(share, `${count}`)
    expect(checkpointed()).toBeLessThan(1_000)
    expect([...journal.fetches.keys()]).toEqual([fetch.digest])
    expect(unsynced(share)).toEqual([])
  })

  test.each([
    [CHECKPOINT_STEP_FILES, 1],
    [CHECKPOINT_STEP_FILES + 1, 2],
    [2 * CHECKPOINT_STEP_FILES, 2],
    [2 * CHECKPOINT_STEP_FILES + 1, 3],
  ])(
    'is synced a few files a step: %i files in %i, and the checkpoint comes with the last',
    (files, steps) => {
      const share = watchedShare()
      const checkpoint = new Checkpoint(share.disk, share.journal, START_MS)
      for (let index = 0; index < files; index++) {
        place(share, `${index}`)
        checkpoint.handlePlaced(START_MS)
      }
      const dueMs = checkpoint.pollTimeout()!
      for (let step = 1; step <= steps; step++) {
        expect(unsynced(share)).toHaveLength(files)
        expect(checkpoint.pollTimeout()).toBe(dueMs)
        checkpoint.step(dueMs)
        if (step < steps) expect(share.synced).toHaveLength(step * CHECKPOINT_STEP_FILES)
      }
      expect(checkpoint.pollTimeout()).toBeUndefined()
      expect(share.synced).toHaveLength(files + 1)
      expect(unsynced(share)).toEqual([])
    },
  )

  test('is synced again where it was replaced while the others were', () => {
    const share = watchedShare()
    const checkpoint = new Checkpoint(share.disk, share.journal, START_MS)
    const paths = Array.from({ length: CHECKPOINT_STEP_FILES + 1 }, (_, index) => `${index}`)
    for (const path of paths) place(share, path)
    checkpoint.handlePlaced(START_MS)
    checkpoint.step(START_MS + CHECKPOINT_QUIET_MS)
    expect(share.synced).not.toContain(paths.at(-1))
    for (const path of [paths[0]!, paths.at(-1)!, 'new']) place(share, path)
    checkpoint.handlePlaced(START_MS + CHECKPOINT_QUIET_MS)
    share.synced.length = 0
    checkpoint.step(START_MS + 2 * CHECKPOINT_QUIET_MS)
    expect(share.synced).toEqual(expect.arrayContaining([paths[0], paths.at(-1), 'new', '/']))
    expect(unsynced(share)).toEqual([])
  })

  test('again and again is synced all the same', () => {
    const share = watchedShare()
    const checkpoint = new Checkpoint(share.disk, share.journal, START_MS)
    const stepMs = CHECKPOINT_QUIET_MS / 2
    let nowMs = START_MS
    for (; nowMs < START_MS + CHECKPOINT_DELAY_MS_MAX; nowMs += stepMs) {
      checkpoint.step(nowMs)
      place(share, `${nowMs}`)
      checkpoint.handlePlaced(nowMs)
    }
    expect(share.synced).toEqual([])
    while (checkpoint.pollTimeout()! <= nowMs) checkpoint.step(nowMs)
    expect(unsynced(share)).toEqual([])
    place(share, 'next')
    checkpoint.handlePlaced(nowMs)
    expect(checkpoint.pollTimeout()).toBe(nowMs + CHECKPOINT_QUIET_MS)
  })

  test('before a restart is synced by the next process', () => {
    const share = watchedShare()
    place(share, 'a')
    share.restart()
    share.synced.length = 0
    const checkpoint = new Checkpoint(share.disk, share.journal, START_MS)
    expect(checkpoint.pollTimeout()).toBe(START_MS + CHECKPOINT_QUIET_MS)
    checkpoint.step(START_MS + CHECKPOINT_QUIET_MS)
    expect(share.synced).toEqual(['a', '/'])
    expect(unsynced(share)).toEqual([])
  })
})

describe('a sync that fails', () => {
  test.each(['missing', 'denied'] as const)(
    'because the file is %s needs none, and the log forgets it',
    (code) => {
      const share = watchedShare()
      const checkpoint = new Checkpoint(share.disk, share.journal, START_MS)
      place(share, 'a')
      checkpoint.handlePlaced(START_MS)
      share.disk.failNext(code, 'open')
      checkpoint.step(START_MS + CHECKPOINT_QUIET_MS)
      expect(unsynced(share)).toEqual([])
    },
  )

  test.each([
    ['io', 'sync'],
    ['no-space', 'sync'],
    ['io', 'syncFolder'],
  ] as const)('with %s in %s is claimed nowhere, and tried again after the next file', (code, operation) => {
    const share = watchedShare()
    const checkpoint = new Checkpoint(share.disk, share.journal, START_MS)
    place(share, 'a')
    checkpoint.handlePlaced(START_MS)
    share.disk.failNext(code, operation)
    checkpoint.step(START_MS + CHECKPOINT_QUIET_MS)
    expect(unsynced(share)).toEqual(['a'])
    expect(checkpoint.pollTimeout()).toBeUndefined()
    share.synced.length = 0
    place(share, 'b')
    checkpoint.handlePlaced(START_MS + 60_000)
    checkpoint.step(START_MS + 60_000 + CHECKPOINT_QUIET_MS)
    expect(share.synced).toEqual(expect.arrayContaining(['a', 'b', '/']))
    expect(unsynced(share)).toEqual([])
  })

  test('for a reason that is no fault of the disk is not hidden', () => {
    const share = watchedShare()
    const checkpoint = new Checkpoint(share.disk, share.journal, START_MS)
    place(share, 'a')
    checkpoint.handlePlaced(START_MS)
    share.disk.sync = () => {
      throw new TypeError('broken')
    }
    expect(() => checkpoint.step(START_MS + CHECKPOINT_QUIET_MS)).toThrow(TypeError)
    expect(unsynced(share)).toEqual(['a'])
  })
})
