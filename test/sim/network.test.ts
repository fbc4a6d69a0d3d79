import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HEADER_BYTES, type LinkFaults, Network } from '../../src/sim/network.js'
import { SeededRandom } from '../../src/sim/random.js'
import { Scheduler } from '../../src/sim/scheduler.js'

/** Sends `count` datagrams of `bytes` at once (or every `everyMs`) and tells what arrived when. */
function send(
  faults: Partial<LinkFaults>,
  options: { count: number; bytes?: number; everyMs?: number; seed?: number },
) {
  const scheduler = new Scheduler()
  const network = new Network(scheduler, new SeededRandom(options.seed ?? 1), faults)
  const arrivals: { atMs: number; number: number; bytes: Uint8Array }[] = []
  network.attach('b', (from, bytes) => {
    expect(from).toBe('a')
    arrivals.push({
      atMs: scheduler.nowMs,
      number: bytes.length < 2 ? -1 : bytes[0]! * 256 + bytes[1]!,
      bytes,
    })
  })
  for (let number = 0; number < options.count; number++) {
    const datagram = new Uint8Array(options.bytes ?? 100)
    datagram[0] = number >> 8
    datagram[1] = number
    scheduler.at(number * (options.everyMs ?? 0), () => network.send('a', 'b', datagram))
  }
  scheduler.runUntil(1e9)
  return { arrivals, counters: network.link('a', 'b').counters }
}

describe('a simulated link', () => {
  it('delivers everything in order after its delay when it has no faults', () => {
    const { arrivals } = send({ delayMs: 7 }, { count: 100 })
    expect(arrivals.map(({ number }) => number)).toEqual(Array.from({ length: 100 }, (_, index) => index))
    expect(arrivals.every(({ atMs }) => atMs === 7)).toBe(true)
  })

  it('takes its time for each byte, headers included', () => {
    const bytes = 1_000 - HEADER_BYTES
    const { arrivals } = send({ rateBitPerS: 8_000_000, delayMs: 5 }, { count: 3, bytes })
    expect(arrivals.map(({ atMs }) => atMs)).toEqual([6, 7, 8])
  })

  it('drops what comes while its queue is full', () => {
    const bytes = 1_000 - HEADER_BYTES
    const { arrivals, counters } = send({ rateBitPerS: 8_000_000, queueBytes: 10_000 }, { count: 100, bytes })
    expect(arrivals.length).toBe(10)
    expect(counters.overflowed).toBe(90)
  })

  it('swallows what is larger than its MTU and carries what is as large', () => {
    expect(send({ mtuBytes: 1_500 }, { count: 1, bytes: 1_500 - HEADER_BYTES }).arrivals.length).toBe(1)
    expect(send({ mtuBytes: 1_500 }, { count: 1, bytes: 1_501 - HEADER_BYTES }).counters.oversized).toBe(1)
  })

  it('loses, doubles, damages and shortens as often as it is told', () => {
    const count = 20_000
    expect(send({ loss: 0.1 }, { count }).arrivals.length / count).toBeCloseTo(0.9, 1)
    expect(send({ duplication: 0.1 }, { count }).arrivals.length / count).toBeCloseTo(1.1, 1)
    const damaged = send({ bitFlips: 0.5 }, { count: 1_000 }).arrivals.filter(({ bytes }) =>
      bytes.slice(2).some((byte) => byte !== 0),
    )
    expect(damaged.length / 1_000).toBeCloseTo(0.5, 1)
    const short = send({ truncation: 0.5 }, { count: 1_000 }).arrivals.filter(
      ({ bytes }) => bytes.length < 100,
    )
    expect(short.length / 1_000).toBeCloseTo(0.5, 1)
  })

  it('loses in bursts of the mean length that it is told', () => {
    const count = 50_000
    const { arrivals } = send({ bursts: { enter: 0.01, leave: 0.1, loss: 1 } }, { count })
    const bursts = arrivals.filter(
      ({ number }, index) => index > 0 && number !== (arrivals[index - 1]!.number + 1) % 65_536,
    ).length
    expect((count - arrivals.length) / bursts).toBeGreaterThan(7)
    expect((count - arrivals.length) / bursts).toBeLessThan(13)
  })

  it('overtakes only where it reorders', () => {
    const isOrdered = (numbers: number[]) =>
      numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)
    const jittered = send({ delayMs: 10, jitterMs: 5 }, { count: 200, everyMs: 1 }).arrivals.map(
      ({ number }) => number,
    )
    expect(isOrdered(jittered)).toBe(true)
    const reordered = send(
      { delayMs: 10, reordering: 0.1, reorderMs: 5 },
      { count: 200, everyMs: 1 },
    ).arrivals
    expect(isOrdered(reordered.map(({ number }) => number))).toBe(false)
    expect(reordered.length).toBe(200)
  })

  it('carries nothing while it is down', () => {
    expect(send({ down: true }, { count: 10 }).arrivals.length).toBe(0)
  })

  it('does the same again from the same seed, whatever its faults', () => {
    const probability = fc.double({ min: 0, max: 0.5, noNaN: true })
    const faults = fc.record({
      loss: probability,
      duplication: probability,
      reordering: probability,
      bitFlips: probability,
      truncation: probability,
      jitterMs: fc.double({ min: 0, max: 10, noNaN: true }),
      reorderMs: fc.double({ min: 0, max: 10, noNaN: true }),
    })
    fc.assert(
      fc.property(faults, fc.nat(), (drawn, seed) => {
        expect(send(drawn, { count: 50, seed })).toEqual(send(drawn, { count: 50, seed }))
      }),
      { numRuns: 50 },
    )
  })
})

describe('the scheduler', () => {
  it('runs tasks in order of time, and in order of putting down where times are equal', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (times) => {
        const scheduler = new Scheduler()
        const ran: { timeMs: number; order: number }[] = []
        times.forEach((timeMs, order) => {
          scheduler.at(timeMs, () => ran.push({ timeMs, order }))
        })
        scheduler.runUntil(100)
        const expected = times
          .map((timeMs, order) => ({ timeMs, order }))
          .sort((a, b) => a.timeMs - b.timeMs || a.order - b.order)
        expect(ran).toEqual(expected)
      }),
    )
  })

  it('never goes back in time', () => {
    const scheduler = new Scheduler(10)
    let ranAtMs = 0
    scheduler.at(3, () => {
      ranAtMs = scheduler.nowMs
    })
    scheduler.runUntil(20)
    expect(ranAtMs).toBe(10)
    expect(scheduler.nowMs).toBe(20)
  })
})

describe('seeded randomness', () => {
  it('is uniform enough and differs between seeds', () => {
    const random = new SeededRandom(7)
    let sum = 0
    for (let draw = 0; draw < 100_000; draw++) sum += random.next()
    expect(sum / 100_000).toBeCloseTo(0.5, 2)
    expect(new SeededRandom(1).bytes(16)).not.toEqual(new SeededRandom(2).bytes(16))
    expect(new SeededRandom(1).bytes(16)).not.toEqual(new SeededRandom(1 + 2 ** 32).bytes(16))
  })
})
