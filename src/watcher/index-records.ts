// The records of an index that is one file (file-index.ts) and how they are framed.
//
//     file    = magic record*
//     record  = length crc kind payload
//     length  = u32 big endian, bytes of the payload
//     crc     = u32 big endian, CRC-32 of kind and payload
//     kind    = one byte:
//       E  an entry: JSON [path, value], or [path] where it is removed
//       L  a block list: its digest, 32 bytes, and the list
//       R  a block list that is removed: its digest
//       M  a fact: JSON [name, value]
//       C  the end of a commit: no payload

import { fdatasyncSync, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs'
import { bytesOfHex, hexOf } from '../base/bytes.js'
import type { Digest } from '../base/item.js'
import { DIGEST_BYTES } from '../base/limits.js'
import { crc32 } from '../io/hash.js'
import { INDEX_PIECE_BYTES } from './limits.js'

export const MAGIC = Buffer.from('left-index 1\n')

/** Bytes of a file. */
export interface RecordPlace {
  readonly position: number
  readonly length: number
}

export type IndexRecord =
  | { readonly kind: 'entry'; readonly path: string; readonly value: string | undefined }
  | { readonly kind: 'list'; readonly digest: Digest; readonly place: RecordPlace | undefined }
  | { readonly kind: 'fact'; readonly name: string; readonly value: string }
  | { readonly kind: 'commit' }

export interface FoundRecord {
  readonly record: IndexRecord
  /** Its first byte, and where the next one begins. */
  readonly start: number
  readonly end: number
}

const HEADER_BYTES = 9

const KIND = { entry: 0x45, list: 0x4c, removedList: 0x52, fact: 0x4d, commit: 0x43 } as const

/** Up to the first that is not whole. Throws what reading throws. */
export function* readRecords(file: number): Generator<FoundRecord> {
  const reader = new Reader(file, MAGIC.length)
  for (;;) {
    const start = reader.position
    const header = reader.take(HEADER_BYTES)
    if (header === undefined) return
    const payload = reader.take(header.readUInt32BE(0))
    if (payload === undefined) return
    if (crc32(payload, crc32(header.subarray(8))) !== header.readUInt32BE(4)) return
    const end = reader.position
    const record = recordOf(header[8]!, payload, end)
    if (record === undefined) return
    yield { record, start, end }
  }
}

function recordOf(kind: number, payload: Buffer, end: number): IndexRecord | undefined {
  if (kind === KIND.commit) return { kind: 'commit' }
  if (kind === KIND.list || kind === KIND.removedList) {
    const length = payload.length - DIGEST_BYTES
    const place = kind === KIND.list ? { position: end - length, length } : undefined
    return { kind: 'list', digest: hexOf(payload.subarray(0, DIGEST_BYTES)), place }
  }
  if (kind !== KIND.entry && kind !== KIND.fact) return undefined
  const [name, value] = JSON.parse(payload.toString()) as [string, string?]
  return kind === KIND.fact
    ? { kind: 'fact', name, value: value ?? '' }
    : { kind: 'entry', path: name, value }
}

export function readPlace(file: number, { position, length }: RecordPlace): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const read = readSync(file, bytes, done, length - done, position + done)
    if (read === 0) throw new Error('the file ends too early')
    done += read
  }
  return bytes
}

/** Writes the records of one commit from a position on. Nothing counts before `finish` has returned. */
export class RecordWriter {
  /** Where the lists of this commit are. */
  readonly lists = new Map<Digest, RecordPlace>()
  private parts: Uint8Array[] = []
  private partsBytes = 0

  constructor(
    private readonly file: number,
    private position: number,
  ) {}

  /** Where the next record begins. */
  get end(): number {
    return this.position + this.partsBytes
  }

  entry(path: string, value: string | undefined): void {
    this.add(KIND.entry, Buffer.from(JSON.stringify(value === undefined ? [path] : [path, value])))
  }

  list(digest: Digest, list: Uint8Array | undefined): void {
    const key = bytesOfHex(digest)!
    if (list === undefined) {
      this.add(KIND.removedList, key)
      return
    }
    this.add(KIND.list, key, list)
    this.lists.set(digest, { position: this.end - list.length, length: list.length })
  }

  fact(name: string, value: string): void {
    this.add(KIND.fact, Buffer.from(JSON.stringify([name, value])))
  }

  /** Returns when all of it is on stable storage. */
  finish(): void {
    this.add(KIND.commit)
    this.flush()
    // Bytes that an earlier try left behind are no record of ours.
    ftruncateSync(this.file, this.position)
    fdatasyncSync(this.file)
  }

  private add(kind: number, ...payload: readonly Uint8Array[]): void {
    const header = Buffer.alloc(HEADER_BYTES)
    header[8] = kind
    let crc = crc32(header.subarray(8))
    let length = 0
    for (const part of payload) {
      crc = crc32(part, crc)
      length += part.length
    }
    header.writeUInt32BE(length, 0)
    header.writeUInt32BE(crc, 4)
    this.parts.push(header, ...payload)
    this.partsBytes += HEADER_BYTES + length
    if (this.partsBytes >= INDEX_PIECE_BYTES) this.flush()
  }

  private flush(): void {
    const bytes = Buffer.concat(this.parts)
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.file, bytes, done, bytes.length - done, this.position + done)
    this.position += bytes.length
    this.parts = []
    this.partsBytes = 0
  }
}

/** Reads on from a position, in large pieces. */
class Reader {
  private readonly endBytes: number
  private piece: Buffer = Buffer.alloc(0)
  private at = 0

  constructor(
    private readonly file: number,
    /** Start of the next piece. */
    private next: number,
  ) {
    this.endBytes = fstatSync(file).size
  }

  get position(): number {
    return this.next - (this.piece.length - this.at)
  }

  /** Bytes that stay as they are; undefined where the file ends before. */
  take(length: number): Buffer | undefined {
    if (this.position + length > this.endBytes) return undefined
    while (this.piece.length - this.at < length) {
      const rest = this.piece.subarray(this.at)
      const more = Buffer.alloc(Math.max(length - rest.length, INDEX_PIECE_BYTES))
      const read = readSync(this.file, more, 0, more.length, this.next)
      if (read === 0) return undefined
      this.next += read
      this.piece = Buffer.concat([rest, more.subarray(0, read)])
      this.at = 0
    }
    this.at += length
    return this.piece.subarray(this.at - length, this.at)
  }
}
