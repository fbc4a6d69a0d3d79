// The window that measures itself: BBR's model of a path (Cardwell et al., "BBR: Congestion-Based Congestion
// Control", 2016), kept by the receiver. What the path delivers and how long it takes at least are its two
// figures; the window is their product with a gain.
//
//   startup ── rate grew < 25% in 3 rounds, or heavy loss ──▶ drain ── in flight ≤ rate × RTT ──▶ cruise
//                                                                                               │    ▲
//                                          no RTT this low for 10 s: half a window for a while ─┘────┘
//
// It departs from BBR in two places. Loss that is there when the queue is empty is the path's own: asking
// goes faster by as much. Loss far beyond that is a queue that overflows, and bounds the window until it
// has stayed away for a while.

import { PATH_BYTES_WHOLE } from './limits.js'
import type { Delivery, WindowOptions, WindowPolicy } from './window.js'

const STARTUP_GAIN = 2.89 // 2 / ln 2: the least that doubles the rate every round
/** Rounds of a cycle: one up, one down, and the rest level. */
const CYCLE_ROUNDS = 8
/** How far up and down. Less where the queue cannot take it, never so little that more would not be found. */
const SWING_MAX = 0.25
const SWING_MIN = 0.0625
const SWING_GROWTH = 1.25
/** Loss over a whole cycle, beyond the path's own, that is blamed on the swing. */
const SWING_LOSS_MAX = 0.01
const WINDOW_GAIN = 2
const RATE_ROUNDS = 10
const GROWTH_RATIO = 1.25
const FLAT_ROUNDS_MAX = 3
const MIN_RTT_MS_MAX_AGE = 10_000
const MIN_RTT_PROBE_MS = 200

const WINDOW_BYTES_FIRST = 32 * 1_472 // RFC 6928 has ten segments; a peer's address was proved, and it was asked for
const WINDOW_SEGMENTS_MIN = 4
const QUANTUM_MS = 1 // what the timers of an event loop can keep apart
const QUANTUM_SEGMENTS_MIN = 2
const QUANTUM_BYTES_MAX = 16 * PATH_BYTES_WHOLE
const QUANTA_SPARE = 3

/** Loss of the path's own beyond this is not believed: asking faster would only feed a queue. */
const PATH_LOSS_MAX = 0.5
/** Loss in one round, beyond the path's own, that is called congestion. */
const EXCESS_LOSS_MAX = 0.15
const EXCESS_SEGMENTS_MIN = 6
const DOUBT_DEVIATIONS = 2.5
const LOSS_FLOOR = 0.05
const QUIET_SEGMENTS_MIN = 30
const BOUND_SHRINK = 0.85
/** By how much the bound grows with each cycle that it is not needed, in all. */
const BOUND_GROWTH_STEP = 0.25
const BOUND_GROWTH_MAX = 2
/** Growth of the rate over a cycle that says there is more, and cycles of it in a row until startup finds out how much. */
const REVIVAL_RATIO = 1.15
const REVIVAL_CYCLES = 2
/** What a quiet round leaves of what was learnt about loss in those before. */
const LOSS_MEMORY = 7 / 8
/** The round of the cycle in which the queue is empty: the one after it was drained. */
const QUIET_INDEX = 2
/** Loss from which requests are kept small, because each that is lost leaves a gap. */
const SMALL_REQUEST_LOSS = 0.002

const QUIET = 1
const BUSY = 0

export class MeasuredWindow implements WindowPolicy {
  readonly blocksMax = Number.POSITIVE_INFINITY
  windowBytes = 0
  askBytesPerMs = Number.POSITIVE_INFINITY
  quantumBytes = 0
  askTag = BUSY

  private phase: 'startup' | 'drain' | 'cruise' = 'startup'
  private segmentBytes: number
  private readonly receiveBytesMax: number

  // The path's two figures.
  private readonly rateByRound = new Float64Array(RATE_ROUNDS)
  private rateBytesPerMs = 0
  private minRttMs = Number.POSITIVE_INFINITY
  private minRttAtMs = 0
  private isProbingRtt = false
  private probeRttUntilMs = Number.NEGATIVE_INFINITY

  // Rounds: one round trip of what was asked for.
  private round = 0
  private roundEndsAtBytes = 0
  private roundLostBytes = 0
  private roundDeliveredBytes = 0

