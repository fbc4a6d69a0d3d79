// Constants of the measured window, by the file that reads them. Where BBR has the same figure its draft
// is named (draft-cardwell-iccrg-bbr-congestion-control-00; -02 for BBRv2). The others were measured:
// docs/decisions/window-terms.md has what each term moves.

import { assert } from '../../base/assert.js'
import { PATH_BYTES_WHOLE } from '../wire/limits.js'

// bbr-window.ts

/** Room for a whole block in datagrams of 1,232 bytes, a short list, and the last quantum of asking: of use a round
 *  trip sooner than most of a block is. RFC 6928 has ten segments; here a peer's address was proved, and what comes was
 *  asked for. */
export const WINDOW_BYTES_FIRST = 50 * 1_472
/** Over a path that is known to hold so much: a longer list too. */
export const WINDOW_BYTES_FIRST_MAX = 64 * 1_472
/** Segments of the smallest window. BBR's BBRMinPipeCwnd. */
export const WINDOW_SEGMENTS_MIN = 4
/** The same where a segment is a whole frame. */
export const WINDOW_FRAMES_MIN = 2
/** Room beyond the bandwidth-delay product, in quanta and in segments: what is asked for comes a quantum at a time. BBR has
 *  three quanta too. */
export const QUANTA_SPARE = 3
export const SPARE_SEGMENTS_MIN = 4
/** Part of the window while the least RTT is looked for. BBRv2's BBRProbeRTTCwndGain. */
export const PROBE_RTT_WINDOW_PART = 0.5
/** Probe timeouts in a row after which the path is taken for another one. */
export const TIMEOUTS_IN_ROW_MAX = 3

// startup.ts

/** 2 / ln 2: the least that doubles the rate every round. BBR's BBRHighGain. */
export const STARTUP_GAIN = 2.89
/** How much faster it may start while it is below TRAIN_PART of what bursts came at: a path that is shared gives
 *  bursts more than it has to spare. */
export const STARTUP_GAIN_MAX = 32
export const TRAIN_PART = 3 / 4
/** Part of what a round of startup asks for that may be in flight at once: more only overshoots further. */
export const STARTUP_WINDOW_PART = 0.83
/** Growth of the rate in a round below which it is flat, and flat rounds until the path is full. BBR's BBRCheckFullPipe. */
export const GROWTH_RATIO = 1.25
export const FLAT_ROUNDS_MAX = 3
/** Segments of a round that say something about the path's loss. */
export const STARTUP_LOSS_SEGMENTS_MIN = 128

// packet-train.ts

/** Bursts shorter than this say nothing over the grain of an event loop. */
export const TRAIN_SEGMENTS_MIN = 16
/** Askings this close to the first of a burst belong to it: a process that has just started takes milliseconds for a
 *  few requests. */
export const TRAIN_ASK_MS = 5
/** Added to the time that a burst took, for what arrives while the receiver is busy is read at once. */
export const TRAIN_GRAIN_MS = 0.25

// max-bandwidth.ts and sustained-rate.ts

/** Rounds of the maximum filter. BBR's BtlBwFilterLen. */
export const RATE_ROUNDS = 10
/** Rounds that count where the queue is longer than the one we keep, or overflows: other flows have come, and the rate from
 *  before is theirs by now. */
export const RATE_ROUNDS_SHARED = 4
/** The link is not taken to be faster than so many times what we get of it: a burst may tell too much. */
export const LINK_PART_MIN = 1 / 4
/** A rate is bounded by the one that lasted for at least half of this: segments that waited for a busy receiver come faster
 *  than any path carries it, for as long as a short RTT takes. */
export const SUSTAINED_MS = 12

// cruise-cycle.ts

/** Rounds of a cycle: one up, one down, and the rest level. BBR's cycle has eight. */
export const CYCLE_ROUNDS = 8
/** A round is an RTT, and no less than this where the queue is not to be empty: event loops would leave gaps. */
export const ROUND_MS_MIN = 5
/** How far down where the queue that we keep is long for the path, and how many RTTs it may take. */
export const PROBE_DOWN_MAX = 0.5
export const DOWN_RTTS_MAX = 3
/** Growth of the rate over a cycle that says there is more, and cycles of it in a row until startup finds out how much. */
export const REVIVAL_RATIO = 1.15
export const REVIVAL_CYCLES = 2
/** Level rounds ask less far ahead on a long path that is known to lose so much: what is lost frees a part of the window all the
 *  time, and what is asked for in its place is, over a round trip, to be no more than this much longer than the path. */
export const LOSSY = 0.05
export const LOSSY_LEVEL_MS = 10
export const LOSSY_LEVEL_GAIN_MIN = 0.1

