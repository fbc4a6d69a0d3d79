// A star of real links: a source and several sinks, each with a link of its own to one bridge, all of the kernel's own
// devices with a token bucket at each end. For bench:many, whose question is what becomes of the source's uplink.

import { execFileSync } from 'node:child_process'
import type { Sandbox } from '../harness/peers/sandbox.js'
import type { GroupTestbed } from './left.js'
import { addNamespace, crossedBy, silenceIpv6, testbedHost } from './testbed.js'

const DEVICE = 'link0'
/** Bytes that a link may send in one go, and the longest delay of its queue. */
const BURST_BYTES = 32 * 1_024
const QUEUE_MS = 10

export interface StarTopology extends GroupTestbed {
  close(): void
}

/** Needs namespaces, and tc with the token bucket filter (sch_tbf). */
export function openStarTopology(
  sandbox: Sandbox,
  {
    rateMbit,
    sinkCount,
    lastRateMbit = rateMbit,
  }: {
    rateMbit: number
    sinkCount: number
    /** Rate of the last sink's link. */
    lastRateMbit?: number
  },
): StarTopology {
  const hub = addNamespace(sandbox)
  const points = Array.from({ length: 1 + sinkCount }, () => addNamespace(sandbox))
  inside(hub.name, 'link', 'add', 'hub', 'type', 'bridge')
  silenceIpv6(hub.name, 'hub')
  inside(hub.name, 'link', 'set', 'hub', 'up')
  for (const [index, { name }] of points.entries()) {
    const port = `port${index}`
    const pair = ['type', 'veth', 'peer', 'name', port, 'netns', hub.name]
    execFileSync('ip', ['link', 'add', DEVICE, 'netns', name, ...pair])
    inside(hub.name, 'link', 'set', port, 'master', 'hub')
    inside(name, 'addr', 'add', `${hostOf(index)}/24`, 'dev', DEVICE)
    inside(name, 'link', 'set', 'lo', 'up')
    for (const [namespace, device] of [
      [hub.name, port],
      [name, DEVICE],
    ] as const) {
      silenceIpv6(namespace, device)
      inside(namespace, 'link', 'set', device, 'up')
      limitRate(namespace, device, index === sinkCount ? lastRateMbit : rateMbit)
    }
  }
  return {
    source: testbedHost(points[0]!.name, hostOf(0)),
    sinks: points.slice(1).map(({ name }, index) => testbedHost(name, hostOf(index + 1))),
    crossed: async () => crossedBy(points[0]!.name, DEVICE),
    close() {
      for (const namespace of [hub, ...points]) namespace.killNow()
    },
  }
}

function hostOf(index: number): string {
  return `10.77.0.${index + 1}`
}

function inside(namespace: string, ...words: string[]): void {
  execFileSync('ip', ['-n', namespace, ...words])
}

function limitRate(namespace: string, device: string, rateMbit: number): void {
  const bucket = ['rate', `${rateMbit}mbit`, 'burst', String(BURST_BYTES), 'latency', `${QUEUE_MS}ms`]
  execFileSync('tc', ['-n', namespace, 'qdisc', 'add', 'dev', device, 'root', 'tbf', ...bucket])
}
