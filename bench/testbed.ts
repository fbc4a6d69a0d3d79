// A testbed between two hosts, for real programs: two network namespaces joined by the link emulator (linkem.c) or by a
// pair of the kernel's own devices, where root and a compiler are there; else the lossy relay on loopback, which only
// UDP that knows of it can take. Every bench over a link opens one.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freeEndpoints } from '../harness/peers/endpoints.js'
import type { Sandbox } from '../harness/peers/sandbox.js'
import { start as startRelay } from '../harness/relay/lossy-relay.js'
import type { HostPort } from '../src/io/net/address.js'
import type { Link } from './links.js'

const LINKEM_SOURCE = fileURLToPath(new URL('linkem.c', import.meta.url))
const PORT = 22_001
const MTU_BYTES = 1_500
/** In both namespaces of a testbed. */
const LINK_DEVICE = 'link0'
const QUEUE_BYTES_MIN = 256 * 1_024

/** One end of the link: a network namespace, or loopback behind the relay. */
export interface TestbedHost {
  /** Undefined behind the relay: then a program runs in the namespace of the bench. */
  readonly namespace: string | undefined
  /** The address and port that a program binds. */
  readonly endpoint: HostPort
  /** As the other host knows it. */
  readonly address: string
}

/** Packets from the source to the sink since the testbed was opened. */
export interface Crossed {
  /** Sent by the source, or 0 where packets are not counted one by one. */
  readonly packets: number
  /** With IP and UDP headers. */
  readonly bytes: number
  /** Lost by the link itself, and dropped by its full queue. */
  readonly lostPackets: number
  readonly droppedPackets: number
}

export interface Testbed {
  readonly kind: 'linkem' | 'veth' | 'relay'
  readonly source: TestbedHost
  readonly sink: TestbedHost
  crossed(): Promise<Crossed>
  close(): void
}

export type Means =
  | { readonly kind: 'namespaces'; readonly linkem: string }
  | { readonly kind: 'relay'; readonly why: string }

let namespaceCount = 0

/** Compiles the emulator where this machine can have namespaces; else says why not. */
export function findMeans(sandbox: Sandbox): Means {
  if (process.platform !== 'linux') return { kind: 'relay', why: 'network namespaces are Linux’s' }
  if (process.getuid?.() !== 0) return { kind: 'relay', why: 'namespaces need root' }
  if (!existsSync('/dev/net/tun')) return { kind: 'relay', why: '/dev/net/tun is missing' }
  const linkem = sandbox.path('linkem')
  const compiled = spawnSync('cc', ['-O2', '-pthread', '-o', linkem, LINKEM_SOURCE], { stdio: 'ignore' })
  if (compiled.status !== 0) return { kind: 'relay', why: 'cc, a C compiler, is missing or fails' }
  if (spawnSync('ip', ['netns', 'list'], { stdio: 'ignore' }).status !== 0)
    return { kind: 'relay', why: 'ip, of iproute2, is missing or fails' }
  return { kind: 'namespaces', linkem }
}

/** The sandbox closes the testbed at the latest. */
export async function openTestbed(sandbox: Sandbox, means: Means, link: Link): Promise<Testbed> {
  if (means.kind === 'relay') return openRelay(link)
  const namespaces = [addNamespace(sandbox), addNamespace(sandbox)] as const
  if (link.isVeth) return openVeth(namespaces)
  const emulator = await openEmulator(sandbox, means.linkem, link, namespaces)
  return {
    kind: 'linkem',
    source: testbedHost(namespaces[0].name, '10.77.0.1'),
    sink: testbedHost(namespaces[1].name, '10.77.0.2'),
    crossed: () => emulator.crossed(),
    close() {
      emulator.killNow()
      for (const namespace of namespaces) namespace.killNow()
    },
  }
}

export interface Namespace {
  readonly name: string
  killNow(): void
}

/** Its name is unique to this process. */
export function addNamespace(sandbox: Sandbox): Namespace {
  const name = `leftbench-${process.pid}-${namespaceCount++}`
  execFileSync('ip', ['netns', 'add', name])
  let isThere = true
  return sandbox.adopt({
    name,
    killNow() {
      if (!isThere) return
      isThere = false
      killAllIn(name)
      execFileSync('ip', ['netns', 'del', name])
    },
  })
}

/** A server's sessions have process groups of their own, and would wait for ever on a link that is gone. */
function killAllIn(namespace: string): void {
  for (const pid of String(execFileSync('ip', ['netns', 'pids', namespace])).split('\n')) {
    if (pid === '') continue
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // The process ended meanwhile.
    }
  }
}

export interface Emulator {
  crossed(): Promise<Crossed>
  killNow(): void
}

