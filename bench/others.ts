// The programs that LEFT is measured beside: rsync's daemon, a plain TCP stream of Node, and udx-native, which is
// reliable UDP for Node. All move the same file (or folder) from the source's host to the sink's.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Sandbox } from '../harness/peers/sandbox.js'
import { sleep } from '../harness/peers/wait.js'
import type { HostPort } from '../src/io/net/address.js'
import type { Testbed, TestbedHost } from './testbed.js'
import { crossedBetween, type Job, type Transfer } from './transfer.js'
import { endedCpuSeconds, usageOf, usageOfProcesses } from './usage.js'

const PORT = 8_730
const STREAM = fileURLToPath(new URL('stream.ts', import.meta.url))
const TRANSFER_MS_MAX = 60_000
/** The last packet of a connection may be lost several times. */
const SESSION_END_MS_MAX = 5_000

/** The congestion control that TCP uses on this testbed alone. */
export type Congestion = 'bbr' | 'cubic'

export function setCongestion(testbed: Testbed, congestion: Congestion): void {
  for (const { namespace, endpoint } of [testbed.source, testbed.sink]) {
    const subnet = endpoint.host.replace(/\.\d+$/, '.0/24')
    const route = ['-n', namespace!, 'route', 'change', subnet, 'dev', 'link0', 'src', endpoint.host]
    execFileSync('ip', [...route, 'congctl', congestion])
  }
}

