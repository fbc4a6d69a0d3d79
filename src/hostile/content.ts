// Items that a hostile peer serves: they prove themselves by their digest and still hold what they should not. Lines
// are put together here as text, because the codec of a share refuses to write them.

import { createCipheriv } from 'node:crypto'
import { concatBytes, hexOf, utf8 } from '../base/bytes.js'
import { escapeField } from '../base/escape.js'
import type { Digest, ItemKind, ItemRef } from '../base/item.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { crc32, hash } from '../io/hash.js'
import type { BlockName } from '../rdt/protection.js'

/** The fields of an entry line; whatever they hold is written. */
export interface Lie {
  readonly path: string
  readonly letter?: string
  readonly size?: string
  readonly mtime?: string
  readonly digest?: string
  readonly version?: string
  readonly target?: string
}

export function line(lie: Lie): string {
  const { letter = 'f', size = '0', mtime = '1700000000000', digest = '-', version = '-', path } = lie
  const fields = [letter, size, mtime, digest, version, escapeField(path)]
  if (lie.target !== undefined) fields.push(escapeField(lie.target))
  return fields.join(' ')
}

/** Items by kind and digest. */
export class Items {
  private readonly bytesOf = new Map<string, Uint8Array>()

  get(kind: ItemKind, digest: Digest): Uint8Array | undefined {
    return this.bytesOf.get(kind + digest)
  }

  /** A file and its list; answers the line of it at `path`. */
  addFile(path: string, content: Uint8Array, lie: Partial<Lie> = {}): string {
    const digest = this.addContent(content)
    return line({ path, size: String(content.length), digest, version: NEW_VERSION, ...lie })
  }

  /** The digest of a file with this content, which can be pulled from now on. */
  addContent(content: Uint8Array): Digest {
    const list = listOf(content)
    const digest = hexOf(hash(list))
    this.bytesOf.set(`list${digest}`, list)
    this.bytesOf.set(`file${digest}`, content)
    return digest
  }

  /** The listing of a folder, of whatever lines. */
  addTree(lines: readonly string[]): ItemRef {
    return this.addTreeBytes(utf8(['left-tree 1 lines', ...lines, ''].join('\n')))
  }

  addPages(pages: readonly ItemRef[]): ItemRef {
    const lines = pages.map(({ digest, sizeBytes }) => `P ${digest} ${sizeBytes}`)
    return this.addTreeBytes(utf8(['left-tree 1 pages', ...lines, ''].join('\n')))
  }

  /** A tree item that is not what its digest says, which shows when the whole of it has come. */
  addAs(digest: Digest, bytes: Uint8Array): ItemRef {
    this.bytesOf.set(`tree${digest}`, bytes)
    return { kind: 'tree', digest, sizeBytes: bytes.length }
  }

  addTreeBytes(bytes: Uint8Array): ItemRef {
    const digest = hexOf(hash(bytes))
    this.bytesOf.set(`tree${digest}`, bytes)
    return { kind: 'tree', digest, sizeBytes: bytes.length }
  }
}

/** A peer that nobody is has edited it once. */
export const NEW_VERSION = `${'f'.repeat(16)}:1`

export function subtree(name: string, item: ItemRef): string {
  return `D ${escapeField(name)} ${item.digest} ${item.sizeBytes}`
}

export function listOf(content: Uint8Array): Uint8Array {
  const digests: Uint8Array[] = []
  for (let start = 0; start < content.length; start += BLOCK_BYTES) {
    digests.push(hash(content.subarray(start, start + BLOCK_BYTES)))
  }
  return concatBytes(digests)
}

/** Content that is nowhere else, the same for the same name: the keystream of AES-128 under a digest of it. */
export function contentOf(name: string, sizeBytes: number): Uint8Array {
  const cipher = createCipheriv('aes-128-ctr', hash(utf8(name)).subarray(0, 16), new Uint8Array(16))
  return new Uint8Array(cipher.update(new Uint8Array(sizeBytes)))
}

/** First byte of a frame: what became of its block. src/seal/frames/sealed-frame.ts. */
export const FrameCodec = { none: 0, lz4: 1 } as const

/** A frame of any codec around anything, with a check that fits where nothing is sealed. */
export function forgedFrame(name: BlockName, codec: number, payload: Uint8Array): Uint8Array {
  const body = concatBytes([Uint8Array.of(codec), payload])
  const frame = new Uint8Array(body.length + 4)
  frame.set(body)
  const check = crc32(body, crc32(utf8(`${name.kind} ${name.digest} ${name.blockIndex}`)))
  new DataView(frame.buffer).setUint32(body.length, check)
  return frame
}
