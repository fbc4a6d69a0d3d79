// Decompresses a raw LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md) where there is no native library: the one in
// WebAssembly wants to be told the length beforehand, and would allocate what it is told.
//
//   sequence  token:1 (literals << 4 | match − 4) length* literals offset:u16 little-endian length*
//   a length of 15 is followed by bytes that are added to it, up to one that is not 255; the last sequence ends after
//   its literals

/** Writes into `output` and answers how many bytes; −1 where the input is no block or its content does not fit. */
export function decodeBlock(input: Uint8Array, output: Uint8Array): number {
  let at = 0
  let out = 0
  /** Adds up a length that does not fit its half of the token. */
  const extended = (length: number): number => {
    if (length < 15) return length
    let sum = length
    let byte = 255
    while (byte === 255) {
      if (at >= input.length || sum > output.length) return Number.POSITIVE_INFINITY
      byte = input[at++]!
      sum += byte
    }
    return sum
  }
  while (at < input.length) {
    const token = input[at++]!
    const literals = extended(token >> 4)
    if (literals > input.length - at || literals > output.length - out) return -1
    output.set(input.subarray(at, at + literals), out)
    at += literals
    out += literals
    if (at === input.length) return (token & 15) === 0 ? out : -1
    if (at + 2 > input.length) return -1
    const offset = input[at]! | (input[at + 1]! << 8)
    at += 2
    const match = extended(token & 15) + 4
    if (offset === 0 || offset > out || match > output.length - out) return -1
    if (offset >= match) output.copyWithin(out, out - offset, out - offset + match)
    // Source and destination overlap, so the copy goes byte by byte.
    else for (let index = 0; index < match; index++) output[out + index] = output[out + index - offset]!
    out += match
  }
  return -1
}
