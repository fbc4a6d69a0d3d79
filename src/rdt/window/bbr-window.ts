// The window that measures itself: BBR's model of a path (Cardwell et al., "BBR: Congestion-Based Congestion
// Control", 2016), kept by the receiver. What the path delivers and how long it takes at least are its two
// figures; the window is their product and a short queue.
//
//              rate grew < 25% in 3 rounds,                         in flight
//              or a queue overflows                                ≤ rate × RTT
//   startup ───────────────────────────────────────────▶ drain ──────────────────▶ cruise
//      ▲                                                                            │  ▲ │
//      └── rate grew > 15% in two cycles in a row: there is more ───────────────────┘  │ │
//                              no RTT as low as the least for 4 s: half a window for a while
//
//   cruise, in cycles:  up ──▶ down ── in flight ≤ rate × RTT ──▶ quiet ──▶ level (5 rounds) ──▶ up
//   asks, × rate:      1 + swing   less                  ▲  1     │          1.25
//                       ▲                                          │
//                       └────────────── rate grew > 15% ───────────┘
//
// In level rounds (less than 1.25 on a long path that loses much) it is the window that holds asking back: the queue is as long as it is kept at all times, so that
// stalls of either end do not empty it, and it is drained for no longer than it takes to see the path without it.
//
// The window departs from BBR in six places. Loss that is there when the queue is empty is the path's own: asking goes
// faster by as much (random-loss.ts). Loss that is there only with a queue shortens the one that is kept
// (probe-gain.ts), and then the window; far beyond the path's it ends startup (loss-response.ts). How long a queue is
// kept depends on the flow's share of the link, which makes flows equal (queue-target.ts). The rate from before others
// came is forgotten sooner (max-bandwidth.ts). The least RTT is looked for with half a window (probe-rtt.ts). Startup
// asks nearly as fast as its bursts came before a round trip of rates is known (startup.ts, packet-train.ts).

import { PACING_SLACK_MS } from '../limits.js'
import { TIMER_GRANULARITY_MS } from '../path/limits.js'
import { PATH_BYTES_WHOLE } from '../wire/limits.js'
import { CruiseCycle } from './cruise-cycle.js'
import { Jitter } from './jitter.js'
import {
  KNOWN_SEGMENTS_MIN,
  PROBE_GAIN_MAX,
  PROBE_RTT_WINDOW_PART,
  QUANTA_SPARE,
  SPARE_SEGMENTS_MIN,
  STARTUP_GAIN,
  STARTUP_WINDOW_PART,
  TIMEOUTS_IN_ROW_MAX,
  WINDOW_BYTES_FIRST,
  WINDOW_BYTES_FIRST_MAX,
  WINDOW_FRAMES_MIN,
  WINDOW_SEGMENTS_MIN,
} from './limits.js'
import { LossResponse, type PathFacts } from './loss-response.js'
import { MaxBandwidth } from './max-bandwidth.js'
import { ProbeRtt } from './probe-rtt.js'
import { boundQuantum, LossFreeRun, quantumBytesAt } from './quantum.js'
import { QueueTarget } from './queue-target.js'
import { RandomLoss } from './random-loss.js'
import { Scavenger } from './scavenger.js'
import { Startup } from './startup.js'
import type { Delivery, WindowOptions, WindowPolicy } from './window-policy.js'

/** Tags of requests, by which their outcomes are told apart: BURST is what a startup asks for before it can pace. */
const BURST = 3
const PROBED = 2
const QUIET = 1
const BUSY = 0

export class BbrWindow implements WindowPolicy {
  readonly blocksMax = Number.POSITIVE_INFINITY
  windowBytes = 0
  askBytesPerMs = Number.POSITIVE_INFINITY
  quantumBytes = 0
  askTag = BUSY

  private phase: 'startup' | 'drain' | 'cruise' = 'startup'
  private segmentBytes: number
  private readonly receiveBytesMax: number
  /** The window while nothing is known. */
  private readonly firstBytes: number

  // The path, as far as it is known, and what follows from it.
  private readonly rate = new MaxBandwidth()
  private readonly loss = new RandomLoss()
  private readonly jitter = new Jitter()
  private readonly probeRtt: ProbeRtt
  private readonly startup = new Startup(this.loss)
  private readonly lossResponse = new LossResponse(this.loss)
  private readonly queue: QueueTarget
  private readonly lossFreeRun = new LossFreeRun()
  /** Only of a flow in the background. */
  private readonly scavenger: Scavenger | undefined

