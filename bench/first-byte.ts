// How soon after the handshake's first packet the first byte is on the disk; for bench:fair.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Workshop } from '../scripts/peers/workshop.js'
import { Flow } from './flows.js'
import type { LeftGroup } from './left.js'
import type { Road } from './road.js'

const WAIT_MS_MAX = 60_000

/** Since the first packet: when the sink had a session, when it had the file's digest list, when a byte was on the disk. */
export interface Start {
  readonly connectedMs: number
  readonly fetchingMs: number
  readonly firstByteMs: number
}

/** Two peers that know each other lose their link until they give each other up; meanwhile a file appears. Then the link
 *  is back: from the first packet of either to the first byte in the sink's folder for what is being built. */
export async function watchStart(workshop: Workshop, road: Road, fileBytes: number): Promise<Start> {
  const flow = new Flow(workshop, road, 'one')
  const { group } = flow
  const sink = group.sinks[0]!
  try {
    await flow.ready(fileBytes)
    let gone = 0
    let isAnnounced = false
    let connectedAtMs = Number.NaN
    let fetchingAtMs = Number.NaN
    group.listen((event, peer) => {
      if (event.event === 'connected' && peer === sink) connectedAtMs = performance.now()
      if (event.event === 'fetching') fetchingAtMs = performance.now()
      if (event.event === 'disconnected') gone++
      if (event.event === 'changed') isAnnounced = true
    })
    setLink(road, 'down')
    await group.until('both to give up', () => gone >= 2)
    flow.begin()
    await group.until('the source to see the file', () => isAnnounced)
    const before = sentPackets(group)
    setLink(road, 'up')
    const firstPacketAtMs = await watchFor('the first packet', () => sentPackets(group) > before)
    const building = join(sink.share, '.left', 'tmp')
    mkdirSync(building, { recursive: true })
    const firstByteAtMs = await watchFor(
      'the first byte',
      () => isSomethingIn(building) || isSomethingIn(sink.share),
    )
    return {
      connectedMs: connectedAtMs - firstPacketAtMs,
      fetchingMs: fetchingAtMs - firstPacketAtMs,
      firstByteMs: firstByteAtMs - firstPacketAtMs,
    }
  } finally {
    await flow.close()
  }
}

function setLink(road: Road, state: 'up' | 'down'): void {
  for (const { namespace } of [road.source, road.sink]) {
    execFileSync('ip', ['-n', namespace!, 'link', 'set', 'link0', state])
  }
}

function sentPackets({ pids }: LeftGroup): number {
  // proc(5): the network devices that the process sees; packets sent are the tenth figure.
  return pids.reduce((sum, pid) => {
    const line = /link0:(.*)/.exec(readFileSync(`/proc/${pid}/net/dev`, 'latin1'))?.[1]
    return sum + Number(line?.trim().split(/\s+/)[9] ?? 0)
  }, 0)
}

function isSomethingIn(folder: string): boolean {
  try {
    return readdirSync(folder, { withFileTypes: true }).some(
      (entry) => entry.isFile() && statSync(join(folder, entry.name)).blocks > 0,
    )
  } catch {
    return false // It was moved meanwhile.
  }
}

/** Looks all the time; answers when it came about. */
async function watchFor(what: string, isSo: () => boolean): Promise<number> {
  const endMs = performance.now() + WAIT_MS_MAX
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`waited for ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return performance.now()
}