// probe-gain.ts

/** Part of the rate by which more is asked for in the first round of a cycle, at most. BBR probes by 1/4. */
export const PROBE_GAIN_MAX = 0.25
/** The least that it shrinks to, of which a long path's round trip is to add no more than so long a queue, and never so little that
 *  more would not be found. */
export const PROBE_GAIN_LEAST = 0.0625
export const PROBE_GAIN_LEAST_QUEUE_MS = 2
export const PROBE_GAIN_MIN = 0.02
/** Growth each cycle, and where it last was too much; and what loss leaves of it, as of CUBIC's window (RFC 9438, 4.6). */
export const PROBE_GROWTH = 1.25
export const PROBE_NEAR_PART = 0.75
export const PROBE_GROWTH_NEAR = 1.05
export const PROBE_SHRINK = 0.7
/** Part of the computed window that is used where the least probe gain loses far too much. */
export const ROOM_MIN = 0.75
export const ROOM_SHRINK = 0.93
export const ROOM_GROWTH = 1.05
/** Loss beyond the path's that is blamed on the probe gain where a flow has a link of REFERENCE_BYTES_PER_MS to itself: more
 *  where the link is slower, for a packet is more of its queue, and more where a flow has less of it. BBRv2 bears 2%. */
export const EXCESS_MAX = 0.01
/** Loss beyond this much more, and this many times the doubt, is far too much: a window without room costs speed where
 *  it errs. */
export const FAR_EXCESS = 0.02
export const FAR_EXCESS_UNKNOWN = 0.1
export const FAR_DOUBTS = 3
/** Part of a loss that is borne and became less that is forgotten each cycle. */
export const BORNE_DECAY = 1 / 8

// loss-response.ts

/** Loss in one round of startup, beyond the path's own, that ends it, and segments of it that say so. BBRv2 ends it at 2%. */
export const EXCESS_LOSS_MAX = 0.15
export const EXCESS_SEGMENTS_MIN = 6
/** Standard deviations of a loss that may be chance, and the least loss by which they are reckoned. */
export const DOUBT_DEVIATIONS = 3
export const LOSS_FLOOR = 0.1
/** Rounds until less of a probe gain shows, and segments that say something about it. */
export const PROBE_FELT_ROUNDS = 2
export const PROBE_SEGMENTS_MIN = 200
/** Segments that found no queue, from which the path's loss is known. */
export const KNOWN_SEGMENTS_MIN = 30

// random-loss.ts

/** Loss beyond this is not believed: asking faster would only feed a queue. */
export const PATH_LOSS_MAX = 0.5
/** Weight that a round leaves to those before it. */
export const LOSS_MEMORY = 7 / 8
/** A segment that comes within this of the least RTT found no queue. Little, for on a long path a full queue may be
 *  little. */
export const EMPTY_RTT_RATIO = 1.02
/** A queue that was seen is taken to be gone only after so many times as long: what overflowed at its end is missed
 *  when what was asked for next comes, which is when the queue is gone. */
export const EMPTIED_AFTER = 2
/** Loss with half a window that confirms what was believed, as a part of it. */
export const CONFIRMED_PART = 0.7

// jitter.ts

/** Rounds that count, and that say something: what startup overshot may still be draining in the first. */
export const JITTER_ROUNDS = 4
export const JITTER_ROUNDS_MIN = 2
/** Where the least RTT of a drained round is above the path's by more than so many times the round's spread, a queue of
 *  others stands there. Jitter stands as well where packets keep their order: those that are late hold up all behind
 *  them, and the least RTT is that of a path at rest. */
export const STANDING_SPREADS = 2
/** A queue must once have been so many times as long as what is taken for none. Where it is full before, what it does to
 *  RTTs looks like jitter, and what it drops would be taken for the path's loss, made up for, and dropped all the more. */
export const LONGEST_QUEUE_RATIO = 2

// queue-target.ts

/** A link of 1 Gbit/s, which QUEUE_MS and EXCESS_MAX are for. Both are larger by this power of how much slower a link is. */
export const REFERENCE_BYTES_PER_MS = 125_000
export const SLOWNESS_POWER = 1 / 4
/** Enough that timers do not empty it at 1 Gbit/s. */
export const QUEUE_MS = 2
export const QUEUE_RTT_PART = 0.06
/** Power of a flow's share of the link: N flows keep the fourth root of N times as much as one. At 1, as FAST's, it
 *  would be N times as much; with SLOWNESS_POWER alone, to become equal would take them seconds. */
export const SHARE_POWER = 3 / 4
/** Part of a standing queue, which others must keep, that this flow keeps besides: else a TCP that fills all
 *  there is would leave us nothing. At 1, whatever we had we would keep. */
