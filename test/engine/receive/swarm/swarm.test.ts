import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../../../src/base/limits.js'
import { WRONG_BLOCKS_MAX } from '../../../../src/engine/receive/limits.js'
import { contentOf } from '../../../keeper/share-on-disk.js'
import { Swarm, type SwarmPeer } from './swarm.js'

const MBIT = 1_000_000
const RATE = 80 * MBIT
const film = contentOf(256 * BLOCK_BYTES - 77)
/** The time that the bytes of the film take on one line. */
const LINE_MS = (film.length * 8_000) / RATE

function swarmOf(sinkCount: number): { swarm: Swarm; source: SwarmPeer; sinks: SwarmPeer[] } {
  const swarm = new Swarm(film)
  const source = swarm.add(RATE, { isSource: true })
  const sinks = Array.from({ length: sinkCount }, () => swarm.add(RATE))
  swarm.run(1_000)
  return { swarm, source, sinks }
}

function expectWhole(sinks: readonly SwarmPeer[]): void {
  for (const { copy } of sinks) expect(Buffer.compare(copy, film)).toBe(0)
}

describe('a source with several sinks', () => {
  test('sends little more than one copy, and they wait little longer than one would', () => {
    const alone = swarmOf(1)
    const aloneMs = alone.swarm.fetch(alone.sinks, alone.source)
    const { swarm, source, sinks } = swarmOf(4)
    const togetherMs = swarm.fetch(sinks, source)
    expectWhole(sinks)
    expect(alone.source.copies).toBe(1)
    expect(source.copies).toBeLessThan(1.25)
    // From 1.06 to 1.19, by the order in which their sessions happen to open.
    expect(togetherMs).toBeLessThan(1.2 * aloneMs)
    expect(sinks.flatMap(({ lost }) => lost)).toEqual([])
  })

  test('loses nothing with one of them that dies in the middle', () => {
    const { swarm, source, sinks } = swarmOf(4)
    const [victim, ...others] = sinks
    swarm.scheduler.at(swarm.scheduler.nowMs + LINE_MS / 2, () => victim!.die())
    const ms = swarm.fetch(sinks, source)
    expectWhole(others)
    expect(victim!.wholeAtMs).toBeUndefined()
    expect(ms).toBeLessThan(1.4 * LINE_MS)
  })

  test('goes on with a second whole source when the first one dies', () => {
    const { swarm, source, sinks } = swarmOf(3)
    const second = swarm.add(RATE, { isSource: true })
    swarm.run(1_000)
    swarm.scheduler.at(swarm.scheduler.nowMs + LINE_MS / 3, () => source.die())
    const ms = swarm.fetch(sinks, source)
    expectWhole(sinks)
    expect(second.servedBlocks).toBeGreaterThan(0)
    expect(ms).toBeLessThan(1.5 * LINE_MS)
  })

  test('does not wait for one of a hundredth of the rate', () => {
    const { swarm, source, sinks } = swarmOf(3)
    const slow = swarm.add(RATE / 100)
    swarm.run(1_000)
    slow.fetch(source)
    const ms = swarm.fetch(sinks, source)
    expectWhole(sinks)
    expect(slow.wholeAtMs).toBeUndefined()
    expect(ms).toBeLessThan(1.3 * LINE_MS)
    expect(source.copies).toBeLessThan(1.3)
  })
})

describe('a peer that claims pieces that it has not', () => {
  test.each(['says so when it is asked', 'keeps silent'])('and %s costs little', (how) => {
    const { swarm, source, sinks } = swarmOf(3)
    const liar = swarm.add(RATE)
    swarm.run(1_000)
    if (how === 'keeps silent') liar.keepSilent()
    const lie = () => {
      liar.claimPieces()
      swarm.scheduler.at(swarm.scheduler.nowMs + 100, lie)
    }
    lie()
    const ms = swarm.fetch(sinks, source)
    expectWhole(sinks)
    expect(liar.servedBlocks).toBe(0)
    expect(ms).toBeLessThan(1.5 * LINE_MS)
    expect(source.copies).toBeLessThan(1.5)
  })
})

