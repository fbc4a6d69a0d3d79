// Addresses of senders as texts, remembered. Used by udp.ts for each datagram.

import { ADDRESS_CACHE_COUNT_MAX } from '../limits.js'
import { type Address, formatAddress, unmapped } from './address.js'

/** Texts of senders, made once each: at 250,000 datagrams a second even joining two strings is felt. */
export class AddressTexts {
  private readonly textsByHost = new Map<string, Map<number, Address>>()
  private count = 0
  private lastHost = ''
  private lastPort = -1
  private lastText: Address = ''

  textOf(from: { readonly address: string; readonly port: number }): Address {
    if (from.port === this.lastPort && from.address === this.lastHost) return this.lastText
    let texts = this.textsByHost.get(from.address)
    let text = texts?.get(from.port)
    if (text === undefined) {
      if (this.count >= ADDRESS_CACHE_COUNT_MAX) this.forgetAll()
      texts = this.textsByHost.get(from.address) ?? new Map()
      this.textsByHost.set(from.address, texts)
      text = formatAddress(unmapped(from.address), from.port)
      texts.set(from.port, text)
      this.count++
    }
    this.lastHost = from.address
    this.lastPort = from.port
    this.lastText = text
    return text
  }

  private forgetAll(): void {
    this.textsByHost.clear()
    this.count = 0
  }
}
