// Decides who may have a session: pins, the addresses of --ip, and what the person chose with --trust and
// --secret-file. Tells the person of every new pin and of everybody who is refused, once each.

import { showFingerprint } from '../seal/fingerprint.js'
import type { Pins } from '../seal/pins.js'
import type { Party, Trust, Verdict } from '../seal/trust.js'
import type { PeerEvent } from './events.js'
import { REFUSED_TOLD_MAX } from './limits.js'

export interface PinnedTrustOptions {
  readonly pins: Pins
  /** Of our own key: whoever holds it is us, on this machine or another. */
  readonly own: string
  readonly policy: 'first-use' | 'pinned'
  /** Whether there is a shared secret: then nobody is trusted for where they are. */
  readonly hasSecret: boolean
  /** Whether the person named this address with --ip. */
  readonly isNamed: (address: string) => boolean
  /** As the person wrote it. */
  readonly nameOf: (address: string) => string
  readonly onEvent: (event: PeerEvent) => void
}

export class PinnedTrust implements Trust {
  private readonly told = new Set<string>()
  private wasPinsFailureTold = false

  constructor(private readonly options: PinnedTrustOptions) {}

  judge({ fingerprint, address }: Party): Verdict {
    const { pins, own, policy, hasSecret, isNamed } = this.options
    if (fingerprint === own || pins.ofFingerprint(fingerprint) !== undefined) return 'trusted'
    if (pins.ofAddress(address) !== undefined) return 'changed'
    if (hasSecret) return 'secret'
    return policy === 'first-use' && isNamed(address) ? 'first-use' : 'stranger'
  }

  keyAt(address: string): string | undefined {
    return this.options.pins.ofAddress(address)?.fingerprint
  }

  handleProved({ fingerprint, address }: Party, verdict: 'trusted' | 'first-use' | 'secret'): void {
    const { pins, own, isNamed, nameOf, onEvent } = this.options
    const name = nameOf(address)
    const pin = pins.ofFingerprint(fingerprint)
    if (fingerprint === own || pin?.addresses.includes(address)) return
    if (pin !== undefined) {
      this.once(`moved ${fingerprint} ${address}`, {
        event: 'note',
        message: `the peer at ${name} is ${pin.name || pin.addresses[0] || 'one that is trusted'}: its key is known`,
      })
      // What it is called from need not be where it can be reached.
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

  handleRefused({ fingerprint, address }: Party, verdict: 'secret' | 'changed' | 'stranger'): void {
    const name = this.options.nameOf(address)
    if (verdict === 'changed') {
      const pinned = this.options.pins.ofAddress(address)?.fingerprint ?? ''
      this.once(`changed ${fingerprint} ${address}`, {
        event: 'key-changed',
        address: name,
        fingerprint,
        pinned,
      })
      return
    }
    const why =
      verdict === 'secret'
        ? 'it does not hold the shared secret of --secret-file, and its key is not trusted'
        : 'its key is not trusted'
    this.once(`refused ${fingerprint} ${address}`, {
      event: 'refused',
      address: name,
      reason: `${why}; if it is yours: left trust ${showFingerprint(fingerprint).replaceAll(' ', '')}`,
    })
  }

  private write(pin: { fingerprint: string; address: string | undefined; name?: string }): void {
    const { fingerprint, address, name } = pin
    this.options.pins
      .trust(fingerprint, {
        ...(address === undefined ? {} : { address }),
        ...(name === undefined ? {} : { name }),
      })
      .catch((error: Error) => {
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
