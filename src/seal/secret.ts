// Secrets that the machines of a group share: made, judged, and hardened for CPace. Used when a peer starts, and by
// `left secret`.

import { randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { utf8 } from '../base/bytes.js'
import { generatorOf } from './cpace.js'
import { CPACE_BINDING } from './curves.js'
import {
  SECRET_BYTES,
  SECRET_NAME_BYTES,
  SECRET_SCRYPT_BLOCK,
  SECRET_SCRYPT_COST,
  SHARED_SECRET_BYTES_MIN,
} from './limits.js'

/** The salt is the same for everybody: two that hold one secret have nothing else in common before they meet. */
const SALT = utf8('LEFT 2 secret')

/** S, and of it the generator for CPace, encoded. Half a second of a core and 128 MiB, once a start; not on the loop. */
export async function hardenedGenerator(secret: Uint8Array): Promise<Uint8Array> {
  const memoryBytes = 128 * SECRET_SCRYPT_COST * SECRET_SCRYPT_BLOCK
  const hardened = await promisify<Uint8Array, Uint8Array, number, object, Buffer>(scrypt)(
    secret,
    SALT,
    SECRET_BYTES,
    { N: SECRET_SCRYPT_COST, r: SECRET_SCRYPT_BLOCK, p: 1, maxmem: 2 * memoryBytes },
  )
  return generatorOf(new Uint8Array(hardened), CPACE_BINDING)
}

/** A line: a random name, by which two people see that they mean the same secret, and 256 random bits. */
export function makeSecret(): string {
  const name = randomBytes(SECRET_NAME_BYTES).toString('hex')
  return `left-${name}-${randomBytes(SECRET_BYTES).toString('base64url')}\n`
}

const MADE = /^left-[0-9a-f]{8}-[A-Za-z0-9_-]{43}$/

export type SecretStrength = 'made' | 'too-short' | 'weak' | 'fair' | 'strong'

/** How hard a line is to guess, as far as that can be seen. `bits` is what is granted to it: for its characters, and
 *  no more than 13 a word, as a word of a list of 7,776 has. */
export function strengthOf(line: string): { readonly strength: SecretStrength; readonly bits: number } {
  if (MADE.test(line)) return { strength: 'made', bits: 8 * SECRET_BYTES }
  const bits = Math.floor(Math.min(bitsOfCharacters(line), bitsOfWords(line)))
  if (utf8(line).length < SHARED_SECRET_BYTES_MIN) return { strength: 'too-short', bits }
  return { strength: bits < WEAK_BITS ? 'weak' : bits < FAIR_BITS ? 'fair' : 'strong', bits }
}

/** A peer lets 43,200 guesses a day go wrong (limits.ts). Of what people think up half the bits can be counted on: 40 bits
 *  then last for days, and 70 for a thousand years. */
const WEAK_BITS = 40
const FAIR_BITS = 70
const BITS_PER_WORD = 13

/** Of characters drawn at random from the kinds that are there, where none is repeated at once. */
function bitsOfCharacters(line: string): number {
  const kinds: [RegExp, number][] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[^a-zA-Z0-9]/, 20],
  ]
  const count = kinds.reduce((sum, [kind, size]) => (kind.test(line) ? sum + size : sum), 0)
  const distinct = new Set(line).size
  const unrepeated = line.replace(/(.)\1+/g, '$1').length
  return Math.min(unrepeated, 2 * distinct) * Math.log2(Math.max(2, count))
}

/** Of a sentence; unlimited where it is none. */
function bitsOfWords(line: string): number {
  const words = line
    .trim()
    .split(/[\s_.,;:!?-]+/)
    .filter((word) => word !== '')
  const isSentence = words.length > 0 && words.every((word) => /^[\p{L}']{1,12}[0-9]{0,4}$/u.test(word))
  return isSentence
    ? new Set(words.map((word) => word.toLowerCase())).size * BITS_PER_WORD
    : Number.POSITIVE_INFINITY
}
