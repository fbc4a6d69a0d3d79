// The window that measures itself: BBR's model of a path (Cardwell et al., "BBR: Congestion-Based Congestion
// Control", 2016), kept by the receiver. What the path delivers and how long it takes at least are its two
// figures; the window is their product and a short queue.
//
//              rate grew < 25% in 3 rounds, in 2 where a            in flight
//              queue stands, or a queue overflows                  ≤ rate × RTT
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
// In level rounds it is the window that holds asking back: the queue is as long as it is kept at all times, so that
// stalls of either end do not empty it, and it is drained for no longer than it takes to see the path without it.
//
// It departs from BBR in five places. Loss that is there when the queue is empty is the path's own: asking goes faster
// by as much (pathloss.ts). Loss that is there only with a queue shortens the one that is kept (swing.ts), and far
// beyond that bounds the window until it has stayed away for a while. How long a queue is kept depends on the rate,
// which makes flows equal (queue.ts). Startup asks nearly as fast as its bursts came before a round trip of rates is
// known (train.ts).

import { PACING_SLACK_MS, PATH_BYTES_WHOLE, TIMER_GRANULARITY_MS } from './limits.js'
import { SustainedRate } from './meter.js'
import { type LossRound, PathLoss } from './pathloss.js'
import { KeptQueue } from './queue.js'
import { SWING_MAX, Swing } from './swing.js'
import { TrainMeter } from './train.js'
import type { Delivery, WindowOptions, WindowPolicy } from './window.js'
import { Yielding } from './yielding.js'

const STARTUP_GAIN = 2.89 // 2 / ln 2: the least that doubles the rate every round
/** How much faster it may start while it is below this part of what bursts came at: a path that is shared gives
 *  bursts more than it has to spare. */
const STARTUP_GAIN_MAX = 32
const TRAIN_PART = 3 / 4
/** Of what a round of startup asks for, what may be in flight at once: more only overshoots further. */
const STARTUP_WINDOW_PART = 0.83
/** Rounds of a cycle: one up, one down, and the rest level. */
const CYCLE_ROUNDS = 8
/** A round is an RTT, and no less than this where the queue is not to be empty: event loops would leave gaps. */
const ROUND_MS_MIN = 5
/** How far down where the queue that we keep is long for the path, and how many RTTs it may take. */
const SWING_DOWN_MAX = 0.5
/** Rounds until less of a swing shows, and segments that say something about it. */
const SWING_FELT_ROUNDS = 2
const SWING_SEGMENTS_MIN = 200
const DOWN_RTTS_MAX = 3
const RATE_ROUNDS = 10
const GROWTH_RATIO = 1.25
const FLAT_ROUNDS_MAX = 3
/** The same where every segment of the round found a queue: so much over the least RTT. */
const FLAT_ROUNDS_QUEUED_MAX = 2
const QUEUED_RTT_RATIO = 1.5
const QUEUED_MS = 5 // which a server that opens its file takes as well
/** After so long without an RTT as low as the least, the window is halved for a while: where several flows keep a
 *  queue they come to do so together, and all see the path without it. What three tries do not find is no more. */
const MIN_RTT_PROBE_AFTER_MS = 4_000
const MIN_RTT_MS_MAX_AGE = 3.5 * MIN_RTT_PROBE_AFTER_MS
const TOGETHER_RTTS = 10
const TOGETHER_MS_MIN = 20
const TOGETHER_MS_MAX = 200
const PROBE_RTTS = 3
/** A path's loss above this is looked at again with half a window, soon at first and ever more rarely: where several
 *  flows fill a queue without end, nothing else tells what overflows from what the path loses. */
const DOUBTED_LOSS_MIN = 0.12 // half a window for a while costs more than a little loss
const JUDGE_RTTS = 2
const LOSS_TRUST_MS_MIN = 1_000
const LOSS_TRUST_MS_MAX = 32_000

/** Room for a whole block in datagrams of 1,232 bytes, a short list, and the last quantum of asking: of use a round trip
 *  sooner than most of a block is. RFC 6928 has ten segments; here a peer's address was proved, and what comes was asked for. */
