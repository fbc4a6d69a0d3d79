// A keeper on a simulated disk, in step with itself from the start. A test extends it, as its engine and its peer.

import { utf8 } from '../../src/base/bytes.js'
import { crc32, hash } from '../../src/io/hash.js'
import { Keeper } from '../../src/keeper/keeper.js'
import type { KeeperOptions } from '../../src/keeper/keeper-options.js'
import { openShare } from '../../src/keeper/recover/recovery.js'
import type { KeeperToEngine } from '../../src/pipe/messages.js'
import { SimDisk, type SimDiskOptions } from '../../src/sim/disk/disk.js'
import { SimIndex } from '../../src/sim/peer/index.js'
import { SimWitness } from '../../src/sim/peer/witness.js'
import { OURS, START_MS } from './share-on-disk.js'

export class KeptShare {
  nowMs = START_MS
  readonly disk: SimDisk
  readonly messages: KeeperToEngine[] = []
  protected readonly keeper: Keeper
  readonly opened: ReturnType<typeof openShare>

  /** Each path is the text of its file. */
  constructor(
    paths: readonly string[],
    given: Partial<KeeperOptions> = {},
    ofDisk: Partial<SimDiskOptions> = {},
  ) {
    this.disk = new SimDisk({ nowMs: () => this.nowMs, ...ofDisk })
    for (const path of paths) this.disk.putFile(path, utf8(path))
    const { disk } = this
    const wallMs = () => this.nowMs
    this.opened = openShare({
      disk,
      peer: OURS,
      hash,
      crc32,
      index: new SimIndex(),
      boot: 'boot',
      wallMs,
      random: () => 0,
      witness: new SimWitness(),
    })
    const options = { disk, hash, links: 'keep', wallMs, onFolder: () => {} } as const
    this.keeper = new Keeper({ ...this.opened, ...options, ...given }, this.nowMs)
    this.pass(20_000)
  }

  pass(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      while (this.keeper.step(this.nowMs));
      this.messages.push(...this.keeper.takeMessages())
      const dueMs = this.keeper.pollTimeout()
      if (dueMs === undefined || dueMs > endMs) break
      this.nowMs = Math.max(this.nowMs + 1, dueMs)
    }
    this.nowMs = endMs
  }

  get paths(): string[] {
    return [...this.disk.snapshot().keys()].filter((path) => !path.startsWith('.left')).sort()
  }
}
