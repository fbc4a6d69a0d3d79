// Two peers on one machine that keep one folder the same, over the loopback, for benches that change many files at once: makes
// the files, waits until both are in step, and reads what a change cost. The loopback counts the bytes on the wire: run such a
// bench in a network namespace of its own, so that nothing else crosses it (`unshare -n sh -c 'ip link set lo up; …'`).

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { endpointText, freeEndpoints } from '../harness/peers/endpoints.js'
import { Peer, PROGRAM, waitForPeers } from '../harness/peers/peer.js'
import type { Sandbox } from '../harness/peers/sandbox.js'
import type { PeerEvent } from '../src/app/events.js'
import { formatFigure } from './table.js'
import { memoryOf, resetPeaks, usageOfProcesses } from './usage.js'

export const FILES_PER_FOLDER = 500
const POLL_MS = 10
const PHASE_MS_MAX = 1_800_000
export const PROCESSES = ['A engine', 'A watcher', 'B engine', 'B watcher'] as const

/** Costs of one phase; an array has one figure for each of PROCESSES. */
export interface PhaseCost {
  readonly seconds: number
  readonly cpuSeconds: readonly number[]
  readonly peaksMb: readonly number[]
  readonly wireBytes: number
}

export class LoopbackPair {
  readonly a: Peer
  readonly b: Peer
  /** Events of B. */
  onEventOfB: (event: PeerEvent) => void = () => {}
  private readonly config: string
  /** Files of which each was last said to be in step, or the peer behind it. */
  private readonly filesInStep = new Map<Peer, number>()

  private constructor(sandbox: Sandbox, [a, b]: readonly [Peer, Peer], config: string) {
    this.a = sandbox.adopt(a)
    this.b = sandbox.adopt(b)
    this.config = config
    for (const peer of this.peers)
      peer.onEvent = (event) => {
        if (event.event === 'in-step' && event.equal) this.filesInStep.set(peer, event.files)
        if (peer === b) this.onEventOfB(event)
      }
  }

  static async open(sandbox: Sandbox, options: readonly string[] = []): Promise<LoopbackPair> {
    const endpoints = await freeEndpoints(2)
    const config = sandbox.path('config')
    const peers = endpoints.map((endpoint, index) => {
      const name = 'AB'[index]!
      const share = sandbox.path(name)
      mkdirSync(share, { recursive: true })
      const others = [endpointText(endpoints[1 - index]!)]
      return new Peer({ name, endpoint, share, others, config, options })
    })
    return new LoopbackPair(sandbox, peers as [Peer, Peer], config)
  }

  get peers(): readonly [Peer, Peer] {
    return [this.a, this.b]
  }

  /** Runs what begins a phase, waits for its end, and answers what it cost. */
  async measure(
    what: string,
    begin: () => Promise<void> | void,
    isDone: () => boolean,
    pollMs = POLL_MS,
  ): Promise<PhaseCost> {
    this.filesInStep.clear()
    for (const { pid } of this.peers) if (pid !== undefined) resetPeaks(pid)
    const pids = this.peers.map(({ pid }) => pid)
    const before = { pids, cpu: this.cpuSeconds(), wireBytes: loopbackBytes() }
    const beganMs = performance.now()
    await begin()
    await waitForPeers(this.peers, what, isDone, { timeoutMs: PHASE_MS_MAX, pollMs })
    const seconds = (performance.now() - beganMs) / 1_000
    const after = this.cpuSeconds()
    // Processes that were started meanwhile began with nothing.
    const isSame = before.pids.every((pid, index) => pid === this.peers[index]!.pid)
    const cpuSeconds = after.map((cpu, index) => (isSame ? cpu - before.cpu[index]! : cpu))
    const memory = this.peers.flatMap(({ pid }) => (pid === undefined ? [] : memoryOf(pid)))
    const peaksMb = memory.map(({ peakBytes }) => peakBytes / 1e6)
    return { seconds, cpuSeconds, peaksMb, wireBytes: loopbackBytes() - before.wireBytes }
  }

  /** Whether both have said, since the phase began, that they are in step with so many files. */
  isInStep(files: number): boolean {
    return this.peers.every((peer) => this.filesInStep.get(peer) === files)
  }

  /** A command of `left` for the share of a peer, which is running. */
  command(peer: Peer, ...words: readonly string[]): string {
    const env = {
      ...process.env,
      XDG_CONFIG_HOME: this.config,
      XDG_STATE_HOME: join(this.config, 'state'),
    }
    return String(execFileSync(process.execPath, [PROGRAM, ...words, '--share', peer.share], { env }))
  }

  async stop(): Promise<void> {
    for (const peer of this.peers) if (peer.isRunning) await peer.stop()
  }

  private cpuSeconds(): number[] {
    return this.peers.flatMap(({ pid }) => (pid === undefined ? [] : usageOfProcesses(pid)))
  }
}

/** Small files, each unlike the others. Answers their paths below the folder. */
export function makeFiles(folder: string, count: number, perFolder = FILES_PER_FOLDER): string[] {
  return Array.from({ length: count }, (_, file) => {
    const below = `${Math.floor(file / perFolder)}`
    if (file % perFolder === 0) mkdirSync(join(folder, below), { recursive: true })
    const path = join(below, `file-${file}`)
    writeFileSync(join(folder, path), `${file} `.repeat(20))
    return path
  })
}

/** Cells of a table: seconds, bytes on the wire, and CPU and memory of each process. */
export function cellsOf({ seconds, wireBytes, cpuSeconds, peaksMb }: PhaseCost): string[] {
  const each = cpuSeconds.map((cpu, index) => `${formatFigure(cpu, 1)} / ${formatFigure(peaksMb[index], 0)}`)
  return [formatFigure(seconds, 1), formatFigure(wireBytes / 1e6, 2), ...each]
}

function loopbackBytes(): number {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((each) => each.includes('lo:'))
  return Number(line?.trim().split(/[\s:]+/)[1])
}
