// Stat of a file from when its content was read: as long as the stat stays the same, the file is not read again.

import { assert } from '../../base/assert.js'
import type { FileStat } from '../../base/ports.js'

/** Stat of a file from when its content was known: as long as the stat is the same, the content is. */
export interface Signature {
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly inode: number
  readonly executable: boolean
}

export function signatureOf(stat: FileStat): Signature {
  const { sizeBytes, mtimeMs, ctimeMs, inode, executable } = stat
  return { sizeBytes, mtimeMs, ctimeMs, inode, executable }
}

export function sameSignature(left: Signature | undefined, right: Signature | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return (
    left.sizeBytes === right.sizeBytes &&
    left.mtimeMs === right.mtimeMs &&
    left.ctimeMs === right.ctimeMs &&
    left.inode === right.inode &&
    left.executable === right.executable
  )
}

/** Whether a disk that was given `mtimeMs` may say `seenMs`: they keep nanoseconds, 10 ms (exFAT), 1 s or 2 s (FAT). */
export function isKeptTime(seenMs: number, mtimeMs: number): boolean {
  return [1, 10, 1_000, 2_000].some((stepMs) => Math.floor(mtimeMs / stepMs) * stepMs === Math.round(seenMs))
}

/** The numbers in 19 to 35 characters of one byte, to be kept with an entry in memory. `unpackSignature` reads them. */
export function packSignature({ sizeBytes, mtimeMs, ctimeMs, inode, executable }: Signature): string {
  floats[0] = mtimeMs
  floats[1] = ctimeMs
  const codes = [executable ? 1 : 0, ...floatBytes]
  putNumber(codes, sizeBytes)
  putNumber(codes, inode)
  return String.fromCharCode.apply(null, codes)
}

export function unpackSignature(text: string): Signature {
  for (let index = 0; index < floatBytes.length; index++) floatBytes[index] = text.charCodeAt(1 + index)
  const [mtimeMs, ctimeMs] = floats as unknown as [number, number]
  const size = numberAt(text, 1 + floatBytes.length)
  const inode = numberAt(text, size.end)
  assert(inode.end === text.length, 'a packed signature ends with the inode')
  return { sizeBytes: size.value, mtimeMs, ctimeMs, inode: inode.value, executable: text.charCodeAt(0) === 1 }
}

const floats = new Float64Array(2)
const floatBytes = new Uint8Array(floats.buffer)
const float = new Float64Array(1)
const oneFloatBytes = new Uint8Array(float.buffer)

/** Its length in bytes, and the bytes of a whole number, the lowest first; or 8, and those of a double. */
function putNumber(codes: number[], value: number): void {
  const at = codes.push(0)
  if (Number.isSafeInteger(value) && value >= 0)
    for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) codes.push(rest % 256)
  else {
    float[0] = value
    codes.push(...oneFloatBytes)
  }
  codes[at - 1] = codes.length - at
}

function numberAt(text: string, at: number): { readonly value: number; readonly end: number } {
  const length = text.charCodeAt(at)
  const end = at + 1 + length
  let value = 0
  if (length < oneFloatBytes.length)
    for (let index = end - 1; index > at; index--) value = value * 256 + text.charCodeAt(index)
  else {
    for (let index = 0; index < length; index++) oneFloatBytes[index] = text.charCodeAt(at + 1 + index)
    value = float[0]!
  }
  return { value, end }
}
