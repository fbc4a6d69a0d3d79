// The simulated world's randomness: everything that a run draws comes from its seed.

import type { Random } from '../base/ports.js'

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes BigCrush, a few shifts a draw. */
export class SeededRandom implements Random {
  private a: number
  private b: number
  private c: number
  private counter = 1

  constructor(seed: number) {
    this.a = seed | 0
    this.b = Math.floor(seed / 0x1_0000_0000) | 0
    this.c = 0x4c45_4654
    for (let round = 0; round < 15; round++) this.uint32()
  }

  /** Uniform in [0, 2³²). */
  uint32(): number {
    const sum = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum
    this.c |= 0
    return sum >>> 0
  }

  next(): number {
    return this.uint32() / 0x1_0000_0000
  }

  bytes(count: number): Uint8Array {
    const drawn = new Uint8Array(count)
    for (let index = 0; index < count; index++) drawn[index] = this.uint32() >>> 24
    return drawn
  }

  /** Uniform whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  /** Whether something of this probability happens. Draws nothing where it never does, so that a fault
   *  that is switched off does not shift the others. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  /** A generator of its own, so that one part's draws do not shift another's. */
  fork(): SeededRandom {
    return new SeededRandom(this.uint32() + this.below(1 << 20) * 0x1_0000_0000)
  }
}
