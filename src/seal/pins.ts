// The peers that a user trusts: a plain file that can be read and edited, shared by every left of the user; its lines are
// in pin-file.ts. Peer ids stand beside the pins and not in a share: one file is watched, protected and replaced whole, and
// what a person removes from it takes its ids along. Changes are made under a lock beside the file.

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LeftError } from '../base/errors.js'
import type { Fingerprint } from './fingerprint.js'
import {
  PEER_IDS_PER_KEY_MAX,
  PIN_ADDRESSES_MAX,
  PIN_CHANGES_PENDING_MAX,
  PIN_LOCK_MS_MAX,
  PIN_LOCK_TRY_MS,
} from './limits.js'
import { type Pin, type PinState, readPins, writePins } from './pin-file.js'
import { writePrivateFile } from './private-file.js'

interface Met {
  readonly address?: string
  readonly name?: string
}

type Edit = (state: PinState) => void

export class Pins {
  private state: PinState
  private readAs: string
  /** Made here and not in the file yet, or not to be had in it: another process may write it meanwhile. */
  private pending: Edit[] = []
  private writing: Promise<void> | undefined

  /** @throws LeftError 'pins-unusable' where the file is there and cannot be read: nobody knows then who is trusted, and who
   *  was removed. */
  constructor(readonly file: string) {
    try {
      this.readAs = stateOf(file)
      this.state = readPins(textOf(file))
    } catch (error) {
      throw new LeftError('pins-unusable', `cannot read ${file} (${reasonOf(error)})`, error)
    }
  }

  /** All of them, as the file has them now. */
  list(): readonly Pin[] {
    return [...this.current().pins.values()]
  }

  /** The keys that a person removed. */
  removed(): readonly Pin[] {
    return [...this.current().removed.values()]
  }

  ofFingerprint(fingerprint: Fingerprint): Pin | undefined {
    return this.current().pins.get(fingerprint)
  }

  isRemoved(fingerprint: Fingerprint): boolean {
    return this.current().removed.has(fingerprint)
  }

  ofAddress(address: string): Pin | undefined {
    return atAddress(this.current().pins, address)
  }

  /** The key that was met there and removed. */
  removedAt(address: string): Pin | undefined {
    return atAddress(this.current().removed, address)
  }

  /** The key that showed this peer id first; it may not be trusted any more. */
  ownerOf(peerId: string): Fingerprint | undefined {
    return this.current().ids.get(peerId)
  }

  /** The ids that this key showed first. */
  idsOf(fingerprint: Fingerprint): string[] {
    return [...this.current().ids].flatMap(([peerId, owner]) => (owner === fingerprint ? [peerId] : []))
  }

  /** Its static X25519 key, as hexadecimal characters; undefined where it has shown none. */
  staticOf(fingerprint: Fingerprint): string | undefined {
    return this.current().statics.get(fingerprint)
  }

  /** A person trusts a key from now on, also one that was removed. Effective at once; resolves when it is in the file.
   *  @throws LeftError 'pins-unusable'. */
  trust(fingerprint: Fingerprint, met: Met): Promise<void> {
    return this.pin(fingerprint, met, true)
  }

  /** A key was met and is trusted, or met at another address, which is of one key only. A key that a person removed
   *  meanwhile stays removed.
   *  @throws LeftError 'pins-unusable'. */
  meet(fingerprint: Fingerprint, met: Met): Promise<void> {
    return this.pin(fingerprint, met, false)
  }

  /** Resolves when nothing is on its way into the file any more, or cannot be had in it. */
  async settled(): Promise<void> {
    await this.writing?.catch(() => {})
  }

  private pin(fingerprint: Fingerprint, { address, name }: Met, isByHand: boolean): Promise<void> {
    const firstSeen = new Date().toISOString()
    return this.change(({ pins, removed }) => {
      if (!isByHand && removed.has(fingerprint)) return
      const known = pins.get(fingerprint) ?? removed.get(fingerprint)
      removed.delete(fingerprint)
      if (address !== undefined) {
        leaveAddress(pins, address)
        leaveAddress(removed, address)
      }
      const others = (known?.addresses ?? []).filter((one) => one !== address)
      pins.set(fingerprint, {
        fingerprint,
        addresses: (address === undefined ? others : [address, ...others]).slice(0, PIN_ADDRESSES_MAX),
        name: name ?? known?.name ?? '',
        firstSeen: known?.firstSeen ?? firstSeen,
      })
    })
  }