  private fullRate = 0
  private flatRounds = 0
  private cruiseRound = 0
  private cycleIndex = QUIET_INDEX
  private cycleAtMs = 0
  private cycleLostBytes = 0
  private cycleDeliveredBytes = 0
  private swing = SWING_MAX

  // Loss while the queue is empty.
  private quietLostBytes = 0
  private quietDeliveredBytes = 0
  /** The same of the startup's last round: believed once the next one was still faster. */
  private startupLostBytes = 0
  private startupDeliveredBytes = 0
  private boundBytes = Number.POSITIVE_INFINITY
  private cyclesSinceExcess = 0
  /** The rate when the cycle began, and how many cycles in a row it grew. */
  private cycleRate = 0
  private growingCycles = 0

  constructor(options: WindowOptions) {
    this.segmentBytes = options.pathBytes
    this.receiveBytesMax = options.receiveBytesMax
    this.minRttAtMs = options.nowMs
    this.cycleAtMs = options.nowMs
    this.update()
  }

  /** Bytes per millisecond that the path delivers, 0 until known. */
  get deliveryBytesPerMs(): number {
    return this.rateBytesPerMs
  }

  handleDelivered(delivery: Delivery): void {
    this.roundDeliveredBytes += delivery.bytes
    if (delivery.tag === QUIET) this.quietDeliveredBytes += delivery.bytes
    const isNewRound = delivery.deliveredBytesAtAsk >= this.roundEndsAtBytes
    if (isNewRound) this.beginRound(delivery)
    const isBetter = this.takeRate(delivery)
    const isFresh = this.takeRtt(delivery)
    const phase = this.phase
    if (this.isProbingRtt && delivery.nowMs >= this.probeRttUntilMs) {
      this.isProbingRtt = false
      this.update()
    }
    if (isNewRound && phase === 'startup') this.checkFull(delivery)
    if (this.phase === 'drain' && delivery.inFlightBytes <= this.pipeBytes()) this.enterCruise(delivery.nowMs)
    if (this.phase === 'cruise') this.advanceCycle(delivery)
    if (isNewRound || isBetter || isFresh || phase !== this.phase) this.update()
  }

  handleLost(bytes: number, tag: number): void {
    this.roundLostBytes += bytes
    if (tag === QUIET) this.quietLostBytes += bytes
    if (this.phase !== 'startup' || !this.isExcess()) return
    // Startup overshoots by design; every further datagram of it is lost as well.
    this.phase = 'drain'
    this.update()
  }

  handleFound(bytes: number, tag: number): void {
    this.roundLostBytes = Math.max(0, this.roundLostBytes - bytes)
    if (tag === QUIET) this.quietLostBytes = Math.max(0, this.quietLostBytes - bytes)
  }

  handleTimedOut(inRow: number): void {
    if (inRow < 3) return
    // The path is gone or another one: begin anew, carefully, and keep nothing of what it was.
    this.rateByRound.fill(0)
    this.rateBytesPerMs = 0
    this.minRttMs = Number.POSITIVE_INFINITY
    this.phase = 'startup'
    this.fullRate = 0
    this.flatRounds = 0
    this.boundBytes = Number.POSITIVE_INFINITY
    this.askTag = BUSY
    this.update()
  }

  handlePathSize(pathBytes: number): void {
    this.segmentBytes = pathBytes
    this.update()
  }

  /** The part of what is asked for that the path itself loses. */
  private pathLoss(): number {
    const total = this.quietDeliveredBytes + this.quietLostBytes
    return total === 0 ? 0 : Math.min(PATH_LOSS_MAX, this.quietLostBytes / total)
  }

  /** What is in flight when the path is just full. */
  private pipeBytes(): number {
    if (this.rateBytesPerMs === 0 || this.minRttMs === Number.POSITIVE_INFINITY)
      return Number.POSITIVE_INFINITY
    return (this.rateBytesPerMs * this.minRttMs) / (1 - this.pathLoss())
  }

  private takeRate(delivery: Delivery): boolean {
    const rate = delivery.rateBytesPerMs
    if (rate <= 0 || (delivery.isAppLimited && rate <= this.rateBytesPerMs)) return false
    const slot = this.round % RATE_ROUNDS
    if (rate <= this.rateByRound[slot]!) return false
    this.rateByRound[slot] = rate
    if (rate <= this.rateBytesPerMs) return false
    this.rateBytesPerMs = rate
    return true
  }

