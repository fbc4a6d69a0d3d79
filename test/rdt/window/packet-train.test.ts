import { describe, expect, it } from 'vitest'
import { PacketTrainMeter } from '../../../src/rdt/window/packet-train.js'

const SEGMENT_BYTES = 1_472
const SEGMENT = { bytes: SEGMENT_BYTES, segments: 1 }

/** Segments that were all asked for at once and come this far apart; then one of a later asking. */
function burst(meter: PacketTrainMeter, segments: number, apartMs: number, askedAtMs = 0): void {
  const firstAtMs = askedAtMs + 20
  for (let index = 0; index < segments; index++) {
    meter.handleDelivered(SEGMENT, askedAtMs, firstAtMs + index * apartMs)
  }
  meter.handleDelivered(SEGMENT, askedAtMs + 10, firstAtMs + segments * apartMs)
}

describe('a burst', () => {
  it('tells the rate at which the narrowest link lets it through, rather less than more', () => {
    for (const [bitPerS, leastPart] of [
      [10e6, 0.95],
      [100e6, 0.9],
      [1e9, 0.5],
    ] as const) {
      const bytesPerMs = bitPerS / 8_000
      const meter = new PacketTrainMeter()
      burst(meter, 32, SEGMENT_BYTES / bytesPerMs)
      expect(meter.bytesPerMs / bytesPerMs).toBeGreaterThan(leastPart)
      expect(meter.bytesPerMs / bytesPerMs).toBeLessThanOrEqual(1)
    }
  })

  it('of 16 segments after the first is enough, of 15 is not', () => {
    const [short, long] = [new PacketTrainMeter(), new PacketTrainMeter()]
    burst(short, 16, 0.1)
    burst(long, 17, 0.1)
    expect(short.bytesPerMs).toBe(0)
    expect(long.bytesPerMs).toBeGreaterThan(0)
  })

  it('is believed while the rest of it comes', () => {
    const meter = new PacketTrainMeter()
    for (let index = 0; index < 16; index++) meter.handleDelivered(SEGMENT, 0, 20 + index)
    expect(meter.bytesPerMs).toBe(0)
    meter.handleDelivered(SEGMENT, 0, 36)
    expect(meter.bytesPerMs / SEGMENT_BYTES).toBeCloseTo(1, 1)
  })

  it('that was read at once, for the receiver was busy, does not tell of an endless rate', () => {
    const meter = new PacketTrainMeter()
    burst(meter, 32, 0)
    expect(meter.bytesPerMs).toBeLessThan(1e6)
  })

  it('is forgotten with the path', () => {
    const meter = new PacketTrainMeter()
    burst(meter, 32, 0.1)
    meter.reset()
    expect(meter.bytesPerMs).toBe(0)
  })
})
