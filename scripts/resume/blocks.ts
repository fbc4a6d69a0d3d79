// How many blocks of a file lie in another, whether or not anybody has noted that they do.

import { open } from 'node:fs/promises'

/** Whole blocks at the same place and with the same content; the last one may be short. */
export async function countEqualBlocks(path: string, other: string, blockBytes: number): Promise<number> {
  const files = await Promise.all([open(path), open(other)])
  try {
    const buffers = [Buffer.alloc(blockBytes), Buffer.alloc(blockBytes)] as const
    let count = 0
    for (let at = 0; ; at += blockBytes) {
      const [wanted, found] = await Promise.all([
        files[0].read(buffers[0], 0, blockBytes, at),
        files[1].read(buffers[1], 0, blockBytes, at),
      ])
      if (wanted.bytesRead === 0) return count
      if (
        wanted.bytesRead === found.bytesRead &&
        buffers[0].subarray(0, wanted.bytesRead).equals(buffers[1].subarray(0, found.bytesRead))
      )
        count++
    }
  } finally {
    await Promise.all(files.map((file) => file.close()))
  }
}