  // Rounds: one round trip of what was asked for.
  private round = 0
  private roundEndsAtBytes = 0
  private roundMinRttMs = Number.POSITIVE_INFINITY
  private lastRttMs = 0

  // Cycles of cruise.
  private cruiseAtMs = 0
  private readonly cycle: CruiseCycle

  constructor(options: WindowOptions) {
    this.segmentBytes = options.pathBytes
    this.firstBytes = Math.max(WINDOW_BYTES_FIRST, Math.min(WINDOW_BYTES_FIRST_MAX, options.heldBytes ?? 0))
    this.queue = new QueueTarget(options.isBackground)
    this.scavenger = options.isBackground ? new Scavenger() : undefined
    this.receiveBytesMax = options.receiveBytesMax
    this.probeRtt = new ProbeRtt(options.nowMs)
    this.cycle = new CruiseCycle(options.nowMs)
    this.update()
  }

  /** Bytes per millisecond that the path delivers, 0 until known. */
  get deliveryBytesPerMs(): number {
    return this.rate.bytesPerMs
  }

  // — What comes and what does not —

  handleDelivered(delivery: Delivery): void {
    const { nowMs, tag } = delivery
    this.lossResponse.handleDelivered(delivery.bytes)
    this.lossFreeRun.handleDelivered(delivery.bytes)
    if (tag === PROBED) this.loss.probed.deliveredBytes += delivery.bytes
    const { minRttMs } = this
    const reachMs = this.jitter.reachMs(minRttMs)
    this.loss.handleDelivered(delivery, { minRttMs, reachMs, isCounted: this.isLearningFrom(tag) })
    if (tag === QUIET) this.jitter.handleDrainedRtt(delivery.rttMs)
    this.queue.handleDelivered(delivery.isAppLimited, nowMs)
    if (tag === BURST) this.startup.train.handleDelivered(delivery, nowMs - delivery.rttMs, nowMs)
    const isNewRound = delivery.deliveredBytesAtAsk >= this.roundEndsAtBytes
    if (isNewRound) this.beginRound(delivery)
    const isBetter = this.rate.handleDelivered(delivery, this.phase !== 'startup')
    const isFresh = this.takeRtt(delivery)
    const isHalved = this.takeTime(nowMs)
    const phase = this.phase
    if (isNewRound && phase === 'startup') this.checkFull(delivery)
    if (isNewRound) this.roundMinRttMs = Number.POSITIVE_INFINITY
    if (this.phase === 'drain' && delivery.inFlightBytes <= this.pipeBytes()) this.enterCruise(nowMs)
    if (this.phase === 'cruise') this.advanceCycle(delivery)
    if (isNewRound || isBetter || isFresh || isHalved || phase !== this.phase) this.update()
  }

  handleLost(bytes: number, tag: number): void {
    this.lossResponse.handleLost(bytes)
    if (this.lossFreeRun.handleLost(this.segmentBytes)) this.update()
    if (tag === PROBED) this.loss.probed.lostBytes += bytes
    if (this.isLearningFrom(tag)) this.loss.handleLost(bytes)
    if (this.phase !== 'startup') return
    const { lastRttMs, minRttMs } = this
    if (
      !this.lossResponse.isStartupTooFast(this.facts(), { pipeBytes: this.pipeBytes(), lastRttMs, minRttMs })
    )
      return
    // Startup overshoots by design; every further datagram of it is lost as well.
    this.phase = 'drain'
    this.update()
  }

  handleFound(bytes: number, tag: number): void {
    this.lossResponse.handleFound(bytes)
    if (tag === PROBED) this.loss.probed.lostBytes -= bytes
    if (this.isLearningFrom(tag)) this.loss.handleFound(bytes)
  }

  handleTimedOut(inRow: number): void {
    if (inRow < TIMEOUTS_IN_ROW_MAX) return
    // The path is gone or another one: begin anew, carefully, and keep nothing of what it was.
    this.rate.reset()
    this.probeRtt.forgetRtt()
    this.jitter.reset()
    this.startup.train.reset()
    this.startup.begin(0)
    this.phase = 'startup'
    this.askTag = BUSY
    this.update()
  }

  handlePathSize(pathBytes: number): void {
    this.segmentBytes = pathBytes
    this.update()
  }

  /** While a startup's rate grows, after a queue was drained, and with half a window. */
  private isLearningFrom(tag: number): boolean {
    return this.phase === 'startup' || tag !== BUSY
  }