  private takeRtt(delivery: Delivery): boolean {
    const { rttMs, nowMs } = delivery
    if (rttMs <= 0) return false
    if (rttMs < this.minRttMs) {
      this.minRttMs = rttMs
      this.minRttAtMs = nowMs
      return true
    }
    // As good as the least there was: the queue was empty.
    if (rttMs < this.minRttMs * 1.02) this.minRttAtMs = nowMs
    if (nowMs - this.minRttAtMs < MIN_RTT_MS_MAX_AGE) return false
    this.minRttMs = rttMs
    this.minRttAtMs = nowMs
    this.isProbingRtt = true
    this.probeRttUntilMs = nowMs + Math.max(MIN_RTT_PROBE_MS, 2 * rttMs)
    return true
  }

  private beginRound(delivery: Delivery): void {
    this.roundEndsAtBytes = delivery.deliveredBytes
    this.checkExcess(delivery)
    if (this.phase === 'startup') this.learnStartupLoss()
    this.cycleLostBytes += this.roundLostBytes
    this.cycleDeliveredBytes += this.roundDeliveredBytes
    this.roundLostBytes = 0
    this.roundDeliveredBytes = 0
    // A round of nothing but app-limited deliveries teaches nothing, and must not make what is known forgotten.
    if (delivery.isAppLimited) return
    this.round++
    this.rateByRound[this.round % RATE_ROUNDS] = 0
    let best = 0
    for (const rate of this.rateByRound) if (rate > best) best = rate
    this.rateBytesPerMs = best
  }

  /** While the rate grows from round to round the queue is empty, and what is lost is the path's own. */
  private learnStartupLoss(): void {
    if (this.flatRounds > 0) return
    this.quietLostBytes += this.startupLostBytes
    this.quietDeliveredBytes += this.startupDeliveredBytes
    this.startupLostBytes = this.roundLostBytes
    this.startupDeliveredBytes = this.roundDeliveredBytes
  }

  /** What overflows is asked for again, so a queue that does so for long costs as much as it carries. */
  private checkExcess(delivery: Delivery): void {
    // What startup overshot is still being found out about.
    if (this.phase !== 'cruise' || this.round < this.cruiseRound + 2 || !this.isExcess()) return
    const reduced = BOUND_SHRINK * Math.min(this.boundBytes, delivery.inFlightBytes)
    this.boundBytes = Math.max(this.pipeBytes() + QUANTA_SPARE * this.quantumBytes, reduced)
    this.cyclesSinceExcess = 0
  }

  private isExcess(): boolean {
    const total = this.roundLostBytes + this.roundDeliveredBytes
    if (this.roundLostBytes < EXCESS_SEGMENTS_MIN * this.segmentBytes) return false
    return this.roundLostBytes / total > this.pathLoss() + EXCESS_LOSS_MAX + this.lossDoubt(total, LOSS_FLOOR)
  }

  /** How far the loss of so many bytes may be from the path's by chance: requests are lost whole, so it is they
   *  that count. Everything may be chance while the path's loss is not known. */
  private lossDoubt(bytes: number, lossMin: number): number {
    const known = this.quietDeliveredBytes + this.quietLostBytes
    if (known < QUIET_SEGMENTS_MIN * this.segmentBytes) return 1
    const loss = Math.max(lossMin, this.pathLoss())
    return DOUBT_DEVIATIONS * Math.sqrt((loss * (1 - loss) * this.quantumBytes) / Math.min(bytes, known))
  }

  private checkFull(delivery: Delivery): void {
    if (delivery.isAppLimited || this.rateBytesPerMs === 0) return
    if (this.rateBytesPerMs >= this.fullRate * GROWTH_RATIO) {
      this.fullRate = this.rateBytesPerMs
      this.flatRounds = 0
    } else if (++this.flatRounds >= FLAT_ROUNDS_MAX) {
      this.phase = 'drain'
    }
  }

  private enterCruise(nowMs: number): void {
    this.phase = 'cruise'
    this.cruiseRound = this.round
    this.cycleLostBytes = this.cycleDeliveredBytes = 0
    this.enterCycle(QUIET_INDEX, nowMs)
  }

  private advanceCycle(delivery: Delivery): void {
    const elapsedMs = delivery.nowMs - this.cycleAtMs
    const gain = this.cycleGain()
    // Up: until the queue that it makes would show. Down: until that queue is gone. RTT each, at least.
    if (elapsedMs < this.minRttMs) return
    if (gain < 1 && delivery.inFlightBytes > this.pipeBytes() && elapsedMs < 2 * this.minRttMs) return
    this.enterCycle((this.cycleIndex + 1) % CYCLE_ROUNDS, delivery.nowMs)
    if (this.cycleIndex === 0) this.endCycle()
    this.update()
  }

