// One chaos run from its beginning to the verdict. Called by scripts/chaos.ts.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../../harness/peers/wait.js'
import { SUPERUSER_NOTE } from '../../src/app/superuser.js'
import { formatBytes } from '../../src/cli/format.js'
import { SeededRandom } from '../../src/sim/random.js'
import { Faults } from './faults.js'
import { differencesOf, faultsOf, Reader, untidyOf } from './judge.js'
import { Copies } from './restore.js'
import { type Peer, Stage } from './stage.js'
import { Workload } from './workload.js'

export interface ChaosOptions {
  readonly seed: number
  readonly chaosMs: number
  readonly peerCount: number
  /** Shares are put back to older copies too. */
  readonly restores: boolean
  /** Empty, or with a folder B that is a small disk. */
  readonly folder: string
}

/** A process of LEFT takes no more, whatever happens. */
const MEMORY_BYTES_MAX = 300_000_000

/** How long the shares may take to be the same once all is calm. A change that no hint told of is found by a scan, and
 *  scans are 30 s apart. */
const CONVERGED_MS_MAX = 180_000

/** How long nothing may happen until it counts as rest, and how long rest is then watched: a scan is in it. */
const RESTING_MS = 4_000
const QUIET_MS = 35_000

/** A path whose MTU fell while the link misbehaved is probed again a minute later (RFC 8899, PMTU_RAISE), with datagrams of up to
 *  65,337 bytes, and a place that was refused is tried again after a minute: what happens in one watch may be that, and then
 *  the next one is quiet. */
const QUIET_WATCHES_MAX = 2

/** Traffic of pings and of repeated answers, each peer and second. */
const QUIET_BYTES_PER_S_MAX = 1_000

/** Part of a core that each peer may use at rest. */
const QUIET_CPU_MAX = 0.03

/** Bytes of large files that each peer makes. */
const LARGE_BYTES_MAX = 100_000_000

/** Answers what did not hold. */
export async function runChaos(options: ChaosOptions): Promise<string[]> {
  const { seed, peerCount, folder } = options
  const failures: string[] = []
  const startMs = performance.now()
  const say = (text: string) =>
    console.log(`${((performance.now() - startMs) / 1_000).toFixed(1).padStart(7)} s  ${text}`)
  const fail = (text: string) => {
    failures.push(text)
    say(`FAILED: ${text}`)
    stage?.history.note(`FAILED: ${text}`)
  }
  let stage: Stage | undefined
  const leave = () => {
    stage?.close()
    process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, leave)
  process.once('exit', () => stage?.close())
  stage = await Stage.open({ seed, peerCount, folder, onFailure: fail })
  const run = new Run(stage, { say, fail })
  try {
    await run.chaos(options)
    await run.judge()
  } catch (error) {
    fail((error as Error).stack ?? String(error))
  }
  stage.close()
  writeFileSync(join(folder, 'story'), stage.history.notes.join('\n'))
  for (const { runner } of stage.peers) {
    say(
      `${runner.name}: memory ${formatBytes(runner.memoryBytesMax)} at most, SIGINT took ${Math.round(runner.slowestStopMs)} ms at most`,
    )
    if (runner.memoryBytesMax > MEMORY_BYTES_MAX)
      failures.push(
        `a process of ${runner.name} took ${formatBytes(runner.memoryBytesMax)}, expected at most ${formatBytes(MEMORY_BYTES_MAX)}`,
      )
  }
  return failures
}

class Run {
  private readonly stage: Stage
  private readonly reader = new Reader()
  private readonly say: (text: string) => void
  private readonly fail: (text: string) => void

  constructor(stage: Stage, { say, fail }: { say: (text: string) => void; fail: (text: string) => void }) {
    this.stage = stage
    this.say = say
    this.fail = fail
  }

  async chaos({ seed, chaosMs, restores, folder }: ChaosOptions): Promise<void> {
    const { stage } = this
    const random = new SeededRandom(seed)
    const paths = Workload.drawPaths(random)
    for (const { runner } of stage.peers) if (random.chance(0.7)) runner.start()
    const copies = restores ? new Copies(stage, join(folder, 'copies')) : undefined
    const faults = new Faults(random.uint32(), stage, copies)
    const raging = faults.run()
    const endMs = performance.now() + chaosMs
    const living = stage.peers.map(async ({ person, runner }) => {
      const workload = new Workload(random.uint32(), paths, LARGE_BYTES_MAX)
      while (performance.now() < endMs) {
        await sleep(workload.pauseMs())
        if (performance.now() >= person.blindUntilMs) workload.next(person)
        runner.measure()
      }
    })
    await Promise.all(living)
    faults.stop()
    await raging
    for (const { person } of stage.peers) await person.finish()
    stage.history.note('calm')
    this.say(`calm after ${stage.history.madeCount} contents`)
  }

  async judge(): Promise<void> {
    const { stage } = this
    await this.converge()
    for (const fault of faultsOf(this.shares(), stage.history)) this.fail(fault)
    await this.rest()
    await this.startAgain()
  }

  private shares() {
    return this.stage.peers.map(({ runner }) => ({
      name: runner.name,
      snapshot: this.reader.read(runner.share),
      trash: this.reader.trash(runner.share),
    }))
  }

  private differences() {
    return differencesOf(this.shares(), this.stage.history)
  }