  private takeRtt({ rttMs, leastRttMs, nowMs }: Delivery): boolean {
    if (rttMs <= 0) return false
    this.lastRttMs = rttMs
    this.roundMinRttMs = Math.min(this.roundMinRttMs, rttMs)
    this.queue.handleRtt(rttMs)
    const isFresh = this.probeRtt.handleRtt(rttMs, leastRttMs, nowMs)
    if (this.probeRtt.isOn) this.askTag = PROBED
    return isFresh
  }

  private takeTime(nowMs: number): boolean {
    const wasOn = this.probeRtt.isOn
    const cruiseAtMs = this.phase === 'cruise' ? this.cruiseAtMs : undefined
    const leastBytes = KNOWN_SEGMENTS_MIN * this.segmentBytes
    const { lastRttMs } = this
    const isChanged = this.probeRtt.handleTime(this.loss, { nowMs, cruiseAtMs, lastRttMs, leastBytes })
    if (wasOn !== this.probeRtt.isOn) this.askTag = this.probeRtt.isOn ? PROBED : BUSY
    return isChanged
  }

  // — The path —

  private get minRttMs(): number {
    return this.probeRtt.minRttMs
  }

  private get linkBytesPerMs(): number {
    return this.rate.linkBytesPerMs(this.startup.train.bytesPerMs)
  }

  private facts(): PathFacts {
    const { round, segmentBytes, quantumBytes, minRttMs, linkBytesPerMs } = this
    const rateBytesPerMs = this.rate.bytesPerMs
    return { round, segmentBytes, quantumBytes, minRttMs, rateBytesPerMs, linkBytesPerMs }
  }

  /** Part that is asked for besides, because as much is lost. Startup asks for more than enough. */
  private madeUpLoss(): number {
    return this.phase === 'startup' ? 0 : this.loss.ratio
  }