  private endCycle(): void {
    this.cyclesSinceExcess++
    this.setSwing()
    this.boundBytes *= Math.min(BOUND_GROWTH_MAX, 1 + BOUND_GROWTH_STEP * this.cyclesSinceExcess)
    const hasGrown = this.cycleRate > 0 && this.rateBytesPerMs > this.cycleRate * REVIVAL_RATIO
    this.growingCycles = hasGrown ? this.growingCycles + 1 : 0
    this.cycleRate = this.rateBytesPerMs
    if (this.growingCycles < REVIVAL_CYCLES) return
    this.growingCycles = 0
    this.phase = 'startup'
    this.fullRate = this.rateBytesPerMs
    this.flatRounds = 0
    this.startupLostBytes = this.startupDeliveredBytes = 0
    this.askTag = BUSY
  }

  private cycleGain(): number {
    if (this.cycleIndex === 0) return 1 + this.swing
    return this.cycleIndex === 1 ? 1 - this.swing : 1
  }

  private setSwing(): void {
    const total = this.cycleLostBytes + this.cycleDeliveredBytes
    const usual = this.pathLoss() + SWING_LOSS_MAX + this.lossDoubt(total, 0)
    const isTooMuch = total > 0 && this.cycleLostBytes / total > usual
    this.swing = isTooMuch
      ? Math.max(SWING_MIN, this.swing / 2)
      : Math.min(SWING_MAX, this.swing * SWING_GROWTH)
    this.cycleLostBytes = 0
    this.cycleDeliveredBytes = 0
  }

  private enterCycle(index: number, nowMs: number): void {
    this.cycleIndex = index
    this.cycleAtMs = nowMs
    this.askTag = index === QUIET_INDEX ? QUIET : BUSY
    if (index !== QUIET_INDEX) return
    this.quietLostBytes *= LOSS_MEMORY
    this.quietDeliveredBytes *= LOSS_MEMORY
  }

  /** Works out what the puller reads from what is known. */
  private update(): void {
    const floorBytes = this.segmentBytes * (this.segmentBytes === PATH_BYTES_WHOLE ? 2 : WINDOW_SEGMENTS_MIN)
    const pipeBytes = this.pipeBytes()
    if (pipeBytes === Number.POSITIVE_INFINITY) {
      this.askBytesPerMs = Number.POSITIVE_INFINITY
      this.quantumBytes = this.segmentBytes * WINDOW_SEGMENTS_MIN
      this.windowBytes = Math.max(floorBytes, WINDOW_BYTES_FIRST)
      return
    }
    const rate = this.rateBytesPerMs / (1 - this.pathLoss())
    const isStartup = this.phase === 'startup'
    const gain = isStartup ? STARTUP_GAIN : this.phase === 'drain' ? 1 / STARTUP_GAIN : this.cycleGain()
    this.askBytesPerMs = Math.max(rate * gain, floorBytes / Math.max(this.minRttMs, 1))
    const quantumMs = this.pathLoss() > SMALL_REQUEST_LOSS ? QUANTUM_MS / 4 : QUANTUM_MS
    const quantumBytes = Math.min(QUANTUM_BYTES_MAX, rate * quantumMs)
    const spareBytes = QUANTA_SPARE * Math.max(quantumBytes, QUANTUM_SEGMENTS_MIN * this.segmentBytes)
    const wanted = WINDOW_GAIN * pipeBytes + spareBytes
    // Where the path itself holds little, no more than the socket holds: there, the queue is the socket.
    const isWhole = this.segmentBytes === PATH_BYTES_WHOLE
    const filling = (isStartup ? WINDOW_GAIN : 1 + SWING_MAX) * pipeBytes
    const held = isWhole ? this.receiveBytesMax : Math.max(filling, this.receiveBytesMax)
    let windowBytes = Math.min(wanted, held, this.boundBytes)
    if (this.isProbingRtt) windowBytes = Math.min(windowBytes, 0.5 * pipeBytes)
    this.windowBytes = Math.max(floorBytes, windowBytes)
    this.quantumBytes = Math.max(
      Math.min(QUANTUM_SEGMENTS_MIN * this.segmentBytes, this.windowBytes / 2),
      Math.min(quantumBytes, this.windowBytes / 4),
    )
  }
}
