import { describe, expect, test } from 'vitest'
import type { PeerEvent } from '../../src/app/events.js'
import { RATE_GAIN, TOTALS_MS } from '../../src/app/limits.js'
import { Reporter } from '../../src/app/reporter.js'
import type { EngineEvent } from '../../src/engine/engine-event.js'

const ADDRESS = '10.0.0.2:22001'
const NAME = 'nas:22001'

/** A reporter that knows one address by the name that the person gave it. */
function reporting(): {
  reporter: Reporter
  told: PeerEvent[]
  handle: (event: EngineEvent, ms?: number) => void
} {
  const told: PeerEvent[] = []
  const reporter = new Reporter((event) => told.push(event))
  reporter.name(ADDRESS, NAME)
  return { reporter, told, handle: (event, ms = 0) => reporter.handle(event, ms) }
}

const waiting = (answers: boolean): EngineEvent => ({ event: 'waiting', address: ADDRESS, answers })
const connected: EngineEvent = { event: 'connected', peer: 'p', address: ADDRESS, fingerprint: undefined }
const progress = (doneBytes: number, path = 'a'): EngineEvent => ({
  event: 'progress',
  path,
  sizeBytes: 10_000,
  doneBytes,
})
const work = (filesDone: number, bytesDone: number): EngineEvent => ({
  event: 'work',
  filesWanted: 3,
  bytesWanted: 30_000,
  filesDone,
  bytesDone,
})
const ratesOf = (told: readonly PeerEvent[]): number[] =>
  told.flatMap((event) => ('bytesPerS' in event ? [event.bytesPerS] : []))

describe('a peer that is not there yet', () => {
  test('is told of once, by the name that the person gave it', () => {
    const { told, handle } = reporting()
    handle(waiting(false))
    handle(waiting(false))
    expect(told).toEqual([
      {
        event: 'waiting',
        code: 'not-reached',
        address: NAME,
        reason: expect.stringMatching(/^no answer yet: left must run there/),
      },
    ])
  })

  test('that answers and refuses is told of once more, with the reason', () => {
    const { told, handle } = reporting()
    handle(waiting(false))
    handle(waiting(true))
    handle(waiting(true))
    expect(told).toHaveLength(2)
    expect(told[1]).toMatchObject({ address: NAME, reason: expect.stringContaining('may not trust our key') })
  })

  test('is told of again, for either reason, once it has been there', () => {
    const { told, handle } = reporting()
    for (const answers of [false, true]) handle(waiting(answers))
    handle(connected)
    for (const answers of [false, true]) handle(waiting(answers))
    expect(told.map(({ event }) => event)).toEqual(['waiting', 'waiting', 'connected', 'waiting', 'waiting'])
  })

  test('does not keep another one from being told of', () => {
    const { told, handle } = reporting()
    handle(waiting(false))
    handle({ event: 'waiting', address: '10.0.0.3:22001', answers: false })
    expect(told).toMatchObject([{ address: NAME }, { address: '10.0.0.3:22001' }])
  })
})

describe('a session', () => {
  test('without encryption has the fingerprint null, as JSON has no undefined', () => {
    const { told, handle } = reporting()
    handle(connected)
    handle({ ...connected, fingerprint: 'f00d' })
    expect(told).toMatchObject([
      { event: 'connected', address: NAME, fingerprint: null },
      { event: 'connected', address: NAME, fingerprint: 'f00d' },
    ])
  })

  test.each([
    ['bye', 'it stopped'],
    ['silent', 'nothing came from it any more'],
    ['replaced', 'it started again'],
    ['revoked', 'its key is not trusted any more'],
    ['local', 'we stopped'],
    ['of a kind that has no words', 'of a kind that has no words'],
  ])('that ends because of %s ends because %s', (reason, words) => {
    const { told, handle } = reporting()
    handle({ event: 'disconnected', peer: 'p', address: ADDRESS, reason })
    expect(told).toEqual([{ event: 'disconnected', peer: 'p', address: NAME, reason: words }])
  })

  test('that is refused is told of once for each reason, and nothing in it is claimed to be proved', () => {
    const { told, handle } = reporting()
    const refused = { event: 'refused', address: ADDRESS, agent: 'left 9', wireVersion: 9 } as const
    for (const reason of ['version', 'encryption', 'same-peer', 'version'] as const)
      handle({ ...refused, reason })
    expect(told).toHaveLength(3)
    expect(told[0]).toMatchObject({
      address: NAME,
      reason: expect.stringMatching(
        /^a datagram that proves nothing claims that it runs left 9, .* version 9 /,
      ),
    })
    expect(told[1]).toMatchObject({ reason: expect.stringMatching(/^a datagram that proves nothing claims/) })
    expect(told[2]).toMatchObject({ reason: expect.stringContaining('.left/replica') })
  })

  test('of a stranger is told of once', () => {
    const { told, handle } = reporting()
    for (let count = 0; count < 2; count++)
      handle({ event: 'stranger', address: '10.9.9.9:1', agent: undefined })
    expect(told).toEqual([
      {
        event: 'note',
        message: '10.9.9.9:1 is neither in --ip nor found by a tracker; what it sends is dropped',
      },
    ])
  })

  test('of a stranger that calls as a peer does is told of once more, by the program that it says it is', () => {
    const { told, handle } = reporting()
    handle({ event: 'stranger', address: '10.9.9.9:1', agent: undefined })
    for (let count = 0; count < 2; count++)
      handle({ event: 'stranger', address: '10.9.9.9:1', agent: 'left 0.1.0' })
    expect(told).toHaveLength(2)
    expect(told[1]).toMatchObject({
      message: expect.stringMatching(/^10\.9\.9\.9:1 calls as left 0\.1\.0, .* name it in --ip here/),
    })
  })
})

