// `left secret FILE`: makes a secret for the machines of a group, in a file that nobody else may read and that was not there
// before. `left secret --check FILE`: says in plain words how hard the line in a file is to guess.

import { resolve } from 'node:path'
import { LeftError } from '../base/errors.js'
import { GUESSES_PER_S_MAX, SHARED_SECRET_BYTES_MIN } from '../seal/limits.js'
import { putPrivateFile, readSecretLine, shellWord } from '../seal/private-file.js'
import { makeSecret, strengthOf } from '../seal/secret.js'
import { EXIT_STOPPED } from './failure.js'
import { printable } from './names.js'
import { printLine } from './printing.js'

/** The options of `left secret` as texts. */
export interface RawSecretArguments {
  readonly check?: boolean
}

/** Answers the exit code.
 *  @throws LeftError 'usage', 'secret-unusable'. */
export async function runSecret(
  words: readonly string[],
  raw: RawSecretArguments,
  print: (line: string) => void = printLine,
): Promise<number> {
  const [name, ...others] = words
  if (name === undefined || name === '' || others.length > 0)
    throw new LeftError('usage', 'left secret needs one file, for example left secret left-secret')
  const file = resolve(name)
  for (const line of raw.check === true ? checkedLines(file) : madeLines(file)) print(printable(line))
  return EXIT_STOPPED
}

function madeLines(file: string): string[] {
  const secret = makeSecret()
  if (!putSecret(file, secret))
    throw new LeftError('secret-unusable', `${file} is there already, and no secret is written over another`)
  const [, name] = secret.split('-')
  return [
    `made ${file}: the secret ${name}, 256 random bits, which only you may read`,
    `bring it to the other machines in a way that you trust: scp -p ${shellWord(file)} OTHER:`,
    `and start left on each of them with --secret-file ${shellWord(file)}`,
  ]
}

/** Answers whether it was put there; nothing is written over. @throws LeftError 'secret-unusable'. */
export function putSecret(file: string, secret: string): boolean {
  try {
    return putPrivateFile(file, secret)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new LeftError('secret-unusable', `cannot write ${file} (${reason})`, error)
  }
}

function checkedLines(file: string): string[] {
  const { strength, bits } = strengthOf(readSecretLine(file, 'left secret --check'))
  switch (strength) {
    case 'made':
      return ['made by left secret: 256 random bits; nobody guesses it']
    case 'too-short':
      return [
        `too short: left refuses what has less than ${SHARED_SECRET_BYTES_MIN} bytes. Make one: left secret ${shellWord(file)}.new`,
      ]
    case 'weak':
      return [
        `weak: ${worth(bits)}`,
        `replace it: left secret ${shellWord(file)}.new, and give both to each machine with --secret-file until all have the new one`,
      ]
    case 'fair':
    case 'strong':
      return [`${strength}: ${worth(bits)}`, 'a sentence that stands in a book or a song is worth much less']
  }
}

/** Whoever thinks up a sentence takes words that others try first: half of its bits are what can be counted on. */
function worth(bits: number): string {
  return (
    `about ${bits} bits if it was drawn at random. By talking to a peer all the time, somebody has guessed it after ` +
    `${guessTime(bits)}; after ${guessTime(bits / 2)}, if you thought it up yourself`
  )
}

/** Half of all guesses, at the rate that a peer lets them go wrong. */
function guessTime(bits: number): string {
  const days = 2 ** (bits - 1) / (GUESSES_PER_S_MAX * 86_400)
  if (days < 1) return 'less than a day'
  if (days < 60) return `about ${Math.round(days)} days`
  const years = days / 365
  if (years < 2) return `about ${Math.round(days / 30)} months`
  return years < 1e6 ? `about ${Math.round(years).toLocaleString('en')} years` : 'more than a million years'
}
