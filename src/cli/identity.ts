// `left identity`: says who this user's peers are to others, in groups that two people can compare aloud. Makes the
// identity where there is none, so that fingerprints can be exchanged before anything runs.

import { join, resolve } from 'node:path'
import { hexOf } from '../base/bytes.js'
import { LeftError } from '../base/errors.js'
import { IDENTITY_FILE, openConfigFolder } from '../seal/config-folder.js'
import { makeX25519 } from '../seal/exchange.js'
import { showFingerprint } from '../seal/fingerprint.js'
import { openIdentity, relockedNote } from '../seal/identity.js'
import { readSecretLine } from '../seal/private-file.js'
import { EXIT_STOPPED } from './failure.js'
import { printable } from './names.js'
import { printLine } from './printing.js'

/** The options of `left identity` as texts. */
export interface RawIdentityArguments {
  readonly identity?: string
  readonly passphraseFile?: string
}

/** Groups of four characters on one line. */
const GROUPS_PER_LINE = 8

/** Answers the exit code.
 *  @throws LeftError 'identity-unusable', 'secret-unusable', 'usage'. */
export async function runIdentity(
  raw: RawIdentityArguments,
  print: (line: string) => void = printLine,
): Promise<number> {
  if (raw.identity === '') throw new LeftError('usage', '--identity is empty; name a file')
  const file = raw.identity === undefined ? join(openConfigFolder(), IDENTITY_FILE) : resolve(raw.identity)
  const identity = await openIdentity({
    file,
    passphrase: passphraseOf(raw.passphraseFile),
    onMaking: () => print('making an identity, which takes a second or two'),
  })
  const relocked = relockedNote(identity)
  if (relocked !== undefined) print(printable(relocked))
  const staticKey = hexOf(makeX25519(identity.staticSeed).publicKey)
  for (const line of identityLines({ ...identity, staticKey })) print(line)
  return EXIT_STOPPED
}

export function identityLines(identity: {
  readonly fingerprint: string
  readonly file: string
  readonly staticKey: string
}): string[] {
  const [first, ...others] = fingerprintLines(identity.fingerprint)
  return [
    `fingerprint  ${first}`,
    ...others.map((line) => `             ${line}`),
    `file         ${printable(identity.file)}`,
    `for others   left trust ${identity.fingerprint}`,
    `for visits   left trust ${identity.fingerprint} --static ${identity.staticKey}`,
  ]
}

/** In lines that can be read aloud and compared. */
export function fingerprintLines(fingerprint: string): string[] {
  const groups = showFingerprint(fingerprint).split(' ')
  const lines: string[] = []
  for (let at = 0; at < groups.length; at += GROUPS_PER_LINE) {
    lines.push(groups.slice(at, at + GROUPS_PER_LINE).join(' '))
  }
  return lines
}

/** From the file or the environment, never from an argument: those can be seen by every user of the machine. */
function passphraseOf(file: string | undefined): string | undefined {
  if (file === undefined) return process.env.LEFT_PASSPHRASE || undefined
  return readSecretLine(file, '--passphrase-file') || undefined
}