/** `subnet` N has 10.77.N.1 in the first namespace and 10.77.N.2 in the second. */
export async function openEmulator(
  sandbox: Sandbox,
  linkem: string,
  { rateMbit = 0, rttMs, loss, queueBytes }: Pick<Link, 'rateMbit' | 'rttMs' | 'loss' | 'queueBytes'>,
  namespaces: readonly [Namespace, Namespace],
  subnet = 0,
): Promise<Emulator> {
  const figures = { rate: rateMbit, delay: rttMs / 2, loss, subnet, mtu: MTU_BYTES, seed: 1 + namespaceCount }
  const options = Object.entries(figures).flatMap(([name, value]) => [`--${name}`, String(value)])
  if (queueBytes !== undefined) options.push('--queue', String(queueBytes))
  const child = spawn(linkem, [...options, ...namespaces.map(({ name }) => name)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  sandbox.adopt({ killNow: () => child.kill('SIGKILL') })
  const lines = createInterface({ input: child.stdout! })
  const [word] = await nextLine(lines, child)
  if (word !== 'ready') throw new Error(`linkem said ${word}`)
  for (const { name } of namespaces) silenceIpv6(name, `link${subnet}`)
  return {
    async crossed() {
      const line = nextLine(lines, child)
      child.kill('SIGUSR1')
      const { a_to_b: there } = JSON.parse((await line)[0])
      return {
        packets: there.packets_in,
        bytes: there.bytes_in,
        lostPackets: there.lost,
        droppedPackets: there.queue_drops,
      }
    },
    killNow: () => child.kill('SIGKILL'),
  }
}

/** Without an address of its own IPv6 does not ask around, and every packet on the link is one of ours. */
export function silenceIpv6(namespace: string, device: string): void {
  execFileSync('ip', ['-n', namespace, 'link', 'set', device, 'addrgenmode', 'none'])
  execFileSync('ip', ['-n', namespace, '-6', 'addr', 'flush', 'dev', device])
}

async function nextLine(lines: Interface, child: ChildProcess): Promise<[string]> {
  const waiting = new AbortController()
  const { signal } = waiting
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`linkem ended with ${code}`)
  })
  // Whichever does not come is not waited for any more.
  ended.catch(() => {})
  try {
    return await Promise.race([once(lines, 'line', { signal }) as Promise<[string]>, ended])
  } finally {
    waiting.abort()
  }
}

function openVeth(namespaces: readonly [Namespace, Namespace]): Testbed {
  const [source, sink] = namespaces
  const ip = (...words: string[]) => execFileSync('ip', words)
  ip(
    'link',
    'add',
    'link0',
    'netns',
    source.name,
    'type',
    'veth',
    'peer',
    'name',
    'link0',
    'netns',
    sink.name,
  )
  for (const [index, { name }] of namespaces.entries()) {
    ip('-n', name, 'link', 'set', 'lo', 'up')
    ip('-n', name, 'link', 'set', 'link0', 'up')
    ip('-n', name, 'addr', 'add', `10.77.0.${index + 1}/24`, 'dev', 'link0')
    silenceIpv6(name, 'link0')
  }
  return {
    kind: 'veth',
    source: testbedHost(source.name, '10.77.0.1'),
    sink: testbedHost(sink.name, '10.77.0.2'),
    async crossed() {
      return crossedBy(source.name, 'link0')
    },
    close() {
      for (const namespace of namespaces) namespace.killNow()
    },
  }
}

/** Traffic that a kernel's device has sent. Packets are not counted: those that the kernel merged would count as one.
 */
export function crossedBy(namespace: string, device: string): Crossed {
  const [{ stats64 }] = JSON.parse(
    String(execFileSync('ip', ['-n', namespace, '-s', '-j', 'link', 'show', device])),
  )
  return { packets: 0, bytes: stats64.tx.bytes, lostPackets: 0, droppedPackets: 0 }
}

/** Bytes that both hosts have sent since the testbed was opened, with headers; between namespaces alone. Of what the kernel's own
 *  devices carry in one piece, the headers count once. */
export function sentBytes({ source, sink }: Testbed): number {
  return [source, sink].reduce((sum, { namespace }) => sum + crossedBy(namespace!, LINK_DEVICE).bytes, 0)
}

export function testbedHost(namespace: string, host: string): TestbedHost {
  return { namespace, endpoint: { host, port: PORT }, address: host }
}

async function openRelay({ rateMbit, rttMs, loss, queueBytes }: Link): Promise<Testbed> {
  const endpoints = await freeEndpoints(2)
  const real = endpoints.map(({ host, port }) => `${host}:${port}`)
  const standIns = ['127.0.1.1', '127.0.1.2'].map((host) => `${host}:${endpoints[0]!.port}`)
  const bdpBytes = ((rateMbit ?? 0) * 1e6 * rttMs) / 8_000
  const relay = await startRelay({
    peers: real.map((address, index) => ({ real: address, standIn: standIns[index]! })),
    seed: 1,
    loss,
    delayMs: rttMs / 2,
    datagramBytesMax: MTU_BYTES - 28,
    queueBytes: queueBytes ?? Math.max(QUEUE_BYTES_MIN, 2 * bdpBytes),
    ...(rateMbit === undefined ? {} : { rateBytesPerS: (rateMbit * 1e6) / 8 }),
  })
  return {
    kind: 'relay',
    source: { namespace: undefined, endpoint: endpoints[0]!, address: standIns[0]! },
    sink: { namespace: undefined, endpoint: endpoints[1]!, address: standIns[1]! },
    async crossed() {
      const { received, receivedBytes, lost, queueDropped } = relay.counters(real[0]!, real[1]!)
      return {
        packets: received,
        bytes: receivedBytes + 28 * received,
        lostPackets: lost,
        droppedPackets: queueDropped,
      }
    },
    close: () => void relay.close(),
  }
}