export function hasRsync(): boolean {
  try {
    execFileSync('rsync', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export function hasUdx(): boolean {
  try {
    createRequire(import.meta.url).resolve('udx-native')
    return true
  } catch {
    return false
  }
}

/** The daemon runs already. `prior` is what the sink has of the file. */
export async function transferWithRsync(
  sandbox: Sandbox,
  testbed: Testbed,
  job: Job,
  prior?: string,
): Promise<Transfer> {
  const folder = sandbox.path('rsync')
  const sinkFolder = join(folder, 'sink')
  mkdirSync(sinkFolder, { recursive: true })
  if (prior !== undefined) copyFileSync(prior, join(sinkFolder, basename(job.source)))
  const daemon = await startRsyncDaemon(sandbox, testbed, { folder, shared: dirname(job.source) })
  try {
    const crossed = await testbed.crossed()
    const { seconds, cpuSeconds } = await pull(sandbox, testbed, daemon, [
      'rsync',
      '-a',
      rsyncAddress(testbed, job),
      `${sinkFolder}/`,
    ])
    const crossedAfter = await testbed.crossed()
    await job.check(join(sinkFolder, basename(job.source)))
    return {
      bytes: job.bytes,
      seconds,
      wholeSeconds: seconds,
      cpuSeconds,
      peakRssBytes: 0,
      peaks: [],
      crossed: crossedBetween(crossed, crossedAfter),
    }
  } finally {
    await stop(daemon)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Serves what is in `shared` on the source's host; its own files are in `folder`. */
export async function startRsyncDaemon(
  sandbox: Sandbox,
  testbed: Testbed,
  { folder, shared }: { readonly folder: string; readonly shared: string },
): Promise<ChildProcess> {
  const config = join(folder, 'rsyncd.conf')
  writeFileSync(
    config,
    `use chroot = no\nuid = root\ngid = root\n[source]\npath = ${shared}\nread only = yes\n`,
  )
  const { host } = testbed.source.endpoint
  const words = ['--daemon', '--no-detach', `--config=${config}`, `--address=${host}`, `--port=${PORT}`]
  const daemon = spawnAt(testbed.source, sandbox, ['rsync', ...words])
  await untilListening(testbed.source, { host, port: PORT })
  return daemon
}

/** Address of the job's file or folder, for a client of the daemon. */
export function rsyncAddress({ source }: Testbed, job: Job): string {
  return `rsync://${source.endpoint.host}:${PORT}/source/${basename(job.source)}`
}

/** Runs a client of a server on the source's host, from its start until its end. Processor time is that of all processes of
 *  both ends. */
export async function pull(
  sandbox: Sandbox,
  testbed: Testbed,
  server: ChildProcess,
  words: readonly string[],
): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  const before = usageOf([server.pid!])
  const endedBefore = endedCpuSeconds()
  const beganAtMs = performance.now()
  const client = spawnAt(testbed.sink, sandbox, words)
  const code = await ended(client)
  killGroup(client)
  const seconds = (performance.now() - beganAtMs) / 1_000
  if (code !== 0) throw new Error(`${words[0]} ended with ${code ?? 'a signal'}`)
  await untilAlone(server.pid!)
  const cpuSeconds = usageOf([server.pid!]).cpuSeconds - before.cpuSeconds + endedCpuSeconds() - endedBefore
  return { seconds, cpuSeconds }
}

/** A session that ends while times are read would be in none of them. One that stays counts as it is. */
async function untilAlone(pid: number): Promise<void> {
  const endMs = performance.now() + SESSION_END_MS_MAX
  while (usageOfProcesses(pid).length > 1 && performance.now() < endMs) await sleep(20)
}

export async function stop(child: ChildProcess): Promise<void> {
  killGroup(child)
  await ended(child)
}

/** Both processes run; the time is from the sink's first word until the file is written and closed. */
export async function transferWithStream(
  sandbox: Sandbox,
  testbed: Testbed,
  job: Job,
  kind: 'tcp' | 'udx',
): Promise<Transfer> {
  const copy = sandbox.path('stream-copy')
  const program = (role: string, file: string) => [
    process.execPath,
    '--import',
    'tsx',
    STREAM,
    kind,
    role,
    testbed.source.endpoint.host,
    testbed.sink.endpoint.host,
    String(PORT),
    file,
  ]
  const source = spawnAt(testbed.source, sandbox, program('source', job.source))
  const sink = spawnAt(testbed.sink, sandbox, program('sink', copy))
  const heard = [source, sink].map((child) => listenTo(child))
  try {
    await Promise.all(heard.map((next) => next()))
    const pids = [source.pid!, sink.pid!]
    const crossed = await testbed.crossed()
    const before = usageOf(pids)
    const beganAtMs = performance.now()
    sink.stdin!.write('go\n')
    await heard[1]!()
    const seconds = (performance.now() - beganAtMs) / 1_000
    const after = usageOf(pids)
    const crossedAfter = await testbed.crossed()
    await job.check(copy)
    return {
      bytes: job.bytes,
      seconds,
      wholeSeconds: seconds,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      peakRssBytes: after.peakRssBytes,
      peaks: after.peaks,
      crossed: crossedBetween(crossed, crossedAfter),
    }
  } finally {
    for (const child of [source, sink]) killGroup(child)
    await Promise.all([ended(source), ended(sink)])
    rmSync(copy, { force: true })
  }
}

/** In the host's namespace; killed with the sandbox. */
export function spawnAt(
  host: TestbedHost,
  sandbox: Sandbox,
  [command, ...args]: readonly string[],
): ChildProcess {
  const { namespace } = host
  const [first, ...rest] =
    namespace === undefined ? [command!, ...args] : ['ip', 'netns', 'exec', namespace, command!, ...args]
  // A daemon of rsync takes a socket at its standard input, which is what a pipe of Node is, for its one client.
  const stdin = command === 'rsync' ? 'ignore' : 'pipe'
  const child = spawn(first!, rest, { stdio: [stdin, 'pipe', 'inherit'], detached: true })
  sandbox.adopt({ killNow: () => killGroup(child) })
  return child
}

/** With its children, of which rsync has some. */
export function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // They were gone already.
  }
}

/** Answers a function that waits for the next line; it throws when the child ends, or is silent for too long. */
export function listenTo(child: ChildProcess): () => Promise<string> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return async () => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no end after ${TRANSFER_MS_MAX / 1_000} s`)),
        TRANSFER_MS_MAX,
      )
    })
    try {
      const { value, done } = await Promise.race([lines.next(), late])
      if (done) throw new Error(`${child.spawnargs.at(-1)} ended early`)
      return value
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Its exit code; killed where it takes too long. */
export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const timer = setTimeout(() => killGroup(child), TRANSFER_MS_MAX)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(timer)
  return code
}

/** Asks from inside the namespace, because a daemon says nothing when it is ready. */
export async function untilListening({ namespace }: TestbedHost, { host, port }: HostPort): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (namespace === undefined) {
      if (await accepts(host, port)) return
    } else {
      const listening = String(execFileSync('ip', ['netns', 'exec', namespace, 'cat', '/proc/net/tcp']))
      if (listening.includes(`:${port.toString(16).toUpperCase()} 00000000:0000 0A`)) return
    }
    await sleep(20)
  }
  throw new Error(`nobody listens at ${host}:${port}`)
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
