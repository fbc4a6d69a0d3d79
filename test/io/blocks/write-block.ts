import type { BlockIo } from '../../../src/io/blocks/block-io.js'
import { hash, loadHash } from '../../../src/io/hash.js'

await loadHash()

/** Writes bytes that are what they should be, not enciphered. */
export async function writeBlock(
  io: BlockIo,
  path: string,
  position: number,
  bytes: Uint8Array,
): Promise<void> {
  await io.writeProved({ path, position, bytes, digest: hash(bytes), cipher: undefined })
}
