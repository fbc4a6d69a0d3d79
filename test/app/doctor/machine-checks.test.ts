import { expect, test } from 'vitest'
import { FILES_NEEDED } from '../../../src/app/doctor/limits.js'
import {
  diskCheck,
  filesCheck,
  nodeCheck,
  packagesCheck,
  watchChecks,
} from '../../../src/app/doctor/machine-checks.js'

const FACTS = { watchesMax: 100, instancesMax: 10, watches: 40, instances: 3 }

test.each([
  ['fit', FACTS, { folders: 60, unwatched: undefined }, 'ok', /60 folders/],
  [
    'are one more than fit',
    FACTS,
    { folders: 61, unwatched: undefined },
    'wrong',
    /room for 60.*max_user_watches/,
  ],
  ['are watched already', { ...FACTS, watches: 100 }, { folders: 60, unwatched: 0 }, 'ok', /100 of 100/],
  ['were refused', FACTS, { folders: 60, unwatched: 5 }, 'wrong', /^5 of 60 folders are not watched/],
  [
    'find no watcher left',
    { ...FACTS, instances: 10 },
    { folders: 1, unwatched: undefined },
    'wrong',
    /any more/,
  ],
  ['are not counted here', undefined, { folders: 1, unwatched: undefined }, 'unknown', /does not tell/],
] as const)('folders that %s', (_name, facts, folders, state, words) => {
  const [check] = watchChecks(facts, folders)
  expect(check).toMatchObject({ check: 'watching', state, words: expect.stringMatching(words) })
  expect(check!.remedy === '').toBe(state !== 'wrong')
})

test('the limit that is reached is the one to raise, to more than is needed', () => {
  const [watches] = watchChecks(FACTS, { folders: 400_000, unwatched: undefined })
  expect(watches!.remedy).toContain(`fs.inotify.max_user_watches=${2 * 400_040} `)
  const [instances] = watchChecks({ ...FACTS, instances: 10 }, { folders: 1, unwatched: 1 })
  expect(instances!.remedy).toContain('fs.inotify.max_user_instances=512 ')
})

test('open files are enough or not', () => {
  expect(filesCheck(FILES_NEEDED)).toMatchObject({ state: 'ok' })
  expect(filesCheck(FILES_NEEDED - 1)).toMatchObject({
    state: 'wrong',
    remedy: expect.stringContaining('ulimit'),
  })
  expect(filesCheck(Number.POSITIVE_INFINITY)).toMatchObject({ state: 'ok' })
  expect(filesCheck(undefined)).toMatchObject({ state: 'unknown' })
})

test('a disk has room, or says what takes it', () => {
  const room = { freeBytes: 5e9, sizeBytes: 100e9, hasInodes: true }
  const minFree = { percent: 1, bytes: 0 }
  expect(diskCheck(room, { paused: '', minFree })).toMatchObject({
    state: 'ok',
    words: '5 GB of 100 GB are free',
  })
  expect(diskCheck({ ...room, freeBytes: 1e9 }, { paused: '', minFree })).toMatchObject({
    state: 'wrong',
    words: expect.stringContaining('--min-free'),
  })
  expect(diskCheck({ ...room, hasInodes: false }, { paused: '', minFree })).toMatchObject({ state: 'wrong' })
  expect(diskCheck({ ...room, freeBytes: 5e7 }, { paused: '', minFree: undefined })).toMatchObject({
    state: 'hint',
  })
  expect(diskCheck(room, { paused: 'the disk is full', minFree })).toMatchObject({ state: 'wrong' })
  expect(diskCheck(undefined, { paused: '', minFree })).toMatchObject({ state: 'unknown' })
})

test('Node is new enough or not, and missing packages are named with what they are worth', () => {
  expect(nodeCheck('20.15.0', [20, 15]).state).toBe('ok')
  expect(nodeCheck('20.14.9', [20, 15]).state).toBe('wrong')
  expect(nodeCheck('22.1.0', [20, 15]).state).toBe('ok')
  expect(packagesCheck([])).toMatchObject({ state: 'ok' })
  expect(packagesCheck(['lmdb'])).toMatchObject({
    state: 'hint',
    words: expect.stringContaining('lmdb (an index'),
  })
})