const WINDOW_BYTES_FIRST = 50 * 1_472
/** Over a path that is known to hold so much: a longer list too. */
const WINDOW_BYTES_FIRST_MAX = 64 * 1_472
const WINDOW_SEGMENTS_MIN = 4
const QUANTUM_MS_MAX = 1 // what the timers of an event loop can keep apart
/** Where a request that is lost leaves a gap, or what it brings is long for the path's queue. */
const QUANTUM_MS_MIN = 1 / 4
const QUANTUM_RTT_PART = 1 / 8
const QUANTUM_SEGMENTS_MIN = 2
const QUANTUM_BYTES_MAX = 16 * PATH_BYTES_WHOLE
const QUANTA_SPARE = 3
const SPARE_SEGMENTS_MIN = 4

/** Loss in one round, beyond the path's own, that is called congestion. */
const EXCESS_LOSS_MAX = 0.15
const EXCESS_SEGMENTS_MIN = 6
const DOUBT_DEVIATIONS = 3
const LOSS_FLOOR = 0.1
const QUIET_SEGMENTS_MIN = 30
const BOUND_SHRINK = 0.85
/** By how much the bound grows with each cycle that it is not needed, in all. */
const BOUND_GROWTH_STEP = 0.25
const BOUND_GROWTH_MAX = 2
/** Growth of the rate over a cycle that says there is more, and cycles of it in a row until startup finds out how much. */
const REVIVAL_RATIO = 1.15
const REVIVAL_CYCLES = 2
/** Rounds of the cycle: in the first more is asked for, in this one the queue is drained, in the next it is empty. */
const DOWN_INDEX = 1
const QUIET_INDEX = 2
/** In the others asking is faster than the path, until the window is full: what is kept in the queue is kept at all
 *  times, and an estimate of the loss that is too low does not make the rate fall from round to round. */
const LEVEL_GAIN = SWING_MAX
/** Loss from which requests are kept small, because each that is lost leaves a gap. */
const SMALL_REQUEST_LOSS = 0.002