describe('a peer that serves wrong bytes', () => {
  test('is asked for no more, is named to the keeper, and nobody else is', () => {
    const { swarm, source, sinks } = swarmOf(3)
    const liar = swarm.add(RATE, { isSource: true })
    swarm.run(1_000)
    liar.serveWrongBytes()
    const ms = swarm.fetch(sinks, source)
    expectWhole(sinks)
    for (const { lost } of sinks) expect(lost).toEqual([{ peer: liar.id, reason: 'unservable' }])
    // Blocks that were asked of the liar before the fourth wrong block came are on their way.
    expect(liar.servedBlocks).toBeLessThan(sinks.length * (WRONG_BLOCKS_MAX + 8))
    expect(ms).toBeLessThan(1.3 * LINE_MS)
  })

  test('is asked for no more in its next sessions either', () => {
    const { swarm, source, sinks } = swarmOf(3)
    const liar = swarm.add(RATE, { isSource: true })
    swarm.run(1_000)
    liar.serveWrongBytes()
    let reconnections = 0
    const comeBack = () => {
      reconnections++
      liar.reconnect()
      swarm.scheduler.at(swarm.scheduler.nowMs + 300, comeBack)
    }
    swarm.scheduler.at(swarm.scheduler.nowMs + 300, comeBack)
    swarm.fetch(sinks, source)
    expectWhole(sinks)
    expect(reconnections).toBeGreaterThan(5)
    expect(liar.servedBlocks).toBeLessThan(sinks.length * (WRONG_BLOCKS_MAX + 8))
  })

  test('fails a fetch that has no other source, with its name', () => {
    const { swarm, source, sinks } = swarmOf(1)
    source.serveWrongBytes()
    sinks[0]!.fetch(source)
    swarm.run(5_000)
    expect(sinks[0]!.told).toContainEqual({ type: 'fetch-failed', fetch: 1, reason: 'unservable' })
    expect(sinks[0]!.copy.every((byte) => byte === 0)).toBe(true)
  })
})

describe('a file that two peers hold whole', () => {
  test('comes from both at once, in half the time', () => {
    const { swarm, source } = swarmOf(0)
    const second = swarm.add(RATE, { isSource: true })
    const sink = swarm.add(10 * RATE)
    swarm.run(1_000)
    const ms = swarm.fetch([sink], source)
    expectWhole([sink])
    expect(ms).toBeLessThan(0.6 * LINE_MS)
    expect(source.copies + second.copies).toBeLessThan(1.02)
    expect(sink.told).toContainEqual(
      expect.objectContaining({ type: 'fetched', crossedBytes: film.length, sources: expect.anything() }),
    )
  })

  test('goes on from one when the other dies', () => {
    const { swarm, source } = swarmOf(0)
    const second = swarm.add(RATE, { isSource: true })
    const sink = swarm.add(10 * RATE)
    swarm.run(1_000)
    swarm.scheduler.at(swarm.scheduler.nowMs + LINE_MS / 4, () => source.die())
    const ms = swarm.fetch([sink], source)
    expectWhole([sink])
    // A quarter of the time both gave, then one.
    expect(ms).toBeLessThan(1.1 * LINE_MS)
    expect(source.copies + second.copies).toBeLessThan(1.1)
  })
})

describe('a fetch that is cancelled', () => {
  test('while its file is being synced lets go of it at once: the next file of that name is another', () => {
    const { swarm, source, sinks } = swarmOf(1)
    const sink = sinks[0]!
    sink.syncs = false
    sink.fetch(source)
    while (!sink.isSyncing) swarm.run(100)
    expect(sink.released).toEqual([])
    sink.cancel()
    expect(sink.released).toEqual(['.left/tmp/film'])
  })
})
