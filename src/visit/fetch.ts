// One file on its way from the peer that is visited: its list first, where it has one, then the blocks that are lacking, each proved
// before it is handed on. Performs no I/O. Visitor owns those of each peer.

import type { BlockSet } from '../base/blockset.js'
import { equalBytes, hexOf } from '../base/bytes.js'
import { blockBytes, blockCount, type Hash, type ItemRef } from '../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../base/limits.js'

export type FetchId = number

export class Fetch {
  readonly blockCount: number
  /** Undefined until it has come; a file of one block has none. */
  private list: Uint8Array | undefined
  private wanted: BlockSet | undefined
  /** How often the peer has said that it has not the file. */
  goneCount = 0

  constructor(
    readonly id: FetchId,
    readonly file: ItemRef,
    private readonly hash: Hash,
  ) {
    this.blockCount = blockCount(file.sizeBytes)
  }

  /** Of a file of several blocks: its name proves the list, and the list each block. */
  get needsList(): boolean {
    return this.file.sizeBytes > BLOCK_BYTES && this.list === undefined
  }

  /** `list` is proved. */
  handleList(list: Uint8Array): void {
    this.list = list
  }

  /** Blocks that are lacking. */
  want(blocks: BlockSet): void {
    this.wanted = blocks
  }

  /** Still to come; undefined before it is known what is lacking. */
  get lacking(): BlockSet | undefined {
    return this.wanted
  }

  get isDone(): boolean {
    return this.wanted?.size === 0
  }

  /** Whether these are the bytes of that block. */
  proves(blockIndex: number, bytes: Uint8Array): boolean {
    const { list, file, hash } = this
    if (bytes.length !== blockBytes(file.sizeBytes, blockIndex)) return false
    const digest = hash(bytes)
    if (file.sizeBytes <= BLOCK_BYTES) return hexOf(hash(digest)) === file.digest
    const start = blockIndex * DIGEST_BYTES
    return list !== undefined && equalBytes(digest, list.subarray(start, start + DIGEST_BYTES))
  }

  /** Answers whether it was wanted. */
  handleBlock(blockIndex: number): boolean {
    return this.wanted?.delete(blockIndex) === true
  }
}
