// The floor of a byte: what each part of its way costs by itself in Node, with the parts that a peer uses, each in a process of
// its own (floor-part.ts). Their sum is the least that a peer of this make can cost. Used by bench:cost, which prints it beside
// what the threads of two peers take.

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeContent } from '../harness/peers/content.js'
import type { Sandbox } from '../harness/peers/sandbox.js'
import { MIB } from './bench.js'
import type { GroupTestbed } from './left.js'
import { ended, killGroup, listenTo, spawnAt } from './others.js'
import { formatFigure, formatTable } from './table.js'
import type { TestbedHost } from './testbed.js'

const PART = fileURLToPath(new URL('floor-part.ts', import.meta.url))
const GIB = 1_024 * MIB

export interface FloorCost {
  readonly bytes: number
  readonly cpuSeconds: number
}

const LINK_PARTS = ['send', 'receive'] as const

const PARTS = {
  scan: 'scan: read and BLAKE3',
  read: 'read',
  send: 'sendmsg with GSO, and the copies',
  receive: 'receive with GRO, and the copies',
  blake3: 'BLAKE3',
  write: 'write into a growing file of tmpfs',
  'seal-evp': 'AES-GCM sealed in place, libcrypto through koffi',
  'open-evp': 'AES-GCM opened in place, libcrypto through koffi',
  'nonces-evp': 'two HMACs for nonces, libcrypto through koffi',
  'seal-node': 'AES-GCM sealed by createCipheriv',
  'open-node': 'AES-GCM opened by createDecipheriv',
  'nonces-node': 'two HMACs for nonces, createHmac',
} as const
type Part = keyof typeof PARTS

const PLAIN: readonly Part[] = ['scan', 'read', 'send', 'receive', 'blake3', 'write']
const SEALING: readonly Part[] = ['seal-evp', 'open-evp', 'nonces-evp']

/** Measures of several rounds, by part. */
export class Floor {
  private readonly costs = new Map<Part, FloorCost[]>()

  constructor(
    private readonly sandbox: Sandbox,
    private readonly testbed: GroupTestbed,
    private readonly mib: number,
  ) {}

  /** One round of all parts, in turn. */
  async measure(): Promise<void> {
    const folder = this.sandbox.path('floor')
    mkdirSync(folder, { recursive: true })
    await writeContent(join(folder, 'read'), 'floor', this.mib * MIB)
    try {
      for (const part of Object.keys(PARTS) as Part[]) {
        if (part === 'send') await this.measureLink()
        else if (part !== 'receive') await this.measurePart(part, folder)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  private async measurePart(part: Part, folder: string): Promise<void> {
    const child = spawnAt(this.testbed.source, this.sandbox, this.program(part, folder))
    try {
      this.note(part, await listenTo(child)())
      await ended(child)
    } finally {
      killGroup(child)
    }
  }

  private async measureLink(): Promise<void> {
    const { source, sinks } = this.testbed
    const sink = sinks[0]!
    const start = (part: Part, own: TestbedHost, other: TestbedHost) => {
      const words = [own.endpoint.host, other.endpoint.host, String(source.endpoint.port)]
      return spawnAt(own, this.sandbox, this.program(part, ...words))
    }
    const children = [start('send', source, sink)]
    try {
      const sender = listenTo(children[0]!)
      await sender()
      children.push(start('receive', sink, source))
      const told = [sender(), listenTo(children[1]!)()]
      for (const [index, line] of (await Promise.all(told)).entries()) this.note(LINK_PARTS[index]!, line)
    } finally {
      for (const child of children) killGroup(child)
      await Promise.all(children.map(ended))
    }
  }

  private program(part: Part, ...words: readonly string[]): string[] {
    return [process.execPath, '--import', 'tsx', PART, part, String(this.mib), ...words]
  }

  private note(part: Part, line: string): void {
    const cost = JSON.parse(line) as FloorCost | null
    if (cost === null) return // not on this machine
    const costs = this.costs.get(part) ?? []
    this.costs.set(part, costs)
    costs.push(cost)
  }

  /** CPU seconds per GiB, by part; `typical` makes one figure of those of the rounds. NaN where a part is not on this machine. */
  figures(typical: (values: readonly number[]) => number): Record<string, number> {
    const perGib = (part: Part) => {
      const costs = this.costs.get(part) ?? []
      return costs.length === 0
        ? Number.NaN
        : typical(costs.map(({ bytes, cpuSeconds }) => (cpuSeconds * GIB) / bytes))
    }
    const sum = (parts: readonly Part[]) => parts.reduce((seconds, part) => seconds + perGib(part), 0)
    return {
      ...Object.fromEntries((Object.keys(PARTS) as Part[]).map((part) => [PARTS[part], perGib(part)])),
      'floor, plain: the first six': sum(PLAIN),
      'floor, encrypted: the first nine': sum([...PLAIN, ...SEALING]),
    }
  }

  table(typical: (values: readonly number[]) => number): string {
    const rows = Object.entries(this.figures(typical)).map(([name, value]) => [name, formatFigure(value)])
    return `floor: each part by itself, ${this.mib} MiB\n${formatTable(['', 'CPU s/GiB'], rows)}`
  }
}
