import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { DiskError } from '../../src/base/ports.js'
import { JOURNAL_PATH, Journal } from '../../src/journal/journal.js'
import { COMPACT_BATCH_RECORDS, COMPACT_BYTES_MIN } from '../../src/journal/limits.js'
import { encodeRecords, type JournalRecord } from '../../src/journal/record.js'
import type { Entry } from '../../src/share/entry.js'
import { decodeEntry, encodeEntry } from '../../src/share/entry-line.js'
import { type DeathMoment, SimDisk, SimulatedDeath } from '../../src/sim/disk/disk.js'
import { SeededRandom } from '../../src/sim/random.js'
import { someOf } from '../length.js'
import { digestOf, fileEntry } from '../share/entries.js'
import { arbitraryRecord } from './records.js'

const codec = { encodeEntry, decodeEntry }
const HEADER_BYTES = 'left-journal 1\n'.length

function makeDisk(capacityBytes?: number): SimDisk {
  const disk = new SimDisk({ nowMs: () => 0, ...(capacityBytes === undefined ? {} : { capacityBytes }) })
  disk.makeFolder('.left')
  return disk
}

function open(disk: SimDisk): Journal<Entry> {
  return new Journal<Entry>({ disk, crc32, ...codec })
}

/** The state that a replayed log yields. */
function stateOf(journal: Journal<Entry>) {
  const fetches = [...journal.fetches].map(([digest, { path, sizeBytes, blocks }]) => ({
    digest,
    path,
    sizeBytes,
    blocks: [...blocks],
  }))
  return { fetches, placing: journal.placing, placed: [...journal.placedSinceCheckpoint], boot: journal.boot }
}

const five = { digest: digestOf(5), sizeBytes: 5 * BLOCK_BYTES, path: 'five' }

describe('the log', () => {
  test('begins empty, with a line that names it', () => {
    const disk = makeDisk()
    const journal = open(disk)
    expect(journal.replay).toEqual({ recordCount: 0, boot: '', cut: undefined })
    expect(stateOf(journal)).toEqual({ fetches: [], placing: [], placed: [], boot: '' })
    expect(new TextDecoder().decode(disk.contentOf(JOURNAL_PATH)!)).toBe('left-journal 1\n')
  })

  test('knows after a restart what was being fetched, and which blocks are there', () => {
    const disk = makeDisk()
    const journal = open(disk)
    journal.append([
      { kind: 'opened', boot: 'boot-1' },
      { kind: 'fetch', ...five },
      { kind: 'blocks', digest: five.digest, runs: [{ first: 0, last: 1 }] },
      { kind: 'blocks', digest: five.digest, runs: [{ first: 4, last: 4 }] },
      { kind: 'fetch', digest: digestOf(6), sizeBytes: BLOCK_BYTES, path: 'six' },
      { kind: 'dropped', digest: digestOf(6) },
    ])
    disk.crash({ power: false, random: new SeededRandom(1) })
    const again = open(disk)
    expect(again.replay).toEqual({ recordCount: 6, boot: 'boot-1', cut: undefined })
    expect(stateOf(again).fetches).toEqual([{ ...five, blocks: [0, 1, 4] }])
  })

  test('a second fetch of the same content goes on with its blocks', () => {
    const journal = open(makeDisk())
    journal.append({ kind: 'fetch', ...five })
    journal.append({ kind: 'blocks', digest: five.digest, runs: [{ first: 2, last: 3 }] })
    journal.append({ kind: 'fetch', ...five, path: 'elsewhere' })
    expect(stateOf(journal).fetches).toEqual([{ ...five, path: 'elsewhere', blocks: [2, 3] }])
  })

  test('tells what was about to be placed from what was placed and from what is safe', () => {
    const disk = makeDisk()
    const journal = open(disk)
    const entry = fileEntry('five', { digest: five.digest })
    journal.append([
      { kind: 'fetch', ...five },
      { kind: 'placing', entry, replaces: digestOf(1) },
    ])
    expect(stateOf(open(disk))).toMatchObject({ placing: [{ entry, replaces: digestOf(1) }], placed: [] })
    expect(open(disk).fetches.size).toBe(1)
    journal.append({ kind: 'placed', paths: ['five', 'never announced'] })
    expect(stateOf(open(disk))).toMatchObject({
      placing: [],
      placed: [[entry.path, entry.digest]],
      fetches: [],
    })
    journal.append({ kind: 'checkpoint' })
    expect(stateOf(open(disk))).toMatchObject({ placing: [], placed: [] })
  })

  test('blocks beyond the end of a file, or of no fetch, are ignored', () => {
    const journal = open(makeDisk())
    journal.append([
      { kind: 'blocks', digest: five.digest, runs: [{ first: 0, last: 0 }] },
      { kind: 'fetch', ...five },
      { kind: 'blocks', digest: five.digest, runs: [{ first: 4, last: 1_000_000 }] },
    ])
    expect(stateOf(journal).fetches).toEqual([{ ...five, blocks: [4] }])
  })

  test('what is replayed is what the appends had come to', () => {
    fc.assert(
      fc.property(fc.array(fc.array(arbitraryRecord, { maxLength: 4 }), { maxLength: 12 }), (batches) => {
        const disk = makeDisk()
        const journal = open(disk)
        for (const batch of batches) journal.append(batch)
        const again = open(disk)
        expect(stateOf(again)).toEqual(stateOf(journal))
        expect(again.replay.cut).toBeUndefined()
        expect(again.replay.recordCount).toBe(batches.flat().length)
      }),
    )
  })

  test('one batch is one write', () => {
    const disk = makeDisk()
    const journal = open(disk)
    const before = disk.operationCount
    journal.append([
      { kind: 'fetch', ...five },
      { kind: 'dropped', digest: five.digest },
      { kind: 'checkpoint' },
    ])
    expect(disk.operationCount).toBe(before + 1)
    journal.append([])
    expect(disk.operationCount).toBe(before + 1)
  })
})

