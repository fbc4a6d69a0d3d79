// Carries out what the engine asks of the disk, and hands back what came of it. Used by Peer, one for each engine.

import { FRAME_BLOCK_AT, FRAME_OVERHEAD_BYTES } from '../base/limits.js'
import { DiskError } from '../base/ports.js'
import type { DiskOp, Engine } from '../engine/engine.js'
import type { WriteFailure, WriteOp } from '../engine/receive/disk-op.js'
import type { ReadOp } from '../engine/serve/serving.js'
import type { BlockIo } from '../io/blocks/block-io.js'
import type { ProofResult } from '../io/blocks/block-prover.js'
import { nowMs } from '../io/clock.js'

export interface DiskOpsOptions {
  readonly engine: Engine
  readonly blocks: BlockIo
  /** The engine was handed something: it is to be drained. */
  readonly wake: () => void
}

export class DiskOps {
  constructor(private readonly options: DiskOpsOptions) {}

  carryOut(op: DiskOp): void {
    const { blocks } = this.options
    switch (op.type) {
      case 'read':
        this.read(op)
        break
      case 'write':
        this.afterWrite(op.id, this.writeProved(op))
        break
      case 'finish':
        blocks.forget(op.path)
        this.afterWrite(
          op.id,
          blocks.closeWriter(op.path, { sync: true }).then(() => undefined),
        )
        break
      case 'release':
        blocks.forget(op.path)
        blocks.closeWriter(op.path).catch(() => {}) // Nothing of it counts any more.
        break
    }
  }

  private read(op: ReadOp): void {
    const { blocks } = this.options
    const { room, position, length, sealing } = op
    if (op.reopen) blocks.forget(op.path)
    const failed = () => this.handleRead(op, undefined)
    if (sealing === undefined) {
      const into = room.bytes.subarray(FRAME_BLOCK_AT, FRAME_BLOCK_AT + length)
      blocks.readBlock(op, position, into).then((block) => this.handleRead(op, block), failed)
      return
    }
    const { cipher, digest } = sealing
    const piece = { position, length, bytes: room.bytes, digest, cipher }
    blocks.readSealed(op, piece).then(({ proof, buffer }) => {
      room.adopt(buffer)
      const frame = room.bytes.subarray(0, length + FRAME_OVERHEAD_BYTES)
      this.handleRead(op, proof === 'sealed' ? frame : undefined)
    }, failed)
  }

  private handleRead({ id, path }: ReadOp, read: Uint8Array | undefined): void {
    const { engine, blocks, wake } = this.options
    if (read === undefined) blocks.forget(path)
    engine.handleRead(id, read, nowMs())
    wake()
  }

  private async writeProved(op: WriteOp): Promise<ProofResult> {
    const proved = await this.options.blocks.writeProved(op)
    op.memory?.adopt(proved.buffer)
    return proved
  }

  private afterWrite(id: number, write: Promise<ProofResult | undefined>): void {
    const { engine, wake } = this.options
    const done = (failure: WriteFailure | undefined): void => {
      engine.handleWritten(id, failure, nowMs())
      wake()
    }
    write.then(
      (proved) => done(failureOf(proved)),
      (error) => done(error instanceof DiskError && error.code === 'no-space' ? 'no-space' : 'disk'),
    )
  }
}

function failureOf(proved: ProofResult | undefined): WriteFailure | undefined {
  return proved?.proof === 'damaged' || proved?.proof === 'wrong' ? proved.proof : undefined
}