  /** Somebody at each peer confirms what is held there, as long as there is something: a share that holds deletions may look the same
   *  as the others, where they are behind a link. */
  private async converge(): Promise<void> {
    const calmMs = performance.now()
    let differences = this.differences()
    while (!(await this.confirmsNothing()) || differences.length > 0) {
      if (performance.now() - calmMs >= CONVERGED_MS_MAX) break
      await sleep(500)
      differences = this.differences()
    }
    this.say(
      differences.length === 0
        ? `the same after ${Math.round((performance.now() - calmMs) / 100) / 10} s`
        : 'not the same',
    )
    for (const { text, path, peers } of differences) {
      this.fail(`not the same after ${CONVERGED_MS_MAX / 1_000} s: ${text}`)
      this.tellProblems(path, peers)
    }
  }

  /** Answers whether nothing is held at any peer. */
  private async confirmsNothing(): Promise<boolean> {
    const { peers, history } = this.stage
    const answers = await Promise.all(peers.map(({ runner }) => runner.confirm()))
    for (const [index, { runner }] of peers.entries())
      if (answers[index] === 'held') history.note(`${runner.name} confirms what is held`)
    return answers.every((answer) => answer === 'nothing-held')
  }

  private tellProblems(path: string, names: readonly string[]): void {
    for (const { runner } of this.stage.peers) {
      if (!names.includes(runner.name)) continue
      for (const event of runner.events)
        if ((event.event === 'problem' || event.event === 'abandoned') && event.path === path)
          this.say(`  ${runner.name} said ${event.event}: ${event.reason}`)
    }
  }

  /** Nothing more crosses, and nobody has anything to do. */
  private async rest(): Promise<void> {
    const { stage } = this
    // Waits for announcements and path probes that are still on their way.
    for (let tries = 0; tries < 30; tries++) {
      const before = await stage.crossed()
      stage.acts = []
      await sleep(RESTING_MS)
      const after = await stage.crossed()
      const limit = (RESTING_MS / 1_000) * QUIET_BYTES_PER_S_MAX * stage.peers.length
      if (stage.acts.length === 0 && after.bytes - before.bytes <= limit) break
    }
    let bytesPerS = Number.POSITIVE_INFINITY
    let cpuBeforeMs: number[] = []
    const limitPerS = QUIET_BYTES_PER_S_MAX * stage.peers.length
    const isQuiet = () => bytesPerS <= limitPerS && stage.acts.length === 0
    for (let watches = 0; watches < QUIET_WATCHES_MAX && !isQuiet(); watches++) {
      stage.acts = []
      const before = await stage.crossed()
      cpuBeforeMs = stage.peers.map(({ runner }) => runner.cpuMs())
      await sleep(QUIET_MS)
      const { bytes } = await stage.crossed()
      bytesPerS = ((bytes - before.bytes) / QUIET_MS) * 1_000
    }
    if (bytesPerS > limitPerS)
      this.fail(
        `at rest ${formatBytes(bytesPerS)} a second crossed, expected at most ${QUIET_BYTES_PER_S_MAX} each peer`,
      )
    for (const act of stage.acts.slice(0, 5)) this.fail(`at rest ${act}`)
    stage.peers.forEach(({ runner }, index) => {
      const share = (runner.cpuMs() - cpuBeforeMs[index]!) / QUIET_MS
      if (share > QUIET_CPU_MAX)
        this.fail(
          `at rest ${runner.name} took ${(share * 100).toFixed(1)}% of a core, expected at most ${QUIET_CPU_MAX * 100}%`,
        )
    })
    this.say(
      `at rest: ${Math.round(bytesPerS)} bytes a second, ${cpuTexts(stage.peers, cpuBeforeMs).join(', ')} ms in ${QUIET_MS / 1_000} s`,
    )
  }

  /** All are stopped in order and started again: the log and the index must say that there is nothing to do. */
  private async startAgain(): Promise<void> {
    const { stage } = this
    for (const { runner } of stage.peers) await runner.stop()
    for (const { runner } of stage.peers)
      for (const text of untidyOf({ name: runner.name, folder: runner.share })) this.fail(text)
    const before = this.shares()
    stage.acts = []
    for (const { runner } of stage.peers) runner.start()
    const isInStep = ({ runner }: Peer) =>
      new Set(runner.events.flatMap((event) => (event.event === 'in-step' ? [event.address] : []))).size ===
      stage.peers.length - 1
    const endMs = performance.now() + 60_000
    while (!stage.peers.every(isInStep) && performance.now() < endMs) await sleep(100)
    for (const peer of stage.peers)
      if (!isInStep(peer)) this.fail(`${peer.runner.name} is not in step 60 s after it was started again`)
    await sleep(1_000)
    // A file that may not be put in place is tried again with every start, from the temporary file. Of two sessions that crossed,
    // as all begin at once, one takes the other's place.
    const expected = ['"event":"fetching"', '"reason":"it started again"']
    const acts = stage.acts.filter((act) => !expected.some((text) => act.includes(text)))
    for (const act of acts.slice(0, 5)) this.fail(`started again, with nothing to do, ${act}`)
    for (const { runner } of stage.peers)
      for (const event of runner.events)
        if (event.event === 'note' && event.message !== SUPERUSER_NOTE)
          this.fail(`started again, ${runner.name} notes: ${event.message}`)
    const after = this.shares()
    before.forEach(({ name, snapshot }, index) => {
      const was = JSON.stringify([...snapshot])
      if (JSON.stringify([...after[index]!.snapshot]) !== was)
        this.fail(`the share of ${name} changed with the start`)
    })
    for (const { runner } of stage.peers) await runner.stop()
    this.say('stopped, started again, stopped')
  }
}

function cpuTexts(peers: readonly Peer[], before: readonly number[]): string[] {
  return peers.map(({ runner }, index) => `${runner.name} ${runner.cpuMs() - before[index]!}`)
}
