// Decides who may have a session: pins, the addresses of --ip, and what the person chose with --trust and
// --secret-file. Tells the person of every new pin and of everybody who is refused, once each.

import { bytesOfHex, hexOf } from '../base/bytes.js'
import { isVisitor } from '../base/visitor.js'
import { showFingerprint } from '../seal/fingerprint.js'
import type { Pins } from '../seal/pins.js'
import type { Party, Refusal, Shown, Trust, Verdict, Welcome } from '../seal/trust.js'
import type { PeerEvent } from './events.js'
import { REFUSED_TOLD_MAX, TRIALS_MAX } from './limits.js'

export interface PinnedTrustOptions {
  readonly pins: Pins
  /** Fingerprint of our own key: a peer that holds it is us, on this machine or another. */
  readonly own: string
  /** The static key that goes with it, public. */
  readonly ownStatic: Uint8Array
  /** Our own id: rdt refuses whoever shows it, and it is bound to nobody. */
  readonly peerId: string
  readonly policy: 'first-use' | 'pinned'
  /** Whether there is a shared secret: then nobody is trusted for where they are. */
  readonly hasSecret: boolean
  /** Whether the person named this address with --ip. */
  readonly isNamed: (address: string) => boolean
  /** Whether it was found, by a beacon for example: that is no reason to trust whoever is there. */
  readonly isFound: (address: string) => boolean
  /** As the person wrote it. */
  readonly nameOf: (address: string) => string
  readonly onEvent: (event: PeerEvent) => void
  /** The key to ask for at an address where none was met, of those that are trusted: whoever asks may know by other means who is
   *  there, or try. */
  readonly expectedAt?: (address: string) => string | undefined
}

export class PinnedTrust implements Trust {
  private readonly told = new Set<string>()
  /** By a key that was refused at the address of another: that other. Where a person then trusts it, it takes the other's
   *  place, and its peer ids. */
  private readonly changedFrom = new Map<string, string>()
  private wasPinsFailureTold = false

  constructor(private readonly options: PinnedTrustOptions) {}

  judge({ fingerprint, address }: Party): Verdict {
    const { pins, policy, hasSecret, isNamed } = this.options
    if (this.isTrusted(fingerprint)) return 'trusted'
    if (pins.isRemoved(fingerprint)) return 'removed'
    // Whose key was removed could make itself another: a person has to trust that.
    if ((pins.ofAddress(address) ?? pins.removedAt(address)) !== undefined) return 'changed'
    if (hasSecret) return 'secret'
    return policy === 'first-use' && isNamed(address) ? 'first-use' : 'stranger'
  }

  isTrusted(fingerprint: string): boolean {
    const { pins, own } = this.options
    return fingerprint === own || pins.ofFingerprint(fingerprint) !== undefined
  }

  keyAt(address: string): string | undefined {
    return this.options.pins.ofAddress(address)?.fingerprint ?? this.options.expectedAt?.(address)
  }

  /** Our own key too: another machine may have a copy of the identity. */
  trialsAt(address: string): readonly string[] | undefined {
    const { pins, own, isNamed, isFound } = this.options
    if (isNamed(address) || !isFound(address)) return undefined
    const here = this.keyAt(address)
    const known = pins.list().map(({ fingerprint }) => fingerprint)
    const keys = new Set([...(here === undefined ? [] : [here]), ...known, own])
    return [...keys].filter((key) => this.staticOf(key) !== undefined).slice(0, TRIALS_MAX)
  }

  staticOf(fingerprint: string): Uint8Array | undefined {
    const { pins, own, ownStatic } = this.options
    if (fingerprint === own) return ownStatic
    const known = pins.staticOf(fingerprint)
    return known === undefined ? undefined : bytesOfHex(known)
  }

  idsOf(fingerprint: string): readonly string[] {
    return this.options.pins.idsOf(fingerprint)
  }

  mayShow(party: Party, { peerId, staticKey }: Shown): boolean {
    return this.isItsStatic(party, staticKey) && this.isItsId(party, peerId)
  }

  private isItsStatic({ fingerprint, address }: Party, staticKey: Uint8Array): boolean {
    const known = this.staticOf(fingerprint)
    if (known === undefined || hexOf(known) === hexOf(staticKey)) return true
    this.once(`static ${fingerprint}`, {
      event: 'refused',
      address: this.options.nameOf(address),
      reason:
        `its key ${fingerprint} shows another static key than before, which no copy of an identity does. ` +
        `If that is meant: left trust --remove ${fingerprint}, then left trust ${fingerprint}`,
    })
    return false
  }

  private isItsId({ fingerprint, address }: Party, peerId: string): boolean {
    const { pins, nameOf } = this.options
    const owner = peerId === this.options.peerId ? undefined : pins.ownerOf(peerId)
    if (owner === undefined || owner === fingerprint || !this.isTrusted(owner)) return true
    if (this.changedFrom.get(fingerprint) === owner) return true
    const name = pins.ofFingerprint(owner)?.name
    this.once(`id ${peerId} ${fingerprint}`, {
      event: 'refused',
      address: nameOf(address),
      reason:
        `its key ${fingerprint} shows the peer id ${peerId}, which belongs to the key ${owner}${name ? ` (${name})` : ''}. ` +
        'Either its share is a copy, with .left in it, that an older left began to keep: then delete .left/replica there and start it again. ' +
        `Or somebody shows the id of another. If the old key is out of use: left trust --remove ${owner}`,
    })
    return false
  }

