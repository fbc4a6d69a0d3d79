// A block as rdt hands it up, for the three that take blocks in: Receiving, Assembling and LargeFiles.

import type { Digest, ItemKind } from '../../base/item.js'
import type { SessionId } from '../../rdt/endpoint.js'

export interface ReceivedBlock {
  readonly session: SessionId
  readonly kind: ItemKind
  readonly digest: Digest
  readonly blockIndex: number
  /** In one of rdt's buffers: to be released exactly once. */
  readonly frame: Uint8Array
}