describe('a damaged log', () => {
  const records: JournalRecord<Entry>[] = [
    { kind: 'fetch', ...five },
    { kind: 'blocks', digest: five.digest, runs: [{ first: 0, last: 2 }] },
    { kind: 'placing', entry: fileEntry('a b', { digest: digestOf(2) }), replaces: '' },
    { kind: 'placed', paths: ['a b'] },
    { kind: 'checkpoint' },
  ]
  const whole = encodeRecords(records, codec, crc32)
  const ends = records.map(
    (_, index) => HEADER_BYTES + encodeRecords(records.slice(0, index + 1), codec, crc32).length,
  )

  const damaged = (change: (bytes: Uint8Array) => Uint8Array) => {
    const disk = makeDisk()
    disk.putFile(
      JOURNAL_PATH,
      change(new Uint8Array([...new TextEncoder().encode('left-journal 1\n'), ...whole])),
    )
    return disk
  }

  test('cut anywhere, it holds the records before the cut, and goes on from there', () => {
    for (let length = 0; length <= HEADER_BYTES + whole.length; length++) {
      const disk = damaged((bytes) => bytes.slice(0, length))
      const journal = open(disk)
      const intact = ends.filter((end) => end <= length).length
      expect(journal.replay.recordCount).toBe(intact)
      const isClean = length === 0 || length === HEADER_BYTES || ends.includes(length)
      expect(journal.replay.cut === undefined).toBe(isClean)
      journal.append({ kind: 'opened', boot: 'again' })
      expect(open(disk).replay).toMatchObject({ recordCount: intact + 1, boot: 'again', cut: undefined })
    }
  })

  test('with any byte changed, it stops before the record that has it and says why', () => {
    for (let position = HEADER_BYTES; position < HEADER_BYTES + whole.length; position++) {
      const disk = damaged((bytes) => {
        bytes[position]! ^= 0x41
        return bytes
      })
      const { replay } = open(disk)
      const intact = ends.filter((end) => end <= position).length
      expect(replay.recordCount).toBe(intact)
      expect(replay.cut?.offset).toBe(intact === 0 ? HEADER_BYTES : ends[intact - 1])
      expect(['bad-crc', 'too-long', 'truncated']).toContain(replay.cut?.reason)
    }
  })

  test('followed by zeros, as after a loss of power, it ends where they begin', () => {
    const disk = damaged((bytes) => new Uint8Array([...bytes, ...new Uint8Array(5000)]))
    const { replay } = open(disk)
    expect(replay).toMatchObject({ recordCount: 5, cut: { reason: 'empty' } })
    expect(disk.contentOf(JOURNAL_PATH)?.length).toBe(HEADER_BYTES + whole.length)
  })

  test('any bytes at all are replayed without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const disk = damaged((bytes) => new Uint8Array([...bytes, ...noise]))
        expect(open(disk).replay.recordCount).toBeGreaterThanOrEqual(5)
      }),
    )
  })

  test('a payload that is not what we write stops the replay, its checksum right or not', () => {
    for (const text of [
      '',
      'fetch',
      'fetch x 1 a',
      `blocks ${digestOf(1)} 3-1`,
      'checkpoint ',
      'placing - f',
      'placed ',
      'q',
    ]) {
      const payload = new TextEncoder().encode(text)
      const framed = new Uint8Array(8 + payload.length)
      const view = new DataView(framed.buffer)
      view.setUint32(0, payload.length)
      view.setUint32(4, crc32(payload))
      framed.set(payload, 8)
      const disk = damaged((bytes) => new Uint8Array([...bytes, ...framed]))
      expect(open(disk).replay).toMatchObject({
        recordCount: 5,
        cut: { offset: HEADER_BYTES + whole.length },
      })
    }
  })

  test('shorter than the disk says it is, it ends where the bytes do', () => {
    const disk = makeDisk()
    const journal = open(disk)
    journal.append({ kind: 'fetch', ...five })
    const stateOfHandle = disk.stateOf.bind(disk)
    disk.stateOf = (handle) => {
      const state = stateOfHandle(handle)
      return { ...state, sizeBytes: state.sizeBytes + 100 }
    }
    const again = open(disk)
    expect(again.replay).toMatchObject({ recordCount: 1, cut: undefined })
    expect(stateOf(again)).toEqual(stateOf(journal))
  })

  test('without its first line it begins anew', () => {
    for (const text of ['left-jour', '\0'.repeat(100), 'something else entirely']) {
      const disk = makeDisk()
      disk.putFile(JOURNAL_PATH, new TextEncoder().encode(text))
      expect(open(disk).replay).toEqual({
        recordCount: 0,
        boot: '',
        cut: { offset: 0, reason: 'bad-header' },
      })
      expect(open(disk).replay.cut).toBeUndefined()
    }
  })

  test('of a newer left it is refused and left alone', () => {
    const disk = makeDisk()
    const newer = new TextEncoder().encode('left-journal 2\nwho knows')
    disk.putFile(JOURNAL_PATH, newer)
    expect(() => open(disk)).toThrow(expect.objectContaining({ code: 'state-newer' }))
    expect(disk.contentOf(JOURNAL_PATH)).toEqual(newer)
  })
})

