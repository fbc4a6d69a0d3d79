// A block as rdt hands it up, for the three that take blocks in: Receiving, Assembling and LargeFiles.

import type { Digest, ItemKind } from '../../base/item.js'
import type { SessionId } from '../../rdt/endpoint.js'
import type { FrameBuffer } from '../../rdt/pool.js'

export interface ReceivedBlock {
  readonly session: SessionId
  readonly kind: ItemKind
  readonly digest: Digest
  readonly blockIndex: number
  /** The part that takes the block in holds its frame, and releases it. */
  readonly frame: FrameBuffer
}
