import { describe, expect, it } from 'vitest'
import type { PeerEvent } from '../../src/app/events.js'
import { BACKLOG_BYTES_MAX, BACKLOG_BYTES_SOFT, PLAIN_PROGRESS_MS, TALLY_MS } from '../../src/cli/limits.js'
import { Output } from '../../src/cli/output.js'
import { PlainView } from '../../src/cli/plain-view.js'
import { ADDRESS, arrival, Capture, HandClock, KEY, ONE_OF_EACH, PEER } from './capture.js'

function plain({ verbose = false } = {}) {
  const capture = new Capture()
  const clock = new HandClock()
  const view = new PlainView(new Output(capture, () => {}), clock, verbose)
  return {
    capture,
    view,
    show: (...events: PeerEvent[]) => {
      for (const event of events) view.show(event)
    },
    pass: (ms: number) => {
      clock.nowMs += ms
      view.tick()
    },
    /** Lines without their times. */
    said: () => capture.lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, '')),
  }
}

const KEY_SHOWN = KEY.replace(/.{4}(?=.)/g, '$& ')

describe('the plain view', () => {
  it('tells a whole session in short lines with a time', () => {
    const { capture, said, show } = plain()
    const { connected, disconnected, debug, progress, totals, receipt, ...others } = ONE_OF_EACH
    show(connected, ...Object.values(others), debug, progress, totals, receipt, disconnected)
    for (const line of capture.lines) expect(line).toMatch(/^\d\d:\d\d:\d\d \S/)
    expect(said()).toEqual([
      `connected to ${ADDRESS} (peer ${PEER})`,
      'left 0.1.0 shares /home/lab/share on 0.0.0.0:22001 with 192.168.56.119, 192.168.56.120 (peer a1a1a1a1a1a1a1a1, our key 5f3a 91c0 …)',
      `the page is at http://127.0.0.1:22080/?token=${'t'.repeat(43)}`,
      'note: 192.168.56.118 is this machine; ignored',
      'reading the share',
      'the share holds 78,500 files in 5,012 folders, 1.3 GB (read in 2.1 s)',
      'changed here: notes.txt (1.02 KB)',
      `waiting for ${ADDRESS} (no answer yet; retrying)`,
      `trusting ${ADDRESS} from now on, by its key ${KEY_SHOWN} (met there for the first time; compare it if in doubt)`,
      expect.stringContaining(`WARNING: ${ADDRESS} HAS ANOTHER KEY THAN BEFORE`),
      `refused ${ADDRESS}: it speaks version 2, this is version 1`,
      `fetching big.iso (618 MB) from ${ADDRESS}, resumed from 43%`,
      `received big.iso from ${ADDRESS} (618 MB, of which 352 MB crossed, in 29 s)`,
      `moved old/album/ to album/, with all that is in it: moved on ${ADDRESS}`,
      'conflict: plan.txt was changed on two machines; the older version is kept as plan.conflict-b2b2.txt',
      'skipped secret.key: permission denied',
      `removed old/notes.txt: deleted on ${ADDRESS}`,
      'stopped fetching video.mkv: it changed while it was sent; it will be tried again',
      'paused: the disk is full; it goes on by itself when there is room',
      'resumed: going on where it paused',
      `sent 3 files to ${ADDRESS} (650 MB in 21 s, 31 MB/s)`,
      `in step with ${ADDRESS} (78,500 files)`,
      'received 1.3 GB in 900,000 datagrams, sent 12 MB in 41,000 datagrams; dropped 3 datagrams; 1 stranger turned away',
      'stopped',
      `disconnected from ${ADDRESS} (no answer for 10 s)`,
    ])
  })

  it('tells what compression kept from crossing, of a file and in the end', () => {
    const { said, show } = plain()
    const { received, summary } = ONE_OF_EACH
    const savedBytes = 100_260_000
    show({ ...received, savedBytes } as PeerEvent, { ...summary, savedBytes } as PeerEvent)
    expect(said()[0]).toContain('of which 352 MB crossed, compressed to 252 MB')
    expect(said()[1]).toContain('(100 MB less by compression)')
  })

  it('tells the first small file at once and sums up the burst behind it, a line a second at most', () => {
    const { said, show, pass } = plain()
    show(ONE_OF_EACH.connected)
    for (let index = 0; index < 1_205; index++) show(arrival(`tree/${index}`, 26_000))
    expect(said().slice(1)).toEqual([`received tree/0 from ${ADDRESS} (26 KB)`])
    pass(TALLY_MS - 1)
    expect(said()).toHaveLength(2)
    pass(1)
    expect(said().slice(2)).toEqual(['received 1,204 files, 31.3 MB'])
  })

  it('tells what is known and not held, on either side', () => {
    const { said, show } = plain()
    const inStep = ONE_OF_EACH['in-step'] as PeerEvent & { event: 'in-step' }
    show(
      { ...inStep, notHeldThere: 3 },
      { ...inStep, notHeldHere: 1_200 },
      { ...inStep, notHeldHere: 1, notHeldThere: 2 },
      { ...inStep, equal: false, notHeldHere: 1, notHeldThere: 2 },
    )
    expect(said()).toEqual([
      `in step with ${ADDRESS} (78,500 files), 3 not held there`,
      `in step with ${ADDRESS} (78,500 files), 1,200 not held here`,
      `in step with ${ADDRESS} (78,500 files), 1 not held here, 2 not held there`,
      `all that ${ADDRESS} has is here; it has not all of ours yet, 1 not held here`,
    ])
  })

  it('says "in step" once, until something else has happened', () => {
    const { said, show } = plain()
    show(ONE_OF_EACH['in-step'], ONE_OF_EACH.note, ONE_OF_EACH['in-step'])
    expect(said()).toHaveLength(2)
    show(ONE_OF_EACH.changed, ONE_OF_EACH['in-step'])
    expect(said().at(-1)).toBe(`in step with ${ADDRESS} (78,500 files)`)
  })

  it('tells time and rate of a file that took some, and not of a small one that waited for others', () => {
    const { said, show, pass } = plain()
    show(ONE_OF_EACH.connected, { ...arrival('small', 2), durationMs: 7_700 } as PeerEvent)
    pass(TALLY_MS)
    show({ ...arrival('large', 150_000_000), durationMs: 7_700 } as PeerEvent)
    expect(said().slice(1)).toEqual([
      `received small from ${ADDRESS} (2 bytes)`,
      `received large from ${ADDRESS} (150 MB in 7.7 s, 19.5 MB/s)`,
    ])
  })

  it('says "in step" after the files that made it so', () => {
    const { said, show } = plain()
    show(arrival('a'), arrival('b'), arrival('c'), ONE_OF_EACH['in-step'])
    expect(said().slice(1)).toEqual(['received 2 files, 2 KB', `in step with ${ADDRESS} (78,500 files)`])
  })

  it('sums up what went wrong by its reason, with the first names', () => {
    const { said, show, pass } = plain()
    show(ONE_OF_EACH.problem)
    for (const path of ['a', 'b', 'c', 'd', 'e'])
      show({ event: 'problem', path, reason: 'permission denied' })
    show({ event: 'problem', path: 'f', reason: 'the name is not UTF-8' })
    pass(TALLY_MS)
    expect(said()).toEqual([
      'skipped secret.key: permission denied',
      'skipped a, b, c and 2 more: permission denied',
      'skipped f: the name is not UTF-8',
    ])
  })

  it('tells the progress of one file once in five seconds', () => {
    const { said, show, pass } = plain()
    show(ONE_OF_EACH.fetching)
    for (let second = 0; second < 12; second++) {
      show(ONE_OF_EACH.progress)
      pass(PLAIN_PROGRESS_MS / 5)
    }
    expect(said().slice(1)).toEqual([
      'fetching big.iso: 50% of 618 MB, 12.1 MB/s, 0:26 left',
      'fetching big.iso: 50% of 618 MB, 12.1 MB/s, 0:26 left',
    ])
  })

  it('tells how far reading is once in five seconds, and nothing of a short while', () => {
    const { said, show, pass } = plain()
    show(ONE_OF_EACH.reading, { ...ONE_OF_EACH.reading, isOver: true }, ONE_OF_EACH.reading)
    pass(PLAIN_PROGRESS_MS)
    show(ONE_OF_EACH.reading)
    expect(said()).toEqual(['reading: 12,040 files, 2.1 GB, 450 MB/s, now at 50% of big.iso (618 MB)'])
  })

  it('tells to whom is being sent once in five seconds, and nothing of a short while', () => {
    const { said, show, pass } = plain()
    show(ONE_OF_EACH.sending, { ...ONE_OF_EACH.sent, bytes: 1_000 })
    expect(said()).toEqual([])
    show(ONE_OF_EACH.sending)
    pass(PLAIN_PROGRESS_MS)
    show(ONE_OF_EACH.sending, ONE_OF_EACH.sent)
    expect(said()).toEqual([
      `sending to ${ADDRESS}: 3 files, 341 MB, 31 MB/s, now at 50% of big.iso (618 MB)`,
      `sent 3 files to ${ADDRESS} (650 MB in 21 s, 31 MB/s)`,
    ])
  })

  it('tells the progress of everything once in five seconds, and nothing of a short burst', () => {
    const { said, show, pass } = plain()
    show(ONE_OF_EACH.totals)
    pass(PLAIN_PROGRESS_MS - 1)
    show(ONE_OF_EACH.totals)
    expect(said()).toEqual([])
    pass(1)
    show(ONE_OF_EACH.totals)
    expect(said()).toEqual(['receiving: 1,204 of 78,500 files, 310 MB of 1.3 GB, 31 MB/s'])
  })

  it('never prints what a file name says to the terminal', () => {
    const { capture, show, view } = plain()
    const path = 'x\n12:00:00 stopped\x1b[2J\u202e'
    show(
      { ...ONE_OF_EACH.fetching, path },
      { ...ONE_OF_EACH.received, path },
      { ...ONE_OF_EACH.conflict, path },
    )
    show({ ...ONE_OF_EACH.refused, reason: path }, { event: 'changed', path, kind: 'tombstone', bytes: 0 })
    view.close()
    expect(capture.lines).toHaveLength(5)
    for (const line of capture.lines) expect(line).not.toMatch(/[\p{Cc}\u202e]/u)
  })

  it('tells debug messages only when asked', () => {
    const quiet = plain()
    const verbose = plain({ verbose: true })
    quiet.show(ONE_OF_EACH.debug)
    verbose.show(ONE_OF_EACH.debug)
    expect([quiet.said(), verbose.said()]).toEqual([[], ['debug: path MTU is 1500']])
  })

  it('tells the receipt only when asked, in one line', () => {
    const quiet = plain()
    const verbose = plain({ verbose: true })
    quiet.show(ONE_OF_EACH.receipt)
    verbose.show(ONE_OF_EACH.receipt, {
      ...ONE_OF_EACH.receipt,
      files: 1,
      linkBytesPerS: null,
      efficiency: null,
      rttMs: null,
      minRttMs: null,
      reusedBytes: 0,
      savedBytes: 0,
      peers: 1,
    })
    expect([quiet.said(), verbose.said()]).toEqual([
      [],
      [
        'receipt for 78,500 files: 1.2 GB in 11 s, 109 MB/s, 89.4% of a link of 119 MB/s, 0.08% came twice, ' +
          '1.09% was asked for again, 1.01% was lost, RTT 20.4 ms, at least 20.1 ms, 100 MB were here already, ' +
          'compression kept 30 MB from crossing, from 2 peers',
        'receipt for 1 file: 1.2 GB in 11 s, 109 MB/s, 0.08% came twice, 1.09% was asked for again, 1.01% was lost',
      ],
    ])
  })

  it('prints what it held back when it closes', () => {
    const { said, show, view } = plain()
    show(arrival('a'), arrival('b'))
    view.close()
    expect(said()).toHaveLength(2)
  })
})