describe('a log on a disk that fails', () => {
  test('an append that did not fit was not made, and nothing of it is believed later', () => {
    const records = (mark: number): JournalRecord<Entry>[] => [
      { kind: 'fetch', digest: digestOf(mark), sizeBytes: BLOCK_BYTES, path: `${mark}` },
      { kind: 'dropped', digest: digestOf(mark + 100) },
      { kind: 'fetch', digest: digestOf(mark + 200), sizeBytes: BLOCK_BYTES, path: `${mark + 200}` },
    ]
    const disk = makeDisk()
    const journal = open(disk)
    const length = encodeRecords(records(1), codec, crc32).length
    disk.capacityBytes = disk.usedBytes + length - 1
    expect(() => journal.append(records(1))).toThrow(DiskError)
    expect(journal.fetches.size).toBe(0)
    disk.capacityBytes = undefined
    journal.append(records(2).slice(0, 1))
    const again = open(disk)
    expect(again.replay).toMatchObject({ recordCount: 1, cut: undefined })
    expect([...again.fetches.keys()]).toEqual([digestOf(2)])
  })

  test('an append during which the process dies is whole or torn, never wrong', () => {
    for (const moment of ['before', 'during', 'after'] as const) {
      const disk = makeDisk()
      const journal = open(disk)
      journal.append({ kind: 'fetch', ...five })
      disk.dieAfterOperations(1, moment)
      expect(() =>
        journal.append({ kind: 'blocks', digest: five.digest, runs: [{ first: 0, last: 4 }] }),
      ).toThrow(SimulatedDeath)
      disk.crash({ power: false, random: new SeededRandom(1) })
      const [fetch] = stateOf(open(disk)).fetches
      expect(fetch?.blocks.length).toBe(moment === 'after' ? 5 : 0)
    }
  })

  test('after a loss of power it is a prefix of what was appended, and all of what was synced', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryRecord, { maxLength: 30 }),
        fc.nat(30),
        fc.nat(),
        (records, synced, seed) => {
          const disk = makeDisk()
          const journal = open(disk)
          disk.syncFolder('.left')
          disk.syncFolder('')
          records.forEach((record, index) => {
            if (index === synced) journal.sync()
            journal.append(record)
          })
          disk.crash({ power: true, random: new SeededRandom(seed) })
          const again = open(disk)
          const { recordCount } = again.replay
          if (synced < records.length) expect(recordCount).toBeGreaterThanOrEqual(synced)
          const expected = open(makeDisk())
          for (const record of records.slice(0, recordCount)) expected.append(record)
          expect(stateOf(again)).toEqual(stateOf(expected))
        },
      ),
    )
  })
})

