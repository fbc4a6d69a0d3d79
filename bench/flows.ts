// Flows over a link while bench:fair measures: a transfer by LEFT whose throughput series is kept, and the flows of
// flow.ts.

import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeContent } from '../harness/peers/content.js'
import type { Sandbox } from '../harness/peers/sandbox.js'
import { LeftGroup, timeOf } from './left.js'
import { killGroup, listenTo, spawnAt } from './others.js'
import type { Testbed } from './testbed.js'
import type { Point } from './throughput-series.js'

const FLOW = fileURLToPath(new URL('flow.ts', import.meta.url))
const PORT = 8_740

/** A transfer by LEFT whose throughput series is kept. */
export class Flow {
  readonly series: Point[] = []
  beganAtMs = 0
  endedAtMs = 0
  readonly group: LeftGroup
  private readonly file: string

  constructor(
    sandbox: Sandbox,
    testbed: Testbed,
    name: string,
    portOffset = 0,
    words: readonly string[] = [],
  ) {
    this.file = sandbox.path('flows', `${name}.bin`)
    this.group = new LeftGroup({
      sandbox,
      source: testbed.source,
      sinks: [testbed.sink],
      options: words,
      name,
      portOffset,
    })
    this.group.listen((event) => {
      const atMs = timeOf(event)
      if (event.event === 'fetching') this.series.push({ atMs, value: 0 })
      if (event.event === 'progress') this.series.push({ atMs, value: event.doneBytes })
      if (event.event !== 'received') return
      this.beganAtMs = atMs - event.durationMs
      this.endedAtMs = atMs
      this.series.push({ atMs, value: event.bytes })
    })
  }

  async ready(bytes: number): Promise<void> {
    await writeContent(this.file, this.file, bytes)
    await this.group.start()
    this.group.prepare(this.file)
  }

  begin(): void {
    this.group.drop(basename(this.file))
  }

  begun(): Promise<void> {
    return this.group.until('the first block', () => this.series.length > 0)
  }

  end(): Promise<void> {
    return this.group.until('the file', () => this.endedAtMs > 0)
  }

  async close(): Promise<void> {
    await this.group.close()
    rmSync(this.file, { force: true })
  }
}

/** A child that tells a value with a time on each line. */
export function startFlow(
  sandbox: Sandbox,

  testbed: Testbed,
  kind: 'tcp' | 'echo',
): { series: Point[]; ready: Promise<void>; stop: () => void } {
  const { host } = testbed.source.endpoint
  const start = (role: 'source' | 'sink') =>
    spawnAt(testbed[role], sandbox, [
      process.execPath,
      '--import',
      'tsx',
      FLOW,
      kind,
      role,
      host,
      String(PORT),
    ])
  const series: Point[] = []
  const source = start('source')
  let sink: ReturnType<typeof start> | undefined
  const begin = async () => {
    await listenTo(source)()
    sink = start('sink')
    const next = listenTo(sink)
    const take = async () => {
      const [atMs, value] = (await next()).split(' ').map(Number)
      series.push({ atMs: atMs!, value: value! })
    }
    await take()
    void (async () => {
      try {
        for (;;) await take()
      } catch {
        // The flow was stopped.
      }
    })()
  }
  const stop = () => {
    killGroup(source)
    if (sink !== undefined) killGroup(sink)
  }
  return { series, ready: begin(), stop }
}
