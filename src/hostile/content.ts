// Items that a hostile peer serves: they prove themselves by their digest and still hold what they should not. Lines
// are put together here as text, because the codec of a share refuses to write them.

import { createCipheriv } from 'node:crypto'
import { concatBytes, hexOf, utf8 } from '../base/bytes.js'
import { escapeField } from '../base/escape.js'
import type { Digest, ItemKind, ItemRef } from '../base/item.js'
import { BLOCK_BYTES } from '../base/limits.js'
import { crc32, hash } from '../io/hash.js'
import type { BlockName } from '../rdt/protection.js'
import { decodeVersion } from '../share/dots.js'
import { VersionTable } from '../share/version-table.js'

/** The fields of an entry line; whatever they hold is written. What is left out is as it should be. */
export interface Lie {
  readonly path: string
  readonly letter?: 'f' | 'd' | 'l' | 't'
  readonly mode?: string
  readonly size?: string
  readonly mtime?: string
  readonly digest?: string
  readonly version?: string
  readonly target?: string
}

export function line(lie: Lie): string {
  const { letter = 'f', size = '0', mtime = '1700000000000', digest = '-', version = NEW_VERSION, path } = lie
  const { mode = MODES[letter], target } = lie
  const fields = [letter, mode, size, mtime, digest, version, escapeField(path)]
  if (target !== undefined) fields.push(escapeField(target))
  return fields.join(' ')
}

const MODES = { f: 'a', d: 'a', l: '-', t: 'f' } as const

const VERSION_FIELD = 5

/** The name in a line, by which a listing is sorted. */
export function nameIn(text: string): string {
  return text.split(' ')[text.startsWith('D ') ? 1 : VERSION_FIELD + 1]!
}

export function byName(left: string, right: string): number {
  return nameIn(left) < nameIn(right) ? -1 : 1
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
    return line({ path, size: String(content.length), digest, ...lie })
  }

  /** The digest of a file with this content, which can be pulled from now on. */
  addContent(content: Uint8Array): Digest {
    const list = listOf(content)
    const digest = hexOf(hash(list))
    this.bytesOf.set(`list${digest}`, list)
    this.bytesOf.set(`file${digest}`, content)
    return digest
  }

  /** The listing of a folder, of whatever lines; versions that are some are in its table. */
  addTree(lines: readonly string[]): ItemRef {
    const versions = lines.map((text) =>
      decodeVersion(text.split(' ', VERSION_FIELD + 1)[VERSION_FIELD] ?? ''),
    )
    const table = VersionTable.of(versions.flatMap((version) => (version.ok ? [version.value] : [])))
    const shortened = lines.map((text, index) => {
      const version = versions[index]!
      return version.ok ? text.replace(/^((?:[^ ]* ){5})[^ ]*/, `$1${table.encode(version.value)}`) : text
    })
    return this.addLines(table.text, shortened)
  }

  /** The same with a table that may be none. */
  addLines(table: string, lines: readonly string[]): ItemRef {
    return this.addTreeBytes(utf8(['left-tree 2 lines', table, ...lines, ''].join('\n')))
  }

  addPages(pages: readonly ItemRef[]): ItemRef {
    const lines = pages.map(({ digest, sizeBytes }) => `P ${digest} ${sizeBytes}`)
    return this.addTreeBytes(utf8(['left-tree 2 pages', ...lines, ''].join('\n')))
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

/** The edit of this count by a peer that nobody is, which has seen none of ours. */
export function versionOf(count: number): string {
  return `${'f'.repeat(16)}:${count}/0`
}

const NEW_VERSION = versionOf(1)

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