/** What becomes of requests of each kind is told apart: BURST is what a startup asks for before it can pace. */
const BURST = 3
const PROBED = 2
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
  private readonly queue: KeptQueue
  /** Of a flow in the background. */
  private readonly yielding: Yielding | undefined
  private readonly receiveBytesMax: number

  // The path's two figures.
  private readonly rateByRound = new Float64Array(RATE_ROUNDS)
  private rateBytesPerMs = 0
  private readonly sustained = new SustainedRate()
  private readonly train = new TrainMeter()
  private minRttMs = Number.POSITIVE_INFINITY
  private minRttAtMs = 0
  private isProbing = false
  private probeUntilMs = Number.NEGATIVE_INFINITY
  private judgeAtMs = Number.POSITIVE_INFINITY
  /** How long the path's loss is believed until it is seen again with half a window. */
  private lossTrustMs = LOSS_TRUST_MS_MIN

  // Rounds: one round trip of what was asked for.
  private round = 0
  private roundEndsAtBytes = 0
  private roundLostBytes = 0
  private roundDeliveredBytes = 0
  private roundMinRttMs = Number.POSITIVE_INFINITY
  private lastRttMs = 0

  private fullRate = 0
  private flatRounds = 0
  private cruiseRound = 0
  private cruiseAtMs = 0
  private cycleIndex = QUIET_INDEX
  private cycleAtMs = 0
  private cycleLostBytes = 0
  private cycleDeliveredBytes = 0
  private readonly swing = new Swing()
  private swingFeltRound = 0

  /** The window while nothing is known. */
  private readonly firstBytes: number
  private readonly loss = new PathLoss()
  /** Of the startup's last round: believed once the next one was still faster. */
  private startupRound: LossRound | undefined
  private boundBytes = Number.POSITIVE_INFINITY
  private cyclesSinceExcess = 0
  /** The rate when the cycle began, and how many cycles in a row it grew. */
  private cycleRate = 0
  private growingCycles = 0

  constructor(options: WindowOptions) {
    this.segmentBytes = options.pathBytes
    this.firstBytes = Math.max(WINDOW_BYTES_FIRST, Math.min(WINDOW_BYTES_FIRST_MAX, options.heldBytes ?? 0))
    this.queue = new KeptQueue(options.isBackground)
    this.yielding = options.isBackground ? new Yielding() : undefined
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
    if (delivery.tag === PROBED) this.loss.probed.deliveredBytes += delivery.bytes
    const isCounted = this.isLearningFrom(delivery.tag)
    this.loss.handleDelivered(delivery, { minRttMs: this.minRttMs, isCounted })
    this.queue.handleDelivered(delivery.isAppLimited, delivery.nowMs)
    if (delivery.tag === BURST)
      this.train.handleDelivered(delivery.bytes, delivery.nowMs - delivery.rttMs, delivery.nowMs)
    const isNewRound = delivery.deliveredBytesAtAsk >= this.roundEndsAtBytes
    if (isNewRound) this.beginRound(delivery)
    const isBetter = this.takeRate(delivery)
    const isFresh = this.takeRtt(delivery)
    const phase = this.phase
    if (delivery.nowMs >= this.judgeAtMs) this.judgeProbe()
    if (this.isProbing && delivery.nowMs >= this.probeUntilMs) this.endProbe()
    else if (this.phase === 'cruise' && delivery.nowMs >= this.doubtLossAtMs())
      this.beginProbe(delivery.nowMs, 0)
    if (isNewRound && phase === 'startup') this.checkFull(delivery)
    if (isNewRound) this.roundMinRttMs = Number.POSITIVE_INFINITY
    if (this.phase === 'drain' && delivery.inFlightBytes <= this.pipeBytes()) this.enterCruise(delivery.nowMs)
    if (this.phase === 'cruise') this.advanceCycle(delivery)
    if (isNewRound || isBetter || isFresh || phase !== this.phase) this.update()
  }

  handleLost(bytes: number, tag: number): void {
    this.roundLostBytes += bytes
    if (tag === PROBED) this.loss.probed.lostBytes += bytes
    if (this.isLearningFrom(tag)) this.loss.handleLost(bytes)
    if (this.phase !== 'startup' || !this.isOverflowing()) return
    // Startup overshoots by design; every further datagram of it is lost as well.
    this.phase = 'drain'
    this.update()
  }

  handleFound(bytes: number, tag: number): void {
    this.roundLostBytes = Math.max(0, this.roundLostBytes - bytes)
    if (tag === PROBED) this.loss.probed.lostBytes -= bytes
    if (this.isLearningFrom(tag)) this.loss.handleFound(bytes)
  }

  handleTimedOut(inRow: number): void {
    if (inRow < 3) return
    // The path is gone or another one: begin anew, carefully, and keep nothing of what it was.
    this.rateByRound.fill(0)
    this.rateBytesPerMs = 0
    this.minRttMs = Number.POSITIVE_INFINITY
    this.train.reset()
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

  /** What is in flight when the path is just full. */
  private pipeBytes(): number {
    if (this.rateBytesPerMs === 0 || this.minRttMs === Number.POSITIVE_INFINITY)
      return Number.POSITIVE_INFINITY
    return (this.rateBytesPerMs * this.minRttMs) / (1 - this.loss.ratio)
  }

  private takeRate(delivery: Delivery): boolean {
    const sustained = this.sustained.handleDelivered(delivery.deliveredBytes, delivery.nowMs)
    const isBounded = this.phase !== 'startup' && delivery.rateBytesPerMs > sustained
    const rate = isBounded ? sustained : delivery.rateBytesPerMs
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
    this.lastRttMs = rttMs
    this.roundMinRttMs = Math.min(this.roundMinRttMs, rttMs)
    this.queue.handleRtt(rttMs)
    if (rttMs < this.minRttMs) {
      const isFirst = this.minRttMs === Number.POSITIVE_INFINITY && delivery.leastRttMs > 0
      // Whoever comes late to a queue would take it for the path, and more than the others of it.
      this.minRttMs = isFirst ? Math.min(rttMs, delivery.leastRttMs) : rttMs
      this.minRttAtMs = nowMs
      return true
    }
    // As good as the least there was: the queue was empty.
    if (rttMs < this.minRttMs * 1.02 + TIMER_GRANULARITY_MS / 2) this.minRttAtMs = nowMs
    if (nowMs - Math.max(this.minRttAtMs, this.probeUntilMs) < MIN_RTT_PROBE_AFTER_MS) return false
    if (nowMs - this.minRttAtMs > MIN_RTT_MS_MAX_AGE) {
      this.minRttMs = rttMs
      this.minRttAtMs = nowMs
    }
    this.beginProbe(
      nowMs,
      Math.min(TOGETHER_MS_MAX, Math.max(TOGETHER_MS_MIN, TOGETHER_RTTS * this.minRttMs)),
    )
    return true
  }

  /** Half a window for a while. */
  private beginProbe(nowMs: number, leastMs: number): void {
    this.isProbing = true
    this.probeUntilMs = nowMs + Math.max(leastMs, PROBE_RTTS * this.minRttMs)
    this.askTag = PROBED
  }

  private endProbe(): void {
    this.isProbing = false
    // What was asked for until now comes, or is called lost, within the next round trips.
    this.judgeAtMs =
      this.probeUntilMs + JUDGE_RTTS * Math.max(this.minRttMs, this.lastRttMs) + TIMER_GRANULARITY_MS
    this.askTag = BUSY
    this.update()
  }

  private judgeProbe(): void {
    this.judgeAtMs = Number.POSITIVE_INFINITY
    const isConfirmed = this.loss.handleProbed(QUIET_SEGMENTS_MIN * this.segmentBytes)
    this.lossTrustMs = isConfirmed ? Math.min(LOSS_TRUST_MS_MAX, 2 * this.lossTrustMs) : LOSS_TRUST_MS_MIN
    this.update()
  }

  /** When to see whether loss is less with half a window, and so is not the path's own. */
  private doubtLossAtMs(): number {
    const isDoubtful = !this.isProbing && this.loss.ratio > DOUBTED_LOSS_MIN
    return isDoubtful
      ? Math.max(this.probeUntilMs, this.cruiseAtMs) + this.lossTrustMs
      : Number.POSITIVE_INFINITY
  }

  private beginRound(delivery: Delivery): void {
    this.roundEndsAtBytes = delivery.deliveredBytes
    this.checkExcess(delivery)
    const isWanted = this.yielding?.handleRound(this.roundMinRttMs, this.minRttMs) ?? false
    if (isWanted && this.phase === 'startup') this.phase = 'drain'
    if (this.phase === 'startup') this.learnStartupLoss()
    if (this.round < this.swingFeltRound) this.cycleLostBytes = this.cycleDeliveredBytes = 0
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

  /** While a startup's rate grows, after a queue was drained, and with half a window. */
  private isLearningFrom(tag: number): boolean {
    return this.phase === 'startup' || tag !== BUSY
  }

  /** While the rate grows from round to round the queue is empty, and what is lost is the path's own. */
  private learnStartupLoss(): void {
    if (this.flatRounds > 0) return
    if (this.startupRound !== undefined) this.loss.learn(this.startupRound)
    this.startupRound = this.loss.takeRound()
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
    return this.roundLostBytes / total > this.loss.ratio + EXCESS_LOSS_MAX + this.lossDoubt(total, LOSS_FLOOR)
  }

  /** Losses come in bursts, so that little of a round says nothing; and a queue that overflows makes one wait. */
  private isOverflowing(): boolean {
    if (this.roundLostBytes + this.roundDeliveredBytes < this.pipeBytes() / 2) return false
    return this.lastRttMs > this.minRttMs + TIMER_GRANULARITY_MS && this.isExcess()
  }

  /** How far the loss of so many bytes may be from the path's by chance. Everything may be chance while the path's
   *  loss is not known. */
  private lossDoubt(bytes: number, lossMin: number): number {
    if (!this.isLossKnown()) return 1
    const loss = Math.max(lossMin, this.loss.ratio)
    return DOUBT_DEVIATIONS * this.lossDeviation(loss, Math.min(bytes, this.loss.knownBytes))
  }

  private isLossKnown(): boolean {
    return this.loss.knownBytes >= QUIET_SEGMENTS_MIN * this.segmentBytes
  }

  /** Requests are lost whole, so it is they that count. */
  private lossDeviation(loss: number, bytes: number): number {
    return Math.sqrt((loss * (1 - loss) * this.quantumBytes) / bytes)
  }

  private checkFull(delivery: Delivery): void {
    if (delivery.isAppLimited || this.rateBytesPerMs === 0) return
    if (this.rateBytesPerMs >= this.fullRate * GROWTH_RATIO) {
      this.fullRate = this.rateBytesPerMs
      this.flatRounds = 0
      return
    }
    const isQueued = this.roundMinRttMs > QUEUED_RTT_RATIO * this.minRttMs + QUEUED_MS
    if (++this.flatRounds >= (isQueued ? FLAT_ROUNDS_QUEUED_MAX : FLAT_ROUNDS_MAX)) this.phase = 'drain'
  }

  private enterCruise(nowMs: number): void {
    this.phase = 'cruise'
    this.cruiseRound = this.round
    this.cruiseAtMs = nowMs
    this.cycleLostBytes = this.cycleDeliveredBytes = 0
    this.enterCycle(QUIET_INDEX, nowMs)
  }

  private advanceCycle(delivery: Delivery): void {
    const elapsedMs = delivery.nowMs - this.cycleAtMs
    const gain = this.cycleGain()
    // Up: until the queue that it makes would show. Down: until that queue is gone. RTT each, at least.
    const isShort = this.cycleIndex === DOWN_INDEX || this.cycleIndex === QUIET_INDEX
    if (elapsedMs < (isShort ? this.minRttMs : Math.max(this.minRttMs, ROUND_MS_MIN))) return
    if (gain < 1 && delivery.inFlightBytes > this.pipeBytes() && elapsedMs < DOWN_RTTS_MAX * this.minRttMs)
      return
    const hasClimbed = this.cycleIndex === QUIET_INDEX && this.rateBytesPerMs > this.cycleRate * REVIVAL_RATIO
    this.setSwing()
    this.enterCycle(hasClimbed ? 0 : (this.cycleIndex + 1) % CYCLE_ROUNDS, delivery.nowMs)
    if (this.cycleIndex === 0) this.endCycle()
    this.update()
  }

  private endCycle(): void {
    this.queue.handleCycle(this.minRttMs)
    this.cyclesSinceExcess++
    this.swing.handleCycle()
    this.cycleLostBytes = this.cycleDeliveredBytes = 0
    this.boundBytes *= Math.min(BOUND_GROWTH_MAX, 1 + BOUND_GROWTH_STEP * this.cyclesSinceExcess)
    const hasGrown = this.cycleRate > 0 && this.rateBytesPerMs > this.cycleRate * REVIVAL_RATIO
    this.growingCycles = hasGrown ? this.growingCycles + 1 : 0
    this.cycleRate = this.rateBytesPerMs
    if (this.growingCycles < REVIVAL_CYCLES || this.yielding !== undefined) return
    this.growingCycles = 0
    this.phase = 'startup'
    this.fullRate = this.rateBytesPerMs
    this.flatRounds = 0
    this.startupRound = undefined
    this.askTag = BUSY
  }

  private startupGain(): number {
    const towardsTrain = (TRAIN_PART * this.train.bytesPerMs) / this.rateBytesPerMs
    return Math.max(STARTUP_GAIN, Math.min(STARTUP_GAIN_MAX, towardsTrain))
  }

  private cycleGain(): number {
    if (this.cycleIndex === 0) return 1 + this.swing.part
    if (this.cycleIndex > QUIET_INDEX) return 1 + LEVEL_GAIN
    if (this.cycleIndex === QUIET_INDEX) return 1
    return 1 - Math.max(this.swing.part, Math.min(SWING_DOWN_MAX, this.queueMs() / this.minRttMs))
  }

  /** Down by the window as well: what the pacer lets catch up would else outlast a short RTT. */
  private isStopping(): boolean {
    return this.phase === 'cruise' && this.cycleIndex === DOWN_INDEX && this.minRttMs < PACING_SLACK_MS
  }

  private quantumMs(): number {
    if (this.loss.ratio > SMALL_REQUEST_LOSS) return QUANTUM_MS_MIN
    return Math.min(QUANTUM_MS_MAX, Math.max(QUANTUM_MS_MIN, QUANTUM_RTT_PART * this.minRttMs))
  }

  /** How long the queue may be that we fill. */
  private queueMs(): number {
    const { rateBytesPerMs, minRttMs } = this
    return this.queue.keptMs({ rateBytesPerMs, minRttMs, part: this.swing.part / SWING_MAX })
  }

  /** A loss is known of in the round after it, so what comes until then after a shrinking was sent before it. */
  private setSwing(): void {
    const { cycleLostBytes: lostBytes, cycleDeliveredBytes: deliveredBytes, rateBytesPerMs } = this
    const totalBytes = lostBytes + deliveredBytes
    if (this.round < this.swingFeltRound || totalBytes < SWING_SEGMENTS_MIN * this.segmentBytes) return
    // A queue that never empties keeps the path's loss unknown, and must be shortened all the same.
    const saidByBytes = this.isLossKnown() ? Math.min(totalBytes, this.loss.knownBytes) : totalBytes
    const doubt = this.lossDeviation(this.loss.ratio, saidByBytes)
    const facts = { lostBytes, deliveredBytes, pathLoss: this.loss.ratio, doubt, rateBytesPerMs }
    if (this.swing.handleRound(facts)) this.swingFeltRound = this.round + SWING_FELT_ROUNDS
  }

  private enterCycle(index: number, nowMs: number): void {
    this.cycleIndex = index
    this.cycleAtMs = nowMs
    if (this.isProbing) return
    this.askTag = index === QUIET_INDEX ? QUIET : BUSY
    if (index === QUIET_INDEX) this.loss.learn(this.loss.takeRound())
  }

  /** Works out what the puller reads from what is known. */
  private update(): void {
    const floorBytes = this.segmentBytes * (this.segmentBytes === PATH_BYTES_WHOLE ? 2 : WINDOW_SEGMENTS_MIN)
    const pipeBytes = this.pipeBytes()
    if (pipeBytes === Number.POSITIVE_INFINITY) {
      this.askBytesPerMs = Number.POSITIVE_INFINITY
      this.quantumBytes = this.segmentBytes * WINDOW_SEGMENTS_MIN
      this.windowBytes = Math.max(floorBytes, this.firstBytes)
      this.askTag = BURST
      return
    }
    const rate = this.rateBytesPerMs / (1 - this.loss.ratio)
    const isStartup = this.phase === 'startup'
    const yieldedTo = this.yielding?.part ?? 1
    const startupGain = this.startupGain()
    const gain = isStartup ? startupGain : this.phase === 'drain' ? 1 / STARTUP_GAIN : this.cycleGain()
    this.askBytesPerMs = Math.max(rate * gain * yieldedTo, floorBytes / Math.max(this.minRttMs, 1))
    const quantumBytes = Math.min(QUANTUM_BYTES_MAX, rate * this.quantumMs())
    const spareBytes = Math.max(QUANTA_SPARE * quantumBytes, SPARE_SEGMENTS_MIN * this.segmentBytes)
    const filling = isStartup
      ? STARTUP_WINDOW_PART * startupGain * pipeBytes
      : pipeBytes + rate * this.queueMs()
    const wanted = this.isStopping() ? pipeBytes + spareBytes : Math.max(filling, pipeBytes + spareBytes)
    let windowBytes = Math.min(wanted, this.boundBytes)
    // Where the path itself holds little, no more than the socket holds: there, the queue is the socket.
    if (this.segmentBytes === PATH_BYTES_WHOLE) windowBytes = Math.min(windowBytes, this.receiveBytesMax)
    if (isStartup && this.train.bytesPerMs === 0 && windowBytes < this.firstBytes) {
      this.askBytesPerMs = Number.POSITIVE_INFINITY
      windowBytes = this.firstBytes
    } else if (this.askTag === BURST) {
      this.askTag = BUSY
    }
    windowBytes *= yieldedTo
    if (this.isProbing) windowBytes = Math.min(windowBytes, 0.5 * this.rateBytesPerMs * this.minRttMs)
    this.windowBytes = Math.max(floorBytes, windowBytes)
    this.quantumBytes = Math.max(
      Math.min(QUANTUM_SEGMENTS_MIN * this.segmentBytes, this.windowBytes / 2),
      Math.min(quantumBytes, this.windowBytes / 4),
    )
  }
}