export const OTHERS_PART = 0.75
/** And as much as the longest silence of late, which is how long one of the two event loops was busy with something
 *  else: a queue of that length is what keeps the link at work meanwhile. */
export const SILENCE_MS_MAX = 10
export const SILENCE_RTT_PART_MAX = 0.5
export const SILENCE_WEIGHT = 1 / 4
/** With it all, delay under load stays below twice the RTT and 5 ms, the quanta of asking included. */
export const QUEUE_MS_OVER_RTT_MAX = 3
/** A flow in the background keeps so much of its own, and nothing because of others. */
export const BACKGROUND_PART = 1 / 4

// probe-rtt.ts

/** After so long without an RTT as low as the least, the window is halved for a while: where several flows keep a
 *  queue they come to do so together, and all see the path without it. BBRv2's ProbeRTTInterval is 5 s. */
export const MIN_RTT_PROBE_AFTER_MS = 4_000
/** What three tries do not find is no more. */
export const MIN_RTT_MS_MAX_AGE = 3.5 * MIN_RTT_PROBE_AFTER_MS
/** How long it stays halved; BBR's ProbeRTTDuration is 200 ms. */
export const TOGETHER_RTTS = 10
export const TOGETHER_MS_MIN = 20
export const TOGETHER_MS_MAX = 200
export const PROBE_RTTS = 3
/** A path's loss above this is looked at again with half a window, soon at first and ever more rarely: where several
 *  flows fill a queue without end, nothing else tells what overflows from what the path loses. Half a window for a while costs more
 *  than a little loss. */
export const DOUBTED_LOSS_MIN = 0.12
/** Round trips until all that was asked for with half a window has come or is called lost. */
export const JUDGE_RTTS = 2
export const LOSS_TRUST_MS_MIN = 1_000
export const LOSS_TRUST_MS_MAX = 32_000

// quantum.ts

/** Most that is asked for at once: what the timers of an event loop can keep apart. */
export const QUANTUM_MS_MAX = 1
/** Where a request that is lost leaves a gap, or what it brings is long for the path's queue. */
export const QUANTUM_MS_MIN = 1 / 4
/** Where so many requests are lost that what comes is as uneven as a short queue is long. */
export const QUANTUM_MS_MIN_LOSSY = 1 / 8
export const QUANTUM_RTT_PART = 1 / 8
export const QUANTUM_SEGMENTS_MIN = 2
/** Asking costs both sides as much as a dozen segments: where several sources share a fast link, a request brings so
 *  many, though each of them be slow enough for less. */
export const QUANTUM_SEGMENTS_WORTH = 16
/** The same where nothing was lost for long: a third fewer requests over a veth pair (bench:cost). */
export const QUANTUM_SEGMENTS_LOSS_FREE = 180
/** Segments in a row without a loss that say so; twice as many each time that a loss follows, for the queue may be shorter than
 *  such a request brings. */
export const LOSS_FREE_SEGMENTS_FIRST = 2_000
export const LOSS_FREE_SEGMENTS_MAX = 64_000
/** Where requests are lost, so many segments if they take no longer than this part of the round trip: a slow long path has a queue
 *  for them, and two at a time cost both ends many times what the bytes do. */
export const QUANTUM_SEGMENTS_LOSSY = 8
export const LOSSY_RTT_PART = 1 / 64
export const QUANTUM_BYTES_MAX = 16 * PATH_BYTES_WHOLE
/** Loss from which requests are kept small, and smaller still. */
export const SMALL_REQUEST_LOSS = 0.002
export const SMALLER_REQUEST_LOSS = 0.25

// scavenger.ts

/** Target delay. Flows that are not in the background keep more (QUEUE_MS, QUEUE_RTT_PART). RFC 6817 has 100 ms at most, which a
 *  flow beside us would hardly ever make. */
export const SCAVENGER_TARGET_MS = 2
export const SCAVENGER_TARGET_RTT_PART = 0.03
/** What a round with a queue leaves of the window, and what a round without gives back, as LEDBAT++ has them in kind. */
export const SCAVENGER_SHRINK = 0.5
export const SCAVENGER_STEP = 1 / 16
export const SCAVENGER_PART_MIN = 1 / 64

assert(PROBE_GAIN_MIN < PROBE_GAIN_LEAST && PROBE_GAIN_LEAST < PROBE_GAIN_MAX)
assert(RATE_ROUNDS_SHARED < RATE_ROUNDS)
assert(JITTER_ROUNDS_MIN <= JITTER_ROUNDS)
assert(SCAVENGER_TARGET_MS <= QUEUE_MS && SCAVENGER_TARGET_RTT_PART < QUEUE_RTT_PART)