  handleProved(party: Party, verdict: Welcome, { peerId, staticKey }: Shown): void {
    const { pins, own } = this.options
    const { fingerprint } = party
    // The id of one visit is no machine's, and its address is new each time.
    const isVisit = isVisitor(peerId)
    this.pin(party, verdict, isVisit || isVisitor(this.options.peerId))
    if (!isVisit) this.bind(party, peerId)
    if (fingerprint !== own && pins.staticOf(fingerprint) === undefined)
      this.keep(pins.bindStatic(fingerprint, hexOf(staticKey)))
  }

  private bind({ fingerprint, address }: Party, peerId: string): void {
    const { pins, nameOf } = this.options
    const owner = pins.ownerOf(peerId)
    if (owner === fingerprint || peerId === this.options.peerId) return
    if (owner !== undefined && this.changedFrom.get(fingerprint) === owner)
      this.once(`id moved ${peerId} ${fingerprint}`, {
        event: 'note',
        message: `the peer id ${peerId} of ${nameOf(address)} belongs to its new key from now on`,
      })
    this.keep(pins.bind(peerId, fingerprint))
  }

  private pin({ fingerprint, address }: Party, verdict: Welcome, isVisit: boolean): void {
    const { pins, own, isNamed, isFound, nameOf, onEvent } = this.options
    const name = nameOf(address)
    const pin = pins.ofFingerprint(fingerprint)
    if (pin?.addresses.includes(address)) return
    if (fingerprint === own) {
      // Pinned as any other: it is asked by its static key from then on, and another key at its address is refused.
      if (isNamed(address)) this.write({ fingerprint, address, ...(pin === undefined ? { name } : {}) })
      return
    }
    if (pin !== undefined) {
      const known = pin.name || pin.addresses[0] || 'one that is trusted'
      // Found addresses are many, and of one machine.
      if (!isVisit && (isNamed(address) || !isFound(address)))
        this.once(`moved ${fingerprint} ${address}`, {
          event: 'note',
          message: `the peer at ${name} is ${known}: its key is known`,
        })
      // A peer calls from an address that need not be one at which it can be reached: only named addresses are kept.
      if (isNamed(address)) this.write({ fingerprint, address })
      return
    }
    onEvent({
      event: 'pinned',
      address: name,
      fingerprint,
      how: verdict === 'secret' ? 'secret' : 'first-use',
    })
    this.write({ fingerprint, address: isNamed(address) ? address : undefined, name })
  }

  handleRefused({ fingerprint, address }: Party, verdict: Refusal): void {
    const { pins } = this.options
    const name = this.options.nameOf(address)
    if (verdict === 'changed') {
      const pinned = (pins.ofAddress(address) ?? pins.removedAt(address))?.fingerprint ?? ''
      // A key that is trusted already has its own ids: nobody decides anything about it afterwards.
      if (!this.isTrusted(fingerprint) && this.changedFrom.size < REFUSED_TOLD_MAX)
        this.changedFrom.set(fingerprint, pinned)
      this.once(`changed ${fingerprint} ${address}`, {
        event: 'key-changed',
        address: name,
        fingerprint,
        pinned,
      })
      return
    }
    const why =
      verdict === 'removed'
        ? 'its key was removed with left trust --remove'
        : verdict === 'secret'
          ? 'it does not hold the shared secret of --secret-file, and its key is not trusted'
          : 'its key is not trusted'
    this.once(`refused ${fingerprint} ${address}`, {
      event: 'refused',
      address: name,
      reason: `${why}; if it is yours: left trust ${showFingerprint(fingerprint).replaceAll(' ', '')}`,
    })
  }

  handleWrongGuess(address: string): void {
    const name = this.options.nameOf(address)
    this.once(`guess ${address}`, {
      event: 'refused',
      address: name,
      reason:
        'it holds another secret than that of --secret-file, or none, or knows another key of this machine: see that the files are the same',
    })
  }

  private write(pin: { fingerprint: string; address: string | undefined; name?: string }): void {
    const { fingerprint, address, name } = pin
    const met = {
      ...(address === undefined ? {} : { address }),
      ...(name === undefined ? {} : { name }),
    }
    this.keep(this.options.pins.meet(fingerprint, met))
  }

  private keep(writing: Promise<void>): void {
    writing.catch((error: Error) => {
      if (this.wasPinsFailureTold) return
      this.wasPinsFailureTold = true
      this.options.onEvent({
        event: 'note',
        message: `${error.message}; trusted peers are forgotten when left stops`,
      })
    })
  }

  private once(key: string, event: PeerEvent): void {
    if (this.told.has(key) || this.told.size >= REFUSED_TOLD_MAX) return
    this.told.add(key)
    this.options.onEvent(event)
  }
}