  /** Bytes in flight when the path is just full: the bandwidth-delay product. */
  private pipeBytes(): number {
    const rateBytesPerMs = this.rate.bytesPerMs
    if (rateBytesPerMs === 0 || this.minRttMs === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
    return (rateBytesPerMs * this.minRttMs) / (1 - this.madeUpLoss())
  }

  /** How long the queue may be that we fill. */
  private queueMs(part = this.lossResponse.probeGain.part / PROBE_GAIN_MAX): number {
    const { linkBytesPerMs, minRttMs } = this
    return this.queue.keptMs({ rateBytesPerMs: this.rate.bytesPerMs, linkBytesPerMs, minRttMs, part })
  }

  // — Rounds —

  private beginRound(delivery: Delivery): void {
    this.roundEndsAtBytes = delivery.deliveredBytes
    const isWanted = this.scavenger?.handleRound(this.roundMinRttMs, this.minRttMs) ?? false
    if (isWanted && this.phase === 'startup') this.phase = 'drain'
    if (this.phase === 'startup') this.startup.learnLoss(this.segmentBytes)
    this.lossResponse.endRound(this.round)
    this.jitter.handleRound(this.roundMinRttMs, this.minRttMs)
    // A round of nothing but app-limited deliveries teaches nothing, and must not make what is known forgotten.
    if (delivery.isAppLimited) return
    this.round++
    this.rate.beginRound(this.isRoundShared())
  }

  /** Whether the queue was longer than we keep it all the time, or overflowed. */
  private isRoundShared(): boolean {
    const hasOverflowed = this.lossResponse.takeHasOverflowed()
    if (this.phase !== 'cruise') return false
    return hasOverflowed || this.roundMinRttMs > this.minRttMs + this.queueMs(1) + TIMER_GRANULARITY_MS
  }

  private checkFull({ isAppLimited }: Delivery): void {
    const rateBytesPerMs = this.rate.bytesPerMs
    if (isAppLimited || rateBytesPerMs === 0) return
    if (this.startup.isFull(rateBytesPerMs)) this.phase = 'drain'
  }

  // — Cycles of cruise —

  private enterCruise(nowMs: number): void {
    this.phase = 'cruise'
    this.cruiseAtMs = nowMs
    this.lossResponse.forgetCycle()
    this.cycle.begin(nowMs)
    this.enterCycleRound()
  }

  private advanceCycle({ nowMs, inFlightBytes }: Delivery): void {
    const { cycle, minRttMs } = this
    if (!cycle.isRoundOver(nowMs, minRttMs)) return
    if (this.cycleGain() < 1 && inFlightBytes > this.pipeBytes() && cycle.mayDrain(nowMs, minRttMs)) return
    this.lossResponse.judgeSwing(this.facts())
    cycle.advance(this.rate.bytesPerMs, nowMs)
    this.enterCycleRound()
    if (cycle.isUp) this.endCycle()
    this.update()
  }

  private enterCycleRound(): void {
    if (this.probeRtt.isOn) return
    this.askTag = this.cycle.isQuiet ? QUIET : BUSY
    if (!this.cycle.isQuiet) return
    this.loss.learn(this.loss.takeRound())
    this.jitter.endDrainedRound()
  }

  private endCycle(): void {
    this.queue.handleCycle(this.minRttMs)
    this.lossResponse.endCycle(this.segmentBytes)
    if (!this.cycle.endCycle(this.rate.bytesPerMs, this.scavenger === undefined)) return
    this.phase = 'startup'
    this.startup.begin(this.rate.bytesPerMs)
    this.askTag = BUSY
  }

  private cycleGain(): number {
    const { minRttMs, loss } = this
    const queueRtts = this.cycle.isDown ? this.queueMs() / minRttMs : 0
    return this.cycle.gain(this.lossResponse.probeGain.part, { queueRtts, loss: loss.ratio, minRttMs })
  }

  // — What the puller reads —

  /** Down by the window as well: what the pacer lets catch up would else outlast a short RTT. */
  private isStopping(): boolean {
    return this.phase === 'cruise' && this.cycle.isDown && this.minRttMs < PACING_SLACK_MS
  }

  /** Works out what the puller reads from what is known. */
  private update(): void {
    const floorBytes =
      this.segmentBytes * (this.segmentBytes === PATH_BYTES_WHOLE ? WINDOW_FRAMES_MIN : WINDOW_SEGMENTS_MIN)
    const pipeBytes = this.pipeBytes()
    if (pipeBytes === Number.POSITIVE_INFINITY) {
      this.askBytesPerMs = Number.POSITIVE_INFINITY
      this.quantumBytes = this.segmentBytes * WINDOW_SEGMENTS_MIN
      this.windowBytes = Math.max(floorBytes, this.firstBytes)
      this.askTag = BURST
      return
    }
    const rate = this.rate.bytesPerMs / (1 - this.madeUpLoss())
    const isStartup = this.phase === 'startup'
    const yieldedTo = this.scavenger?.part ?? 1
    const startupGain = this.startup.gain(this.rate.bytesPerMs)
    const gain = isStartup ? startupGain : this.phase === 'drain' ? 1 / STARTUP_GAIN : this.cycleGain()
    this.askBytesPerMs = Math.max(rate * gain * yieldedTo, floorBytes / Math.max(this.minRttMs, 1))
    const { minRttMs, segmentBytes } = this
    // Not where the queue is drained to see the path without it: a long burst is a queue.
    const isDraining = this.cycle.isDown || this.cycle.isQuiet
    const isCruise = this.phase === 'cruise'
    const isLossFree = isCruise && !isDraining && this.lossFreeRun.isLong(segmentBytes)
    const quantumBytes = quantumBytesAt(rate, {
      minRttMs,
      lossRatio: this.loss.ratio,
      segmentBytes,
      isLossFree,
      isCruise,
    })
    const spareBytes = Math.max(QUANTA_SPARE * quantumBytes, SPARE_SEGMENTS_MIN * this.segmentBytes)
    const filling = isStartup
      ? STARTUP_WINDOW_PART * startupGain * pipeBytes
      : pipeBytes + rate * this.queueMs()
    const wanted = this.isStopping() ? pipeBytes + spareBytes : Math.max(filling, pipeBytes + spareBytes)
    let windowBytes = isStartup ? wanted : wanted * this.lossResponse.probeGain.room
    // Where the path itself holds little, no more than the socket holds: there, the queue is the socket.
    if (this.segmentBytes === PATH_BYTES_WHOLE) windowBytes = Math.min(windowBytes, this.receiveBytesMax)
    if (isStartup && this.startup.train.bytesPerMs === 0 && windowBytes < this.firstBytes) {
      this.askBytesPerMs = Number.POSITIVE_INFINITY
      windowBytes = this.firstBytes
    } else if (this.askTag === BURST) {
      this.askTag = BUSY
    }
    windowBytes *= yieldedTo
    if (this.probeRtt.isOn)
      windowBytes = Math.min(windowBytes, PROBE_RTT_WINDOW_PART * this.rate.bytesPerMs * this.minRttMs)
    this.windowBytes = Math.max(floorBytes, windowBytes)
    this.quantumBytes = boundQuantum(quantumBytes, { segmentBytes, windowBytes: this.windowBytes })
  }
}
