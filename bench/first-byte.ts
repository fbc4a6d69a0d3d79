// How soon after the handshake's first datagram the first block of a file is on the disk; for bench:fair.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeContent } from '../harness/peers/content.js'
import type { Peer } from '../harness/peers/peer.js'
import type { Sandbox } from '../harness/peers/sandbox.js'
import { sleep } from '../harness/peers/wait.js'
import { Flow } from './flows.js'
import type { Testbed } from './testbed.js'

const WAIT_MS_MAX = 60_000
const LOOK_MS = 1
/** Bytes that cross before, so that the peers that stay know the path. */
const BEFORE_BYTES = 16 << 20

/** Two processes that lost their link and gave each other up, or two that were started while there was none. */
export type StartKind = 'resumed' | 'fresh'

/** Since the first datagram: when the sink's session was open, and when a block was on its disk. */
export interface Start {
  readonly firstAsker: 'source' | 'sink'
  readonly connectedMs: number
  readonly firstBlockMs: number
}

/** Two peers that have had a transfer lose their way to each other; meanwhile a file appears. Then it is back: from the
 *  first UDP datagram that either of them gets out, which is a hello, to the first block that the sink has written, into
 *  its folder for what is being built. Who is where on the link is known all the time: no ARP is measured. */
export class StartWatch {
  private readonly flow: Flow
  private readonly source: Peer
  private readonly sink: Peer
  private readonly seen = { gone: 0, scanned: 0, received: 0, announced: 0 }
  private connectedAtMs: number | undefined

  constructor(
    sandbox: Sandbox,
    private readonly testbed: Testbed,
    private readonly options: { readonly kind: StartKind; readonly fileBytes: number },
    name = 'one',
  ) {
    this.flow = new Flow(sandbox, testbed, name)
    const { group } = this.flow
    this.source = group.source
    this.sink = group.sinks[0]!
    const { seen } = this
    group.listen((event, peer) => {
      if (event.event === 'connected' && peer === this.sink) this.connectedAtMs = performance.now()
      if (event.event === 'disconnected') seen.gone++
      if (event.event === 'scanned') seen.scanned++
      if (event.event === 'received') seen.received++
      if (event.event === 'changed') seen.announced++
    })
  }

  /** All up to the moment when the way is back. */
  async ready(): Promise<void> {
    const { flow, source, sink, seen, testbed } = this
    const { group } = flow
    await flow.ready(this.options.fileBytes)
    const before = join(source.share, 'before.bin')
    await writeContent(before, before, BEFORE_BYTES)
    await group.until('the path to be known', () => seen.received > 0)
    const peers = [source, sink]
    if (this.options.kind === 'fresh') for (const peer of peers) await peer.stop()
    seen.gone = 0
    setWay(testbed, 'cut')
    if (this.options.kind === 'fresh') {
      seen.scanned = 0
      for (const peer of peers) peer.start()
      await group.until('both to have read their shares', () => seen.scanned >= 2)
    } else {
      await group.until('both to give up', () => seen.gone >= 2)
    }
    const announced = seen.announced
    flow.begin()
    await group.until('the source to see the file', () => seen.announced > announced)
    mkdirSync(join(sink.share, '.left', 'tmp'), { recursive: true })
  }

  async watch(): Promise<Start> {
    const { source, sink, seen } = this
    this.connectedAtMs = undefined
    const sentBefore = { source: sentDatagrams(source), sink: sentDatagrams(sink) }
    setWay(this.testbed, 'open')
    const hasSent = (peer: 'source' | 'sink') =>
      sentDatagrams(peer === 'source' ? source : sink) > sentBefore[peer]
    const beganAtMs = await watchFor('the first datagram', () => hasSent('source') || hasSent('sink'))
    const firstAsker = hasSent('source') ? 'source' : 'sink'
    const building = join(sink.share, '.left', 'tmp')
    const firstBlockAtMs = await watchFor(
      'the first block',
      () => isSomethingIn(building) || seen.received > 1,
    )
    await this.flow.group.until('its session to be told', () => this.connectedAtMs !== undefined)
    return {
      firstAsker,
      connectedMs: this.connectedAtMs! - beganAtMs,
      firstBlockMs: firstBlockAtMs - beganAtMs,
    }
  }

  async close(): Promise<void> {
    setWay(this.testbed, 'open')
    await this.flow.close()
  }
}

/** Packets have no route while it is cut; the link itself and what is known of the neighbour stay. */
function setWay({ source, sink }: Testbed, state: 'cut' | 'open'): void {
  for (const [own, other] of [
    [source, sink],
    [sink, source],
  ] as const) {
    const ip = (...words: string[]) =>
      execFileSync('ip', ['-n', own.namespace!, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
    if (state === 'cut') ip('route', 'replace', 'unreachable', `${other.endpoint.host}/32`)
    else ip('route', 'flush', 'type', 'unreachable')
  }
}

function sentDatagrams({ pid }: Peer): number {
  // proc(5), RFC 4113: UDP datagrams sent from the network namespace of the process; OutDatagrams is the fourth figure.
  const lines = readFileSync(`/proc/${pid}/net/snmp`, 'latin1').matchAll(/^Udp: (\d.*)$/gm)
  for (const [, figures] of lines) return Number(figures!.split(' ')[3])
  throw new Error('the kernel does not tell how many datagrams were sent')
}

function isSomethingIn(folder: string): boolean {
  try {
    return readdirSync(folder, { withFileTypes: true }).some(
      (entry) => entry.isFile() && statSync(join(folder, entry.name)).blocks > 0,
    )
  } catch {
    return false // The file was moved meanwhile.
  }
}

/** Looks a thousand times a second, both for what begins and for what ends it: whoever looked all the time would take a
 *  processor from those that are watched. Answers when it came about. */
async function watchFor(what: string, isSo: () => boolean): Promise<number> {
  const endMs = performance.now() + WAIT_MS_MAX
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`waited for ${what}`)
    await sleep(LOOK_MS)
  }
  return performance.now()
}