describe('the rate of a file', () => {
  test('is not known at first, then that of the first stretch, then leans to the newest', () => {
    const { told, handle } = reporting()
    handle(progress(0), 0)
    handle(progress(1_000), 1_000)
    handle(progress(5_000), 2_000)
    const smoothed = 1_000 + RATE_GAIN * (4_000 - 1_000)
    expect(ratesOf(told)).toEqual([0, 1_000, smoothed])
    const etas = told.map((event) => (event.event === 'progress' ? event.etaMs : undefined))
    expect(etas).toEqual([null, 9_000, Math.round((5_000 / smoothed) * 1_000)])
  })

  test('starts anew where less is done than before, and stays finite within one millisecond', () => {
    const { told, handle } = reporting()
    handle(progress(5_000), 0)
    handle(progress(5_001), 0)
    handle(progress(4_000), 1_000)
    expect(ratesOf(told)).toEqual([0, 1_000, 0])
  })

  test.each(['received', 'abandoned'])('is forgotten with the file: after %s it is not known', (end) => {
    const { told, handle } = reporting()
    handle(progress(0), 0)
    handle(progress(1_000), 1_000)
    handle(progress(0, 'other'), 0)
    handle({ event: end, path: 'a', durationMs: 1.4 } as EngineEvent)
    handle(progress(2_000), 2_000)
    handle(progress(500, 'other'), 1_000)
    expect(ratesOf(told)).toEqual([0, 1_000, 0, 0, 500])
  })
})

describe('the totals', () => {
  test(`are told every ${TOTALS_MS} ms, and not a millisecond sooner`, () => {
    const { told, handle } = reporting()
    handle(work(0, 0), 10_000)
    handle(work(1, 100), 10_000 + TOTALS_MS - 1)
    handle(work(1, 250), 10_000 + TOTALS_MS)
    expect(told).toMatchObject([
      { event: 'totals', files: 0, filesWanted: 3, bytes: 0, bytesWanted: 30_000, bytesPerS: 0 },
      { event: 'totals', files: 1, bytes: 250, bytesPerS: 1_000 },
    ])
  })

  test('are told at once when everything is there, and the next ones begin without a rate', () => {
    const { told, handle } = reporting()
    handle(work(0, 0), 10_000)
    handle(work(3, 30_000), 10_001)
    handle(work(1, 31_000), 20_000)
    expect(told).toMatchObject([{ files: 0 }, { files: 3, bytes: 30_000 }, { files: 1, bytesPerS: 0 }])
  })
})

describe('the totals of large files', () => {
  const fetching = (path: string, resumedBytes = 0): EngineEvent => ({
    event: 'fetching',
    path,
    bytes: 10_000,
    resumedBytes,
    reusedBytes: 0,
    peer: 'p',
  })

  test('count each as far as it is, and tell of it while no file ends', () => {
    const { told, handle } = reporting()
    handle(fetching('a'), 10_000)
    handle(work(0, 0), 10_000)
    handle(progress(4_000), 10_000 + TOTALS_MS - 1)
    handle(progress(5_000), 10_000 + TOTALS_MS)
    expect(told.filter(({ event }) => event === 'totals')).toMatchObject([
      { files: 0, bytes: 0 },
      { files: 0, bytes: 5_000, bytesPerS: 20_000 },
    ])
  })

  test('count none twice that is in place', () => {
    const { told, handle } = reporting()
    handle(fetching('a'), 10_000)
    handle(work(0, 0), 10_000)
    handle(progress(10_000), 11_000)
    handle({ event: 'received', path: 'a', durationMs: 1 } as EngineEvent, 12_000)
    handle(work(1, 10_000), 12_000)
    expect(told.filter(({ event }) => event === 'totals')).toMatchObject([
      { bytes: 0 },
      { bytes: 10_000 },
      { files: 1, bytes: 10_000 },
    ])
  })

  test('take nothing for speed that an earlier run had', () => {
    const { told, handle } = reporting()
    handle(work(0, 0), 10_000)
    handle(fetching('a', 9_000), 11_000)
    handle(progress(9_500), 11_000)
    expect(told.findLast(({ event }) => event === 'totals')).toMatchObject({ bytes: 9_500, bytesPerS: 500 })
  })

  test('end with the last file, whatever is told of it later', () => {
    const { told, handle } = reporting()
    handle(fetching('a'), 10_000)
    handle(work(3, 30_000), 10_000)
    handle(progress(9_500), 20_000)
    expect(told.filter(({ event }) => event === 'totals')).toMatchObject([{ files: 3, bytes: 30_000 }])
  })
})

test('durations are told in whole milliseconds', () => {
  const { told, handle } = reporting()
  handle({ event: 'scanned', files: 1, folders: 1, bytes: 1, durationMs: 12.6 })
  expect(told).toMatchObject([{ event: 'scanned', durationMs: 13 }])
})

test('a receipt is rounded, and keeps null for what is not known', () => {
  const { told, handle } = reporting()
  const receipt = {
    event: 'receipt',
    durationMs: 1.6,
    bytesPerS: 2.4,
    linkBytesPerS: null,
    efficiency: 0.123456,
    redundancy: 0.00004,
    askedAgain: 0.00006,
    loss: null,
    rttMs: 1.23456,
    minRttMs: 0.0004,
  } as EngineEvent & { event: 'receipt' }
  handle(receipt)
  expect(told).toEqual([
    {
      event: 'receipt',
      durationMs: 2,
      bytesPerS: 2,
      linkBytesPerS: null,
      efficiency: 0.1235,
      redundancy: 0,
      askedAgain: 0.0001,
      loss: null,
      rttMs: 1.235,
      minRttMs: 0,
    },
  ])
})
