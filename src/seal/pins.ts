// The peers that a user trusts: a plain file that can be read and edited, shared by every left of the user. One line each:
//
//     fingerprint (64 hexadecimal characters)  first seen (ISO 8601)  addresses, joined by commas, or -  name
//
// Lines that are empty or begin with # are kept as they are. What cannot be read is kept too, and trusted in nothing.
// Changes are made under a lock beside the file, and the file is replaced whole.

import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LeftError } from '../base/errors.js'
import type { Fingerprint } from './fingerprint.js'
import { PIN_ADDRESSES_MAX, PIN_LOCK_MS_MAX, PIN_LOCK_TRY_MS } from './limits.js'

export interface Pin {
  readonly fingerprint: Fingerprint
  /** Where it was met, the latest first. */
  readonly addresses: readonly string[]
  /** As a person calls it; may be empty. */
  readonly name: string
  /** ISO 8601, UTC. */
  readonly firstSeen: string
}

const HEAD = `# Peers that left trusts, one a line: fingerprint, first seen, addresses, name. See left trust --help.\n`

export class Pins {
  private readonly pins = new Map<Fingerprint, Pin>()
  private readAs = ''

  constructor(readonly file: string) {}

  /** All of them, as the file has them now. */
  list(): readonly Pin[] {
    this.refresh()
    return [...this.pins.values()]
  }

  ofFingerprint(fingerprint: Fingerprint): Pin | undefined {
    this.refresh()
    return this.pins.get(fingerprint)
  }

  ofAddress(address: string): Pin | undefined {
    this.refresh()
    for (const pin of this.pins.values()) if (pin.addresses.includes(address)) return pin
    return undefined
  }

  /** Trusts a key from now on, or adds an address to one that is trusted. An address is of one key only.
   *  Effective at once; resolves when it is in the file.
   *  @throws LeftError 'pins-unusable'. */
  async trust(
    fingerprint: Fingerprint,
    { address, name }: { address?: string; name?: string },
  ): Promise<void> {
    const edit = (pins: Map<Fingerprint, Pin>) => {
      const known = pins.get(fingerprint)
      if (address !== undefined) {
        for (const pin of pins.values())
          if (pin.addresses.includes(address))
            pins.set(pin.fingerprint, { ...pin, addresses: pin.addresses.filter((one) => one !== address) })
      }
      const others = (known?.addresses ?? []).filter((one) => one !== address)
      pins.set(fingerprint, {
        fingerprint,
        addresses: (address === undefined ? others : [address, ...others]).slice(0, PIN_ADDRESSES_MAX),
        name: name ?? known?.name ?? '',
        firstSeen: known?.firstSeen ?? new Date().toISOString(),
      })
    }
    edit(this.pins)
    await this.change(edit)
  }

  /** Answers whether it was there.
   *  @throws LeftError 'pins-unusable'. */
  async remove(fingerprint: Fingerprint): Promise<boolean> {
    this.pins.delete(fingerprint)
    let wasThere = false
    await this.change((pins) => {
      wasThere = pins.delete(fingerprint)
    })
    return wasThere
  }

  /** Reads the file again where it is not what was read last. */
  private refresh(): void {
    const state = stateOf(this.file)
    if (state === this.readAs) return
    this.readAs = state
    this.pins.clear()
    for (const line of linesOf(this.file)) {
      const pin = parsePin(line)
      if (pin !== undefined) this.pins.set(pin.fingerprint, pin)
    }
  }

  private async change(edit: (pins: Map<Fingerprint, Pin>) => void): Promise<void> {
    try {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 })
      await withLock(`${this.file}.lock`, () => this.rewrite(edit))
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error)
      throw new LeftError('pins-unusable', `cannot write ${this.file} (${reason})`, error)
    }
  }

  private rewrite(edit: (pins: Map<Fingerprint, Pin>) => void): void {
    const others: string[] = []
    const pins = new Map<Fingerprint, Pin>()
    for (const line of linesOf(this.file)) {
      const pin = parsePin(line)
      if (pin === undefined) others.push(line)
      else pins.set(pin.fingerprint, pin)
    }
    edit(pins)
    const head = others.length === 0 ? HEAD : others.map((line) => `${line}\n`).join('')
    const temporary = `${this.file}.${process.pid}`
    writeFileSync(temporary, head + [...pins.values()].map(formatPin).join(''), { mode: 0o600 })
    renameSync(temporary, this.file)
    this.readAs = ''
  }
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

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
  } catch {
    return []
  }
}

function stateOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? 'missing' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`
}

/** A lock that was left behind by a process that died is broken after a while: nobody holds it for longer. */
async function withLock(lock: string, work: () => void): Promise<void> {
  for (const sinceMs = Date.now(); ; ) {
    try {
      closeSync(openSync(lock, 'wx'))
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const held = statSync(lock, { throwIfNoEntry: false })
      if (held !== undefined && Date.now() - held.mtimeMs > PIN_LOCK_MS_MAX) rmSync(lock, { force: true })
      else if (Date.now() - sinceMs > 2 * PIN_LOCK_MS_MAX) throw error
      else await sleep(PIN_LOCK_TRY_MS)
    }
  }
  try {
    work()
  } finally {
    rmSync(lock, { force: true })
  }
}
