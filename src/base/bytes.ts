// Bytes and their texts, without Node's Buffer: the pure core runs anywhere.

const encoder = new TextEncoder()
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const HEX_CODES = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The text, or undefined where the bytes are not UTF-8. A byte order mark is kept as a character. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** The same text in memory of its own: a part of a string keeps the whole alive in today's engines, and a sum of strings its
 *  parts. For paths and what is not much longer. */
export function copyOfText(text: string): string {
  const codes: number[] = []
  for (let index = 0; index < text.length; index++) codes.push(text.charCodeAt(index))
  return String.fromCharCode.apply(null, codes)
}

/** Lowercase hexadecimal. Built at once: a text put together by pieces stays a tree of pieces in memory. */
export function hexOf(bytes: Uint8Array): string {
  const codes: number[] = new Array(2 * bytes.length)
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!
    codes[2 * index] = HEX_CODES[byte >> 4]!
    codes[2 * index + 1] = HEX_CODES[byte & 15]!
  }
  return String.fromCharCode(...codes)
}

/** The bytes of lowercase hexadecimal, or undefined where the text is not exactly that. */
export function bytesOfHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    const high = hexDigit(text.charCodeAt(2 * index))
    const low = hexDigit(text.charCodeAt(2 * index + 1))
    if (high < 0 || low < 0) return undefined
    bytes[index] = high * 16 + low
  }
  return bytes
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  return -1
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false
  return true
}

/** The same in a time that depends on the lengths alone: for cookies, nonces and whatever else the other side must not
 *  guess byte by byte. */
export function equalSecrets(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (let index = 0; index < left.length; index++) difference |= left[index]! ^ right[index]!
  return difference === 0
}

/** Whether there is nothing but zeros; mostly the first byte tells. */
export function isZeros(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== 0) return false
  return true
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
