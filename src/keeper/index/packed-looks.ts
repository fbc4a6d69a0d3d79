// What is known of how a thing looks on the disk, in characters of one byte, to be kept with its entry in memory. On the disk it is
// part of a line (index-line.ts).
//
//     looks     = nothing | mode | mode mtime ctime size inode     mode: access in two bits, executable
//     mtime, ctime                                                 doubles
//     size, inode                                                  length in bytes, and a whole number; or 8, and a double

import { assert } from '../../base/assert.js'
import type { Access, Mode } from '../../share/entry.js'
import { type Looks, modeOf } from './signature.js'

const ACCESSES: readonly Access[] = ['owner', 'group', 'all', 'none']
const ACCESS_MASK = 3
const EXECUTABLE = 4

/** 19 to 35 characters with a signature, one with a mode alone, none where nothing is known. */
export function packLooks({ signature, mode }: Looks): string {
  if (signature === undefined) return mode === undefined ? '' : String.fromCharCode(codeOf(mode))
  floats[0] = signature.mtimeMs
  floats[1] = signature.ctimeMs
  const codes = [codeOf(signature.mode), ...floatBytes]
  putNumber(codes, signature.sizeBytes)
  putNumber(codes, signature.inode)
  return String.fromCharCode.apply(null, codes)
}

export function unpackLooks(text: string): Looks {
  if (text === '') return { signature: undefined, mode: undefined }
  const mode = modeOfCode(text.charCodeAt(0))
  if (text.length === 1) return { signature: undefined, mode }
  for (let index = 0; index < floatBytes.length; index++) floatBytes[index] = text.charCodeAt(1 + index)
  const [mtimeMs, ctimeMs] = floats as unknown as [number, number]
  const size = numberAt(text, 1 + floatBytes.length)
  const inode = numberAt(text, size.end)
  assert(inode.end === text.length, 'a packed signature ends with the inode')
  return { signature: { sizeBytes: size.value, mtimeMs, ctimeMs, inode: inode.value, mode }, mode }
}

function codeOf({ access, executable }: Mode): number {
  return ACCESSES.indexOf(access) | (executable ? EXECUTABLE : 0)
}

function modeOfCode(code: number): Mode {
  return modeOf({ access: ACCESSES[code & ACCESS_MASK]!, executable: (code & EXECUTABLE) !== 0 })
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