  /** The peer id is this key's from now on. The oldest ids of a key that shows very many are forgotten.
   *  @throws LeftError 'pins-unusable'. */
  bind(peerId: string, fingerprint: Fingerprint): Promise<void> {
    return this.change(({ ids }) => {
      if (ids.get(peerId) === fingerprint) return
      ids.delete(peerId)
      ids.set(peerId, fingerprint)
      const own = [...ids].filter(([, owner]) => owner === fingerprint)
      for (const [oldest] of own.slice(0, -PEER_IDS_PER_KEY_MAX)) ids.delete(oldest)
    })
  }

  /** The static key that this key showed is pinned with it.
   *  @throws LeftError 'pins-unusable'. */
  bindStatic(fingerprint: Fingerprint, staticKey: string): Promise<void> {
    return this.change(({ pins, statics }) => {
      if (pins.has(fingerprint)) statics.set(fingerprint, staticKey)
    })
  }

  /** Its peer ids are free, and it is not trusted for where it is either, until a person trusts it again. Answers whether
   *  it was there.
   *  @throws LeftError 'pins-unusable'. */
  async remove(fingerprint: Fingerprint): Promise<boolean> {
    let wasThere = false
    await this.change(({ pins, removed, ids, statics }) => {
      const pin = pins.get(fingerprint)
      // Made again in what the file has by then, which may be without it already.
      wasThere ||= pin !== undefined
      if (pin !== undefined) removed.set(fingerprint, pin)
      pins.delete(fingerprint)
      statics.delete(fingerprint)
      for (const [peerId, owner] of ids) if (owner === fingerprint) ids.delete(peerId)
    })
    return wasThere
  }

  /** Reads the file again where it is not what was read last. While it cannot be read, what was read last holds: a pin that
   *  cannot be seen is not one that was removed. */
  private current(): PinState {
    try {
      const readAs = stateOf(this.file)
      if (readAs === this.readAs) return this.state
      const state = readPins(textOf(this.file))
      for (const edit of this.pending) edit(state)
      this.state = state
      this.readAs = readAs
    } catch {
      // Looked at again at the next question.
    }
    return this.state
  }

  private change(edit: Edit): Promise<void> {
    edit(this.current())
    this.pending.push(edit)
    if (this.pending.length > PIN_CHANGES_PENDING_MAX) this.pending.shift()
    this.writing ??= this.write()
    return this.writing
  }

  private async write(): Promise<void> {
    // Not before `writing` is set.
    await Promise.resolve()
    try {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 })
      while (this.pending.length > 0) await withLock(`${this.file}.lock`, () => this.rewrite())
    } catch (error) {
      throw new LeftError('pins-unusable', `cannot write ${this.file} (${reasonOf(error)})`, error)
    } finally {
      this.writing = undefined
    }
  }

  private async rewrite(): Promise<void> {
    const edits = [...this.pending]
    const state = readPins(textOf(this.file))
    for (const edit of edits) edit(state)
    await writePrivateFile(this.file, writePins(state))
    // Others came meanwhile.
    this.pending = this.pending.filter((edit) => !edits.includes(edit))
    this.readAs = ''
  }
}

function atAddress(pins: ReadonlyMap<Fingerprint, Pin>, address: string): Pin | undefined {
  for (const pin of pins.values()) if (pin.addresses.includes(address)) return pin
  return undefined
}

function leaveAddress(pins: Map<Fingerprint, Pin>, address: string): void {
  for (const pin of pins.values())
    if (pin.addresses.includes(address))
      pins.set(pin.fingerprint, { ...pin, addresses: pin.addresses.filter((one) => one !== address) })
}

/** Empty where there is no file. Throws the error of the system where there is one and it cannot be read. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}

function stateOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? 'missing' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`
}

/** A lock that was left behind by a process that died is broken after a while: nobody holds it for longer. */
async function withLock(lock: string, work: () => Promise<void>): Promise<void> {
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
    await work()
  } finally {
    rmSync(lock, { force: true })
  }
}