describe('compaction', () => {
  const fill = (journal: Journal<Entry>) => {
    const paths = Array.from({ length: 1000 }, (_, index) => `folder/some file ${index}`)
    for (let round = 0; journal.sizeBytes < COMPACT_BYTES_MIN; round++) {
      const placings = paths.map((path) => ({
        kind: 'placing' as const,
        entry: fileEntry(path, { mtimeMs: round }),
        replaces: '',
      }))
      journal.append([...placings, { kind: 'placed', paths }, { kind: 'checkpoint' }])
    }
    journal.append([
      { kind: 'opened', boot: 'boot-7' },
      { kind: 'fetch', ...five },
      { kind: 'blocks', digest: five.digest, runs: [{ first: 1, last: 3 }] },
      // Nothing of this one is there yet.
      { kind: 'fetch', digest: digestOf(6), sizeBytes: BLOCK_BYTES, path: 'six' },
      { kind: 'placing', entry: fileEntry('p1'), replaces: '' },
      { kind: 'placing', entry: fileEntry('p2'), replaces: digestOf(3) },
      { kind: 'placed', paths: ['p1'] },
    ])
  }

  test('a small log is left alone', () => {
    const journal = open(makeDisk())
    journal.append({ kind: 'fetch', ...five })
    expect(journal.compactIfLarge()).toBe(false)
  })

  test('a large one shrinks to what still matters, and goes on', () => {
    const disk = makeDisk()
    const journal = open(disk)
    fill(journal)
    const before = stateOf(journal)
    expect(journal.compactIfLarge()).toBe(true)
    expect(journal.sizeBytes).toBeLessThan(2000)
    expect(stateOf(journal)).toEqual(before)
    expect(stateOf(open(disk))).toEqual(before)
    expect(disk.list('.left').names).toEqual(['journal'])
    journal.append({ kind: 'checkpoint' })
    expect(stateOf(open(disk))).toEqual({ ...before, placed: [] })
    expect(journal.compactIfLarge()).toBe(false)
  })

  test.each([COMPACT_BATCH_RECORDS - 1, COMPACT_BATCH_RECORDS, 3 * COMPACT_BATCH_RECORDS])(
    'of %d records writes a part at once and loses none',
    (recordCount) => {
      const disk = makeDisk()
      const journal = open(disk)
      const paths = Array.from({ length: recordCount }, (_, index) => `folder/file ${index}`)
      for (const path of paths) journal.append({ kind: 'unsynced', digest: digestOf(path), path })
      while (journal.sizeBytes < COMPACT_BYTES_MIN)
        journal.append(paths.map((path) => ({ kind: 'unsynced', digest: digestOf(path), path })))
      const before = stateOf(journal)
      let largestBytes = 0
      const write = disk.write.bind(disk)
      disk.write = (handle, bytes, offset) => {
        largestBytes = Math.max(largestBytes, bytes.length)
        write(handle, bytes, offset)
      }
      expect(journal.compactIfLarge()).toBe(true)
      expect(largestBytes).toBeLessThan(COMPACT_BATCH_RECORDS * 150)
      expect(stateOf(journal)).toEqual(before)
      expect(stateOf(open(disk))).toEqual(before)
    },
  )

  test('whenever the process or the machine goes down in it, the log is the old or the new one', () => {
    const filled = makeDisk()
    fill(open(filled))
    const log = filled.contentOf(JOURNAL_PATH)!
    const deaths: [count: number, moment: DeathMoment][] = [
      [1, 'before'],
      [3, 'during'], // the write of the header
      [4, 'during'], // the write of the records
      ...[7, 6, 5, 4, 3, 2, 1].map((count): [number, DeathMoment] => [count, 'after']),
    ]
    for (const power of [false, true]) {
      for (const [count, moment] of someOf(deaths, 3)) {
        const disk = makeDisk()
        disk.putFile(JOURNAL_PATH, log)
        disk.settle()
        const journal = open(disk)
        const before = stateOf(journal)
        disk.dieAfterOperations(count, moment)
        expect(() => journal.compactIfLarge()).toThrow(SimulatedDeath)
        disk.crash({ power, random: new SeededRandom(count) })
        expect(stateOf(open(disk))).toEqual(before)
        expect(disk.list('.left').names).toEqual(['journal'])
      }
    }
  })

  test('without room for the new log the old one goes on', () => {
    const disk = makeDisk()
    const journal = open(disk)
    fill(journal)
    const before = stateOf(journal)
    disk.capacityBytes = disk.usedBytes + 10
    expect(() => journal.compactIfLarge()).toThrow(DiskError)
    disk.capacityBytes = undefined
    journal.append({ kind: 'checkpoint' })
    expect(stateOf(open(disk))).toEqual({ ...before, placed: [] })
    expect(journal.compactIfLarge()).toBe(true)
  })

  test('a log longer than what is read at once is replayed whole', () => {
    const disk = makeDisk()
    const journal = open(disk)
    fill(journal)
    const again = open(disk)
    expect(again.replay.cut).toBeUndefined()
    expect(stateOf(again)).toEqual(stateOf(journal))
  })
})
