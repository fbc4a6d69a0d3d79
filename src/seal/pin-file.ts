// The text of the file of trusted peers (pins.ts): one line each.
//
//     fingerprint  first seen (ISO 8601)  addresses, joined by commas, or -  name
//     removed fingerprint  first seen  addresses  name      not trusted any more, until a person trusts it again
//     id peer-id fingerprint                                 the key that showed this peer id first
//     static fingerprint key                                 the static X25519 key that it showed first
//
// Lines that are empty or begin with # are kept as they are. What cannot be read is kept too, and trusted in nothing.

import type { Fingerprint } from './fingerprint.js'
import { PIN_ADDRESSES_MAX } from './limits.js'

export interface Pin {
  readonly fingerprint: Fingerprint
  /** Where it was met, the latest first. */
  readonly addresses: readonly string[]
  /** As a person calls it; may be empty. */
  readonly name: string
  /** ISO 8601, UTC. */
  readonly firstSeen: string
}

export interface PinState {
  readonly pins: Map<Fingerprint, Pin>
  readonly removed: Map<Fingerprint, Pin>
  /** By peer id, the oldest first. */
  readonly ids: Map<string, Fingerprint>
  /** X25519, public, as hexadecimal characters. A key that was trusted before there were any has none until it is met. */
  readonly statics: Map<Fingerprint, string>
  /** Lines of none of these. */
  readonly others: readonly string[]
}

const HEAD = `# Peers that left trusts, one a line: fingerprint, first seen, addresses, name. See left trust --help.\n`
const REMOVED = 'removed '

export function readPins(text: string): PinState {
  const others: string[] = []
  const state: PinState = { pins: new Map(), removed: new Map(), ids: new Map(), statics: new Map(), others }
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const pin = parsePin(line)
    const removed = line.startsWith(REMOVED) ? parsePin(line.slice(REMOVED.length)) : undefined
    const id = /^id ([0-9a-f]{16}) ([0-9a-f]{64})$/.exec(line.trim())
    const fixed = /^static ([0-9a-f]{64}) ([0-9a-f]{64})$/.exec(line.trim())
    if (pin !== undefined) state.pins.set(pin.fingerprint, pin)
    else if (removed !== undefined) state.removed.set(removed.fingerprint, removed)
    else if (id !== null) state.ids.set(id[1]!, id[2]!)
    else if (fixed !== null) state.statics.set(fixed[1]!, fixed[2]!)
    else others.push(line)
  }
  return state
}

export function writePins({ pins, removed, ids, statics, others }: PinState): string {
  const head = others.length === 0 ? HEAD : others.map((line) => `${line}\n`).join('')
  return [
    head,
    ...[...pins.values()].map(formatPin),
    ...[...removed.values()].map((pin) => REMOVED + formatPin(pin)),
    ...[...ids].map(([peerId, fingerprint]) => `id ${peerId} ${fingerprint}\n`),
    ...[...statics].map(([fingerprint, key]) => `static ${fingerprint} ${key}\n`),
  ].join('')
}

export function formatPin({ fingerprint, firstSeen, addresses, name }: Pin): string {
  const places = addresses.length === 0 ? '-' : addresses.join(',')
  return `${fingerprint} ${firstSeen} ${places}${name === '' ? '' : ` ${oneLine(name)}`}\n`
}

export function parsePin(line: string): Pin | undefined {
  const parts = /^([0-9a-f]{64}) (\S+) (\S+)(?: (.*))?$/.exec(line.trim())
  if (parts === null) return undefined
  const [, fingerprint, firstSeen, places, name] = parts
  const addresses = places === '-' ? [] : places!.split(',').slice(0, PIN_ADDRESSES_MAX)
  return { fingerprint: fingerprint!, firstSeen: firstSeen!, addresses, name: name ?? '' }
}

function oneLine(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a name must not end its line
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ').trim()
}
