// File content from a seed: the same bytes on every run, incompressible, faster than a disk. Made by the demo and
// by resume-after-kill, and made again by whoever wants to know what a file must hold.

import { createCipheriv, createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const CHUNK_BYTES = 1 << 20

/** The key stream of AES-128-CTR under a key drawn from `seed`: about 2 GB/s where the processor has AES. */
export function* contentChunks(seed: string, sizeBytes: number): Generator<Uint8Array> {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16)
  const stream = createCipheriv('aes-128-ctr', key, new Uint8Array(16))
  const zeros = new Uint8Array(Math.min(CHUNK_BYTES, sizeBytes))
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
    yield stream.update(zeros.subarray(0, Math.min(CHUNK_BYTES, sizeBytes - at)))
  }
}

/** Makes the folders above `path` too. */
export async function writeContent(path: string, seed: string, sizeBytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await pipeline(Readable.from(contentChunks(seed, sizeBytes)), createWriteStream(path))
}

/** Overwrites `sizeBytes` from `position` on, in place: the file keeps its size where it is long enough. */
export async function overwriteContent(
  path: string,
  seed: string,
  { position, sizeBytes }: { position: number; sizeBytes: number },
): Promise<void> {
  const file = await open(path, 'r+')
  try {
    let at = position
    for (const chunk of contentChunks(seed, sizeBytes)) {
      await file.write(chunk, 0, chunk.length, at)
      at += chunk.length
    }
  } finally {
    await file.close()
  }
}
