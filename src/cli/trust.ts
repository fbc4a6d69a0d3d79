// `left trust <fingerprint>`, `left trust --list`, `left trust --remove <fingerprint>`: who may have a session, settled by
// hand. A running peer sees the change within a second.

import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import { configFolder, PINS_FILE } from '../seal/config-folder.js'
import { type Fingerprint, readFingerprint } from '../seal/fingerprint.js'
import type { Pin } from '../seal/pin-file.js'
import { Pins } from '../seal/pins.js'
import { quoted } from './addresses.js'
import { EXIT_STOPPED } from './failure.js'
import { fingerprintLines } from './identity.js'
import { printable } from './names.js'
import { printLine } from './printing.js'

/** The options of `left trust` as texts. */
export interface RawTrustArguments {
  readonly list?: boolean
  readonly remove?: boolean
  readonly name?: string
  readonly static?: string
}

/** The part of the pins that the command needs. */
export type TrustedPeers = Pick<Pins, 'file' | 'list' | 'removed' | 'trust' | 'bindStatic' | 'remove'>

/** Characters of a fingerprint that are enough to remove one: removal lets nobody in. */
const PREFIX_LENGTH_MIN = 8

/** `words` are the fingerprint, in one piece or in groups. Answers the exit code.
 *  @throws LeftError 'usage', 'pins-unusable'. */
export async function runTrust(
  words: readonly string[],
  raw: RawTrustArguments,
  pins: TrustedPeers = new Pins(join(configFolder(), PINS_FILE)),
  print: (line: string) => void = printLine,
): Promise<number> {
  const typed = words.join(' ')
  if (raw.list) {
    if (typed !== '' || raw.remove) throw new LeftError('usage', '--list goes alone')
    for (const line of listLines(pins.list(), pins.file, pins.removed())) print(line)
  } else if (typed === '') {
    throw new LeftError(
      'usage',
      'left trust needs a fingerprint, as left identity shows it on the other machine; or --list',
    )
  } else if (raw.remove) {
    const pin = pinOf(typed, pins.list())
    await pins.remove(pin.fingerprint)
    print(
      `${called(pin)} is not trusted any more: its sessions end within a second, and it is refused until left trust ${pin.fingerprint}`,
    )
    print(
      'if it holds the secret of --secret-file, give the others a new one: it could make itself another key',
    )
  } else {
    const fingerprint = wholeFingerprint(typed)
    const staticKey = raw.static === undefined ? undefined : wholeStatic(raw.static)
    const isThis = (pin: Pin) => pin.fingerprint === fingerprint
    const known = pins.list().find(isThis)
    const wasRemoved = pins.removed().some(isThis)
    await pins.trust(fingerprint, raw.name === undefined ? {} : { name: raw.name })
    if (staticKey !== undefined) await pins.bindStatic(fingerprint, staticKey)
    const word = wasRemoved ? 'trusted again' : 'trusted from now on'
    print(known === undefined ? `${word}, wherever it is:` : 'was trusted already:')
    for (const line of fingerprintLines(fingerprint)) print(`  ${line}`)
  }
  return EXIT_STOPPED
}

/** The pins as a person reads them. */
export function listLines(pins: readonly Pin[], file: string, removed: readonly Pin[] = []): string[] {
  return [
    ...(pins.length === 0 ? [`nobody is trusted yet (${printable(file)})`] : []),
    ...pins.flatMap((pin) => pinLines(pin, `since ${pin.firstSeen.slice(0, 10)}`)),
    ...removed.flatMap((pin) => pinLines(pin, 'REMOVED, refused')),
  ]
}

function pinLines(pin: Pin, state: string): string[] {
  return [
    `${called(pin)}  ${state}  ${pin.addresses.map(printable).join(', ') || 'no address'}`,
    ...fingerprintLines(pin.fingerprint).map((line) => `  ${line}`),
  ]
}

function called({ name, addresses, fingerprint }: Pin): string {
  return printable(name || addresses[0] || `${fingerprint.slice(0, 4)} ${fingerprint.slice(4, 8)} …`)
}

function wholeFingerprint(typed: string): Fingerprint {
  const fingerprint = readFingerprint(typed)
  if (fingerprint !== undefined) return fingerprint
  throw new LeftError(
    'usage',
    `${quoted(typed)} is no fingerprint: it has 64 hexadecimal characters, as left identity shows them on the other machine`,
  )
}

/** In the spelling of the pins. */
function wholeStatic(typed: string): string {
  const key = typed.toLowerCase()
  if (/^[0-9a-f]{64}$/.test(key)) return key
  throw new LeftError(
    'usage',
    `--static ${quoted(typed)} is no static key: it has 64 hexadecimal characters, as left identity shows them on the other machine`,
  )
}

/** The one that is meant, by its fingerprint or a unique beginning of it. */
function pinOf(typed: string, pins: readonly Pin[]): Pin {
  const prefix = typed.replace(/[\s:-]/g, '').toLowerCase()
  if (!/^[0-9a-f]+$/.test(prefix) || prefix.length < PREFIX_LENGTH_MIN || prefix.length > 64)
    throw new LeftError(
      'usage',
      `${quoted(typed)} is no fingerprint: give at least ${PREFIX_LENGTH_MIN} characters of one that left trust --list shows`,
    )
  const meant = pins.filter(({ fingerprint }) => fingerprint.startsWith(prefix))
  if (meant.length === 1) return meant[0]!
  throw new LeftError(
    'usage',
    meant.length === 0
      ? `${quoted(typed)} is not trusted; left trust --list shows who is`
      : `${quoted(typed)} is the beginning of ${meant.length} fingerprints; give more of it`,
  )
}
