import { describe, expect, it } from 'vitest'
import { RECEIPT_SESSIONS_MAX } from '../../src/engine/limits.js'
import { ReceiptBook } from '../../src/engine/receipt.js'
import type { SessionStats } from '../../src/rdt/api.js'

const IDLE: SessionStats = {
  srttMs: 0,
  minRttMs: Number.POSITIVE_INFINITY,
  deliveryBytesPerS: 0,
  linkBytesPerS: 0,
  inFlightBytes: 0,
  windowBytes: 0,
  pathBytes: 1_472,
  segmentsReceived: 0,
  segmentsDuplicate: 0,
  segmentsAsked: 0,
  segmentsAskedAgain: 0,
  segmentsLost: 0,
  blocksReceived: 0,
  bytesReceived: 0,
  bytesSent: 0,
}

/** A session that asked for 1,020 segments and got 1,001, of which one was needless. */
const BUSY: SessionStats = {
  ...IDLE,
  srttMs: 21,
  minRttMs: 20,
  linkBytesPerS: 2_000_000,
  segmentsReceived: 1_001,
  segmentsDuplicate: 1,
  segmentsAsked: 1_020,
  segmentsAskedAgain: 20,
  segmentsLost: 19,
}

const FILE = { bytes: 1_450_000, crossedBytes: 1_450_000, savedBytes: 0, durationMs: 1_000 }

describe('a receipt', () => {
  it('puts what crossed beside what the link carries', () => {
    const book = new ReceiptBook()
    book.handleArrival(FILE, 5_000)
    book.handleSession(1, BUSY)
    expect(book.finish()).toEqual({
      files: 1,
      bytes: 1_450_000,
      crossedBytes: 1_450_000,
      reusedBytes: 0,
      savedBytes: 0,
      durationMs: 1_000,
      bytesPerS: 1_450_000,
      linkBytesPerS: 2_000_000,
      efficiency: 0.725,
      redundancy: 0.001,
      askedAgain: 20 / 1_020,
      loss: 19 / 1_020,
      rttMs: 21,
      minRttMs: 20,
      peers: 1,
    })
  })

  it('counts what compression kept from crossing out of the efficiency, and what was here out of the rate', () => {
    const book = new ReceiptBook()
    book.handleArrival(
      { bytes: 4_000_000, crossedBytes: 1_000_000, savedBytes: 500_000, durationMs: 500 },
      900,
    )
    book.handleSession(1, BUSY)
    expect(book.finish()).toMatchObject({
      reusedBytes: 3_000_000,
      savedBytes: 500_000,
      bytesPerS: 2_000_000,
      efficiency: 0.5,
    })
  })

  it('spans from the first request to the last file', () => {
    const book = new ReceiptBook()
    book.handleArrival({ ...FILE, durationMs: 100 }, 10_100)
    book.handleArrival({ ...FILE, durationMs: 300 }, 10_150)
    book.handleArrival({ ...FILE, durationMs: 10 }, 10_850)
    expect(book.finish()).toMatchObject({ files: 3, durationMs: 1_000 })
  })

  it('is not written for nothing', () => {
    const book = new ReceiptBook()
    book.handleSession(1, BUSY)
    expect(book.finish()).toBeUndefined()
  })

  it('charges each transfer with its own segments', () => {
    const book = new ReceiptBook()
    book.handleArrival(FILE, 5_000)
    book.handleSession(1, BUSY)
    book.finish()
    book.handleArrival(FILE, 9_000)
    book.handleSession(1, { ...BUSY, segmentsReceived: 1_101, segmentsDuplicate: 51, segmentsAsked: 1_120 })
    expect(book.finish()).toMatchObject({ redundancy: 1, askedAgain: 0, loss: 0 })
  })

  it('adds up the links it came over, those of sessions that have ended too, and leaves out who brought nothing', () => {
    const book = new ReceiptBook()
    book.handleSession(1, { ...BUSY, srttMs: 5, segmentsReceived: 300, segmentsDuplicate: 0 })
    book.handleSession(2, BUSY)
    book.handleSession(3, IDLE)
    book.handleArrival(FILE, 5_000)
    book.handleSession(2, BUSY)
    expect(book.finish()).toMatchObject({ peers: 2, linkBytesPerS: 4_000_000, rttMs: 21 })
  })

  it('says nothing of a link that nobody measured', () => {
    const book = new ReceiptBook()
    book.handleArrival({ ...FILE, crossedBytes: 0 }, 5_000)
    book.handleSession(1, IDLE)
    expect(book.finish()).toMatchObject({
      peers: 0,
      linkBytesPerS: null,
      efficiency: null,
      redundancy: null,
      loss: null,
      rttMs: null,
      minRttMs: null,
      reusedBytes: FILE.bytes,
    })
  })

  it.each([
    [RECEIPT_SESSIONS_MAX, RECEIPT_SESSIONS_MAX],
    [RECEIPT_SESSIONS_MAX + 1, RECEIPT_SESSIONS_MAX],
  ])('of %i sessions remembers %i', (sessions, remembered) => {
    const book = new ReceiptBook()
    book.handleArrival(FILE, 5_000)
    for (let session = 0; session < sessions; session++) book.handleSession(session, BUSY)
    expect(book.finish()?.peers).toBe(remembered)
  })
})
