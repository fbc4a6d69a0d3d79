// The window of `--window N`. Used by window.ts.

import { PATH_BYTES_WHOLE } from '../wire/limits.js'
import type { WindowOptions, WindowPolicy } from './window-policy.js'

/** N blocks outstanding, whatever happens. One is stop-and-wait. */
export class FixedWindow implements WindowPolicy {
  readonly windowBytes = Number.POSITIVE_INFINITY
  readonly askBytesPerMs = Number.POSITIVE_INFINITY
  readonly quantumBytes = PATH_BYTES_WHOLE
  readonly askTag = 0
  readonly deliveryBytesPerMs = 0
  blocksMax: number
  private readonly receiveBytesMax: number

  constructor(
    private readonly blocks: number,
    options: WindowOptions,
  ) {
    this.blocksMax = blocks
    this.receiveBytesMax = options.receiveBytesMax
    this.handlePathSize(options.pathBytes)
  }

  handleDelivered(): void {}
  handleLost(): void {}
  handleFound(): void {}
  handleTimedOut(): void {}

  /** Where a whole block is one datagram, there is no link between the peers that would slow the sender
   *  down: what the socket cannot hold is lost, every time. */
  handlePathSize(pathBytes: number): void {
    const held = Math.max(1, Math.floor(this.receiveBytesMax / PATH_BYTES_WHOLE))
    this.blocksMax = pathBytes === PATH_BYTES_WHOLE ? Math.min(this.blocks, held) : this.blocks
  }
}