describe('output whose reader is slow', () => {
  it('leaves out progress first, then everything, and says how much when there is room again', async () => {
    const capture = new Capture()
    capture.stuck = true
    const output = new Output(capture, () => {})
    output.line('x'.repeat(BACKLOG_BYTES_SOFT))
    const before = capture.writableLength
    output.line('progress', true)
    expect(capture.writableLength).toBe(before)
    output.line('kept')
    expect(capture.writableLength).toBe(before + 5)
    output.line('x'.repeat(BACKLOG_BYTES_MAX))
    for (let index = 0; index < 7; index++) output.line('lost')
    expect(output.takeLeftOut()).toBe(0)
    capture.release()
    await output.flush()
    expect(output.takeLeftOut()).toBe(7)
    expect(output.takeLeftOut()).toBe(0)
    expect(capture.text).not.toContain('lost')
    expect(capture.text).not.toContain('progress')
  })

  it('is not waited for when it has stopped', async () => {
    const capture = new Capture()
    capture.stuck = true
    const output = new Output(capture, () => {})
    output.line('never read')
    await output.flush()
    expect(capture.text).toBe('')
  })

  it('tells once that the reader has gone, and writes no more', async () => {
    const capture = new Capture()
    const errors: unknown[] = []
    const output = new Output(capture, (error) => errors.push(error.code))
    capture.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }))
    await new Promise((resolve) => setImmediate(resolve))
    output.line('into the void')
    await output.flush()
    expect(errors).toEqual(['EPIPE'])
  })
})
